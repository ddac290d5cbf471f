/* Named streams of random numbers for Lua: module `rng`. */
#include "base/rng.h"

#include "bindings/bind.h"

#define STREAM "advisor.rng"

static adv_rng *check(lua_State *L)
{
  return luaL_checkudata(L, 1, STREAM);
}

/* new(name) -> stream */
static int l_new(lua_State *L)
{
  size_t len;
  const char *name = luaL_checklstring(L, 1, &len);
  adv_rng *rng = lua_newuserdatauv(L, sizeof *rng, 0);

  adv_rng_seed(rng, name, len);
  luaL_setmetatable(L, STREAM);
  return 1;
}

/* stream:unit() -> number in [0, 1) */
static int l_unit(lua_State *L)
{
  lua_pushnumber(L, adv_rng_unit(check(L)));
  return 1;
}

/* stream:integer(low, high) -> integer, both ends included */
static int l_integer(lua_State *L)
{
  adv_rng *rng = check(L);
  lua_Integer low = luaL_checkinteger(L, 2);
  lua_Integer high = luaL_checkinteger(L, 3);
  uint64_t span = (uint64_t)high - (uint64_t)low;
  uint64_t value;

  luaL_argcheck(L, low <= high, 3, "the upper end is below the lower one");
  if (span == UINT64_MAX)
    value = adv_rng_next(rng);
  else
    value = (uint64_t)low + adv_rng_below(rng, span + 1);
  lua_pushinteger(L, (lua_Integer)value);
  return 1;
}

/* stream:choice(list) -> element */
static int l_choice(lua_State *L)
{
  adv_rng *rng = check(L);
  lua_Integer n = luaL_len(L, 2);

  luaL_argcheck(L, n > 0, 2, "the list is empty");
  lua_geti(L, 2, 1 + (lua_Integer)adv_rng_below(rng, (uint64_t)n));
  return 1;
}

/* A list's length may be made up, and no instruction runs meanwhile. */
enum { MAX_SAMPLED = 10000000 };

/* stream:sample(list, k) -> k distinct elements, in random order (partial
 * Fisher-Yates over a sparse table: O(k) for any length). */
static int l_sample(lua_State *L)
{
  adv_rng *rng = check(L);
  lua_Integer n = luaL_len(L, 2);
  lua_Integer k = luaL_checkinteger(L, 3);

  luaL_argcheck(L, n <= MAX_SAMPLED, 2, "the list is too long");
  luaL_argcheck(L, k >= 0 && k <= n, 3, "more than the list holds");
  lua_createtable(L, (int)k, 0);
  lua_newtable(L); /* position -> the position that was swapped into it */
  for (lua_Integer i = 1; i <= k; i++) {
    lua_Integer j = i + (lua_Integer)adv_rng_below(rng, (uint64_t)(n - i + 1));
    lua_Integer from = j;
    if (lua_rawgeti(L, -1, j) != LUA_TNIL)
      from = lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (lua_rawgeti(L, -1, i) == LUA_TNIL) {
      lua_pop(L, 1);
      lua_pushinteger(L, i);
    }
    lua_rawseti(L, -2, j);
    lua_geti(L, 2, from);
    lua_rawseti(L, -3, i);
  }
  lua_pop(L, 1);
  return 1;
}

/* stream:shuffle(list) -> a new list in random order */
static int l_shuffle(lua_State *L)
{
  check(L);
  lua_settop(L, 2);
  lua_pushinteger(L, luaL_len(L, 2));
  return l_sample(L);
}

int adv_open_rng(lua_State *L)
{
  static const luaL_Reg functions[] = {{"new", l_new}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"unit", l_unit},       {"integer", l_integer}, {"choice", l_choice},
      {"shuffle", l_shuffle}, {"sample", l_sample},   {NULL, NULL},
  };

  adv_new_type(L, STREAM, methods, NULL);
  luaL_newlib(L, functions);
  return 1;
}
