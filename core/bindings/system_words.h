/* system_words.h - a list of texts of Lua's as exec() takes it. */
#ifndef ADV_SYSTEM_WORDS_H
#define ADV_SYSTEM_WORDS_H

#include <lua.h>

/* The list of texts at `index` as C has it, ended by NULL: memory of Lua's,
 * left on the stack. What is wrong with it is raised with `what` in front.
 * [-0, +1, raises] */
char **adv_check_words(lua_State *L, int index, const char *what);

#endif
