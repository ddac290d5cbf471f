/* pace.h - how much one endpoint is given: how many requests at once, how many
 * of them and of their tokens a minute, and whether it rests. Pure bookkeeping;
 * the time is passed in, in milliseconds of a clock that never goes back.
 *
 * At once: begins with 4, doubles with each clean round (as many good replies
 * as there are places, at least half of them in use) until the server first
 * says that it is too much; then falls to 0.8 of it, at most once in 15 s or
 * as long as the server asks for, and rises by 5 % (at least one) a clean
 * round. Other failures cut nothing.
 *
 * Rests: an endpoint that fails more than half of at least 20 requests within a
 * minute gets none for 5 s, then a single one: if that fails too, it rests
 * twice as long, up to 60 s; a good reply ends the matter. One that has had no
 * good reply for `patience_ms`, rests included, is broken: nobody should wait
 * for it. */
#ifndef ADV_PACE_H
#define ADV_PACE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct adv_pace_limits {
  unsigned most; /* requests at once, > 0 */
  bool fixed;    /* as many from the start, whatever comes back; never rests */
  uint64_t requests_per_minute, tokens_per_minute; /* 0: no cap */
  uint64_t patience_ms;                            /* 0: 180 s */
} adv_pace_limits;

typedef enum adv_pace_event {
  ADV_PACE_GOOD,       /* a reply, whatever it says */
  ADV_PACE_TOO_MUCH,   /* over a rate: 429 */
  ADV_PACE_OVERLOADED, /* too much for a server that is not well: 503, 529 */
  ADV_PACE_FAILED,     /* other server errors, and no complete reply */
  ADV_PACE_VOID,       /* ended by this side */
} adv_pace_event;

enum { ADV_PACE_SECONDS = 61 }; /* a minute, whenever its second begins */

/* What happened in one second. */
typedef struct adv_pace_second {
  uint64_t second;
  uint64_t requests, tokens;
  unsigned good, failed;
} adv_pace_second;

/* Fields are for pace.c only. */
typedef struct adv_pace {
  adv_pace_limits limits;
  unsigned limit; /* requests at once */
  unsigned clean; /* good replies of this round */
  bool is_cut;    /* whether it was ever too much: ends the quick start */
  uint64_t cut_until_ms; /* no cut before */
  unsigned refused_in_row;
  uint64_t hold_until_ms; /* as the server has asked */
  unsigned rests;         /* in a row, without a good reply */
  uint64_t rest_until_ms;
  uint64_t ill_since_ms; /* 0: well */
  bool is_probed;        /* the single one after a rest is on its way */
  adv_pace_second seconds[ADV_PACE_SECONDS];
} adv_pace;

void adv_pace_init(adv_pace *p, const adv_pace_limits *limits);

/* Requests at once, now. */
unsigned adv_pace_limit(const adv_pace *p);

/* Whether one more request may go out beside `in_flight` others. Where only
 * time stands in its way, *when_ms gets the moment to ask again, else
 * UINT64_MAX. */
bool adv_pace_allows(const adv_pace *p, unsigned in_flight, uint64_t tokens,
                     uint64_t now_ms, uint64_t *when_ms);

/* Notes a request that goes out; `tokens` is an estimate. */
void adv_pace_sent(adv_pace *p, uint64_t tokens, uint64_t now_ms);

/* Notes how a request ended; `in_flight` counts it still. `asked_ms`: how long
 * the server asks to wait, 0 if it does not. */
void adv_pace_ended(adv_pace *p, adv_pace_event event, unsigned in_flight,
                    uint64_t asked_ms, uint64_t now_ms);

/* Whether it has failed for too long. */
bool adv_pace_is_broken(const adv_pace *p, uint64_t now_ms);

#endif
