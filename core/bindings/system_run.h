/* system_run.h - system.run: another program, without a shell. */
#ifndef ADV_SYSTEM_RUN_H
#define ADV_SYSTEM_RUN_H

#include <lua.h>

/* run(argv, options) -> result | nil, message, code; see meta/system.lua.
 * Yields until the program has ended and its output was read. */
int adv_system_run(lua_State *L);

/* signal_programs() -> integer: SIGINT to the groups of all that run. */
int adv_system_signal_programs(lua_State *L);

#endif
