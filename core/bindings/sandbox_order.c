/* A fixed order of keys: a table's own differs from process to process. */
#include <stdlib.h>
#include <string.h>

#include "bindings/sandbox_parts.h"

/* A key with its place in the fixed order: numbers by value, then strings by
 * bytes, then false and true. */
typedef struct key {
  int rank;
  bool integer;
  lua_Integer i;
  lua_Number number;
  const char *text;
  size_t len;
} key;

/* An integer and a float that is none, which no conversion tells apart: a float
 * key with a whole number is an integer key, save beyond the integers' range.
 */
static int compare_mixed(lua_Integer i, lua_Number x)
{
  if (x >= 0x1p63)
    return -1;
  if (x < -0x1p63)
    return 1;
  return ((lua_Number)i > x) - ((lua_Number)i < x);
}

static int compare_numbers(const key *a, const key *b)
{
  if (a->integer && b->integer)
    return (a->i > b->i) - (a->i < b->i);
  if (a->integer)
    return compare_mixed(a->i, b->number);
  if (b->integer)
    return -compare_mixed(b->i, a->number);
  return (a->number > b->number) - (a->number < b->number);
}

static int compare_keys(const void *left, const void *right)
{
  const key *a = left, *b = right;
  size_t len;
  int order;

  if (a->rank != b->rank)
    return a->rank - b->rank;
  if (a->rank == 0)
    return compare_numbers(a, b);
  if (a->rank == 2)
    return (int)a->i - (int)b->i;
  len = a->len < b->len ? a->len : b->len;
  order = memcmp(a->text, b->text, len);
  return order ? order : (a->len > b->len) - (a->len < b->len);
}

/* [-0, +0, raises]: the table that is traversed keeps a string key alive. */
static key read_key(lua_State *L, int index)
{
  key k = {0};

  switch (lua_type(L, index)) {
  case LUA_TNUMBER:
    k.integer = lua_isinteger(L, index);
    k.i = lua_tointeger(L, index);
    k.number = lua_tonumber(L, index);
    break;
  case LUA_TSTRING:
    k.rank = 1;
    k.text = lua_tolstring(L, index, &k.len);
    break;
  case LUA_TBOOLEAN:
    k.rank = 2;
    k.i = lua_toboolean(L, index);
    break;
  default:
    luaL_error(L, "keys of type %s have no fixed order: use numbers or strings",
               luaL_typename(L, index));
  }
  return k;
}

static void push_key(lua_State *L, const key *k)
{
  if (k->rank == 1)
    lua_pushlstring(L, k->text, k->len);
  else if (k->rank == 2)
    lua_pushboolean(L, (int)k->i);
  else if (k->integer)
    lua_pushinteger(L, k->i);
  else
    lua_pushnumber(L, k->number);
}

/* next_in_order(state, key): state = { table, keys, position }. */
static int l_step(lua_State *L)
{
  lua_Integer at = lua_tointeger(L, lua_upvalueindex(3));

  lua_settop(L, 0);
  for (;;) {
    if (lua_rawgeti(L, lua_upvalueindex(2), ++at) == LUA_TNIL)
      return 1;
    lua_pushvalue(L, -1);
    lua_rawget(L, lua_upvalueindex(1));
    if (!lua_isnil(L, -1))
      break; /* keys removed meanwhile are passed over */
    lua_settop(L, 0);
  }
  lua_pushinteger(L, at);
  lua_replace(L, lua_upvalueindex(3));
  return 2;
}

/* The first upvalue is the last index: what is added meanwhile is not met, and
 * what is removed is passed over. */
static int step_sequence(lua_State *L)
{
  lua_Integer last = lua_tointeger(L, lua_upvalueindex(1));

  for (lua_Integer i = luaL_checkinteger(L, 2) + 1; i <= last; i++) {
    lua_pushinteger(L, i);
    if (lua_rawgeti(L, 1, i) != LUA_TNIL)
      return 2;
    lua_pop(L, 2);
  }
  lua_pushnil(L);
  return 1;
}

static size_t count_keys(lua_State *L, bool *sequence)
{
  lua_Unsigned border = lua_rawlen(L, 1);
  size_t n = 0;

  *sequence = true;
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    lua_pop(L, 1);
    n++;
    if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 ||
        (lua_Unsigned)lua_tointeger(L, -1) > border)
      *sequence = false;
  }
  if (n != border)
    *sequence = false;
  return n;
}

/* pairs(t): numbers in order, then strings in order, then booleans. */
int adv_sandbox_pairs(lua_State *L)
{
  bool sequence;
  size_t n, i = 0;
  key *keys;

  luaL_checkany(L, 1);
  lua_settop(L, 1);
  if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
    lua_insert(L, 1);
    lua_call(L, 1, 3);
    return 3;
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  n = count_keys(L, &sequence);
  adv_sandbox_work(L, n);
  if (sequence) {
    lua_pushinteger(L, (lua_Integer)n);
    lua_pushcclosure(L, step_sequence, 1);
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    return 3;
  }
  keys = lua_newuserdatauv(L, n * sizeof *keys, 0);
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    lua_pop(L, 1);
    keys[i++] = read_key(L, -1);
  }
  qsort(keys, n, sizeof *keys, compare_keys);
  lua_pushvalue(L, 1);
  lua_createtable(L, (int)n, 0);
  for (i = 0; i < n; i++) {
    push_key(L, &keys[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, l_step, 3);
  return 1;
}

/* next(t, key): the key that follows in the same order. */
int adv_sandbox_next(lua_State *L)
{
  bool found = false, first;
  size_t n = 0;
  key after = {0}, best = {0};

  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 2);
  first = lua_isnil(L, 2);
  if (!first)
    after = read_key(L, 2);
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    key k;
    lua_pop(L, 1);
    n++;
    k = read_key(L, -1);
    if (!first && compare_keys(&k, &after) <= 0)
      continue;
    if (found && compare_keys(&k, &best) >= 0)
      continue;
    best = k;
    found = true;
  }
  adv_sandbox_work(L, n);
  if (!found) {
    lua_pushnil(L);
    return 1;
  }
  push_key(L, &best);
  lua_pushvalue(L, -1);
  lua_rawget(L, 1);
  return 2;
}
