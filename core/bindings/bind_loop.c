/* The coroutine scheduler: module `loop`.
 *
 * No Lua runs inside a libuv or libcurl callback: callbacks mark tasks ready,
 * and tasks are resumed between two turns of the loop. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bindings/bind.h"

#define TASK "advisor.task"

typedef struct scheduler scheduler;

struct adv_task {
  scheduler *scheduler;
  adv_task *next_ready;
  lua_State *thread; /* anchored in the registry under the task's address */
  int arguments;     /* on the thread's stack before the first resume */
  bool ready, woken, suspended, ended;
  bool in_suspend, signaled; /* of loop.suspend() and loop.wake() */
  bool watched;              /* loop.run() passes its failure on */
};

struct scheduler {
  uv_loop_t *loop;
  adv_task *running;
  adv_task *first, *last; /* ready to be resumed, in order of wake-up */
};

/* Threads of ended tasks are used again: their stacks have grown already. The
 * registry keeps them in a list under this key. */
static const char IDLE = 'i';
enum { MAX_IDLE = 1024 };

static const char KEY = 'k';

static void on_timer(uv_timer_t *timer);
static void free_sleeper(uv_handle_t *handle);

/* Sleepers that nobody waits for any more; the other modules close theirs. */
static void close_sleeper(uv_handle_t *handle, void *ud)
{
  (void)ud;
  if (handle->type == UV_TIMER && !uv_is_closing(handle) &&
      ((uv_timer_t *)handle)->timer_cb == on_timer)
    uv_close(handle, free_sleeper);
}

/* Where a program ends before all is closed: a thread of libuv's may still tell
 * it that its work is done, so it outlives the Lua state. */
static uv_loop_t *volatile left_open;

static int close_scheduler(lua_State *L)
{
  scheduler *s = lua_touserdata(L, 1);

  if (!s->loop)
    return 0;
  uv_walk(s->loop, close_sleeper, NULL);
  uv_run(s->loop, UV_RUN_NOWAIT);
  if (uv_loop_close(s->loop) == 0)
    free(s->loop);
  else
    left_open = s->loop;
  return 0;
}

static scheduler *get_scheduler(lua_State *L)
{
  scheduler *s;

  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &KEY) == LUA_TUSERDATA) {
    s = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return s;
  }
  lua_pop(L, 1);
  s = lua_newuserdatauv(L, sizeof *s, 0);
  memset(s, 0, sizeof *s);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, close_scheduler);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  s->loop = malloc(sizeof *s->loop);
  if (!s->loop || uv_loop_init(s->loop) != 0) {
    free(s->loop);
    s->loop = NULL;
    luaL_error(L, "the event loop cannot be made: out of memory, or too many "
                  "files are open");
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, &KEY);
  return s;
}

uv_loop_t *adv_loop(lua_State *L)
{
  return get_scheduler(L)->loop;
}

adv_task *adv_task_check(lua_State *L, const char *what)
{
  adv_task *task = get_scheduler(L)->running;
  const char *problem = NULL;

  if (!task)
    problem = "must be called from a task (loop.run)";
  else if (task->thread != L)
    problem = "cannot wait here, inside a coroutine of the task's own";
  else if (!lua_isyieldable(L))
    problem = "cannot wait here, inside a function called from C";
  if (problem)
    luaL_error(L, "%s: %s", what, problem);
  return task;
}

void adv_task_wake(adv_task *task)
{
  scheduler *s = task->scheduler;

  if (task->ended)
    return;
  if (!task->suspended) {
    task->woken = true;
    return;
  }
  if (task->ready)
    return;
  task->ready = true;
  task->next_ready = NULL;
  if (s->last)
    s->last->next_ready = task;
  else
    s->first = task;
  s->last = task;
}

int adv_task_yield(lua_State *L, lua_KContext context, lua_KFunction k)
{
  adv_task *task = get_scheduler(L)->running;

  if (task->woken) {
    task->woken = false;
    return k(L, LUA_YIELD, context);
  }
  return lua_yieldk(L, 0, context, k);
}

