/* slots.h - who is next at which of several endpoints. Pure bookkeeping, no
 * I/O; the time is passed in, in milliseconds of a clock that never goes back.
 *
 * A waiter names the endpoints that would do; it is granted a slot at the one
 * with the fewest in flight (the first of equals) among those whose pace
 * (pace.h) allows it. Waiters are served in order of arrival; one that waits
 * for a full endpoint does not hold up another that can be served elsewhere. */
#ifndef ADV_SLOTS_H
#define ADV_SLOTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/status.h"
#include "net/pace.h"

typedef struct adv_slots adv_slots;
/* `endpoint` is the index that adv_slots_add() gave. Called from
 * adv_slots_grant(), never from inside adv_slots_wait(). */
typedef void (*adv_slots_cb)(void *ud, int endpoint);

/* One place in the queue. The memory is its owner's, from adv_slots_wait()
 * until it is granted or abandoned; what is in it is not. */
typedef struct adv_slots_waiter {
  TAILQ_ENTRY(adv_slots_waiter) link;
  struct adv_slots_line *line;
  uint64_t arrival;
  uint64_t tokens;
  adv_slots_cb cb;
  void *ud;
} adv_slots_waiter;

ADV_MUST_CHECK adv_status adv_slots_new(adv_slots **out);
void adv_slots_free(adv_slots *s); /* waiters are forgotten; NULL is fine */

/* Adds an endpoint; its index, from 0, or -1 if out of memory. */
int adv_slots_add(adv_slots *s, const adv_pace_limits *limits);

/* Owned by `s`, valid until the next adv_slots_add(). */
const adv_pace *adv_slots_pace(const adv_slots *s, int endpoint);

unsigned adv_slots_in_flight(const adv_slots *s, int endpoint);
size_t adv_slots_waiting(const adv_slots *s);

/* Queues `waiter` for any of `n` endpoints (copied, all valid indices), with an
 * estimate of the tokens that it will take. */
ADV_MUST_CHECK adv_status adv_slots_wait(adv_slots *s, adv_slots_waiter *waiter,
                                         const int *endpoints, size_t n,
                                         uint64_t tokens, adv_slots_cb cb,
                                         void *ud);

/* Takes a waiter out before it was granted; its callback never comes. */
void adv_slots_abandon(adv_slots *s, adv_slots_waiter *waiter);

/* Gives a slot back, and says how the request ended; `asked_ms` as for
 * adv_pace_ended(). */
void adv_slots_release(adv_slots *s, int endpoint, adv_pace_event event,
                       uint64_t asked_ms, uint64_t now_ms);

/* Grants what can be granted; callbacks may call wait and release. The result
 * is when to grant again for waiters in whose way only time stands; UINT64_MAX:
 * none. */
uint64_t adv_slots_grant(adv_slots *s, uint64_t now_ms);

#endif
