/* The list of modules: one C file, one Lua module, one stub, one spec. */
#include "bindings/bind.h"

int luaopen_advisor_core(lua_State *L)
{
  static const luaL_Reg modules[] = {
      {"calls", adv_open_calls},     {"dedup", adv_open_dedup},
      {"forward", adv_open_forward}, {"json", adv_open_json},
      {"log", adv_open_log},         {"loop", adv_open_loop},
      {"measure", adv_open_measure}, {"probe", adv_open_probe},
      {"rng", adv_open_rng},         {"sandbox", adv_open_sandbox},
      {"store", adv_open_store},     {"system", adv_open_system},
      {"text", adv_open_text},       {NULL, NULL},
  };

  lua_newtable(L);
  for (const luaL_Reg *m = modules; m->name; m++) {
    lua_pushcfunction(L, m->func);
    lua_call(L, 0, 1);
    lua_setfield(L, -2, m->name);
  }
  return 1;
}
