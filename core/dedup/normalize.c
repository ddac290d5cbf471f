#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "base/utf8.h"
#include "dedup/dedup.h"

/* What an ASCII byte becomes: letters are folded, white space is a space. */
static char fold(char c)
{
  bool is_upper = c >= 'A' && c <= 'Z', is_blank = c >= '\t' && c <= '\r';

  if (is_blank)
    return ' ';
  if (is_upper)
    return (char)(c + ('a' - 'A'));
  return c;
}

/* Appends with runs of white space as one space each and none at the ends,
 * and folds ASCII letters: all that an ASCII text needs. A byte is always
 * written and counts only if it is not the second space in a row: there is no
 * branch to guess wrong. */
static adv_status append_squeezed(adv_buf *out, const char *text, size_t len)
{
  char chunk[512];
  size_t used = 0, i = 0, end;
  bool was_blank = true, held;
  adv_status st;

  for (;;) {
    end = len - i < sizeof(chunk) - used ? len : i + sizeof(chunk) - used;
    for (; i < end; i++) {
      char c = fold(text[i]);
      bool blank = c == ' ';

      chunk[used] = c;
      used += !(blank & was_blank);
      was_blank = blank;
    }
    if (i == len)
      break;
    /* A space at the end stays behind, for it may be the last of all. */
    held = used > 0 && was_blank;
    st = adv_buf_append(out, chunk, used - held);
    if (st != ADV_OK)
      return st;
    chunk[0] = ' ';
    used = held;
  }
  return adv_buf_append(out, chunk, used - (used > 0 && was_blank));
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
  uint64_t any = 0, word;
  size_t i;

  for (i = 0; i + sizeof(word) <= len; i += sizeof(word)) {
    memcpy(&word, text + i, sizeof(word));
    any |= word;
  }
  for (; i < len; i++)
    any |= (unsigned char)text[i];
  return (any & UINT64_C(0x8080808080808080)) == 0;
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
