#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/folder.h"
#include "store/format.h"
#include "store/lock.h"
#include "store/pool.h"
#include "store/query.h"
#include "store/spare.h"
#include "store/writer.h"

struct adv_store {
  char *folder;
  char *path; /* of run.db */
  int lock;   /* -1: none */
  adv_connection reader;
  adv_writer *writer; /* NULL: for reading only */
  void (*closed)(void *ud);
  void *ud;
};

static void free_store(adv_store *s)
{
  adv_connection_close(&s->reader);
  adv_lock_release(s->lock);
  free(s->path);
  free(s->folder);
  free(s);
}

/* Nothing in here may open run.db other than through SQLite: closing any
 * descriptor of a file drops all the locks that the process has on it. */
static adv_status find_database(const char *folder, const char *path,
                                adv_buf *why)
{
  struct stat info;

  if (lstat(path, &info) == 0) {
    if (S_ISREG(info.st_mode))
      return ADV_OK;
    adv_buf_message(why, "%s is not a plain file; name another folder", path);
    return ADV_EVERSION;
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    adv_buf_message(why, "there is no run in %s (no run.db)", folder);
    return ADV_ENOTFOUND;
  }
  adv_buf_message(why, "cannot look at %s: %s", path, adv_errno_text(errno));
  return ADV_EIO;
}

/* Before anything is made for its copy. */
static adv_status find_source(const char *source, adv_buf *why)
{
  char *path = adv_folder_path(source, "run.db");
  adv_status st = path ? find_database(source, path, why) : ADV_ENOMEM;

  free(path);
  return st;
}

static adv_status create(adv_store *s, const char *source, adv_buf *why)
{
  adv_buf unread;
  adv_status st = source ? find_source(source, why) : ADV_OK;

  if (st == ADV_OK)
    st = adv_folder_make(s->folder, why);
  if (st == ADV_OK)
    st = adv_lock_take(&s->lock, s->folder, why);
  if (st != ADV_OK)
    return st;
  adv_buf_init(&unread, 0);
  st = find_database(s->folder, s->path, &unread);
  if (st == ADV_OK || st == ADV_EVERSION) {
    adv_buf_message(why,
                    "there is a run in %s already; resume it or name another "
                    "folder",
                    s->folder);
    return ADV_EEXISTS;
  }
  return adv_format_create(s->folder, source, why);
}

static adv_status find_and_lock(adv_store *s, adv_buf *why)
{
  adv_status st = find_database(s->folder, s->path, why);

  return st == ADV_OK ? adv_lock_take(&s->lock, s->folder, why) : st;
}

static bool make_room(void *ud)
{
  const adv_store *s = ud;

  return adv_spare_release(s->folder);
}

static adv_status
open_for_writing(adv_store *s, const adv_store_options *options, adv_buf *why)
{
  adv_connection writing;
  adv_status st = adv_pool_start(options->loop, why);

  if (st == ADV_OK)
    st = options->mode == ADV_STORE_CREATE ? create(s, options->source, why)
                                           : find_and_lock(s, why);
  if (st == ADV_OK)
    st = adv_format_open_writer(&writing, s->path, why);
  if (st != ADV_OK)
    return st;
  st = adv_format_open_reader(&s->reader, s->path, why);
  if (st == ADV_OK)
    st = adv_writer_new(&s->writer, options->loop, &writing);
  if (st != ADV_OK) {
    adv_connection_close(&writing);
    return st;
  }
  adv_spare_make(s->folder);
  adv_writer_on_full(s->writer, make_room, s);
  return ADV_OK;
}

static adv_status open_for_reading(adv_store *s, adv_buf *why)
{
  adv_status st = find_database(s->folder, s->path, why);

  return st == ADV_OK ? adv_format_open_reader(&s->reader, s->path, why) : st;
}

adv_status adv_store_open(adv_store **out, const char *folder,
                          const adv_store_options *options, adv_buf *why)
{
  adv_store *s;
  adv_status st = ADV_ENOMEM;

  *out = NULL;
  if (!options->loop && options->mode != ADV_STORE_READ) {
    adv_buf_message(why, "writing needs a loop");
    return ADV_EINVAL;
  }
  s = calloc(1, sizeof *s);
  if (!s)
    return ADV_ENOMEM;
  s->lock = -1;
  s->folder = strdup(folder);
  s->path = adv_folder_path(folder, "run.db");
  if (s->folder && s->path)
    st = options->mode == ADV_STORE_READ ? open_for_reading(s, why)
                                         : open_for_writing(s, options, why);
  if (st != ADV_OK)
    free_store(s);
  else
    *out = s;
  return st;
}

adv_status adv_store_submit(adv_store *s, adv_batch *b, adv_store_cb cb,
                            void *ud)
{
  return s->writer ? adv_writer_submit(s->writer, b, cb, ud) : ADV_EINVAL;
}

adv_status adv_store_submit_one(adv_store *s, const char *sql,
                                const adv_value *values, size_t n,
                                adv_store_cb cb, void *ud)
{
  adv_batch *batch = adv_batch_new();
  adv_status st;

  if (!batch)
    return ADV_ENOMEM;
  st = adv_batch_add(batch, sql, values, n);
  if (st == ADV_OK)
    st = adv_store_submit(s, batch, cb, ud);
  if (st != ADV_OK)
    adv_batch_free(batch);
  return st;
}

adv_status adv_store_query(adv_store *s, const char *sql,
                           const adv_value *values, size_t n, adv_row_cb row,
                           void *ud, adv_buf *why)
{
  return adv_connection_query(&s->reader, sql, values, n, row, ud, why);
}

adv_store_counts adv_store_counted(const adv_store *s)
{
  return s->writer ? adv_writer_counted(s->writer) : (adv_store_counts){0};
}

/* The writing connection must be the last: it alone can write the log back
 * and remove it. */
static void on_drained(void *ud)
{
  adv_store *s = ud;

  adv_spare_release(s->folder);
  adv_connection_close(&s->reader);
}

static void on_writer_closed(void *ud)
{
  adv_store *s = ud;
  void (*closed)(void *ud) = s->closed;
  void *closed_ud = s->ud;

  free_store(s);
  if (closed)
    closed(closed_ud);
}

void adv_store_close(adv_store *s, void (*closed)(void *ud), void *ud)
{
  if (!s)
    return;
  s->closed = closed;
  s->ud = ud;
  if (s->writer)
    adv_writer_close(s->writer, on_drained, on_writer_closed, s);
  else
    on_writer_closed(s);
}
