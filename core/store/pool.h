/* pool.h - the threads on which commits run. */
#ifndef ADV_POOL_H
#define ADV_POOL_H

#include <uv.h>

#include "base/buf.h"
#include "base/status.h"

/* Starts libuv's threads, once a process; libuv would do it with the first
 * work, and would abort the process where it gets no thread. ADV_ENOMEM, with
 * the reason in *why. */
ADV_MUST_CHECK adv_status adv_pool_start(uv_loop_t *loop, adv_buf *why);

#endif
