local M = {
  api = 1,
  kind = "principle",
  level = "item",
  statement = "An item is neither a fragment nor an essay.",
  description = "Fails items with too few or too many characters.",
  findings = {
    too_short = "{characters} characters, at least {least} wanted",
    too_long = "{characters} characters, at most {most} wanted",
  },
  options = {
    min_characters = {
      type = "integer", default = 20, min = 0, doc = "Fewest characters accepted.",
    },
    max_characters = {
      type = "integer", default = 2000, min = 1, doc = "Most characters accepted.",
    },
  },
}

function M.check(_, item, opt)
  local characters = utf8.len(item.text) or #item.text
  if characters < opt.min_characters then
    return "fail", { code = "too_short", characters = characters, least = opt.min_characters }
  end
  if characters > opt.max_characters then
    return "fail", { code = "too_long", characters = characters, most = opt.max_characters }
  end
  return "pass"
end

return M
