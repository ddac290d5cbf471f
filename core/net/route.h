/* route.h - how to reach hosts from a process that has no network: for each
 * approved origin a Unix socket, behind which another process forwards to it
 * (net/forward.h). TLS ends here, not there. One table a process, filled before
 * the first request. */
#ifndef ADV_ROUTE_H
#define ADV_ROUTE_H

#include <stdbool.h>

#include "base/status.h"

/* An origin in parts, each NUL-terminated. */
typedef struct adv_origin {
  char scheme[8]; /* "http" or "https" */
  char host[256]; /* in lower case; an IPv6 address in brackets */
  char port[8];
} adv_origin;

/* The origin of a URL, by libcurl's own reading of it; the port is always
 * there. ADV_EINVAL: it is no URL of http or https. */
ADV_MUST_CHECK adv_status adv_origin_of(const char *url, adv_origin *origin);

/* "https://host:443" into `text`. */
enum { ADV_ORIGIN_MAX = 288 };
void adv_origin_text(const adv_origin *origin, char text[ADV_ORIGIN_MAX]);

/* From now on requests to the origin of `url` go through the socket at
 * `path`; both are copied. */
ADV_MUST_CHECK adv_status adv_route_add(const char *url, const char *path);

/* The socket for a URL; NULL: it is reached as usual. Valid until
 * adv_route_clear(). */
const char *adv_route_find(const char *url);

/* Forgets all, for tests. */
void adv_route_clear(void);

#endif
