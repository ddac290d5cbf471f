--- The dataset card of a Hugging Face folder: front matter that says how the files
--- load, then where they come from. What was generated or written by users is
--- escaped.
local json = require("advisor.output.json")
local markdown = require("advisor.output.markdown")
local options = require("advisor.host.options")
local splits = require("advisor.output.splits")
local yaml = require("advisor.output.yaml")

local card = {}

--- The hub's size classes: rows below the bound.
local SIZES = {
  { 1e3, "n<1K" }, { 1e4, "1K<n<10K" }, { 1e5, "10K<n<100K" }, { 1e6, "100K<n<1M" },
  { 1e7, "1M<n<10M" }, { 1e8, "10M<n<100M" }, { 1e9, "100M<n<1B" }, { 1e10, "1B<n<10B" },
}

local function size_class(rows)
  for _, class in ipairs(SIZES) do
    if rows < class[1] then return class[2] end
  end
  return "10B<n<100B"
end

--- Columns as features of the `datasets` package.
local function features(columns)
  local list = {}
  for i, column in ipairs(columns) do
    local name, kind = column[1], column[2]
    if type(kind) == "table" then
      local shape = kind.struct and "struct" or "list"
      list[i] = yaml.map({ { "name", name }, { shape, features(kind.struct or kind) } })
    else
      list[i] = yaml.map({ { "name", name }, { "dtype", kind == "json" and "string" or kind } })
    end
  end
  return list
end

local function configs(list)
  local made, infos = {}, {}
  for i, config in ipairs(list) do
    local files = {}
    for k, file in ipairs(config.files) do
      files[k] = yaml.map({ { "split", file.split }, { "path", file.path } })
    end
    made[i] = yaml.map({ { "config_name", config.name }, { "default", i == 1 or nil },
      { "data_files", files } })
    infos[i] = yaml.map({ { "config_name", config.name },
      { "features", features(config.columns) } })
  end
  return made, infos
end

local function front_matter(given)
  local rows = 0
  for _, file in ipairs(given.configs[1].files) do rows = rows + file.rows end
  local made, infos = configs(given.configs)
  return yaml.write(yaml.map({
    { "pretty_name", given.name }, { "license", given.license },
    { "task_categories", { "text-generation" } }, { "size_categories", { size_class(rows) } },
    { "tags", { "synthetic", "data-advisor" } }, { "configs", made }, { "dataset_info", infos },
  }))
end

local function files_table(given)
  local rows = {}
  for _, config in ipairs(given.configs) do
    for _, file in ipairs(config.files) do
      rows[#rows + 1] = { config.name, file.split, file.rows, file.path }
    end
  end
  return markdown.table({ "configuration", "split", "rows", "file" }, rows)
end

local function models_table(resolved)
  local rows = {}
  for _, role in ipairs(options.sorted_keys(resolved.models or {})) do
    local model = resolved.models[role]
    if type(model) == "table" then
      rows[#rows + 1] = { role, (model.model or "") ~= "" and model.model or "none", model.api or "" }
    else
      rows[#rows + 1] = { role, "as " .. tostring(model), "" }
    end
  end
  return markdown.table({ "role", "model", "api" }, rows)
end

local function scripts_table(scripts)
  local rows = {}
  for i, script in ipairs(scripts) do rows[i] = { script.kind, script.name, script.hash } end
  table.sort(rows, function(a, b)
    if a[1] ~= b[1] then return a[1] < b[1] end
    return a[2] < b[2]
  end)
  return markdown.table({ "kind", "name", "XXH3-128" }, rows)
end

local function left_out(given)
  local rows = {}
  for _, reason in ipairs(options.sorted_keys(given.dropped)) do
    rows[#rows + 1] = { "dropped: " .. reason, given.dropped[reason] }
  end
  for _, each in ipairs({ { "unanswered", "kept, without a reply" },
    { "unsafe", "kept, reply not known to be safe" },
    { "unfit", "kept, without what this format needs" } }) do
    if given.counts[each[1]] > 0 then rows[#rows + 1] = { each[2], given.counts[each[1]] } end
  end
  if #rows == 0 then return "Nothing was left out.\n" end
  return markdown.table({ "left out", "items" }, rows)
end

--- The runs that a merged data set was made of.
local function merged_table(runs)
  local rows = {}
  for i, run in ipairs(runs) do rows[i] = { run.name, run.seed, run.digest, run.items, run.kept } end
  return markdown.table({ "merged from", "seed", "digest", "items", "kept" }, rows)
end

--- Where the items come from: models and scripts, or other runs.
local function origin(given)
  if given.merged then return merged_table(given.merged.runs) end
  return models_table(given.resolved) .. "\n" .. scripts_table(given.scripts)
end

--- What has to be there to make it again.
local function again(given)
  local what = given.merged and "The runs above were merged by `advisor merge`"
    or "The run is `experiment.lua` with the options of `experiment.resolved.json`"
  return ("%s; its digest is `%s`, made by %s.\n"):format(what, given.digest, markdown.escape(given.version))
end

local RULE = "Rows whose texts are near-duplicates (Jaccard index of 5-byte shingles, %s or more, also "
  .. "over several steps) are in the same split: %d rows, %d groups. Groups were dealt out with "
  .. "seed %s in the proportions 10 : 1 : 1."

--- The text of README.md.
---@param given table `{ name, license, configs = { { name, columns, files = { { split, path, rows
---} } } }, resolved, merged, scripts, digest, version, dropped, counts, groups, seed, command, example }`
---@return string
function card.text(given)
  local sections = {
    "---\n" .. front_matter(given) .. "---\n",
    "# " .. markdown.escape(given.name) .. "\n",
    "Generated by language models and curated by `advisor`, after *Data Advisor: Dynamic Data "
      .. "Curation for Safety Alignment of Large Language Models* (arXiv 2410.05269). Replies that "
      .. "are not known to be safe are not here as something to learn.\n",
    files_table(given),
    "## Splits\n",
    RULE:format(splits.near, given.counts.rows, given.groups, markdown.escape(given.seed)) .. "\n",
    "## An example\n",
    markdown.block(json.encode(given.example), "json"),
    "## Where it comes from\n",
    origin(given),
    left_out(given),
    "## How to make it again\n",
    again(given),
    markdown.block(given.command, "sh"),
  }
  return table.concat(sections, "\n")
end

return card
