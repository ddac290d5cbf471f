#include "store/connection.h"

#include <errno.h>
#include <string.h>

#include "store/folder.h"

/* Only another program that opens the file, recovery after a crash and the
 * closing of the last connection make anybody wait. */
enum { BUSY_TIMEOUT_MS = 5000 };

/* SQLite knows only ENOSPC as a full disk; a quota, a limit on the file's size
 * and a sync that finds no room come as I/O errors. */
static adv_status status_of(int rc, int error)
{
  switch (rc & 0xff) {
  case SQLITE_FULL:
    return ADV_EFULL;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return ADV_EBUSY;
  case SQLITE_CONSTRAINT:
    return ADV_EEXISTS;
  case SQLITE_NOMEM:
    return ADV_ENOMEM;
  case SQLITE_TOOBIG:
    return ADV_ELIMIT;
  case SQLITE_NOTADB:
  case SQLITE_CORRUPT:
    return ADV_EPARSE;
  case SQLITE_ERROR:
  case SQLITE_RANGE:
  case SQLITE_MISMATCH:
  case SQLITE_MISUSE:
    return ADV_EINVAL;
  case SQLITE_IOERR:
    return adv_folder_status(error) == ADV_EFULL ? ADV_EFULL : ADV_EIO;
  default:
    return ADV_EIO;
  }
}

adv_status adv_connection_fail(const adv_connection *c, int rc, adv_buf *why)
{
  int error = errno;
  int primary = rc & 0xff;

  adv_buf_message(why, "%s",
                  c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc));
  if ((primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN) && error)
    adv_buf_message(why, " (%s)", adv_errno_text(error));
  return status_of(rc, error);
}

int adv_connection_step(sqlite3_stmt *statement)
{
  errno = 0;
  return sqlite3_step(statement);
}

/* A run folder may come from somebody else: nothing in its schema may call a
 * function with side effects, and no SQL may break the file. */
static int harden(sqlite3 *db)
{
  int rc = sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);

  if (rc == SQLITE_OK)
    rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  if (rc == SQLITE_OK)
    rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
  sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
  return rc;
}

adv_status adv_connection_open(adv_connection *c, const char *name, int flags,
                               adv_buf *why)
{
  adv_status st;
  int rc;

  *c = (adv_connection){0};
  errno = 0;
  rc = sqlite3_open_v2(name, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
  if (rc == SQLITE_OK) {
    sqlite3_extended_result_codes(c->db, 1);
    rc = harden(c->db);
  }
  if (rc == SQLITE_OK)
    return ADV_OK;
  st = adv_connection_fail(c, rc, why);
  adv_connection_close(c);
  return st;
}

void adv_connection_close(adv_connection *c)
{
  while (c->count > 0)
    sqlite3_finalize(c->kept[--c->count]);
  sqlite3_close(c->db);
  c->db = NULL;
}

adv_status adv_connection_run(adv_connection *c, const char *sql, adv_buf *why)
{
  int rc;

  errno = 0;
  rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
  return rc == SQLITE_OK ? ADV_OK : adv_connection_fail(c, rc, why);
}

adv_status adv_connection_number(adv_connection *c, const char *sql,
                                 int64_t *number, adv_buf *why)
{
  sqlite3_stmt *statement;
  adv_status st = adv_connection_take(c, sql, &statement, why);
  int rc;

  if (st != ADV_OK)
    return st;
  rc = adv_connection_step(statement);
  if (rc == SQLITE_ROW)
    *number = sqlite3_column_int64(statement, 0);
  else
    st = adv_connection_fail(c, rc, why);
  adv_connection_give(c, statement);
  return st;
}

static adv_status prepare(adv_connection *c, const char *sql,
                          sqlite3_stmt **out, adv_buf *why)
{
  const char *rest = NULL;
  int rc =
      sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, &rest);

  if (rc != SQLITE_OK)
    return adv_connection_fail(c, rc, why);
  if (*out && rest[strspn(rest, " \t\r\n;")] == '\0')
    return ADV_OK;
  sqlite3_finalize(*out);
  *out = NULL;
  adv_buf_message(why, "one statement is wanted: %s", sql);
  return ADV_EINVAL;
}

adv_status adv_connection_take(adv_connection *c, const char *sql,
                               sqlite3_stmt **out, adv_buf *why)
{
  for (size_t i = 0; i < c->count; i++) {
    if (strcmp(sqlite3_sql(c->kept[i]), sql) != 0)
      continue;
    *out = c->kept[i];
    c->count--;
    for (; i < c->count; i++)
      c->kept[i] = c->kept[i + 1];
    return ADV_OK;
  }
  *out = NULL;
  return prepare(c, sql, out, why);
}

void adv_connection_give(adv_connection *c, sqlite3_stmt *statement)
{
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement); /* they point to memory of others */
  if (c->count == ADV_KEPT_STATEMENTS)
    sqlite3_finalize(c->kept[--c->count]);
  for (size_t i = c->count; i > 0; i--)
    c->kept[i] = c->kept[i - 1];
  c->kept[0] = statement;
  c->count++;
}

static int bind_one(sqlite3_stmt *statement, int at, const adv_value *v)
{
  /* A NULL pointer would be bound as NULL, which nothing is not. */
  const char *bytes = v->bytes ? v->bytes : "";

  switch (v->type) {
  case ADV_INTEGER:
    return sqlite3_bind_int64(statement, at, v->integer);
  case ADV_REAL:
    return sqlite3_bind_double(statement, at, v->real);
  case ADV_TEXT:
    return sqlite3_bind_text64(statement, at, bytes, v->len, SQLITE_STATIC,
                               SQLITE_UTF8);
  case ADV_BLOB:
    return sqlite3_bind_blob64(statement, at, bytes, v->len, SQLITE_STATIC);
  case ADV_NULL:
    break;
  }
  return sqlite3_bind_null(statement, at);
}

adv_status adv_connection_bind(adv_connection *c, sqlite3_stmt *statement,
                               const adv_value *values, size_t n, adv_buf *why)
{
  int wanted = sqlite3_bind_parameter_count(statement);

  if (n != (size_t)wanted) {
    adv_buf_message(why, "%zu values for %d parameters: %s", n, wanted,
                    sqlite3_sql(statement));
    return ADV_EINVAL;
  }
  for (int i = 0; i < wanted; i++) {
    int rc = bind_one(statement, i + 1, &values[i]);

    if (rc != SQLITE_OK)
      return adv_connection_fail(c, rc, why);
  }
  return ADV_OK;
}
