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
  bool exhausted; /* a request was refused for good */
  bool pending;   /* this one was refused and may be repeated, since Lua
                     collects garbage and asks once more */
  const void *block;
  size_t size;
  lua_Alloc alloc;
  void *alloc_ud;
} memory;

static memory heap;

static bool no_memory(void)
{
  return heap.exhausted || heap.pending;
}

static void on_count(lua_State *L, lua_Debug *ar)
{
  if (!running)
    return;
  running->ticks++;
  if (running->ticks <= running->limit && !no_memory() && !running->dead)
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

/* Threads that ran a script to its end are used again. The registry keeps them
 * in a list under this key. */
static const char IDLE = 'i';
enum { MAX_IDLE = 1024 };

/* thread(fn) -> thread: as coroutine.create, with a count of its own */
static int l_thread(lua_State *L)
{
  lua_State *co;
  lua_Integer n;

  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &IDLE);
  n = lua_istable(L, 2) ? (lua_Integer)lua_rawlen(L, 2) : 0;
  if (n > 0) {
    lua_rawgeti(L, 2, n);
    lua_pushnil(L);
    lua_rawseti(L, 2, n);
    co = lua_tothread(L, -1);
  } else {
    co = lua_newthread(L);
  }
  lua_sethook(co, on_count, LUA_MASKCOUNT, TICK);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

/* Keeps a thread that has returned; its results are gone. */
static void give_thread(lua_State *L, int index)
{
  lua_Integer n;

  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &IDLE) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &IDLE);
  }
  n = (lua_Integer)lua_rawlen(L, -1);
  if (n < MAX_IDLE) {
    lua_pushvalue(L, index);
    lua_rawseti(L, -2, n + 1);
  }
  lua_pop(L, 1);
}

/* Where a thread that has failed or waits is, for the message. */
static void find_place(lua_State *co, lane *l)
{
  lua_Debug ar;

  snprintf(l->where, sizeof l->where, "?");
  for (int level = 0; lua_getstack(co, level, &ar); level++) {
    lua_getinfo(co, "Sl", &ar);
    if (ar.currentline > 0) {
      snprintf(l->where, sizeof l->where, "%s:%d", ar.short_src,
               ar.currentline);
      return;
    }
  }
}

/* resume(lane, thread, ...) -> "yielded" | "returned", ... | "failed", message
 * | "killed", where */
static int l_resume(lua_State *L)
{
  lane *l = luaL_checkudata(L, 1, LANE), *outer = running;
  lua_State *co = lua_tothread(L, 2);
  int arguments = lua_gettop(L) - 2, results = 0, st;

  luaL_argexpected(L, co, 2, "thread");
  luaL_checkstack(co, arguments + LUA_MINSTACK, "too many arguments");
  lua_xmove(L, co, arguments); /* leaves the lane and the thread */
  lua_rawgetp(L, LUA_REGISTRYINDEX, &RUNNING);
  lua_pushvalue(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &RUNNING);
  running = l;
  st = lua_resume(co, L, arguments, &results);
  running = outer;
  lua_rawsetp(L, LUA_REGISTRYINDEX, &RUNNING); /* the outer one, or nil */
  if (!l->dead && no_memory()) {
    l->dead = true;
    find_place(co, l);
  }
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
  if (st == LUA_OK && !l->dead) {
    lua_settop(co, 0);
    give_thread(L, 2);
  }
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

/* What the program itself may use beyond the limit, to say that a script has
 * used it up and to end the run in order. */
enum { HOST_RESERVE = 8 << 20 };

/* A script that catches the error must not go on: what it saw depends on what
 * else the process holds. */
static bool may_grow(memory *m, const void *block, size_t size, size_t more)
{
  bool again = m->pending && block == m->block && size == m->size;
  size_t limit = m->limit + (running ? 0 : HOST_RESERVE);

  if (m->pending && !again)
    m->exhausted = true;
  m->pending = false;
  if (m->used <= limit && more <= limit - m->used)
    return true;
  if (again) {
    m->exhausted = true;
  } else {
    m->pending = true;
    m->block = block;
    m->size = size;
  }
  return false;
}

static void *limited_alloc(void *ud, void *block, size_t old, size_t size)
{
  memory *m = ud;
  void *grown;

  if (!block)
    old = 0; /* Lua passes a type tag here */
  if (size > old && !may_grow(m, block, size, size - old))
    return NULL;
  grown = m->alloc(m->alloc_ud, block, old, size);
  if (grown || size == 0)
    m->used += size - old;
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
  heap.exhausted = heap.pending = false;
  heap.limit = (size_t)limit > heap.used ? (size_t)limit : heap.used;
  lua_setallocf(L, limited_alloc, &heap);
  return 0;
}

/* memory() -> bytes in use, whether the limit was hit */
static int l_memory(lua_State *L)
{
  lua_pushinteger(L, lua_gc(L, LUA_GCCOUNT) * (lua_Integer)1024 +
                         lua_gc(L, LUA_GCCOUNTB));
  lua_pushboolean(L, no_memory());
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

/* Whether a template holds a %p. */
static bool shows_address(const char *template)
{
  const char *at = template;

  while ((at = strchr(at, '%'))) {
    at++;
    at += strspn(at, "-+ #0123456789.");
    if (*at == 'p')
      return true;
    if (*at)
      at++;
  }
  return false;
}

/* format(template, ...): string.format for what has no address; what else comes
 * is made a string first by the function in the first upvalue, since an address
 * differs from run to run. */
static int l_format(lua_State *L)
{
  lua_CFunction format = lua_tocfunction(L, lua_upvalueindex(2));
  int n = lua_gettop(L);

  if (shows_address(luaL_checkstring(L, 1)))
    return luaL_error(L, "string.format: '%%p' shows addresses, which differ "
                         "from run to run");
  for (int i = 2; i <= n; i++) {
    if (lua_type(L, i) != LUA_TLIGHTUSERDATA && lua_type(L, i) < LUA_TTABLE)
      continue;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, i);
    lua_call(L, 1, 1);
    lua_replace(L, i);
  }
  return format(L);
}

/* formatter(to_string) -> function as string.format */
static int l_formatter(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_getglobal(L, "string");
  lua_getfield(L, -1, "format");
  lua_remove(L, -2);
  lua_pushcclosure(L, l_format, 2);
  return 1;
}

int adv_open_sandbox(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"lane", l_lane},       {"resume", l_resume},
      {"current", l_current}, {"charge", l_charge},
      {"thread", l_thread},   {"pairs", l_pairs},
      {"next", l_next},       {"formatter", l_formatter},
      {"memory", l_memory},   {"limit_memory", l_limit_memory},
      {NULL, NULL},
  };
  static const luaL_Reg none[] = {{NULL, NULL}};

  adv_new_type(L, LANE, none, NULL);
  luaL_newlib(L, functions);
  return 1;
}
