/* transfer.h - one HTTP request on its way: its easy handle, what goes out,
 * what came back, and what that means. For http.c only.
 *
 * A transfer is kept and used for one request after another. libcurl's
 * callbacks end here: they note, they never call the user. */
#ifndef ADV_TRANSFER_H
#define ADV_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <uv.h>

#include "base/buf.h"
#include "net/address.h"
#include "net/http.h"

struct adv_http_transfer {
  TAILQ_ENTRY(adv_http_transfer) link; /* in one of the owner's lists */
  adv_http *http;                      /* the owner; set by it */
  adv_http_cb cb;                      /* set by the owner, as is ud */
  void *ud;
  CURL *easy;
  uv_timer_t limit; /* for the first byte of the reply */
  void (*on_late)(adv_http_transfer *t);
  void (*on_freed)(adv_http *http);
  const adv_http_options *options;
  adv_buf url;
  adv_place place;       /* of the URL's host */
  const char *route;     /* the Unix socket that leads there, or NULL */
  adv_buf header_text;   /* of the request, a NUL after each header */
  adv_buf header_lines;  /* array of struct curl_slist into header_text */
  adv_buf body, headers; /* of the reply */
  char error[CURL_ERROR_SIZE];
  char message[CURL_ERROR_SIZE + 64];
  struct { /* zeroed for each request */
    adv_http_result result;
    size_t body_len; /* of the request */
    unsigned first_byte_ms;
    unsigned stall_ms;
    size_t
        seen_len; /* of the reply's body when the stall was last looked for */
    bool guards_key; /* goes to this machine only */
    bool refused;    /* because of that */
    bool sent_again; /* as libcurl would have it */
    bool too_large;
    bool out_of_memory;
    bool last_chance; /* the limit for the first byte has run out */
    bool late;        /* and nothing came in the turn after */
    bool stalled;     /* the reply began, and then all but stopped */
    bool ended;
  } now;
};

/* `options` must outlive the transfer. `on_late` is called on the loop's turn
 * when the limit for the first byte runs out or the reply stalls; the owner
 * then breaks the transfer off. NULL: out of memory. */
adv_http_transfer *adv_transfer_new(uv_loop_t *loop,
                                    const adv_http_options *options,
                                    void (*on_late)(adv_http_transfer *t));

/* Makes the easy handle ready for curl_multi_add_handle(). */
ADV_MUST_CHECK adv_status adv_transfer_prepare(adv_http_transfer *t,
                                               const adv_http_request *request);

/* Fills in now.result from what was noted. The easy handle must not have been
 * used for anything else since. */
void adv_transfer_conclude(adv_http_transfer *t, CURLcode code, bool canceled);

/* Lets go of what only the last request needed. */
void adv_transfer_clear(adv_http_transfer *t);

/* `on_freed` gets the owner once the timer is closed and `t` is gone. */
void adv_transfer_free(adv_http_transfer *t, void (*on_freed)(adv_http *http));

#endif
