/* Duplicate engines for Lua: module `dedup`. */
#include <string.h>

#include "bindings/bind.h"
#include "dedup/dedup.h"
#include "dedup/vectors.h"

#define INDEX "advisor.dedup"
#define VECTORS "advisor.dedup.vectors"

typedef struct handle {
  adv_dedup *dedup;
} handle;

static adv_dedup *check(lua_State *L)
{
  return ((handle *)luaL_checkudata(L, 1, INDEX))->dedup;
}

static int collect(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, INDEX);

  adv_dedup_free(h->dedup);
  h->dedup = NULL;
  return 0;
}

/* Pushes an index without an engine, for __gc to clean up. */
static handle *push_handle(lua_State *L)
{
  handle *h = lua_newuserdatauv(L, sizeof *h, 0);

  h->dedup = NULL;
  luaL_setmetatable(L, INDEX);
  return h;
}

/* exact() -> index | nil, message, code */
static int l_exact(lua_State *L)
{
  handle *h = push_handle(L);
  adv_status st = adv_dedup_exact(&h->dedup);

  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup.exact");
  return 1;
}

/* The first argument is a table of options or missing; raises if it has others
 * than `names`, ended by NULL. Leaves it, or an empty one, at index 1. */
static void check_options(lua_State *L, const char *const *names)
{
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_newtable(L);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    const char *const *name = names;

    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_argerror(L, 1, "options have names");
    while (*name && strcmp(*name, lua_tostring(L, -2)) != 0)
      name++;
    if (!*name)
      luaL_error(L, "there is no option '%s'", lua_tostring(L, -2));
  }
}

static double field_number(lua_State *L, const char *name, double otherwise)
{
  double value = otherwise;

  if (lua_getfield(L, 1, name) == LUA_TNUMBER)
    value = lua_tonumber(L, -1);
  else if (!lua_isnil(L, -1))
    luaL_error(L, "field '%s': number expected, got %s", name,
               luaL_typename(L, -1));
  lua_pop(L, 1);
  return value;
}

/* 0 where it is nil; what is out of range stays so. */
static unsigned field_unsigned(lua_State *L, const char *name)
{
  lua_Integer value = adv_field_integer(L, 1, name, 0);

  return value < 0 || value > 1000000 ? 1000000 : (unsigned)value;
}

/* minhash({threshold, words, n, bands, rows}) -> index | nil, message, code */
static int l_minhash(lua_State *L)
{
  static const char *const names[] = {"threshold", "words", "n",
                                      "bands",     "rows",  NULL};
  adv_minhash_options options;
  handle *h;
  adv_status st;

  check_options(L, names);
  options = (adv_minhash_options){.threshold = field_number(L, "threshold", 0),
                                  .words = adv_field_boolean(L, 1, "words"),
                                  .n = field_unsigned(L, "n"),
                                  .bands = field_unsigned(L, "bands"),
                                  .rows = field_unsigned(L, "rows")};
  h = push_handle(L);
  st = adv_dedup_minhash(&h->dedup, &options);
  luaL_argcheck(L, st != ADV_EINVAL, 1, "an option is out of range");
  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup.minhash");
  return 1;
}

/* rouge({threshold}) -> index | nil, message, code */
static int l_rouge(lua_State *L)
{
  static const char *const names[] = {"threshold", NULL};
  double threshold;
  handle *h;
  adv_status st;

  check_options(L, names);
  threshold = field_number(L, "threshold", 0.7);
  h = push_handle(L);
  st = adv_dedup_rouge(&h->dedup, threshold);
  luaL_argcheck(L, st != ADV_EINVAL, 1, "threshold is not from 0 to 1");
  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup.rouge");
  return 1;
}

/* ngrams({n, threshold}) -> index | nil, message, code */
static int l_ngrams(lua_State *L)
{
  static const char *const names[] = {"n", "threshold", NULL};
  double threshold;
  lua_Integer n;
  handle *h;
  adv_status st;

  check_options(L, names);
  n = adv_field_integer(L, 1, "n", 8);
  luaL_argcheck(L, n >= 1 && n <= 64, 1, "n is not from 1 to 64");
  threshold = field_number(L, "threshold", 0);
  h = push_handle(L);
  st = adv_dedup_ngrams(&h->dedup, (unsigned)n, threshold);
  luaL_argcheck(L, st != ADV_EINVAL, 1, "threshold is not from 0 to 1");
  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup.ngrams");
  return 1;
}

/* id, score or nil. */
static int push_nearest(lua_State *L, const adv_nearest *nearest)
{
  if (!nearest->found) {
    lua_pushnil(L);
    return 1;
  }
  lua_pushinteger(L, nearest->id);
  lua_pushnumber(L, nearest->score);
  return 2;
}

/* index:nearest(text, before) -> id, score | nil | nil, message, code */
static int l_nearest(lua_State *L)
{
  adv_dedup *d = check(L);
  size_t len;
  const char *text = luaL_checklstring(L, 2, &len);
  lua_Integer before = luaL_optinteger(L, 3, LUA_MAXINTEGER);
  adv_nearest nearest;
  adv_status st = adv_dedup_nearest(d, text, len, before, &nearest);

  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup");
  return push_nearest(L, &nearest);
}

