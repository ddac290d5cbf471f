/* Duplicate engines for Lua: module `dedup`. */
#include "bindings/bind.h"
#include "dedup/dedup.h"

#define INDEX "advisor.dedup"

typedef struct handle {
  adv_dedup *dedup;
} handle;

static adv_dedup *check(lua_State *L)
{
  return ((handle *)luaL_checkudata(L, 1, INDEX))->dedup;
}

static int collect(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, INDEX);

  adv_dedup_free(h->dedup);
  h->dedup = NULL;
  return 0;
}

/* exact() -> index | nil, message, code */
static int l_exact(lua_State *L)
{
  handle *h = lua_newuserdatauv(L, sizeof *h, 0);
  adv_status st;

  h->dedup = NULL;
  luaL_setmetatable(L, INDEX);
  st = adv_dedup_exact(&h->dedup);
  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup.exact");
  return 1;
}

/* index:nearest(text, before) -> id, score | nil | nil, message, code */
static int l_nearest(lua_State *L)
{
  adv_dedup *d = check(L);
  size_t len;
  const char *text = luaL_checklstring(L, 2, &len);
  lua_Integer before = luaL_optinteger(L, 3, LUA_MAXINTEGER);
  adv_nearest nearest;
  adv_status st = adv_dedup_nearest(d, text, len, before, &nearest);

  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup");
  if (!nearest.found) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, nearest.id);
  lua_pushnumber(L, nearest.score);
  return 2;
}

/* index:add(text, id) -> true | nil, message, code */
static int l_add(lua_State *L)
{
  adv_dedup *d = check(L);
  size_t len;
  const char *text = luaL_checklstring(L, 2, &len);
  adv_status st = adv_dedup_add(d, text, len, luaL_checkinteger(L, 3));

  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup");
  lua_pushboolean(L, 1);
  return 1;
}

/* index:count() -> integer */
static int l_count(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)adv_dedup_count(check(L)));
  return 1;
}

int adv_open_dedup(lua_State *L)
{
  static const luaL_Reg functions[] = {{"exact", l_exact}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"nearest", l_nearest},
      {"add", l_add},
      {"count", l_count},
      {NULL, NULL},
  };

  adv_new_type(L, INDEX, methods, collect);
  luaL_newlib(L, functions);
  return 1;
}
