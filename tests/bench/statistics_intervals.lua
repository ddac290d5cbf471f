--- The program's own intervals of paired differences: reads `{ "stream", "a", "b" }`, a
--- JSON line each, as `compare` would call it, and prints what `paired.difference` says.
local core = require("advisor_core")
local json = require("advisor.output.json")
local paired = require("advisor.measure.paired")

for line in io.lines() do
  local given = assert(json.decode(line))
  print(json.encode(paired.difference(given.a, given.b, core.rng.new(given.stream))))
end
