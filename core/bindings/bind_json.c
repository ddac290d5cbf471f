/* The canonical form of JSON for Lua: module `json`. Reading is lua-cjson's
 * work; this writes with sorted keys, since lua-cjson's order of keys changes
 * from process to process, and tidies what was read. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "bindings/bind.h"

enum { MAX_DEPTH = 64, MAX_JSON = 256 << 20 };

static const char ARRAY_MARK = 'a'; /* registry key of the arrays' metatable */

typedef struct writer {
  adv_buf out;   /* kept for its memory */
  adv_buf clean; /* a repaired string */
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
    luaL_error(L, "json: %s", adv_status_text(st));
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

static void put_string(lua_State *L, writer *w, const char *text, size_t len)
{
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

/* Whole numbers without a point, others in the fewest digits that read back as
 * the same number. */
static void put_number(lua_State *L, writer *w, int index)
{
  char text[40];
  lua_Number n = lua_tonumber(L, index);

  if (lua_isinteger(L, index)) {
    snprintf(text, sizeof text, "%lld", (long long)lua_tointeger(L, index));
  } else if (!isfinite(n)) {
    luaL_error(L, "json: a number that is not finite cannot be written");
  } else if (n == floor(n) && n >= -0x1p63 && n < 0x1p63) {
    snprintf(text, sizeof text, "%lld", (long long)n);
  } else {
    for (int digits = 15; digits <= 17; digits++) {
      snprintf(text, sizeof text, "%.*g", digits, n);
      if (strtod(text, NULL) == n)
        break;
    }
  }
  put(L, w, text, strlen(text));
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
} name;

static int compare_names(const void *left, const void *right)
{
  const name *a = left, *b = right;
  int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

  return order ? order : (a->len > b->len) - (a->len < b->len);
}

static size_t count_names(lua_State *L)
{
  size_t n = 0;

  lua_pushnil(L);
  while (lua_next(L, -2)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "json: an object has a key that is no string, a %s",
                 luaL_typename(L, -1));
    n++;
  }
  return n;
}

enum { FEW = 32 };

/* The table on top of the stack, its names in order of bytes. */
static void put_object(lua_State *L, writer *w, int depth)
{
  name few[FEW], *names = few;
  size_t n = count_names(L), i = 0;
  int table = lua_gettop(L);

  if (n > FEW)
    names = lua_newuserdatauv(L, n * sizeof *names, 0);
  lua_pushnil(L);
  while (lua_next(L, table)) {
    lua_pop(L, 1);
    names[i].text = lua_tolstring(L, -1, &names[i].len);
    i++;
  }
  qsort(names, n, sizeof *names, compare_names);
  put(L, w, "{", 1);
  for (i = 0; i < n; i++) {
    if (i > 0)
      put(L, w, ",", 1);
    put_string(L, w, names[i].text, names[i].len);
    put(L, w, ":", 1);
    lua_pushlstring(L, names[i].text, names[i].len);
    lua_rawget(L, table);
    put_value(L, w, depth);
    lua_pop(L, 1);
  }
  put(L, w, "}", 1);
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

/* [-0, +0, raises]: the table on top of the stack. */
static void tidy(lua_State *L, int depth)
{
  int table = lua_gettop(L);

  if (depth > 1000)
    luaL_error(L, "json: nested too deep");
  luaL_checkstack(L, LUA_MINSTACK, "json");
  lua_pushnil(L);
  while (lua_next(L, table)) {
    int whole = 0;
    lua_Integer n = 0;
    if (lua_type(L, -1) == LUA_TTABLE) {
      tidy(L, depth + 1);
    } else if (lua_islightuserdata(L, -1)) {
      lua_pushvalue(L, -2);
      lua_pushnil(L);
      lua_rawset(L, table);
    } else if (lua_type(L, -1) == LUA_TNUMBER && !lua_isinteger(L, -1)) {
      n = lua_tointegerx(L, -1, &whole);
      if (whole) {
        lua_pushvalue(L, -2);
        lua_pushinteger(L, n);
        lua_rawset(L, table);
      }
    }
    lua_pop(L, 1);
  }
}

/* tidy(table) -> the same table */
static int l_tidy(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  tidy(L, 0);
  return 1;
}

enum { MAX_PLAIN_DEPTH = 32, MOST_VALUES = 2000000 };

/* How many values were copied: tables that hold one another many times over
 * would grow without end. */
typedef struct copier {
  bool mixed; /* tables may be a list and have names too */
  size_t count;
} copier;

static bool copy_value(lua_State *L, copier *c, int depth);

/* Whether the table at `from` is a list without gaps, or has names only. */
static bool has_plain_shape(lua_State *L, int from, const copier *c)
{
  lua_Unsigned length = lua_rawlen(L, from), numbers = 0;
  bool named = false, other = false;

  lua_pushnil(L);
  while (lua_next(L, from)) {
    lua_pop(L, 1);
    if (lua_isinteger(L, -1))
      numbers++;
    else if (lua_type(L, -1) == LUA_TSTRING)
      named = true;
    else
      other = true;
  }
  if (other)
    return false;
  return c->mixed || numbers == 0 || (!named && numbers == length);
}

/* Replaces the table on top by a copy. Tables with a metatable are left to the
 * caller's slow path. */
static bool copy_table(lua_State *L, copier *c, int depth)
{
  int from = lua_gettop(L), to = from + 1;

  if (depth > MAX_PLAIN_DEPTH || lua_getmetatable(L, from) ||
      !has_plain_shape(L, from, c))
    return false;
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, from)) {
    if (++c->count > MOST_VALUES)
      return false;
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    if (!copy_value(L, c, depth + 1))
      return false;
    lua_rawset(L, to);
  }
  lua_remove(L, from);
  return true;
}

static bool copy_number(lua_State *L)
{
  lua_Integer whole;
  int exact;

  if (lua_isinteger(L, -1))
    return true;
  whole = lua_tointegerx(L, -1, &exact);
  if (exact) {
    lua_pushinteger(L, whole);
    lua_replace(L, -2);
  }
  return isfinite(lua_tonumber(L, -1));
}

/* Replaces the value on top by a copy. */
static bool copy_value(lua_State *L, copier *c, int depth)
{
  size_t len;
  const char *text;

  luaL_checkstack(L, LUA_MINSTACK, "json.plain");
  switch (lua_type(L, -1)) {
  case LUA_TNIL:
  case LUA_TBOOLEAN:
    return true;
  case LUA_TNUMBER:
    return copy_number(L);
  case LUA_TSTRING:
    text = lua_tolstring(L, -1, &len);
    return adv_utf8_valid(text, len);
  case LUA_TTABLE:
    return copy_table(L, c, depth);
  default:
    return false;
  }
}

/* plain(value, mixed) -> true, copy | false where there is anything but lists,
 * tables with names, text, finite numbers and booleans */
static int l_plain(lua_State *L)
{
  copier c = {.mixed = lua_toboolean(L, 2)};

  luaL_checkany(L, 1);
  lua_settop(L, 1);
  if (!copy_value(L, &c, 1)) {
    lua_pushboolean(L, 0);
    return 1;
  }
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  return 2;
}

int adv_open_json(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"plain", l_plain}, {"tidy", l_tidy}, {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  writer *w;

  adv_new_type(L, WRITER, none, collect);
  luaL_newlib(L, functions);
  w = lua_newuserdatauv(L, sizeof *w, 0);
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
