/* system.run: another program, without a shell.
 *
 * A child has three handles: the process and the pipes of its output and its
 * errors. It is done once the process has ended and both pipes are at their
 * end; its memory is freed once libuv has closed the last handle and the task
 * has taken the result. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/key.h"
#include "bindings/bind.h"
#include "bindings/system_run.h"
#include "bindings/system_words.h"

/* What is kept of either stream; a program that writes more goes on, and the
 * rest is read and left out. */
enum { MOST_OUTPUT = 4 * 1024 * 1024 };

typedef struct child child;
struct child {
  child *next, *previous; /* of those whose process has not ended */
  uv_process_t process;
  uv_pipe_t pipes[2]; /* standard output, standard error */
  uv_timer_t timer;
  adv_buf read[2];
  char piece[2][4096];
  adv_task *task;
  int pending; /* of process and pipes, those that are not done */
  int open;    /* handles that libuv has not closed yet */
  bool taken;  /* the task has the result */
  bool late;   /* was ended because its time was up */
  bool cut;    /* wrote more than is kept */
  int64_t status;
  int signal;
};

static child *running;

static void add_running(child *c)
{
  c->next = running;
  if (running)
    running->previous = c;
  running = c;
}

static void remove_running(child *c)
{
  if (c->next)
    c->next->previous = c->previous;
  if (c->previous)
    c->previous->next = c->next;
  else
    running = c->next;
}

static void free_child(child *c)
{
  if (c->open || !c->taken)
    return;
  adv_buf_free(&c->read[0]);
  adv_buf_free(&c->read[1]);
  free(c);
}

static void on_closed(uv_handle_t *handle)
{
  child *c = handle->data;

  c->open--;
  free_child(c);
}

static void one_done(child *c)
{
  if (--c->pending)
    return;
  uv_close((uv_handle_t *)&c->timer, on_closed);
  adv_task_wake(c->task);
}

static void on_ended(uv_process_t *process, int64_t status, int number)
{
  child *c = process->data;

  c->status = status;
  c->signal = number;
  remove_running(c);
  uv_close((uv_handle_t *)process, on_closed);
  one_done(c);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
  child *c = handle->data;
  char *piece = c->piece[handle == (uv_handle_t *)&c->pipes[1]];

  (void)wanted;
  *buf = uv_buf_init(piece, sizeof c->piece[0]);
}

static void close_pipe(child *c, uv_pipe_t *pipe)
{
  if (uv_is_closing((uv_handle_t *)pipe))
    return;
  uv_close((uv_handle_t *)pipe, on_closed);
  one_done(c);
}

static void on_read(uv_stream_t *pipe, ssize_t n, const uv_buf_t *buf)
{
  child *c = pipe->data;
  adv_buf *read = &c->read[pipe == (uv_stream_t *)&c->pipes[1]];

  if (n > 0 && adv_buf_append(read, buf->base, (size_t)n) != ADV_OK)
    c->cut = true;
  if (n < 0)
    close_pipe(c, (uv_pipe_t *)pipe);
}

/* The whole group ends; what has left the group may still hold the pipes, which
 * are read no more. */
static void on_time_up(uv_timer_t *timer)
{
  child *c = timer->data;

  c->late = true;
  kill(-c->process.pid, SIGKILL);
  close_pipe(c, &c->pipes[0]);
  close_pipe(c, &c->pipes[1]);
}

/* The program's own environment without what may be a secret, left on the
 * stack. [-0, +1, m] */
static char **keyless_environment(lua_State *L)
{
  size_t count = 0, kept = 0;
  char **list;

  while (environ[count])
    count++;
  list = lua_newuserdatauv(L, (count + 1) * sizeof *list, 0);
  for (size_t i = 0; i < count; i++) {
    size_t len = strcspn(environ[i], "=");
    bool secret;

    lua_pushlstring(L, environ[i], len);
    secret = adv_key_is_named(lua_tostring(L, -1));
    lua_pop(L, 1);
    if (!secret)
      list[kept++] = environ[i];
  }
  list[kept] = NULL;
  return list;
}

/* The environment of the options, or NULL where the program's own is passed
 * on. [-0, +2, raises] */
static char **check_environment(lua_State *L)
{
  if (lua_getfield(L, 2, "environment") == LUA_TNIL) {
    if (adv_field_boolean(L, 2, "keyless"))
      return keyless_environment(L);
    lua_pushnil(L);
    return NULL;
  }
  luaL_argcheck(L, lua_istable(L, -1), 2, "environment must be a list");
  return adv_check_words(L, lua_gettop(L), "system.run: environment");
}

static void add_handle(child *c, uv_handle_t *handle)
{
  handle->data = c;
  c->open++;
}

static child *new_child(lua_State *L, adv_task *task)
{
  child *c = calloc(1, sizeof *c);

  if (!c)
    return NULL;
  c->task = task;
  adv_buf_init(&c->read[0], MOST_OUTPUT);
  adv_buf_init(&c->read[1], MOST_OUTPUT);
  uv_timer_init(adv_loop(L), &c->timer);
  add_handle(c, (uv_handle_t *)&c->timer);
  for (int i = 0; i < 2; i++) {
    uv_pipe_init(adv_loop(L), &c->pipes[i], 0);
    add_handle(c, (uv_handle_t *)&c->pipes[i]);
  }
  return c;
}