/* index:add(text, id) -> true | nil, message, code */
static int l_add(lua_State *L)
{
  adv_dedup *d = check(L);
  size_t len;
  const char *text = luaL_checklstring(L, 2, &len);
  adv_status st = adv_dedup_add(d, text, len, luaL_checkinteger(L, 3));

  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup");
  lua_pushboolean(L, 1);
  return 1;
}

/* index:count() -> integer */
static int l_count(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)adv_dedup_count(check(L)));
  return 1;
}

/* ---- vectors ---- */

typedef struct vectors {
  adv_dedup_vectors *vectors;
  float scratch[]; /* as many as there are dimensions */
} vectors;

static vectors *check_vectors(lua_State *L)
{
  return luaL_checkudata(L, 1, VECTORS);
}

static int collect_vectors(lua_State *L)
{
  vectors *v = check_vectors(L);

  adv_dedup_vectors_free(v->vectors);
  v->vectors = NULL;
  return 0;
}

/* cosine({dimensions, threshold}) -> index | nil, message, code */
static int l_cosine(lua_State *L)
{
  static const char *const names[] = {"dimensions", "threshold", NULL};
  unsigned dimensions;
  double threshold;
  vectors *v;
  adv_status st;

  check_options(L, names);
  dimensions = field_unsigned(L, "dimensions");
  luaL_argcheck(L, dimensions >= 1 && dimensions <= ADV_VECTORS_DIMENSIONS_MAX,
                1, "dimensions: 1 to 65536 expected");
  threshold = field_number(L, "threshold", 0.9);
  v = lua_newuserdatauv(L, sizeof *v + dimensions * sizeof *v->scratch, 0);
  v->vectors = NULL;
  luaL_setmetatable(L, VECTORS);
  st = adv_dedup_vectors_new(&v->vectors, dimensions, threshold);
  luaL_argcheck(L, st != ADV_EINVAL, 1, "threshold is not from -1 to 1");
  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup.cosine");
  return 1;
}

/* Reads the second argument, numbers or their bytes as 4-byte floats, into the
 * scratch. */
static const float *check_vector(lua_State *L, vectors *v)
{
  size_t n = adv_dedup_vectors_dimensions(v->vectors), len, i;
  const char *bytes;
  int is_number = 1;

  if (lua_type(L, 2) == LUA_TSTRING) {
    bytes = lua_tolstring(L, 2, &len);
    luaL_argcheck(L, len == n * sizeof(float), 2, "wrong number of dimensions");
    memcpy(v->scratch, bytes, len);
    return v->scratch;
  }
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_argcheck(L, lua_rawlen(L, 2) == n, 2, "wrong number of dimensions");
  for (i = 0; i < n && is_number; i++) {
    lua_rawgeti(L, 2, (lua_Integer)i + 1);
    v->scratch[i] = (float)lua_tonumberx(L, -1, &is_number);
    lua_pop(L, 1);
  }
  luaL_argcheck(L, is_number, 2, "numbers expected");
  return v->scratch;
}

/* vectors:nearest(vector, before) -> id, score | nil | nil, message, code */
static int l_vectors_nearest(lua_State *L)
{
  vectors *v = check_vectors(L);
  const float *vector = check_vector(L, v);
  lua_Integer before = luaL_optinteger(L, 3, LUA_MAXINTEGER);
  adv_nearest nearest;
  adv_status st =
      adv_dedup_vectors_nearest(v->vectors, vector, before, &nearest);

  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup");
  return push_nearest(L, &nearest);
}

/* vectors:add(vector, id) -> true | nil, message, code */
static int l_vectors_add(lua_State *L)
{
  vectors *v = check_vectors(L);
  const float *vector = check_vector(L, v);
  adv_status st =
      adv_dedup_vectors_add(v->vectors, vector, luaL_checkinteger(L, 3));

  if (st != ADV_OK)
    return adv_push_fail(L, st, "dedup");
  lua_pushboolean(L, 1);
  return 1;
}

/* vectors:count() -> integer */
static int l_vectors_count(lua_State *L)
{
  vectors *v = check_vectors(L);

  lua_pushinteger(L, (lua_Integer)adv_dedup_vectors_count(v->vectors));
  return 1;
}

int adv_open_dedup(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"exact", l_exact},   {"minhash", l_minhash}, {"rouge", l_rouge},
      {"ngrams", l_ngrams}, {"cosine", l_cosine},   {NULL, NULL},
  };
  static const luaL_Reg methods[] = {
      {"nearest", l_nearest},
      {"add", l_add},
      {"count", l_count},
      {NULL, NULL},
  };
  static const luaL_Reg vector_methods[] = {
      {"nearest", l_vectors_nearest},
      {"add", l_vectors_add},
      {"count", l_vectors_count},
      {NULL, NULL},
  };

  adv_new_type(L, INDEX, methods, collect);
  adv_new_type(L, VECTORS, vector_methods, collect_vectors);
  luaL_newlib(L, functions);
  return 1;
}
