#include <stdint.h>
#include <stdlib.h>

#include <utf8proc.h>

#include "base/utf8.h"
#include "dedup/dedup.h"

/* White space is one space to us; ASCII letters are folded along the way. */
static bool is_blank(unsigned char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static char fold(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Appends with runs of white space as one space each and none at the ends,
 * and folds ASCII letters: all that an ASCII text needs. */
static adv_status append_squeezed(adv_buf *out, const char *text, size_t len)
{
  char chunk[512];
  size_t used = 0, i;
  bool any = false, blank = false;
  adv_status st;

  for (i = 0; i < len; i++) {
    if (is_blank((unsigned char)text[i])) {
      blank = any;
      continue;
    }
    if (used + 2 > sizeof(chunk)) {
      st = adv_buf_append(out, chunk, used);
      if (st != ADV_OK)
        return st;
      used = 0;
    }
    if (blank)
      chunk[used++] = ' ';
    chunk[used++] = fold(text[i]);
    any = true;
    blank = false;
  }
  return adv_buf_append(out, chunk, used);
}

/* Of Unicode's property White_Space, what NFKC does not turn into U+0020. */
static utf8proc_int32_t lump_space(utf8proc_int32_t c, void *ud)
{
  (void)ud;
  if ((c >= '\t' && c <= '\r') || c == 0x85 || c == 0x1680 || c == 0x2028 ||
      c == 0x2029)
    return ' ';
  return c;
}

static adv_status append_folded(adv_buf *out, const char *text, size_t len)
{
  const utf8proc_option_t options =
      UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD;
  utf8proc_uint8_t *folded = NULL;
  utf8proc_ssize_t n =
      utf8proc_map_custom((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len,
                          &folded, options, lump_space, NULL);
  adv_status st;

  if (n < 0)
    return n == UTF8PROC_ERROR_NOMEM ? ADV_ENOMEM : ADV_ELIMIT;
  st = append_squeezed(out, (const char *)folded, (size_t)n);
  free(folded);
  return st;
}

static bool is_ascii(const char *text, size_t len)
{
  unsigned char any = 0;
  size_t i;

  for (i = 0; i < len; i++)
    any |= (unsigned char)text[i];
  return any < 0x80;
}

adv_status adv_dedup_normalize(adv_buf *out, const char *text, size_t len)
{
  adv_buf valid;
  adv_status st;

  if (is_ascii(text, len))
    return append_squeezed(out, text, len);
  if (adv_utf8_valid(text, len))
    return append_folded(out, text, len);
  adv_buf_init(&valid, SIZE_MAX / 4);
  st = adv_utf8_repair(&valid, text, len, NULL);
  if (st == ADV_OK)
    st = append_folded(out, valid.data, valid.len);
  adv_buf_free(&valid);
  return st;
}
