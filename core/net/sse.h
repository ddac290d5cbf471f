/* sse.h - parser of server-sent events (WHATWG HTML, section 9.2), pure.
 *
 * Works on any split of the stream: feed it piece by piece or at once. */
#ifndef ADV_SSE_H
#define ADV_SSE_H

#include <stddef.h>

#include "base/buf.h"

/* One dispatched event: `event` is "" where none was named. Both strings live
 * only during the call. A status other than ADV_OK stops the parser. */
typedef adv_status (*adv_sse_cb)(void *ud, const char *event, size_t event_len,
                                 const char *data, size_t data_len);

typedef struct adv_sse {
  adv_buf line, event, data;
  int started;  /* a byte order mark may still come */
  int after_cr; /* an LF that follows belongs to the CR before it */
  int has_data; /* a data field was seen, even an empty one */
  adv_sse_cb cb;
  void *ud;
} adv_sse;

/* `max` limits a line and an event's data, in bytes. */
void adv_sse_init(adv_sse *sse, size_t max, adv_sse_cb cb, void *ud);

/* ADV_ELIMIT, ADV_ENOMEM, or what the callback returned; after a failure only
 * adv_sse_free() may follow. */
ADV_MUST_CHECK adv_status adv_sse_feed(adv_sse *sse, const char *bytes,
                                       size_t len);

/* End of stream. By the standard an event without its blank line is dropped;
 * model servers leave the last blank line out, so it is dispatched here. */
ADV_MUST_CHECK adv_status adv_sse_finish(adv_sse *sse);

void adv_sse_free(adv_sse *sse);

#endif
