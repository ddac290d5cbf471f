#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* U+FFFD, as bytes and as a JSON escape. */
#define REPLACEMENT "\xEF\xBF\xBD"
#define REPLACEMENT_ESCAPE "\\uFFFD"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* The length of "\uXXXX". */
#define ESCAPE_LEN 6

/* Measures the sequence at `p`: a whole character (`good`), or the longest
 * start of one, which is what a single U+FFFD stands for. The ranges are
 * those of Unicode 15, table 3-7. */
static size_t part(const char *p, const char *end, bool *good)
{
  unsigned char lead = (unsigned char)*p;
  unsigned char low = 0x80, high = 0xBF;
  size_t len, i;

  *good = lead < 0x80;
  if (lead < 0xC2 || lead > 0xF4)
    return 1;
  len = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (lead == 0xE0)
    low = 0xA0; /* below: overlong */
  else if (lead == 0xED)
    high = 0x9F; /* above: surrogates */
  else if (lead == 0xF0)
    low = 0x90; /* below: overlong */
  else if (lead == 0xF4)
    high = 0x8F; /* above: beyond U+10FFFF */
  for (i = 1; i < len; i++) {
    unsigned char next;

    if (p + i == end)
      return i;
    next = (unsigned char)p[i];
    if (next < low || next > high)
      return i;
    low = 0x80;
    high = 0xBF;
  }
  *good = true;
  return len;
}

/* Skips ASCII, eight bytes at a time. */
static const char *skip_ascii(const char *p, const char *end)
{
  uint64_t word;

  while (end - p >= (ptrdiff_t)sizeof(word)) {
    memcpy(&word, p, sizeof(word));
    if (word & UINT64_C(0x8080808080808080))
      break;
    p += sizeof(word);
  }
  while (p < end && (unsigned char)*p < 0x80)
    p++;
  return p;
}

/* Gets the end of the well-formed start of the text. */
static const char *skip_valid(const char *p, const char *end)
{
  while (p < end) {
    bool good;
    size_t len;

    if ((unsigned char)*p < 0x80) {
      p = skip_ascii(p, end);
      continue;
    }
    len = part(p, end, &good);
    if (!good)
      break;
    p += len;
  }
  return p;
}

bool adv_utf8_valid(const char *text, size_t len)
{
  return len == 0 || skip_valid(text, text + len) == text + len;
}

/* As adv_utf8_repair(), but never sets `*repaired` to false. */
static adv_status repair(adv_buf *out, const char *p, const char *end,
                         bool *repaired)
{
  for (;;) {
    const char *bad = skip_valid(p, end);
    adv_status st = adv_buf_append(out, p, (size_t)(bad - p));
    bool good;

    if (st != ADV_OK || bad == end)
      return st;
    st = adv_buf_append(out, REPLACEMENT, strlen(REPLACEMENT));
    if (st != ADV_OK)
      return st;
    *repaired = true;
    p = bad + part(bad, end, &good);
  }
}

adv_status adv_utf8_repair(adv_buf *out, const char *text, size_t len,
                           bool *repaired)
{
  bool ignored;

  if (!repaired)
    repaired = &ignored;
  *repaired = false;
  if (len == 0)
    return adv_buf_append(out, "", 0);
  return repair(out, text, text + len, repaired);
}

/* Gets the value of a hexadecimal digit, or -1. */
static int hex_value(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Gets the code unit of the "\uXXXX" at `p`, or -1 if there is none. */
static int code_unit(const char *p, const char *end)
{
  int unit = 0, i;

  if (end - p < ESCAPE_LEN || p[0] != '\\' || p[1] != 'u')
    return -1;
  for (i = 2; i < ESCAPE_LEN; i++) {
    int digit = hex_value(p[i]);

    if (digit < 0)
      return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/* Measures the escape at the backslash `p`; `lone` says whether it is a
 * surrogate without its other half. */
static size_t escape(const char *p, const char *end, bool *lone)
{
  int unit = code_unit(p, end);
  int next;

  *lone = false;
  if (unit < 0)
    return end - p < 2 ? 1 : 2;
  if (unit < 0xD800 || unit > 0xDFFF)
    return ESCAPE_LEN;
  next = unit < 0xDC00 ? code_unit(p + ESCAPE_LEN, end) : -1;
  if (next >= 0xDC00 && next <= 0xDFFF)
    return (size_t)2 * ESCAPE_LEN;
  *lone = true;
  return ESCAPE_LEN;
}

/* Gets the first surrogate escape that has no other half, or `end`. */
static const char *find_lone(const char *p, const char *end)
{
  while (p < end && (p = memchr(p, '\\', (size_t)(end - p)))) {
    bool lone;
    size_t len = escape(p, end, &lone);

    if (lone)
      return p;
    p += len;
  }
  return end;
}

static const char *skip_leading(const char *p, const char *end)
{
  const size_t mark = strlen(BYTE_ORDER_MARK);

  for (;;) {
    if (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
      p++;
    else if ((size_t)(end - p) >= mark && !memcmp(p, BYTE_ORDER_MARK, mark))
      p += mark;
    else
      return p;
  }
}

adv_status adv_json_repair(adv_buf *out, const char *text, size_t len,
                           bool *repaired)
{
  const char *end, *p;
  bool ignored;

  if (!repaired)
    repaired = &ignored;
  *repaired = false;
  if (len == 0)
    return adv_buf_append(out, "", 0);
  end = text + len;
  p = skip_leading(text, end);
  for (;;) {
    /* Escapes are ASCII, so that no character spans the end of a piece. */
    const char *lone = find_lone(p, end);
    adv_status st = repair(out, p, lone, repaired);

    if (st != ADV_OK || lone == end)
      return st;
    st = adv_buf_append(out, REPLACEMENT_ESCAPE, ESCAPE_LEN);
    if (st != ADV_OK)
      return st;
    *repaired = true;
    p = lone + ESCAPE_LEN;
  }
}
