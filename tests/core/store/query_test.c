#include "support.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>

/* The rows of a query, copied. */
typedef struct copied {
  size_t rows, n;
  adv_value values[16];
  char bytes[16][64];
  char names[16][16];
} copied;

static adv_status copy_row(void *ud, const adv_value *columns,
                           const char *const *names, size_t n)
{
  copied *c = ud;

  c->rows++;
  c->n = n;
  for (size_t i = 0; i < n; i++) {
    c->values[i] = columns[i];
    if (columns[i].bytes)
      memcpy(c->bytes[i], columns[i].bytes, columns[i].len);
    strcpy(c->names[i], names[i]);
  }
  return ADV_OK;
}

static adv_value stored(adv_store *s, int64_t id, copied *c)
{
  const adv_value values[] = {integer(id)};

  *c = (copied){0};
  assert_int_equal(adv_store_query(s, "SELECT id, v FROM t WHERE id = ?",
                                   values, 1, copy_row, c, &why),
                   ADV_OK);
  assert_int_equal(c->rows, 1);
  assert_int_equal(c->n, 2);
  assert_string_equal(c->names[0], "id");
  assert_string_equal(c->names[1], "v");
  return c->values[1];
}

static void values_come_back_as_they_went(void **state)
{
  static const char bytes[] = "a\0b\xff\xfe\0";
  adv_store *s = create_store();
  adv_batch *b = adv_batch_new();
  adv_value v;
  copied c;

  (void)state;
  add(b, 1, text(bytes, 6));
  add(b, 2, blob(bytes, 6));
  add(b, 3, text(NULL, 0));
  add(b, 4, blob(NULL, 0));
  add(b, 5, integer(INT64_MIN));
  add(b, 6, (adv_value){.type = ADV_REAL, .real = 0.1});
  add(b, 7, (adv_value){.type = ADV_NULL});
  add(b, 8, (adv_value){.type = ADV_REAL, .real = INFINITY});
  assert_int_equal(write_batch(s, b).st, ADV_OK);

  v = stored(s, 1, &c);
  assert_int_equal(v.type, ADV_TEXT);
  assert_int_equal(v.len, 6);
  assert_memory_equal(c.bytes[1], bytes, 6);
  v = stored(s, 2, &c);
  assert_int_equal(v.type, ADV_BLOB);
  assert_int_equal(v.len, 6);
  assert_memory_equal(c.bytes[1], bytes, 6);
  v = stored(s, 3, &c);
  assert_int_equal(v.type, ADV_TEXT);
  assert_int_equal(v.len, 0);
  v = stored(s, 4, &c);
  assert_int_equal(v.type, ADV_BLOB);
  assert_int_equal(v.len, 0);
  v = stored(s, 5, &c);
  assert_int_equal(v.type, ADV_INTEGER);
  assert_true(v.integer == INT64_MIN);
  v = stored(s, 6, &c);
  assert_int_equal(v.type, ADV_REAL);
  assert_true(v.real == 0.1);
  assert_int_equal(stored(s, 7, &c).type, ADV_NULL);
  assert_true(isinf(stored(s, 8, &c).real));
  close_store(s);
}

static void bytes_are_copied_unless_borrowed(void **state)
{
  adv_store *s = create_store();
  char passing[] = "passing", kept[] = "kept";
  adv_value borrowed = text(kept, 4);
  adv_batch *b = row(1, text(passing, 7));
  copied c;

  (void)state;
  borrowed.borrowed = true;
  add(b, 2, borrowed);
  memset(passing, 'x', 7);
  memcpy(kept, "same", 4);
  assert_int_equal(write_batch(s, b).st, ADV_OK);
  stored(s, 1, &c);
  assert_string_equal(c.bytes[1], "passing");
  stored(s, 2, &c);
  assert_string_equal(c.bytes[1], "same");
  close_store(s);
}

