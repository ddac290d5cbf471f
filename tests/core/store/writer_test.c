#include "support.h"

#include <signal.h>
#include <sys/resource.h>

#include "store/batch.h"
#include "store/format.h"
#include "store/group.h"
#include "store/writer.h"

static void what_one_turn_submits_is_one_commit(void **state)
{
  adv_store *s = create_store();
  uint64_t commits = adv_store_counted(s).commits;
  adv_store_counts counts;
  outcome o[100];

  (void)state;
  for (int i = 0; i < 100; i++)
    submit(s, row(i, integer(i)), &o[i]);
  uv_run(&loop, UV_RUN_DEFAULT);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(o[i].calls, 1);
    assert_int_equal(o[i].st, ADV_OK);
    assert_string_equal(o[i].why, "");
  }
  counts = adv_store_counted(s);
  assert_int_equal(counts.commits - commits, 1);
  assert_int_equal(counts.batches, 101);
  assert_int_equal(counts.statements, 101);
  assert_int_equal(number(s, COUNT), 100);
  close_store(s);
}

/* As the program does it: coroutines are resumed between turns and write
 * more, which goes into one commit. */
static void what_is_submitted_between_turns_is_one_commit(void **state)
{
  adv_store *s = create_store();
  uint64_t before = adv_store_counted(s).commits;
  outcome o[64];
  int written = 0;

  (void)state;
  while (written < 10 * 64) {
    for (int i = 0; i < 64; i++)
      submit(s, row(written++, integer(0)), &o[i]);
    while (o[63].calls == 0)
      uv_run(&loop, UV_RUN_ONCE);
    for (int i = 0; i < 64; i++)
      assert_int_equal(o[i].calls, 1);
  }
  assert_int_equal(adv_store_counted(s).commits - before, 10);
  close_store(s);
}

static void an_idle_writer_does_not_keep_the_loop(void **state)
{
  adv_store *s = create_store();
  outcome o;

  (void)state;
  assert_int_equal(uv_loop_alive(&loop), 0);
  submit(s, row(1, integer(1)), &o);
  assert_int_not_equal(uv_loop_alive(&loop), 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_alive(&loop), 0);
  close_store(s);
}

typedef struct chain {
  adv_store *s;
  int left;
  bool inside;
} chain;

static void submit_next(void *ud, adv_status st, const char *words)
{
  chain *c = ud;

  assert_int_equal(st, ADV_OK);
  assert_string_equal(words, "");
  assert_false(c->inside);
  if (c->left-- == 0)
    return;
  c->inside = true;
  assert_int_equal(
      adv_store_submit(c->s, row(c->left, integer(0)), submit_next, c), ADV_OK);
  c->inside = false;
}

static void a_callback_may_submit(void **state)
{
  adv_store *s = create_store();
  chain c = {.s = s, .left = 20};

  (void)state;
  submit_next(&c, ADV_OK, "");
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(c.left, -1);
  assert_int_equal(number(s, COUNT), 20);
  close_store(s);
}

static void submit_in_prepare(uv_prepare_t *handle)
{
  chain *c = handle->data;

  uv_prepare_stop(handle);
  submit_next(c, ADV_OK, "");
}

static void give_up(uv_timer_t *timer)
{
  (void)timer;
  fail_msg("the writer slept with a batch in its queue");
}

/* Such a batch comes too late for the turn's own prepare handles, and the turn
 * must not wait for events then. */
static void a_prepare_handle_may_submit(void **state)
{
  adv_store *s = create_store();
  chain c = {.s = s, .left = 1};
  uv_prepare_t prepare;
  uv_timer_t timer;

  (void)state;
  uv_timer_init(&loop, &timer);
  uv_timer_start(&timer, give_up, 5000, 0);
  uv_prepare_init(&loop, &prepare);
  prepare.data = &c;
  uv_prepare_start(&prepare, submit_in_prepare);
  while (c.left >= 0)
    uv_run(&loop, UV_RUN_ONCE);
  uv_close((uv_handle_t *)&timer, NULL);
  uv_close((uv_handle_t *)&prepare, NULL);
  close_store(s);
}

