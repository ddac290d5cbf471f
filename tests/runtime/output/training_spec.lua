local catalog = require("advisor.output.catalog")
local exporting = require("tests.support.exporting")
local json = require("advisor.output.json")
local training = require("advisor.output.training")

local function content(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read("a")
  file:close()
  return bytes
end

local function with_folder(name, fn, given)
  exporting.with(function(store, folder)
    local asked = { trainer = name, model = "org/base: 7B", seed = 5, command = "advisor export run" }
    for key, value in pairs(given or {}) do asked[key] = value end
    local made = assert(training.to_folder(store, assert(catalog.find("trainers", name)), asked, folder .. "/t"))
    fn(folder .. "/t", made)
  end)
end

--- Lines that each configuration must hold: the paper's recipe in the trainer's terms.
local RECIPE = {
  trl = { "lora_r: 32", "lora_alpha: 16", "lora_dropout: 0.1", 'lora_target_modules: "all-linear"',
    "load_in_4bit: true", 'bnb_4bit_quant_type: "nf4"', "use_bnb_nested_quant: false", "max_length: 1024",
    "warmup_steps: 0.1", "num_train_epochs: 1", "fp16: true", 'dataset_test_split: "validation"' },
  axolotl = { "lora_r: 32", "lora_alpha: 16", "lora_dropout: 0.1", "lora_target_linear: true",
    "load_in_4bit: true", "bnb_4bit_use_double_quant: false", "sequence_len: 1024", "warmup_ratio: 0.1",
    "num_epochs: 1", "train_on_inputs: false", 'format: "USER: {instruction} ASSISTANT:"' },
  ["llama-factory"] = { "lora_rank: 32", "lora_alpha: 16", "lora_dropout: 0.1", 'lora_target: "all"',
    "quantization_bit: 4", 'quantization_type: "nf4"', "double_quantization: false", "cutoff_len: 1024",
    "warmup_ratio: 0.1", 'template: "vicuna"', 'default_system: "You are a helpful assistant. "' },
}

describe("a trainer's folder", function()
  for _, name in ipairs(catalog.names("trainers")) do
    it("of " .. name .. " holds the paper's recipe for the model and data in splits", function()
      with_folder(name, function(folder, made)
        local file = name == "axolotl" and "axolotl.yaml" or "sft.yaml"
        local text = "\n" .. content(folder .. "/" .. file)
        for _, line in ipairs(RECIPE[name]) do assert.is_truthy(text:find(line .. "\n", 1, true), line) end
        for _, line in ipairs({ '"org/base: 7B"\n', "learning_rate: 0.00002\n", '"paged_adamw_32bit"\n',
          '"cosine"\n', "max_grad_norm: 0.1\n", "gradient_accumulation_steps: 32\n", "seed: 5\n" }) do
          assert.is_truthy(text:find(line, 1, true), line)
        end
        local n = 0
        for _, split in ipairs(made.splits) do
          for _ in content(("%s/data/%s.jsonl"):format(folder, split.name)):gmatch("\n") do n = n + 1 end
        end
        assert.equal(2 + #exporting.hostile, n)
        assert.is_truthy(content(folder .. "/README.md"):find(catalog.find("trainers", name).command, 1, true))
      end)
    end)
  end

  it("of trl has the paper's prompt form in the data, the blank with the reply", function()
    local row = catalog.find("trainers", "trl").format.row({ text = "q", response = { text = "r" } })
    assert.same({ prompt = "You are a helpful assistant. USER: q ASSISTANT:", completion = " r" }, row)
  end)

  it("of llama-factory names its data sets and their columns", function()
    with_folder("llama-factory", function(folder)
      local info = json.decode(content(folder .. "/data/dataset_info.json"))
      assert.same({ file_name = "train.jsonl", formatting = "alpaca",
        columns = { prompt = "instruction", query = "input", response = "output" } }, info.advisor_train)
      assert.is_table(info.advisor_validation)
    end)
  end)

  it("mixes into the training split only", function()
    local rows = {}
    for i = 1, 9 do rows[i] = { id = "x:" .. i, prompt = "mixed " .. i, response = "r" } end
    local mix = { rows = rows, mode = "interleave", seed = 1, path = "x", ratio = 1 }
    with_folder("axolotl", function(folder, made)
      local function mixed(name)
        return select(2, content(("%s/data/%s.jsonl"):format(folder, name)):gsub("mixed %d", ""))
      end
      assert.equal(made.splits[1].rows, mixed("train"))
      assert.equal(made.mixed, mixed("train"))
      assert.equal(0, mixed("validation") + mixed("test"))
    end, { mix = mix })
  end)

  it("of two rows validates nothing", function()
    for _, name in ipairs(catalog.names("trainers")) do
      local files = catalog.find("trainers", name).files({ model = "m", seed = 1, splits = { train = 2 } })
      for _, text in pairs(files) do assert.is_nil(text:find("validation", 1, true)) end
    end
  end)
end)
