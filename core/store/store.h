/* store.h - run.db: durable writes in groups, reads beside them.
 *
 * SQLite in WAL mode at synchronous=FULL. Writes are messages: a batch of
 * statements that takes effect as a whole. Whatever was submitted while a
 * commit was on its way goes into the next one (group commit), which runs on
 * libuv's thread pool, so the loop never waits for a disk. Waiters are called
 * first, the next commit starts on the loop's next turn. Reads use a second,
 * read-only connection on the calling thread and see committed batches only.
 * While a folder is open for writing, run.spare holds room for what is in
 * flight when the disk is full.
 * Nothing here knows about HTTP or Lua. Call everything on the loop's
 * thread. */
#ifndef ADV_STORE_H
#define ADV_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/status.h"

typedef struct adv_store adv_store;
typedef struct adv_batch adv_batch;

typedef enum adv_value_type {
  ADV_NULL,
  ADV_INTEGER,
  ADV_REAL,
  ADV_TEXT,
  ADV_BLOB,
} adv_value_type;

typedef struct adv_value {
  adv_value_type type;
  bool borrowed; /* text or blob stays valid and unchanged until the batch's
                    callback: it is not copied */
  int64_t integer;
  double real;
  const char *bytes; /* text and blob; need not be NUL-terminated */
  size_t len;
} adv_value;

typedef enum adv_store_mode {
  ADV_STORE_CREATE, /* ADV_EEXISTS if there is one */
  ADV_STORE_WRITE,  /* ADV_ENOTFOUND if there is none */
  ADV_STORE_READ,   /* no lock, no writes; beside a writer if there is one */
} adv_store_mode;

typedef struct adv_store_options {
  adv_store_mode mode;
  uv_loop_t *loop;    /* NULL only with ADV_STORE_READ */
  const char *source; /* with ADV_STORE_CREATE: folder of a run whose rows the
                         new one begins with, as they are committed now, also
                         beside a writer; NULL: none */
} adv_store_options;

/* Opens FOLDER/run.db (a new folder is made 0700, files 0600). A writer holds
 * flock() on FOLDER/run.lock, close-on-exec, with its process id and host name
 * in the file: ADV_EBUSY if another has it. ADV_EVERSION if application_id or
 * user_version are not ours. On failure *why gets the reason in words, with
 * the remedy, and *out is NULL. The caller owns *out. */
ADV_MUST_CHECK adv_status adv_store_open(adv_store **out, const char *folder,
                                         const adv_store_options *options,
                                         adv_buf *why);

/* A batch of statements, empty. NULL if out of memory. */
adv_batch *adv_batch_new(void);

/* Adds `sql` with its `n` values bound in order. `sql` is borrowed for the
 * life of the store and names the prepared statement that is kept for it. */
ADV_MUST_CHECK adv_status adv_batch_add(adv_batch *b, const char *sql,
                                        const adv_value *values, size_t n);

/* For a batch that is not submitted. NULL is fine. */
void adv_batch_free(adv_batch *b);

/* The outcome of one batch: `st` is ADV_OK only after the transaction that
 * holds it is durable. `why` is "" or the reason, valid during the call. */
typedef void (*adv_store_cb)(void *ud, adv_status st, const char *why);

/* Takes the batch. `cb` is called exactly once, on the loop's thread, never
 * from inside this call. A statement that fails undoes its own
 * batch only. A commit that fails (disk full, I/O error) fails every batch in
 * it. `cb` may be NULL: nobody hears of a failure then, so such a batch fails
 * its whole group and is tried again with the next one; what is submitted
 * later is never on disk without it. On any result but ADV_OK the caller keeps
 * the batch and `cb` will not be called. */
ADV_MUST_CHECK adv_status adv_store_submit(adv_store *s, adv_batch *b,
                                           adv_store_cb cb, void *ud);

/* A batch of one statement, made and submitted. On any result but ADV_OK
 * nothing is left behind and `cb` will not be called. */
ADV_MUST_CHECK adv_status adv_store_submit_one(adv_store *s, const char *sql,
                                               const adv_value *values,
                                               size_t n, adv_store_cb cb,
                                               void *ud);

/* Called for each row; the values live during the call. A status other than
 * ADV_OK ends the query, which returns it. */
typedef adv_status (*adv_row_cb)(void *ud, const adv_value *columns,
                                 const char *const *names, size_t n);

/* Runs one reading statement, synchronously, and sees what is committed.
 * *why gets SQLite's words on failure. */
ADV_MUST_CHECK adv_status adv_store_query(adv_store *s, const char *sql,
                                          const adv_value *values, size_t n,
                                          adv_row_cb row, void *ud,
                                          adv_buf *why);

/* Figures for benchmarks and status. */
typedef struct adv_store_counts {
  uint64_t commits, batches, statements;
  bool full; /* the disk was full: what is written now uses the room that was
                set aside (32 MiB), so that no more should be begun */
} adv_store_counts;
adv_store_counts adv_store_counted(const adv_store *s);

/* What is queued is committed first and its callbacks are called; then the
 * files are closed and `closed` is called (may be NULL). Run the loop until
 * then. A store opened for reading is closed at once. NULL is fine. */
void adv_store_close(adv_store *s, void (*closed)(void *ud), void *ud);

#endif
