#include "store/query.h"

#include <stdlib.h>

/* One row as it is handed out; allocated once a query. */
typedef struct row_view {
  size_t n;
  const char **names;
  adv_value columns[];
} row_view;

/* After the first step: that is when SQLite may prepare the statement anew,
 * which changes its names. */
static row_view *new_view(sqlite3_stmt *statement)
{
  size_t n = (size_t)sqlite3_column_count(statement);
  row_view *view =
      malloc(sizeof *view + n * (sizeof(adv_value) + sizeof(char *)));

  if (!view)
    return NULL;
  view->n = n;
  view->names = (const char **)&view->columns[n];
  for (size_t i = 0; i < n; i++)
    view->names[i] = sqlite3_column_name(statement, (int)i);
  return view;
}

/* False if out of memory. */
static bool read_column(sqlite3_stmt *statement, int at, adv_value *v)
{
  *v = (adv_value){.type = ADV_NULL};
  switch (sqlite3_column_type(statement, at)) {
  case SQLITE_INTEGER:
    v->type = ADV_INTEGER;
    v->integer = sqlite3_column_int64(statement, at);
    return true;
  case SQLITE_FLOAT:
    v->type = ADV_REAL;
    v->real = sqlite3_column_double(statement, at);
    return true;
  case SQLITE_TEXT:
    v->type = ADV_TEXT;
    v->bytes = (const char *)sqlite3_column_text(statement, at);
    break;
  case SQLITE_BLOB:
    v->type = ADV_BLOB;
    v->bytes = sqlite3_column_blob(statement, at);
    break;
  default:
    return true;
  }
  v->len = (size_t)sqlite3_column_bytes(statement, at);
  if (!v->bytes && v->len == 0 && v->type == ADV_BLOB)
    v->bytes = "";
  return v->bytes != NULL;
}

static bool read_row(sqlite3_stmt *statement, row_view *view)
{
  for (size_t i = 0; i < view->n; i++)
    if (!view->names[i] || !read_column(statement, (int)i, &view->columns[i]))
      return false;
  return true;
}

static adv_status run(adv_connection *c, sqlite3_stmt *statement,
                      adv_row_cb row, void *ud, adv_buf *why)
{
  row_view *view = NULL;
  adv_status st = ADV_OK;
  int rc;

  while (st == ADV_OK && (rc = adv_connection_step(statement)) == SQLITE_ROW) {
    if (!view)
      view = new_view(statement);
    if (!view || !read_row(statement, view))
      st = ADV_ENOMEM;
    else if (row)
      st = row(ud, view->columns, view->names, view->n);
  }
  if (st == ADV_OK && rc != SQLITE_DONE)
    st = adv_connection_fail(c, rc, why);
  free(view);
  return st;
}

adv_status adv_connection_query(adv_connection *c, const char *sql,
                                const adv_value *values, size_t n,
                                adv_row_cb row, void *ud, adv_buf *why)
{
  sqlite3_stmt *statement;
  adv_status st = adv_connection_take(c, sql, &statement, why);

  if (st != ADV_OK)
    return st;
  if (!sqlite3_stmt_readonly(statement)) {
    adv_buf_message(why, "not a statement that only reads: %s", sql);
    st = ADV_EINVAL;
  }
  if (st == ADV_OK)
    st = adv_connection_bind(c, statement, values, n, why);
  if (st == ADV_OK)
    st = run(c, statement, row, ud, why);
  adv_connection_give(c, statement);
  return st;
}
