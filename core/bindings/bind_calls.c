/* Attempts of paid calls for Lua: module `calls`. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "bindings/bind.h"
#include "calls/calls.h"
#include "calls/journal.h"
#include "net/backoff.h"

#define CALLS "advisor.calls"
#define ATTEMPT "advisor.attempt"

typedef struct handle {
  adv_calls *calls; /* NULL once closed */
} handle;

/* Lives on the waiting coroutine's stack, which the scheduler anchors until the
 * task ends; __gc frees what C has put in it. */
typedef struct waiting {
  adv_task *task;
  adv_attempt *attempt;
  adv_status st;
  char *why; /* NULL where all went well, or without memory */
} waiting;

static adv_calls *check(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, CALLS);

  luaL_argcheck(L, h->calls, 1, "the calls are closed");
  return h->calls;
}

static int collect_attempt(lua_State *L)
{
  waiting *w = luaL_checkudata(L, 1, ATTEMPT);

  adv_attempt_free(w->attempt);
  w->attempt = NULL;
  free(w->why);
  w->why = NULL;
  return 0;
}

/* new(store, { proxy =, ca_file =, connections = }) -> calls */
static int l_new(lua_State *L)
{
  adv_store *store = adv_check_store(L, 1);
  adv_http_options options = {0};
  handle *h;
  adv_status st;

  luaL_checktype(L, 2, LUA_TTABLE);
  adv_field_connection(L, 2, &options);
  options.max_connections = (size_t)adv_field_integer(L, 2, "connections", 256);
  h = lua_newuserdatauv(L, sizeof *h, 1);
  h->calls = NULL;
  luaL_setmetatable(L, CALLS);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1); /* the store outlives the calls */
  st = adv_calls_new(&h->calls, adv_loop(L), store, &options);
  if (st != ADV_OK)
    return adv_push_fail(L, st, "calls");
  return 1;
}

/* calls:endpoint{ url =, key_env = | key_file =, … } -> index | nil, message,
 * code */
static int l_endpoint(lua_State *L)
{
  adv_calls *calls = check(L);
  adv_endpoint e = {0};
  char *key;
  adv_buf why;
  adv_status st;
  int index;

  luaL_checktype(L, 2, LUA_TTABLE);
  e.url = adv_field_string(L, 2, "url", NULL, NULL);
  luaL_argcheck(L, e.url, 2, "field 'url' is missing");
  e.local = adv_field_boolean(L, 2, "is_local");
  e.plain_http_allowed = adv_field_boolean(L, 2, "plain_http");
  e.concurrency = (unsigned)adv_field_integer(L, 2, "concurrency", 0);
  e.requests_per_minute =
      (uint64_t)adv_field_integer(L, 2, "requests_per_minute", 0);
  e.tokens_per_minute =
      (uint64_t)adv_field_integer(L, 2, "tokens_per_minute", 0);
  e.breaker_ms = (uint64_t)adv_field_integer(L, 2, "breaker_ms", 0);
  e.connect_ms = (unsigned)adv_field_integer(L, 2, "connect_ms", 0);
  e.first_byte_ms = (unsigned)adv_field_integer(L, 2, "first_byte_ms", 0);
  e.total_ms = (unsigned)adv_field_integer(L, 2, "total_ms", 0);
  e.stall_ms = (unsigned)adv_field_integer(L, 2, "stall_ms", 0);
  e.max_reply = (size_t)adv_field_integer(L, 2, "max_reply", 0);
  adv_buf_init(&why, 4096);
  st = adv_field_key(L, 2, &key, &why);
  e.key = key;
  if (st == ADV_OK)
    st = adv_calls_endpoint(calls, &e, &index, &why);
  adv_secret_free(key);
  if (st != ADV_OK)
    return adv_push_why(L, st, "endpoint", &why);
  adv_buf_free(&why);
  lua_pushinteger(L, index);
  return 1;
}

