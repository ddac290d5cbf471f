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
 * the "name: value\n" lines of adv_http_result. The longest of
 * - retry-after-ms (float), or else retry-after: seconds as int or float, a
 *   duration as "1m30s", or an HTTP date. Negative, NaN, infinite and past
 *   values are ignored (RFC 9110, section 10.2.3).
 * - each *ratelimit*reset* whose counterpart *remaining* is 0 (or *status*
 *   "rejected"), in any form of adv_header_wait_ms().
 * Dates are measured against the reply's own date header, or against `wall_ms`
 * where there is none. */
uint64_t adv_retry_after_ms(const char *headers, int64_t wall_ms);

#endif
