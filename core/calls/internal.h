/* internal.h - what the files of this folder share about the calls of a run and
 * one attempt; for nobody else.
 *
 *   endpoints.c  URLs, keys, limits
 *   attempt.c    what one attempt holds
 *   pacing.c     when the next one may have a slot
 *   flight.c     from the slot to the commit of the reply
 *   calls.c      the interface (calls.h), and how all of it ends */
#ifndef ADV_CALLS_INTERNAL_H
#define ADV_CALLS_INTERNAL_H

#include "calls/calls.h"
#include "calls/endpoints.h"
#include "net/slots.h"

struct adv_calls {
  adv_http *http;
  adv_store *store;
  adv_slots *slots;
  adv_endpoints endpoints;
  adv_attempt *first; /* all attempts that have not been called back */
  int64_t next_id;
  size_t in_flight;
  bool stopped;
  bool canceled;
  bool closing;
  adv_attempt *refused; /* by the store, at once; `turn` tells them */
  uv_prepare_t turn;    /* reports `drained` and `closed` outside all calls */
  uv_timer_t pacer;     /* grants what only time stood in the way of */
  uv_idle_t awake; /* lets no turn wait for events once `turn` was called */
  void (*drained)(void *ud);
  void *drained_ud;
  void (*closed)(void *ud);
  void *closed_ud;
  unsigned open_handles;
};

typedef enum adv_attempt_phase {
  ADV_PHASE_WAITING, /* for a slot */
  ADV_PHASE_INTENT,  /* is being committed */
  ADV_PHASE_SENDING,
  ADV_PHASE_RECORDING, /* the reply is being committed */
  ADV_PHASE_FINISHED,
} adv_attempt_phase;

struct adv_attempt {
  adv_calls *calls;
  adv_attempt *next, *prev, *next_refused;
  adv_attempt_phase phase;
  adv_status refusal;
  bool abandoned; /* freed by its owner while in flight */
  int endpoint;
  adv_slots_waiter waiter;
  adv_http_transfer *transfer;
  adv_attempt_cb cb;
  void *ud;
  adv_attempt_request request; /* points into `copy` */
  adv_attempt_reply reply;
  char *body, *headers, *message; /* what `reply` points at */
  uint64_t first_byte_ns, total_ns, bytes_up, bytes_down;
  char copy[];
};

/* --- attempt.c --- */

/* A copy of all that is asked, in one allocation; NULL: out of memory. */
adv_attempt *adv_attempt_new(const adv_attempt_request *request);

/* Copies a transfer's outcome into `a->reply` and its times; where there is no
 * memory for the body the reply is lost and the outcome unknown. */
void adv_attempt_take(adv_attempt *a, const adv_http_result *result);

void adv_attempt_delete(adv_attempt *a);

/* --- pacing.c --- */

/* Grants slots to those that may have one now, and comes again when time will
 * let more have one. */
void adv_calls_grant(adv_calls *c);

/* Gives the slot of an attempt back, with what `a->reply` says of its endpoint.
 * The last byte is in: no commit takes a place at the server. */
void adv_calls_give_slot_back(adv_attempt *a);

/* Ends an attempt that waits for a slot: takes it out and calls it back. */
void adv_calls_turn_away(adv_attempt *a, adv_status st, const char *why);

/* --- flight.c --- */

/* An adv_slots_cb: `attempt` has a slot at `endpoint`. */
void adv_calls_take_off(void *attempt, int endpoint);

/* Calls back those whose intent the store refused at once. A grant may come
 * from inside adv_calls_send(), which calls nobody back. */
void adv_calls_tell_refused(adv_calls *c);

/* --- calls.c --- */

/* Takes an attempt out of the list of those not called back. */
void adv_calls_unlink(adv_attempt *a);

/* Lets the next turn of the loop tell what is to be told, if anything. */
void adv_calls_arm_turn(adv_calls *c);

#endif
