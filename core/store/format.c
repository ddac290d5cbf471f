#include "store/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crash.h"
#include "store/folder.h"

#define STRINGIFY(x) #x
#define STRING(x) STRINGIFY(x)

extern const char adv_schema_sql[]; /* made from schema.sql */

/* The log is written back after 4,000 pages (16 MiB), which together with one
 * group keeps it near 32 MiB unless a reader holds on to an old state; what
 * such a reader made it grow beyond 64 MiB is cut off afterwards. More often
 * would make more commits wait for it. */
static const char writer_settings[] = "PRAGMA synchronous=FULL;"
                                      "PRAGMA wal_autocheckpoint=4000;"
                                      "PRAGMA journal_size_limit=67108864;";

static adv_status check_marks(adv_connection *c, const char *path, adv_buf *why)
{
  int64_t id = 0, version = 0;
  adv_status st = adv_connection_number(c, "PRAGMA application_id", &id, why);

  if (st == ADV_OK)
    st = adv_connection_number(c, "PRAGMA user_version", &version, why);
  if (st != ADV_OK)
    return st;
  if (id != ADV_APPLICATION_ID) {
    adv_buf_message(why,
                    "%s belongs to another program (application_id 0x%08x); "
                    "name another folder",
                    path, (unsigned)id);
    return ADV_EVERSION;
  }
  if (version == ADV_USER_VERSION)
    return ADV_OK;
  adv_buf_message(why, "%s has format %lld, this program reads format %d; ",
                  path, (long long)version, ADV_USER_VERSION);
  adv_buf_message(why, version > ADV_USER_VERSION
                           ? "use a newer version of the program"
                           : "use the version that made it");
  return ADV_EVERSION;
}

/* SQLite's words name no file and no remedy. */
static void explain(adv_status st, const char *path, const adv_buf *words,
                    adv_buf *why)
{
  adv_buf_message(why, "%s: %s", path,
                  words->data ? words->data : adv_status_text(st));
  if (st == ADV_EPARSE)
    adv_buf_message(why, "; restore it from a copy, or name another folder");
  else if (st == ADV_EBUSY)
    adv_buf_message(why, "; close the other program that has it open");
  else if (st == ADV_EFULL)
    adv_buf_message(why, "; make room and try again");
}

/* Opens and checks; `path` is for messages. */
static adv_status open_checked(adv_connection *c, const char *name, int flags,
                               const char *path, adv_buf *why)
{
  adv_buf words;
  adv_status st;

  adv_buf_init(&words, why->max);
  st = adv_connection_open(c, name, flags, &words);
  if (st == ADV_OK) {
    st = check_marks(c, path, &words);
    if (st != ADV_OK)
      adv_connection_close(c);
  }
  if (st == ADV_EVERSION)
    adv_buf_message(why, "%s", words.data ? words.data : "");
  else if (st != ADV_OK)
    explain(st, path, &words, why);
  adv_buf_free(&words);
  return st;
}

static adv_status use_log(adv_connection *c, adv_buf *why)
{
  sqlite3_stmt *statement;
  adv_status st =
      adv_connection_take(c, "PRAGMA journal_mode=WAL", &statement, why);
  const char *mode;
  int rc;

  if (st != ADV_OK)
    return st;
  rc = adv_connection_step(statement);
  if (rc != SQLITE_ROW) {
    st = adv_connection_fail(c, rc, why);
  } else {
    mode = (const char *)sqlite3_column_text(statement, 0);
    if (!mode || strcmp(mode, "wal") != 0) {
      adv_buf_message(why, "no write-ahead log here; use a local disk");
      st = ADV_EIO;
    }
  }
  adv_connection_give(c, statement);
  return st;
}

