--- The canonical form is a fixed point: written, read and written again it is the same.
local cjson = require("cjson")
local core = require("advisor_core")

local json, text = core.json, core.text

--- The value read and tidied; nil where it is no JSON, or nested too deep.
local function read(bytes)
  local ok, value = pcall(cjson.decode, bytes)
  if not ok or type(value) ~= "table" then return nil end
  local tidied, tidy = pcall(json.tidy, value)
  return tidied and tidy or nil
end

return function(input)
  local repaired = assert(text.repair_json(input))
  assert(text.valid(repaired), "repaired text is not well-formed")
  local value = read(repaired)
  if not value then return end
  local plain, copy = json.plain(value)
  -- Numbers that are not finite, and more than 64 levels, cannot be written.
  local written, first = pcall(json.encode, value)
  assert(written or not plain, "plain data cannot be written")
  if not written then return end
  assert(text.valid(first), "written text is not well-formed")
  local second = json.encode(assert(read(first), "what was written cannot be read"))
  assert(first == second, "written twice it differs")
  if plain then assert(json.encode(copy) == first, "the copy of plain data differs") end
end
