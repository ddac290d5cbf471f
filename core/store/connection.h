/* connection.h - one SQLite connection and the statements it keeps.
 *
 * A plain value that belongs to one thread at a time; which one may change
 * between calls. For the files of the store only. */
#ifndef ADV_CONNECTION_H
#define ADV_CONNECTION_H

#include <sqlite3.h>

#include "store/store.h"

enum { ADV_KEPT_STATEMENTS = 32 };

typedef struct adv_connection {
  sqlite3 *db;
  sqlite3_stmt *kept[ADV_KEPT_STATEMENTS]; /* most recently used first */
  size_t count;
} adv_connection;

/* `name` and `flags` as for sqlite3_open_v2(). Hardened against what a foreign
 * file may hold; no extensions, no attached databases. On failure *c is closed
 * and *why gets the reason. */
ADV_MUST_CHECK adv_status adv_connection_open(adv_connection *c,
                                              const char *name, int flags,
                                              adv_buf *why);

/* Finalizes what is kept. A closed connection is fine. */
void adv_connection_close(adv_connection *c);

/* The status for an SQLite result other than OK, with words in *why. To be
 * called at once: which system call failed is known from errno, since SQLite
 * does not keep it when a commit fails. */
adv_status adv_connection_fail(const adv_connection *c, int rc, adv_buf *why);

/* sqlite3_step(), with errno made ready for adv_connection_fail(). */
int adv_connection_step(sqlite3_stmt *statement);

/* Runs statements that need no values and whose rows do not matter. */
ADV_MUST_CHECK adv_status adv_connection_run(adv_connection *c, const char *sql,
                                             adv_buf *why);

/* Runs a statement that gives one integer, such as PRAGMA user_version. */
ADV_MUST_CHECK adv_status adv_connection_number(adv_connection *c,
                                                const char *sql,
                                                int64_t *number, adv_buf *why);

/* Takes the prepared statement for `sql` out of the kept ones, or prepares it.
 * Text decides, not the pointer, so that memory used anew cannot name another
 * statement. Give it back with adv_connection_give(). Whoever asks for the same
 * text in between gets a statement of its own, so uses may nest. */
ADV_MUST_CHECK adv_status adv_connection_take(adv_connection *c,
                                              const char *sql,
                                              sqlite3_stmt **out, adv_buf *why);

/* Resets the statement and keeps it; the one not used for longest goes. */
void adv_connection_give(adv_connection *c, sqlite3_stmt *statement);

/* Binds exactly as many values as the statement has parameters. Text and blobs
 * are not copied: they must stay until the statement is given back. */
ADV_MUST_CHECK adv_status adv_connection_bind(adv_connection *c,
                                              sqlite3_stmt *statement,
                                              const adv_value *values, size_t n,
                                              adv_buf *why);

#endif