static adv_status status_of(int rc)
{
  return rc == UV_ENOENT ? ADV_ENOTFOUND : ADV_EIO;
}

/* A child that could not be started: its handles are closed. */
static int fail_start(lua_State *L, child *c, int rc, const char *program)
{
  c->taken = true;
  uv_close((uv_handle_t *)&c->timer, on_closed);
  uv_close((uv_handle_t *)&c->pipes[0], on_closed);
  uv_close((uv_handle_t *)&c->pipes[1], on_closed);
  add_handle(c, (uv_handle_t *)&c->process); /* uv_spawn() has made it */
  uv_close((uv_handle_t *)&c->process, on_closed);
  return adv_push_failure(L, status_of(rc), program, uv_strerror(rc));
}

static int finish_run(lua_State *L, int lua_status, lua_KContext context)
{
  child *c = (child *)context;
  bool late;

  (void)lua_status;
  lua_createtable(L, 0, 5);
  lua_pushinteger(L, (lua_Integer)c->status);
  lua_setfield(L, -2, "status");
  if (c->signal) {
    lua_pushinteger(L, c->signal);
    lua_setfield(L, -2, "signal");
  }
  lua_pushlstring(L, c->read[0].data ? c->read[0].data : "", c->read[0].len);
  lua_setfield(L, -2, "output");
  lua_pushlstring(L, c->read[1].data ? c->read[1].data : "", c->read[1].len);
  lua_setfield(L, -2, "errors");
  lua_pushboolean(L, c->cut);
  lua_setfield(L, -2, "cut");
  late = c->late;
  c->taken = true;
  free_child(c);
  if (!late)
    return 1;
  lua_rawgeti(L, 1, 1);
  return adv_push_fail(L, ADV_ETIMEDOUT, lua_tostring(L, -1));
}

static void on_left(uv_handle_t *process)
{
  free(process);
}

/* Starts a program that is left to itself. */
static int leave(lua_State *L, uv_process_options_t *options)
{
  uv_process_t *process = calloc(1, sizeof *process);
  int rc, pid;

  if (!process)
    return adv_push_fail(L, ADV_ENOMEM, "system.run");
  for (int i = 0; i < options->stdio_count; i++)
    options->stdio[i].flags = UV_IGNORE;
  options->exit_cb = NULL;
  rc = uv_spawn(adv_loop(L), process, options);
  pid = process->pid;
  uv_close((uv_handle_t *)process, on_left);
  if (rc != 0)
    return adv_push_failure(L, status_of(rc), options->file, uv_strerror(rc));
  lua_createtable(L, 0, 1);
  lua_pushinteger(L, pid);
  lua_setfield(L, -2, "pid");
  return 1;
}

int adv_system_signal_programs(lua_State *L)
{
  lua_Integer n = 0;

  for (child *c = running; c; c = c->next, n++)
    kill(-c->process.pid, SIGINT);
  lua_pushinteger(L, n);
  return 1;
}

int adv_system_run(lua_State *L)
{
  uv_stdio_container_t streams[3] = {{.flags = UV_IGNORE}};
  uv_process_options_t options = {
      .stdio = streams,
      .stdio_count = 3,
      .exit_cb = on_ended,
      /* A group of its own: Ctrl-C is for this program, and what the child has
       * started can be ended with it. */
      .flags = UV_PROCESS_DETACHED};
  adv_task *task;
  lua_Integer limit;
  child *c;
  int rc;

  luaL_checktype(L, 1, LUA_TTABLE);
  if (lua_isnoneornil(L, 2)) {
    lua_settop(L, 1);
    lua_newtable(L);
  }
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  task = adv_task_check(L, "system.run");
  options.args = adv_check_words(L, 1, "system.run: argv");
  luaL_argcheck(L, options.args[0], 1, "is empty");
  options.file = options.args[0];
  options.env = check_environment(L);
  options.cwd = adv_field_string(L, 2, "folder", NULL, NULL);
  limit = adv_field_integer(L, 2, "limit_ms", 0);
  luaL_argcheck(L, limit >= 0, 2, "limit_ms must not be negative");
  if (adv_field_boolean(L, 2, "detached"))
    return leave(L, &options);
  c = new_child(L, task);
  if (!c)
    return adv_push_fail(L, ADV_ENOMEM, "system.run");
  for (int i = 0; i < 2; i++) {
    streams[i + 1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    streams[i + 1].data.stream = (uv_stream_t *)&c->pipes[i];
  }
  rc = uv_spawn(adv_loop(L), &c->process, &options);
  if (rc != 0)
    return fail_start(L, c, rc, options.file);
  add_handle(c, (uv_handle_t *)&c->process);
  add_running(c);
  c->pending = 3;
  if (limit > 0)
    uv_timer_start(&c->timer, on_time_up, (uint64_t)limit, 0);
  for (int i = 0; i < 2; i++)
    uv_read_start((uv_stream_t *)&c->pipes[i], on_alloc, on_read);
  return adv_task_yield(L, (lua_KContext)c, finish_run);
}
