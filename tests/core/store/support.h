/* support.h - a folder that vanishes after each test, and short ways to write
 * and read. Rows go into a table of the tests' own: t (id, v). */
#ifndef STORE_SUPPORT_H
#define STORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "store/store.h"

#define INSERT "INSERT INTO t VALUES (?, ?)"
#define COUNT "SELECT count(*) FROM t"

static char folder[64];
static uv_loop_t loop;
static adv_buf why;

static inline int set_up(void **state)
{
  (void)state;
  strcpy(folder, "/tmp/advisor-store-XXXXXX");
  adv_buf_init(&why, 4096);
  return mkdtemp(folder) && uv_loop_init(&loop) == 0 ? 0 : -1;
}

/* A loop that does not close has been left with a handle in it. */
static inline int tear_down(void **state)
{
  char command[128];

  (void)state;
  adv_buf_free(&why);
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command) == 0 && uv_loop_close(&loop) == 0 ? 0 : -1;
}

static inline const char *file(const char *name)
{
  static char path[256];

  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static inline bool exists(const char *path)
{
  struct stat info;

  return lstat(path, &info) == 0;
}

static inline adv_status try_open(adv_store **s, adv_store_mode mode)
{
  const adv_store_options options = {
      .mode = mode, .loop = mode == ADV_STORE_READ ? NULL : &loop};

  adv_buf_clear(&why);
  return adv_store_open(s, folder, &options, &why);
}

static inline adv_store *open_store(adv_store_mode mode)
{
  adv_store *s = NULL;
  adv_status st = try_open(&s, mode);

  if (st != ADV_OK)
    print_error("%s: %s\n", adv_status_name(st), why.data);
  assert_int_equal(st, ADV_OK);
  assert_non_null(s);
  return s;
}

static inline adv_value integer(int64_t value)
{
  return (adv_value){.type = ADV_INTEGER, .integer = value};
}

static inline adv_value text(const char *bytes, size_t len)
{
  return (adv_value){.type = ADV_TEXT, .bytes = bytes, .len = len};
}

static inline adv_value blob(const char *bytes, size_t len)
{
  return (adv_value){.type = ADV_BLOB, .bytes = bytes, .len = len};
}

static inline void add(adv_batch *b, int64_t id, adv_value v)
{
  const adv_value values[] = {integer(id), v};

  assert_int_equal(adv_batch_add(b, INSERT, values, 2), ADV_OK);
}

static inline adv_batch *row(int64_t id, adv_value v)
{
  adv_batch *b = adv_batch_new();

  assert_non_null(b);
  add(b, id, v);
  return b;
}

typedef struct outcome {
  int calls;
  adv_status st;
  char why[256];
} outcome;

static inline void on_outcome(void *ud, adv_status st, const char *words)
{
  outcome *o = ud;

  o->calls++;
  o->st = st;
  snprintf(o->why, sizeof o->why, "%s", words);
}

static inline void submit(adv_store *s, adv_batch *b, outcome *o)
{
  *o = (outcome){0};
  assert_int_equal(adv_store_submit(s, b, on_outcome, o), ADV_OK);
  assert_int_equal(o->calls, 0);
}

/* Submits and runs the loop until there is nothing left to do. */
static inline outcome write_batch(adv_store *s, adv_batch *b)
{
  outcome o;

  submit(s, b, &o);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(o.calls, 1);
  return o;
}

static inline void make_table(adv_store *s)
{
  adv_batch *b = adv_batch_new();

  assert_int_equal(adv_batch_add(b,
                                 "CREATE TABLE IF NOT EXISTS t"
                                 " (id INTEGER PRIMARY KEY, v)",
                                 NULL, 0),
                   ADV_OK);
  assert_int_equal(write_batch(s, b).st, ADV_OK);
}

static inline adv_store *create_store(void)
{
  adv_store *s = open_store(ADV_STORE_CREATE);

  make_table(s);
  return s;
}

static inline void on_closed(void *ud)
{
  ++*(int *)ud;
}

static inline void close_store(adv_store *s)
{
  int closed = 0;

  adv_store_close(s, on_closed, &closed);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(closed, 1);
}

static inline adv_status take_number(void *ud, const adv_value *columns,
                                     const char *const *names, size_t n)
{
  (void)names;
  assert_int_equal(n, 1);
  *(int64_t *)ud = columns[0].integer;
  return ADV_OK;
}

static inline int64_t number(adv_store *s, const char *sql)
{
  int64_t n = -1;
  adv_status st;

  adv_buf_clear(&why);
  st = adv_store_query(s, sql, NULL, 0, take_number, &n, &why);
  if (st != ADV_OK)
    print_error("%s: %s\n", adv_status_name(st), why.data);
  assert_int_equal(st, ADV_OK);
  return n;
}

static inline adv_status take_verdict(void *ud, const adv_value *columns,
                                      const char *const *names, size_t n)
{
  (void)names;
  (void)n;
  *(bool *)ud = columns[0].len == 2 && memcmp(columns[0].bytes, "ok", 2) == 0;
  return ADV_OK;
}

static inline bool is_sound(adv_store *s)
{
  bool sound = false;

  return adv_store_query(s, "PRAGMA integrity_check", NULL, 0, take_verdict,
                         &sound, &why) == ADV_OK &&
         sound;
}

/* The exit status of a child, or 128 + the signal that ended it. */
static inline int wait_for(pid_t child)
{
  int status = 0;

  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
