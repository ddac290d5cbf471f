/* probe.h - one request outside of any run: what a server says of its models,
 * whether it takes a key. Nothing is recorded, so it is for what is free, or
 * for a person who asks; a run's own calls are attempts (calls.h). */
#ifndef ADV_PROBE_H
#define ADV_PROBE_H

#include <uv.h>

#include "net/http.h"

/* All is copied, but for `body`: it must live until the callback. */
typedef struct adv_probe {
  const char *url;            /* whole */
  const char *key;            /* NULL: none; registered with the redactor */
  const char *key_header;     /* put before the key; NULL: no key is sent */
  const char *const *headers; /* NULL-terminated, without the key */
  const char *body;           /* NULL: a GET, else a POST */
  size_t body_len;
  bool plain_http_allowed;
  unsigned total_ms; /* for all of it; 0: 10 s */
  adv_http_options options;
} adv_probe;

/* Exactly once, on the loop's thread, never from inside adv_probe_send(); the
 * result lives during the call. */
typedef void (*adv_probe_cb)(void *ud, const adv_http_result *result);

/* On any result but ADV_OK there is no callback. */
ADV_MUST_CHECK adv_status adv_probe_send(uv_loop_t *loop,
                                         const adv_probe *probe,
                                         adv_probe_cb cb, void *ud);

#endif
