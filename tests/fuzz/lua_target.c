#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>

#include "bindings/bind.h"
#include "fuzz.h"

int luaopen_cjson(lua_State *L);

/* libFuzzer reads what lies in this section as coverage. */
enum { COUNTERS = 1 << 14 };
__attribute__((section("__libfuzzer_extra_counters"),
               used)) static uint8_t counters[COUNTERS];

/* Counts the step from the last line to this one, as a branch of C counts. */
static void on_line(lua_State *L, lua_Debug *ar)
{
  static uint32_t last;
  uint32_t here;

  lua_getinfo(L, "S", ar);
  here = (uint32_t)ar->currentline * 2654435761u;
  /* The end of a file's name tells it from others. */
  for (const char *p = ar->short_src + strlen(ar->short_src);
       p > ar->short_src && p[-1] != '/'; p--)
    here = here * 31 + (unsigned char)p[-1];
  counters[(here ^ last >> 1) % COUNTERS]++;
  last = here;
}

/* Runs protected: the runtime and the target's script; leaves the function. */
static int start(lua_State *L)
{
  const char *script = lua_touserdata(L, 1);

  luaL_openlibs(L);
  luaL_requiref(L, "cjson", luaopen_cjson, 0);
  luaL_requiref(L, "advisor_core", luaopen_advisor_core, 0);
  lua_getfield(L, -1, "sandbox");
  lua_getfield(L, -1, "limit_memory");
  lua_setfield(L, LUA_REGISTRYINDEX, "fuzz.limit_memory");
  lua_getglobal(L, "package");
  lua_pushliteral(L, ADVISOR_SOURCE_DIR "/core/runtime/?.lua");
  lua_setfield(L, -2, "path");
  lua_pushfstring(L, "%s/tests/fuzz/%s", ADVISOR_SOURCE_DIR, script);
  if (luaL_loadfile(L, lua_tostring(L, -1)) != LUA_OK)
    return lua_error(L);
  lua_pushliteral(L, ADVISOR_SOURCE_DIR);
  lua_call(L, 1, 1);
  return 1;
}

static int traceback(lua_State *L)
{
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static lua_State *state;

static void close_state(void)
{
  lua_close(state);
}

static void open_state(const char *script)
{
  state = luaL_newstate();
  FUZZ_REQUIRE(state);
  lua_pushcfunction(state, start);
  lua_pushlightuserdata(state, (void *)script);
  if (lua_pcall(state, 1, 1, 0) != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(state, -1));
    abort();
  }
  atexit(close_state);
  lua_sethook(state, on_line, LUA_MASKLINE, 0);
}

void fuzz_lua(const char *script, const uint8_t *data, size_t size)
{
  if (!state)
    open_state(script);
  /* Once the limit was hit no script runs any more, until it is set anew. */
  lua_getfield(state, LUA_REGISTRYINDEX, "fuzz.limit_memory");
  lua_pushinteger(state, 256 << 20);
  lua_call(state, 1, 0);
  lua_pushcfunction(state, traceback);
  lua_pushvalue(state, 1);
  lua_pushlstring(state, (const char *)data, size);
  if (lua_pcall(state, 1, 0, 2) != LUA_OK) {
    fprintf(stderr, "%s\n", lua_tostring(state, -1));
    abort();
  }
  lua_settop(state, 1);
  lua_gc(state, LUA_GCCOLLECT);
}
