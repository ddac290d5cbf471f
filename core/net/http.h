/* http.h - asynchronous HTTP/1.1 requests on a libuv loop, through libcurl.
 *
 * One adv_http owns one curl multi handle with its sockets and its timer.
 * It makes one send per request, enforced in libcurl's pre-request callback
 * (a reused connection that dies would otherwise make libcurl send a POST
 * again by itself); follows no redirects; takes no proxy from the environment;
 * always verifies TLS. Nothing here knows about Lua or about the store. Call
 * everything on the loop's thread. */
#ifndef ADV_HTTP_H
#define ADV_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/status.h"

typedef struct adv_http adv_http;
typedef struct adv_http_transfer adv_http_transfer;

typedef struct adv_http_options {
  size_t max_connections; /* kept open; 0: 256 */
  const char *proxy;      /* NULL: none */
  const char *ca_file;    /* NULL: the system's */
} adv_http_options;

typedef struct adv_http_request {
  const char *method;         /* NULL: "POST" with a body, else "GET" */
  const char *url;            /* required, http:// or https://; copied */
  const char *const *headers; /* "Name: value", NULL-terminated, or NULL;
                                 copied; one with CR or LF is ADV_EINVAL */
  const char *body;           /* borrowed until the callback; NULL: no body */
  size_t body_len;
  bool fresh_connection; /* do not reuse a kept one */
  bool carries_key;      /* refuse plain http:// beyond loopback, by the
                            peer's address, unless plain_http_allowed */
  bool plain_http_allowed;
  size_t max_reply;       /* bytes of decoded body; 0: 16 MiB */
  unsigned connect_ms;    /* 0: 10 s */
  unsigned first_byte_ms; /* from the send on; 0: only total_ms counts */
  unsigned total_ms;      /* 0: 600 s */
  unsigned stall_ms;      /* a reply whose body has begun must bring a byte a
                             second over this time; 0: 120 s */
} adv_http_request;

/* Why a transfer ended, beyond the status code. */
typedef enum adv_http_end {
  ADV_HTTP_DONE,      /* a complete HTTP response of any status */
  ADV_HTTP_NOT_SENT,  /* surely not sent: DNS, refused, TLS, upload cut */
  ADV_HTTP_LOST,      /* sent, then no complete response: may be paid */
  ADV_HTTP_TOO_LARGE, /* body beyond max_reply; may be paid */
  ADV_HTTP_TIMED_OUT, /* sent, then a limit ran out; may be paid */
  ADV_HTTP_CANCELED,  /* by adv_http_cancel or adv_http_close; see `sends` */
} adv_http_end;

/* Lives only during the callback. */
typedef struct adv_http_result {
  adv_http_end end;
  int curl_code;    /* CURLcode */
  long http_status; /* 0 if no status line came */
  int sends;        /* times the request was about to go out: 0 or 1 */
  bool reused;      /* on a connection that had been kept open */
  const char *body; /* never NULL; partial unless end is DONE */
  size_t body_len;
  const char *headers; /* "name: value\n" lines of the reply's allow-listed
                          headers (date, content-type, retry-after*,
                          *ratelimit*, *request-id, cf-ray, server,
                          x-should-retry, location without its query); never
                          NULL; names in lower case */
  uint64_t bytes_up, bytes_down;            /* of bodies */
  uint64_t start_ns, first_byte_ns, end_ns; /* monotonic; first_byte 0: none */
  const char *message; /* in words, "" if DONE; holds no URL query, no key */
} adv_http_result;

/* Called exactly once for each accepted request, on the loop's thread, never
 * from inside adv_http_send() and never from inside a libcurl callback. */
typedef void (*adv_http_cb)(void *ud, const adv_http_result *result);

/* The caller owns *out and ends it with adv_http_close(). `options` may be
 * NULL. */
ADV_MUST_CHECK adv_status adv_http_new(adv_http **out, uv_loop_t *loop,
                                       const adv_http_options *options);

/* On any result but ADV_OK, `cb` will not be called. `transfer`, if not NULL,
 * gets a handle for adv_http_cancel() that is valid until `cb` is called. */
ADV_MUST_CHECK adv_status adv_http_send(adv_http *http,
                                        const adv_http_request *request,
                                        adv_http_cb cb, void *ud,
                                        adv_http_transfer **transfer);

/* Ends a transfer; its callback comes with ADV_HTTP_CANCELED, later. One that
 * has ended but was not called back yet keeps its own end: the reply may be
 * paid for. */
void adv_http_cancel(adv_http_transfer *transfer);

/* Pending requests end with ADV_HTTP_CANCELED, their callbacks are called
 * before this returns control to the loop's next turn. Memory is freed once
 * libuv has closed the last handle, so run the loop until it is empty. NULL is
 * fine. */
void adv_http_close(adv_http *http);

#endif
