/* What the program needs of the operating system beyond io and os: module
 * `system`. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash.h"
#include "bindings/bind.h"
#include "bindings/system_attend.h"
#include "bindings/system_files.h"
#include "bindings/system_run.h"

static int fail_errno(lua_State *L, const char *path)
{
  adv_status st = errno == ENOENT   ? ADV_ENOTFOUND
                  : errno == EEXIST ? ADV_EEXISTS
                  : errno == ENOSPC ? ADV_EFULL
                                    : ADV_EIO;

  return adv_push_failure(L, st, path, adv_errno_text(errno));
}

/* program() -> absolute path of the running program */
static int l_program(lua_State *L)
{
  char path[PATH_MAX];
  ssize_t len = readlink("/proc/self/exe", path, sizeof path);

  if (len < 0)
    return fail_errno(L, "/proc/self/exe");
  lua_pushlstring(L, path, (size_t)len);
  return 1;
}

/* user() -> number of the user whose rights this process has */
static int l_user(lua_State *L)
{
  lua_pushinteger(L, (lua_Integer)geteuid());
  return 1;
}

/* realpath(path) -> absolute path | nil, message, code */
static int l_realpath(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  char resolved[PATH_MAX];

  if (!realpath(path, resolved))
    return fail_errno(L, path);
  lua_pushstring(L, resolved);
  return 1;
}

/* kind(path) -> "file" | "folder" | "other" | nil */
static int l_kind(lua_State *L)
{
  struct stat st;

  if (stat(luaL_checkstring(L, 1), &st) != 0)
    lua_pushnil(L);
  else
    lua_pushstring(L, S_ISREG(st.st_mode)   ? "file"
                      : S_ISDIR(st.st_mode) ? "folder"
                                            : "other");
  return 1;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_shown(const struct dirent *entry)
{
  return entry->d_name[0] != '.';
}

/* list(folder) -> names in order of bytes, hidden ones left out | nil,
 * message, code */
static int l_list(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  struct dirent **entries;
  int n = scandir(path, &entries, is_shown, by_name);

  if (n < 0)
    return fail_errno(L, path);
  lua_createtable(L, n, 0);
  for (int i = 0; i < n; i++) {
    lua_pushstring(L, entries[i]->d_name);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
    free(entries[i]);
  }
  free(entries);
  return 1;
}

/* make_folder(path) -> true | nil, message, code: with its parents, 0700 */
static int l_make_folder(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  char copy[PATH_MAX];

  if (!*path)
    return adv_push_fail(L, ADV_EINVAL, "a folder without a name");
  if (strlen(path) >= sizeof copy)
    return adv_push_fail(L, ADV_ELIMIT, path);
  memcpy(copy, path, strlen(path) + 1);
  for (char *slash = strchr(copy + 1, '/'); slash;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(copy, 0700) != 0 && errno != EEXIST)
      return fail_errno(L, copy);
    *slash = '/';
  }
  if (mkdir(copy, 0700) != 0 && errno != EEXIST)
    return fail_errno(L, copy);
  lua_pushboolean(L, 1);
  return 1;
}

/* sync(path) -> true | nil, message, code: fsync of a file or folder */
static int l_sync(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  int rc;

  if (fd < 0)
    return fail_errno(L, path);
  rc = fsync(fd);
  close(fd);
  if (rc != 0)
    return fail_errno(L, path);
  lua_pushboolean(L, 1);
  return 1;
}

/* is_locked(path) -> whether a process holds flock() on the file */
static int l_is_locked(lua_State *L)
{
  int fd = open(luaL_checkstring(L, 1), O_RDONLY | O_CLOEXEC);
  bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

  if (fd >= 0)
    close(fd);
  lua_pushboolean(L, locked);
  return 1;
}

/* is_terminal(fd) -> boolean */
static int l_is_terminal(lua_State *L)
{
  lua_pushboolean(L, isatty((int)luaL_checkinteger(L, 1)));
  return 1;
}

/* wall_ms() -> milliseconds since 1970 */
static int l_wall_ms(lua_State *L)
{
  lua_pushinteger(L, adv_clock_system()->wall_ms(NULL));
  return 1;
}

