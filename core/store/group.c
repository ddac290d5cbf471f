#include "store/group.h"

#include <string.h>

#include "base/crash.h"

enum { WHY_MAX = 1024 };

static adv_status run_statement(adv_connection *c, const adv_statement *s,
                                adv_buf *why)
{
  sqlite3_stmt *statement;
  adv_status st = adv_connection_take(c, s->sql, &statement, why);
  int rc;

  if (st != ADV_OK)
    return st;
  if (sqlite3_stmt_readonly(statement)) {
    /* COMMIT and its like are of this kind: they would end the group. */
    adv_buf_message(why, "not a statement that writes: %s", s->sql);
    st = ADV_EINVAL;
  } else {
    st = adv_connection_bind(c, statement, s->values, s->n, why);
  }
  if (st == ADV_OK) {
    do
      rc = adv_connection_step(statement);
    while (rc == SQLITE_ROW);
    if (rc != SQLITE_DONE)
      st = adv_connection_fail(c, rc, why);
  }
  adv_connection_give(c, statement);
  return st;
}

/* A fixed statement of the writer's own, kept like the others. */
static adv_status control(adv_connection *c, const char *sql, adv_buf *why)
{
  sqlite3_stmt *statement;
  adv_status st = adv_connection_take(c, sql, &statement, why);
  int rc;

  if (st != ADV_OK)
    return st;
  rc = adv_connection_step(statement);
  if (rc != SQLITE_DONE)
    st = adv_connection_fail(c, rc, why);
  adv_connection_give(c, statement);
  return st;
}

static bool in_transaction(const adv_connection *c)
{
  return !sqlite3_get_autocommit(c->db);
}

/* Takes back the batch that is under way. Where that fails, the group must not
 * be committed. */
static adv_status undo_batch(adv_connection *c, adv_buf *why)
{
  adv_status st = control(c, "ROLLBACK TO batch", why);

  return st == ADV_OK ? control(c, "RELEASE batch", why) : st;
}

/* One statement that fails undoes itself; only several need a savepoint. Sets
 * b->st; any other result than ADV_OK is the whole group's. */
static adv_status run_batch(adv_connection *c, adv_batch *b, adv_buf *why)
{
  bool guarded = b->count > 1;

  b->st = guarded ? control(c, "SAVEPOINT batch", why) : ADV_OK;
  if (b->st != ADV_OK)
    return b->st;
  for (adv_statement *s = b->first; s && b->st == ADV_OK; s = s->next)
    b->st = run_statement(c, s, why);
  if (guarded && b->st == ADV_OK)
    b->st = control(c, "RELEASE batch", why);
  /* A full disk, a lack of memory and the like make SQLite end the whole
   * transaction on its own. */
  if (!in_transaction(c))
    return b->st != ADV_OK ? b->st : ADV_EIO;
  return guarded && b->st != ADV_OK ? undo_batch(c, why) : ADV_OK;
}

static adv_status run_group(adv_connection *c, adv_batch *group, adv_buf *why)
{
  adv_status st = ADV_OK;

  /* Of an earlier group whose end failed too. */
  if (in_transaction(c))
    st = control(c, "ROLLBACK", why);
  if (st == ADV_OK)
    st = control(c, "BEGIN IMMEDIATE", why);
  for (adv_batch *b = group; b && st == ADV_OK; b = b->next) {
    st = run_batch(c, b, why);
    if (st != ADV_OK || b->st == ADV_OK)
      continue;
    /* Where nobody would hear of it, nothing later may be on disk without it.
     */
    if (b->cb)
      b->why = adv_buf_take(why, NULL);
    else
      st = b->st;
  }
  if (st != ADV_OK)
    return st;
  adv_crash_point("committing");
  st = control(c, "COMMIT", why);
  adv_crash_point("committed");
  return st;
}

bool adv_group_commit(adv_connection *c, adv_batch *group)
{
  adv_status st;
  adv_buf why, unread;

  adv_buf_init(&why, WHY_MAX);
  adv_buf_init(&unread, 0);
  st = run_group(c, group, &why);
  if (st != ADV_OK && in_transaction(c))
    (void)!control(c, "ROLLBACK", &unread);
  for (adv_batch *b = group; b && st != ADV_OK; b = b->next) {
    if (b->why)
      continue; /* it failed on its own before the group did */
    b->st = st;
    b->why = why.data ? strdup(why.data) : NULL;
  }
  adv_buf_free(&why);
  return st == ADV_OK;
}
