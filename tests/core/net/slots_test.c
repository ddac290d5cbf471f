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

/* Every waiter of a test. */
static adv_slots_waiter waiters[128];
static size_t used;

static adv_slots_waiter *a_waiter(void)
{
  assert_true(used < sizeof waiters / sizeof waiters[0]);
  return &waiters[used++];
}

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

static int add(adv_slots *s, unsigned most)
{
  return adv_slots_add(s, &(adv_pace_limits){.most = most, .fixed = true});
}

static void release(adv_slots *s, int endpoint)
{
  adv_slots_release(s, endpoint, ADV_PACE_GOOD, 0, 0);
}

static adv_slots_waiter *wait_for(adv_slots *s, const char *name, int first,
                                  int second)
{
  int endpoints[] = {first, second};
  adv_slots_waiter *w = a_waiter();

  assert_int_equal(adv_slots_wait(s, w, endpoints, second < 0 ? 1 : 2, 0, note,
                                  (void *)(uintptr_t)name),
                   ADV_OK);
  return w;
}

static int set_up(void **state)
{
  adv_slots *s;

  granted[0] = '\0';
  used = 0;
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

  assert_int_equal(add(s, 2), 0);
  wait_for(s, "a", 0, -1);
  wait_for(s, "b", 0, -1);
  wait_for(s, "c", 0, -1);
  expect("");
  adv_slots_grant(s, 0);
  expect("a@0 b@0 ");
  assert_int_equal(adv_slots_in_flight(s, 0), 2);
  assert_int_equal(adv_slots_waiting(s), 1);
  adv_slots_grant(s, 0);
  expect("");
  release(s, 0);
  expect("");
  adv_slots_grant(s, 0);
  expect("c@0 ");
  assert_int_equal(adv_slots_waiting(s), 0);
}

static void the_least_busy_endpoint_is_taken(void **state)
{
  adv_slots *s = *state;

  add(s, 3);
  add(s, 2);
  for (int i = 0; i < 6; i++)
    wait_for(s, "a", 0, 1);
  adv_slots_grant(s, 0);
  expect("a@0 a@1 a@0 a@1 a@0 ");
  release(s, 0);
  release(s, 1);
  release(s, 1);
  wait_for(s, "b", 1, 0);
  adv_slots_grant(s, 0);
  expect("a@1 b@1 ");
}

static void equals_go_to_the_first_named(void **state)
{
  adv_slots *s = *state;

  add(s, 2);
  add(s, 2);
  wait_for(s, "a", 1, 0);
  wait_for(s, "b", 0, 1);
  wait_for(s, "c", 1, 0);
  adv_slots_grant(s, 0);
  expect("a@1 b@0 c@1 ");
}

static void a_full_endpoint_holds_up_nobody_else(void **state)
{
  adv_slots *s = *state;

  add(s, 1);
  add(s, 1);
  wait_for(s, "a", 0, -1);
  wait_for(s, "b", 0, -1);
  wait_for(s, "c", 1, -1);
  wait_for(s, "d", 0, 1);
  adv_slots_grant(s, 0);
  expect("a@0 c@1 ");
  release(s, 0);
  release(s, 1);
  adv_slots_grant(s, 0);
  expect("b@0 d@1 ");
}

static void an_abandoned_waiter_gets_nothing(void **state)
{
  adv_slots *s = *state;
  adv_slots_waiter *a, *c;

  add(s, 3);
  a = wait_for(s, "a", 0, -1);
  wait_for(s, "b", 0, -1);
  c = wait_for(s, "c", 0, -1);
  adv_slots_abandon(s, a);
  adv_slots_abandon(s, c);
  assert_int_equal(adv_slots_waiting(s), 1);
  adv_slots_grant(s, 0);
  expect("b@0 ");
}

static void a_server_under_load_is_given_less(void **state)
{
  adv_slots *s = *state;
  int e = adv_slots_add(s, &(adv_pace_limits){.most = 8});

  for (int i = 0; i < 8; i++)
    wait_for(s, "a", e, -1);
  assert_true(adv_slots_grant(s, 1000) == UINT64_MAX);
  expect("a@0 a@0 a@0 a@0 ");
  adv_slots_release(s, e, ADV_PACE_TOO_MUCH, 0, 1000);
  adv_slots_grant(s, 1000);
  expect("");
  assert_int_equal(adv_slots_in_flight(s, e), 3);
  adv_slots_release(s, e, ADV_PACE_GOOD, 0, 1000);
  adv_slots_grant(s, 1000);
  expect("a@0 ");
}

