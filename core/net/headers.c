#include "net/headers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "net/address.h"

/* Where a redirect leads; kept without what may be a key. */
#define LOCATION "location"

enum { NAME_LONGEST = 48 }; /* ample for the names below */

static bool wanted(const char *name, size_t len)
{
  static const char *const whole[] = {"date",   "content-type",   "cf-ray",
                                      "server", "x-should-retry", LOCATION};
  static const char start[] = "retry-after", end[] = "request-id",
                    part[] = "ratelimit";

  for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
    if (strcmp(name, whole[i]) == 0)
      return true;
  if (strncmp(name, start, sizeof(start) - 1) == 0 || strstr(name, part))
    return true;
  return len >= sizeof(end) - 1 &&
         strcmp(name + len - (sizeof(end) - 1), end) == 0;
}

/* All of the line or nothing of it. */
static void append_line(adv_buf *out, const char *name, size_t name_len,
                        const char *value, size_t value_len)
{
  size_t before = out->len;

  if (adv_buf_append(out, name, name_len) == ADV_OK &&
      adv_buf_append(out, ": ", 2) == ADV_OK &&
      adv_buf_append(out, value, value_len) == ADV_OK &&
      adv_buf_append(out, "\n", 1) == ADV_OK)
    return;
  out->len = before;
  if (out->data)
    out->data[before] = '\0';
}

static void append_location(adv_buf *out, const char *value, size_t len)
{
  char *url = strndup(value, len),
       *public = url ? adv_address_public(url) : NULL;

  if (public)
    append_line(out, LOCATION, strlen(LOCATION), public, strlen(public));
  free(public);
  adv_wipe(url);
}

void adv_headers_keep(adv_buf *out, const char *line, size_t len)
{
  const char *value = memchr(line, ':', len), *end = line + len;
  size_t name_len = value ? (size_t)(value - line) : 0;
  char name[NAME_LONGEST + 1];

  if (name_len == 0 || name_len > NAME_LONGEST)
    return;
  memcpy(name, line, name_len);
  for (size_t i = 0; i < name_len; i++)
    if (name[i] >= 'A' && name[i] <= 'Z')
      name[i] = (char)(name[i] + 32);
  name[name_len] = '\0';
  if (!wanted(name, name_len))
    return;
  value++;
  while (value < end && (*value == ' ' || *value == '\t'))
    value++;
  while (end > value && strchr(" \t\r\n", end[-1]))
    end--;
  if (strcmp(name, LOCATION) == 0)
    append_location(out, value, (size_t)(end - value));
  else
    append_line(out, name, name_len, value, (size_t)(end - value));
}
