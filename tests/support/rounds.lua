--- Rounds as engine/round.lua makes them, for tests of what comes after.
local rounds = {}

--- One draft.
---@param given table `{ text, target, verdict, reason, … }`
function rounds.draft(index, given)
  return {
    index = index, text = given.text or ("text " .. index), target = given.target,
    cell = given.cell, advice = given.advice or 1, verdict = given.verdict or "kept",
    reason = given.reason, finding = given.finding, verdicts = {}, meta = given.meta or {},
  }
end

--- A round whose drafts are given as tables.
function rounds.round(number, drafts, given)
  local result = {
    number = number, read_round = number - 1, state = "committed", gaps = {},
    advice = { { target = "A", count = #drafts } }, drafts = {}, kept = {}, notes = {},
    summary = { text = "summary " .. number }, variants = {},
    spent = { prompt = 10, completion = 2, money = 0.5, calls = 3 },
  }
  for i, draft in ipairs(drafts) do
    result.drafts[i] = rounds.draft(i, draft)
    if result.drafts[i].verdict == "kept" then
      table.insert(result.kept, { id = ("r%d-%d"):format(number, i), text = result.drafts[i].text,
        target = draft.target, meta = draft.meta or {} })
    end
  end
  for key, value in pairs(given or {}) do result[key] = value end
  return result
end

return rounds
