/* slots.h - how many requests may be in flight at an endpoint, and which of
 * several endpoints gets the next one. Pure bookkeeping, no I/O.
 *
 * A waiter names the endpoints that would do; it is granted a slot at the one
 * with the fewest in flight (the first of equals). Waiters are served in order
 * of arrival; one that waits for a full endpoint does not hold up another that
 * can be served elsewhere. */
#ifndef ADV_SLOTS_H
#define ADV_SLOTS_H

#include <stddef.h>

#include "base/status.h"

typedef struct adv_slots adv_slots;
typedef struct adv_slots_waiter adv_slots_waiter;

/* `endpoint` is the index that adv_slots_add() gave. Called from
 * adv_slots_grant(), never from inside adv_slots_wait(). */
typedef void (*adv_slots_cb)(void *ud, int endpoint);

ADV_MUST_CHECK adv_status adv_slots_new(adv_slots **out);
void adv_slots_free(adv_slots *s); /* waiters are dropped; NULL is fine */

/* Adds an endpoint with `limit` > 0 slots; its index, from 0, or -1 if out of
 * memory. */
int adv_slots_add(adv_slots *s, unsigned limit);

/* Changes a limit; more than it may stay in flight for a while. */
void adv_slots_limit(adv_slots *s, int endpoint, unsigned limit);

unsigned adv_slots_in_flight(const adv_slots *s, int endpoint);
size_t adv_slots_waiting(const adv_slots *s);

/* Queues a waiter for any of `n` endpoints (copied, all valid indices). */
ADV_MUST_CHECK adv_status adv_slots_wait(adv_slots *s, const int *endpoints,
                                         size_t n, adv_slots_cb cb, void *ud,
                                         adv_slots_waiter **waiter);

/* Takes a waiter out before it was granted; its callback never comes. */
void adv_slots_abandon(adv_slots *s, adv_slots_waiter *waiter);

/* Gives a slot back. */
void adv_slots_release(adv_slots *s, int endpoint);

/* Grants what can be granted; callbacks may call wait and release. */
void adv_slots_grant(adv_slots *s);

#endif
