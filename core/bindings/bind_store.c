/* run.db for Lua: module `store`. */
#include <string.h>

#include "bindings/bind.h"

#define STORE "advisor.store"

typedef struct handle {
  adv_store *store; /* NULL once closed */
  bool for_reading;
} handle;

static handle *check(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, STORE);

  luaL_argcheck(L, h->store, 1, "the store is closed");
  return h;
}

adv_store *adv_check_store(lua_State *L, int index)
{
  handle *h = luaL_checkudata(L, index, STORE);

  luaL_argcheck(L, h->store, index, "the store is closed");
  return h->store;
}

static int collect(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, STORE);

  /* A writer that is dropped without close() is about to end with its process;
   * what was acknowledged is on disk. Only the reader closes at once. */
  if (h->store && h->for_reading)
    adv_store_close(h->store, NULL, NULL);
  h->store = NULL;
  return 0;
}

/* open(folder, mode, source) -> store | nil, message, code */
static int l_open(lua_State *L)
{
  static const char *const modes[] = {"create", "write", "read", NULL};
  const char *folder = luaL_checkstring(L, 1);
  int mode = luaL_checkoption(L, 2, "read", modes);
  adv_store_options options = {.mode = (adv_store_mode)mode,
                               .source = luaL_optstring(L, 3, NULL)};
  handle *h = lua_newuserdatauv(L, sizeof *h, 1);
  adv_buf why;
  adv_status st;

  *h = (handle){.for_reading = options.mode == ADV_STORE_READ};
  luaL_setmetatable(L, STORE);
  /* Statements are borrowed by the store: the table keeps their strings. */
  lua_newtable(L);
  lua_setiuservalue(L, -2, 1);
  options.loop = adv_loop(L);
  adv_buf_init(&why, 4096);
  st = adv_store_open(&h->store, folder, &options, &why);
  if (st != ADV_OK)
    return adv_push_why(L, st, folder, &why);
  adv_buf_free(&why);
  return 1;
}

/* The statement's text, kept for the life of the store: of equal strings the
 * one that came first, whose bytes stay where they are. [-0, +0, m] */
static const char *keep_sql(lua_State *L, int index)
{
  const char *sql;

  luaL_checkstring(L, index);
  index = lua_absindex(L, index);
  lua_getiuservalue(L, 1, 1);
  lua_pushvalue(L, index);
  if (lua_rawget(L, -2) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_pushvalue(L, index);
    lua_pushvalue(L, index);
    lua_pushvalue(L, index);
    lua_rawset(L, -4);
  }
  sql = lua_tostring(L, -1);
  lua_pop(L, 2);
  return sql;
}

/* Strings are bound as text. */
static adv_value to_value(lua_State *L, int index)
{
  adv_value v = {.type = ADV_NULL};

  switch (lua_type(L, index)) {
  case LUA_TNIL:
    break;
  case LUA_TBOOLEAN:
    v.type = ADV_INTEGER;
    v.integer = lua_toboolean(L, index);
    break;
  case LUA_TNUMBER:
    v.type = lua_isinteger(L, index) ? ADV_INTEGER : ADV_REAL;
    v.integer = lua_tointeger(L, index);
    v.real = lua_tonumber(L, index);
    break;
  case LUA_TSTRING:
    v.type = ADV_TEXT;
    v.bytes = lua_tolstring(L, index, &v.len);
    break;
  default:
    luaL_error(L, "a %s cannot be stored", luaL_typename(L, index));
  }
  return v;
}

enum { MAX_VALUES = 32 };

typedef struct commit {
  adv_task *task;
  adv_status st;
  char why[512];
} commit;

static void on_commit(void *ud, adv_status st, const char *why)
{
  commit *c = ud;

  c->st = st;
  strncpy(c->why, why, sizeof(c->why) - 1);
  adv_task_wake(c->task);
}

static int finish_write(lua_State *L, int status, lua_KContext context)
{
  commit *c = (commit *)context;

  (void)status;
  if (c->st != ADV_OK)
    return adv_push_failure(L, c->st, "store", c->why);
  lua_pushboolean(L, 1);
  return 1;
}

/* Reads the statement in the table on top of the stack: { sql, values…, n = };
 * gives the number of values, which the table keeps alive. [-0, +0, raises] */
