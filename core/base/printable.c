#include "base/printable.h"

#include <stdint.h>

#include "base/utf8.h"

/* Characters of two and three bytes that act on what is around them. */
static const struct {
  uint16_t first, last;
} acting[] = {
    {0x80, 0x9F},     /* C1 */
    {0x61C, 0x61C},   /* Arabic letter mark */
    {0x200E, 0x200F}, /* left-to-right and right-to-left marks */
    {0x2028, 0x202E}, /* separators; embeddings and overrides */
    {0x2066, 0x2069}, /* isolates */
};

static bool acts(uint32_t point)
{
  for (size_t i = 0; i < sizeof(acting) / sizeof(acting[0]); i++)
    if (point >= acting[i].first && point <= acting[i].last)
      return true;
  return false;
}

/* The code point of two or three bytes at `p`, well-formed; *size bytes. One of
 * four bytes is given as 0: none of those acts. */
static uint32_t decode(const unsigned char *p, size_t *size)
{
  if (*p >= 0xF0) {
    *size = 4;
    return 0;
  }
  if (*p >= 0xE0) {
    *size = 3;
    return (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 |
           (p[2] & 0x3F);
  }
  *size = 2;
  return (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
}

/* Whether the character at `p` may not stand as it is; *size gets its bytes. */
static bool is_shown(const unsigned char *p, bool one_line, size_t *size)
{
  *size = 1;
  if (*p < 0x20)
    return one_line || (*p != '\n' && *p != '\t');
  if (*p < 0x80)
    return *p == 0x7F;
  return acts(decode(p, size));
}

static adv_status show(adv_buf *out, const unsigned char *p)
{
  size_t size;
  uint32_t point = *p < 0x80 ? *p : decode(p, &size);

  if (point == '\n')
    return adv_buf_append(out, "\\n", 2);
  return adv_buf_printf(out, point < 0x100 ? "\\x%02x" : "\\u%04x",
                        (unsigned)point);
}

static adv_status show_all(adv_buf *out, const char *text, size_t len,
                           bool one_line)
{
  size_t from = 0, i = 0, size;

  for (; i < len; i += size) {
    const unsigned char *p = (const unsigned char *)text + i;
    bool shown = is_shown(p, one_line, &size);
    adv_status st;

    if (!shown)
      continue;
    st = adv_buf_append(out, text + from, i - from);
    if (st == ADV_OK)
      st = show(out, p);
    if (st != ADV_OK)
      return st;
    from = i + size;
  }
  return adv_buf_append(out, text + from, len - from);
}

adv_status adv_printable(adv_buf *out, const char *text, size_t len,
                         bool one_line)
{
  adv_buf valid;
  adv_status st;

  if (adv_utf8_valid(text, len))
    return show_all(out, text, len, one_line);
  adv_buf_init(&valid, 3 * len + 1);
  st = adv_utf8_repair(&valid, text, len, NULL);
  if (st == ADV_OK)
    st = show_all(out, valid.data, valid.len, one_line);
  adv_buf_free(&valid);
  return st;
}
