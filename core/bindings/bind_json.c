/* The canonical form of JSON for Lua: module `json`. Reading is lua-cjson's
 * work; this writes with sorted keys, since lua-cjson's order of keys changes
 * from process to process, and tidies what was read. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "bindings/bind.h"
#include "bindings/json_plain.h"

enum { MAX_DEPTH = 64, MAX_JSON = 256 << 20 };

static const char ARRAY_MARK = 'a'; /* registry key of the arrays' metatable */

/* A number that is not whole, and how it is written. Experiments repeat a few,
 * as temperatures. */
typedef struct known_number {
  lua_Number n;
  char text[40];
} known_number;

enum { KNOWN_NUMBERS = 8 };

typedef struct writer {
  adv_buf out;   /* kept for its memory */
  adv_buf clean; /* a repaired string */
  known_number known[KNOWN_NUMBERS];
} writer;

#define WRITER "advisor.json"

static int collect(lua_State *L)
{
  writer *w = luaL_checkudata(L, 1, WRITER);

  adv_buf_free(&w->out);
  adv_buf_free(&w->clean);
  return 0;
}

static void put(lua_State *L, writer *w, const char *bytes, size_t len)
{
  adv_status st = adv_buf_append(&w->out, bytes, len);

  if (st != ADV_OK)
    adv_raise(L, st, "json");
}

/* How a byte is written inside a string: 0 as it is, 'u' as \u00XX, else after
 * a backslash. */
static const char ESCAPES[256] = {
    'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u',          'u',
    't', 'n', 'u', 'u', 'r', 'u',         'u',           'u',          'u',
    'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u',          'u',
    'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\', [0x7f] = 'u',
};

static void put_escaped(lua_State *L, writer *w, const char *text, size_t len)
{
  size_t from = 0;

  for (size_t i = 0; i < len; i++) {
    char how = ESCAPES[(unsigned char)text[i]];
    char code[8];
    if (!how)
      continue;
    put(L, w, text + from, i - from);
    from = i + 1;
    if (how == 'u')
      snprintf(code, sizeof code, "\\u%04x", (unsigned char)text[i]);
    else
      snprintf(code, sizeof code, "\\%c", how);
    put(L, w, code, strlen(code));
  }
  put(L, w, text + from, len - from);
}

/* Whether all bytes are ASCII that is written as it is. Blocks of one length
 * let the compiler look at many bytes at once. */
static bool is_bare(const char *text, size_t len)
{
  enum { BLOCK = 32 };
  const unsigned char *p = (const unsigned char *)text;

  for (; len >= BLOCK; len -= BLOCK, p += BLOCK) {
    unsigned char odd = 0;
    for (int i = 0; i < BLOCK; i++)
      odd |= (p[i] < 0x20) | (p[i] > 0x7e) | (p[i] == '"') | (p[i] == '\\');
    if (odd)
      return false;
  }
  for (; len > 0; len--, p++)
    if (*p > 0x7e || ESCAPES[*p])
      return false;
  return true;
}

static void put_string(lua_State *L, writer *w, const char *text, size_t len)
{
  if (is_bare(text, len)) {
    put(L, w, "\"", 1);
    put(L, w, text, len);
    put(L, w, "\"", 1);
    return;
  }
  if (!adv_utf8_valid(text, len)) {
    adv_buf_clear(&w->clean);
    if (adv_utf8_repair(&w->clean, text, len, NULL) != ADV_OK)
      luaL_error(L, "json: a string is too long");
    text = w->clean.data ? w->clean.data : "";
    len = w->clean.len;
  }
  put(L, w, "\"", 1);
  put_escaped(L, w, text, len);
  put(L, w, "\"", 1);
}

static void put_integer(lua_State *L, writer *w, lua_Integer n)
{
  char text[24], *at = text + sizeof text;
  lua_Unsigned left = n < 0 ? 0 - (lua_Unsigned)n : (lua_Unsigned)n;

  do
    *--at = (char)('0' + left % 10);
  while ((left /= 10));
  if (n < 0)
    *--at = '-';
  put(L, w, at, (size_t)(text + sizeof text - at));
}

