/* clock.h - time, behind an interface so that tests can hold it.
 *
 * All waiting is measured on the monotonic clock; the wall clock is for
 * display and records only. */
#ifndef ADV_CLOCK_H
#define ADV_CLOCK_H

#include <stdint.h>

typedef struct adv_clock {
  uint64_t (*monotonic_ns)(void *ud);
  int64_t (*wall_ms)(void *ud); /* milliseconds since 1970-01-01T00:00Z */
  void *ud;
} adv_clock;

/* The machine's clocks (CLOCK_MONOTONIC, CLOCK_REALTIME). Static. */
const adv_clock *adv_clock_system(void);

#endif
