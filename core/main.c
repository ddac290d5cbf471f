/* The program: a Lua state with the core in it, and the command line in Lua.
 * Its Lua lies beside it: in the source tree one folder up, after an install
 * in ../share/advisor. */
#include <lualib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/printable.h"
#include "base/redact.h"
#include "base/watchdog.h"
#include "bindings/bind.h"

int luaopen_cjson(lua_State *L);

/* Whether the user wants a core to look at, and so lets keys be dumped. */
static bool wants_core(int argc, char **argv)
{
  for (int i = 2; i < argc; i++)
    if (strcmp(argv[i], "--core") == 0)
      return true;
  return false;
}

/* Keys live in memory, so no core is dumped, and no other process of the user's
 * looks into this one. */
static void forbid_dumps(void)
{
  struct rlimit none = {0, 0};

#ifndef __SANITIZE_ADDRESS__ /* whose leak checker looks at the process */
  prctl(PR_SET_DUMPABLE, 0);
#endif
  setrlimit(RLIMIT_CORE, &none);
}

/* Files are the user's own; writing to a closed pipe or beyond a limit is an
 * error, not the end. */
static void harden_process(void)
{
  umask(077);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

/* The folder that holds core/runtime, strategies and principles. */
static bool find_root(char *root, size_t size)
{
  static const char *const places[] = {"/..", "/../share/advisor", NULL};
  char program[4096], file[8192];
  ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
  char *slash;

  if (len < 0)
    return false;
  program[len] = '\0';
  slash = strrchr(program, '/');
  *slash = '\0';
  for (int i = 0; places[i]; i++) {
    snprintf(root, size, "%s%s", program, places[i]);
    snprintf(file, sizeof file, "%s/core/runtime/advisor/cli/main.lua", root);
    if (access(file, R_OK) == 0)
      return true;
  }
  snprintf(root, size, "%s", ADVISOR_SOURCE_DIR);
  snprintf(file, sizeof file, "%s/core/runtime/advisor/cli/main.lua", root);
  return access(file, R_OK) == 0;
}

static int traceback(lua_State *L)
{
  const char *message = lua_tostring(L, 1);

  luaL_traceback(L, L, message ? message : "error without a message", 1);
  return 1;
}

/* A lack of memory is no fault of the program's; a module's name may stand
 * before the words for it. */
static bool tells_no_memory(const char *message)
{
  return strstr(message, "not enough memory") ||
         strstr(message, "Cannot allocate memory") ||
         strstr(message, "out of memory");
}

/* What a Lua error says may hold anything. */
static void complain(const char *message)
{
  adv_buf clean, shown;
  bool said = false;

  adv_buf_init(&clean, SIZE_MAX / 4);
  adv_buf_init(&shown, SIZE_MAX / 4);
  if (!message)
    message = "error without a message";
  if (!tells_no_memory(message) &&
      adv_redact(&clean, message, strlen(message)) == ADV_OK &&
      adv_printable(&shown, clean.data, clean.len, false) == ADV_OK)
    said = fprintf(stderr, "advisor: this is a fault in the program: %s\n",
                   shown.data) > 0;
  if (!said)
    fputs("advisor: out of memory\n", stderr);
  adv_buf_free(&clean);
  adv_buf_free(&shown);
}

/* An error outside of all protection: the end. */
static int panic(lua_State *L)
{
  complain(lua_tostring(L, -1));
  return 0;
}

typedef struct start {
  int argc;
  char **argv;
  const char *root;
} start;

/* Runs protected: out of memory at start is an error like any other. */
static int run(lua_State *L)
{
  const start *s = lua_touserdata(L, 1);

  luaL_openlibs(L);
  luaL_requiref(L, "cjson", luaopen_cjson, 0);
  luaL_requiref(L, "advisor_core", luaopen_advisor_core, 0);
  lua_getglobal(L, "package");
  lua_pushfstring(L, "%s/core/runtime/?.lua", s->root);
  lua_setfield(L, -2, "path");
  lua_pushliteral(L, "");
  lua_setfield(L, -2, "cpath");
  lua_getglobal(L, "require");
  lua_pushliteral(L, "advisor.cli.main");
  lua_call(L, 1, 1);
  lua_createtable(L, s->argc, 1);
  for (int i = 1; i < s->argc; i++) {
    lua_pushstring(L, s->argv[i]);
    lua_rawseti(L, -2, i);
  }
  lua_pushstring(L, s->root);
  lua_call(L, 2, 1);
  return 1;
}

int main(int argc, char **argv)
{
  char root[4200];
  start s = {argc, argv, root};
  lua_State *L;
  int code = 1;

  if (!wants_core(argc, argv))
    forbid_dumps();
  harden_process();
  if (!find_root(root, sizeof root)) {
    fprintf(stderr, "advisor: its Lua files are missing: core/runtime is "
                    "neither beside the program nor in ../share/advisor\n");
    return 1;
  }
  L = luaL_newstate();
  if (!L) {
    fprintf(stderr, "advisor: out of memory\n");
    return 1;
  }
  lua_atpanic(L, panic);
  lua_pushcfunction(L, traceback);
  lua_pushcfunction(L, run);
  lua_pushlightuserdata(L, &s);
  if (lua_pcall(L, 1, 1, 1) == LUA_OK)
    code = (int)lua_tointeger(L, -1);
  else
    complain(lua_tostring(L, -1));
  lua_close(L);
  adv_watchdog_stop();
  adv_redact_forget();
  return code;
}