static void on_reply(void *ud, adv_status st, const char *why)
{
  waiting *w = ud;

  w->st = st;
  if (st != ADV_OK)
    w->why = strdup(why);
  adv_task_wake(w->task);
}

static const char *end_name(adv_http_end end)
{
  static const char *const names[] = {
      "done", "not_sent", "lost", "too_large", "timed_out", "canceled",
  };

  return names[end];
}

static void set_string(lua_State *L, const char *name, const char *value)
{
  lua_pushstring(L, value);
  lua_setfield(L, -2, name);
}

static void set_integer(lua_State *L, const char *name, lua_Integer value)
{
  lua_pushinteger(L, value);
  lua_setfield(L, -2, name);
}

static int finish_send(lua_State *L, int status, lua_KContext context)
{
  waiting *w = (waiting *)context;
  const adv_attempt_reply *r;

  (void)status;
  if (w->st != ADV_OK)
    return adv_push_failure(L, w->st, "call",
                            w->why ? w->why : adv_status_text(w->st));
  r = adv_attempt_replied(w->attempt);
  lua_createtable(L, 0, 10);
  set_integer(L, "id", r->id);
  set_string(L, "state", adv_attempt_state_name(r->state));
  set_string(L, "end", end_name(r->end));
  set_integer(L, "http", r->http_status);
  set_integer(L, "curl", r->curl_code);
  set_integer(L, "sends", r->sends);
  lua_pushboolean(L, r->reused);
  lua_setfield(L, -2, "reused");
  set_string(L, "headers", r->headers);
  lua_pushlstring(L, r->body, r->body_len);
  lua_setfield(L, -2, "raw");
  set_string(L, "why", r->message);
  adv_attempt_free(w->attempt);
  w->attempt = NULL;
  return 1;
}

enum { MAX_ENDPOINTS = 64, MAX_HEADERS = 16 };

static size_t read_endpoints(lua_State *L, int *endpoints)
{
  size_t n = 0;

  if (lua_getfield(L, 2, "endpoints") == LUA_TTABLE)
    while (n < MAX_ENDPOINTS &&
           lua_rawgeti(L, -1, (lua_Integer)n + 1) == LUA_TNUMBER) {
      endpoints[n++] = (int)lua_tointeger(L, -1);
      lua_pop(L, 1);
    }
  lua_settop(L, 2);
  luaL_argcheck(L, n > 0, 2, "field 'endpoints' is missing");
  return n;
}

/* calls:send{ … } -> reply | nil, message, code                  (yields) */
static int l_send(lua_State *L)
{
  adv_calls *calls = check(L);
  adv_task *task = adv_task_check(L, "calls:send");
  const char *headers[MAX_HEADERS + 1];
  int endpoints[MAX_ENDPOINTS];
  adv_attempt_request r = {.headers = headers, .endpoints = endpoints};
  waiting *w;
  adv_status st;

  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  adv_field_strings(L, 2, "headers", headers, MAX_HEADERS);
  r.endpoint_count = read_endpoints(L, endpoints);
  r.round = adv_field_integer(L, 2, "round", 0);
  r.stage = adv_field_string(L, 2, "stage", NULL, "");
  r.lane = adv_field_string(L, 2, "lane", NULL, "");
  r.ordinal = adv_field_integer(L, 2, "ordinal", 1);
  r.n = adv_field_integer(L, 2, "n", 1);
  r.role = adv_field_string(L, 2, "role", NULL, "");
  r.canonical = adv_field_string(L, 2, "canonical", &r.canonical_len, "");
  r.path = adv_field_string(L, 2, "path", NULL, "");
  /* Else it could go on with the host's name, and the key to another host. */
  luaL_argcheck(L, !*r.path || *r.path == '/', 2,
                "field 'path' must begin with '/'");
  r.key_header = adv_field_string(L, 2, "key_header", NULL, NULL);
  r.body = adv_field_string(L, 2, "body", &r.body_len, "");
  r.reply = adv_field_string(L, 2, "reply", &r.reply_len, "");
  r.tokens = (uint64_t)adv_field_integer(L, 2, "tokens", 0);
  r.fresh_connection = adv_field_boolean(L, 2, "fresh_connection");
  w = lua_newuserdatauv(L, sizeof *w, 0);
  *w = (waiting){.task = task};
  luaL_setmetatable(L, ATTEMPT);
  st = adv_calls_send(calls, &r, on_reply, w, &w->attempt);
  if (st != ADV_OK)
    return adv_push_fail(L, st, "call");
  return adv_task_yield(L, (lua_KContext)w, finish_send);
}

