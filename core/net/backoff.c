#include "net/backoff.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { VALUE_MAX = 64 }; /* no form that counts is longer */

uint64_t adv_backoff_ms(const adv_backoff *b, unsigned tries, uint64_t asked_ms,
                        adv_rng *jitter)
{
  uint64_t ceiling = b->base_ms ? b->base_ms : 1000;
  uint64_t cap = b->cap_ms ? b->cap_ms : 60000;
  uint64_t wait;

  for (unsigned n = 1; n < tries && ceiling < cap; n++)
    ceiling *= 2;
  if (ceiling > cap)
    ceiling = cap;
  wait = adv_rng_below(jitter, ceiling + 1);
  return wait > asked_ms ? wait : asked_ms;
}

/* Copies the value of the first header of this name, without blanks around
 * it; false if there is none or if it is too long to mean anything. */
static bool header_value(const char *headers, const char *name, char *value)
{
  size_t name_len = strlen(name);

  for (const char *line = headers; line && *line;) {
    const char *end = strchr(line, '\n');
    size_t len = end ? (size_t)(end - line) : strlen(line);

    if (len > name_len && line[name_len] == ':' &&
        strncmp(line, name, name_len) == 0) {
      line += name_len + 1;
      len -= name_len + 1;
      for (; len > 0 && (*line == ' ' || *line == '\t'); len--)
        line++;
      while (len > 0 && strchr(" \t\r", line[len - 1]))
        len--;
      if (len >= VALUE_MAX)
        return false;
      memcpy(value, line, len);
      value[len] = '\0';
      return true;
    }
    line = end ? end + 1 : NULL;
  }
  return false;
}

/* A plain decimal number times `unit`, rounded up to whole milliseconds; 0 for
 * anything else, so for signs, NaN, infinity, hex and trailing text. */
static uint64_t number_ms(const char *text, double unit)
{
  char *end;
  double ms;
  uint64_t whole;

  if (!*text || text[strspn(text, "0123456789.")])
    return 0;
  ms = strtod(text, &end) * unit;
  if (*end || !(ms > 0))
    return 0;
  /* Beyond any wait that is kept, yet safe to convert and to add to. */
  whole = ms < 1e15 ? (uint64_t)ms : (uint64_t)1e15;
  return (double)whole < ms && ms < 1e15 ? whole + 1 : whole;
}

/* The three date forms of RFC 9110, section 5.6.7, each to its end. */
static bool date_s(const char *text, int64_t *seconds)
{
  static const char *const forms[] = {
      "%a, %d %b %Y %H:%M:%S GMT",
      "%A, %d-%b-%y %H:%M:%S GMT",
      "%a %b %e %H:%M:%S %Y",
  };

  for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
    struct tm tm = {0};
    const char *end = strptime(text, forms[i], &tm);

    if (end && !*end) {
      *seconds = (int64_t)timegm(&tm);
      return true;
    }
  }
  return false;
}

/* The server's own clock, where it shows one, makes a skew between the two
 * machines harmless. */
static uint64_t date_ms(const char *text, const char *headers, int64_t wall_ms)
{
  char value[VALUE_MAX];
  int64_t when, now;

  if (!date_s(text, &when))
    return 0;
  if (header_value(headers, "date", value) && date_s(value, &now))
    wall_ms = now * 1000;
  return when * 1000 > wall_ms ? (uint64_t)(when * 1000 - wall_ms) : 0;
}

uint64_t adv_retry_after_ms(const char *headers, int64_t wall_ms)
{
  char value[VALUE_MAX];
  uint64_t ms = 0;

  if (header_value(headers, "retry-after-ms", value))
    ms = number_ms(value, 1);
  if (ms == 0 && header_value(headers, "retry-after", value)) {
    ms = number_ms(value, 1000);
    if (ms == 0)
      ms = date_ms(value, headers, wall_ms);
  }
  return ms;
}