/* The fewest digits that read back as the same number. */
static void put_fraction(lua_State *L, writer *w, lua_Number n)
{
  unsigned long long bits;
  known_number *known;

  memcpy(&bits, &n, sizeof bits);
  known = &w->known[(bits ^ bits >> 32 ^ bits >> 52) % KNOWN_NUMBERS];
  if (known->n != n) {
    known->n = n;
    for (int digits = 15; digits <= 17; digits++) {
      snprintf(known->text, sizeof known->text, "%.*g", digits, n);
      if (strtod(known->text, NULL) == n)
        break;
    }
  }
  put(L, w, known->text, strlen(known->text));
}

/* Whole numbers are written without a point. */
static void put_number(lua_State *L, writer *w, int index)
{
  lua_Number n = lua_tonumber(L, index);

  if (lua_isinteger(L, index))
    put_integer(L, w, lua_tointeger(L, index));
  else if (!isfinite(n))
    luaL_error(L, "json: a number that is not finite cannot be written");
  else if (n == floor(n) && n >= -0x1p63 && n < 0x1p63)
    put_integer(L, w, (lua_Integer)n);
  else
    put_fraction(L, w, n);
}

static void put_value(lua_State *L, writer *w, int depth);

/* The list on top of the stack. What is a list and has names too has no form in
 * JSON. */
static void put_array(lua_State *L, writer *w, int depth)
{
  lua_Integer n = (lua_Integer)lua_rawlen(L, -1), keys = 0;

  lua_pushnil(L);
  while (lua_next(L, -2)) {
    lua_pop(L, 1);
    keys++;
  }
  if (keys != n)
    luaL_error(L, "json: a list has names or gaps");
  put(L, w, "[", 1);
  for (lua_Integer i = 1; i <= n; i++) {
    if (i > 1)
      put(L, w, ",", 1);
    lua_rawgeti(L, -1, i);
    put_value(L, w, depth);
    lua_pop(L, 1);
  }
  put(L, w, "]", 1);
}

typedef struct name {
  const char *text;
  size_t len;
  int at; /* its value's place on the stack */
} name;

static int compare_names(const void *left, const void *right)
{
  const name *a = left, *b = right;
  int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

  return order ? order : (a->len > b->len) - (a->len < b->len);
}

static void sort_names(name *names, size_t n)
{
  if (n > 16) {
    qsort(names, n, sizeof *names, compare_names);
    return;
  }
  for (size_t i = 1; i < n; i++) {
    name moved = names[i];
    size_t to = i;
    for (; to > 0 && compare_names(&names[to - 1], &moved) > 0; to--)
      names[to] = names[to - 1];
    names[to] = moved;
  }
}

static name read_name(lua_State *L, int index)
{
  name n;

  if (lua_type(L, index) != LUA_TSTRING)
    luaL_error(L, "json: an object has a key that is no string, a %s",
               luaL_typename(L, index));
  n.text = lua_tolstring(L, index, &n.len);
  return n;
}

static void put_name(lua_State *L, writer *w, const name *n, bool first)
{
  if (!first)
    put(L, w, ",", 1);
  put_string(L, w, n->text, n->len);
  put(L, w, ":", 1);
}

enum { FEW = 32 };

/* The table at `table`, at most FEW names, which stay on the stack with their
 * values; false if there are more. */
static bool put_few(lua_State *L, writer *w, int depth, int table)
{
  name names[FEW];
  size_t n = 0;

  luaL_checkstack(L, 2 * FEW + LUA_MINSTACK, "json");
  lua_pushnil(L);
  while (lua_next(L, table)) {
    if (n == FEW)
      return false;
    names[n] = read_name(L, -2);
    names[n].at = lua_gettop(L);
    n++;
    lua_pushvalue(L, -2);
  }
  sort_names(names, n);
  put(L, w, "{", 1);
  for (size_t i = 0; i < n; i++) {
    put_name(L, w, &names[i], i == 0);
    lua_pushvalue(L, names[i].at);
    put_value(L, w, depth);
    lua_pop(L, 1);
  }
  put(L, w, "}", 1);
  return true;
}