/* usage() -> { cpu_s =, peak_kb = } of this process */
static int l_usage(lua_State *L)
{
  struct rusage u;

  getrusage(RUSAGE_SELF, &u);
  lua_createtable(L, 0, 2);
  lua_pushnumber(L, (lua_Number)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                        (lua_Number)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) *
                            1e-6);
  lua_setfield(L, -2, "cpu_s");
  lua_pushinteger(L, u.ru_maxrss);
  lua_setfield(L, -2, "peak_kb");
  return 1;
}

/* crash_point(name): where tests may kill the process; else nothing */
static int l_crash_point(lua_State *L)
{
  adv_crash_point(luaL_checkstring(L, 1));
  return 0;
}

/* exit(code): at once, without closing anything; for the last resort */
static int l_exit(lua_State *L)
{
  _exit((int)luaL_checkinteger(L, 1));
  return 0;
}

static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};
enum { SIGNAL_COUNT = sizeof SIGNALS / sizeof SIGNALS[0] };

typedef struct watcher {
  uv_signal_t handles[SIGNAL_COUNT];
  int open; /* handles that libuv has not closed yet */
  int pending;
  adv_task *task; /* waits for the next signal, or NULL */
} watcher;

static watcher *watching; /* signals belong to the process */

static void on_signal(uv_signal_t *handle, int number)
{
  (void)handle;
  (void)number;
  watching->pending++;
  if (watching->task)
    adv_task_wake(watching->task);
}

/* watch_signals(): SIGINT, SIGTERM and SIGHUP are counted from now on. */
static int l_watch_signals(lua_State *L)
{
  if (watching)
    return 0;
  watching = calloc(1, sizeof *watching);
  if (!watching)
    return adv_raise(L, ADV_ENOMEM, "system.watch_signals");
  for (int i = 0; i < SIGNAL_COUNT; i++) {
    uv_signal_init(adv_loop(L), &watching->handles[i]);
    uv_signal_start(&watching->handles[i], on_signal, SIGNALS[i]);
    uv_unref((uv_handle_t *)&watching->handles[i]);
    watching->open++;
  }
  return 0;
}

static int finish_wait(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  if (watching) {
    watching->task = NULL;
    watching->pending--;
  }
  lua_pushboolean(L, watching != NULL);
  return 1;
}

/* wait_signal() -> true, or false once nobody watches             (yields) */
static int l_wait_signal(lua_State *L)
{
  adv_task *task = adv_task_check(L, "system.wait_signal");

  if (!watching)
    return luaL_error(L, "system.wait_signal: watch_signals() comes first");
  if (watching->pending > 0)
    return finish_wait(L, LUA_OK, 0);
  watching->task = task;
  return adv_task_yield(L, 0, finish_wait);
}

static void on_signal_closed(uv_handle_t *handle)
{
  watcher *w = handle->data;

  if (--w->open == 0)
    free(w);
}

/* unwatch_signals(): the watching ends; signals act as before. */
static int l_unwatch_signals(lua_State *L)
{
  (void)L;
  if (!watching)
    return 0;
  for (int i = 0; i < SIGNAL_COUNT; i++) {
    watching->handles[i].data = watching;
    uv_close((uv_handle_t *)&watching->handles[i], on_signal_closed);
  }
  if (watching->task)
    adv_task_wake(watching->task); /* it hears that nobody watches */
  watching = NULL;
  return 0;
}

int adv_open_system(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"program", l_program},
      {"realpath", l_realpath},
      {"kind", l_kind},
      {"list", l_list},
      {"make_folder", l_make_folder},
      {"sync", l_sync},
      {"is_locked", l_is_locked},
      {"is_terminal", l_is_terminal},
      {"wall_ms", l_wall_ms},
      {"usage", l_usage},
      {"exit", l_exit},
      {"crash_point", l_crash_point},
      {"watch_signals", l_watch_signals},
      {"wait_signal", l_wait_signal},
      {"unwatch_signals", l_unwatch_signals},
      {"info", adv_system_info},
      {"read", adv_system_read},
      {"user", l_user},
      {"disk_free", adv_system_disk_free},
      {"file_limit", adv_system_file_limit},
      {"holds_key", adv_system_holds_key},
      {"names_secret", adv_system_names_secret},
      {"run", adv_system_run},
      {"signal_programs", adv_system_signal_programs},
      {"attend", adv_system_attend},
      {"signal_attended", adv_system_signal_attended},
      {NULL, NULL},
  };

  luaL_newlib(L, functions);
  return 1;
}