static void a_large_batch_takes_more_blocks(void **state)
{
  adv_store *s = create_store();
  adv_batch *b = adv_batch_new();
  char *large = malloc(100000);

  (void)state;
  memset(large, 'x', 100000);
  for (int i = 0; i < 200; i++)
    add(b, i, text(large, i % 50 == 0 ? 100000 : (size_t)i));
  free(large);
  assert_int_equal(write_batch(s, b).st, ADV_OK);
  assert_int_equal(number(s, "SELECT sum(length(v)) FROM t"),
                   4 * 100000 + 199 * 200 / 2 - 50 - 100 - 150);
  close_store(s);
}

static adv_status stop_at_second(void *ud, const adv_value *columns,
                                 const char *const *names, size_t n)
{
  (void)columns;
  (void)names;
  (void)n;
  return ++*(int *)ud == 2 ? ADV_ELIMIT : ADV_OK;
}

static void a_row_callback_can_stop(void **state)
{
  adv_store *s = create_store();
  adv_batch *b = adv_batch_new();
  int rows = 0;

  (void)state;
  for (int i = 0; i < 5; i++)
    add(b, i, integer(i));
  assert_int_equal(write_batch(s, b).st, ADV_OK);
  assert_int_equal(adv_store_query(s, "SELECT * FROM t", NULL, 0,
                                   stop_at_second, &rows, &why),
                   ADV_ELIMIT);
  assert_int_equal(rows, 2);
  assert_int_equal(number(s, COUNT), 5);
  close_store(s);
}

static adv_status count_within(void *ud, const adv_value *columns,
                               const char *const *names, size_t n)
{
  adv_store *s = ud;

  (void)columns;
  (void)names;
  (void)n;
  assert_int_equal(number(s, COUNT), 2);
  assert_int_equal(number(s, "SELECT max(id) FROM t"), 2);
  return ADV_OK;
}

static void queries_nest(void **state)
{
  adv_store *s = create_store();
  adv_batch *b = row(1, integer(0));

  (void)state;
  add(b, 2, integer(0));
  assert_int_equal(write_batch(s, b).st, ADV_OK);
  assert_int_equal(adv_store_query(s, COUNT, NULL, 0, count_within, s, &why),
                   ADV_OK);
  assert_int_equal(
      adv_store_query(s, "SELECT id FROM t", NULL, 0, count_within, s, &why),
      ADV_OK);
  close_store(s);
}

/* The text counts, not where it lies; and only so many are kept. */
static void statements_are_kept_by_their_text(void **state)
{
  adv_store *s = create_store();
  char sql[64];

  (void)state;
  for (int turn = 0; turn < 3; turn++)
    for (int i = 0; i < 100; i++) {
      snprintf(sql, sizeof sql, "SELECT %d", i);
      assert_int_equal(number(s, sql), i);
    }
  close_store(s);
}

static adv_status failing_query(adv_store *s, const char *sql, size_t n)
{
  const adv_value values[] = {integer(1), integer(2)};

  adv_buf_clear(&why);
  return adv_store_query(s, sql, values, n, NULL, NULL, &why);
}

static void mistakes_are_explained(void **state)
{
  adv_store *s = create_store();

  (void)state;
  assert_int_equal(failing_query(s, "SELECT * FROM nowhere", 0), ADV_EINVAL);
  assert_string_equal(why.data, "no such table: nowhere");
  assert_int_equal(failing_query(s, "SELECT ?", 2), ADV_EINVAL);
  assert_string_equal(why.data, "2 values for 1 parameters: SELECT ?");
  assert_int_equal(failing_query(s, "SELECT 1; SELECT 2", 0), ADV_EINVAL);
  assert_non_null(strstr(why.data, "one statement is wanted"));
  assert_int_equal(failing_query(s, "", 0), ADV_EINVAL);
  assert_int_equal(failing_query(s, "DELETE FROM t", 0), ADV_EINVAL);
  assert_non_null(strstr(why.data, "only reads"));
  assert_int_not_equal(failing_query(s, "ATTACH 'other.db' AS o", 0), ADV_OK);
  assert_int_equal(failing_query(s, "SELECT 1;  \n", 0), ADV_OK);
  close_store(s);
}

