/* Lanes: where a script's code runs, with limits on instructions and CPU time
 * that no pcall escapes. */
#include <string.h>

#include "base/watchdog.h"
#include "bindings/sandbox_parts.h"

#define LANE "advisor.lane"

/* The hook runs once per tick: often enough to stop a loop, rarely enough to
 * cost little. */
enum { TICK = 10000 };

typedef struct lane {
  lua_Integer ticks, limit; /* in units of TICK instructions */
  size_t work;              /* done in C since the last tick */
  const char *why;          /* it has ended: "instructions", "memory", "time" */
  size_t growth;            /* memory that it may add, 0: no limit of its own */
  adv_stretch stretch;      /* strings of its info; limit_ns 0: no limit */
  char where[256];          /* file and line at which it ended */
} lane;

/* One Lua state a process runs scripts, on one thread. */
static lane *running;
static const char RUNNING = 'r'; /* registry key of the running lane */
static const char DEAD = 'd';    /* the error value that kills a script */

/* Functions of the program that a script has called are passed over: the
 * script's own line is what its author looks for. */
static bool is_program(const lua_Debug *ar)
{
  return strstr(ar->source, "core/runtime/advisor/") != NULL;
}

/* Finding a level takes time in proportion to it. */
enum { MAX_LEVELS = 100 };

/* Where a thread is. */
static void find_place(lua_State *co, lane *l)
{
  lua_Debug ar;
  bool found = false;

  snprintf(l->where, sizeof l->where, "?");
  for (int level = 0; level < MAX_LEVELS && lua_getstack(co, level, &ar);
       level++) {
    lua_getinfo(co, "Sl", &ar);
    if (ar.currentline <= 0 || (found && is_program(&ar)))
      continue;
    snprintf(l->where, sizeof l->where, "%s:%d", ar.short_src, ar.currentline);
    found = true;
    if (!is_program(&ar))
      return;
  }
}

/* Which limit is reached; NULL where none is. */
static const char *limit_reached(const lane *l)
{
  if (l->why)
    return l->why;
  if (l->ticks > l->limit)
    return "instructions";
  if (adv_memory_exhausted())
    return "memory";
  return adv_watchdog_overdue() ? "time" : NULL;
}

static void on_count(lua_State *L, lua_Debug *ar);

/* Every further instruction raises, so no pcall can go on after this. */
static int end_script(lua_State *L, const char *why)
{
  if (!running->why) {
    running->why = why;
    find_place(L, running);
  }
  lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
  lua_pushlightuserdata(L, (void *)&DEAD);
  return lua_error(L);
}

static void on_count(lua_State *L, lua_Debug *ar)
{
  const char *why;

  (void)ar;
  if (!running)
    return;
  running->ticks++;
  why = limit_reached(running);
  if (why)
    end_script(L, why);
}

void adv_sandbox_work(lua_State *L, size_t amount)
{
  const char *why;

  if (!running)
    return;
  running->work += amount;
  if (running->work >= TICK) {
    running->ticks += (lua_Integer)(running->work / TICK);
    running->work %= TICK;
  }
  why = limit_reached(running);
  if (why)
    end_script(L, why);
}

/* Bytes of a text that are handled in the time of an instruction. */
enum { BYTES_PER_INSTRUCTION = 64 };

/* What a text takes, in instructions; 0 where the value is none. */
static size_t text_size(lua_State *L, int index)
{
  if (lua_type(L, index) != LUA_TSTRING)
    return 0;
  return (size_t)lua_rawlen(L, index) / BYTES_PER_INSTRUCTION;
}

static int l_guarded(lua_State *L)
{
  lua_CFunction fn = lua_tocfunction(L, lua_upvalueindex(1));
  int results;

  if (running)
    adv_sandbox_work(L, text_size(L, 1));
  results = fn(L);
  if (running)
    adv_sandbox_work(L, results > 0 ? text_size(L, -results) : 0);
  return results;
}

/* guarded(fn) -> fn: a C function without upvalues, whose work counts. */
int adv_sandbox_guarded(lua_State *L)
{
  luaL_argcheck(L, lua_iscfunction(L, 1), 1, "a C function is expected");
  lua_settop(L, 1);
  lua_pushcclosure(L, l_guarded, 1);
  return 1;
}

/* What a caught error costs, in instructions: Lua goes through the whole stack
 * each time, and a deep one takes milliseconds. */
enum { ERROR_COST = 100, DEEP = 2000, DEEP_ERROR_COST = 20000 };

static size_t error_cost(lua_State *L)
{
  lua_Debug ar;

  return lua_getstack(L, DEEP, &ar) ? DEEP_ERROR_COST : ERROR_COST;
}

static int finish_pcall(lua_State *L, int status, lua_KContext unused)
{
  bool failed = status != LUA_OK && status != LUA_YIELD;

  (void)unused;
  adv_sandbox_work(L, failed ? error_cost(L) : 1);
  if (!failed)
    return lua_gettop(L);
  lua_pushboolean(L, 0);
  lua_pushvalue(L, -2);
  return 2;
}

