#include "bindings/bind.h"

int adv_push_failure(lua_State *L, adv_status st, const char *what,
                     const char *why)
{
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", what, why);
  lua_pushstring(L, adv_status_name(st));
  return 3;
}

int adv_push_fail(lua_State *L, adv_status st, const char *what)
{
  return adv_push_failure(L, st, what, adv_status_text(st));
}

int adv_push_why(lua_State *L, adv_status st, const char *what, adv_buf *why)
{
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", what,
                  why->len ? why->data : adv_status_text(st));
  adv_buf_free(why);
  lua_pushstring(L, adv_status_name(st));
  return 3;
}

void adv_push_buf(lua_State *L, adv_buf *b)
{
  lua_pushlstring(L, b->data ? b->data : "", b->len);
  adv_buf_free(b);
}

void adv_new_type(lua_State *L, const char *name, const luaL_Reg *methods,
                  lua_CFunction gc)
{
  luaL_newmetatable(L, name);
  lua_newtable(L);
  luaL_setfuncs(L, methods, 0);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  if (gc) {
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_pop(L, 1);
}

const char *adv_field_string(lua_State *L, int index, const char *name,
                             size_t *len, const char *otherwise)
{
  const char *value = otherwise;
  size_t size = 0;
  int type = lua_getfield(L, index, name);

  if (type == LUA_TSTRING)
    value = lua_tolstring(L, -1, &size);
  else if (type != LUA_TNIL)
    luaL_error(L, "field '%s': string expected, got %s", name,
               luaL_typename(L, -1));
  lua_pop(L, 1);
  if (len)
    *len = size;
  return value;
}

lua_Integer adv_field_integer(lua_State *L, int index, const char *name,
                              lua_Integer otherwise)
{
  lua_Integer value = otherwise;
  int type = lua_getfield(L, index, name);
  int exact = 1;

  if (type != LUA_TNIL)
    value = lua_tointegerx(L, -1, &exact);
  if (type != LUA_TNIL && (type != LUA_TNUMBER || !exact))
    luaL_error(L, "field '%s': integer expected, got %s", name,
               luaL_typename(L, -1));
  lua_pop(L, 1);
  return value;
}

bool adv_field_boolean(lua_State *L, int index, const char *name)
{
  bool value;

  lua_getfield(L, index, name);
  value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}
