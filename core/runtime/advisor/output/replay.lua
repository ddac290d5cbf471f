--- The result of a replay in words.
local listed = require("advisor.output.account").listed
local printable = require("advisor.output.text").printable

local function proof(result)
  local lines = { ("%s: %d rounds made again from %d recorded calls, %d items kept"):format(
    printable(result.run), result.rounds, result.before.calls, result.now.kept) }
  if result.difference then
    lines[#lines + 1] = ("round %d differs first: %s"):format(result.difference.round,
      result.difference.what)
  end
  lines[#lines + 1] = result.equal and ("digest %s, as recorded"):format(result.digest)
    or ("digest %s, but %s is recorded"):format(result.digest, result.recorded_digest)
  return lines
end

local function what_if(result)
  local before, now = result.before, result.now
  local lines = {
    ("%s: of %d recorded drafts %d would have been kept, %d were"):format(printable(result.run),
      before.drafts, now.kept, before.kept),
    "dropped then: " .. listed(before.dropped),
    "dropped now:  " .. listed(now.dropped),
    " round  kept then  now  added  lost",
  }
  for _, change in ipairs(result.changes) do
    lines[#lines + 1] = ("%6d  %9d  %3d  %5d  %4d"):format(change.round, change.before, change.now,
      #change.added, #change.lost)
  end
  lines[#lines + 1] = result.conditional_from
    and ("from round %d on this is conditional: other items would have led to other requests, and "
      .. "the recorded drafts are decided upon instead"):format(result.conditional_from)
    or "no decision would have changed a later request: a run with these settings keeps the same"
  lines[#lines + 1] = "calls that the record cannot answer: " .. listed(result.missing)
  lines[#lines + 1] = "digest " .. result.digest
  return lines
end

--- What `advisor replay` prints.
---@param result table As cli/replay.lua makes it.
---@param is_what_if boolean
---@return string
return function(result, is_what_if)
  local lines = is_what_if and what_if(result) or proof(result)
  if result.state ~= "done" then
    lines[#lines + 1] = "the replay ended early: " .. printable(result.message or result.state)
  end
  return table.concat(lines, "\n") .. "\n"
end
