#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void adv_buf_init(adv_buf *b, size_t max)
{
  *b = (adv_buf){.max = max};
}

/* Makes room for `more` bytes and the final NUL. */
static adv_status reserve(adv_buf *b, size_t more)
{
  size_t cap = b->cap ? b->cap : 64;
  char *data;

  if (more > b->max - b->len)
    return ADV_ELIMIT;
  if (b->len + more + 1 <= b->cap)
    return ADV_OK;
  while (cap < b->len + more + 1)
    cap *= 2;
  data = realloc(b->data, cap);
  if (!data)
    return ADV_ENOMEM;
  b->data = data;
  b->cap = cap;
  return ADV_OK;
}

adv_status adv_buf_append(adv_buf *b, const void *data, size_t len)
{
  adv_status st = reserve(b, len);

  if (st != ADV_OK)
    return st;
  if (len)
    memcpy(b->data + b->len, data, len);
  b->len += len;
  b->data[b->len] = '\0';
  return ADV_OK;
}

static adv_status append_formatted(adv_buf *b, const char *format, va_list args)
{
  va_list again;
  adv_status st;
  int len;

  va_copy(again, args);
  len = vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (len < 0)
    return ADV_EINVAL;
  st = reserve(b, (size_t)len);
  if (st != ADV_OK)
    return st;
  vsnprintf(b->data + b->len, (size_t)len + 1, format, args);
  b->len += (size_t)len;
  return ADV_OK;
}

adv_status adv_buf_printf(adv_buf *b, const char *format, ...)
{
  va_list args;
  adv_status st;

  va_start(args, format);
  st = append_formatted(b, format, args);
  va_end(args);
  return st;
}

void adv_buf_message(adv_buf *b, const char *format, ...)
{
  va_list args;
  adv_status st;

  va_start(args, format);
  st = append_formatted(b, format, args);
  va_end(args);
  (void)st;
}

void adv_buf_clear(adv_buf *b)
{
  b->len = 0;
  if (b->data)
    b->data[0] = '\0';
}

char *adv_buf_take(adv_buf *b, size_t *len)
{
  char *data = b->data;

  if (len)
    *len = b->len;
  adv_buf_init(b, b->max);
  return data;
}

void adv_buf_free(adv_buf *b)
{
  free(b->data);
  adv_buf_init(b, b->max);
}
