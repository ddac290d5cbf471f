/* forward.h - gives a process without a network one host: whoever connects to
 * a Unix socket is connected to that host, and bytes are passed on both ways
 * as they are. What is encrypted stays so.
 *
 * Each direction holds one buffer and reads again once that was written, so a
 * slow side holds up the other one. A side that has said its last word is shut
 * down on the other end; the connection ends once both have, or either fails.
 * Call everything on the loop's thread. */
#ifndef ADV_FORWARD_H
#define ADV_FORWARD_H

#include <uv.h>

#include "base/buf.h"
#include "base/status.h"

typedef struct adv_forward adv_forward;

/* Listens at `path`, which must not be there yet; `url` names the host. Where
 * it is http:// to a name of this machine, only this machine is connected to,
 * whatever the name leads to: that a key may go there was judged by the name.
 * A host that cannot be reached answers 502 over http://, and closes over
 * https://. The caller owns *out and ends it with adv_forward_close(). */
ADV_MUST_CHECK adv_status adv_forward_open(adv_forward **out, uv_loop_t *loop,
                                           const char *url, const char *path,
                                           adv_buf *why);

/* Connections that are open, or are about to be. */
unsigned adv_forward_count(const adv_forward *f);

/* Ends all connections and removes the socket. Memory is freed once libuv has
 * closed the last handle. NULL is fine. */
void adv_forward_close(adv_forward *f);

#endif