/* A thread to run a task on. [-0, +1, m] */
static lua_State *take_thread(lua_State *L)
{
  lua_Integer n;

  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &IDLE) != LUA_TTABLE) {
    lua_pop(L, 1);
    return lua_newthread(L);
  }
  n = (lua_Integer)lua_rawlen(L, -1);
  if (n == 0) {
    lua_pop(L, 1);
    return lua_newthread(L);
  }
  lua_rawgeti(L, -1, n);
  lua_pushnil(L);
  lua_rawseti(L, -3, n);
  lua_remove(L, -2);
  return lua_tothread(L, -1);
}

/* Keeps the thread of a task that has returned. [-0, +0, m] */
static void give_thread(lua_State *L, adv_task *task)
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
    lua_settop(task->thread, 0);
    lua_pushthread(task->thread);
    lua_xmove(task->thread, L, 1);
    lua_rawseti(L, -2, n + 1);
  }
  lua_pop(L, 1);
}

/* Its thread and its userdata stay until it ends: [-0, +1, m]. The function
 * and its arguments are the `n` values on top of the stack of L: [-n]. */
static adv_task *new_task(lua_State *L, int n)
{
  adv_task *task = lua_newuserdatauv(L, sizeof *task, 1);

  *task = (adv_task){.scheduler = get_scheduler(L), .suspended = true};
  luaL_setmetatable(L, TASK);
  task->thread = take_thread(L);
  lua_setiuservalue(L, -2, 1);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, task);
  lua_insert(L, -n - 1);
  luaL_checkstack(task->thread, n + LUA_MINSTACK, "too many arguments");
  lua_xmove(L, task->thread, n);
  task->arguments = n - 1;
  adv_task_wake(task);
  return task;
}

static void report_failure(lua_State *L, adv_task *task)
{
  const char *message = lua_tostring(task->thread, -1);

  luaL_traceback(L, task->thread, message ? message : "(no message)", 0);
  adv_log(ADV_LOG_ERROR, "a task failed: %s", lua_tostring(L, -1));
  lua_pop(L, 1);
}

static void resume(lua_State *L, adv_task *task)
{
  scheduler *s = task->scheduler;
  int results = 0, arguments = task->arguments, st;

  task->arguments = 0;
  task->suspended = false;
  s->running = task;
  st = lua_resume(task->thread, L, arguments, &results);
  s->running = NULL;
  if (st == LUA_YIELD) {
    lua_pop(task->thread, results);
    task->suspended = true;
    if (task->woken) {
      task->woken = false;
      adv_task_wake(task);
    }
    return;
  }
  task->ended = true;
  if (st != LUA_OK && !task->watched)
    report_failure(L, task);
  if (st == LUA_OK && !task->watched)
    give_thread(L, task);
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, task);
}

/* Tasks resumed between two turns of the loop: enough that a turn costs little,
 * few enough that commits and sockets go on while many tasks are ready. */
enum { TASKS_PER_TURN = 16 };

static void resume_ready(lua_State *L, scheduler *s)
{
  for (int i = 0; s->first && i < TASKS_PER_TURN; i++) {
    adv_task *task = s->first;
    s->first = task->next_ready;
    if (!s->first)
      s->last = NULL;
    task->ready = false;
    resume(L, task);
  }
}

static scheduler *check_idle(lua_State *L)
{
  scheduler *s = get_scheduler(L);

  if (s->running)
    luaL_error(L, "loop.run: called from inside a task");
  return s;
}

