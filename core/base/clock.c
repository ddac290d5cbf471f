#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static uint64_t monotonic_ns(void *ud)
{
  struct timespec now;

  (void)ud;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int64_t wall_ms(void *ud)
{
  struct timespec now;

  (void)ud;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const adv_clock machine = {monotonic_ns, wall_ms, NULL};

const adv_clock *adv_clock_system(void)
{
  return &machine;
}
