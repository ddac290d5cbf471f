/* Measures that need a library or many sums: module `measure`. */
#include <string.h>

#include "bindings/bind.h"
#include "measure/compress.h"
#include "measure/spectrum.h"

/* Numbers in one call: 512 MiB of them. */
enum { MAX_NUMBERS = 1 << 26 };

typedef struct rows {
  double *numbers; /* belongs to a userdata on the stack */
  size_t n, d;
} rows;

/* The numbers in the row on top of the stack. */
static size_t width(lua_State *L)
{
  size_t len = lua_rawlen(L, -1);

  if (lua_type(L, -1) == LUA_TSTRING) {
    luaL_argcheck(L, len % sizeof(float) == 0, 1,
                  "a packed row is cut off within a number");
    return len / sizeof(float);
  }
  luaL_argcheck(L, lua_type(L, -1) == LUA_TTABLE, 1,
                "a row is neither a list of numbers nor a packed string");
  return len;
}

static void read_row(lua_State *L, double *out, size_t d)
{
  if (lua_type(L, -1) == LUA_TSTRING) {
    const char *packed = lua_tostring(L, -1);
    for (size_t i = 0; i < d; i++) {
      float number;
      memcpy(&number, packed + i * sizeof number, sizeof number);
      out[i] = (double)number;
    }
    return;
  }
  for (size_t i = 0; i < d; i++) {
    int is_number;
    lua_rawgeti(L, -1, (lua_Integer)i + 1);
    out[i] = lua_tonumberx(L, -1, &is_number);
    luaL_argcheck(L, is_number, 1, "a row holds something else than numbers");
    lua_pop(L, 1);
  }
}

/* Argument 1, a list of rows of equal width, as numbers in a userdata that is
 * left on the stack. [-0, +1, raises] */
static rows check_rows(lua_State *L)
{
  rows r = {0};

  luaL_checktype(L, 1, LUA_TTABLE);
  r.n = lua_rawlen(L, 1);
  luaL_argcheck(L, r.n > 0, 1, "the list is empty");
  lua_rawgeti(L, 1, 1);
  r.d = width(L);
  lua_pop(L, 1);
  luaL_argcheck(L, r.d > 0, 1, "the rows are empty");
  luaL_argcheck(L, r.n <= MAX_NUMBERS / r.d, 1, "too many numbers");
  r.numbers = lua_newuserdatauv(L, r.n * r.d * sizeof *r.numbers, 0);
  for (size_t i = 0; i < r.n; i++) {
    lua_rawgeti(L, 1, (lua_Integer)i + 1);
    luaL_argcheck(L, width(L) == r.d, 1, "the rows differ in length");
    read_row(L, r.numbers + i * r.d, r.d);
    lua_pop(L, 1);
  }
  return r;
}

static double check_order(lua_State *L)
{
  double q = luaL_optnumber(L, 2, 1);

  luaL_argcheck(L, q >= 0, 2, "the order is below 0");
  return q;
}

/* Numbers that are wrong are the caller's mistake, the rest is the world's. */
static int push_score(lua_State *L, adv_status st, double score,
                      const char *what, const char *wrong)
{
  if (st == ADV_EINVAL)
    return luaL_argerror(L, 1, wrong);
  if (st == ADV_ENOTFOUND)
    return adv_push_failure(L, st, what,
                            "liblapack.so.3 is missing (Debian: liblapack3)");
  if (st != ADV_OK)
    return adv_push_fail(L, st, what);
  lua_pushnumber(L, score);
  return 1;
}

static const char WRONG_VECTORS[] = "a vector is zero or not finite";

/* vendi(vectors[, q]) -> score | nil, message, code */
static int l_vendi(lua_State *L)
{
  double q = check_order(L), score = 0;
  rows r = check_rows(L);
  adv_status st = adv_vendi_vectors(r.numbers, r.n, r.d, q, &score);

  return push_score(L, st, score, "measure.vendi", WRONG_VECTORS);
}

/* vendi_similarity(matrix[, q]) -> score | nil, message, code */
static int l_vendi_similarity(lua_State *L)
{
  double q = check_order(L), score = 0;
  rows r = check_rows(L);
  adv_status st;

  luaL_argcheck(L, r.n == r.d, 1, "the matrix is not square");
  st = adv_vendi_matrix(r.numbers, r.n, q, &score);
  return push_score(L, st, score, "measure.vendi_similarity",
                    "the matrix is not symmetric with ones on its diagonal");
}

/* nearest_distance(vectors) -> distance | nil, message, code */
static int l_nearest_distance(lua_State *L)
{
  rows r = check_rows(L);
  double mean = 0;
  adv_status st;

  luaL_argcheck(L, r.n > 1, 1, "one vector has no other");
  st = adv_nearest_distance(r.numbers, r.n, r.d, &mean);
  return push_score(L, st, mean, "measure.nearest_distance", WRONG_VECTORS);
}

/* compressed_size(text) -> bytes | nil, message, code */
static int l_compressed_size(lua_State *L)
{
  size_t len, size = 0;
  const char *text = luaL_checklstring(L, 1, &len);
  adv_status st = adv_compressed_size(text, len, &size);

  if (st != ADV_OK)
    return adv_push_fail(L, st, "measure.compressed_size");
  lua_pushinteger(L, (lua_Integer)size);
  return 1;
}

int adv_open_measure(lua_State *L)
{
  static const luaL_Reg functions[] = {
      {"vendi", l_vendi},
      {"vendi_similarity", l_vendi_similarity},
      {"nearest_distance", l_nearest_distance},
      {"compressed_size", l_compressed_size},
      {NULL, NULL},
  };

  luaL_newlib(L, functions);
  return 1;
}
