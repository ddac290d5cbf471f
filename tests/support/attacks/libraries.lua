-- Bombs inside the libraries, where no instruction runs that could be stopped.
local list = {}
local function add(name, source, expect, apart)
  list[#list + 1] = { name = name, source = source, expect = expect, apart = apart }
end
local function hung(name, source, expect) add(name, source, expect or "hung", true) end

hung("a pattern of many repetitions", "('a'):rep(3000):find(('a-'):rep(12) .. 'b')")
hung("a pattern of greedy repetitions", "('a'):rep(3000):find(('a*'):rep(12) .. 'b')")
hung("a pattern of optional items", "('a'):rep(64):find(('a?'):rep(64) .. ('a'):rep(64) .. 'b')")
hung("dots that shrink", "('x'):rep(200000):find('.-.-.-b')")
hung("dots that grow", "('x'):rep(200000):find('.*.*.*b')")
hung("a capture over a long text", "('x'):rep(1000000):match('(.-)y')")
hung("captures that repeat", "('x'):rep(20000):match('(.-)(.-)(.-)y')")
hung("a back reference", "('x'):rep(30000):match('(.-)%1y')")
hung("balanced brackets", "('('):rep(300000):gsub('%b()', '')")
hung("balanced brackets after a repetition", "('('):rep(3000):find('.-.-%b()')")
hung("a frontier", "('a'):rep(100000):find('.-.-%f[b]')")
hung("a class", "('a'):rep(100000):find('[^b]-[^b]-[b]')")
hung("gsub with an evil pattern", "('a'):rep(3000):gsub(('a-'):rep(12) .. 'b', '')")
hung("gsub with a function and an evil pattern",
  "('a'):rep(3000):gsub(('a-'):rep(12) .. 'b', function() return '' end)")
hung("gmatch with an evil pattern", "for _ in ('a'):rep(3000):gmatch(('a-'):rep(12) .. 'b') do end")
hung("match from a string method", "local s = ('a'):rep(3000) return s:match(('a-'):rep(12) .. 'b')")
hung("an evil pattern caught by pcall",
  "while true do pcall(string.find, ('a'):rep(3000), ('a-'):rep(12) .. 'b') end")
hung("an evil pattern in a coroutine",
  "coroutine.wrap(function() ('a'):rep(3000):find(('a-'):rep(12) .. 'b') end)()")
hung("an evil pattern in a lane", "ctx.map({ 1, 2 }, function() ('a'):rep(3000):find(('a-'):rep(12) .. 'b') end)")
hung("an evil pattern in a comparator",
  "table.sort({ 1, 2 }, function() return ('a'):rep(3000):find(('a-'):rep(12) .. 'b') end)")
hung("an evil pattern in __close", [[local c <close> = setmetatable({}, { __close = function()
  ('a'):rep(3000):find(('a-'):rep(12) .. 'b') end })]])
hung("an evil pattern in __tostring", [[return tostring(setmetatable({}, { __tostring = function()
  return ('a'):rep(3000):match(('a-'):rep(12) .. 'b') end }))]])
hung("an evil pattern in loaded code", "load([[ ('a'):rep(3000):find(('a-'):rep(12) .. 'b') ]])()")
hung("a plain search for a long text",
  "local half = ('a'):rep(2000000) return (half .. half):find(half .. 'b', 1, true)")
hung("many searches in a long text", "local s = ('x'):rep(1000000) while true do s:find('y') end")
hung("many plain searches in a long text", "local s = ('x'):rep(4000000) while true do s:find('y', 1, true) end")
hung("many long texts", "while true do local s = ('x'):rep(10000000) end")
hung("many copies of a long text",
  "local s = ('x'):rep(8000000) while true do s:upper() s:reverse() s:sub(2) end", "bounded")
hung("many comparisons of long texts",
  "local a, b = ('x'):rep(8000000) .. 'a', ('x'):rep(8000000) .. 'b' while true do local c = a < b end", "bounded")
hung("ever more arguments", "local function f(...) return f(1, ...) end while true do pcall(f) end")
hung("many joined texts", "local s = ('x'):rep(8000000) while true do local t = s .. 'y' end")
hung("moving a long range", "local t = {} while true do table.move(t, 1, 9999999, 2) end")
hung("inserting at the front of a long list",
  "local t = {} for i = 1, 1000000 do t[i] = 1 end while true do table.insert(t, 1, 1) table.remove(t, 1) end")
hung("concat of a list that C makes up",
  "while true do table.concat(setmetatable({}, { __index = rawlen }), '', 1, 9999999) end")
hung("unpacking again and again", "local t = {} while true do pcall(table.unpack, t, 1, 900000) end", "bounded")
hung("counting characters again and again", "local s = ('é'):rep(4000000) while true do utf8.len(s) end")
hung("offsets in a long text", "local s = ('é'):rep(4000000) while true do utf8.offset(s, 3999999) end")
hung("format of a long text", "local s = ('x'):rep(4000000) while true do ('%q'):format(s) end")
hung("unpack of a long format", "local f = ('!1 x'):rep(500000) while true do pcall(string.packsize, f) end")
hung("compiling long chunks", "local s = ('a = 1 '):rep(170000) while true do load(s) end")
hung("normalizing a long text", "local s = ('É'):rep(1000000) while true do ctx.text.normalize(s) end")
hung("encoding a long text", "local s = ('x\\n'):rep(1000000) while true do ctx.json.encode({ s }) end")
hung("decoding a long text",
  "local s = '[' .. ('1,'):rep(300000) .. '1]' while true do pcall(ctx.json.decode, s) end")
hung("compressing texts",
  "local t = { ('lamp '):rep(400000) } while true do ctx.measure.compression(t) end")

add("rep of nothing", "return #(''):rep(1e15)", { value = 0 })
add("rep of nothing with an empty separator", "return #(''):rep(math.maxinteger, '')", { value = 0 })
add("rep beyond all bounds", "('x'):rep(math.maxinteger)", { error = "too l" })
add("rep with a product that overflows", "('xx'):rep(1 << 62)", { error = "too l" })
add("rep by a float", "('x'):rep(1e300)", { error = "string.rep" })
add("rep by what is no number", "('x'):rep(0 / 0)", { error = "integer representation" })
add("rep of a separator", "(''):rep(1e9 // 1 | 0, 'x')", { error = "too long" })
add("moving an endless range", "table.move({}, 1, 1 << 40, 2)", { error = "range is too long" })
add("moving from the smallest number", "table.move({}, math.mininteger, math.maxinteger, 1)", { error = "too long" })
add("moving to the largest number", "table.move({ 1, 2 }, 1, 2, math.maxinteger)", { error = "wrap around" })
add("concat of an endless range", "table.concat({}, '', 1, 1 << 40)", { error = "range is too long" })
add("concat of a length that is made up",
  "table.concat(setmetatable({}, { __len = function() return 1 << 40 end, __index = type }))", { error = "too long" })
add("unpacking an endless range", "table.unpack({}, 1, 1 << 40)", { error = "range is too long" })
add("unpacking more than fits", "table.unpack({}, 1, 9000000)", { error = "too many results" })
add("unpacking around the largest number",
  "table.unpack({}, math.maxinteger - 1, math.maxinteger) return { {text = 'two'} }",
  { value = { { text = "two" } } })
add("a length that is no number", "table.insert(setmetatable({}, { __len = function() return {} end }), 1)",
  { error = "attempt to" })
add("a length that fails", "table.concat(setmetatable({}, { __len = function() error('no length') end }))",
  { error = "no length" })
add("drawing from a length that is made up",
  "ctx.rng('x'):shuffle(setmetatable({}, { __len = function() return 1 << 40 end, __index = rawlen }))",
  { error = "list is too long" })
add("drawing more than there are", "ctx.rng('x'):sample({ 1 }, 1 << 40)", { error = "more than the list holds" })
add("too many pattern captures", "('x'):find(('()'):rep(33))", { error = "too many captures" })
add("a pattern that nests too deep", "('x'):rep(300000):find(('x?'):rep(300000))", { error = "pattern too complex" })
add("a pattern that is not closed", "('x'):find('[a')", { error = "malformed pattern" })
add("a format that is too long", "('%99999d'):format(1)", { error = "invalid conversion" })
add("bytes of a long text", "('x'):rep(10000000):byte(1, -1)", { error = "too long" })
add("code points of a long text", "utf8.codepoint(('x'):rep(10000000), 1, -1)", { error = "too long" })
add("a chunk that is too long", "local f, why = load(('a = 1 '):rep(200000)) return why",
  { value = "a chunk is at most 1 MiB" })
add("a chunk that comes in endless pieces",
  "local f, why = load(function() return ('a = 1 '):rep(10000) end) return why", { value = "a chunk is at most 1 MiB" })
add("a chunk that nests too deep",
  "local f, why = load(('('):rep(1000)) return f == nil and why:match('overflow') or why", { value = "overflow" })
add("a chunk with too many names",
  "local t = {} for i = 1, 300 do t[i] = 'local a' .. i end local f, why = load(table.concat(t, ' ')) "
  .. "return why:match('too many local variables')", { value = "too many local variables" })
add("hashing options that are out of range", "ctx.dedup('minhash', { bands = 1 << 40 })", { error = "option" })
add("n-grams that are out of range", "ctx.dedup('ngrams', { n = 1 << 40 })", { error = "n is not from" })

return list
