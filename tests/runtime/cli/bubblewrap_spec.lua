local bubblewrap = require("advisor.cli.bubblewrap")
local core = require("advisor_core")
local host = require("tests.support.host")

--- Why no sandbox can be made here, or nil.
local function why_not(bwrap)
  if not bwrap then return "there is no bwrap" end
  local done = core.loop.run(core.system.run, { bwrap, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc",
    "--dev", "/dev", "true" })
  return done.status ~= 0 and done.errors or nil
end

describe("bubblewrap", function()
  it("is told paths without dots, and the folders that they pass", function()
    local here = core.system.realpath(".")
    assert.same({ "/a/c", { "/a/b" } }, { bubblewrap.absolute("/a/b/../c") })
    assert.same({ here .. "/x/y", {} }, { bubblewrap.absolute("./x//y") })
    assert.same({ "/", { "/" } }, { bubblewrap.absolute("/..") })
  end)

  it("explains its own errors, and no others", function()
    for words, expected in pairs({
      ["bwrap: No permissions to create new namespace, likely because"] = "unprivileged_userns_clone",
      ["bwrap: setting up uid map: Permission denied"] = "make user namespaces",
      ["bwrap: Can't mount proc on /newroot/proc: Operation not permitted"] = "container",
      ["bwrap: Can't find source path /x"] = "^%-%-isolate: bwrap: Can't find",
    }) do
      assert.matches(expected, bubblewrap.explain(words))
    end
    assert.is_nil(bubblewrap.explain("advisor run: no"))
  end)

  local bwrap = bubblewrap.find()
  local reason = why_not(bwrap)
  --- A shell in the place of the program.
  local function inside(given, line)
    given.bwrap, given.root = bwrap, core.system.realpath(".")
    given.files, given.folders = given.files or {}, given.folders or { "." }
    local argv = bubblewrap.command(given)
    argv[#argv] = "/bin/bash"
    argv[#argv + 1], argv[#argv + 2] = "-c", line
    local done = core.loop.run(core.system.run, argv, { environment = { "NAME=value" } })
    return done.output, done.errors, done.status
  end

  it("leaves a program nothing but what it was given", function()
    if reason then return pending(reason) end
    local folder = core.system.realpath(host.folder())
    core.system.make_folder(folder .. "/run")
    host.write(folder .. "/given", "given")
    host.write(folder .. "/secret", "secret")
    local output = inside({ files = { folder .. "/given" }, writable = folder .. "/run" }, ([[
      cd %s; cat given; cat secret; echo x > run/made; echo x > given; echo x > other
      ls -A /home /root /var /sys /etc/passwd /run ~; env | grep -v ^_ | sort; ls /proc | grep -c '^[0-9]'
      (exec 3<>/dev/tcp/127.0.0.1/%d) 2>&1 | grep -o "refused\|unreachable" | sort -u; (exec 3<>/dev/tcp/192.0.2.1/80) 2>&1 |
      grep -o "refused\|unreachable" | sort -u; grep -c : /proc/net/dev; grep CapEff /proc/self/status; whoami
      ls -A %s; ls %s/core
    ]]):format(folder, 9, folder, core.system.realpath(".")))
    assert.matches("^given", output)
    assert.is_nil(output:find("secret", 1, true))
    assert.matches("NAME=value\n", output)
    assert.is_nil(output:find("HOME=", 1, true))
    assert.is_nil(output:find("PATH=", 1, true))
    assert.matches("refused\nunreachable\n1\nCapEff:\t0000000000000000\n", output)
    assert.matches("\ngiven\nother\nrun\nruntime\n", output) -- `other` is in memory of its own
    assert.equal("given", (core.system.read(folder .. "/given")))
    assert.equal("x\n", (core.system.read(folder .. "/run/made")))
    assert.is_nil(core.system.kind(folder .. "/other"))
    host.remove(folder)
  end)

  it("gives the program one process, and no terminal", function()
    if reason then return pending(reason) end
    local output = inside({}, "echo $$; (: < /dev/tty) 2>&1 | grep -o 'No such device'; readlink /proc/self/fd/0")
    assert.equal("1\nNo such device\n/dev/null\n", output)
  end)
end)
