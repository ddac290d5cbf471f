#include "net/backoff.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "net/header_time.h"

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

static uint64_t longer(uint64_t a, uint64_t b)
{
  return a > b ? a : b;
}

/* The header's name with its `reset` replaced: "x-ratelimit-reset-tokens" and
 * "x-ratelimit-remaining-tokens" are about the same budget. */
static bool is_used_up(const char *headers, const char *name, size_t len,
                       const char *reset)
{
  char other[2 * ADV_HEADER_VALUE_MAX], value[ADV_HEADER_VALUE_MAX];
  size_t before = (size_t)(reset - name);
  const char *after = reset + strlen("reset");
  int rest = (int)(len - (size_t)(after - name));

  snprintf(other, sizeof other, "%.*sremaining%.*s", (int)before, name, rest,
           after);
  if (adv_header_value(headers, other, value))
    return *value && !value[strspn(value, "0.")];
  snprintf(other, sizeof other, "%.*sstatus%.*s", (int)before, name, rest,
           after);
  return adv_header_value(headers, other, value) &&
         strcmp(value, "rejected") == 0;
}

/* The longest wait that a rate limit asks for whose budget is used up. */
static uint64_t reset_ms(const char *headers, int64_t now_ms)
{
  uint64_t ms = 0;

  for (const char *line = headers; line && *line;) {
    const char *end = strchr(line, '\n');
    const char *colon = strchr(line, ':');
    const char *reset = strstr(line, "reset");
    char name[ADV_HEADER_VALUE_MAX], value[ADV_HEADER_VALUE_MAX];
    size_t len = colon ? (size_t)(colon - line) : 0;

    if (len > 0 && len < sizeof name && reset && reset < colon &&
        memmem(line, len, "ratelimit", 9)) {
      memcpy(name, line, len);
      name[len] = '\0';
      if (is_used_up(headers, name, len, name + (reset - line)) &&
          adv_header_value(headers, name, value))
        ms = longer(ms, adv_header_wait_ms(value, now_ms));
    }
    line = end ? end + 1 : NULL;
  }
  return ms;
}

uint64_t adv_retry_after_ms(const char *headers, int64_t wall_ms)
{
  int64_t now_ms = adv_header_now_ms(headers, wall_ms);
  char value[ADV_HEADER_VALUE_MAX];
  uint64_t ms = 0;

  if (adv_header_value(headers, "retry-after-ms", value))
    ms = adv_header_number_ms(value, 1);
  if (ms == 0 && adv_header_value(headers, "retry-after", value)) {
    ms = adv_header_number_ms(value, 1000);
    if (ms == 0)
      ms = adv_header_duration_ms(value);
    if (ms == 0)
      ms = adv_header_date_ms(value, now_ms);
  }
  return longer(ms, reset_ms(headers, now_ms));
}