adv_status adv_format_open_writer(adv_connection *c, const char *path,
                                  adv_buf *why)
{
  adv_status st = open_checked(c, path, SQLITE_OPEN_READWRITE, path, why);
  adv_buf words;

  if (st != ADV_OK)
    return st;
  adv_buf_init(&words, why->max);
  st = use_log(c, &words);
  if (st == ADV_OK)
    st = adv_connection_run(c, writer_settings, &words);
  if (st != ADV_OK) {
    explain(st, path, &words, why);
    adv_connection_close(c);
  }
  adv_buf_free(&words);
  return st;
}

/* "file:...?immutable=1" with whatever means something in a URI escaped. */
static char *immutable_uri(const char *path)
{
  static const char tail[] = "?immutable=1";
  char *real = realpath(path, NULL); /* "//host" cannot begin it */
  char *uri = real ? malloc(5 + 3 * strlen(real) + sizeof tail) : NULL;
  char *to = uri;

  if (uri) {
    to = stpcpy(to, "file:");
    for (const char *from = real; *from; from++) {
      if (strchr("%?#", *from))
        to += sprintf(to, "%%%02X", (unsigned char)*from);
      else
        *to++ = *from;
    }
    stpcpy(to, tail);
  }
  free(real);
  return uri;
}

static bool log_is_empty(const char *path)
{
  struct stat info;
  char *log;
  bool empty;

  if (asprintf(&log, "%s-wal", path) < 0)
    return false;
  empty = stat(log, &info) != 0 ? errno == ENOENT : info.st_size == 0;
  free(log);
  return empty;
}

static bool folder_is_writable(const char *path)
{
  const char *slash = strrchr(path, '/');
  char *folder = strndup(path, (size_t)(slash - path));
  bool writable = folder && access(folder, W_OK) == 0;

  free(folder);
  return writable;
}

/* In a folder that cannot be written to, SQLite cannot make the files beside
 * the database that reading a log takes. A database without one was closed by
 * its writer, so that it can be read as it lies; with one, that would miss the
 * newest rows. */
static adv_status open_immutable(adv_connection *c, const char *path,
                                 adv_buf *why)
{
  adv_status st = ADV_ENOMEM;
  char *uri;

  if (!log_is_empty(path)) {
    adv_buf_message(why,
                    "%s was not closed properly and its folder cannot be "
                    "written to; copy the whole folder to another place and "
                    "read it there",
                    path);
    return ADV_EIO;
  }
  uri = immutable_uri(path);
  if (uri)
    st =
        open_checked(c, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, path, why);
  free(uri);
  return st;
}

adv_status adv_format_open_reader(adv_connection *c, const char *path,
                                  adv_buf *why)
{
  adv_buf words;
  adv_status st;

  adv_buf_init(&words, why->max);
  st = open_checked(c, path, SQLITE_OPEN_READONLY, path, &words);
  if (st == ADV_EIO && access(path, R_OK) == 0 && !folder_is_writable(path))
    st = open_immutable(c, path, why);
  else if (st != ADV_OK)
    adv_buf_message(why, "%s", words.data ? words.data : "");
  adv_buf_free(&words);
  return st;
}

/* Without a journal on disk there is no second file that a crash could leave
 * behind. Syncing once, when the file is complete, does. It says that there is
 * a write-ahead log from its first moment on: were that left to the writer, a
 * crash could leave a journal that only a writer can undo, and no reader could
 * open the run. */
static adv_status fill(const char *path, adv_buf *why)
{
  static const char before[] = "PRAGMA journal_mode=MEMORY;"
                               "PRAGMA synchronous=OFF;"
                               "BEGIN;";
  static const char after[] = "PRAGMA application_id=" STRING(
      ADV_APPLICATION_ID) ";"
                          "PRAGMA user_version=" STRING(
                              ADV_USER_VERSION) ";"
                                                "COMMIT;";
  adv_connection c;
  adv_status st = adv_connection_open(&c, path, SQLITE_OPEN_READWRITE, why);

  if (st != ADV_OK)
    return st;
  st = adv_connection_run(&c, before, why);
  if (st == ADV_OK)
    st = adv_connection_run(&c, adv_schema_sql, why);
  if (st == ADV_OK)
    st = adv_connection_run(&c, after, why);
  if (st == ADV_OK)
    st = use_log(&c, why);
  adv_connection_close(&c);
  return st;
}

