#include "base/redact.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/written.h"

#define MARK "[redacted]"

/* Shorter secrets would garble ordinary text. */
#define SECRET_MIN 6

/* No provider's key is shorter. Servers of one's own are given words in the
 * place of one ("ollama", "not-needed"), which a model may say. */
#define REAL_MIN 16

/* Fewest characters that make "sk-" a key, and "Bearer" a token. */
#define KEY_MIN 16
#define TOKEN_MIN 8

/* A registered secret, or what base64 makes of it. In pages for secrets. */
typedef struct form {
  struct form *next;
  bool encoded;      /* base64, which stands as it is; else as of written.h */
  bool shares;       /* base64: its last bits are in the character after it */
  size_t secret_len; /* of the secret itself */
  size_t len;
  char text[];
} form;

static form *forms;

/* Whether some form begins with this byte. */
static bool begins[256];

/* Whether some secret holds these two bytes in a row, a bit each. */
static unsigned char pairs[65536 / 8];

/* NULL if there is no memory. */
static form *new_form(size_t cap, size_t secret_len)
{
  form *f = adv_secret_alloc(sizeof(*f) + cap);

  if (f)
    f->secret_len = secret_len;
  return f;
}

/* Takes over `f`; forms that are there already, or empty, are dropped. */
static adv_status keep(form *f)
{
  const form *other;

  if (!f)
    return ADV_ENOMEM;
  for (other = forms; other; other = other->next)
    if (other->len == f->len && !memcmp(other->text, f->text, f->len))
      break;
  if (other || f->len == 0) {
    adv_secret_free(f);
    return ADV_OK;
  }
  begins[(unsigned char)f->text[0]] = true;
  f->next = forms;
  forms = f;
  return ADV_OK;
}

