--- References: files of texts that drafts are compared with, such as the suites that
--- a model is to be evaluated with.
---
--- An experiment names them as `references = { NAME = { file =, field = } }`. Their
--- texts are stored when a run begins, so that it goes on without the files.
local core = require("advisor_core")
local json = require("advisor.output.json")
local options = require("advisor.host.options")
local counts = require("advisor.engine.counts")
local records = require("advisor.engine.records")
local rows = require("advisor.output.rows")

local references = {}

--- The keys of a reference.
references.keys = {
  file = { type = "string", doc = "A .jsonl or .csv file, beside the experiment or in the current "
    .. "folder." },
  field = { type = "string", default = "text", doc = "Which field or column holds the text." },
}

--- The hash of a file's bytes, as `xxh128sum` prints it.
local function hash_of(path)
  local file, why = io.open(path, "rb")
  if not file then return nil, why end
  local hasher = core.text.hasher()
  for piece in function() return file:read(1 << 20) end do hasher:add(piece) end
  file:close()
  return hasher:hex()
end

--- Reads the texts.
---@return string[]|nil
---@return string|nil message With file, line and field.
local function read(path, field)
  local list, problem = rows.read(path)
  if not list then return nil, problem end
  local texts = {}
  for i, row in ipairs(list) do
    local text, wrong = rows.text(path, row, field)
    if not text then return nil, wrong end
    if not text:find("%S") then
      return nil, ("%s:%d: the field '%s' is blank: remove the row"):format(path, row.line, field)
    end
    texts[i] = text
  end
  return texts
end

--- One reference, or nil and its problem.
local function load(given, folders)
  local path, missing = rows.find(given.file, folders)
  if not path then return nil, missing end
  local hash, unreadable = hash_of(path)
  if not hash then return nil, unreadable end
  local texts, problem = read(path, given.field)
  if not texts then return nil, problem end
  return { file = path, field = given.field, count = #texts, hash = hash }
end

--- Reads and checks the references of an experiment.
---@param given any The key `references`.
---@param folders string[] Where files are looked for.
---@param problems advisor.Problems
---@return table<string, { file: string, field: string, count: integer, hash: string }>
function references.load(given, folders, problems)
  local loaded = {}
  for _, name in ipairs(options.sorted_keys(given)) do
    local key = "references." .. tostring(name)
    if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") then
      problems:add(key, "a name of letters, digits and '_' is expected, as in references = "
        .. "{ catqa = { file = \"catqa.jsonl\", field = \"prompt\" } }")
    elseif type(given[name]) ~= "table" then
      problems:add(key, "{ file = , field = } is expected")
    else
      local filled, wrong = options.fill(references.keys, given[name])
      problems:add_all(key .. ".", wrong)
      local problem
      if #wrong == 0 then loaded[name], problem = load(filled, folders) end
      if problem then problems:add(key, problem) end
    end
  end
  return loaded
end

--- "there are a, b", or that there are none.
local function known(declared)
  local names = options.sorted_keys(declared)
  return #names == 0 and "the experiment names no references"
    or "there are " .. table.concat(names, ", ")
end

--- Checks what filters say of references: an option of that name is a list of
--- names, and an empty one means all.
---@param filters table<integer, { name: string, options: table }>
---@param declared table<string, any> The references that the experiment names.
---@param problems advisor.Problems
function references.check_uses(filters, declared, problems)
  for _, i in ipairs(options.sorted_keys(filters)) do
    local names, key = filters[i].options.references, ("pipeline.filter.%d"):format(i)
    if type(names) == "table" then
      if not next(declared) then
        problems:add(key, ("%s compares with references, and %s"):format(filters[i].name,
          known(declared)))
      end
      for _, name in ipairs(names) do
        if next(declared) and not declared[name] then
          problems:add(key .. ".references", ("no reference is called '%s'; %s"):format(
            tostring(name), known(declared)))
        end
      end
    end
  end
end

--- Stores the texts of all references in a run that begins. Yields until they are
--- on disk.
---@param store userdata
---@param declared table<string, table> As `references.load` gives it.
---@return boolean|nil ok
---@return string|nil message
---@return string|nil code
function references.store(store, declared)
  local ok, why, code = records.clear_references(store)
  for _, name in ipairs(options.sorted_keys(declared)) do
    if not ok then break end
    local each = declared[name]
    local texts
    if hash_of(each.file) ~= each.hash then
      return nil, each.file .. ": the file changed or went away while the run began; begin again", "EINVAL"
    end
    texts, why = read(each.file, each.field)
    if not texts then return nil, why, "EINVAL" end
    ok, why, code = records.add_reference(store, name, texts)
  end
  return ok, why, code
end

--- What scripts see of references, in order of their names.
---@param declared table<string, table>|nil
---@return { name: string, file: string, count: integer }[]
function references.list(declared)
  local list = {}
  for i, name in ipairs(options.sorted_keys(declared or {})) do
    list[i] = { name = name, file = declared[name].file, count = declared[name].count }
  end
  return list
end

--- The texts of a reference with their numbers, read a page at a time.
local function each_text(store, name)
  local page, at, last = {}, 0, 0
  return function()
    at = at + 1
    if at > #page then page, at = records.reference_page(store, name, last), 1 end
    if not page[at] then return nil end
    last = page[at].reference_index
    return last, page[at]
  end
end

--- A reference of a run as ctx.dedup compares with it.
---@param store userdata
---@param declared table<string, table>|nil
---@param name string
---@return { each: function, get: function, count: integer }|nil source `each()` iterates over
---numbers and `{ text }`; `get(number)` gives `{ id, text }`; `count` texts there should be.
---@return string|nil message
function references.source(store, declared, name)
  local found = (declared or {})[name]
  if not found then
    return nil, ("no reference is called '%s'; %s"):format(tostring(name), known(declared or {}))
  end
  return {
    count = found.count,
    each = function() return each_text(store, name) end,
    get = function(number)
      return { id = ("%s:%d"):format(name, number),
        text = records.reference_text(store, name, number) }
    end,
  }
end

--- Filters that come before the first one that compares with references: a draft
--- that one of them dropped was not compared.
local function earlier_filters(filters)
  local names = {}
  for _, used in ipairs(filters) do
    if type(used.options.references) == "table" then return names end
    names[#names + 1] = used.name
  end
  return nil
end

--- How many drafts were compared with a run's references, and how many of them were
--- dropped for it, by reference and kind of hit.
---@param store userdata
---@param resolved table|nil The run's experiment.
---@return table|nil `{ drafts, hits, references = list of { name, file, field, texts, hits, kinds } }`;
---nil if the run has no references. `drafts` is null where no filter has an option `references`.
function references.report(store, resolved)
  if not resolved or not resolved.references or not next(resolved.references) then return nil end
  local before = earlier_filters(resolved.pipeline.filter)
  local report = { drafts = before and counts.drafts_beside(store, before) or json.null, hits = 0,
    references = {} }
  local by_name = {}
  for i, name in ipairs(options.sorted_keys(resolved.references)) do
    local each = resolved.references[name]
    by_name[name] = { name = name, file = each.file, field = each.field, texts = each.count,
      hits = 0, kinds = {} }
    report.references[i] = by_name[name]
  end
  for _, row in ipairs(counts.reference_hits(store)) do
    local entry = by_name[row.reference]
    if entry then
      entry.kinds[row.kind] = row.n
      entry.hits, report.hits = entry.hits + row.n, report.hits + row.n
    end
  end
  return report
end

return references
