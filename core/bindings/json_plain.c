/* Plain data: what JSON can hold, as Lua tables. */
#include "bindings/json_plain.h"

#include <math.h>
#include <stdbool.h>

#include "base/utf8.h"
#include "bindings/bind.h"

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
int adv_json_tidy(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  tidy(L, 0);
  return 1;
}

enum { MAX_PLAIN_DEPTH = 32, MOST_VALUES = 2000000, MOST_TEXT = 64 << 20 };

/* How much was copied: tables that hold one another many times over would grow
 * without end, and what they hold as well. */
typedef struct copier {
  bool mixed; /* tables may be a list and have names too */
  size_t count, text;
  const char *too_much; /* why the copy has ended: there is no use in another */
} copier;

static bool count_text(copier *c, size_t len)
{
  c->text += len;
  if (c->text <= MOST_TEXT)
    return true;
  c->too_much = "holds more than 64 MiB of text";
  return false;
}

static bool copy_value(lua_State *L, copier *c, int depth);

/* Whether the table at `from` is a list without gaps, or has names only. */
static bool has_plain_shape(lua_State *L, int from, const copier *c)
{
  lua_Unsigned length = lua_rawlen(L, from), numbers = 0, inside = 0;
  bool named = false, other = false;

  lua_pushnil(L);
  while (lua_next(L, from)) {
    lua_pop(L, 1);
    if (lua_isinteger(L, -1)) {
      lua_Integer n = lua_tointeger(L, -1);
      numbers++;
      inside += n >= 1 && (lua_Unsigned)n <= length;
    } else if (lua_type(L, -1) == LUA_TSTRING)
      named = true;
    else
      other = true;
  }
  if (other)
    return false;
  /* With gaps the length is that of one part, and as many numbers may lie
   * beyond it as are missing in it. */
  return c->mixed || numbers == 0 ||
         (!named && inside == numbers && numbers == length);
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
      c->too_much = "holds too many values";
    if (c->too_much || (lua_type(L, -2) == LUA_TSTRING &&
                        !count_text(c, (size_t)lua_rawlen(L, -2))))
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
    return count_text(c, len) && adv_utf8_valid(text, len);
  case LUA_TTABLE:
    return copy_table(L, c, depth);
  default:
    return false;
  }
}

/* plain(value, mixed) -> true, copy | false where there is anything but lists,
 * tables with names, text, finite numbers and booleans | false, why where it is
 * too much */
int adv_json_plain(lua_State *L)
{
  copier c = {.mixed = lua_toboolean(L, 2)};

  luaL_checkany(L, 1);
  lua_settop(L, 1);
  if (!copy_value(L, &c, 1)) {
    lua_pushboolean(L, 0);
    lua_pushstring(L, c.too_much); /* nil where there is none */
    return 2;
  }
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  return 2;
}
