/* bind.h - what all Lua modules of the core share. Only this folder includes
 * lua.h.
 *
 * Wrong use raises (luaL_arg*); the world's failures are returned as
 * nil, message, code. Stack effects stand in brackets: [-popped, +pushed, may
 * raise (m: only out of memory)]. */
#ifndef ADV_BIND_H
#define ADV_BIND_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <uv.h>

#include "base/buf.h"
#include "base/status.h"
#include "net/http.h"
#include "store/store.h"

/* nil, "what: timed out", "ETIMEDOUT"; use as a tail call. [-0, +3, m] */
int adv_push_fail(lua_State *L, adv_status st, const char *what);

/* As above with words of the caller's own after "what: ". [-0, +3, m] */
int adv_push_failure(lua_State *L, adv_status st, const char *what,
                     const char *why);

/* As above; the words are `why`'s, which is freed first. [-0, +3, m] */
int adv_push_why(lua_State *L, adv_status st, const char *what, adv_buf *why);

/* Raises "what: out of memory" where returning a failure will not do. */
int adv_raise(lua_State *L, adv_status st, const char *what);

/* Memory was refused: no script that runs goes on, and the run pauses. */
void adv_memory_refused(void);

/* Pushes the contents of `b` and frees it, also where this raises. [-0, +1, m]
 */
void adv_push_buf(lua_State *L, adv_buf *b);

/* Makes a metatable with `methods` as its __index and, unless NULL, `gc` as
 * its __gc. [-0, +0, m] */
void adv_new_type(lua_State *L, const char *name, const luaL_Reg *methods,
                  lua_CFunction gc);

/* The field of the table at `index`, converted; the default where it is nil;
 * raises where it has another type. The strings live as long as the table.
 * [-0, +0, raises] */
const char *adv_field_string(lua_State *L, int index, const char *name,
                             size_t *len, const char *otherwise);
lua_Integer adv_field_integer(lua_State *L, int index, const char *name,
                              lua_Integer otherwise);
bool adv_field_boolean(lua_State *L, int index, const char *name);

/* The list of texts in the field into `list`, which has room for `most` and a
 * NULL; what is beyond that is left out. Raises where one of them, or a text
 * that adv_field_string() gives without its length, holds a NUL byte: C would
 * take the text to end there. [-0, +0, raises] */
void adv_field_strings(lua_State *L, int index, const char *name,
                       const char **list, size_t most);

/* Reads the key that the fields key_env or key_file of the table at `index`
 * name, as adv_key_load(). [-0, +0, raises] */
adv_status adv_field_key(lua_State *L, int index, char **key, adv_buf *why);

/* Reads the fields proxy, proxy_env (a variable that holds the proxy's URL,
 * which may hold a password) and ca_file of the table at `index`. [-0, +0,
 * raises] */
void adv_field_connection(lua_State *L, int index, adv_http_options *options);

/* Tasks: coroutines that wait without blocking the loop. A task is anchored
 * until it ends. One scheduler a Lua state. */
typedef struct adv_task adv_task;

/* The loop of this Lua state, made on first use. [-0, +0, m] */
uv_loop_t *adv_loop(lua_State *L);

/* The running task, for a function that is about to yield; raises outside a
 * task, and where a C call in between cannot be yielded across, naming `what`.
 * [-0, +0, raises] */
adv_task *adv_task_check(lua_State *L, const char *what);

/* Yields the running task until it is woken; `k` then makes the results. A
 * wake that comes before the yield is not lost. Use as a tail call. */
int adv_task_yield(lua_State *L, lua_KContext context, lua_KFunction k);

/* Marks a task to be resumed on the loop's next turn. Touches no Lua, so it
 * may be called from any callback. */
void adv_task_wake(adv_task *task);

/* The store behind the userdata at `index`; raises if it is closed. */
adv_store *adv_check_store(lua_State *L, int index);

/* One function for each module, listed in modules.c. */
int adv_open_calls(lua_State *L);
int adv_open_dedup(lua_State *L);
int adv_open_forward(lua_State *L);
int adv_open_json(lua_State *L);
int adv_open_log(lua_State *L);
int adv_open_loop(lua_State *L);
int adv_open_measure(lua_State *L);
int adv_open_probe(lua_State *L);
int adv_open_rng(lua_State *L);
int adv_open_sandbox(lua_State *L);
int adv_open_store(lua_State *L);
int adv_open_system(lua_State *L);
int adv_open_text(lua_State *L);

/* require "advisor_core": the table of all modules. */
int luaopen_advisor_core(lua_State *L);

#endif
