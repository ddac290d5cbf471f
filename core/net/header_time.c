#include "net/header_time.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Beyond any wait that is kept, yet safe to convert and to add to. */
#define LONGEST_MS 1e15

bool adv_header_value(const char *headers, const char *name, char *value)
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
      if (len >= ADV_HEADER_VALUE_MAX)
        return false;
      memcpy(value, line, len);
      value[len] = '\0';
      return true;
    }
    line = end ? end + 1 : NULL;
  }
  return false;
}

/* Rounded up, so that nobody comes too early. */
static uint64_t whole_ms(double ms)
{
  uint64_t whole;

  if (!(ms > 0))
    return 0;
  whole = ms < LONGEST_MS ? (uint64_t)ms : (uint64_t)LONGEST_MS;
  return (double)whole < ms && ms < LONGEST_MS ? whole + 1 : whole;
}

/* The decimal number that `text` begins with; *end is `text` if there is none.
 * strtod() alone would also take signs, hex, exponents and names. */
static double decimal(const char *text, const char **end)
{
  size_t len = strspn(text, "0123456789.");
  char digits[ADV_HEADER_VALUE_MAX];
  char *stop;
  double value;

  *end = text;
  if (len == 0 || len >= sizeof digits)
    return 0;
  memcpy(digits, text, len);
  digits[len] = '\0';
  value = strtod(digits, &stop);
  if (*stop)
    return 0;
  *end = text + len;
  return value;
}

uint64_t adv_header_number_ms(const char *text, double unit)
{
  const char *end;
  double value = decimal(text, &end);

  return end == text || *end ? 0 : whole_ms(value * unit);
}

uint64_t adv_header_duration_ms(const char *text)
{
  static const struct {
    const char *name;
    double ms;
  } units[] = {
      {"ms", 1},
      {"us", 1e-3},
      {"ns", 1e-6},
      {"\xc2\xb5s", 1e-3},
      {"s", 1000},
      {"m", 60.0 * 1000.0},
      {"h", 3600.0 * 1000.0},
      {"d", 86400.0 * 1000.0},
  };
  enum { UNITS = sizeof units / sizeof units[0] };
  double sum = 0;

  while (*text) {
    const char *end;
    double value = decimal(text, &end);
    size_t i = 0;

    if (end == text)
      return 0;
    while (i < UNITS && strncmp(end, units[i].name, strlen(units[i].name)) != 0)
      i++;
    if (i == UNITS)
      return 0;
    sum += value * units[i].ms;
    text = end + strlen(units[i].name);
  }
  return whole_ms(sum);
}

static bool two_digits(const char *text, int *value)
{
  if (!isdigit((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
    return false;
  *value = (text[0] - '0') * 10 + text[1] - '0';
  return true;
}

/* "2026-01-31T12:00:00.5+02:00" in milliseconds since 1970. */
static bool rfc3339(const char *text, int64_t *ms)
{
  struct tm tm = {0};
  const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
  const char *end;
  int64_t fraction = 0;
  int hours, minutes, sign;

  if (!at)
    return false;
  if (*at == '.') {
    char padded[] = "0.000";

    for (size_t i = 0; i < 3 && isdigit((unsigned char)at[1 + i]); i++)
      padded[2 + i] = at[1 + i];
    fraction = (int64_t)(decimal(padded, &end) * 1000 + 0.5);
    at += 1 + strspn(at + 1, "0123456789");
  }
  *ms = (int64_t)timegm(&tm) * 1000 + fraction;
  if ((*at == 'Z' || *at == 'z') && !at[1])
    return true;
  sign = *at == '+' ? 1 : *at == '-' ? -1 : 0;
  if (!sign || !two_digits(at + 1, &hours) || at[3] != ':' ||
      !two_digits(at + 4, &minutes) || at[6])
    return false;
  *ms -= INT64_C(60000) * sign * (hours * 60 + minutes);
  return true;
}

static bool date_ms(const char *text, int64_t *ms)
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
      *ms = (int64_t)timegm(&tm) * 1000;
      return true;
    }
  }
  return rfc3339(text, ms);
}

int64_t adv_header_now_ms(const char *headers, int64_t wall_ms)
{
  char value[ADV_HEADER_VALUE_MAX];
  int64_t now;

  return adv_header_value(headers, "date", value) && date_ms(value, &now)
             ? now
             : wall_ms;
}

uint64_t adv_header_date_ms(const char *text, int64_t now_ms)
{
  int64_t when;

  return date_ms(text, &when) && when > now_ms ? (uint64_t)(when - now_ms) : 0;
}

uint64_t adv_header_wait_ms(const char *text, int64_t now_ms)
{
  const char *end;
  double value = decimal(text, &end);

  if (end != text && !*end) {
    if (value > 1e11)
      return whole_ms(value - (double)now_ms);
    return value > 1e9 ? whole_ms(value * 1000 - (double)now_ms)
                       : whole_ms(value * 1000);
  }
  if (end != text && isalpha((unsigned char)*end))
    return adv_header_duration_ms(text);
  return adv_header_date_ms(text, now_ms);
}
