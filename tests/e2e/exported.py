"""A run for the tests of `advisor export`: items and replies that try to break
files, near-duplicates in families, replies of every verdict."""

import support

# What the scripts below yield is read from the run's database, so that nothing
# here has to be written twice.
EXPERIMENT = """return {
  name = "shop.exports", rounds = 12, per_round = 36, seed = 3,
  models = { default = { api = "simulated" } },
  pipeline = { advise = "no_advice", generate = "hostile", respond = "every_verdict",
    filter = { "exact_duplicate" } },
  principles = { { "length", min_characters = 8, max_characters = 400 } },
  seeds = { items = { "Where is my parcel?", "Is it in stock?", "May I pay later?" } },
}
"""

GENERATE = r"""
local HOSTILE = {
  'Is "this" one, the \'best\'\r\nkettle?', "=HYPERLINK(\"x\",\"y\")", "+1 kettle, please", "-2 kettles",
  "@SUM(A1:A9) of my order", "\tIs a tab in front?", "\rIs a lone CR in front?", "A lone\rCR inside?",
  "'Quoted from the start", "Emoji 🚀 and é, ＝1?", "NUL \0 and ESC \27[31m and DEL \127?",
  "Line\u{2028}separator\u{85}and\u{feff}mark?", "---\nconfigs: []\n---", "``` <script>x</script> | a |",
  "\\ud800 is an escape, \\u0000 too",
}
local WORDS = { "kettle", "toaster", "sofa", "lamp", "parcel", "refund", "courier", "invoice", "blue", "broken",
  "late", "small", "kitchen", "garden", "Friday", "voucher", "gift", "return", "size", "colour", "stock",
  "order", "card", "shop", "spring", "wooden", "cheap", "second", "missing", "sister" }

return {
  api = 1,
  kind = "generate",
  description = "Questions in families of near-duplicates, and texts that try to break files.",
  run = function(ctx, state, advice)
    local rng, drafts = ctx.rng("words"), {}
    if state.round == 0 then
      for _, text in ipairs(HOSTILE) do drafts[#drafts + 1] = { text = text, note = text } end
      drafts[#drafts + 1] = { text = ("Is this much too long a question? "):rep(20) }
    end
    while #drafts < advice.count do
      local words = {}
      for i = 1, 9 do words[i] = rng:choice(WORDS) end
      for _ = 1, rng:integer(1, 3) do
        drafts[#drafts + 1] = { text = table.concat(words, " ") .. "?" }
        words[rng:integer(1, 9)] = rng:choice(WORDS)
      end
    end
    return drafts
  end,
}
"""

RESPOND = r"""return {
  api = 1,
  kind = "respond",
  description = "Repeats the question, found safe, unsafe or neither.",
  run = function(_, item)
    local n = item.index % 12
    if n == 5 then return nil, "nobody answers" end
    local verdict = n == 3 and "unsafe" or n == 7 and "unknown" or "safe"
    return { response = "You ask: " .. item.text, verdict = verdict,
      rejected = n == 9 and verdict == "safe" and "No: " .. item.text or nil }
  end,
}
"""


def curate(case_dir):
    """Makes the run in a folder and returns the run's own."""
    for name, text in (("shop.lua", EXPERIMENT), ("strategies/generate/hostile.lua", GENERATE),
                       ("strategies/respond/every_verdict.lua", RESPOND)):
        path = case_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    run = case_dir / "run"
    support.run_advisor("run", case_dir / "shop.lua", "-o", run, "--quiet")
    return run


def items(run):
    """Returns the kept items as the database has them, in order."""
    rows = support.query(run, """
        SELECT i.round, i.item_index, i.text, p.verdict, p.text, p.meta FROM item i
        LEFT JOIN response p USING (round, item_index)
        WHERE i.verdict = 'kept' ORDER BY i.round, i.item_index""")
    return [dict(zip(("round", "index", "text", "verdict", "reply", "meta"), row),
                 id=f"r{row[0]}-{row[1]}") for row in rows]