/* The row callback holds the state it reads; a commit goes on beside it. */
static adv_status write_within(void *ud, const adv_value *columns,
                               const char *const *names, size_t n)
{
  adv_store *s = ud;

  (void)names;
  (void)n;
  assert_int_equal(columns[0].integer, 1);
  assert_int_equal(write_batch(s, row(2, integer(0))).st, ADV_OK);
  return ADV_OK;
}

static void an_open_read_does_not_hold_up_a_commit(void **state)
{
  adv_store *s = create_store();

  (void)state;
  assert_int_equal(write_batch(s, row(1, integer(0))).st, ADV_OK);
  assert_int_equal(
      adv_store_query(s, "SELECT id FROM t", NULL, 0, write_within, s, &why),
      ADV_OK);
  assert_int_equal(number(s, COUNT), 2);
  close_store(s);
}

static void queued_rows_are_not_seen(void **state)
{
  adv_store *s = create_store();
  outcome o;

  (void)state;
  submit(s, row(1, integer(0)), &o);
  assert_int_equal(number(s, COUNT), 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(number(s, COUNT), 1);
  close_store(s);
}

/* Writes rows until told to stop; then its exit status says that all went
 * well. */
static pid_t start_writer(int stop)
{
  pid_t child = fork();
  adv_store *s = NULL;
  char byte;

  assert_true(child >= 0);
  if (child > 0)
    return child;
  if (try_open(&s, ADV_STORE_WRITE) != ADV_OK)
    _exit(1);
  for (int i = 0; read(stop, &byte, 1) != 1; i++)
    if (write_batch(s, row(i, integer(i))).st != ADV_OK)
      _exit(2);
  close_store(s);
  _exit(0);
}

static void a_reader_works_beside_a_writer(void **state)
{
  int64_t before = 0, count = 0;
  adv_store *reader;
  int stop[2];
  pid_t child;

  (void)state;
  close_store(create_store());
  assert_int_equal(pipe(stop), 0);
  assert_int_equal(fcntl(stop[0], F_SETFL, O_NONBLOCK), 0);
  child = start_writer(stop[0]);
  reader = open_store(ADV_STORE_READ);
  for (int i = 0; i < 10000 && count < 500; i++) {
    count = number(reader, COUNT);
    assert_true(count >= before);
    before = count;
    usleep(200);
  }
  assert_true(count >= 500);
  assert_int_equal(write(stop[1], "x", 1), 1);
  assert_int_equal(wait_for(child), 0);
  assert_true(number(reader, COUNT) >= count);
  adv_store_close(reader, NULL, NULL);
  close(stop[0]);
  close(stop[1]);
}

static void a_reading_store_does_not_write(void **state)
{
  adv_store *reader;
  adv_batch *b;

  (void)state;
  close_store(create_store());
  reader = open_store(ADV_STORE_READ);
  b = row(1, integer(0));
  assert_int_equal(adv_store_submit(reader, b, NULL, NULL), ADV_EINVAL);
  adv_batch_free(b);
  assert_int_equal(adv_store_counted(reader).commits, 0);
  close_store(reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(values_come_back_as_they_went),
      TEST(bytes_are_copied_unless_borrowed),
      TEST(a_large_batch_takes_more_blocks),
      TEST(a_row_callback_can_stop),
      TEST(queries_nest),
      TEST(statements_are_kept_by_their_text),
      TEST(mistakes_are_explained),
      TEST(an_open_read_does_not_hold_up_a_commit),
      TEST(queued_rows_are_not_seen),
      TEST(a_reader_works_beside_a_writer),
      TEST(a_reading_store_does_not_write),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
