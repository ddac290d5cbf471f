/* What scripts from users need that plain Lua cannot give: limits that no pcall
 * escapes, a fixed order of keys, text without addresses, metatables that stay
 * as they were. Module `sandbox`. */
#include <string.h>

#include "bindings/sandbox_parts.h"

/* Whether a template holds a %p. */
static bool shows_address(const char *template)
{
  const char *at = template;

  while ((at = strchr(at, '%'))) {
    at++;
    at += strspn(at, "-+ #0123456789.");
    if (*at == 'p')
      return true;
    if (*at)
      at++;
  }
  return false;
}

/* format(template, ...): string.format for what has no address; what else comes
 * is made a string first by the function in the first upvalue, since an address
 * differs from run to run. */
static int l_format(lua_State *L)
{
  lua_CFunction format = lua_tocfunction(L, lua_upvalueindex(2));
  int n = lua_gettop(L);

  if (shows_address(luaL_checkstring(L, 1)))
    return luaL_error(L, "string.format: '%%p' shows addresses, which differ "
                         "from run to run");
  for (int i = 2; i <= n; i++) {
    if (lua_type(L, i) != LUA_TLIGHTUSERDATA && lua_type(L, i) < LUA_TTABLE)
      continue;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, i);
    lua_call(L, 1, 1);
    lua_replace(L, i);
  }
  return format(L);
}

/* formatter(to_string) -> function as string.format */
static int l_formatter(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_getglobal(L, "string");
  lua_getfield(L, -1, "format");
  lua_remove(L, -2);
  lua_pushcclosure(L, l_format, 2);
  return 1;
}

/* Metamethods of Lua 5.4, less those that depend on the garbage collector
 * (__gc, __mode). */
static const char *const events[] = {
    "__add",       "__band",     "__bnot",  "__bor", "__bxor", "__call",
    "__close",     "__concat",   "__div",   "__eq",  "__idiv", "__index",
    "__le",        "__len",      "__lt",    "__mod", "__mul",  "__name",
    "__metatable", "__newindex", "__pairs", "__pow", "__shl",  "__shr",
    "__sub",       "__tostring", "__unm",   NULL,
};

static const char ORIGINAL = 'o'; /* key of a copy: what it is a copy of */
static const char COPIES = 'c';   /* registry key: original -> its copy */

/* The table of copies, whose keys are weak. [-0, +1, m] */
static void get_copies(lua_State *L)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &COPIES) == LUA_TTABLE)
    return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &COPIES);
}

/* The copy of the metatable at `index`, with its metamethods as they are now.
 * [-0, +1, m] */
static void push_copy(lua_State *L, int index)
{
  get_copies(L);
  lua_pushvalue(L, index);
  if (lua_rawget(L, -2) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, index);
    lua_rawsetp(L, -2, &ORIGINAL);
    lua_pushvalue(L, index);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
  }
  lua_remove(L, -2);
  for (const char *const *event = events; *event; event++) {
    lua_pushstring(L, *event);
    lua_pushvalue(L, -1);
    lua_rawget(L, index);
    lua_rawset(L, -3);
  }
}

/* setmetatable(t, meta) -> t: as Lua's, with a copy of the metatable that
 * scripts cannot reach. One that is made weak later would let them see what the
 * garbage collector does. */
static int l_setmetatable(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
  lua_settop(L, 2);
  if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
    return luaL_error(L, "cannot change a protected metatable");
  if (lua_istable(L, 2))
    push_copy(L, 2);
  else
    lua_pushnil(L);
  lua_setmetatable(L, 1);
  lua_settop(L, 1);
  return 1;
}

/* getmetatable(t) -> what setmetatable was given, or its __metatable | nil */
static int l_getmetatable(lua_State *L)
{
  luaL_checkany(L, 1);
  if (lua_type(L, 1) != LUA_TTABLE || !lua_getmetatable(L, 1)) {
    lua_pushnil(L);
    return 1;
  }
  if (luaL_getmetafield(L, 1, "__metatable") == LUA_TNIL)
    lua_rawgetp(L, -1, &ORIGINAL);
  return 1;
}

int adv_open_sandbox(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"lane", adv_sandbox_lane},
      {"resume", adv_sandbox_resume},
      {"current", adv_sandbox_current},
      {"charge", adv_sandbox_charge},
      {"thread", adv_sandbox_thread},
      {"pairs", adv_sandbox_pairs},
      {"next", adv_sandbox_next},
      {"formatter", l_formatter},
      {"guarded", adv_sandbox_guarded},
      {"pcall", adv_sandbox_pcall},
      {"setmetatable", l_setmetatable},
      {"getmetatable", l_getmetatable},
      {"memory", adv_sandbox_memory},
      {"limit_memory", adv_sandbox_limit_memory},
      {NULL, NULL},
  };

  adv_open_lanes(L);
  luaL_newlib(L, functions);
  return 1;
}