static size_t read_statement(lua_State *L, const char **sql, adv_value *values)
{
  lua_Integer n = adv_field_integer(L, -1, "n", (lua_Integer)lua_rawlen(L, -1));
  int at = lua_gettop(L);

  luaL_argcheck(L, n >= 1 && n <= MAX_VALUES, 2, "too many values");
  lua_rawgeti(L, at, 1);
  *sql = keep_sql(L, -1);
  lua_pop(L, 1);
  for (lua_Integer i = 2; i <= n; i++) {
    lua_rawgeti(L, at, i);
    values[i - 2] = to_value(L, -1);
    lua_pop(L, 1); /* the table still holds it */
  }
  return (size_t)(n - 1);
}

static adv_status add_statement(lua_State *L, adv_batch *batch)
{
  adv_value values[MAX_VALUES];
  const char *sql;
  size_t n = read_statement(L, &sql, values);

  return adv_batch_add(batch, sql, values, n);
}

typedef struct batch_owner {
  adv_batch *batch;
} batch_owner;

#define BATCH "advisor.batch"

static int collect_batch(lua_State *L)
{
  batch_owner *owner = luaL_checkudata(L, 1, BATCH);

  adv_batch_free(owner->batch);
  owner->batch = NULL;
  return 0;
}

/* Builds a batch from the list of statements at index 2, owned by a userdata
 * so that wrong use, which raises, leaks nothing. [-0, +1, raises] */
static batch_owner *build_batch(lua_State *L)
{
  batch_owner *owner = lua_newuserdatauv(L, sizeof *owner, 0);
  adv_status st = ADV_OK;

  owner->batch = NULL;
  luaL_setmetatable(L, BATCH);
  owner->batch = adv_batch_new();
  if (!owner->batch)
    adv_raise(L, ADV_ENOMEM, "store");
  for (lua_Integer i = 1; st == ADV_OK; i++) {
    if (lua_rawgeti(L, 2, i) != LUA_TTABLE) {
      lua_pop(L, 1);
      break;
    }
    st = add_statement(L, owner->batch);
    lua_pop(L, 1);
  }
  if (st != ADV_OK)
    adv_raise(L, st, "store");
  return owner;
}

/* store:write(statements) -> true | nil, message, code           (yields) */
static int l_write(lua_State *L)
{
  handle *h = check(L);
  adv_task *task = adv_task_check(L, "store:write");
  batch_owner *owner;
  commit *c;
  adv_status st;

  luaL_checktype(L, 2, LUA_TTABLE);
  owner = build_batch(L);
  c = lua_newuserdatauv(L, sizeof *c, 0);
  *c = (commit){.task = task};
  st = adv_store_submit(h->store, owner->batch, on_commit, c);
  if (st != ADV_OK)
    return adv_push_fail(L, st, "store");
  owner->batch = NULL;
  return adv_task_yield(L, (lua_KContext)c, finish_write);
}

/* One statement, without a userdata to own its batch: all that raises is done
 * before there is one. */
static adv_status post_one(lua_State *L, adv_store *store)
{
  adv_value values[MAX_VALUES];
  const char *sql;
  size_t n = read_statement(L, &sql, values);

  return adv_store_submit_one(store, sql, values, n, NULL, NULL);
}

static adv_status post_all(lua_State *L, adv_store *store)
{
  batch_owner *owner = build_batch(L);
  adv_status st = adv_store_submit(store, owner->batch, NULL, NULL);

  if (st == ADV_OK)
    owner->batch = NULL;
  return st;
}

/* store:post(statements): as write, without waiting and without a word on
 * failure: for rows that can be made again from what is on disk. */
static int l_post(lua_State *L)
{
  handle *h = check(L);
  adv_status st;

  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  if (lua_rawlen(L, 2) == 1 && lua_rawgeti(L, 2, 1) == LUA_TTABLE)
    st = post_one(L, h->store);
  else
    st = post_all(L, h->store);
  if (st != ADV_OK)
    return adv_push_fail(L, st, "store");
  lua_pushboolean(L, 1);
  return 1;
}

static void push_value(lua_State *L, const adv_value *v)
{
  switch (v->type) {
  case ADV_INTEGER:
    lua_pushinteger(L, v->integer);
    break;
  case ADV_REAL:
    lua_pushnumber(L, v->real);
    break;
  case ADV_TEXT:
  case ADV_BLOB:
    lua_pushlstring(L, v->bytes, v->len);
    break;
  default:
    lua_pushnil(L);
  }
}

