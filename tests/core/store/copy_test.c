#include "support.h"

/* Opens a second folder beside the first one's files. */
static adv_status copy_to(adv_store **s, const char *name, const char *source)
{
  adv_store_options options = {
      .mode = ADV_STORE_CREATE, .loop = &loop, .source = source};
  char target[256];

  snprintf(target, sizeof target, "%s", file(name));
  adv_buf_clear(&why);
  return adv_store_open(s, target, &options, &why);
}

static void a_copy_holds_what_is_committed(void **state)
{
  adv_store *s = create_store(), *copy = NULL;

  (void)state;
  assert_int_equal(write_batch(s, row(1, text("one", 3))).st, ADV_OK);
  /* The writer is open, so the row is in its log only. */
  assert_int_equal(copy_to(&copy, "copy", folder), ADV_OK);
  assert_int_equal(number(copy, COUNT), 1);
  assert_true(is_sound(copy));
  assert_int_equal(number(copy, "PRAGMA application_id"), 0x41445652);
  /* From here on they are two. */
  assert_int_equal(write_batch(copy, row(2, text("two", 3))).st, ADV_OK);
  assert_int_equal(number(copy, COUNT), 2);
  assert_int_equal(number(s, COUNT), 1);
  close_store(copy);
  close_store(s);
  assert_false(exists(file("copy/run.db.new")));
  assert_false(exists(file("copy/run.db.new-wal")));
  assert_false(exists(file("copy/run.db-wal")));
}

static void a_source_that_is_none_leaves_nothing(void **state)
{
  adv_store *s = (adv_store *)&loop;
  char nothing[256];

  (void)state;
  snprintf(nothing, sizeof nothing, "%s", file("nothing"));
  assert_int_equal(copy_to(&s, "copy", nothing), ADV_ENOTFOUND);
  assert_null(s);
  assert_non_null(why.data);
  assert_non_null(strstr(why.data, "nothing (no run.db)"));
  assert_false(exists(file("copy")));
}

static void a_foreign_source_is_refused(void **state)
{
  char command[512];
  adv_store *s;

  (void)state;
  snprintf(command, sizeof command,
           "mkdir %s/other && echo 'not a database at all, only some text "
           "that is long enough to be looked at as if it were one' "
           "> %s/other/run.db",
           folder, folder);
  assert_int_equal(system(command), 0);
  snprintf(command, sizeof command, "%s/other", folder);
  assert_int_equal(copy_to(&s, "copy", command), ADV_EPARSE);
  assert_false(exists(file("copy/run.db")));
}

static void a_run_is_not_copied_over(void **state)
{
  adv_store *s = create_store(), *copy;

  (void)state;
  close_store(s);
  assert_int_equal(copy_to(&copy, ".", folder), ADV_EEXISTS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(a_copy_holds_what_is_committed),
      TEST(a_source_that_is_none_leaves_nothing),
      TEST(a_foreign_source_is_refused),
      TEST(a_run_is_not_copied_over),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