static void a_failing_batch_fails_alone_and_whole(void **state)
{
  adv_store *s = create_store();
  uint64_t commits = adv_store_counted(s).commits;
  adv_batch *b;
  outcome o[5];

  (void)state;
  submit(s, row(1, integer(1)), &o[0]);
  b = row(2, integer(2));
  add(b, 1, integer(0)); /* there is one already */
  add(b, 3, integer(3));
  submit(s, b, &o[1]);
  submit(s, row(1, integer(0)), &o[2]);
  b = row(4, integer(4));
  add(b, 5, integer(5));
  submit(s, b, &o[3]);
  submit(s, row(6, integer(6)), &o[4]);
  uv_run(&loop, UV_RUN_DEFAULT);

  for (int i = 0; i < 5; i++)
    assert_int_equal(o[i].calls, 1);
  assert_int_equal(o[0].st, ADV_OK);
  assert_int_equal(o[1].st, ADV_EEXISTS);
  assert_string_equal(o[1].why, "UNIQUE constraint failed: t.id");
  assert_int_equal(o[2].st, ADV_EEXISTS);
  assert_string_equal(o[2].why, "UNIQUE constraint failed: t.id");
  assert_int_equal(o[3].st, ADV_OK);
  assert_string_equal(o[3].why, "");
  assert_int_equal(o[4].st, ADV_OK);
  assert_int_equal(adv_store_counted(s).commits - commits, 1);
  assert_int_equal(number(s, COUNT), 4);
  assert_int_equal(number(s, "SELECT count(*) FROM t WHERE id IN (1,4,5,6)"),
                   4);
  close_store(s);
}

static outcome write_sql(adv_store *s, const char *sql, size_t n)
{
  const adv_value values[] = {integer(1), integer(2), integer(3)};
  adv_batch *b = row(1, integer(1));

  assert_int_equal(adv_batch_add(b, sql, values, n), ADV_OK);
  return write_batch(s, b);
}

/* A statement that ended the transaction would take the others' with it. */
static void mistakes_fail_their_batch_only(void **state)
{
  static const char *const wrong[] = {
      "COMMIT",
      "ROLLBACK",
      "END",
      "SAVEPOINT x",
      "BEGIN",
      "SELECT 1",
      "nonsense",
      "BEGIN IMMEDIATE",
      "ROLLBACK TO batch",
      "RELEASE batch",
      "",
      "DELETE FROM t; DELETE FROM t",
      "ATTACH 'x' AS x",
      "VACUUM",
      "INSERT OR ROLLBACK INTO t VALUES",
  };
  adv_store *s = create_store();
  outcome o;

  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    outcome other;

    submit(s, row((int64_t)(100 + i), integer(0)), &other);
    o = write_sql(s, wrong[i], 0);
    assert_int_equal(o.st, ADV_EINVAL);
    assert_true(o.why[0] != '\0');
    assert_int_equal(other.st, ADV_OK);
    assert_int_equal(number(s, COUNT), i + 1);
  }
  assert_int_equal(write_sql(s, INSERT, 1).st, ADV_EINVAL);
  assert_int_equal(write_sql(s, INSERT, 3).st, ADV_EINVAL);
  assert_int_equal(write_sql(s, "INSERT INTO t VALUES (?, 1)", 1).st,
                   ADV_EEXISTS);
  assert_int_equal(write_sql(s, "INSERT INTO t VALUES ('no number', 1)", 0).st,
                   ADV_EINVAL);
  close_store(s);
}

/* SQLite ends the whole transaction here: nobody is told otherwise. */
static void a_lost_transaction_fails_every_batch(void **state)
{
  static const char conflict[] = "INSERT OR ROLLBACK INTO t VALUES (1, 1)";
  adv_store *s = create_store();
  adv_batch *b = adv_batch_new();
  outcome o[4];

  (void)state;
  assert_int_equal(write_batch(s, row(1, integer(0))).st, ADV_OK);
  submit(s, row(2, integer(0)), &o[0]);
  assert_int_equal(adv_batch_add(b, conflict, NULL, 0), ADV_OK);
  submit(s, b, &o[1]);
  submit(s, row(3, integer(0)), &o[2]);
  uv_run(&loop, UV_RUN_DEFAULT);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(o[i].calls, 1);
    assert_int_equal(o[i].st, ADV_EEXISTS);
    assert_string_equal(o[i].why, "UNIQUE constraint failed: t.id");
  }
  assert_int_equal(number(s, COUNT), 1);
  submit(s, row(2, integer(0)), &o[3]);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(o[3].st, ADV_OK);
  close_store(s);
}

