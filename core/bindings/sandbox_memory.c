/* The limit on memory of a Lua state that runs scripts. */
#include <stdint.h>

#include "bindings/sandbox_parts.h"

typedef struct memory {
  size_t used, limit;
  bool exhausted; /* a request was refused for good */
  bool pending;   /* this one was refused and may be repeated, since Lua
                     collects garbage and asks once more */
  const void *block;
  size_t size;
  bool script;   /* one runs */
  size_t growth; /* it may add so much, 0: up to the limit */
  size_t before; /* in use when it began */
  lua_Alloc alloc;
  void *alloc_ud;
} memory;

/* One Lua state a process runs scripts, on one thread. */
static memory heap;

/* What the program itself may use beyond the limit, to say that a script has
 * used it up and to end the run in order. */
enum { HOST_RESERVE = 8 << 20 };

/* Without a limit on the state; leaves room for sums. */
#define NO_LIMIT (SIZE_MAX / 4)

bool adv_memory_exhausted(void)
{
  return heap.exhausted || heap.pending;
}

void adv_memory_refused(void)
{
  heap.exhausted = true;
}

static size_t limit_of(const memory *m)
{
  if (!m->script)
    return m->limit + HOST_RESERVE;
  if (m->growth > 0 && m->before + m->growth < m->limit)
    return m->before + m->growth;
  return m->limit;
}

static void *resize(memory *m, void *block, size_t old, size_t size)
{
  void *resized = m->alloc(m->alloc_ud, block, old, size);

  if (resized || size == 0)
    m->used += size - old;
  return resized;
}

/* A script that catches the error must not go on: what it saw depends on what
 * else the process, or the machine, holds. */
static void *grow(memory *m, void *block, size_t old, size_t size)
{
  bool again = m->pending && block == m->block && size == m->size;
  size_t limit = limit_of(m);
  void *grown = NULL;

  if (m->pending && !again)
    m->exhausted = true;
  m->pending = false;
  if (m->used <= limit && size - old <= limit - m->used)
    grown = resize(m, block, old, size);
  if (grown)
    return grown;
  if (again) {
    m->exhausted = true;
  } else {
    m->pending = true;
    m->block = block;
    m->size = size;
  }
  return NULL;
}

static void *limited_alloc(void *ud, void *block, size_t old, size_t size)
{
  memory *m = ud;

  if (!block)
    old = 0; /* Lua passes a type tag here */
  return size > old ? grow(m, block, old, size) : resize(m, block, old, size);
}

static void watch(lua_State *L)
{
  if (heap.alloc)
    return;
  heap.alloc = lua_getallocf(L, &heap.alloc_ud);
  heap.used =
      (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 + (size_t)lua_gc(L, LUA_GCCOUNTB);
  heap.limit = NO_LIMIT;
  lua_setallocf(L, limited_alloc, &heap);
}

void adv_memory_enter(lua_State *L, size_t growth)
{
  if (growth > 0)
    watch(L);
  heap.script = true;
  heap.growth = growth;
  heap.before = heap.used;
}

void adv_memory_leave(void)
{
  heap.script = false;
  if (heap.growth > 0)
    heap.exhausted = heap.pending = false;
}

/* limit_memory(bytes): once a process, for the whole Lua state. */
int adv_sandbox_limit_memory(lua_State *L)
{
  lua_Integer limit = luaL_checkinteger(L, 1);

  luaL_argcheck(L, limit > 0, 1, "must be positive");
  watch(L);
  heap.exhausted = heap.pending = false;
  heap.limit = (size_t)limit > heap.used ? (size_t)limit : heap.used;
  return 0;
}

/* memory() -> bytes in use, whether the limit was hit */
int adv_sandbox_memory(lua_State *L)
{
  lua_pushinteger(L, lua_gc(L, LUA_GCCOUNT) * (lua_Integer)1024 +
                         lua_gc(L, LUA_GCCOUNTB));
  lua_pushboolean(L, adv_memory_exhausted());
  return 2;
}
