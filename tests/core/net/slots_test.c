#include "net/slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Grants are noted as "name@endpoint " one after the other. */
static char granted[256];

static void note(void *ud, int endpoint)
{
  size_t len = strlen(granted);

  snprintf(granted + len, sizeof(granted) - len, "%s@%d ", (const char *)ud,
           endpoint);
}

static void expect(const char *what)
{
  assert_string_equal(granted, what);
  granted[0] = '\0';
}

static adv_slots_waiter *wait_for(adv_slots *s, const char *name, int first,
                                  int second)
{
  int endpoints[] = {first, second};
  adv_slots_waiter *w = NULL;

  assert_int_equal(adv_slots_wait(s, endpoints, second < 0 ? 1 : 2, note,
                                  (void *)(uintptr_t)name, &w),
                   ADV_OK);
  assert_non_null(w);
  return w;
}

static int set_up(void **state)
{
  adv_slots *s;

  granted[0] = '\0';
  assert_int_equal(adv_slots_new(&s), ADV_OK);
  *state = s;
  return 0;
}

static int tear_down(void **state)
{
  adv_slots_free(*state);
  return 0;
}

static void waiters_are_served_in_order(void **state)
{
  adv_slots *s = *state;

  assert_int_equal(adv_slots_add(s, 2), 0);
  wait_for(s, "a", 0, -1);
  wait_for(s, "b", 0, -1);
  wait_for(s, "c", 0, -1);
  expect("");
  adv_slots_grant(s);
  expect("a@0 b@0 ");
  assert_int_equal(adv_slots_in_flight(s, 0), 2);
  assert_int_equal(adv_slots_waiting(s), 1);
  adv_slots_grant(s);
  expect("");
  adv_slots_release(s, 0);
  expect("");
  adv_slots_grant(s);
  expect("c@0 ");
  assert_int_equal(adv_slots_waiting(s), 0);
}

static void the_least_busy_endpoint_is_taken(void **state)
{
  adv_slots *s = *state;

  adv_slots_add(s, 3);
  adv_slots_add(s, 2);
  for (int i = 0; i < 6; i++)
    wait_for(s, "a", 0, 1);
  adv_slots_grant(s);
  expect("a@0 a@1 a@0 a@1 a@0 ");
  adv_slots_release(s, 0);
  adv_slots_release(s, 1);
  adv_slots_release(s, 1);
  wait_for(s, "b", 1, 0);
  adv_slots_grant(s);
  expect("a@1 b@1 ");
}

static void equals_go_to_the_first_named(void **state)
{
  adv_slots *s = *state;

  adv_slots_add(s, 2);
  adv_slots_add(s, 2);
  wait_for(s, "a", 1, 0);
  wait_for(s, "b", 0, 1);
  wait_for(s, "c", 1, 0);
  adv_slots_grant(s);
  expect("a@1 b@0 c@1 ");
}

static void a_full_endpoint_holds_up_nobody_else(void **state)
{
  adv_slots *s = *state;

  adv_slots_add(s, 1);
  adv_slots_add(s, 1);
  wait_for(s, "a", 0, -1);
  wait_for(s, "b", 0, -1);
  wait_for(s, "c", 1, -1);
  wait_for(s, "d", 0, 1);
  adv_slots_grant(s);
  expect("a@0 c@1 ");
  adv_slots_release(s, 0);
  adv_slots_release(s, 1);
  adv_slots_grant(s);
  expect("b@0 d@1 ");
}

static void an_abandoned_waiter_gets_nothing(void **state)
{
  adv_slots *s = *state;
  adv_slots_waiter *a, *c;

  adv_slots_add(s, 3);
  a = wait_for(s, "a", 0, -1);
  wait_for(s, "b", 0, -1);
  c = wait_for(s, "c", 0, -1);
  adv_slots_abandon(s, a);
  adv_slots_abandon(s, c);
  assert_int_equal(adv_slots_waiting(s), 1);
  adv_slots_grant(s);
  expect("b@0 ");
}

