/* The log for Lua: module `log`. */
#include "base/log.h"

#include "base/redact.h"
#include "bindings/bind.h"

static const char *const levels[] = {"debug", "info",   "warn",
                                     "error", "silent", NULL};

/* write(level, text) */
static int l_write(lua_State *L)
{
  int level = luaL_checkoption(L, 1, "info", levels);
  size_t len;
  const char *text = luaL_checklstring(L, 2, &len);

  adv_log_write((adv_log_level)level, text, len);
  return 0;
}

/* level(level): what reaches standard error */
static int l_level(lua_State *L)
{
  adv_log_stderr_level((adv_log_level)luaL_checkoption(L, 1, NULL, levels));
  return 0;
}

/* file(path | nil) -> true | nil, message, code */
static int l_file(lua_State *L)
{
  const char *path = luaL_optstring(L, 1, NULL);
  adv_status st = adv_log_file(path);

  if (st != ADV_OK)
    return adv_push_fail(L, st, path ? path : "log");
  lua_pushboolean(L, 1);
  return 1;
}

/* redact(text) -> text without secrets */
static int l_redact(lua_State *L)
{
  size_t len;
  const char *text = luaL_checklstring(L, 1, &len);
  adv_buf out;
  adv_status st;

  adv_buf_init(&out, len * 4 + 64);
  st = adv_redact(&out, text, len);
  if (st != ADV_OK) {
    adv_buf_free(&out);
    return adv_push_fail(L, st, "log.redact");
  }
  adv_push_buf(L, &out);
  return 1;
}

int adv_open_log(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"write", l_write},   {"level", l_level}, {"file", l_file},
      {"redact", l_redact}, {NULL, NULL},
  };

  luaL_newlib(L, functions);
  return 1;
}