static void an_endpoint_that_is_to_be_left_alone_is_passed_over(void **state)
{
  adv_slots *s = *state;
  int first = adv_slots_add(s, &(adv_pace_limits){.most = 4});
  int other = adv_slots_add(s, &(adv_pace_limits){.most = 4});

  for (int i = 0; i < 2; i++) {
    wait_for(s, "a", first, -1);
    adv_slots_grant(s, 1000);
    adv_slots_release(s, first, ADV_PACE_TOO_MUCH, 5000, 1000);
  }
  expect("a@0 a@0 ");
  wait_for(s, "b", first, other);
  wait_for(s, "c", first, -1);
  assert_int_equal(adv_slots_grant(s, 1000), 6000);
  expect("b@1 ");
  assert_int_equal(adv_slots_grant(s, 5999), 6000);
  expect("");
  /* It is back as soon as its time has come. */
  assert_true(adv_slots_grant(s, 6000) == UINT64_MAX);
  expect("c@0 ");
}

static void a_cap_is_for_what_the_waiter_takes(void **state)
{
  adv_slots *s = *state;
  int e = adv_slots_add(
      s,
      &(adv_pace_limits){.most = 9, .fixed = true, .tokens_per_minute = 100});
  int list[] = {e};

  for (int i = 0; i < 3; i++)
    assert_int_equal(adv_slots_wait(s, a_waiter(), list, 1, 40, note, "a"),
                     ADV_OK);
  assert_int_equal(adv_slots_grant(s, 1000), 62000);
  expect("a@0 a@0 ");
  assert_true(adv_slots_grant(s, 62000) == UINT64_MAX);
  expect("a@0 ");
}

static void bad_endpoints_are_refused(void **state)
{
  adv_slots *s = *state;
  int none[] = {0}, beyond[] = {0, 1}, negative[] = {-1};

  add(s, 1);
  assert_int_equal(adv_slots_wait(s, a_waiter(), none, 0, 0, note, "a"),
                   ADV_EINVAL);
  assert_int_equal(adv_slots_wait(s, a_waiter(), beyond, 2, 0, note, "a"),
                   ADV_EINVAL);
  assert_int_equal(adv_slots_wait(s, a_waiter(), negative, 1, 0, note, "a"),
                   ADV_EINVAL);
  assert_int_equal(adv_slots_waiting(s), 0);
  assert_int_equal(adv_slots_wait(s, a_waiter(), none, 1, 0, note, "a"),
                   ADV_OK);
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
  release(e->slots, endpoint);
  if (e->grants < 10)
    assert_int_equal(adv_slots_wait(e->slots, a_waiter(), &endpoint, 1, 0,
                                    release_and_wait, e),
                     ADV_OK);
  adv_slots_grant(e->slots, 0);
}

static void callbacks_may_wait_release_and_grant(void **state)
{
  adv_slots *s = *state;
  eager e = {s, 0};
  int endpoint = add(s, 2);

  assert_int_equal(
      adv_slots_wait(s, a_waiter(), &endpoint, 1, 0, release_and_wait, &e),
      ADV_OK);
  wait_for(s, "early", endpoint, -1);
  adv_slots_grant(s, 0);
  expect("early@0 late@0 ");
  assert_int_equal(e.grants, 1);
  release(s, endpoint);
  adv_slots_grant(s, 0);
  expect("");
  assert_int_equal(e.grants, 10);
  assert_int_equal(adv_slots_in_flight(s, endpoint), 1);
  assert_int_equal(adv_slots_waiting(s), 0);
}

/* Waiters that are forgotten with the slots leak nothing; a sanitizer looks. */
static void slots_can_go_with_waiters_left(void **state)
{
  adv_slots *s = *state;

  add(s, 1);
  add(s, 1);
  for (int i = 0; i < 100; i++)
    wait_for(s, "a", i % 2, (i / 2) % 2 ? 1 - i % 2 : -1);
  adv_slots_grant(s, 0);
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
      SLOTS_TEST(a_server_under_load_is_given_less),
      SLOTS_TEST(an_endpoint_that_is_to_be_left_alone_is_passed_over),
      SLOTS_TEST(a_cap_is_for_what_the_waiter_takes),
      SLOTS_TEST(bad_endpoints_are_refused),
      SLOTS_TEST(callbacks_may_wait_release_and_grant),
      SLOTS_TEST(slots_can_go_with_waiters_left),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
