/* system_attend.h - system.attend: a program that speaks for this one. */
#ifndef ADV_SYSTEM_ATTEND_H
#define ADV_SYSTEM_ATTEND_H

#include <lua.h>

/* attend(argv, environment) -> { status =, signal = } | nil, message, code; see
 * meta/system.lua. Yields until the program has ended. */
int adv_system_attend(lua_State *L);

/* signal_attended(name) -> whether there was anybody to signal */
int adv_system_signal_attended(lua_State *L);

#endif
