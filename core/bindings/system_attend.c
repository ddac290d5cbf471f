/* system.attend: a sandbox that runs in the place of this program, with its
 * output and errors. It tells on descriptor 3 which process it has made, as
 * bubblewrap does with --info-fd, since it is that one that signals are for. */
#include "bindings/system_attend.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/bind.h"
#include "bindings/system_words.h"

enum { INFO_FD = 3, MOST_INFO = 4096 };

typedef struct attended {
  uv_process_t process;
  uv_pipe_t info;
  char piece[MOST_INFO];
  adv_buf told;
  adv_task *task;
  int open;   /* handles that libuv has not closed yet */
  bool taken; /* the task has the result */
  bool ended;
  int64_t status;
  int signal;
} attended;

static attended *current; /* one at a time, as there is one terminal */

static void free_attended(attended *a)
{
  if (a->open || !a->taken)
    return;
  adv_buf_free(&a->told);
  free(a);
}

static void on_closed(uv_handle_t *handle)
{
  attended *a = handle->data;

  a->open--;
  free_attended(a);
}

static void on_ended(uv_process_t *process, int64_t status, int number)
{
  attended *a = process->data;

  a->status = status;
  a->signal = number;
  a->ended = true;
  uv_close((uv_handle_t *)process, on_closed);
  if (!uv_is_closing((uv_handle_t *)&a->info))
    uv_close((uv_handle_t *)&a->info, on_closed);
  adv_task_wake(a->task);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
  attended *a = handle->data;

  (void)wanted;
  *buf = uv_buf_init(a->piece, sizeof a->piece);
}

static void on_told(uv_stream_t *info, ssize_t n, const uv_buf_t *buf)
{
  attended *a = info->data;

  if (n > 0 && adv_buf_append(&a->told, buf->base, (size_t)n) == ADV_OK)
    return;
  if (n != 0)
    uv_close((uv_handle_t *)info, on_closed);
}

/* The process in the sandbox; 0: it was not told yet. */
static int inner_process(const attended *a)
{
  static const char name[] = "\"child-pid\":";
  const char *found =
      a->told.len > 0 ? memmem(a->told.data, a->told.len, name, sizeof name - 1)
                      : NULL;
  char digits[16] = "";
  size_t left;

  if (!found)
    return 0;
  found += sizeof name - 1;
  left = a->told.len - (size_t)(found - (char *)a->told.data);
  memcpy(digits, found, left < sizeof digits - 1 ? left : sizeof digits - 1);
  return (int)strtol(digits, NULL, 10);
}

int adv_system_signal_attended(lua_State *L)
{
  static const char *const names[] = {"INT", "KILL", NULL};
  static const int numbers[] = {SIGINT, SIGKILL};
  int number = numbers[luaL_checkoption(L, 1, NULL, names)];
  bool there = current && !current->ended;
  int inner = there ? inner_process(current) : 0;

  /* Before it has made its process the sandbox itself ends, and nothing was
   * done. */
  if (there && inner > 0)
    kill(inner, number);
  else if (there)
    kill(current->process.pid, SIGKILL);
  lua_pushboolean(L, there);
  return 1;
}

static int finish(lua_State *L, int lua_status, lua_KContext context)
{
  attended *a = (attended *)context;

  (void)lua_status;
  lua_createtable(L, 0, 2);
  lua_pushinteger(L, (lua_Integer)a->status);
  lua_setfield(L, -2, "status");
  if (a->signal) {
    lua_pushinteger(L, a->signal);
    lua_setfield(L, -2, "signal");
  }
  current = NULL;
  a->taken = true;
  free_attended(a);
  return 1;
}

int adv_system_attend(lua_State *L)
{
  uv_stdio_container_t streams[INFO_FD + 1] = {
      {.flags = UV_IGNORE},
      {.flags = UV_INHERIT_FD, .data.fd = 1},
      {.flags = UV_INHERIT_FD, .data.fd = 2},
      {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE},
  };
  uv_process_options_t options = {
      .stdio = streams,
      .stdio_count = INFO_FD + 1,
      .exit_cb = on_ended,
      /* Ctrl-C is for this program, which passes it on. */
      .flags = UV_PROCESS_DETACHED};
  adv_task *task;
  attended *a;
  int rc;

  luaL_checktype(L, 1, LUA_TTABLE);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  task = adv_task_check(L, "system.attend");
  if (current)
    return luaL_error(L, "system.attend: another program is attended to");
  options.args = adv_check_words(L, 1, "system.attend: argv");
  luaL_argcheck(L, options.args[0], 1, "is empty");
  options.file = options.args[0];
  options.env = adv_check_words(L, 2, "system.attend: environment");
  a = calloc(1, sizeof *a);
  if (!a)
    return adv_push_fail(L, ADV_ENOMEM, "system.attend");
  a->task = task;
  adv_buf_init(&a->told, MOST_INFO);
  uv_pipe_init(adv_loop(L), &a->info, 0);
  a->info.data = a->process.data = a;
  streams[INFO_FD].data.stream = (uv_stream_t *)&a->info;
  rc = uv_spawn(adv_loop(L), &a->process, &options);
  a->open = 2;
  if (rc != 0) {
    a->taken = true;
    uv_close((uv_handle_t *)&a->process, on_closed);
    uv_close((uv_handle_t *)&a->info, on_closed);
    return adv_push_failure(L, rc == UV_ENOENT ? ADV_ENOTFOUND : ADV_EIO,
                            options.file, uv_strerror(rc));
  }
  current = a;
  uv_read_start((uv_stream_t *)&a->info, on_alloc, on_told);
  return adv_task_yield(L, (lua_KContext)a, finish);
}
