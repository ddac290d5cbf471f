/* One request outside of any run, for Lua: module `probe`. */
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "base/secret.h"
#include "bindings/bind.h"
#include "calls/probe.h"

#define PROBE "advisor.probe"

/* Lives on the waiting coroutine's stack; __gc frees what C has put in it. */
typedef struct waiting {
  adv_task *task;
  long http;
  bool done; /* a whole response came */
  adv_buf body, message;
} waiting;

static int collect(lua_State *L)
{
  waiting *w = luaL_checkudata(L, 1, PROBE);

  adv_buf_free(&w->body);
  adv_buf_free(&w->message);
  return 0;
}

/* Servers say keys back in their errors. */
static void on_result(void *ud, const adv_http_result *result)
{
  waiting *w = ud;

  w->http = result->http_status;
  w->done = result->end == ADV_HTTP_DONE &&
            adv_redact(&w->body, result->body, result->body_len) == ADV_OK;
  if (adv_redact(&w->message, result->message, strlen(result->message)) !=
      ADV_OK)
    w->done = false;
  adv_task_wake(w->task);
}

static int finish(lua_State *L, int status, lua_KContext context)
{
  waiting *w = (waiting *)context;

  (void)status;
  if (!w->done)
    return adv_push_failure(L, ADV_ENETWORK, "request",
                            w->message.data ? w->message.data : "no reply");
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, w->http);
  lua_setfield(L, -2, "http");
  lua_pushlstring(L, w->body.data ? w->body.data : "", w->body.len);
  lua_setfield(L, -2, "raw");
  return 1;
}

enum { MAX_HEADERS = 16 };

/* request{ url =, … } -> { http =, raw = } | nil, message, code   (yields) */
static int l_request(lua_State *L)
{
  adv_task *task = adv_task_check(L, "probe.request");
  const char *headers[MAX_HEADERS + 1];
  adv_probe probe = {.headers = headers};
  char *key;
  adv_buf why;
  waiting *w;
  adv_status st;

  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  adv_field_strings(L, 1, "headers", headers, MAX_HEADERS);
  probe.url = adv_field_string(L, 1, "url", NULL, NULL);
  luaL_argcheck(L, probe.url, 1, "field 'url' is missing");
  probe.key_header = adv_field_string(L, 1, "key_header", NULL, NULL);
  probe.body = adv_field_string(L, 1, "body", &probe.body_len, NULL);
  probe.plain_http_allowed = adv_field_boolean(L, 1, "plain_http");
  probe.total_ms = (unsigned)adv_field_integer(L, 1, "total_ms", 0);
  adv_field_connection(L, 1, &probe.options);
  w = lua_newuserdatauv(L, sizeof *w, 0);
  *w = (waiting){.task = task};
  adv_buf_init(&w->body, 8 << 20);
  adv_buf_init(&w->message, 4096);
  luaL_setmetatable(L, PROBE);
  adv_buf_init(&why, 4096);
  st = adv_field_key(L, 1, &key, &why);
  probe.key = key;
  if (st == ADV_OK)
    st = adv_probe_send(adv_loop(L), &probe, on_result, w);
  adv_secret_free(key);
  if (st != ADV_OK)
    return adv_push_why(L, st, "request", &why);
  adv_buf_free(&why);
  return adv_task_yield(L, (lua_KContext)w, finish);
}

int adv_open_probe(lua_State *L)
{
  static const luaL_Reg functions[] = {{"request", l_request}, {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};

  adv_new_type(L, PROBE, none, collect);
  luaL_newlib(L, functions);
  return 1;
}
