/* json_read.h - reading JSON that is as it should be, quickly. */
#ifndef ADV_JSON_READ_H
#define ADV_JSON_READ_H

#include "bindings/bind.h"

/* Pushes what an object or a list holds, nulls left out and whole numbers as
 * integers, and says true. False, with nothing pushed, for anything that needs
 * a second look, malformed or only rare: half pairs of surrogates, nulls in
 * lists, long numbers, deep nesting. [-0, +1 or 0, m] */
bool adv_json_read(lua_State *L, const char *text, size_t len);

#endif
