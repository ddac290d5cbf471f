local markdown = require("advisor.output.markdown")

describe("markdown", function()
  it("makes text from outside one line of plain words", function()
    assert.equal("a \\| b \\*c\\* \\[x\\]\\(y\\) &lt;b&gt; \\`d\\`", markdown.escape("a | b *c*\n[x](y)\r\n<b> `d`"))
    assert.equal("\\-\\-\\-", markdown.escape("---"))
    assert.equal("\\\\x1b\\[31m", markdown.escape("\27[31m"))
    assert.equal("https\\://x\\.org", markdown.escape("https://x.org"))
  end)

  it("fences text with more backticks than it holds", function()
    assert.equal("`````json\n````\n`````\n", markdown.block("````\n", "json"))
    assert.equal("```sh\nls\n```\n", markdown.block("ls", "sh"))
  end)

  it("lays out tables", function()
    assert.equal("| a | b |\n|---|---|\n| 1 | x\\|y |\n", markdown.table({ "a", "b" }, { { 1, "x|y" } }))
  end)
end)
