/* What scripts from users need that plain Lua cannot give: a count of
 * instructions that no pcall escapes, a fixed order of keys, a limit on
 * memory. Module `sandbox`. */
#include <stdlib.h>
#include <string.h>

#include "bindings/bind.h"

#define LANE "advisor.lane"

/* The hook runs once per tick: often enough to stop a loop, rarely enough to
 * cost little. */
enum { TICK = 10000 };

typedef struct lane {
  lua_Integer ticks, limit; /* in units of TICK instructions */
  bool dead;
  char where[256]; /* file and line at which it died */
} lane;

/* One Lua state a process runs scripts, on one thread. */
static lane *running;
static const char RUNNING = 'r'; /* registry key of the running lane */
static const char DEAD = 'd';    /* the error value that kills a script */

typedef struct memory {
  size_t used, limit;
  bool refused;
  lua_Alloc alloc;
  void *alloc_ud;
} memory;

static memory heap;

static void on_count(lua_State *L, lua_Debug *ar)
{
  if (!running)
    return;
  running->ticks++;
  if (running->ticks <= running->limit && !heap.refused && !running->dead)
    return;
  if (!running->dead) {
    running->dead = true;
    lua_getinfo(L, "Sl", ar);
    snprintf(running->where, sizeof running->where, "%s:%d", ar->short_src,
             ar->currentline);
  }
  /* Every further instruction raises, so no pcall can go on after this. */
  lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
  lua_pushlightuserdata(L, (void *)&DEAD);
  lua_error(L);
}

/* lane(instructions, info) -> lane */
static int l_lane(lua_State *L)
{
  lua_Integer limit = luaL_checkinteger(L, 1);
  lane *l;

  luaL_checktype(L, 2, LUA_TTABLE);
  l = lua_newuserdatauv(L, sizeof *l, 1);
  *l = (lane){.limit = (limit + TICK - 1) / TICK};
  luaL_setmetatable(L, LANE);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

/* resume(lane, thread, ...) -> "yielded" | "returned", ... | "failed", message
 * | "killed", where */
static int l_resume(lua_State *L)
{
  lane *l = luaL_checkudata(L, 1, LANE), *outer = running;
  lua_State *co = lua_tothread(L, 2);
  int arguments = lua_gettop(L) - 2, results = 0, st;

  luaL_argexpected(L, co, 2, "thread");
  if (!lua_gethook(co))
    lua_sethook(co, on_count, LUA_MASKCOUNT, TICK);
  luaL_checkstack(co, arguments + LUA_MINSTACK, "too many arguments");
  lua_xmove(L, co, arguments);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &RUNNING);
  lua_pushvalue(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &RUNNING);
  running = l;
  st = lua_resume(co, L, arguments, &results);
  running = outer;
  lua_rawsetp(L, LUA_REGISTRYINDEX, &RUNNING); /* the outer one, or nil */
  if (l->dead) {
    lua_pushliteral(L, "killed");
    lua_pushstring(L, l->where);
    return 2;
  }
  lua_pushstring(L, st == LUA_OK      ? "returned"
                    : st == LUA_YIELD ? "yielded"
                                      : "failed");
  if (st != LUA_OK && st != LUA_YIELD)
    results = 1;
  luaL_checkstack(L, results + LUA_MINSTACK, "too many results");
  lua_xmove(co, L, results);
  return results + 1;
}

/* current() -> info of the running lane | nil */
static int l_current(lua_State *L)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &RUNNING) == LUA_TUSERDATA)
    lua_getiuservalue(L, -1, 1);
  return 1;
}

/* charge(ticks): as if so many times 10,000 instructions had run. */
static int l_charge(lua_State *L)
{
  if (running)
    running->ticks += luaL_checkinteger(L, 1);
  return 0;
}

static void *limited_alloc(void *ud, void *block, size_t old, size_t size)
{
  memory *m = ud;
  void *grown;

  if (!block)
    old = 0; /* Lua passes a type tag here */
  if (size > old && size - old > m->limit - m->used) {
    m->refused = true;
    return NULL;
  }
  grown = m->alloc(m->alloc_ud, block, old, size);
  if (grown || size == 0) {
    m->used += size - old;
    if (size > old)
      m->refused = false; /* a collection made room */
  }
  return grown;
}

/* limit_memory(bytes): once a process, for the whole Lua state. */
static int l_limit_memory(lua_State *L)
{
  lua_Integer limit = luaL_checkinteger(L, 1);

  luaL_argcheck(L, limit > 0, 1, "must be positive");
  if (!heap.alloc) {
    heap.alloc = lua_getallocf(L, &heap.alloc_ud);
    heap.used =
        (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB);
  }
  heap.limit = (size_t)limit > heap.used ? (size_t)limit : heap.used;
  lua_setallocf(L, limited_alloc, &heap);
  return 0;
}

/* memory() -> bytes in use, whether the limit was hit */
static int l_memory(lua_State *L)
{
  lua_pushinteger(L, lua_gc(L, LUA_GCCOUNT) * (lua_Integer)1024 +
                         lua_gc(L, LUA_GCCOUNTB));
  lua_pushboolean(L, heap.refused);
  return 2;
}

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

static int compare_numbers(const key *a, const key *b)
{
  if (a->integer && b->integer)
    return (a->i > b->i) - (a->i < b->i);
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

static int step_sequence(lua_State *L)
{
  lua_Integer i = luaL_checkinteger(L, 2) + 1;

  lua_pushinteger(L, i);
  return lua_rawgeti(L, 1, i) == LUA_TNIL ? 1 : 2;
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
  return n;
}

/* pairs(t): numbers in order, then strings in order, then booleans. */
static int l_pairs(lua_State *L)
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
  if (sequence) {
    lua_pushcfunction(L, step_sequence);
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
static int l_next(lua_State *L)
{
  bool found = false, first;
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
    k = read_key(L, -1);
    if (!first && compare_keys(&k, &after) <= 0)
      continue;
    if (found && compare_keys(&k, &best) >= 0)
      continue;
    best = k;
    found = true;
  }
  if (!found) {
    lua_pushnil(L);
    return 1;
  }
  push_key(L, &best);
  lua_pushvalue(L, -1);
  lua_rawget(L, 1);
  return 2;
}

int adv_open_sandbox(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"lane", l_lane},       {"resume", l_resume},
      {"current", l_current}, {"charge", l_charge},
      {"pairs", l_pairs},     {"next", l_next},
      {"memory", l_memory},   {"limit_memory", l_limit_memory},
      {NULL, NULL},
  };
  static const luaL_Reg none[] = {{NULL, NULL}};

  adv_new_type(L, LANE, none, NULL);
  luaL_newlib(L, functions);
  return 1;
}
