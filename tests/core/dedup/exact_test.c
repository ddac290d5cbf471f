#include "support.h"

static int set_up(void **state)
{
  return adv_dedup_exact((adv_dedup **)state) == ADV_OK ? 0 : -1;
}

static int tear_down(void **state)
{
  adv_dedup_free(*state);
  return 0;
}

static void assert_found(adv_dedup *d, const char *text, int64_t id)
{
  adv_nearest got = ask(d, text, INT64_MAX);

  assert_true(got.found);
  assert_true(got.id == id);
  assert_true(got.score == 1.0);
}

static void assert_new(adv_dedup *d, const char *text)
{
  assert_false(ask(d, text, INT64_MAX).found);
}

static void finds_nothing_when_empty(void **state)
{
  assert_int_equal(adv_dedup_count(*state), 0);
  assert_new(*state, "");
  assert_new(*state, "a");
}

static void finds_equal_normal_forms(void **state)
{
  add(*state, "How do I  bake bread?", 7);
  add(*state,
      "Stra\xC3\x9F"
      "e",
      8);
  assert_found(*state, "How do I  bake bread?", 7);
  assert_found(*state, " how DO i bake\nbread? ", 7);
  assert_found(*state,
               "how do \xEF\xBC\xA9\xC2\xA0"
               "bake bread?",
               7);
  assert_found(*state, "STRASSE", 8);
  assert_new(*state, "How do I bake bread");
  assert_new(*state, "How do Ibake bread?");
  assert_new(*state, "");
  assert_int_equal(adv_dedup_count(*state), 2);
}

static void asking_adds_nothing(void **state)
{
  assert_new(*state, "a");
  assert_new(*state, "a");
  assert_int_equal(adv_dedup_count(*state), 0);
}

static void the_first_of_equals_stays(void **state)
{
  add(*state, "a", 5);
  add(*state, "A", 3);
  add(*state, "b", 4);
  assert_found(*state, " a ", 5);
  assert_int_equal(adv_dedup_count(*state), 3);
}

static void any_id_and_the_empty_text_will_do(void **state)
{
  add(*state, " ", 0);
  add(*state, "least", INT64_MIN);
  add(*state, "minus", -1);
  add(*state, "most", INT64_MAX - 1);
  assert_found(*state, "", 0);
  assert_found(*state, "least", INT64_MIN);
  assert_found(*state, "minus", -1);
  assert_found(*state, "most", INT64_MAX - 1);
}

static void keeps_all_items_as_it_grows(void **state)
{
  const int count = 20000;
  char text[32];
  int i;

  for (i = 0; i < count; i++) {
    snprintf(text, sizeof(text), "item %d", i);
    assert_new(*state, text);
    add(*state, text, i);
    assert_found(*state, text, i);
  }
  for (i = 0; i < count; i++) {
    snprintf(text, sizeof(text), "ITEM %d", i);
    assert_found(*state, text, i);
    snprintf(text, sizeof(text), "other %d", i);
    assert_new(*state, text);
  }
  assert_int_equal(adv_dedup_count(*state), count);
}

static void engines_are_independent(void **state)
{
  adv_dedup *other;

  assert_int_equal(adv_dedup_exact(&other), ADV_OK);
  add(*state, "a", 1);
  assert_new(other, "a");
  add(other, "a", 2);
  assert_found(*state, "a", 1);
  adv_dedup_free(other);
  adv_dedup_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(finds_nothing_when_empty),
      TEST(finds_equal_normal_forms),
      TEST(asking_adds_nothing),
      TEST(the_first_of_equals_stays),
      TEST(any_id_and_the_empty_text_will_do),
      TEST(keeps_all_items_as_it_grows),
      TEST(engines_are_independent),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
