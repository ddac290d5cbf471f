/* multi.h - drives one curl multi handle on a libuv loop, for http.c.
 *
 * One uv_poll per socket and one uv_timer, as libcurl asks for them
 * (curl_multi_socket_action). It knows nothing about requests. Call everything
 * on the loop's thread, nothing from inside a libcurl callback. */
#ifndef ADV_MULTI_H
#define ADV_MULTI_H

#include <curl/curl.h>
#include <stddef.h>
#include <uv.h>

#include "base/status.h"

typedef struct adv_multi adv_multi;

/* All are called outside libcurl's callbacks, on the loop's turn. */
typedef struct adv_multi_events {
  /* A transfer ended; its handle has been taken out. Collects only: it makes
   * no call to this module. */
  void (*done)(void *ud, CURL *easy, CURLcode code);
  /* Comes after each batch of done; may call anything here. */
  void (*drained)(void *ud);
  /* The last handle is closed and the adv_multi is freed. */
  void (*closed)(void *ud);
  void *ud;
} adv_multi_events;

/* The caller owns *out and ends it with adv_multi_close(). Keeps at most
 * `max_connections` open. */
ADV_MUST_CHECK adv_status adv_multi_new(adv_multi **out, uv_loop_t *loop,
                                        size_t max_connections,
                                        const adv_multi_events *events);

/* Starts a transfer. Calls nothing back before the loop's next turn. */
ADV_MUST_CHECK adv_status adv_multi_add(adv_multi *m, CURL *easy);

/* Breaks a transfer off: done is not called for it. */
void adv_multi_remove(adv_multi *m, CURL *easy);

/* Every transfer must have been taken out. Closes the kept connections. */
void adv_multi_close(adv_multi *m);

#endif
