local json = require("advisor.output.json")
local page = require("advisor.report.page")
local report = require("tests.support.report")
local with_store = require("tests.support.store")

local HOSTILE = { "</script><script>alert(1)</script>", "<!--<script>", "<img src=x onerror=alert(1)>", "a\0b",
  "\u{202e}\u{2028}", "{nonce}{js}%1%%", ("x"):rep(100000) }

local function of(change)
  local html
  with_store(function(store)
    report.fill(store)
    if change then change(store) end
    html = page.of({ report.gather(store) })
  end)
  return html
end

local function block(html, id)
  return html:match('<script type="application/json" id="' .. id .. '">(.-)</script>')
end

describe("the page", function()
  it("holds its data, its style and its code, and lets nothing else run", function()
    local html = of()
    local nonce = html:match("script%-src 'nonce%-(%x+)'")
    assert.equal(32, #nonce)
    assert.matches("default%-src 'none'; script%-src 'nonce%-" .. nonce .. "'; style%-src 'nonce%-" .. nonce
      .. "'; base%-uri 'none'; form%-action 'none'\">", html)
    local _, uses = html:gsub(' nonce="' .. nonce .. '"', "")
    assert.equal(2, uses)
    assert.is_nil(html:find("{%l+}</"))
    assert.equal("shop", json.decode(block(html, "report")).arms[1].setup.name)
    assert.equal(8, #json.decode(block(html, "items%-0")).text)
    assert.equal(5, #json.decode(block(html, "calls%-0")).id)
  end)

  it("of an evaluation begins with its scores", function()
    local plain, html = of(), nil
    with_store(function(store)
      report.fill(store)
      local gathered = report.gather(store)
      assert.is_nil(gathered.arm.scores)
      gathered.arm.scores = json.array({ { name = "shop </script>" } })
      html = page.of({ gathered })
    end)
    assert.matches('href="#coverage"', plain, 1, true)
    assert.matches('href="#scores"', html, 1, true)
    assert.matches("evaluation of a model", html, 1, true)
    assert.equal("shop </script>", json.decode(block(html, "report")).arms[1].scores[1].name)
  end)

  it("is the same for the same record", function()
    with_store(function(store)
      report.fill(store)
      local first, again = page.of({ report.gather(store) }), page.of({ report.gather(store) })
      assert.is_true(first == again)
    end)
  end)

  it("has a code of its own that no text of a run ends", function()
    local html = of()
    local code = html:match('<script nonce="%x+">(.*)</script>%s*</body>')
    assert.is_nil(code:find("</script", 1, true))
    assert.matches("^%s*%(%(%) => {.*}%)%(%);%s*$", code)
  end)

  it("keeps hostile texts as data", function()
    local clean = of()
    local html = of(function(store)
      local statements = {}
      for i, text in ipairs(HOSTILE) do
        statements[i] = { "UPDATE item SET text = ?, target = ?, cell = ?, reason = ? WHERE round = ?"
          .. " AND item_index = ?", text, text, text, text, (i - 1) // 4 + 1, (i - 1) % 4 + 1 }
      end
      assert(store:write(statements))
    end)
    local items = json.decode(block(html, "items%-0"))
    for i, text in ipairs(HOSTILE) do assert.equal(text, items.text[i]) end
    local function tags(source)
      local _, count = source:gsub("<[%a/!]", "")
      return count
    end
    assert.equal(tags(clean), tags(html))
  end)

  it("writes JSON without any <", function()
    assert.equal('{"a":"\\u003c/script>"}', page.embedded({ a = "</script>" }))
    assert.same({ a = "</script>" }, json.decode(page.embedded({ a = "</script>" })))
  end)
end)
