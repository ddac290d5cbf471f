#include "net/sse.h"

#include <stdbool.h>
#include <string.h>

static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";

void adv_sse_init(adv_sse *sse, size_t max, adv_sse_cb cb, void *ud)
{
  *sse = (adv_sse){.cb = cb, .ud = ud};
  adv_buf_init(&sse->line, max);
  adv_buf_init(&sse->event, max);
  adv_buf_init(&sse->data, max);
}

void adv_sse_free(adv_sse *sse)
{
  adv_buf_free(&sse->line);
  adv_buf_free(&sse->event);
  adv_buf_free(&sse->data);
}

static const char *text_of(const adv_buf *b)
{
  return b->data ? b->data : "";
}

/* An event without a data field is forgotten, by the standard. */
static adv_status dispatch(adv_sse *sse)
{
  adv_status st = ADV_OK;

  if (sse->has_data)
    st = sse->cb(sse->ud, text_of(&sse->event), sse->event.len,
                 text_of(&sse->data), sse->data.len);
  adv_buf_clear(&sse->event);
  adv_buf_clear(&sse->data);
  sse->has_data = 0;
  return st;
}

static bool is_field(const char *line, size_t len, const char *name)
{
  return len == strlen(name) && memcmp(line, name, len) == 0;
}

static adv_status take_field(adv_sse *sse, const char *line, size_t len)
{
  const char *colon = memchr(line, ':', len);
  size_t name_len = colon ? (size_t)(colon - line) : len;
  const char *value = colon ? colon + 1 : line + len;
  size_t value_len = (size_t)(line + len - value);
  adv_status st = ADV_OK;

  if (value_len > 0 && *value == ' ') {
    value++;
    value_len--;
  }
  if (is_field(line, name_len, "event")) {
    adv_buf_clear(&sse->event);
    return adv_buf_append(&sse->event, value, value_len);
  }
  /* "id" and "retry" serve reconnecting, which no paid call does. A comment is
   * a field without a name. */
  if (!is_field(line, name_len, "data"))
    return ADV_OK;
  if (sse->has_data)
    st = adv_buf_append(&sse->data, "\n", 1);
  sse->has_data = 1;
  return st != ADV_OK ? st : adv_buf_append(&sse->data, value, value_len);
}

/* The line in sse->line is complete. */
static adv_status take_line(adv_sse *sse)
{
  const char *line = text_of(&sse->line);
  size_t len = sse->line.len;
  adv_status st;

  if (!sse->started && len >= 3 && memcmp(line, BYTE_ORDER_MARK, 3) == 0) {
    line += 3;
    len -= 3;
  }
  sse->started = 1;
  st = len == 0 ? dispatch(sse) : take_field(sse, line, len);
  adv_buf_clear(&sse->line);
  return st;
}

static size_t length_to_line_end(const char *bytes, size_t len)
{
  size_t i = 0;

  while (i < len && bytes[i] != '\n' && bytes[i] != '\r')
    i++;
  return i;
}

adv_status adv_sse_feed(adv_sse *sse, const char *bytes, size_t len)
{
  while (len > 0) {
    size_t part;
    adv_status st;

    if (sse->after_cr && *bytes == '\n') {
      sse->after_cr = 0;
      bytes++;
      len--;
      continue;
    }
    sse->after_cr = 0;
    part = length_to_line_end(bytes, len);
    st = adv_buf_append(&sse->line, bytes, part);
    if (st != ADV_OK || part == len)
      return st;
    sse->after_cr = bytes[part] == '\r';
    st = take_line(sse);
    if (st != ADV_OK)
      return st;
    bytes += part + 1;
    len -= part + 1;
  }
  return ADV_OK;
}

adv_status adv_sse_finish(adv_sse *sse)
{
  adv_status st = ADV_OK;

  if (sse->line.len > 0)
    st = take_line(sse);
  return st != ADV_OK ? st : dispatch(sse);
}