/* run(fn, ...): see meta/loop.lua */
static int l_run(lua_State *L)
{
  scheduler *s = check_idle(L);
  adv_task *main_task;

  luaL_checktype(L, 1, LUA_TFUNCTION);
  main_task = new_task(L, lua_gettop(L));
  main_task->watched = true;
  while (!main_task->ended) {
    resume_ready(L, s);
    if (main_task->ended)
      break;
    if (!uv_run(s->loop, s->first ? UV_RUN_NOWAIT : UV_RUN_ONCE) && !s->first)
      return luaL_error(L, "loop.run: the task waits for nothing");
  }
  if (lua_status(main_task->thread) != LUA_OK) {
    lua_xmove(main_task->thread, L, 1);
    return lua_error(L);
  }
  lua_settop(L, 1);
  luaL_checkstack(L, lua_gettop(main_task->thread), "too many results");
  lua_xmove(main_task->thread, L, lua_gettop(main_task->thread));
  return lua_gettop(L) - 1;
}

/* spawn(fn, ...) -> task */
static int l_spawn(lua_State *L)
{
  luaL_checktype(L, 1, LUA_TFUNCTION);
  new_task(L, lua_gettop(L));
  lua_settop(L, 1);
  return 1;
}

/* current() -> task | nil */
static int l_current(lua_State *L)
{
  adv_task *task = get_scheduler(L)->running;

  if (task)
    lua_rawgetp(L, LUA_REGISTRYINDEX, task);
  else
    lua_pushnil(L);
  return 1;
}

static int return_nothing(lua_State *L, int status, lua_KContext context)
{
  (void)L;
  (void)status;
  (void)context;
  return 0;
}

static int finish_suspend(lua_State *L, int status, lua_KContext context)
{
  adv_task *task = (adv_task *)context;

  (void)L;
  (void)status;
  task->in_suspend = task->signaled = false;
  return 0;
}

/* suspend()                                                       (yields) */
static int l_suspend(lua_State *L)
{
  adv_task *task = adv_task_check(L, "loop.suspend");

  if (task->signaled)
    return finish_suspend(L, LUA_OK, (lua_KContext)task);
  task->in_suspend = true;
  return adv_task_yield(L, (lua_KContext)task, finish_suspend);
}

/* wake(task): ends its loop.suspend(), or the next one. What else it waits for
 * is not cut short. */
static int l_wake(lua_State *L)
{
  adv_task *task = luaL_checkudata(L, 1, TASK);

  task->signaled = true;
  if (task->in_suspend)
    adv_task_wake(task);
  return 0;
}

typedef struct sleeper {
  uv_timer_t timer;
  adv_task *task;
} sleeper;

static void free_sleeper(uv_handle_t *handle)
{
  free(handle->data);
}

static void on_timer(uv_timer_t *timer)
{
  sleeper *s = timer->data;

  adv_task_wake(s->task);
  uv_close((uv_handle_t *)timer, free_sleeper);
}

/* sleep(ms)                                                       (yields) */
static int l_sleep(lua_State *L)
{
  lua_Integer ms = luaL_checkinteger(L, 1);
  adv_task *task = adv_task_check(L, "loop.sleep");
  sleeper *s;

  luaL_argcheck(L, ms >= 0, 1, "must not be negative");
  s = malloc(sizeof *s);
  if (!s)
    return adv_push_fail(L, ADV_ENOMEM, "loop.sleep");
  s->task = task;
  /* The loop's own idea of now is as old as its last turn. */
  uv_update_time(get_scheduler(L)->loop);
  uv_timer_init(get_scheduler(L)->loop, &s->timer);
  s->timer.data = s;
  uv_timer_start(&s->timer, on_timer, (uint64_t)ms, 0);
  return adv_task_yield(L, 0, return_nothing);
}

/* now() -> seconds on the monotonic clock */
static int l_now(lua_State *L)
{
  lua_pushnumber(L, (lua_Number)uv_hrtime() * 1e-9);
  return 1;
}

int adv_open_loop(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"run", l_run},         {"spawn", l_spawn}, {"current", l_current},
      {"suspend", l_suspend}, {"wake", l_wake},   {"sleep", l_sleep},
      {"now", l_now},         {NULL, NULL},
  };
  static const luaL_Reg methods[] = {{NULL, NULL}};

  adv_new_type(L, TASK, methods, NULL);
  get_scheduler(L);
  luaL_newlib(L, functions);
  return 1;
}
