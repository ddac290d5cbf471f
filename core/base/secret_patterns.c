#include "base/secret_patterns.h"

#include <strings.h>

/* Fewest characters that make "sk-" a key, and "Bearer" a token. */
#define KEY_MIN 16
#define TOKEN_MIN 8

typedef struct subject {
  const char *text;
  size_t len;
} subject;

/* Gets the end of the run of adv_is_one_of() characters that starts at `i`. */
static size_t skip_run(const subject *s, size_t i, const char *others)
{
  while (i < s->len && adv_is_one_of(s->text[i], others))
    i++;
  return i;
}

/* True if `word` is at `i`, in any case. */
static bool has(const subject *s, size_t i, const char *word)
{
  size_t len = strlen(word);

  return i <= s->len && len <= s->len - i &&
         !strncasecmp(s->text + i, word, len);
}

/* True if `word` ends just before `i`, in any case. */
static bool has_before(const subject *s, size_t i, const char *word)
{
  size_t len = strlen(word);

  return len <= i && has(s, i - len, word);
}

static bool is_hex_pair(const char *p)
{
  return isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1]);
}

/* The letters of "\n", "%20" and "\u0022" are no part of the word that comes
 * after them. */
static bool starts_word(const subject *s, size_t i)
{
  const char *p = s->text + i;

  if (i == 0 || (!isalnum((unsigned char)p[-1]) && p[-1] != '_'))
    return true;
  return (i >= 2 && p[-2] == '\\') ||
         (i >= 3 && p[-3] == '%' && is_hex_pair(p - 2)) ||
         (i >= 6 && p[-6] == '\\' && p[-5] == 'u' && is_hex_pair(p - 4) &&
          is_hex_pair(p - 2));
}

/* "sk-…", "sk-ant-…"; a server that echoes a key puts stars in its middle. */
static bool find_key(const subject *s, size_t i, adv_secret_range *r)
{
  if (!has(s, i, "sk-") || s->text[i] != 's' || !starts_word(s, i))
    return false;
  r->start = i;
  r->end = skip_run(s, i + 3, "_-*");
  return r->end - (i + 3) >= KEY_MIN;
}

static bool is_authorization(const subject *s, size_t i)
{
  while (i > 0 && strchr(" \t:=\"'\\", s->text[i - 1] ? s->text[i - 1] : 'x'))
    i--;
  return has_before(s, i, "authorization");
}

/* "Bearer …". A bearer is also a person: outside a header, what follows must
 * look like a token, that is long and with a digit in it. */
static bool find_bearer(const subject *s, size_t i, adv_secret_range *r)
{
  size_t at = i + strlen("bearer"), digit;

  if (!has(s, i, "bearer") || !starts_word(s, i))
    return false;
  for (r->start = at; r->start < s->len; r->start++)
    if (s->text[r->start] != ' ' && s->text[r->start] != '\t')
      break;
  r->end = skip_run(s, r->start, "-._~+/=");
  if (r->start == at || r->end == r->start)
    return false;
  for (digit = r->start; digit < r->end; digit++)
    if (isdigit((unsigned char)s->text[digit]))
      break;
  return (digit < r->end && r->end - r->start >= TOKEN_MIN) ||
         is_authorization(s, i);
}

/* True for "key", "apikey", and all that ends in "_key" or "-key". */
static bool is_key_name(const subject *s, size_t start, size_t end)
{
  size_t len = end - start;

  if (!has_before(s, end, "key"))
    return false;
  return len == 3 || (len == 6 && has(s, start, "apikey")) ||
         (len > 3 && strchr("_-", s->text[end - 4]));
}

/* "?key=…", "&api_key=…"; the ampersand may be written for HTML or JSON. */
static bool find_parameter(const subject *s, size_t i, adv_secret_range *r)
{
  const size_t longest = 64;
  size_t name = i;

  while (name > 0 && i - name < longest &&
         adv_is_one_of(s->text[name - 1], "_-"))
    name--;
  if (name == 0)
    return false;
  if (has_before(s, name, "\\") && has(s, name, "u0026"))
    name += strlen("u0026");
  else if (!has_before(s, name, "?") && !has_before(s, name, "&") &&
           !has_before(s, name, "&amp;"))
    return false;
  if (name > i || !is_key_name(s, name, i))
    return false;
  r->start = i + 1;
  r->end = skip_run(s, r->start, "-._~%+/=:@!$*,");
  return r->end > r->start;
}

/* "scheme://user:password@host". */
static bool find_user_info(const subject *s, size_t i, adv_secret_range *r)
{
  size_t at = i + 1, slashes;

  for (slashes = 0; slashes < 2; slashes++) {
    if (has(s, at, "\\"))
      at++; /* "\/" in JSON */
    if (!has(s, at, "/"))
      return false;
    at++;
  }
  r->start = r->end = at;
  for (; at < s->len; at++) {
    unsigned char c = (unsigned char)s->text[at];

    if (c <= ' ' || strchr("/?#\"'<>\\", c))
      break;
    if (c == '@')
      r->end = at;
  }
  return r->end > r->start;
}

bool adv_secret_pattern(const char *text, size_t len, size_t i,
                        adv_secret_range *range)
{
  const subject given = {.text = text, .len = len}, *s = &given;

  switch (text[i]) {
  case 's':
    return find_key(s, i, range);
  case 'b':
  case 'B':
    return find_bearer(s, i, range);
  case '=':
    return find_parameter(s, i, range);
  case ':':
    return find_user_info(s, i, range);
  default:
    return false;
  }
}
