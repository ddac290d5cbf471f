#include "bindings/bind.h"

#include <stdlib.h>
#include <string.h>

#include "base/key.h"
#include "base/redact.h"
#include "base/secret.h"

int adv_push_failure(lua_State *L, adv_status st, const char *what,
                     const char *why)
{
  if (st == ADV_ENOMEM)
    adv_memory_refused();
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", what, why);
  lua_pushstring(L, adv_status_name(st));
  return 3;
}

int adv_raise(lua_State *L, adv_status st, const char *what)
{
  if (st == ADV_ENOMEM)
    adv_memory_refused();
  return luaL_error(L, "%s: %s", what, adv_status_text(st));
}

int adv_push_fail(lua_State *L, adv_status st, const char *what)
{
  return adv_push_failure(L, st, what, adv_status_text(st));
}

int adv_push_why(lua_State *L, adv_status st, const char *what, adv_buf *why)
{
  if (!why->len) {
    adv_buf_free(why);
    return adv_push_fail(L, st, what);
  }
  adv_push_buf(L, why);
  return adv_push_failure(L, st, what, lua_tostring(L, -1));
}

static int push_bytes(lua_State *L)
{
  const adv_buf *b = lua_touserdata(L, 1);

  lua_pushlstring(L, b->data ? b->data : "", b->len);
  return 1;
}

/* Protected, so that running out of memory does not jump over the buffer. */
void adv_push_buf(lua_State *L, adv_buf *b)
{
  int st;

  lua_pushcfunction(L, push_bytes);
  lua_pushlightuserdata(L, b);
  st = lua_pcall(L, 1, 1, 0);
  adv_buf_free(b);
  if (st != LUA_OK)
    lua_error(L);
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
  if (!len && value && type == LUA_TSTRING && strlen(value) != size)
    luaL_error(L, "field '%s': it holds a NUL byte", name);
  lua_pop(L, 1);
  if (len)
    *len = size;
  return value;
}

void adv_field_strings(lua_State *L, int index, const char *name,
                       const char **list, size_t most)
{
  size_t n = 0, size;

  if (lua_getfield(L, index, name) == LUA_TTABLE)
    while (n < most && lua_rawgeti(L, -1, (lua_Integer)n + 1) == LUA_TSTRING) {
      list[n] = lua_tolstring(L, -1, &size); /* the table keeps it */
      if (strlen(list[n]) != size)
        luaL_error(L, "field '%s': a text holds a NUL byte", name);
      n++;
      lua_pop(L, 1);
    }
  list[n] = NULL;
  lua_settop(L, index);
}

adv_status adv_field_key(lua_State *L, int index, char **key, adv_buf *why)
{
  adv_key_source source = {
      .variable = adv_field_string(L, index, "key_env", NULL, NULL),
      .file = adv_field_string(L, index, "key_file", NULL, NULL),
  };

  return adv_key_load(&source, key, why);
}

/* Makes the password of "scheme://user:password@host" known to the redactor. */
static void register_password(const char *url)
{
  const char *host = strstr(url, "://"), *at, *colon;
  char *password;

  host = host ? host + 3 : url;
  at = memrchr(host, '@', strcspn(host, "/?#"));
  colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
  if (!colon)
    return;
  password = adv_secret_copy(colon + 1, (size_t)(at - colon - 1));
  /* A short one is hidden by where it stands: user info of a URL always is. */
  if (password)
    (void)!adv_redact_secret(password);
  adv_secret_free(password);
}

void adv_field_connection(lua_State *L, int index, adv_http_options *options)
{
  const char *variable = adv_field_string(L, index, "proxy_env", NULL, NULL);

  options->proxy = adv_field_string(L, index, "proxy", NULL, NULL);
  options->ca_file = adv_field_string(L, index, "ca_file", NULL, NULL);
  if (!options->proxy && variable)
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets the environment.
    options->proxy = getenv(variable);
  if (options->proxy && !*options->proxy)
    options->proxy = NULL;
  if (options->proxy)
    register_password(options->proxy);
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
