#include "bindings/system_words.h"

#include <lauxlib.h>
#include <string.h>

enum { MOST_WORDS = 4096 };

char **adv_check_words(lua_State *L, int index, const char *what)
{
  lua_Integer n = luaL_len(L, index);
  char **words;

  if (n > MOST_WORDS)
    luaL_error(L, "%s has more than %d elements", what, MOST_WORDS);
  words = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *words, 0);
  for (lua_Integer i = 1; i <= n; i++) {
    size_t len;
    const char *word;
    if (lua_rawgeti(L, index, i) != LUA_TSTRING)
      luaL_error(L, "%s must be a list of texts", what);
    word = lua_tolstring(L, -1, &len);
    if (strlen(word) != len)
      luaL_error(L, "%s: a text with a NUL byte", what);
    words[i - 1] = (char *)word; /* anchored by the list */
    lua_pop(L, 1);
  }
  words[n] = NULL;
  return words;
}