static void put_many(lua_State *L, writer *w, int depth, int table)
{
  size_t n = 0, i = 0;
  name *names;

  lua_pushnil(L);
  for (; lua_next(L, table); n++)
    lua_pop(L, 1);
  names = lua_newuserdatauv(L, n * sizeof *names, 0);
  lua_pushnil(L);
  for (; lua_next(L, table); i++) {
    lua_pop(L, 1);
    names[i] = read_name(L, -1);
  }
  sort_names(names, n);
  put(L, w, "{", 1);
  for (i = 0; i < n; i++) {
    put_name(L, w, &names[i], i == 0);
    lua_pushlstring(L, names[i].text, names[i].len);
    lua_rawget(L, table);
    put_value(L, w, depth);
    lua_pop(L, 1);
  }
  put(L, w, "}", 1);
}

/* The table on top of the stack, its names in order of bytes. */
static void put_object(lua_State *L, writer *w, int depth)
{
  int table = lua_gettop(L);

  if (!put_few(L, w, depth, table)) {
    lua_settop(L, table);
    put_many(L, w, depth, table);
  }
  lua_settop(L, table);
}

static bool is_array(lua_State *L)
{
  bool marked = false;

  if (lua_rawgeti(L, -1, 1) != LUA_TNIL) {
    lua_pop(L, 1);
    return true;
  }
  lua_pop(L, 1);
  if (lua_getmetatable(L, -1)) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &ARRAY_MARK);
    marked = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
  }
  return marked;
}

/* The value on top of the stack. */
static void put_value(lua_State *L, writer *w, int depth)
{
  size_t len;
  const char *text;

  luaL_checkstack(L, LUA_MINSTACK, "json");
  switch (lua_type(L, -1)) {
  case LUA_TSTRING:
    text = lua_tolstring(L, -1, &len);
    put_string(L, w, text, len);
    return;
  case LUA_TNUMBER:
    put_number(L, w, -1);
    return;
  case LUA_TBOOLEAN:
    text = lua_toboolean(L, -1) ? "true" : "false";
    put(L, w, text, strlen(text));
    return;
  case LUA_TTABLE:
    if (depth >= MAX_DEPTH)
      luaL_error(L, "json: nested more than %d deep", MAX_DEPTH);
    if (is_array(L))
      put_array(L, w, depth + 1);
    else
      put_object(L, w, depth + 1);
    return;
  case LUA_TLIGHTUSERDATA:
    if (!lua_touserdata(L, -1)) {
      put(L, w, "null", 4);
      return;
    }
    break;
  default:
    break;
  }
  luaL_error(L, "json: a %s cannot be written", luaL_typename(L, -1));
}

/* encode(value) -> text */
static int l_encode(lua_State *L)
{
  writer *w = lua_touserdata(L, lua_upvalueindex(1));

  luaL_checkany(L, 1);
  lua_settop(L, 1);
  adv_buf_clear(&w->out);
  put_value(L, w, 0);
  lua_pushlstring(L, w->out.data, w->out.len);
  /* One large value must not hold its memory for the rest of the run. */
  if (w->out.cap > 1 << 20)
    adv_buf_free(&w->out);
  return 1;
}

int adv_open_json(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"plain", adv_json_plain}, {"tidy", adv_json_tidy}, {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  writer *w;

  adv_new_type(L, WRITER, none, collect);
  luaL_newlib(L, functions);
  w = lua_newuserdatauv(L, sizeof *w, 0);
  memset(w, 0, sizeof *w);
  adv_buf_init(&w->out, MAX_JSON);
  adv_buf_init(&w->clean, MAX_JSON);
  luaL_setmetatable(L, WRITER);
  lua_pushcclosure(L, l_encode, 1);
  lua_setfield(L, -2, "encode");
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &ARRAY_MARK);
  lua_setfield(L, -2, "array_mark");
  return 1;
}
