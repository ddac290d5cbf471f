/* json_plain.h - two functions of the module `json` that work on tables, not on
 * text: see meta/json.lua. */
#ifndef ADV_JSON_PLAIN_H
#define ADV_JSON_PLAIN_H

#include <lua.h>

/* tidy(table) -> the same table */
int adv_json_tidy(lua_State *L);

/* plain(value, mixed) -> true, copy | false */
int adv_json_plain(lua_State *L);

#endif