static adv_status copy_pages(adv_connection *to, const adv_connection *from,
                             adv_buf *why)
{
  sqlite3_backup *backup =
      sqlite3_backup_init(to->db, "main", from->db, "main");
  int rc;

  if (!backup)
    return adv_connection_fail(to, sqlite3_errcode(to->db), why);
  errno = 0;
  sqlite3_backup_step(backup, -1);
  rc = sqlite3_backup_finish(backup);
  return rc == SQLITE_OK ? ADV_OK : adv_connection_fail(to, rc, why);
}

/* As `fill`, with what is committed in the folder `source`. */
static adv_status fill_from(const char *path, const char *source, adv_buf *why)
{
  static const char before[] = "PRAGMA journal_mode=MEMORY;"
                               "PRAGMA synchronous=OFF;";
  char *from_path = adv_folder_path(source, "run.db");
  adv_connection from, to;
  adv_status st = ADV_ENOMEM;

  if (from_path)
    st = adv_format_open_reader(&from, from_path, why);
  free(from_path);
  if (st != ADV_OK)
    return st;
  st = adv_connection_open(&to, path, SQLITE_OPEN_READWRITE, why);
  if (st == ADV_OK) {
    st = adv_connection_run(&to, before, why);
    if (st == ADV_OK)
      st = copy_pages(&to, &from, why);
    /* Until its owner has made it into what it is to be, nobody may take it
     * for the run that it was copied from. */
    if (st == ADV_OK)
      st = adv_connection_run(&to,
                              "INSERT OR REPLACE INTO run (key, value) "
                              "VALUES ('unfinished', 'copy')",
                              why);
    if (st == ADV_OK)
      st = use_log(&to, why);
    adv_connection_close(&to);
  }
  adv_connection_close(&from);
  return st;
}

static adv_status fail(adv_buf *why, const char *what, const char *path)
{
  int error = errno;

  adv_buf_message(why, "cannot %s %s: %s", what, path, adv_errno_text(error));
  return adv_folder_status(error);
}

/* SQLite gives its other files the rights of this one. */
static adv_status make_empty(const char *path, adv_buf *why)
{
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

  if (fd < 0)
    return fail(why, "make", path);
  close(fd);
  return ADV_OK;
}

static adv_status sync_file(const char *path, adv_buf *why)
{
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  adv_status st = ADV_OK;

  if (fd < 0 || fsync(fd) != 0)
    st = fail(why, "sync", path);
  if (fd >= 0)
    close(fd);
  return st;
}

/* A database and the files beside it. */
static void unlink_all(const char *path)
{
  static const char *const ends[] = {"", "-wal", "-shm"};
  char *name;

  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (asprintf(&name, "%s%s", path, ends[i]) >= 0) {
      unlink(name);
      free(name);
    }
}

/* Under another name until it is complete. */
adv_status adv_format_create(const char *folder, const char *source,
                             adv_buf *why)
{
  char *path = adv_folder_path(folder, "run.db");
  char *fresh = adv_folder_path(folder, "run.db.new");
  adv_status st = ADV_ENOMEM;

  if (!path || !fresh)
    goto out;
  unlink_all(fresh); /* of an earlier process that did not get this far */
  st = make_empty(fresh, why);
  if (st != ADV_OK)
    goto out;
  st = source ? fill_from(fresh, source, why) : fill(fresh, why);
  adv_crash_point(source ? "copied" : "made");
  if (st == ADV_OK)
    st = sync_file(fresh, why);
  if (st == ADV_OK && rename(fresh, path) != 0)
    st = fail(why, "rename", fresh);
  adv_crash_point(source ? "copy_renamed" : "renamed");
  if (st == ADV_OK)
    st = adv_folder_sync(folder, why);
  else
    unlink_all(fresh);
out:
  free(fresh);
  free(path);
  return st;
}
