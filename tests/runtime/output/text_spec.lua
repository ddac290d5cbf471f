local json = require("advisor.output.json")
local text = require("advisor.output.text")

describe("text", function()
  it("fills holes once, and takes no hole for granted", function()
    assert.equals("a {b} 1", text.fill("{x} {y} {z}", { x = "a", y = "{b}", z = 1 }))
    assert.equals('{"a": 1} {} { x }', text.fill('{"a": 1} {} { x }', {}))
    assert.equals("%1 %%", text.fill("{x}", { x = "%1 %%" }))
    assert.has_error(function() text.fill("{typo}", { type = 1 }) end)
    assert.has_error(function() text.fill("{x}", { x = {} }) end)
    assert.has_error(function() text.fill("{x}", { x = print }) end)
  end)

  it("counts, strips, splits", function()
    assert.equals("a b", text.strip(" \n a b\t\r\n"))
    assert.equals("", text.strip(" \n"))
    assert.equals("first", text.first_line("\n  \n first \r\nsecond"))
    assert.equals("", text.first_line(" \n "))
    assert.equals(3, text.count_words(" a  b\nc "))
    assert.equals(0, text.count_words(""))
    assert.same({ "a", "b c" }, text.lines("\n a \r\n\r\n  b c"))
  end)

  it("compares without case, width and spacing", function()
    assert.equals(text.normalize("Straße  ﬁ\n"), text.normalize(" STRASSE fi"))
  end)
end)

describe("a step", function()
  local function is(step, rows)
    for from, to in pairs(rows) do assert.equals(to, text.apply(from, { step }), from) end
  end

  it("before_newline is the released program's first line", function()
    is("before_newline", { ["a \nb"] = "a ", ["\na"] = "", a = "a", [""] = "", ["a\r\nb"] = "a\r" })
  end)

  it("first_line is ours", function()
    is("first_line", { ["\n a \nb"] = "a" })
  end)

  it("strip_quotes takes double quotes off both ends, all of them", function()
    is("strip_quotes", { ['""a" b"'] = 'a" b', ['"'] = "", ["'a'"] = "'a'", ['a"'] = "a" })
  end)

  it("before_dashes cuts at the first three", function()
    is("before_dashes", { ["a\n---\nb---"] = "a\n", ["a--b"] = "a--b", ["---"] = "" })
  end)

  it("first_of_list cuts printed lists only", function()
    is("first_of_list", {
      ['["a b", "c"]'] = "a b", ["['a b', 'c']"] = "a b', 'c", ["[a]"] = "a", ['a", b'] = 'a", b',
        ["["] = "",
    })
  end)

  it("strip_label takes marks, numbers and labels off", function()
    is("strip_label", {
      ["- a"] = "a", ["* a"] = "a", ["• a"] = "a", ["1. a"] = "a", ["2) a"] = "a", ["3: a"] = "a",
      ["Question: a"] = "a", ["  - 1. Topic: a"] = "a", ["**a"] = "a",
    })
  end)

  it("strip_label leaves texts whole", function()
    for _, whole in ipairs({ "“Where is it?” she said", "€5 off?", "…and then?", "– a",
      "3.5 kg parcels?",
      "10:30 is too early?", "a - b", "10 parcels" }) do
      assert.equals(whole, text.apply(whole, { "strip_label" }))
    end
  end)

  it("strip_stop takes the end of a sentence off", function()
    is("strip_stop", { ["a. "] = "a", ["a;:,."] = "a", ["a?"] = "a?" })
  end)

  it("is applied in order, and must be known", function()
    assert.equals("b", text.apply('\n"b" \nc', { "strip", "first_line", "strip_quotes" }))
    assert.equals("", text.apply('\n"b" \nc', { "before_newline", "strip", "strip_quotes" }))
    assert.equals('b" ', text.apply(' "b" "\nc', { "before_newline", "strip", "strip_quotes" }))
    assert.has_error(function() text.apply("a", { "stripp" }) end)
  end)
end)

--- What Python makes of each list of texts; code points as lists keep the shell out.
local function python(lists)
  local name = os.tmpname()
  local file = assert(io.open(name, "wb"))
  file:write(json.encode(lists))
  file:close()
  local pipe = assert(io.popen("python3 -c 'import json,sys\n"
    .. "print(json.dumps([str(x) for x in json.load(open(sys.argv[1]))]))' " .. name))
  local said = pipe:read("a")
  pipe:close()
  os.remove(name)
  return json.decode(said)
