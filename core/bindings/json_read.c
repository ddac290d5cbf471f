#include "bindings/json_read.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum {
  DEPTH = 64,
  DIGITS = 15,     /* so many are exact as a whole number and as a double */
  NUMBER = 64,     /* longest text of a number */
  NEEDS_LOOK = -1, /* of a byte that is no hexadecimal digit */
};

#define EACH UINT64_C(0x0101010101010101)

typedef struct reader {
  lua_State *L;
  const char *at, *end; /* of well-formed UTF-8; *end is a NUL */
  adv_buf clean;        /* a string with escapes */
} reader;

static bool read_value(reader *r, int depth);

static void skip_space(reader *r)
{
  while (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t')
    r->at++;
}

static bool take(reader *r, char wanted)
{
  if (*r->at != wanted)
    return false;
  r->at++;
  return true;
}

static int digit_of(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : NEEDS_LOOK;
}

/* The four digits of a \uXXXX that is a character of its own, as UTF-8; its
 * length, or 0. */
static size_t read_code(const char *digits, char *utf8)
{
  unsigned code = 0;

  for (int i = 0; i < 4; i++) {
    int digit = digit_of(digits[i]);
    if (digit < 0)
      return 0;
    code = code << 4 | (unsigned)digit;
  }
  if (code < 0x80) {
    utf8[0] = (char)code;
    return code > 0;
  }
  if (code < 0x800) {
    utf8[0] = (char)(0xc0 | code >> 6);
    utf8[1] = (char)(0x80 | (code & 0x3f));
    return 2;
  }
  if (code >= 0xd800 && code <= 0xdfff)
    return 0;
  utf8[0] = (char)(0xe0 | code >> 12);
  utf8[1] = (char)(0x80 | (code >> 6 & 0x3f));
  utf8[2] = (char)(0x80 | (code & 0x3f));
  return 3;
}

/* At a backslash. */
static bool read_escape(reader *r)
{
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *simple = r->at[1] ? strchr(from, r->at[1]) : NULL;
  char utf8[4];
  size_t len;

  if (simple) {
    r->at += 2;
    return adv_buf_append(&r->clean, &to[simple - from], 1) == ADV_OK;
  }
  if (r->at[1] != 'u' || r->end - r->at < 6)
    return false;
  len = read_code(r->at + 2, utf8);
  r->at += 6;
  return len && adv_buf_append(&r->clean, utf8, len) == ADV_OK;
}

/* Whether some byte is zero; a byte of 0x80 and more may be taken for one
 * after a zero only. */
static uint64_t zeroes(uint64_t word)
{
  return (word - EACH) & ~word & (0x80 * EACH);
}

/* The first quote, backslash or control character; eight bytes at a time while
 * there is none in them. */
static const char *find_odd(const char *p, const char *end)
{
  uint64_t word;

  for (; end - p >= 8; p += 8) {
    memcpy(&word, p, sizeof word);
    if (zeroes(word ^ '"' * EACH) | zeroes(word ^ '\\' * EACH) |
        zeroes(word & 0xe0 * EACH))
      break;
  }
  while ((unsigned char)*p >= 0x20 && *p != '"' && *p != '\\')
    p++;
  return p;
}

/* After the opening quote. */
static bool read_string(reader *r)
{
  const char *odd = find_odd(r->at, r->end);

  if (*odd == '"') {
    lua_pushlstring(r->L, r->at, (size_t)(odd - r->at));
    r->at = odd + 1;
    return true;
  }
  adv_buf_clear(&r->clean);
  for (;;) {
    if (adv_buf_append(&r->clean, r->at, (size_t)(odd - r->at)) != ADV_OK)
      return false;
    r->at = odd;
    if (*odd == '"')
      break;
    if (*odd != '\\' || !read_escape(r))
      return false;
    odd = find_odd(r->at, r->end);
  }
  r->at++;
  lua_pushlstring(r->L, r->clean.data ? r->clean.data : "", r->clean.len);
  return true;
}

static const char *skip_digits(const char *p)
{
  while (*p >= '0' && *p <= '9')
    p++;
  return p;
}

/* A number with a point or an exponent, from `begin` to `end`. */
static bool push_fraction(reader *r, const char *begin, const char *end)
{
  char text[NUMBER];
  size_t len = (size_t)(end - begin);
  lua_Integer whole;
  lua_Number n;

  if (len >= sizeof text)
    return false;
  memcpy(text, begin, len);
  text[len] = '\0';
  n = strtod(text, NULL);
  if (lua_numbertointeger(n, &whole) && (lua_Number)whole == n)
    lua_pushinteger(r->L, whole);
  else
    lua_pushnumber(r->L, n);
  return n - n == 0; /* finite */
}

static bool read_number(reader *r)
{
  const char *begin = r->at, *digits = begin + (*begin == '-');
  const char *p = skip_digits(digits);
  lua_Integer n = 0;

  if (p == digits || p - digits > DIGITS || (*digits == '0' && p - digits > 1))
    return false;
  if (*p != '.' && *p != 'e' && *p != 'E') {
    for (const char *d = digits; d < p; d++)
      n = 10 * n + (*d - '0');
    lua_pushinteger(r->L, *begin == '-' ? -n : n);
    r->at = p;
    return true;
  }
  if (*p == '.') {
    const char *after = skip_digits(p + 1);
    if (after == p + 1)
      return false;
    p = after;
  }
  if (*p == 'e' || *p == 'E') {
    const char *after = p + 1 + (p[1] == '+' || p[1] == '-');
    p = skip_digits(after);
    if (p == after)
      return false;
  }
  r->at = p;
  return push_fraction(r, begin, p);
}

static bool read_word(reader *r, const char *word, size_t len)
{
  if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
    return false;
  r->at += len;
  return true;
}

/* What follows an element: true with *more for a comma. */
static bool read_separator(reader *r, char close, bool *more)
{
  skip_space(r);
  *more = take(r, ',');
  if (*more)
    skip_space(r);
  return *more || take(r, close);
}

static bool read_list(reader *r, int depth)
{
  bool more = true;

  lua_newtable(r->L);
  skip_space(r);
  if (take(r, ']'))
    return true;
  for (lua_Integer i = 1; more; i++) {
    if (!read_value(r, depth) || lua_isnil(r->L, -1))
      return false;
    lua_rawseti(r->L, -2, i);
    if (!read_separator(r, ']', &more))
      return false;
  }
  return true;
}

static bool read_object(reader *r, int depth)
{
  bool more = true;

  lua_createtable(r->L, 0, 4);
  skip_space(r);
  if (take(r, '}'))
    return true;
  while (more) {
    if (!take(r, '"') || !read_string(r))
      return false;
    skip_space(r);
    if (!take(r, ':'))
      return false;
    skip_space(r);
    if (!read_value(r, depth))
      return false;
    lua_rawset(r->L, -3); /* nil for null, also over an earlier value */
    if (!read_separator(r, '}', &more))
      return false;
  }
  return true;
}

static bool push_word(reader *r)
{
  switch (*r->at) {
  case 't':
    lua_pushboolean(r->L, 1);
    return read_word(r, "true", 4);
  case 'f':
    lua_pushboolean(r->L, 0);
    return read_word(r, "false", 5);
  default:
    lua_pushnil(r->L);
    return read_word(r, "null", 4);
  }
}

/* Where it says false, the stack may hold more than before. */
static bool read_value(reader *r, int depth)
{
  if (depth > DEPTH)
    return false;
  luaL_checkstack(r->L, LUA_MINSTACK, "json");
  switch (*r->at) {
  case '{':
    r->at++;
    return read_object(r, depth + 1);
  case '[':
    r->at++;
    return read_list(r, depth + 1);
  case '"':
    r->at++;
    return read_string(r);
  case 't':
  case 'f':
  case 'n':
    return push_word(r);
  default:
    return read_number(r);
  }
}

/* The reader lies in a userdata, since running out of Lua's memory jumps over
 * this file. */
#define READER "advisor.json_reader"

static int collect(lua_State *L)
{
  reader *r = luaL_checkudata(L, 1, READER);

  adv_buf_free(&r->clean);
  return 0;
}

/* One for each Lua state, kept in the registry; nothing here calls Lua code. */
static reader *get_reader(lua_State *L)
{
  static const char key = 'r';
  reader *r;

  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key) == LUA_TUSERDATA) {
    r = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return r;
  }
  lua_pop(L, 1);
  adv_new_type(L, READER, (const luaL_Reg[]){{NULL, NULL}}, collect);
  r = lua_newuserdatauv(L, sizeof *r, 0);
  *r = (reader){0};
  adv_buf_init(&r->clean, (size_t)64 << 20);
  luaL_setmetatable(L, READER);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
  return r;
}

bool adv_json_read(lua_State *L, const char *text, size_t len)
{
  int top = lua_gettop(L);
  reader *r;
  bool fine;

  if (len == 0 || (*text != '{' && *text != '[') || !adv_utf8_valid(text, len))
    return false;
  r = get_reader(L);
  r->L = L;
  r->at = text;
  r->end = text + len;
  fine = read_value(r, 0);
  if (fine)
    skip_space(r);
  fine = fine && r->at == r->end;
  if (!fine)
    lua_settop(L, top);
  if (r->clean.cap > 1 << 20)
    adv_buf_free(&r->clean);
  return fine;
}
