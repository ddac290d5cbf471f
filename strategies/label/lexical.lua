local M = {
  api = 1,
  kind = "label",
  description = "Assigns each item to the cell whose labelled examples are worded most like it.",
  options = {
    neighbours = { type = "integer", default = 5, min = 1, doc = "Nearest examples that count." },
    margin = {
      type = "number", default = 0, min = 0,
      doc = "Smallest lead over the second cell, in standard scores; else no cell.",
    },
  },
}

--- The labelled examples, and those that the taxonomy's cells bring along.
local function examples_of(opt)
  local examples = {}
  for _, example in ipairs(opt.examples or {}) do
    examples[#examples + 1] = { text = example.text, cell = example.cell }
  end
  for _, cell in ipairs(opt.taxonomy.cells) do
    for _, text in ipairs(cell.examples or {}) do
      examples[#examples + 1] = { text = text, cell = cell.name }
    end
  end
  return examples
end

function M.run(ctx, items, opt)
  local examples = examples_of(opt)
  if #examples == 0 then
    return nil, "there are no examples: give coverage.examples, or examples in the taxonomy's cells"
  end
  local classifier = ctx.text.classifier(examples, { neighbours = opt.neighbours })
  local labels = {}
  for i, item in ipairs(items) do
    local cell, margin = classifier.classify(item.text)
    labels[i] = cell and margin >= opt.margin and cell or false
  end
  return labels
end

return M
