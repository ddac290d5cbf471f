/* Text from outside made safe, compared and hashed: module `text`. */
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/printable.h"
#include "base/utf8.h"
#include "bindings/bind.h"
#include "dedup/dedup.h"
#include "net/sse.h"

/* Replies are at most 16 MiB; a repair can triple them. */
enum { MAX_TEXT = 64 << 20 };

/* valid(text) -> boolean */
static int l_valid(lua_State *L)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);

  lua_pushboolean(L, adv_utf8_valid(text, len));
  return 1;
}

typedef adv_status repairer(adv_buf *out, const char *text, size_t len,
                            bool *repaired);

static int repair(lua_State *L, repairer *with, const char *what)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  bool repaired = false;
  adv_buf out;
  adv_status st;

  adv_buf_init(&out, MAX_TEXT);
  st = with(&out, text, len, &repaired);
  if (st != ADV_OK) {
    adv_buf_free(&out);
    return adv_push_fail(L, st, what);
  }
  if (!repaired && out.len == len) {
    adv_buf_free(&out);
    lua_pushvalue(L, 1); /* nothing to repair: the same string */
  } else {
    adv_push_buf(L, &out);
  }
  lua_pushboolean(L, repaired);
  return 2;
}

/* repair(text) -> text, repaired | nil, message, code */
static int l_repair(lua_State *L)
{
  return repair(L, adv_utf8_repair, "text.repair");
}

/* printable(text) -> text | nil, message, code */
static int l_printable(lua_State *L)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  adv_buf out;
  adv_status st;

  adv_buf_init(&out, 8 * len + 1);
  st = adv_printable(&out, text, len, false);
  if (st != ADV_OK) {
    adv_buf_free(&out);
    return adv_push_fail(L, st, "text.printable");
  }
  adv_push_buf(L, &out);
  return 1;
}

/* An object or a list in well-formed text, without a \\u that may be half a
 * pair: most of what comes. */
static bool is_sound_json(const char *text, size_t len)
{
  const char *at = text, *end = text + len;

  if (len == 0 || (*text != '{' && *text != '[') || !adv_utf8_valid(text, len))
    return false;
  while ((at = memchr(at, '\\', (size_t)(end - at)))) {
    if (at[1] == 'u')
      return false;
    at++; /* the text ends in a NUL */
  }
  return true;
}

/* repair_json(text) -> text, repaired | nil, message, code */
static int l_repair_json(lua_State *L)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);

  if (is_sound_json(text, len)) {
    lua_settop(L, 1);
    lua_pushboolean(L, 0);
    return 2;
  }
  return repair(L, adv_json_repair, "text.repair_json");
}

/* normalize(text) -> text | nil, message, code */
static int l_normalize(lua_State *L)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  adv_buf out;
  adv_status st;

  adv_buf_init(&out, MAX_TEXT);
  st = adv_dedup_normalize(&out, text, len);
  if (st != ADV_OK) {
    adv_buf_free(&out);
    return adv_push_fail(L, st, "text.normalize");
  }
  adv_push_buf(L, &out);
  return 1;
}

static int push_hash(lua_State *L, XXH128_hash_t hash)
{
  char hex[33];

  snprintf(hex, sizeof hex, "%016llx%016llx", (unsigned long long)hash.high64,
           (unsigned long long)hash.low64);
  lua_pushlstring(L, hex, 32);
  return 1;
}

/* hash(text) -> 32 hex digits, XXH3-128 */
static int l_hash(lua_State *L)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);

  return push_hash(L, XXH3_128bits(text, len));
}

#define HASHER "advisor.hasher"

typedef struct hasher {
  XXH3_state_t *state;
} hasher;

static int collect_hasher(lua_State *L)
{
  hasher *h = luaL_checkudata(L, 1, HASHER);

  XXH3_freeState(h->state);
  h->state = NULL;
  return 0;
}

/* hasher() -> hasher: the hash of what is added piece by piece */
static int l_hasher(lua_State *L)
{
  hasher *h = lua_newuserdatauv(L, sizeof *h, 0);

  h->state = NULL;
  luaL_setmetatable(L, HASHER);
  h->state = XXH3_createState();
  if (!h->state)
    return adv_raise(L, ADV_ENOMEM, "text.hash");
  XXH3_128bits_reset(h->state);
  return 1;
}

/* hasher:add(text) */
static int l_hasher_add(lua_State *L)
{
  hasher *h = luaL_checkudata(L, 1, HASHER);
  size_t len;
  const char *text = luaL_checklstring(L, 2, &len);

  XXH3_128bits_update(h->state, text, len);
  return 0;
}

/* hasher:hex() -> 32 hex digits, those of hash() over all that was added */
static int l_hasher_hex(lua_State *L)
{
  hasher *h = luaL_checkudata(L, 1, HASHER);

  return push_hash(L, XXH3_128bits_digest(h->state));
}

typedef struct events {
  lua_State *L;
  lua_Integer n;
} events;

typedef struct event {
  const char *name, *data;
  size_t name_len, data_len;
  lua_Integer at;
} event;

/* Runs protected, so that no memory error jumps over the parser. */
static int push_event(lua_State *L)
{
  const event *e = lua_touserdata(L, 2);

  if (e->name_len == 0) {
    lua_pushlstring(L, e->data, e->data_len);
  } else {
    lua_createtable(L, 0, 2);
    lua_pushlstring(L, e->name, e->name_len);
    lua_setfield(L, -2, "event");
    lua_pushlstring(L, e->data, e->data_len);
    lua_setfield(L, -2, "data");
  }
  lua_rawseti(L, 1, e->at);
  return 0;
}

static adv_status on_event(void *ud, const char *name, size_t name_len,
                           const char *data, size_t data_len)
{
  events *list = ud;
  event e = {name, data, name_len, data_len, ++list->n};
  lua_State *L = list->L;

  lua_pushcfunction(L, push_event);
  lua_pushvalue(L, 2);
  lua_pushlightuserdata(L, &e);
  if (lua_pcall(L, 2, 0, 0) == LUA_OK)
    return ADV_OK;
  lua_pop(L, 1);
  return ADV_ENOMEM;
}

/* sse(bytes) -> list of data strings, or of { event, data } where an event is
 * named | nil, message, code */
static int l_sse(lua_State *L)
{
  size_t len;
  const char *bytes = luaL_checklstring(L, 1, &len);
  events list = {.L = L};
  adv_sse sse;
  adv_status st;

  lua_settop(L, 1);
  lua_newtable(L);
  adv_sse_init(&sse, MAX_TEXT, on_event, &list);
  st = adv_sse_feed(&sse, bytes, len);
  if (st == ADV_OK)
    st = adv_sse_finish(&sse);
  adv_sse_free(&sse);
  if (st != ADV_OK)
    return adv_push_fail(L, st, "text.sse");
  return 1;
}

int adv_open_text(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"printable", l_printable},
      {"valid", l_valid},
      {"repair", l_repair},
      {"repair_json", l_repair_json},
      {"normalize", l_normalize},
      {"hash", l_hash},
      {"hasher", l_hasher},
      {"sse", l_sse},
      {NULL, NULL},
  };

  static const luaL_Reg methods[] = {
      {"add", l_hasher_add},
      {"hex", l_hasher_hex},
      {NULL, NULL},
  };

  adv_new_type(L, HASHER, methods, collect_hasher);
  luaL_newlib(L, functions);
  return 1;
}
