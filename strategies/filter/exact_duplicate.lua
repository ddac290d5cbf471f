return {
  api = 1,
  kind = "filter",
  description = "Drops drafts that equal a kept item or an earlier draft, case and spacing aside.",
  run = function(ctx, _, drafts)
    return ctx.dedup("exact").judge(drafts)
  end,
}
