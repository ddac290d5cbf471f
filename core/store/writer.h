/* writer.h - the queue of batches and the group commit.
 *
 * Owns the writing connection and hands it to one job at a time on libuv's
 * thread pool. Nothing here knows about folders or locks. Call everything on
 * the loop's thread. */
#ifndef ADV_WRITER_H
#define ADV_WRITER_H

#include <uv.h>

#include "store/connection.h"
#include "store/store.h"

typedef struct adv_writer adv_writer; /* opaque: see writer.c */

/* Takes *connection, unless the result is not ADV_OK. */
ADV_MUST_CHECK adv_status adv_writer_new(adv_writer **out, uv_loop_t *loop,
                                         const adv_connection *connection);

/* `make_room` is called, from the thread pool, when a commit finds the disk
 * full; if it says that it made some, the commit is tried once more. */
void adv_writer_on_full(adv_writer *w, bool (*make_room)(void *ud), void *ud);

/* As adv_store_submit(). */
ADV_MUST_CHECK adv_status adv_writer_submit(adv_writer *w, adv_batch *b,
                                            adv_store_cb cb, void *ud);

adv_store_counts adv_writer_counted(const adv_writer *w);

/* Commits what is queued and calls its callbacks; then calls `drained`, at
 * once if there is nothing to commit; then closes the connection and calls
 * `closed`, never from inside this call. The writer is gone by then. */
void adv_writer_close(adv_writer *w, void (*drained)(void *ud),
                      void (*closed)(void *ud), void *ud);

#endif
