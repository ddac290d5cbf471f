/* backoff.h - how long to wait before an attempt is repeated, pure.
 *
 * Full jitter (AWS): uniform in [0, min(cap, base * 2^n)]; what the server
 * asks for is a floor. */
#ifndef ADV_BACKOFF_H
#define ADV_BACKOFF_H

#include <stdint.h>

#include "base/rng.h"

typedef struct adv_backoff {
  unsigned base_ms; /* 0: 1,000 */
  unsigned cap_ms;  /* 0: 60,000 */
} adv_backoff;

/* `tries` counts the attempts made so far, from 1. `asked_ms` is the server's
 * own wish, 0 if none. Result in milliseconds. */
uint64_t adv_backoff_ms(const adv_backoff *b, unsigned tries, uint64_t asked_ms,
                        adv_rng *jitter);

/* What a reply's headers ask for, in ms; 0 if nothing usable. `headers` are
 * the "name: value\n" lines of adv_http_result. Reads retry-after-ms (float),
 * retry-after (seconds as int or float, or an HTTP date measured against the
 * reply's own date header, or against `wall_ms` where there is none). Negative,
 * NaN, infinite and past values are ignored (RFC 9110, section 10.2.3). */
uint64_t adv_retry_after_ms(const char *headers, int64_t wall_ms);

#endif
