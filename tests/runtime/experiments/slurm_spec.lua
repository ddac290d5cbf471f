local core = require("advisor_core")
local host = require("tests.support.host")
local script = require("advisor.experiments.slurm.script")

local ADVISOR = os.getenv("ADVISOR") or "build/advisor"

local function text_of(options, fields)
  fields = fields or {}
  return script.text({ folder = fields.folder or "/data/sweeps/shop", program = "/opt/advisor",
    start = "/data", name = "shop-1", options = options or {} })
end

describe("the batch script of a sweep", function()
  it("is one that a person reads", function()
    assert.equal([[
#!/bin/bash
# A task of this array is a run of the sweep: made, or resumed where it ended early.
# By hand, for task 3: sbatch --array=3 '/data/sweeps/shop/slurm/array.sh'
#SBATCH --job-name=shop-1
#SBATCH --chdir="/data"
#SBATCH --output="/data/sweeps/shop/slurm/%A_%a.out"
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --time=2:00:00
#SBATCH --mem=2G
#SBATCH --partition=short
#SBATCH --account=lab
#SBATCH --comment="a \"b\""
#SBATCH -N1
set -e
module load curl
# Modules and environments use unset variables.
set -u
exec '/opt/advisor' sweep '/data/sweeps/shop' --task "$SLURM_ARRAY_TASK_ID"
]], text_of({ time = "2:00:00", mem = "2G", partition = "short", setup = { "module load curl" },
      options = { "--account=lab", '--comment=a "b"', "-N1" } }))
  end)

  it("takes no folder whose name would begin a line of it", function()
    assert.is_nil(script.unfit([[/it's 50% "new" $(x) `y` ; & \]]))
    assert.matches("no folder with a control character", script.unfit("/a\ntouch pwned\n"))
    assert.matches("no folder with a control character", script.unfit("/a\r#SBATCH --uid=0"))
  end)

  it("takes a folder with any name", function()
    local text = text_of(nil, { folder = [[/it's 50% "new"]] })
    assert.matches([[#SBATCH --output="/it's 50%% \"new\"/slurm/%A_%a.out"]], text, 1, true)
    assert.matches([[sweep '/it'\''s 50% "new"' --task]], text, 1, true)
  end)

  it("is a program that bash takes", function()
    local folder = host.folder()
    local path = host.write(folder .. "/array.sh", text_of({ setup = { "true" } }, { folder = "/it's" }))
    assert.equal(0, (host.command("bash -n " .. path)))
    host.remove(folder)
  end)

  it("runs nothing where a line of the set-up fails", function()
    local folder = host.folder()
    local path = host.write(folder .. "/array.sh", script.text({ folder = folder, program = "/bin/echo",
      start = "/", name = "x", options = { setup = { 'echo "$UNSET_FOR_SURE"', "false", "echo more" } } }))
    local code, output = host.command("SLURM_ARRAY_TASK_ID=3 bash " .. path)
    assert.equal(1, code)
    assert.equal("\n", output)
    host.remove(folder)
  end)
end)

describe("lists of tasks", function()
  for ranges, numbers in pairs({ ["1-3,7"] = { 1, 2, 3, 7 }, ["5"] = { 5 }, ["1-2,4-5"] = { 1, 2, 4, 5 },
    [""] = {} }) do
    it(("'%s' are written and read"):format(ranges), function()
      assert.equal(ranges, script.ranges(numbers))
      assert.same(numbers, script.numbers(ranges))
    end)
  end
end)

describe("--slurm-option", function()
  it("takes what sbatch takes", function()
    for _, option in ipairs({ "--account=lab", "-N1", "--exclusive", "--mail-type=END" }) do
      assert.is_nil(script.problem(option))
    end
  end)

  it("refuses what is none, and what the sweep says itself", function()
    for _, option in ipairs({ "lab", "account=lab", "", "--x=1\necho" }) do
      assert.matches("one option as sbatch takes it", script.problem(option))
    end
    for _, option in ipairs({ "--array=1", "-a 1", "--output=x", "-J x", "--chdir=/" }) do
      assert.matches("the sweep sets this itself", script.problem(option))
    end
  end)
end)

local EXPERIMENT = [[return {
  rounds = 1, per_round = 2, models = { default = { api = "simulated" } },
  pipeline = { generate = "few_shot" }, seeds = "support",
}]]

describe("advisor sweep --executor slurm", function()
  local folder, experiment, fake
  before_each(function()
    folder = host.folder()
    fake = folder .. "/slurm"
    assert(core.system.make_folder(fake))
    experiment = host.write(folder .. "/shop.lua", EXPERIMENT)
  end)
  after_each(function()
    os.remove(fake .. "/hold")
    host.remove(folder)
  end)

  local function sweep(arguments)
    return host.command(("FAKE_SLURM=%s PATH=$PWD/tests/support/slurm:$PATH %s sweep %s"):format(fake, ADVISOR,
      arguments))
  end
  local function begin(more)
    return sweep(("%s --vary per_round=1,2 --seeds 2 -o %s/sweep --executor slurm %s"):format(experiment, folder,
      more or ""))
  end
  local function lines(path)
    local list = {}
    for line in io.lines(path) do list[#list + 1] = line end
    return list
  end

  it("submits one array, follows it, and prints the table", function()
    local code, output, errors = begin("-j 3")
    assert.equal(0, code, errors)
    assert.matches("tasks 1-4 submitted as Slurm job 101\n", errors, 1, true)
    assert.matches("task 4/4: per_round=2, seed 2: done\n", errors, 1, true)
    assert.matches("per_round=2: 2 runs", output, 1, true)
    assert.same({ ("--parsable --array=1-4%%3 %s/sweep/slurm/array.sh"):format(core.system.realpath(folder)) },
      lines(fake .. "/sbatch.log"))
  end)

  it("submits only what is not done", function()
    host.write(fake .. "/end-2", "OUT_OF_MEMORY")
    host.write(fake .. "/end-3", "NODE_FAIL")
    local code, _, errors = begin()
    assert.equal(1, code)
    assert.matches("task 2/4: per_round=1, seed 2: absent; its job ended as OUT_OF_MEMORY; ", errors, 1, true)
    assert.equal(0, (sweep(folder .. "/sweep --executor slurm")))
    assert.matches("--array=2-3 ", lines(fake .. "/sbatch.log")[2], 1, true)
    local third = select(3, sweep(folder .. "/sweep --executor slurm"))
    assert.equal("", third)
    assert.equal(2, #lines(fake .. "/sbatch.log"))
  end)

  it("takes no job of another name for its own", function()
    host.write(fake .. "/end-1", "TIMEOUT")
    assert.equal(1, (begin()))
    -- The same number, on a cluster that the folder was copied to.
    os.execute(("cd %s/state && for i in 1 2 3 4; do rm 101\\ $i\\ *; echo RUNNING >\"101 $i other-1\"; done")
      :format(fake))
    local code, _, errors = sweep(folder .. "/sweep --executor slurm")
    assert.equal(0, code, errors)
    assert.matches("task 1 submitted as Slurm job 102\n", errors, 1, true)
  end)

  it("says which file of its own it cannot read", function()
    assert.equal(0, (begin()))
    host.write(folder .. "/sweep/slurm/jobs.json", "{")
    local code, _, errors = sweep(folder .. "/sweep --executor slurm")
    assert.equal(1, code)
    assert.matches("sweep/slurm/jobs.json cannot be read: ", errors, 1, true)
  end)

  it("needs Slurm's commands", function()
    local code, _, errors = host.command(("PATH=/nonexistent %s sweep %s --vary per_round=1,2 --executor slurm")
      :format(ADVISOR, experiment))
    assert.equal(1, code)
    assert.matches("sbatch is not in PATH: .*apt%-get install slurm%-client", errors)
  end)
end)