/* pcall(fn, ...): as Lua's, but no error is caught once a limit is reached. */
int adv_sandbox_pcall(lua_State *L)
{
  luaL_checkany(L, 1);
  adv_sandbox_work(L, 1);
  lua_pushboolean(L, 1); /* the first result */
  lua_insert(L, 1);
  return finish_pcall(
      L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall), 0);
}

/* A field of a lane's info. The info keeps the string alive. [-0, +0, raises]
 */
static const char *text_of(lua_State *L, int info, const char *name)
{
  const char *text;

  lua_getfield(L, info, name);
  text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
  lua_pop(L, 1);
  return text;
}

/* lane(instructions, info, seconds, growth) -> lane */
int adv_sandbox_lane(lua_State *L)
{
  lua_Integer limit = luaL_checkinteger(L, 1);
  lua_Number seconds = luaL_optnumber(L, 3, 0);
  lua_Integer growth = luaL_optinteger(L, 4, 0);
  lane *l;

  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_argcheck(L, seconds >= 0 && seconds < 1e9, 3, "out of range");
  luaL_argcheck(L, growth >= 0, 4, "out of range");
  l = lua_newuserdatauv(L, sizeof *l, 1);
  memset(l, 0, sizeof *l);
  l->limit = limit / TICK + (limit % TICK > 0);
  l->growth = (size_t)growth;
  l->stretch.limit_ns = (uint64_t)(seconds * 1e9);
  l->stretch.script = text_of(L, 2, "script");
  l->stretch.stage = text_of(L, 2, "stage");
  lua_getfield(L, 2, "round");
  l->stretch.round = lua_tointeger(L, -1);
  lua_pop(L, 1);
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
int adv_sandbox_thread(lua_State *L)
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

/* The limits on time and memory are the outermost lane's: one that runs inside
 * of it uses up the same. */
static void enter(lua_State *L, const lane *l)
{
  if (l->stretch.limit_ns > 0 && adv_watchdog_enter(&l->stretch) != ADV_OK)
    luaL_error(L, "no thread can be had to watch over the script");
  adv_memory_enter(L, l->growth);
}

/* Marks what has ended without a tick, by the limits that still are to be seen
 * here. */
static void leave(lua_State *co, lane *l, bool outermost)
{
  if (!l->why) {
    l->why = limit_reached(l);
    if (l->why)
      find_place(co, l);
  }
  if (!outermost)
    return;
  if (l->stretch.limit_ns > 0)
    adv_watchdog_leave();
  adv_memory_leave();
}

/* resume(lane, thread, ...) -> "yielded" | "returned", ... | "failed", message
 * | "killed", where, why */
int adv_sandbox_resume(lua_State *L)
{
  lane *l = luaL_checkudata(L, 1, LANE), *outer = running;
  lua_State *co = lua_tothread(L, 2);
  int arguments = lua_gettop(L) - 2, results = 0, st;

  luaL_argexpected(L, co, 2, "thread");
  luaL_checkstack(co, arguments + LUA_MINSTACK, "too many arguments");
  if (!outer)
    enter(L, l);
  lua_xmove(L, co, arguments); /* leaves the lane and the thread */
  lua_rawgetp(L, LUA_REGISTRYINDEX, &RUNNING);
  lua_pushvalue(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &RUNNING);
  running = l;
  st = lua_resume(co, L, arguments, &results);
  running = outer;
  leave(co, l, !outer);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &RUNNING); /* the outer one, or nil */
  if (l->why) {
    lua_pushliteral(L, "killed");
    lua_pushstring(L, l->where);
    lua_pushstring(L, l->why);
    return 3;
  }
  lua_pushstring(L, st == LUA_OK      ? "returned"
                    : st == LUA_YIELD ? "yielded"
                                      : "failed");
  if (st != LUA_OK && st != LUA_YIELD)
    results = 1;
  luaL_checkstack(L, results + LUA_MINSTACK, "too many results");
  lua_xmove(co, L, results);
  if (st == LUA_OK) {
    lua_settop(co, 0);
    give_thread(L, 2);
  }
  return results + 1;
}

/* current() -> info of the running lane | nil */
int adv_sandbox_current(lua_State *L)
{
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &RUNNING) == LUA_TUSERDATA)
    lua_getiuservalue(L, -1, 1);
  return 1;
}

/* charge(ticks): as if so many times 10,000 instructions had run. */
int adv_sandbox_charge(lua_State *L)
{
  if (running)
    running->ticks += luaL_checkinteger(L, 1);
  return 0;
}

void adv_open_lanes(lua_State *L)
{
  static const luaL_Reg none[] = {{NULL, NULL}};

  adv_new_type(L, LANE, none, NULL);
}
