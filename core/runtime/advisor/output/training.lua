--- A folder with the exported data and a trainer's configuration of the paper's
--- recipe for it.
local export = require("advisor.output.export")
local markdown = require("advisor.output.markdown")
local parts = require("advisor.output.parts")
local whole = require("advisor.output.whole")

local training = {}

--- A file in `output/trainers/`; its name is the trainer's.
---@class advisor.Trainer
---@field description string One sentence.
---@field format advisor.Format Of the rows.
---@field command string What starts it, inside the folder.
---@field made_for string Versions whose option names it uses.
---@field files fun(given: table): table<string, string> Content by name; `given` is `{ model, splits
---= { [name] = rows }, seed = integer }`.

local function readme(trainer, given)
  return table.concat({
    "# Fine-tuning " .. markdown.escape(given.model) .. "\n",
    "The recipe of *Data Advisor* (arXiv 2410.05269) for this data: QLoRA, rank 32, one epoch. "
      .. "Option names are those of " .. trainer.made_for .. ". In this folder:\n",
    markdown.block(trainer.command, "sh"),
    "The data was exported by\n",
    markdown.block(given.command, "sh"),
  }, "\n")
end

local function fill(store, trainer, given, plan, put)
  local mixed, why = parts.write(store, trainer.format, given, plan, put)
  if not mixed then return nil, why end
  local sizes = {}
  for _, size in ipairs(plan.sizes) do sizes[size.name] = size.rows end
  local files = trainer.files({ model = given.model, splits = sizes, seed = given.seed })
  files["README.md"] = readme(trainer, given)
  local ok, problem = whole.texts(put, files)
  if not ok then return nil, problem end
  local identity = given.identity
  return { trainer = given.trainer, model = given.model, run = identity.name,
    digest = identity.digest, seed = given.seed, splits = plan.sizes, counts = plan.counts,
    mixed = mixed, command = given.command }
end

--- Writes the folder as a whole.
---@param trainer advisor.Trainer
---@param given table `{ trainer, model, seed, mix, lineage, command }`
---@param path string
---@param force boolean|nil
---@return table|nil manifest
---@return string|nil message
function training.to_folder(store, trainer, given, path, force)
  local plan, why = parts.plan(store, trainer.format, given)
  if not plan then return nil, why end
  local identity, problem = export.identity(store)
  if not identity then return nil, problem end
  local with = setmetatable({ identity = identity }, { __index = given })
  return whole.folder(path, force, function(put)
    return fill(store, trainer, with, plan, put)
  end)
end

return training
