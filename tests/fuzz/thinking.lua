--- An answer is the end of the text; what is cut has none.
local thinking = require("advisor.models.thinking")

local KINDS = { none = true, split = true, cut = true }

return function(input)
  local answer, kind = thinking.split(input)
  assert(KINDS[kind], "no kind")
  assert(answer == input:sub(#input - #answer + 1), "the answer is not the end of the text")
  assert(kind ~= "none" or answer == input, "a text without thinking was changed")
  assert(kind ~= "cut" or answer == "", "a text that was cut has an answer")
  assert(kind ~= "split" or not answer:find("^%s"), "the answer begins with white space")
end