static void an_empty_batch_and_no_callback_are_fine(void **state)
{
  adv_store *s = create_store();

  (void)state;
  assert_int_equal(write_batch(s, adv_batch_new()).st, ADV_OK);
  assert_int_equal(adv_store_submit(s, row(1, integer(0)), NULL, NULL), ADV_OK);
  assert_int_equal(adv_store_submit(s, row(2, integer(0)), NULL, NULL), ADV_OK);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(number(s, COUNT), 2);
  adv_batch_free(row(1, text("never submitted", 15)));
  adv_batch_free(NULL);
  close_store(s);
}

static void closing_commits_what_is_queued(void **state)
{
  adv_store *s = create_store();
  adv_batch *late = row(1000, integer(0));
  int closed = 0;
  outcome o[50];

  (void)state;
  for (int i = 0; i < 50; i++) {
    submit(s, row(i, integer(0)), &o[i]);
    if (i == 20)
      uv_run(&loop, UV_RUN_NOWAIT);
  }
  adv_store_close(s, on_closed, &closed);
  assert_int_equal(closed, 0);
  assert_int_equal(adv_store_submit(s, late, NULL, NULL), ADV_ECANCELED);
  adv_batch_free(late);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(closed, 1);
  for (int i = 0; i < 50; i++) {
    assert_int_equal(o[i].calls, 1);
    assert_int_equal(o[i].st, ADV_OK);
  }
  s = open_store(ADV_STORE_READ);
  assert_int_equal(number(s, COUNT), 50);
  adv_store_close(s, NULL, NULL);
}

static void close_in_callback(void *ud, adv_status st, const char *words)
{
  (void)words;
  assert_int_equal(st, ADV_OK);
  adv_store_close(ud, NULL, NULL);
}

static void a_callback_may_close(void **state)
{
  adv_store *s = create_store();
  outcome o;

  (void)state;
  assert_int_equal(
      adv_store_submit(s, row(1, integer(0)), close_in_callback, s), ADV_OK);
  submit(s, row(2, integer(0)), &o);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(o.calls, 1);
  assert_int_equal(o.st, ADV_OK);
  assert_false(exists(file("run.db-wal")));
  adv_store_close(NULL, NULL, NULL);
}