end

describe("python_list", function()
  it("prints as Python does", function()
    local lists = {
      { "a" }, { "a", "b" }, { "it's" }, { 'say "a"' }, { "it's \"a\"" }, { "\\" }, { "\\'" },
        { "a\\nb" },
      { "\n\r\t" }, { "\0\1\31\127" }, { "" }, { "", "" }, { "ä€😀漢" }, { "a\u{a0}b" },
        { "\u{ad}" },
      { "\u{200b}\u{200d}\u{202e}\u{2028}\u{feff}" }, { "\u{80}\u{9f}\u{ff}" },
        { "\u{e000}\u{f8ff}" },
      { "\u{e0001}\u{f0000}\u{10fffd}" }, { "\u{3000}\u{1680}" }, { "👨‍👩‍👧" },
        { "', '" }, { '", "' },
      { "%1 %%" }, { "[", "]" },
    }
    local printed = python(lists)
    for i, list in ipairs(lists) do assert.equals(printed[i], text.python_list(list)) end
    assert.equals("[]", text.python_list({}))
  end)

  it("does so for every code point that Unicode has assigned", function()
    local pipe = assert(io.popen([[python3 -c '
import json, unicodedata
for page in range(0, 0x110000, 256):
    known = [c for c in range(page, page + 256)
             if unicodedata.category(chr(c)) not in ("Cn", "Cs")]
    if known:
        print(json.dumps([known, str(["".join(map(chr, known))])]))']]))
    local count, wrong = 0, {}
    for line in pipe:lines() do
      local page = json.decode(line)
      local given = utf8.char(table.unpack(page[1]))
      if text.python_list({
        given }) ~= page[2] then wrong[#wrong + 1] = ("%x"):format(page[1][1]) end
      count = count + #page[1]
    end
    pipe:close()
    assert.is_true(count > 250000)
    -- A newer Python may know a few more formats than the table does.
    assert.is_true(#wrong < 4, table.concat(wrong, " "))
  end)
end)

describe("printable", function()
  local function is(from, to) assert.equals(to, text.printable(from)) end

  it("shows what a terminal would obey", function()
    is("\27[31mred\27[0m", "\\x1b[31mred\\x1b[0m")
    is("\27]8;;http://x\7link\27]8;;\7", "\\x1b]8;;http://x\\x07link\\x1b]8;;\\x07")
    is("\27]52;c;cm0=\27\\", "\\x1b]52;c;cm0=\\x1b\\")
    is("a\0b\rc\8d\127", "a\\x00b\\x0dc\\x08d\\x7f")
    is("\u{9b}31m\u{80}\u{9f}", "\\x9b31m\\x80\\x9f")
    is("a\u{202e}b\u{2066}c\u{2069}\u{200e}\u{61c}", "a\\u202eb\\u2066c\\u2069\\u200e\\u061c")
    is("\u{2028}", "\\u2028")
  end)

  it("shows raw C1 bytes as what they are: no text", function()
    is("\x9b31m", "\u{FFFD}31m")
  end)

  it("lets text pass", function()
    local plain = "ä€😀\n\tç—“x” \\x1b À Ÿ\u{a0}"
    is(plain, plain)
  end)
end)

describe("text.steps", function()
  -- One that takes time in the square of the length would be at it for minutes.
  it("are done with a long text that is made to hold them up", function()
    for name, step in pairs(text.steps) do
      for _, unit in ipairs({ " ", '"', ".", "]", "- ", "• ", " a", "\n" }) do
        local run = unit:rep(400000)
        for _, long in ipairs({ run, "x" .. run .. "x", "[" .. run .. "x", run .. "x" }) do
          assert.is_true(#step(long) <= #long, name)
        end
      end
    end
  end)
end)

describe("text.instruct", function()
  it("gives a prompt for chat and for raw completions", function()
    assert.same({
      messages = { { role = "system", content = "Be brief." }, { role = "user", content = "Ask." } },
      prompt = "Be brief.\n\nAsk.\nQuestion:",
    }, text.instruct("Be brief.", "Ask.", "Question:"))
  end)
end)
