local text = require("advisor_core").text

describe("text", function()
  it("tells well-formed UTF-8", function()
    for _, good in ipairs({ "", "abc", "\0", "é", "€",
      "\u{10ffff}" }) do assert.is_true(text.valid(good)) end
    for _, bad in ipairs({ "\xff", "\xc3", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80",
      "\xc0\x80" }) do
      assert.is_false(text.valid(bad))
    end
  end)

  it("repairs what is ill-formed and leaves the rest", function()
    assert.same({ "a\u{fffd}b", true }, { text.repair("a\xffb") })
    assert.same({ "aéb", false }, { text.repair("aéb") })
    assert.same({ "", false }, { text.repair("") })
    assert.is_true(text.valid((text.repair("\xe2\x82x\xed\xa0\x80\xff"))))
  end)

  it("repairs JSON: byte order mark, lone surrogates", function()
    local repaired = text.repair_json("\u{feff}{\"a\":\"\\ud83dx\"}")
    assert.equal("x", repaired:match('"a":".-(x)"}$'))
    assert.is_nil(repaired:find("ud83d", 1, true))
    assert.equal("{", repaired:sub(1, 1))
    assert.same({ '{"a":"\\ud83d\\ude00"}', false }, { text.repair_json('{"a":"\\ud83d\\ude00"}') })
  end)

  it("normalizes: compatibility forms, case, white space", function()
    assert.equal("strasse fi 1", text.normalize("  STRAßE \t\n ﬁ\u{a0}①  "))
    assert.equal("", text.normalize(" \n "))
    assert.equal(text.normalize("e\u{301}"), text.normalize("É"))
    assert.equal(text.normalize("a\u{fffd}"), text.normalize("a\xff"))
  end)

  it("hashes as XXH3-128", function()
    assert.equal("99aa06d3014798d86001c324468d497f", text.hash(""))
    assert.equal(32, #text.hash("a\0b"))
    assert.are_not.equal(text.hash("a"), text.hash("a\0"))
  end)

  it("hashes piece by piece", function()
    local hasher = text.hasher()
    assert.equal(text.hash(""), hasher:hex())
    for _, piece in ipairs({ "a", "", "b\0", ("c"):rep(1000) }) do hasher:add(piece) end
    assert.equal(text.hash("ab\0" .. ("c"):rep(1000)), hasher:hex())
    hasher:add("d")
    assert.equal(text.hash("ab\0" .. ("c"):rep(1000) .. "d"), hasher:hex())
    assert.is_false((pcall(hasher.add, hasher, {})))
    assert.is_false((pcall(hasher.hex, {})))
  end)

  it("reads server-sent events", function()
    assert.same({ "one", "two\nlines", { event = "error", data = "x" }, "[DONE]" }, text.sse(
      ": comment\r\ndata: one\r\n\r\ndata:two\ndata: lines\n\nevent: error\ndata: x\n\ndata: "
        .. "[DONE]\n\n"))
    assert.same({}, text.sse(""))
    assert.same({}, text.sse(":\n\n"))
  end)

  it("raises for what is no text", function()
    for _, name in ipairs({ "valid", "repair", "repair_json", "normalize", "hash", "sse" }) do
      assert.is_false((pcall(text[name], {})), name)
      assert.is_false((pcall(text[name])), name)
    end
  end)
end)
