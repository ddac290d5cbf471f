/* endpoints.h - the endpoints of a run: URL, key and limits of each, and what
 * roles that share one say differently about it. */
#ifndef ADV_ENDPOINTS_H
#define ADV_ENDPOINTS_H

#include "calls/calls.h"
#include "net/slots.h"

typedef struct adv_known_endpoint {
  char *url;            /* without a slash at the end */
  char *public;         /* as recorded: without user info and query */
  char *key;            /* NULL: none */
  adv_endpoint options; /* its texts are gone; `url` and `key` are copies */
  char failure[160];    /* the last one, in words */
} adv_known_endpoint;

/* All zero: empty. An endpoint's index here is its index in the slots. */
typedef struct adv_endpoints {
  adv_known_endpoint *list;
  int count;
} adv_endpoints;

/* As adv_calls_endpoint(); a new one gets its place in `slots`. */
ADV_MUST_CHECK adv_status adv_endpoints_add(adv_endpoints *known,
                                            adv_slots *slots,
                                            const adv_endpoint *endpoint,
                                            int *index, adv_buf *why);

/* Wipes the keys and frees all; `known` is empty again. */
void adv_endpoints_clear(adv_endpoints *known);

#endif
