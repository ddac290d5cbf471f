local core = require("advisor_core")
local host = require("tests.support.host")
local run_folder = require("advisor.engine.run_folder")

describe("run_folder", function()
  local folder
  before_each(function()
    folder = host.folder()
    host.command(("chmod 700 %s"):format(folder))
  end)
  after_each(function() host.remove(folder) end)

  it("wants the user's own rights", function()
    host.write(folder .. "/run.db", "x")
    host.command(("chmod 600 %s/run.db"):format(folder))
    host.write(folder .. "/items.jsonl", "x")
    host.command(("chmod 644 %s/items.jsonl"):format(folder))
    assert.is_nil(run_folder.rights(folder))
    host.command(("chmod 640 %s/run.db"):format(folder))
    local problem, remedy = run_folder.rights(folder)
    assert.same({ "others may read run.db (mode 0640)", ("chmod 600 %s/run.db"):format(folder) },
      { problem, remedy })
    host.command(("chmod 711 %s"):format(folder))
    assert.matches("mode 0711", (run_folder.rights(folder)))
  end)

  it("does not follow a link in the database's place", function()
    host.command(("ln -s /etc/passwd %s/run.db"):format(folder))
    assert.equal("run.db is a symbolic link", (run_folder.rights(folder)))
  end)

  it("finds a key in any file, also across the borders of what is read at once", function()
    local resolved = { models = { default = { key_env = "PATH" }, judge = "default" } }
    local names = run_folder.key_names(resolved)
    assert.same({ "PATH" }, names)
    core.system.make_folder(folder .. "/data")
    local path = os.getenv("PATH")
    for _, before in ipairs({ 0, 65536 - 3, 65536 + #path - 2, 131072 }) do
      host.write(folder .. "/data/x.bin", ("a"):rep(before) .. path .. "z")
      assert.equal("data/x.bin holds the key of PATH", (run_folder.keys(folder, names)))
    end
    host.write(folder .. "/data/x.bin", ("a"):rep(65536) .. path:sub(1, -2))
    local problem, note = run_folder.keys(folder, names)
    assert.is_nil(problem)
    assert.equal("looked for: PATH", note)
  end)

  it("says so where there is nothing to look for", function()
    local problem, note = run_folder.keys(folder, { "ADVISOR_NO_SUCH_KEY" })
    assert.is_nil(problem)
    assert.matches("no key is in the environment", note)
  end)

  it("tells what a lock and a state mean", function()
    assert.equal("nobody holds it", run_folder.lock(folder, "done", 0))
    assert.matches("ended in the middle.*advisor resume " .. folder:gsub("%p", "%%%0"),
      run_folder.lock(folder, "running", 0))
    assert.matches("3 calls were in flight", run_folder.lock(folder, "stopped", 3))
  end)
end)
