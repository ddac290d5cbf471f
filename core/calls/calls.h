/* calls.h - one attempt of a paid call: the place where net and store meet.
 *
 * An attempt waits for a slot at one of its endpoints, commits its intent,
 * sends once, commits the raw reply with the transport's outcome, and only
 * then wakes whoever waits: an answer that anybody has seen is on disk. At
 * most as many attempts as are in flight can be in doubt when the process
 * dies. Retrying is not decided here. Nothing here knows about Lua or JSON.
 * Call everything on the loop's thread. */
#ifndef ADV_CALLS_H
#define ADV_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/status.h"
#include "net/http.h"
#include "store/store.h"

typedef struct adv_calls adv_calls;
typedef struct adv_attempt adv_attempt;

typedef struct adv_endpoint {
  const char *url;      /* base URL, as "https://host/v1"; for a local
                           endpoint any name */
  const char *key;      /* NULL: none. Copied, registered with the redactor,
                           wiped at close */
  unsigned concurrency; /* most slots, as in net/pace.h; 0: 8 */
  uint64_t requests_per_minute, tokens_per_minute; /* 0: no cap */
  uint64_t breaker_ms;     /* patience with failures; 0: as in net/pace.h */
  bool local;              /* replies come with the attempt; no network */
  bool plain_http_allowed; /* let the key go over http:// beyond loopback */
  unsigned connect_ms, first_byte_ms, total_ms, stall_ms; /* 0: as in
                                                             net/http.h */
  size_t max_reply; /* 0: as in net/http.h */
} adv_endpoint;

/* What is asked. Everything is copied. */
typedef struct adv_attempt_request {
  int64_t round;
  const char *stage, *lane;
  int64_t ordinal;
  int64_t n; /* 1 for the first attempt of a call */
  const char *role;
  const char *canonical; /* the call in the program's own form */
  size_t canonical_len;
  const int *endpoints; /* indices that adv_calls_endpoint() gave */
  size_t endpoint_count;
  const char *path;           /* appended to the endpoint's URL */
  const char *const *headers; /* NULL-terminated, without the key */
  const char *key_header;     /* put before the key, as
                                 "Authorization: Bearer "; NULL: no key */
  const char *body;           /* as sent; for a local endpoint as it would have
                                 been, or empty */
  size_t body_len;
  const char *reply; /* for a local endpoint: what it answers */
  size_t reply_len;
  uint64_t tokens; /* an estimate, for endpoints with a cap on them */
  bool fresh_connection;
} adv_attempt_request;

typedef enum adv_attempt_state {
  ADV_ATTEMPT_DONE,    /* a complete HTTP response of any status */
  ADV_ATTEMPT_FAILED,  /* surely not sent */
  ADV_ATTEMPT_UNKNOWN, /* sent, outcome not known: may be paid */
} adv_attempt_state;

/* Valid until adv_attempt_free(). */
typedef struct adv_attempt_reply {
  int64_t id; /* row in `attempt`; 0 if no intent was committed */
  adv_attempt_state state;
  adv_http_end end;
  int curl_code;
  long http_status;
  int sends;
  bool reused;
  const char *headers; /* as in adv_http_result */
  const char *body;
  size_t body_len;
  const char *message;
} adv_attempt_reply;

/* Exactly once for each accepted attempt, on the loop's thread, never from
 * inside adv_calls_send(). `st` is ADV_OK when the reply is durable, whatever
 * it says; otherwise the store's failure, with `why` in words; or, for an
 * attempt that was never granted a slot, ADV_ECANCELED, or ADV_EOVERLOADED
 * where all of its endpoints are broken (net/pace.h). */
typedef void (*adv_attempt_cb)(void *ud, adv_status st, const char *why);

/* Borrows `store`, which must outlive *out. `options` may be NULL. The caller
 * owns *out and ends it with adv_calls_close(). */
ADV_MUST_CHECK adv_status adv_calls_new(adv_calls **out, uv_loop_t *loop,
                                        adv_store *store,
                                        const adv_http_options *options);

/* Adds an endpoint, or finds the one with the same URL: limits and concurrency
 * belong to the URL, whichever roles use it. *index gets its number. *why gets
 * the reason in words: a URL that is not http(s), a key that cannot be sent,
 * another key or other limits for the same URL. */
ADV_MUST_CHECK adv_status adv_calls_endpoint(adv_calls *c,
                                             const adv_endpoint *endpoint,
                                             int *index, adv_buf *why);

/* The caller owns *out and frees it with adv_attempt_free() after the
 * callback. On any result but ADV_OK there is none and no callback. */
ADV_MUST_CHECK adv_status adv_calls_send(adv_calls *c,
                                         const adv_attempt_request *request,
                                         adv_attempt_cb cb, void *ud,
                                         adv_attempt **out);

/* Only after the callback; never NULL. */
const adv_attempt_reply *adv_attempt_replied(const adv_attempt *a);

/* Before the callback: the attempt goes on and is recorded, its callback never
 * comes. NULL is fine. */
void adv_attempt_free(adv_attempt *a);

/* No attempt is granted a slot any more; those in flight go on. */
void adv_calls_stop(adv_calls *c);

/* Cancels the transfers in flight; each is recorded as it ended. */
void adv_calls_cancel(adv_calls *c);

/* Attempts between the grant of a slot and the commit of their reply. */
size_t adv_calls_in_flight(const adv_calls *c);

/* `drained` is called once when nothing is in flight, never from inside. */
ADV_MUST_CHECK adv_status adv_calls_drain(adv_calls *c,
                                          void (*drained)(void *ud), void *ud);

/* Stops, drops what waits for a slot (ADV_ECANCELED), cancels what is in
 * flight, and calls `closed` (may be NULL) when all is recorded and freed. The
 * store must stay open until then. NULL is fine. */
void adv_calls_close(adv_calls *c, void (*closed)(void *ud), void *ud);

#endif
