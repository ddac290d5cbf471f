/* What a server asks for with retry-after, and how long is waited. The first
 * byte is the number of tries; the rest is the value, once as seconds or a
 * date, once as milliseconds. */
#include <string.h>

#include "fuzz.h"
#include "net/backoff.h"

static void check(const char *name, const char *value, unsigned tries)
{
  static const int64_t clocks[] = {0, INT64_C(1700000000000),
                                   INT64_C(4102444800000)};
  const adv_backoff settings = {.base_ms = 500, .cap_ms = 60000};
  char headers[512];

  snprintf(headers, sizeof headers,
           "server: s\n%s: %s\ndate: Tue, 14 Nov 2023 22:13:20 GMT\n", name,
           value);
  for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
    uint64_t asked = adv_retry_after_ms(headers, clocks[i]), wait;
    adv_rng jitter;
    adv_rng_seed(&jitter, "fuzz", 4);
    wait = adv_backoff_ms(&settings, tries, asked, &jitter);
    FUZZ_REQUIRE(wait >= asked);
    FUZZ_REQUIRE(wait <= (asked > 60000 ? asked : 60000));
    /* The sum with a clock must not overflow. */
    FUZZ_REQUIRE(asked <= (uint64_t)INT64_MAX / 4);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char value[256];
  size_t len = size > 0 ? size - 1 : 0;

  if (size == 0)
    return 0;
  if (len >= sizeof value)
    len = sizeof value - 1;
  memcpy(value, data + 1, len);
  value[len] = '\0';
  check("retry-after", value, data[0]);
  check("retry-after-ms", value, data[0]);
  return 0;
}
