local lexicon = require("advisor.models.lexicon")
local provider = require("advisor.models.providers.simulated")

-- A stand-in for the program's random streams.
local Stream = {}
Stream.__index = Stream
local function stream(seed) return setmetatable({ x = seed * 7919 + 1 }, Stream) end
function Stream:unit()
  self.x = self.x * 6364136223846793005 + 1442695040888963407
  return (self.x >> 11) / 2 ^ 53
end
function Stream:integer(m, n) return m + math.floor(self:unit() * (n - m + 1)) end
function Stream:choice(list) return list[self:integer(1, #list)] end
function Stream:sample(list, k)
  local copy, out = table.move(list, 1, #list, 1, {}), {}
  for i = 1, k do out[i] = table.remove(copy, self:integer(1, #copy)) end
  return out
end
function Stream:shuffle(list) return self:sample(list, #list) end

local function ask(role, content, seed, opt, more)
  local call = { role = role, model = "m", messages = { { role = "user", content = content } } }
  for key, value in next, more or {} do call[key] = value end
  return provider.answer(call, stream(seed), opt)
end

--- Counts over n calls of a role how often each `hit(text, reply)` holds, as shares.
local function share(n, role, content, opt, ...)
  local hits, shares = { ... }, {}
  for i in ipairs(hits) do shares[i] = 0 end
  for seed = 1, n do
    local reply = ask(role, content, seed, opt)
    for i, hit in ipairs(hits) do
      if hit(reply.text, reply) then shares[i] = shares[i] + 1 end
    end
  end
  for i in ipairs(hits) do shares[i] = shares[i] / n end
  return table.unpack(shares)
end

--- Asserts a share within four standard errors of what is wanted.
local function near(want, got, n)
  local room = 4 * math.sqrt(math.max(want * (1 - want), 0.001) / n)
  assert.is_true(math.abs(got - want) <= room, ("wanted %.3f, got %.3f"):format(want, got))
end

local function is_refusal(text)
  for _, refusal in ipairs(lexicon.refusals) do
    if text == refusal then return true end
  end
  return false
end

local function words(text)
  local list = {}
  for word in text:gmatch("[%w'-]+") do list[#list + 1] = word:lower() end
  return list
end

local ADVISE = "Covered so far:\n%s\n\nName one category that is missing. Reply with its name only."
local GENERATE = "A customer writes to a shop. The question must be about %s.\nQuestion:"
local PLAIN = "Write one new question."

describe("lexicon", function()
  it("has 480 cells, 11 x 5 first, each with a name of its own", function()
    local seen, categories = {}, {}
    for i, cell in ipairs(lexicon.cells(480)) do
      assert.is_nil(seen[cell.name])
      seen[cell.name] = true
      assert.equal(cell.category .. " / " .. cell.subcategory, cell.name)
      assert.equal(5, select(2, cell.name:gsub("%S+", "")))
      if i <= 55 then categories[cell.category] = (categories[cell.category] or 0) + 1 end
    end
    local n = 0
    for _, count in next, categories do
      n = n + 1
      assert.equal(5, count)
    end
    assert.equal(11, n)
    assert.has_error(function() lexicon.cells(481) end)
  end)

  it("reads every fresh question back, also with one word changed", function()
    local rng = stream(3)
    for _, cell in ipairs(lexicon.cells(480)) do
      for _ = 1, 20 do
        local text = lexicon.question(cell, rng)
        local count = #words(text)
        assert.is_true(count >= 8 and count <= 20 and text:sub(-1) == "?", text)
        assert.equal(cell.name, (lexicon.cell_of(text)))
        assert.equal(cell.name, (lexicon.cell_of(lexicon.vary(text, rng))))
      end
    end
  end)

  it("varies its questions", function()
    local rng, cell, seen, distinct = stream(4), lexicon.cells()[17], {}, 0
    for _ = 1, 5000 do
      local text = lexicon.question(cell, rng)
      if not seen[text] then seen[text], distinct = true, distinct + 1 end
    end
    assert.is_true(distinct > 4900, distinct)
  end)

  it("changes exactly one word", function()
    local rng, cell = stream(5), lexicon.cells()[3]
    for _ = 1, 200 do
      local text = lexicon.question(cell, rng)
      local before, after, changed = words(text), words(lexicon.vary(text, rng)), 0
      assert.equal(#before, #after)
      for i, word in ipairs(before) do changed = changed + (word ~= after[i] and 1 or 0) end
      assert.equal(1, changed)
    end
  end)

  it("reads nothing from other texts", function()
    local rng = stream(6)
    for _ = 1, 2000 do assert.is_nil(lexicon.cell_of(lexicon.off_theme(rng))) end
    for _, cell in ipairs(lexicon.cells(480)) do assert.is_nil(lexicon.cell_of(cell.name)) end
    for _, text in ipairs(lexicon.refusals) do assert.is_nil(lexicon.cell_of(text)) end
    assert.is_nil(lexicon.cell_of(""))
    assert.is_nil(lexicon.cell_of("My kettle is very nice but what of it?"))
  end)

  it("makes cells for names that it does not hold", function()
    local names = { "Fraud / identity theft", "Fraud / card theft", "Fraud", "Économie / impôts",
      "self-harm", "Kitchen appliances / late delivery" }
    local cells, rng = lexicon.of(names), stream(7)
    local read, kept, n = lexicon.reader(cells), 0, 0
    for i, cell in ipairs(cells) do
      assert.equal(names[i], cell.name)
      for _ = 1, 300 do
        local text = lexicon.question(cell, rng)
        assert.equal(cell.name, (read(text)))
        n, kept = n + 1, kept + (read(lexicon.vary(text, rng)) == cell.name and 1 or 0)
      end
    end
    assert.is_true(kept / n > 0.95, kept / n)
    assert.has_error(function() lexicon.of({ "a", "a" }) end)
  end)
end)

describe("provider simulated", function()
  local cells = lexicon.cells(55)

  it("is a pure function of call, stream and options", function()
    local opt = { refusal_rate = 0.2, repeat_rate = 0.2, truncation_rate = 0.2, drift_rate = 0.2 }
    local content = "1. Both my rake and kite are overdue at the depot, may I ask why?\n" .. ADVISE
    for seed = 1, 300 do
      local role = ({ "generator", "advisor", "judge", "responder", "other" })[seed % 5 + 1]
      assert.same(ask(role, content, seed, opt), ask(role, content, seed, opt))
    end
  end)

  it("answers with text, finish and usage", function()
    local reply = ask("generator", PLAIN, 1)
    assert.equal("stop", reply.finish)
    assert.equal((#PLAIN + 3) // 4, reply.usage.prompt_tokens)
    assert.equal((#reply.text + 3) // 4, reply.usage.completion_tokens)
    assert.is_true(lexicon.cell_of(reply.text) ~= nil)
    local raw = provider.answer({ role = "generator", prompt = PLAIN }, stream(1), {})
    assert.equal(reply.text, raw.text)
  end)

  it("draws topics from a Zipf distribution", function()
    local n, count, list = 10000, {}, {}
    for seed = 1, n do
      local name = lexicon.cell_of(ask("generator", PLAIN, seed).text)
      count[name] = (count[name] or 0) + 1
    end
    for _, cell in ipairs(cells) do list[#list + 1] = count[cell.name] or 0 end
    table.sort(list, function(a, b) return a > b end)
    local total = 0
    for rank = 1, 55 do total = total + rank ^ -1.2 end
    for rank = 1, 5 do near(rank ^ -1.2 / total, list[rank] / n, n) end
    assert.is_true(list[55] < n / 55 / 4)
  end)

  it("spreads the frequent cells by rank_seed", function()
    local function top(rank_seed)
      local count, best = {}, nil
      for seed = 1, 300 do
        local text = ask("generator", PLAIN, seed, { rank_seed = rank_seed, exponent = 4 }).text
        local name = lexicon.cell_of(text)
        count[name] = (count[name] or 0) + 1
        if not best or count[name] > count[best] then best = name end
      end
      return best
    end
    local tops, distinct = {}, 0
    for rank_seed = 1, 10 do
      local name = top(rank_seed)
      if not tops[name] then tops[name], distinct = true, distinct + 1 end
    end
    assert.is_true(distinct >= 7, distinct)
  end)

  it("draws from 40 and 400 equally likely cells", function()
    for _, size in ipairs({ 40, 400 }) do
      local n, count, found, most = 50 * size, {}, 0, 0
      for seed = 1, n do
        local text = ask("generator", PLAIN, seed, { cells = size, exponent = 0 }).text
        local name = lexicon.cell_of(text)
        if not count[name] then found = found + 1 end
        count[name] = (count[name] or 0) + 1
        most = math.max(most, count[name])
      end
      assert.equal(size, found)
      assert.is_true(most < 90, most)
    end
  end)

  it("follows the target that the prompt names", function()
    local cell, n = cells[42], 3000
    local free = share(n, "generator", PLAIN, {}, function(text)
      return lexicon.cell_of(text) == cell.name
    end)
    local got = share(n, "generator", GENERATE:format(cell.name), {}, function(text)
      return lexicon.cell_of(text) == cell.name
    end)
    near(0.7 + 0.3 * free, got, n)
    assert.equal(1, share(300, "generator", GENERATE:format(cell.name:upper()), { obedience = 1 },
      function(text) return lexicon.cell_of(text) == cell.name end))
    assert.equal(1, share(300, "generator", GENERATE:format(cell.category), { obedience = 1 },
      function(text)
        local _, read = lexicon.cell_of(text)
        return read.category == cell.category
      end))
  end)

  it("follows the last name of a raw prompt, which names its exemplars too", function()
    local call = { role = "generator", prompt = ("question (%s): %s\nquestion (%s):"):format(
      cells[7].name, lexicon.question(cells[7], stream(1)), cells[42].category) }
    for seed = 1, 100 do
      local text = provider.answer(call, stream(seed), { obedience = 1 }).text
      local _, read = lexicon.cell_of(text)
      assert.equal(cells[42].category, read.category)
    end
  end)

  it("follows the longest name, and no unknown one", function()
    local both = cells[42].category .. " matter; " .. GENERATE:format(cells[7].name)
    assert.equal(1, share(200, "generator", both, { obedience = 1 }, function(text)
      return lexicon.cell_of(text) == cells[7].name
    end))
    near(share(2000, "generator", PLAIN, {}, function(text)
      return lexicon.cell_of(text) == cells[1].name
    end), share(2000, "generator", "Not about " .. cells[1].category .. "x", { obedience = 1 },
      function(text) return lexicon.cell_of(text) == cells[1].name end), 1000)
  end)

  it("refuses, repeats, truncates and drifts at the given rates", function()
    local opt = { refusal_rate = 0.1, repeat_rate = 0.2, truncation_rate = 0.05, drift_rate = 0.15 }
    local rng, n = stream(11), 6000
    local shown = {}
    for i = 1, 3 do shown[i] = lexicon.question(cells[i * 9], rng) end
    local content = "Questions so far:\n1. " .. shown[1] .. "\n2. \"" .. shown[2] .. "\"\nUser: "
      .. shown[3] .. "\n" .. GENERATE:format(cells[20].name)
    local function is_repeat(text)
      for _, each in ipairs(shown) do
        local a, b, same = words(each), words(text), 0
        for i, word in ipairs(a) do same = same + (word == b[i] and 1 or 0) end
        if #a == #b and same == #a - 1 then return true end
      end
      return false
    end
    local function is_cut(text, reply) return reply.finish == "length" and text:sub(-1) ~= "?" end
    local function is_drift(text, reply)
      return reply.finish == "stop" and not lexicon.cell_of(text) and not is_refusal(text)
    end
    local refused, repeated, cut, drifted = share(n, "generator", content, opt, is_refusal,
      is_repeat, is_cut, is_drift)
    near(0.1, refused, n)
    near(0.2, repeated, n)
    near(0.05, cut, n)
    near(0.15, drifted, n)
    near(0.1, share(n, "responder", shown[1], opt, is_refusal), n)
    assert.has_error(function()
      ask("generator", PLAIN, 1, { refusal_rate = 0.6, drift_rate = 0.6 })
    end)
  end)

  it("repeats stock texts where the prompt shows none", function()
    local seen, distinct = {}, 0
    for seed = 1, 2000 do
      local text = ask("generator", GENERATE:format(cells[5].name), seed,
        { repeat_rate = 1, obedience = 1 }).text
      assert.equal(cells[5].name, (lexicon.cell_of(text)))
      if not seen[text] then seen[text], distinct = true, distinct + 1 end
    end
    assert.is_true(distinct <= 3, distinct)
  end)

  it("ends a text at max_tokens and at a stop", function()
    local cut = ask("generator", PLAIN, 2, {}, { max_tokens = 5 })
    assert.equal("length", cut.finish)
    assert.equal(20, #cut.text)
    local stopped = ask("generator", PLAIN, 2, {}, { stop = { "?" } })
    assert.equal("stop", stopped.finish)
    assert.is_nil(stopped.text:find("?", 1, true))
  end)

  it("names as advisor what is not listed", function()
    local listed, is_listed, n = {}, {}, 2000
    for i = 1, 55, 2 do
      listed[#listed + 1] = "- " .. cells[i].name
      is_listed[cells[i].name] = true
    end
    local content = ADVISE:format(table.concat(listed, "\n"))
    local named, reachable = 0, {}
    for _, cell in ipairs(cells) do reachable[cell.name] = true end
    for seed = 1, n do
      local name = ask("advisor", content, seed).text
      assert.is_nil(is_listed[name])
      if reachable[name] then named = named + 1 end
    end
    assert.equal(n, named)
    local opt = { refusal_rate = 0.1, repeat_rate = 0.2, truncation_rate = 0.1, drift_rate = 0.1 }
    local repeated, refused, cut, drifted = share(n, "advisor", content, opt,
      function(name) return is_listed[name] end, is_refusal,
      function(_, reply) return reply.finish == "length" end, function(name, reply)
        return reply.finish == "stop" and not name:find(" / ", 1, true) and not is_refusal(name)
      end)
    near(0.2, repeated, n)
    near(0.1, refused, n)
    near(0.1, cut, n)
    near(0.1, drifted, n)
  end)

  it("names something off the theme when all is listed", function()
    local listed, is_listed = {}, {}
    for i, cell in ipairs(cells) do listed[i], is_listed[cell.name] = cell.name, true end
    for seed = 1, 100 do
      local name = ask("advisor", ADVISE:format(table.concat(listed, "\n")), seed).text
      assert.is_true(name ~= "" and not is_listed[name])
    end
  end)

  it("names as advisor in the same skew", function()
    local n, count, most = 5000, {}, 0
    for seed = 1, n do
      local name = ask("advisor", ADVISE:format("nothing"), seed).text
      count[name] = (count[name] or 0) + 1
      most = math.max(most, count[name])
    end
    local total = 0
    for rank = 1, 55 do total = total + rank ^ -1.2 end
    near(1 / total, most / n, n)
  end)

  it("keeps a summary: what is shown, then what is new, once each", function()
    local question = lexicon.question(cells[30], stream(2))
    local content = "Summary so far:\nBroken promises\n" .. cells[1].name
      .. "\nGift wrapping\n---\nNew scenario: " .. cells[2].name
      .. "\nNew questions:\n1. " .. question .. "\n2. " .. question
      .. "\n\nWrite the new list, one line each, at most five words."
      .. "\nUpdated summary:"
    local text = ask("advisor", content, 1, { refusal_rate = 1 }, { max_tokens = 4096 }).text
    assert.equal(table.concat({ "Broken promises", cells[1].name, "Gift wrapping", cells[2].name,
      cells[30].name }, "\n"), text)
    assert.equal(text, ask("advisor", content, 2).text)
    local off = "Summary so far:\nBroken promises\nGift wrapping\n\n"
      .. "New topic:\nFamous tides of modern opera\n\nReply with the updated summary."
    assert.equal("Broken promises\nGift wrapping\nFamous tides of modern opera",
      ask("advisor", off, 1).text)
  end)

  it("judges by the true cell, wrong at the given rate", function()
    local rng, n = stream(21), 3000
    local function content(item, target)
      return "Is this question about " .. target .. "?\n\nQuestion: " .. item
        .. "\n\nAnswer yes or no."
    end
    local function yes(text) return text == "yes" end
    local item = lexicon.question(cells[8], rng)
    near(0.9, share(n, "judge", content(item, cells[8].name), {}, yes), n)
    near(0.9, share(n, "judge", content(item, cells[8].category), {}, yes), n)
    near(0.1, share(n, "judge", content(item, cells[9].name), {}, yes), n)
    near(0.1, share(n, "judge", content(lexicon.off_theme(rng), cells[9].name), {}, yes), n)
    near(0.7, share(n, "judge", content(item, cells[8].name), { judge_error = 0.3 }, yes), n)
    local exact = { judge_error = 0 }
    assert.equal('{"verdict":"no"}', ask("judge", content(item, cells[9].name), 1, exact,
      { schema = { type = "object" } }).text)
    local other = content(item, "cosmic rays") .. "\nTopic: cosmic rays"
    assert.equal("no", ask("judge", other, 1, exact).text)
    assert.equal("yes", ask("judge", "Is it on the theme?\n" .. item, 1, exact).text)
  end)

  it("judges and follows a taxonomy of the user's", function()
    local opt = { taxonomy = { "Fraud", "Malware", "Privacy / stalking" }, judge_error = 0,
      obedience = 1, exponent = 0 }
    local own = lexicon.of(opt.taxonomy)
    local read = lexicon.reader(own)
    for seed, cell in ipairs(own) do
      local text = ask("generator", GENERATE:format(cell.name), seed, opt).text
      assert.equal(cell.name, (read(text)))
      for _, target in ipairs(own) do
        local content = "Question: " .. text .. "\nIs it about " .. target.name .. "?"
        assert.equal(target == cell and "yes" or "no", ask("judge", content, seed, opt).text)
      end
    end
    assert.has_error(function()
      ask("generator", PLAIN, 1, { taxonomy = { "a", "b" }, cells = 3 })
    end)
  end)

  it("replies as responder on the subject, in statements", function()
    local item = lexicon.question(cells[8], stream(1))
    for seed = 1, 200 do
      local text = ask("responder", item, seed).text
      assert.is_nil(text:find("?", 1, true))
      assert.is_true(text:find(cells[8].subcategory, 1, true) ~= nil)
    end
  end)
end)