static void a_group_has_a_limit(void **state)
{
  const size_t len = 5 << 20;
  char *large = calloc(1, len);
  adv_store *s = create_store();
  uint64_t commits = adv_store_counted(s).commits;
  outcome o[8];

  (void)state;
  for (int i = 0; i < 8; i++) {
    adv_value v = blob(large, len);

    v.borrowed = true;
    submit(s, row(i, v), &o[i]);
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  for (int i = 0; i < 8; i++)
    assert_int_equal(o[i].st, ADV_OK);
  assert_int_equal(adv_store_counted(s).commits - commits, 3);
  close_store(s);
  free(large);
}

/* Without a store, so that nobody has to wait for the other program. */
static void another_writer_in_the_way_is_busy(void **state)
{
  adv_connection ours, other;
  adv_batch *b = row(1, integer(0));

  (void)state;
  close_store(create_store());
  assert_int_equal(
      adv_connection_open(&ours, file("run.db"), SQLITE_OPEN_READWRITE, &why),
      ADV_OK);
  assert_int_equal(
      adv_connection_open(&other, file("run.db"), SQLITE_OPEN_READWRITE, &why),
      ADV_OK);
  sqlite3_busy_timeout(ours.db, 0);
  assert_int_equal(adv_connection_run(&other, "BEGIN IMMEDIATE", &why), ADV_OK);
  assert_false(adv_group_commit(&ours, b));
  assert_int_equal(b->st, ADV_EBUSY);
  assert_string_equal(b->why, "database is locked");
  adv_batch_free(b);
  assert_int_equal(adv_connection_run(&other, "COMMIT", &why), ADV_OK);
  b = row(1, integer(0));
  assert_true(adv_group_commit(&ours, b));
  adv_batch_free(b);
  adv_connection_close(&other);
  adv_connection_close(&ours);
}

static void allow_file_size(rlim_t bytes)
{
  struct rlimit limit;

  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

typedef struct room {
  int asked;
  bool there;
} room;

static bool make_room(void *ud)
{
  room *r = ud;

  r->asked++;
  if (r->there)
    allow_file_size(RLIM_INFINITY);
  return r->there;
}

static void nothing(void *ud)
{
  (void)ud;
}

/* Files that may not grow look like a disk without room. */
static void post(adv_store *s, int64_t id)
{
  assert_int_equal(adv_store_submit(s, row(id, integer(0)), NULL, NULL),
                   ADV_OK);
  uv_run(&loop, UV_RUN_DEFAULT); /* comes to an end, whatever fails */
}

static void what_nobody_waits_for_is_on_disk_before_what_follows(void **state)
{
  adv_store *s = create_store();
  outcome o;

  (void)state;
  signal(SIGXFSZ, SIG_IGN);
  allow_file_size(1);
  post(s, 1);
  post(s, 2);
  assert_int_equal(number(s, COUNT), 0);
  assert_int_equal(write_batch(s, row(3, integer(0))).st, ADV_EFULL);
  allow_file_size(RLIM_INFINITY);
  assert_int_equal(write_batch(s, row(4, integer(0))).st, ADV_OK);
  assert_int_equal(number(s, COUNT), 3);

  /* One that cannot succeed: nothing goes on without it. */
  post(s, 4);
  o = write_batch(s, row(5, integer(0)));
  assert_int_equal(o.st, ADV_EEXISTS);
  assert_string_equal(o.why, "UNIQUE constraint failed: t.id");
  assert_int_equal(number(s, COUNT), 3);
  close_store(s);
  signal(SIGXFSZ, SIG_DFL);
}

static void a_full_disk_is_tried_again_where_room_was_made(void **state)
{
  char bytes[4096] = "";
  adv_connection c;
  adv_writer *w;
  room r = {0};
  outcome o;

  (void)state;
  signal(SIGXFSZ, SIG_IGN);
  close_store(create_store());
  assert_int_equal(adv_format_open_writer(&c, file("run.db"), &why), ADV_OK);
  assert_int_equal(adv_writer_new(&w, &loop, &c), ADV_OK);
  adv_writer_on_full(w, make_room, &r);
  for (int64_t id = 1; id <= 300; id++) {
    /* Refused first without room, then with. */
    r.there = r.asked > 0;
    if (id == 3)
      allow_file_size(256 << 10);
    o = (outcome){0};
    assert_int_equal(adv_writer_submit(w, row(id, blob(bytes, sizeof bytes)),
                                       on_outcome, &o),
                     ADV_OK);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(o.calls, 1);
    if (o.st != ADV_OK) {
      assert_int_equal(o.st, ADV_EFULL);
      assert_int_equal(r.asked, 1);
      assert_false(adv_writer_counted(w).full);
    }
  }
  assert_int_equal(r.asked, 2);
  assert_true(adv_writer_counted(w).full);
  adv_writer_close(w, nothing, nothing, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  signal(SIGXFSZ, SIG_DFL);
}

/* Each folder that is open for writing has room set aside, which goes with
 * it. */
static void a_spare_is_there_while_a_writer_is(void **state)
{
  adv_store *s = create_store();

  (void)state;
  if (!exists(file("run.spare")))
    print_message("there is little room, or it cannot be reserved here\n");
  close_store(s);
  assert_false(exists(file("run.spare")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(what_one_turn_submits_is_one_commit),
      TEST(what_is_submitted_between_turns_is_one_commit),
      TEST(an_idle_writer_does_not_keep_the_loop),
      TEST(a_callback_may_submit),
      TEST(a_prepare_handle_may_submit),
      TEST(a_failing_batch_fails_alone_and_whole),
      TEST(mistakes_fail_their_batch_only),
      TEST(a_lost_transaction_fails_every_batch),
      TEST(an_empty_batch_and_no_callback_are_fine),
      TEST(closing_commits_what_is_queued),
      TEST(a_callback_may_close),
      TEST(a_group_has_a_limit),
      TEST(another_writer_in_the_way_is_busy),
      TEST(what_nobody_waits_for_is_on_disk_before_what_follows),
      TEST(a_full_disk_is_tried_again_where_room_was_made),
      TEST(a_spare_is_there_while_a_writer_is),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
