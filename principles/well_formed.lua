local M = {
  api = 1,
  kind = "principle",
  level = "item",
  statement = "An item is one complete sentence or question that a user could have written.",
  description = "Fails items that are empty, cut off, too short, too long or end in the wrong way.",
  findings = {
    too_short = "{words} words, at least {least} wanted",
    too_long = "{words} words, at most {most} wanted",
    ending = "ends in '{last}', one of '{wanted}' wanted",
    cut_off = "the reply was cut off",
    control = "holds a line break or a control character",
  },
  options = {
    min_words = { type = "integer", default = 4, min = 1, doc = "Fewest words accepted." },
    max_words = { type = "integer", default = 120, min = 1, doc = "Most words accepted." },
    ending = {
      type = "string", default = "", doc = "Characters that may end an item; empty: any.",
    },
  },
}

function M.check(ctx, item, opt)
  local words = ctx.text.count_words(item.text)
  if words < opt.min_words then
    return "fail", { code = "too_short", words = words, least = opt.min_words }
  end
  if words > opt.max_words then
    return "fail", { code = "too_long", words = words, most = opt.max_words }
  end
  if item.text:find("%c") then return "fail", { code = "control" } end
  if item.meta.outcome == "truncated" then return "fail", { code = "cut_off" } end
  local last = item.text:match(utf8.charpattern .. "$") or ""
  if opt.ending ~= "" and not opt.ending:find(last, 1, true) then
    return "fail", { code = "ending", last = last, wanted = opt.ending }
  end
  return "pass"
end

return M
