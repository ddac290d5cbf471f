local request = require("advisor.output.request")
local support = require("tests.support.host")

local function read(args)
  args.RUN = args.RUN or "runs/first"
  return request.read(args)
end

local function problem(args)
  return select(2, read(args))
end

describe("a request for an export", function()
  it("is jsonl without any flag", function()
    local plan = assert(read({}))
    assert.equal("file", plan.kind)
    assert.same({ seed = 1, command = "advisor export first" }, plan.given)
  end)

  it("keeps the command, without folders that are nobody's business", function()
    local plan = assert(read({ RUN = "/home/me/runs/it's", format = "openai_batch", model = "a b",
      output = "/tmp/x y" }))
    assert.equal("advisor export 'it'\\''s' --format openai_batch --model 'a b' --output 'x y'",
      plan.given.command)
  end)

  it("names what is missing", function()
    assert.equal("-o must name the folder to write", problem({ format = "hf" }))
    assert.equal("-o must name the folder to write", problem({ trainer = "trl", model = "m", output = "-" }))
    assert.equal("--model is missing: the model to tune", problem({ trainer = "trl", output = "o" }))
    assert.equal("--model is missing: the model to ask", problem({ format = "openai_batch" }))
    assert.equal("--ratio needs --mix FILE", problem({ ratio = "1", format = "alpaca" }))
  end)

  it("refuses what has no meaning", function()
    assert.equal("--trainer brings its own format", problem({ trainer = "trl", format = "csv" }))
    assert.equal("--model has no meaning for --format csv", problem({ format = "csv", model = "m" }))
    assert.equal("--license has no meaning for --format jsonl", problem({ license = "mit" }))
    assert.equal("--mix has no meaning for --format hf", problem({ format = "hf", mix = "f", output = "o" }))
    assert.matches("^%-%-mix has no meaning for %-%-format chosen_rejected",
      problem({ format = "chosen_rejected", mix = "f" }))
    assert.matches("^%-%-lineage has no meaning for %-%-format openai_batch",
      problem({ format = "openai_batch", model = "m", lineage = true }))
    assert.matches("^%-%-rows: csv cannot", problem({ format = "hf", rows = "csv", output = "o" }))
    assert.matches("^%-%-license must be an id", problem({ format = "hf", license = "a: b", output = "o" }))
  end)

  it("names what there is", function()
    assert.matches("^%-%-format: there is no 'pairs'; there are: alpaca, .*, hf$", problem({ format = "pairs" }))
    assert.matches("^%-%-trainer: there is no 'x'; there are: axolotl, llama%-factory, trl$",
      problem({ trainer = "x" }))
  end)

  it("reads numbers with care", function()
    for _, seed in ipairs({ "x", "-1", "1.5", "1e300", "nan" }) do
      assert.matches("^%-%-seed must be a whole number from 0 on", problem({ seed = seed }))
    end
    local folder = support.folder()
    local path = support.write(folder .. "/m.jsonl", '{"prompt":"p","response":"r"}\n')
    for _, ratio in ipairs({ "0", "-1", "inf", "x" }) do
      assert.matches("^%-%-ratio must be a number above 0", problem({ format = "alpaca", mix = path, ratio = ratio }))
    end
    assert.matches("^%-%-mix%-mode must be concatenate or interleave",
      problem({ format = "alpaca", mix = path, ["mix-mode"] = "shuffle" }))
    local mix = read({ format = "alpaca", mix = path, ratio = "0.5", seed = "7" }).given.mix
    assert.same({ 0.5, "concatenate", 7, 1 }, { mix.ratio, mix.mode, mix.seed, #mix.rows })
    support.remove(folder)
  end)
end)
