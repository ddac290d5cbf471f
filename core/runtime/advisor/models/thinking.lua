--- Thinking that a model writes into its reply between <think> and </think>: the one
--- place that splits it off. The raw reply stays in the record.
local thinking = {}

local OPEN, CLOSE = "<think>", "</think>"

--- Splits a reply's text. Servers whose template opens the thinking send the closing
--- mark only; a text that stands before an opening mark is no thinking.
---@param text string
---@return string answer What follows the thinking; "" where it never ended.
---@return "none"|"split"|"cut" kind "cut": the thinking has no end, so there is no answer.
function thinking.split(text)
  local close_at, close_end = text:find(CLOSE, 1, true)
  local open_at = text:find("^%s*" .. OPEN)
  if close_at then
    local other = text:find(OPEN, 1, true)
    if open_at or not other or other > close_at then
      return (text:sub(close_end + 1):gsub("^%s+", "")), "split"
    end
    return text, "none"
  end
  if open_at then return "", "cut" end
  return text, "none"
end

return thinking