static size_t pair_of(const char *p)
{
  return (size_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

static adv_status keep_plain(const char *secret, size_t len)
{
  /* What a character may be escaped with begins a form as well. */
  static const char escapes[] = "\\%&";
  form *f = new_form(len, len);

  if (!f)
    return ADV_ENOMEM;
  memcpy(f->text, secret, len);
  f->len = len;
  for (size_t i = 0; i + 1 < len; i++)
    pairs[pair_of(secret + i) / 8] |=
        (unsigned char)(1 << pair_of(secret + i) % 8);
  for (size_t i = 0; i < strlen(escapes); i++)
    begins[(unsigned char)escapes[i]] = true;
  return keep(f);
}

/* True for alphanumeric characters and those in `others`. */
static bool is_one_of(char c, const char *others)
{
  return isalnum((unsigned char)c) || (c && strchr(others, c));
}

/* Encodes the secret as it comes out after `before` other bytes ("user:" in
 * basic authentication). Characters that also depend on the neighbours are
 * left out. */
static form *base64_form(const char *secret, size_t len, size_t before,
                         const char *digits)
{
  size_t total = before + len;
  size_t first = (before * 8 + 5) / 6, last = total * 8 / 6;
  form *f = new_form(last - first, len);
  size_t i;

  if (!f)
    return NULL;
  f->encoded = true;
  f->shares = total % 3 != 0;
  for (i = first; i < last; i++) {
    size_t byte = i * 6 / 8;
    unsigned high = (unsigned char)secret[byte - before];
    unsigned low =
        byte + 1 < total ? (unsigned char)secret[byte + 1 - before] : 0;

    f->text[f->len++] = digits[((high << 8 | low) >> (10 - i * 6 % 8)) & 63];
  }
  return f;
}

static adv_status keep_base64(const char *secret, size_t len)
{
  static const char *const alphabets[] = {
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
  };
  adv_status st = ADV_OK;
  size_t i;

  for (i = 0; i < 6 && st == ADV_OK; i++)
    st = keep(base64_form(secret, len, i % 3, alphabets[i / 3]));
  return st;
}

adv_status adv_redact_secret(const char *secret)
{
  size_t len = secret ? strlen(secret) : 0;
  adv_status st;

  if (len < SECRET_MIN)
    return ADV_OK;
  st = keep_plain(secret, len);
  if (st == ADV_OK)
    st = keep_base64(secret, len);
  return st;
}

void adv_redact_forget(void)
{
  while (forms) {
    form *next = forms->next;

    adv_secret_free(forms);
    forms = next;
  }
  memset(begins, 0, sizeof(begins));
  memset(pairs, 0, sizeof(pairs));
}

/* A text being redacted. */
typedef struct scan {
  adv_buf *out;
  const char *text;
  size_t len;
  size_t from;  /* what comes before is written */
  size_t least; /* bytes of the shortest secret that is looked for */
  bool masked;  /* what is left of one beside stars goes too */
} scan;

/* Writes up to `start` as it is, and the mark for what follows until `end`. */
static adv_status hide(scan *s, size_t start, size_t end)
{
  adv_status st = adv_buf_append(s->out, s->text + s->from, start - s->from);

  s->from = end;
  return st == ADV_OK ? adv_buf_append(s->out, MARK, strlen(MARK)) : st;
}

static adv_status finish(scan *s)
{
  return adv_buf_append(s->out, s->text + s->from, s->len - s->from);
}

/* Gets the end of the run of is_one_of() characters that starts at `i`. */
static size_t skip_run(const scan *s, size_t i, const char *others)
{
  while (i < s->len && is_one_of(s->text[i], others))
    i++;
  return i;
}

/* Skips one base64 character, and the padding that may follow. */
static size_t skip_shared(const scan *s, size_t i)
{
  size_t padding;

  if (i < s->len && is_one_of(s->text[i], "+/-_"))
    i++;
  for (padding = 0; padding < 2 && i < s->len && s->text[i] == '='; padding++)
    i++;
  return i;
}

static size_t end_of_form(const scan *s, size_t i, const form *f)
{
  const char *text = s->text + i;
  size_t left = s->len - i, n;

  if (!f->encoded) {
    n = adv_written_whole(text, left, f->text, f->len);
    return n > 0 ? i + n : 0;
  }
  if (f->len > left || memcmp(text, f->text, f->len) != 0)
    return 0;
  return f->shares ? skip_shared(s, i + f->len) : i + f->len;
}

/* Gets the end of the longest form that starts at `i`, or 0. */
static size_t form_end(const scan *s, size_t i)
{
  size_t longest = 0;
  const form *f;

  if (!begins[(unsigned char)s->text[i]])
    return 0;
  for (f = forms; f; f = f->next) {
    size_t end = f->secret_len >= s->least ? end_of_form(s, i, f) : 0;

    if (end > longest)
      longest = end;
  }
  return longest;
}

/* Gets the end of what shows a part of a secret from `i` on, or 0. */
static size_t part_end(const scan *s, size_t i)
{
  const char *text = s->text + i;
  size_t left = s->len - i, longest = 0;
  const form *f;

  if (left < 2 || (!(pairs[pair_of(text) / 8] & 1 << pair_of(text) % 8) &&
                   !(s->masked && strchr("*.\xE2", text[0]))))
    return 0;
  for (f = forms; f; f = f->next) {
    size_t n;

    if (f->encoded || f->secret_len < s->least)
      continue;
    n = adv_written_part(text, left, f->text, f->len);
    if (n == 0 && s->masked)
      n = adv_written_masked(text, left, f->text, f->len);
    if (n > 0 && i + n > longest)
      longest = i + n;
  }
  return longest;
}

static size_t secret_end(const scan *s, size_t i)
{
  size_t whole = form_end(s, i), part = part_end(s, i);

  return whole > part ? whole : part;
}

/* Forms may overlap: whatever any of them covers goes. */
static adv_status hide_forms(scan s)
{
  size_t start = 0;

  while (start < s.len) {
    size_t end = secret_end(&s, start), i;
    adv_status st;

    if (end == 0) {
      start++;
      continue;
    }
    for (i = start + 1; i < end; i++) {
      size_t other = secret_end(&s, i);

      if (other > end)
        end = other;
    }
    st = hide(&s, start, end);
    if (st != ADV_OK)
      return st;
    start = end;
  }
  return finish(&s);
}

/* True if `word` is at `i`, in any case. */
static bool has(const scan *s, size_t i, const char *word)
{
  size_t len = strlen(word);

  return i <= s->len && len <= s->len - i &&
         !strncasecmp(s->text + i, word, len);
}

/* True if `word` ends just before `i`, in any case. */
static bool has_before(const scan *s, size_t i, const char *word)
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
static bool starts_word(const scan *s, size_t i)
{
  const char *p = s->text + i;

  if (i == 0 || (!isalnum((unsigned char)p[-1]) && p[-1] != '_'))
    return true;
  return (i >= 2 && p[-2] == '\\') ||
         (i >= 3 && p[-3] == '%' && is_hex_pair(p - 2)) ||
         (i >= 6 && p[-6] == '\\' && p[-5] == 'u' && is_hex_pair(p - 4) &&
          is_hex_pair(p - 2));
}

/* The part of a text that a pattern takes for a secret. */
typedef struct range {
  size_t start;
  size_t end;
} range;

/* "sk-…", "sk-ant-…"; a server that echoes a key puts stars in its middle. */
static bool find_key(const scan *s, size_t i, range *r)
{
  if (!has(s, i, "sk-") || s->text[i] != 's' || !starts_word(s, i))
    return false;
  r->start = i;
  r->end = skip_run(s, i + 3, "_-*");
  return r->end - (i + 3) >= KEY_MIN;
}

static bool is_authorization(const scan *s, size_t i)
{
  while (i > 0 && strchr(" \t:=\"'\\", s->text[i - 1] ? s->text[i - 1] : 'x'))
    i--;
  return has_before(s, i, "authorization");
}

/* "Bearer …". A bearer is also a person: outside a header, what follows must
 * look like a token, that is long and with a digit in it. */
static bool find_bearer(const scan *s, size_t i, range *r)
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
static bool is_key_name(const scan *s, size_t start, size_t end)
{
  size_t len = end - start;

  if (!has_before(s, end, "key"))
    return false;
  return len == 3 || (len == 6 && has(s, start, "apikey")) ||
         (len > 3 && strchr("_-", s->text[end - 4]));
}

/* "?key=…", "&api_key=…"; the ampersand may be written for HTML or JSON. */
static bool find_parameter(const scan *s, size_t i, range *r)
{
  const size_t longest = 64;
  size_t name = i;

  while (name > 0 && i - name < longest && is_one_of(s->text[name - 1], "_-"))
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
static bool find_user_info(const scan *s, size_t i, range *r)
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

static bool find_pattern(const scan *s, size_t i, range *r)
{
  switch (s->text[i]) {
  case 's':
    return find_key(s, i, r);
  case 'b':
  case 'B':
    return find_bearer(s, i, r);
  case '=':
    return find_parameter(s, i, r);
  case ':':
    return find_user_info(s, i, r);
  default:
    return false;
  }
}

static adv_status hide_patterns(adv_buf *out, const char *text, size_t len)
{
  scan s = {.out = out, .text = text, .len = len};
  size_t i = 0;

  while (i < len) {
    range r;
    adv_status st;

    if (!find_pattern(&s, i, &r)) {
      i++;
      continue;
    }
    st = hide(&s, r.start, r.end);
    if (st != ADV_OK)
      return st;
    i = r.end;
  }
  return finish(&s);
}

/* Registered secrets go first: a pattern that ends inside one would leave its
 * rest to be read. */
adv_status adv_redact(adv_buf *out, const char *text, size_t len)
{
  adv_buf rest;
  adv_status st;

  if (len == 0)
    return adv_buf_append(out, "", 0);
  if (!forms)
    return hide_patterns(out, text, len);
  adv_buf_init(&rest, SIZE_MAX / 4);
  st = hide_forms(
      (scan){.out = &rest, .text = text, .len = len, .masked = true});
  if (st == ADV_OK)
    st = hide_patterns(out, rest.data, rest.len);
  adv_buf_free(&rest);
  return st;
}

adv_status adv_redact_reply(adv_buf *out, const char *text, size_t len)
{
  if (len == 0 || !forms)
    return adv_buf_append(out, len ? text : "", len);
  return hide_forms(
      (scan){.out = out, .text = text, .len = len, .least = REAL_MIN});
}

void adv_wipe(char *text)
{
  if (text)
    explicit_bzero(text, strlen(text));
  free(text);
}
