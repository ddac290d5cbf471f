--- Reads pairs of wanted and given label from standard input, a JSON list a
--- line, and prints how well they agree as one JSON object.
---   lua5.4 agreement.lua < pairs.jsonl          (LUA_PATH and LUA_CPATH as for the specs)
local agreement = require("advisor.measure.agreement")
local json = require("advisor.output.json")

local list = {}
for line in io.lines() do list[#list + 1] = assert(json.decode(line)) end
print(json.encode(agreement.measure(list)))