static void a_limit_can_change(void **state)
{
  adv_slots *s = *state;

  adv_slots_add(s, 3);
  for (int i = 0; i < 6; i++)
    wait_for(s, "a", 0, -1);
  adv_slots_grant(s);
  expect("a@0 a@0 a@0 ");
  adv_slots_limit(s, 0, 1);
  adv_slots_release(s, 0);
  adv_slots_release(s, 0);
  adv_slots_grant(s);
  expect("");
  assert_int_equal(adv_slots_in_flight(s, 0), 1);
  adv_slots_limit(s, 0, 2);
  adv_slots_grant(s);
  expect("a@0 ");
}

static void bad_endpoints_are_refused(void **state)
{
  adv_slots *s = *state;
  int none[] = {0}, beyond[] = {0, 1}, negative[] = {-1};

  adv_slots_add(s, 1);
  assert_int_equal(adv_slots_wait(s, none, 0, note, "a", NULL), ADV_EINVAL);
  assert_int_equal(adv_slots_wait(s, beyond, 2, note, "a", NULL), ADV_EINVAL);
  assert_int_equal(adv_slots_wait(s, negative, 1, note, "a", NULL), ADV_EINVAL);
  assert_int_equal(adv_slots_waiting(s), 0);
  assert_int_equal(adv_slots_wait(s, none, 1, note, "a", NULL), ADV_OK);
}

/* Releases at once and waits anew, until it has been granted ten times. */
typedef struct eager {
  adv_slots *slots;
  int grants;
} eager;

static void release_and_wait(void *ud, int endpoint)
{
  eager *e = ud;

  if (e->grants == 0)
    wait_for(e->slots, "late", endpoint, -1);
  e->grants++;
  adv_slots_release(e->slots, endpoint);
  if (e->grants < 10)
    assert_int_equal(
        adv_slots_wait(e->slots, &endpoint, 1, release_and_wait, e, NULL),
        ADV_OK);
  adv_slots_grant(e->slots);
}

static void callbacks_may_wait_release_and_grant(void **state)
{
  adv_slots *s = *state;
  eager e = {s, 0};
  int endpoint = adv_slots_add(s, 2);

  assert_int_equal(adv_slots_wait(s, &endpoint, 1, release_and_wait, &e, NULL),
                   ADV_OK);
  wait_for(s, "early", endpoint, -1);
  adv_slots_grant(s);
  expect("early@0 late@0 ");
  assert_int_equal(e.grants, 1);
  adv_slots_release(s, endpoint);
  adv_slots_grant(s);
  expect("");
  assert_int_equal(e.grants, 10);
  assert_int_equal(adv_slots_in_flight(s, endpoint), 1);
  assert_int_equal(adv_slots_waiting(s), 0);
}

/* Waiters that are dropped with the slots leak nothing; a sanitizer looks. */
static void slots_can_go_with_waiters_left(void **state)
{
  adv_slots *s = *state;

  adv_slots_add(s, 1);
  adv_slots_add(s, 1);
  for (int i = 0; i < 100; i++)
    wait_for(s, "a", i % 2, (i / 2) % 2 ? 1 - i % 2 : -1);
  adv_slots_grant(s);
  assert_int_equal(adv_slots_waiting(s), 98);
  adv_slots_free(NULL);
}

#define SLOTS_TEST(name) \
  cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      SLOTS_TEST(waiters_are_served_in_order),
      SLOTS_TEST(the_least_busy_endpoint_is_taken),
      SLOTS_TEST(equals_go_to_the_first_named),
      SLOTS_TEST(a_full_endpoint_holds_up_nobody_else),
      SLOTS_TEST(an_abandoned_waiter_gets_nothing),
      SLOTS_TEST(a_limit_can_change),
      SLOTS_TEST(bad_endpoints_are_refused),
      SLOTS_TEST(callbacks_may_wait_release_and_grant),
      SLOTS_TEST(slots_can_go_with_waiters_left),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