/* calls:stop() */
static int l_stop(lua_State *L)
{
  adv_calls_stop(check(L));
  return 0;
}

/* calls:cancel() */
static int l_cancel(lua_State *L)
{
  adv_calls_cancel(check(L));
  return 0;
}

/* calls:in_flight() -> integer */
static int l_in_flight(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)adv_calls_in_flight(check(L)));
  return 1;
}

static void on_wake(void *ud)
{
  adv_task_wake(ud);
}

static int finish_wait(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  lua_pushboolean(L, 1);
  return 1;
}

/* calls:drain() -> true                                          (yields) */
static int l_drain(lua_State *L)
{
  adv_calls *calls = check(L);
  adv_task *task = adv_task_check(L, "calls:drain");
  adv_status st = adv_calls_drain(calls, on_wake, task);

  if (st != ADV_OK)
    return adv_push_fail(L, st, "calls:drain");
  return adv_task_yield(L, 0, finish_wait);
}

/* calls:close() -> true                                          (yields) */
static int l_close(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, CALLS);
  adv_calls *calls = h->calls;
  adv_task *task = adv_task_check(L, "calls:close");

  if (!calls)
    return finish_wait(L, 0, 0);
  h->calls = NULL;
  adv_calls_close(calls, on_wake, task);
  return adv_task_yield(L, 0, finish_wait);
}

/* backoff(tries, asked_ms, jitter_name, { base_ms =, cap_ms = }) -> ms */
static int l_backoff(lua_State *L)
{
  unsigned tries = (unsigned)luaL_checkinteger(L, 1);
  lua_Integer asked = luaL_optinteger(L, 2, 0);
  size_t len;
  const char *name = luaL_checklstring(L, 3, &len);
  adv_backoff b = {0};
  adv_rng rng;

  if (lua_istable(L, 4)) {
    b.base_ms = (unsigned)adv_field_integer(L, 4, "base_ms", 0);
    b.cap_ms = (unsigned)adv_field_integer(L, 4, "cap_ms", 0);
  }
  adv_rng_seed(&rng, name, len);
  lua_pushinteger(L, (lua_Integer)adv_backoff_ms(
                         &b, tries, asked > 0 ? (uint64_t)asked : 0, &rng));
  return 1;
}

/* retry_after(headers) -> ms, 0 if the server asks for nothing */
static int l_retry_after(lua_State *L)
{
  const char *headers = luaL_checkstring(L, 1);
  int64_t wall = adv_clock_system()->wall_ms(NULL);

  lua_pushinteger(L, (lua_Integer)adv_retry_after_ms(headers, wall));
  return 1;
}

int adv_open_calls(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"new", l_new},
      {"backoff", l_backoff},
      {"retry_after", l_retry_after},
      {NULL, NULL},
  };
  static const luaL_Reg methods[] = {
      {"endpoint", l_endpoint}, {"send", l_send},   {"stop", l_stop},
      {"cancel", l_cancel},     {"drain", l_drain}, {"in_flight", l_in_flight},
      {"close", l_close},       {NULL, NULL},
  };
  static const luaL_Reg none[] = {{NULL, NULL}};

  adv_new_type(L, CALLS, methods, NULL);
  adv_new_type(L, ATTEMPT, none, collect_attempt);
  luaL_newlib(L, functions);
  return 1;
}
