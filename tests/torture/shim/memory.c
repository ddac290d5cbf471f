/* Memory: the C library's, Lua's and SQLite's, each counted on its own. */
#include <errno.h>
#include <lua.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

static struct {
  void *(*malloc)(size_t);
  void *(*calloc)(size_t, size_t);
  void *(*realloc)(void *, size_t);
  void (*free)(void *);
} real;

/* What is asked for while the real functions are being looked up. */
static _Alignas(16) char early[8192];
static size_t early_used;
static bool looking;

static void *take_early(size_t size)
{
  char *p = early + early_used;

  size = (size + 15) / 16 * 16;
  if (size > sizeof early - early_used)
    return NULL;
  early_used += size;
  return p;
}

static bool is_early(const void *p)
{
  return (const char *)p >= early && (const char *)p < early + sizeof early;
}

static bool look_up(void)
{
  if (real.free)
    return true;
  if (looking)
    return false;
  looking = true;
  real.malloc = (void *(*)(size_t))plan_real("malloc");
  real.calloc = (void *(*)(size_t, size_t))plan_real("calloc");
  real.realloc = (void *(*)(void *, size_t))plan_real("realloc");
  real.free = (void (*)(void *))plan_real("free");
  looking = false;
  return true;
}

static bool refused(void)
{
  int error = plan_inside ? 0 : plan_next(K_MALLOC);

  if (error)
    errno = ENOMEM;
  return error != 0;
}

void *malloc(size_t size)
{
  if (!look_up())
    return take_early(size);
  return refused() ? NULL : real.malloc(size);
}

void *calloc(size_t n, size_t size)
{
  if (!look_up())
    return take_early(n * size); /* zero from the start, never used again */
  return refused() ? NULL : real.calloc(n, size);
}

/* Making a block smaller does not fail in any allocator that is in use. */
void *realloc(void *block, size_t size)
{
  if (!look_up())
    return NULL;
  if (is_early(block)) {
    size_t most = (size_t)(early + sizeof early - (char *)block);
    void *fresh = real.malloc(size);

    return fresh ? memcpy(fresh, block, size < most ? size : most) : NULL;
  }
  return refused() ? NULL : real.realloc(block, size);
}

void free(void *block)
{
  if (block && !is_early(block) && look_up())
    real.free(block);
}

/* --- Lua ------------------------------------------------------------------ */

static void *lua_memory(void *ud, void *block, size_t old, size_t size)
{
  void *p = NULL;

  (void)ud;
  plan_inside++;
  if (size == 0)
    free(block);
  else if ((block && size <= old) || !plan_next(K_LUA))
    p = realloc(block, size);
  plan_inside--;
  return p;
}

/* As the library's own, which the program calls: its allocator is this one. */
lua_State *luaL_newstate(void)
{
  lua_State *(*new)(lua_Alloc, void *) =
      (lua_State * (*)(lua_Alloc, void *)) plan_real("lua_newstate");

  return new (lua_memory, NULL);
}

/* --- SQLite --------------------------------------------------------------- */

static sqlite3_mem_methods sqlite;

static void *sqlite_malloc(int size)
{
  void *p = NULL;

  plan_inside++;
  if (!plan_next(K_SQLITE))
    p = sqlite.xMalloc(size);
  plan_inside--;
  return p;
}

static void *sqlite_realloc(void *block, int size)
{
  void *p = NULL;

  plan_inside++;
  if (size <= sqlite.xSize(block) || !plan_next(K_SQLITE))
    p = sqlite.xRealloc(block, size);
  plan_inside--;
  return p;
}

__attribute__((constructor)) static void configure_sqlite(void)
{
  int (*config)(int, ...);
  sqlite3_mem_methods mine;

  plan_inside++;
  config = (int (*)(int, ...))plan_real("sqlite3_config");
  config(SQLITE_CONFIG_GETMALLOC, &sqlite);
  mine = sqlite;
  mine.xMalloc = sqlite_malloc;
  mine.xRealloc = sqlite_realloc;
  config(SQLITE_CONFIG_MALLOC, &mine);
  plan_inside--;
}
