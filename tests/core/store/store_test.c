#include "store/format.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <time.h>

static mode_t mode_of(const char *path)
{
  struct stat info;

  assert_int_equal(stat(path, &info), 0);
  return info.st_mode & 0777;
}

static off_t size_of(const char *path)
{
  struct stat info;

  return stat(path, &info) == 0 ? info.st_size : 0;
}

static void write_file(const char *path, const char *bytes)
{
  FILE *f = fopen(path, "w");

  assert_non_null(f);
  fputs(bytes, f);
  fclose(f);
}

static char *read_file(const char *path)
{
  char *bytes = calloc(1, 65536);
  FILE *f = fopen(path, "r");

  assert_non_null(f);
  (void)!fread(bytes, 1, 65535, f);
  fclose(f);
  return bytes;
}

/* Changes a database as another program would. */
static void run_sql(const char *path, const char *sql)
{
  sqlite3 *db;

  assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static void assert_refused(adv_store_mode mode, adv_status st,
                           const char *words)
{
  adv_store *s = (adv_store *)&loop;

  assert_int_equal(try_open(&s, mode), st);
  assert_null(s);
  assert_non_null(why.data);
  if (!strstr(why.data, words))
    fail_msg("\"%s\" is not in \"%s\"", words, why.data);
}

static void creating_makes_private_files(void **state)
{
  static const char *const names[] = {"run.db", "run.db-wal", "run.db-shm",
                                      "run.lock"};
  mode_t mask = umask(0);
  adv_store *s;

  (void)state;
  strcat(folder, "/a");
  strcat(folder, "/deep/one/");
  s = create_store();
  umask(mask);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    assert_int_equal(mode_of(file(names[i])), 0600);
  assert_int_equal(mode_of(folder), 0700);
  assert_int_equal(mode_of(file("..")), 0700);
  assert_false(exists(file("run.db.new")));
  assert_int_equal(number(s, "PRAGMA application_id"), 0x41445652);
  assert_int_equal(number(s, "PRAGMA user_version"), 1);
  assert_int_equal(number(s, "SELECT count(*) FROM attempt, reply, outcome,"
                             " round, item, journal, run, script"),
                   0);
  close_store(s);
  assert_false(exists(file("run.db-wal")));
  folder[strlen("/tmp/advisor-store-XXXXXX")] = '\0';
}

static void modes_want_a_run_or_none(void **state)
{
  (void)state;
  assert_refused(ADV_STORE_WRITE, ADV_ENOTFOUND, "no run in");
  assert_refused(ADV_STORE_READ, ADV_ENOTFOUND, "no run in");
  assert_false(exists(file("run.lock")));
  close_store(create_store());
  assert_refused(ADV_STORE_CREATE, ADV_EEXISTS, "resume it or name another");
  close_store(open_store(ADV_STORE_WRITE));
  strcat(folder, "/none");
  assert_refused(ADV_STORE_READ, ADV_ENOTFOUND, "no run in");
  folder[strlen("/tmp/advisor-store-XXXXXX")] = '\0';
}

static void writing_needs_a_loop(void **state)
{
  const adv_store_options options = {.mode = ADV_STORE_WRITE};
  adv_store *s;

  (void)state;
  assert_int_equal(adv_store_open(&s, folder, &options, &why), ADV_EINVAL);
  assert_null(s);
}

static void a_file_in_the_way_is_explained(void **state)
{
  (void)state;
  write_file(file("plain"), "");
  strcat(folder, "/plain");
  assert_refused(ADV_STORE_CREATE, ADV_EEXISTS, "is not a folder");
  strcat(folder, "/below");
  assert_refused(ADV_STORE_CREATE, ADV_EIO, "Not a directory");
  folder[strlen("/tmp/advisor-store-XXXXXX")] = '\0';
}

static void an_unfinished_creation_is_done_anew(void **state)
{
  (void)state;
  write_file(file("run.db.new"), "half a database");
  close_store(create_store());
  assert_false(exists(file("run.db.new")));
}

static void a_second_writer_is_refused_a_reader_is_not(void **state)
{
  adv_store *s = create_store(), *reader;
  char words[32];

  (void)state;
  snprintf(words, sizeof words, "by process %d on host", (int)getpid());
  assert_refused(ADV_STORE_WRITE, ADV_EBUSY, words);
  assert_refused(ADV_STORE_CREATE, ADV_EBUSY, words);
  reader = open_store(ADV_STORE_READ);
  assert_int_equal(write_batch(s, row(1, integer(0))).st, ADV_OK);
  assert_int_equal(number(reader, COUNT), 1);
  adv_store_close(reader, NULL, NULL);
  close_store(s);
  close_store(open_store(ADV_STORE_WRITE));
}

/* Refused by both modes, and not one byte changed. */
static void assert_untouched(adv_status st, const char *words)
{
  char *before = read_file(file("run.db")), *after;

  assert_refused(ADV_STORE_READ, st, words);
  assert_refused(ADV_STORE_WRITE, st, words);
  assert_non_null(strstr(why.data, file("run.db")));
  after = read_file(file("run.db"));
  assert_memory_equal(before, after, 65536);
  free(before);
  free(after);
}

static void a_foreign_database_is_refused(void **state)
{
  (void)state;
  run_sql(file("run.db"), "CREATE TABLE theirs (x)");
  assert_untouched(ADV_EVERSION, "belongs to another program");
  run_sql(file("run.db"), "PRAGMA application_id=7; PRAGMA user_version=1");
  assert_untouched(ADV_EVERSION, "0x00000007); name another folder");
}

static void other_versions_are_refused(void **state)
{
  (void)state;
  close_store(create_store());
  run_sql(file("run.db"), "PRAGMA user_version=2");
  assert_untouched(ADV_EVERSION, "use a newer version of the program");
  run_sql(file("run.db"), "PRAGMA user_version=0");
  assert_untouched(ADV_EVERSION, "use the version that made it");
}

static void what_is_no_database_is_refused(void **state)
{
  (void)state;
  write_file(file("run.db"),
             "Dear diary, this is certainly not a database, however long it "
             "is made to be: a hundred bytes of header are wanted at least.");
  assert_untouched(ADV_EPARSE, "file is not a database; restore it");
  write_file(file("run.db"), "");
  assert_untouched(ADV_EVERSION, "belongs to another program");
  unlink(file("run.db"));
  assert_int_equal(symlink("/etc/passwd", file("run.db")), 0);
  assert_refused(ADV_STORE_READ, ADV_EVERSION, "not a plain file");
}

/* Reports each row as it is acknowledged. Always `WAITERS` are queued. */
enum { WAITERS = 8 };

typedef struct reporter {
  adv_store *s;
  int pipe;
  int64_t next;
} reporter;

typedef struct reported {
  reporter *r;
  int64_t id;
} reported;

static void report_row(void *ud, adv_status st, const char *words)
{
  reported *d = ud;
  adv_batch *b;

  (void)words;
  if (st != ADV_OK || write(d->r->pipe, &d->id, sizeof d->id) != sizeof d->id)
    _exit(1);
  d->id = d->r->next++;
  b = row(d->id, text("reply", 5));
  add(b, -d->id, text("its other half", 14));
  if (adv_store_submit(d->r->s, b, report_row, d) != ADV_OK)
    _exit(1);
}

static pid_t start_reporter(int64_t first, int *from)
{
  reporter r = {.next = first};
  reported waiters[WAITERS];
  int ends[2];
  pid_t child;

  assert_int_equal(pipe(ends), 0);
  child = fork();
  assert_true(child >= 0);
  *from = ends[0];
  if (child > 0) {
    close(ends[1]);
    return child;
  }
  r.pipe = ends[1];
  if (try_open(&r.s, ADV_STORE_WRITE) != ADV_OK)
    _exit(2);
  for (int i = 0; i < WAITERS; i++) {
    adv_batch *b;

    waiters[i] = (reported){.r = &r, .id = r.next++};
    b = row(waiters[i].id, text("reply", 5));
    add(b, -waiters[i].id, text("its other half", 14));
    if (adv_store_submit(r.s, b, report_row, &waiters[i]) != ADV_OK)
      _exit(1);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  _exit(3);
}

static bool has_row(adv_store *s, int64_t id)
{
  const adv_value values[] = {integer(id), integer(-id)};
  int64_t n = 0;

  assert_int_equal(adv_store_query(s,
                                   "SELECT count(*) FROM t WHERE id IN (?, ?)",
                                   values, 2, take_number, &n, &why),
                   ADV_OK);
  return n == 2;
}

/* Rows with their ids in order would not do: the file's end proves nothing. */
static int64_t kill_at_random(int64_t first, int64_t *acknowledged)
{
  int64_t id, highest = first - 1;
  adv_store *s;
  pid_t child;
  int from;

  child = start_reporter(first, &from);
  if (read(from, &id, sizeof id) != sizeof id)
    fail_msg("the writer did not start");
  usleep((useconds_t)(rand() % 60000));
  kill(child, SIGKILL);
  assert_int_equal(wait_for(child), 128 + SIGKILL);

  s = open_store(ADV_STORE_READ);
  do {
    if (!has_row(s, id))
      fail_msg("row %lld was acknowledged and is lost", (long long)id);
    highest = id > highest ? id : highest;
    ++*acknowledged;
  } while (read(from, &id, sizeof id) == sizeof id);
  assert_int_equal(number(s, "SELECT count(*) FROM t WHERE id > 0"),
                   number(s, "SELECT count(*) FROM t WHERE id < 0"));
  assert_true(is_sound(s));
  id = number(s, "SELECT max(id) FROM t");
  adv_store_close(s, NULL, NULL);
  close(from);
  return (id > highest ? id : highest) + 1;
}

static void nothing_acknowledged_is_lost_by_a_kill(void **state)
{
  int64_t next = 1, acknowledged = 0;

  (void)state;
  srand((unsigned)time(NULL));
  close_store(create_store());
  for (int i = 0; i < 20; i++)
    next = kill_at_random(next, &acknowledged);
  assert_true(acknowledged > 20);
}

/* Leaves a run whose rows are in the log only. */
static void make_killed_run(void)
{
  int64_t acknowledged = 0;

  close_store(create_store());
  kill_at_random(1, &acknowledged);
  assert_true(size_of(file("run.db-wal")) > 0);
}

/* A user who may read everything and write nothing; root has to become
 * somebody else for that. The exit status is that of `test`. */
enum { NO_WAY_IN = 102 };

static int as_onlooker(int (*test)(void))
{
  char command[256];
  pid_t child;
  int status;

  snprintf(command, sizeof command, "chmod 0444 %s/* && chmod 0555 %s", folder,
           folder);
  assert_int_equal(system(command), 0);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    if (getuid() == 0 && setuid(65534) != 0)
      _exit(100);
    /* A root folder that only its owner may enter, as some containers have,
     * keeps the onlooker out of everything. */
    if (access("/tmp", X_OK) != 0)
      _exit(NO_WAY_IN);
    _exit(access(folder, W_OK) == 0 ? 101 : test());
  }
  status = wait_for(child);
  chmod(folder, 0700);
  if (status == NO_WAY_IN) {
    print_message("skipped: another user cannot enter / here\n");
    skip();
  }
  return status;
}

static int count_as_onlooker(void)
{
  adv_store *s = NULL;
  adv_status st = try_open(&s, ADV_STORE_READ);
  int64_t n = 0;

  if (st != ADV_OK) {
    print_error("%s: %s\n", adv_status_name(st), why.data);
    return 1;
  }
  if (adv_store_query(s, COUNT, NULL, 0, take_number, &n, &why) != ADV_OK)
    return 2;
  adv_store_close(s, NULL, NULL);
  return n > 0 ? 0 : 3;
}

static int refused_as_onlooker(void)
{
  adv_store *s = NULL;

  return try_open(&s, ADV_STORE_READ) == ADV_EIO &&
                 strstr(why.data, "copy the whole folder")
             ? 0
             : 1;
}

static void a_killed_run_is_read_in_a_read_only_folder(void **state)
{
  (void)state;
  make_killed_run();
  assert_true(exists(file("run.db-shm")));
  assert_int_equal(as_onlooker(count_as_onlooker), 0);
}

/* Reading past the log would show an old state as if it were the newest. */
static void a_log_that_cannot_be_read_is_not_passed_over(void **state)
{
  (void)state;
  make_killed_run();
  assert_int_equal(unlink(file("run.db-shm")), 0);
  assert_int_equal(as_onlooker(refused_as_onlooker), 0);
}

static void a_closed_run_is_read_in_a_read_only_folder(void **state)
{
  adv_store *s;

  (void)state;
  strcat(folder, "/50%20?a#b");
  assert_int_equal(mkdir(folder, 0700), 0);
  s = create_store();
  assert_int_equal(write_batch(s, row(1, integer(0))).st, ADV_OK);
  close_store(s);
  assert_false(exists(file("run.db-wal")));
  chmod(file(".."), 0755);
  assert_int_equal(as_onlooker(count_as_onlooker), 0);
  folder[strlen("/tmp/advisor-store-XXXXXX")] = '\0';
}

static int refused_to_write(void)
{
  adv_store *s = NULL;
  adv_status st = try_open(&s, ADV_STORE_WRITE);

  return st == ADV_EIO && strstr(why.data, "run.lock: Permission denied") ? 0
                                                                          : 1;
}

static void a_read_only_folder_is_not_written_to(void **state)
{
  (void)state;
  close_store(create_store());
  assert_int_equal(as_onlooker(refused_to_write), 0);
}

static void allow_file_size(rlim_t bytes)
{
  struct rlimit limit;

  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Files that may not grow look like a disk without room. */
static void a_full_disk_loses_nothing(void **state)
{
  adv_store *s = create_store();
  char bytes[4096] = "";
  int64_t stored = 0;
  outcome o, beside;

  (void)state;
  signal(SIGXFSZ, SIG_IGN);
  allow_file_size(256 << 10);
  for (;;) {
    submit(s, row(2 * stored + 1, blob(bytes, sizeof bytes)), &beside);
    o = write_batch(s, row(2 * stored + 2, blob(bytes, sizeof bytes)));
    assert_int_equal(beside.calls, 1);
    assert_int_equal(beside.st, o.st);
    if (o.st != ADV_OK)
      break;
    stored++;
    assert_true(stored < 1000);
  }
  assert_int_equal(o.st, ADV_EFULL);
  assert_string_equal(o.why, "disk I/O error (File too large)");
  assert_true(stored > 5);
  assert_int_equal(number(s, COUNT), 2 * stored);

  allow_file_size(RLIM_INFINITY);
  assert_int_equal(write_batch(s, row(0, integer(0))).st, ADV_OK);
  assert_int_equal(number(s, COUNT), 2 * stored + 1);
  close_store(s);
  signal(SIGXFSZ, SIG_DFL);
  s = open_store(ADV_STORE_READ);
  assert_int_equal(number(s, COUNT), 2 * stored + 1);
  assert_true(is_sound(s));
  adv_store_close(s, NULL, NULL);
}

static void no_room_for_a_new_run_is_explained(void **state)
{
  (void)state;
  signal(SIGXFSZ, SIG_IGN);
  allow_file_size(8 << 10);
  assert_refused(ADV_STORE_CREATE, ADV_EFULL, "");
  allow_file_size(RLIM_INFINITY);
  signal(SIGXFSZ, SIG_DFL);
  assert_false(exists(file("run.db")));
  assert_false(exists(file("run.db.new")));
  close_store(create_store());
}

static void the_log_stays_bounded(void **state)
{
  const size_t len = 256 << 10;
  char *bytes = calloc(1, len);
  adv_store *s = create_store();
  off_t largest = 0;

  (void)state;
  for (int i = 0; i < 80; i++) {
    outcome o[4];

    for (int k = 0; k < 4; k++) {
      adv_value v = blob(bytes, len);

      v.borrowed = true;
      submit(s, row(4 * i + k, v), &o[k]);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    for (int k = 0; k < 4; k++)
      assert_int_equal(o[k].st, ADV_OK);
    if (size_of(file("run.db-wal")) > largest)
      largest = size_of(file("run.db-wal"));
  }
  assert_true(largest > 4 << 20);
  assert_true(largest < 40 << 20);
  close_store(s);
  free(bytes);
}

/* The writer would have nothing to switch, so that no crash leaves a file that
 * readers cannot open. */
static void a_new_file_has_a_log_from_the_first(void **state)
{
  unsigned char head[20];
  FILE *f;

  (void)state;
  assert_int_equal(adv_format_create(folder, NULL, &why), ADV_OK);
  f = fopen(file("run.db"), "rb");
  assert_non_null(f);
  assert_int_equal(fread(head, 1, sizeof head, f), sizeof head);
  fclose(f);
  assert_int_equal(head[18], 2); /* 2: write-ahead log, 1: journal */
  assert_int_equal(head[19], 2);
  assert_int_equal(access(file("run.db.new"), F_OK), -1);
  assert_int_equal(access(file("run.db.new-wal"), F_OK), -1);
  assert_int_equal(access(file("run.db.new-shm"), F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(creating_makes_private_files),
      TEST(modes_want_a_run_or_none),
      TEST(writing_needs_a_loop),
      TEST(a_file_in_the_way_is_explained),
      TEST(an_unfinished_creation_is_done_anew),
      TEST(a_new_file_has_a_log_from_the_first),
      TEST(a_second_writer_is_refused_a_reader_is_not),
      TEST(a_foreign_database_is_refused),
      TEST(other_versions_are_refused),
      TEST(what_is_no_database_is_refused),
      TEST(nothing_acknowledged_is_lost_by_a_kill),
      TEST(a_killed_run_is_read_in_a_read_only_folder),
      TEST(a_log_that_cannot_be_read_is_not_passed_over),
      TEST(a_closed_run_is_read_in_a_read_only_folder),
      TEST(a_read_only_folder_is_not_written_to),
      TEST(a_full_disk_loses_nothing),
      TEST(no_room_for_a_new_run_is_explained),
      TEST(the_log_stays_bounded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
