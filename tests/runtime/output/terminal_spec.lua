--- The guards of standard output and standard error.
local terminal = require("advisor.output.terminal")

describe("the terminal", function()
  local out, err, file, path

  before_each(function()
    out, err = io.stdout, io.stderr
    path = os.tmpname()
    file = assert(io.open(path, "w"))
    io.stdout, io.stderr = file, file -- luacheck: ignore 122
    terminal.guard()
  end)

  after_each(function()
    io.stdout, io.stderr = out, err -- luacheck: ignore 122
    os.remove(path)
  end)

  local function written()
    io.stdout:flush()
    local read = assert(io.open(path))
    local text = read:read("a")
    read:close()
    return text
  end

  it("gets no control character and no key", function()
    assert.equal(io.stdout, io.stdout:write("a\27]52;c;aGk=\7\tb\n", 7, "\u{202e}"))
    io.stderr:write("Authorization: Bearer abcdefgh1", " sk-", "0123456789abcdef\n")
    assert.equal("a\\x1b]52;c;aGk=\\x07\tb\n7\\u202eAuthorization: Bearer [redacted] [redacted]\n", written())
  end)

  it("says so where nothing can be written", function()
    local full = io.open("/dev/full", "w")
    full:setvbuf("no")
    io.stdout = full -- luacheck: ignore 122
    terminal.guard()
    local ok, why = io.stdout:write("x")
    assert.is_nil(ok)
    assert.matches("No space left", why)
  end)
end)
