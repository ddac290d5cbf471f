--- ctx.measure: the program's measures as scripts see them; formulas and sources
--- are in measure/. Counts map a cell's name to its items, empty cells with 0.
--- Tables may be views; results have nine significant digits, so that they may
--- decide something.
local diversity = require("advisor.measure.diversity")
local distance = require("advisor.measure.distance")
local intervals = require("advisor.measure.intervals")
local readonly = require("advisor.host.readonly")
local richness = require("advisor.measure.richness")
local shares = require("advisor.measure.shares")
local vectors = require("advisor.host.vectors")
local frozen = require("advisor.host.library").frozen

local function rounded(x)
  return math.type(x) == "float" and math.abs(x) < math.huge and tonumber(("%.9g"):format(x)) or x
end

--- A measure of tables: `kind` is the type of every value in them.
local function over(name, tables, kind, measure)
  return function(...)
    local given = table.pack(...)
    for i = 1, tables do
      local copy, problem = readonly.plain(given[i],
        ("ctx.measure.%s: argument %d"):format(name, i))
      if type(copy) ~= "table" then
        error(problem or ("ctx.measure.%s: argument %d must be a table"):format(name, i), 2)
      end
      for _, value in next, copy do
        if type(value) ~= kind then
          error(("ctx.measure.%s: %ss are expected, got a %s"):format(name, kind, type(value)), 2)
        end
      end
      given[i] = copy
    end
    local got = table.pack(measure(table.unpack(given, 1, given.n)))
    for i = 1, got.n do got[i] = rounded(got[i]) end
    return table.unpack(got, 1, got.n)
  end
end

local function words_of(texts)
  local list = {}
  for i, text in ipairs(texts) do list[i] = diversity.words(text) end
  return list
end

local measures = {
  --- cosine(a, b) of two vectors of ctx.embed, -1 to 1; centroid(list): their mean.
  cosine = vectors.cosine,
  centroid = vectors.centroid,
  --- entropy(counts), evenness(counts), simpson(counts)
  entropy = over("entropy", 1, "number", shares.entropy),
  evenness = over("evenness", 1, "number", shares.evenness),
  simpson = over("simpson", 1, "number", shares.simpson),
  --- total_variation(have, target): how far counts are from a target mix, 0 to 1.
  total_variation = over("total_variation", 2, "number", distance.total_variation),
  --- unseen_mass(counts) -> mass, low, high: how likely the next item is of a new cell.
  unseen_mass = over("unseen_mass", 1, "number", function(counts)
    local _, once, twice, items = richness.tally(counts)
    return richness.unseen_mass(once, twice, items)
  end),
  --- distinct(texts, n): different word n-grams / all of them.
  distinct = over("distinct", 1, "string", function(texts, n)
    return diversity.distinct(words_of(texts), n or 2)
  end),
  --- compression(texts): bytes / compressed bytes; higher repeats more.
  compression = over("compression", 1, "string", diversity.compression_ratio),
  --- wilson(hits, trials) -> low, high: the 95 % interval of a share.
  wilson = over("wilson", 0, "number", intervals.wilson),
}

return frozen(measures, "ctx.measure")