typedef struct reading {
  lua_State *L;
  lua_Integer count;
  const adv_value *columns;
  const char *const *names;
  size_t n;
} reading;

/* [-1, +0]: appends one row to the list at index 1. Runs protected, so that
 * running out of memory does not jump over SQLite. */
static int push_row(lua_State *L)
{
  const reading *r = lua_touserdata(L, 2);

  lua_createtable(L, 0, (int)r->n);
  for (size_t i = 0; i < r->n; i++) {
    push_value(L, &r->columns[i]);
    lua_setfield(L, -2, r->names[i]);
  }
  lua_rawseti(L, 1, r->count);
  return 0;
}

static adv_status on_row(void *ud, const adv_value *columns,
                         const char *const *names, size_t n)
{
  reading *r = ud;
  lua_State *L = r->L;

  r->count++;
  r->columns = columns;
  r->names = names;
  r->n = n;
  lua_pushcfunction(L, push_row);
  lua_pushvalue(L, -2);
  lua_pushlightuserdata(L, r);
  if (lua_pcall(L, 2, 0, 0) == LUA_OK)
    return ADV_OK;
  lua_pop(L, 1);
  return ADV_ENOMEM;
}

/* store:query(sql, ...) -> list of rows | nil, message, code */
static int l_query(lua_State *L)
{
  handle *h = check(L);
  const char *sql = keep_sql(L, 2);
  int n = lua_gettop(L) - 2;
  adv_value values[MAX_VALUES];
  reading r = {.L = L};
  adv_buf why;
  adv_status st;

  luaL_argcheck(L, n <= MAX_VALUES, 3, "too many values");
  for (int i = 0; i < n; i++)
    values[i] = to_value(L, 3 + i);
  luaL_checkstack(L, LUA_MINSTACK, "query");
  lua_newtable(L);
  adv_buf_init(&why, 4096);
  st = adv_store_query(h->store, sql, values, (size_t)n, on_row, &r, &why);
  if (st != ADV_OK)
    return adv_push_why(L, st, "store", &why);
  adv_buf_free(&why);
  return 1;
}

/* store:counts() -> { commits, batches, statements } */
static int l_counts(lua_State *L)
{
  adv_store_counts counts = adv_store_counted(check(L)->store);

  lua_createtable(L, 0, 3);
  lua_pushinteger(L, (lua_Integer)counts.commits);
  lua_setfield(L, -2, "commits");
  lua_pushinteger(L, (lua_Integer)counts.batches);
  lua_setfield(L, -2, "batches");
  lua_pushinteger(L, (lua_Integer)counts.statements);
  lua_setfield(L, -2, "statements");
  return 1;
}

/* store:is_full() -> whether the disk was full */
static int l_is_full(lua_State *L)
{
  lua_pushboolean(L, adv_store_counted(check(L)->store).full);
  return 1;
}

static void on_closed(void *ud)
{
  adv_task_wake(ud);
}

static int finish_close(lua_State *L, int status, lua_KContext context)
{
  (void)status;
  (void)context;
  lua_pushboolean(L, 1);
  return 1;
}

/* store:close()                             (yields, unless it only reads) */
static int l_close(lua_State *L)
{
  handle *h = luaL_checkudata(L, 1, STORE);
  adv_store *store = h->store;
  adv_task *task;

  if (!store)
    return finish_close(L, 0, 0);
  if (h->for_reading) {
    h->store = NULL;
    adv_store_close(store, NULL, NULL);
    return finish_close(L, 0, 0);
  }
  task = adv_task_check(L, "store:close");
  h->store = NULL;
  adv_store_close(store, on_closed, task);
  return adv_task_yield(L, 0, finish_close);
}

int adv_open_store(lua_State *L)
{
  static const luaL_Reg functions[] = {{"open", l_open}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"write", l_write},   {"post", l_post},   {"query", l_query},
      {"counts", l_counts}, {"close", l_close}, {"is_full", l_is_full},
      {NULL, NULL},
  };
  static const luaL_Reg none[] = {{NULL, NULL}};

  adv_new_type(L, STORE, methods, collect);
  adv_new_type(L, BATCH, none, collect_batch);
  luaL_newlib(L, functions);
  return 1;
}
