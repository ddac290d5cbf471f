#include "base/redact.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/secret_patterns.h"
#include "base/written.h"

#define MARK "[redacted]"

/* Shorter secrets would garble ordinary text. */
#define SECRET_MIN 6

/* No provider's key is shorter. Servers of one's own are given words in the
 * place of one ("ollama", "not-needed"), which a model may say. */
#define REAL_MIN 16

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

/* Skips one base64 character, and the padding that may follow. */
static size_t skip_shared(const scan *s, size_t i)
{
  size_t padding;

  if (i < s->len && adv_is_one_of(s->text[i], "+/-_"))
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

static adv_status hide_patterns(adv_buf *out, const char *text, size_t len)
{
  scan s = {.out = out, .text = text, .len = len};
  size_t i = 0;

  while (i < len) {
    adv_secret_range r;
    adv_status st;

    if (!adv_secret_pattern(text, len, i, &r)) {
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
