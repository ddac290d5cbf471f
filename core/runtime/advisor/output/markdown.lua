--- Text from outside as words in Markdown.
local text = require("advisor.output.text")

local markdown = {}

--- One line of text that Markdown, HTML and tables take for nothing but text.
---@param value any
---@return string
function markdown.escape(value)
  value = text.printable((tostring(value):gsub("[\t\r\n]+", " ")))
  value = value:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" })
  value = value:gsub("[\\`*_{}%[%]()#+%-!|~$:@.]", "\\%0")
  return value
end

--- A block that shows text as it is: the fence is longer than any run of its
--- character in the text.
---@param value string
---@param language string
---@return string
function markdown.block(value, language)
  local longest = 2
  for run in value:gmatch("`+") do longest = math.max(longest, #run) end
  local fence = ("`"):rep(longest + 1)
  return ("%s%s\n%s\n%s\n"):format(fence, language, value:gsub("\n*$", ""), fence)
end

--- A table.
---@param header string[] Ours.
---@param rows any[][] From outside; escaped here.
---@return string
function markdown.table(header, rows)
  local lines = { "| " .. table.concat(header, " | ") .. " |", ("|---"):rep(#header) .. "|" }
  for _, row in ipairs(rows) do
    local cells = {}
    for i, value in ipairs(row) do cells[i] = markdown.escape(value) end
    lines[#lines + 1] = "| " .. table.concat(cells, " | ") .. " |"
  end
  return table.concat(lines, "\n") .. "\n"
end

return markdown
