local M = {
  api = 1,
  kind = "principle",
  level = "dataset",
  statement = "The items of the data set differ in their words and phrases.",
  description = "Finds that recent items repeat one another, by distinct n-grams and compression.",
  options = {
    window = {
      type = "integer", default = 100, min = 2, max = 2000,
      doc = "Newest kept items looked at; fewer are not judged: both measures fall with size.",
    },
    n = { type = "integer", default = 2, min = 1, max = 8, doc = "Words of an n-gram." },
    distinct = {
      type = "number", default = 0.35, min = 0, max = 1,
      doc = "Lowest share of n-grams that are different ones; 0: not measured.",
    },
    compressed = {
      type = "number", default = 0.2, min = 0, max = 1,
      doc = "Lowest size of the compressed texts, as a share of their size; 0: not measured.",
    },
  },
}

local function gap(have, want, what, window)
  return { have = have, want = want,
    text = ("the newest %d items repeat one another: %s %.2f, at least %.2f wanted"):format(window,
      what, have, want) }
end

--- Gaps without a cell: they say what is wrong, not where.
function M.check(ctx, subject, opt)
  local items, texts, gaps = subject.items, {}, {}
  if #items < opt.window then return gaps end
  for i = #items - opt.window + 1, #items do texts[#texts + 1] = items[i].text end
  if opt.distinct > 0 then
    local share = ctx.measure.distinct(texts, opt.n)
    if share < opt.distinct then
      gaps[#gaps + 1] = gap(share, opt.distinct, ("distinct-%d"):format(opt.n), opt.window)
    end
  end
  if opt.compressed > 0 then
    local ratio, why, code = ctx.measure.compression(texts)
    if not ratio then return nil, why, code end
    local share = ratio > 0 and 1 / ratio or 1
    if share < opt.compressed then
      gaps[#gaps + 1] = gap(share, opt.compressed, "compressed share", opt.window)
    end
  end
  return gaps
end

return M
