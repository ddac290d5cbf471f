/* Forwarding to one host from behind a Unix socket, for Lua: module
 * `forward`. */
#include "bindings/bind.h"
#include "net/forward.h"
#include "net/route.h"

#define FORWARD "advisor.forward"

typedef struct handle {
  adv_forward *forward; /* NULL once closed */
} handle;

static int close_forward(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, FORWARD);

  adv_forward_close(h->forward);
  h->forward = NULL;
  return 0;
}

/* open(url, path) -> forward | nil, message, code */
static int l_open(lua_State *L)
{
  const char *url = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  handle *h = lua_newuserdatauv(L, sizeof *h, 0);
  adv_buf why;
  adv_status st;

  h->forward = NULL;
  luaL_setmetatable(L, FORWARD);
  adv_buf_init(&why, 4096);
  st = adv_forward_open(&h->forward, adv_loop(L), url, path, &why);
  if (st != ADV_OK)
    return adv_push_why(L, st, path, &why);
  adv_buf_free(&why);
  return 1;
}

/* forward:count() -> connections that are open */
static int l_count(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, FORWARD);

  lua_pushinteger(L, h->forward ? adv_forward_count(h->forward) : 0);
  return 1;
}

/* origin(url) -> "https://host:443" | nil, message, code */
static int l_origin(lua_State *L)
{
  const char *url = luaL_checkstring(L, 1);
  char text[ADV_ORIGIN_MAX];
  adv_origin origin;
  adv_status st = adv_origin_of(url, &origin);

  if (st == ADV_EINVAL)
    return adv_push_failure(L, st, url, "is no URL of http or https");
  if (st != ADV_OK)
    return adv_push_fail(L, st, url);
  adv_origin_text(&origin, text);
  lua_pushstring(L, text);
  return 1;
}

/* route(url, path) -> true | nil, message, code */
static int l_route(lua_State *L)
{
  const char *url = luaL_checkstring(L, 1), *path = luaL_checkstring(L, 2);
  adv_status st = adv_route_add(url, path);

  if (st != ADV_OK)
    return adv_push_fail(L, st, st == ADV_ELIMIT ? path : url);
  lua_pushboolean(L, 1);
  return 1;
}

int adv_open_forward(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"open", l_open}, {"origin", l_origin}, {"route", l_route}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"close", close_forward}, {"count", l_count}, {NULL, NULL}};

  adv_new_type(L, FORWARD, methods, close_forward);
  luaL_newlib(L, functions);
  return 1;
}
