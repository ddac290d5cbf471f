#include "net/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NEVER UINT64_MAX

static adv_pace make(unsigned most)
{
  adv_pace p;

  adv_pace_init(&p, &(adv_pace_limits){.most = most});
  return p;
}

/* As many events as there are places, with all of them in use. */
static void full_round(adv_pace *p, adv_pace_event event, uint64_t now)
{
  for (unsigned i = adv_pace_limit(p); i > 0; i--)
    adv_pace_ended(p, event, adv_pace_limit(p), 0, now);
}

static void assert_limits(adv_pace *p, const unsigned *limits, uint64_t now)
{
  for (; *limits; limits++) {
    full_round(p, ADV_PACE_GOOD, now);
    assert_int_equal(adv_pace_limit(p), *limits);
  }
}

static void it_begins_with_few_and_doubles(void **state)
{
  static const unsigned doubles[] = {8, 16, 32, 64, 64, 0};
  adv_pace p = make(64), small = make(3);

  (void)state;
  assert_int_equal(adv_pace_limit(&p), 4);
  assert_limits(&p, doubles, 1000);
  assert_int_equal(adv_pace_limit(&small), 3);
  full_round(&small, ADV_PACE_GOOD, 1000);
  assert_int_equal(adv_pace_limit(&small), 3);
}

static void it_grows_only_where_half_is_used(void **state)
{
  adv_pace p = make(64);

  (void)state;
  for (int i = 0; i < 100; i++)
    adv_pace_ended(&p, ADV_PACE_GOOD, 1, 0, 1000);
  assert_int_equal(adv_pace_limit(&p), 4);
  for (int i = 0; i < 4; i++)
    adv_pace_ended(&p, ADV_PACE_GOOD, 2, 0, 1000);
  assert_int_equal(adv_pace_limit(&p), 8);
}

static void it_is_cut_once_in_a_while(void **state)
{
  static const unsigned doubles[] = {8, 16, 32, 64, 0};
  adv_pace p = make(64);

  (void)state;
  assert_limits(&p, doubles, 1000);
  adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 64, 0, 1000);
  assert_int_equal(adv_pace_limit(&p), 51);
  adv_pace_ended(&p, ADV_PACE_OVERLOADED, 64, 0, 15999);
  assert_int_equal(adv_pace_limit(&p), 51);
  adv_pace_ended(&p, ADV_PACE_OVERLOADED, 51, 0, 16000);
  assert_int_equal(adv_pace_limit(&p), 40);
  /* A longer wish of the server's counts. */
  adv_pace_ended(&p, ADV_PACE_GOOD, 1, 0, 16000);
  adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 40, 60000, 31000);
  assert_int_equal(adv_pace_limit(&p), 32);
  adv_pace_ended(&p, ADV_PACE_GOOD, 1, 0, 31000);
  adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 32, 0, 90999);
  assert_int_equal(adv_pace_limit(&p), 32);
}

static void it_recovers_slowly_and_never_stops(void **state)
{
  static const unsigned slowly[] = {2, 3, 4, 5, 0};
  adv_pace p = make(64);

  (void)state;
  for (uint64_t i = 1; i <= 10; i++)
    adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 1, 0, i * 20000);
  assert_int_equal(adv_pace_limit(&p), 1);
  assert_limits(&p, slowly, 300000);
  p.limit = 60;
  full_round(&p, ADV_PACE_GOOD, 300000);
  assert_int_equal(adv_pace_limit(&p), 63);
}

static void other_failures_cut_nothing(void **state)
{
  adv_pace p = make(64);

  (void)state;
  for (int i = 0; i < 10; i++)
    adv_pace_ended(&p, ADV_PACE_FAILED, 4, 0, 1000);
  assert_int_equal(adv_pace_limit(&p), 4);
}

static void what_is_ended_here_and_what_is_fixed_says_nothing(void **state)
{
  adv_pace p = make(64), fixed;
  uint64_t when;

  (void)state;
  adv_pace_init(&fixed, &(adv_pace_limits){.most = 64, .fixed = true});
  assert_int_equal(adv_pace_limit(&fixed), 64);
  for (int i = 0; i < 100; i++) {
    adv_pace_ended(&p, ADV_PACE_VOID, 4, 0, 1000);
    adv_pace_ended(&fixed, ADV_PACE_FAILED, 4, 0, 1000);
    adv_pace_ended(&fixed, ADV_PACE_TOO_MUCH, 4, 9000, 1000);
  }
  assert_int_equal(adv_pace_limit(&p), 4);
  assert_int_equal(adv_pace_limit(&fixed), 64);
  assert_true(adv_pace_allows(&p, 3, 0, 1000, &when));
  assert_true(adv_pace_allows(&fixed, 63, 0, 1000, &when));
  assert_false(adv_pace_allows(&fixed, 64, 0, 1000, &when));
  assert_true(when == NEVER);
}

static void refusals_in_a_row_hold_everybody(void **state)
{
  adv_pace p = make(8);
  uint64_t when;

  (void)state;
  adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 1, 7000, 1000);
  adv_pace_ended(&p, ADV_PACE_GOOD, 1, 0, 1000);
  adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 1, 7000, 1000);
  assert_true(adv_pace_allows(&p, 0, 0, 1000, &when));
  adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 1, 7000, 1000);
  assert_false(adv_pace_allows(&p, 0, 0, 7999, &when));
  assert_int_equal(when, 8000);
  assert_true(adv_pace_allows(&p, 0, 0, 8000, &when));
  /* A shorter wish does not shorten, and none holds nobody. */
  adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 1, 9000, 8000);
  adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 1, 1000, 8000);
  adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 1, 0, 8000);
  assert_false(adv_pace_allows(&p, 0, 0, 8000, &when));
  assert_int_equal(when, 17000);
  /* Nobody is held for more than a quarter of an hour. */
  adv_pace_ended(&p, ADV_PACE_TOO_MUCH, 1, NEVER / 2, 20000);
  assert_false(adv_pace_allows(&p, 0, 0, 20000, &when));
  assert_int_equal(when, 920000);
}

/* Asks as often as it may over ten minutes; the most in any 60 s. */
static unsigned most_in_a_minute(const adv_pace_limits *limits, uint64_t tokens)
{
  static uint64_t times[20000];
  adv_pace p;
  unsigned n = 0, most = 0;
  uint64_t now = 12345, end = now + 600000, when;

  adv_pace_init(&p, limits);
  while (now < end && n < 20000) {
    if (adv_pace_allows(&p, 0, tokens, now, &when)) {
      adv_pace_sent(&p, tokens, now);
      times[n++] = now;
      now += 7;
    } else {
      assert_true(when > now && when != NEVER);
      now = when;
    }
  }
  assert_true(n > 0);
  for (unsigned i = 0, first = 0; i < n; i++) {
    while (times[i] - times[first] >= 60000)
      first++;
    most = i - first + 1 > most ? i - first + 1 : most;
  }
  return most;
}

static void caps_hold_in_every_minute(void **state)
{
  (void)state;
  assert_int_equal(
      most_in_a_minute(&(adv_pace_limits){.most = 9, .requests_per_minute = 30},
                       0),
      30);
  assert_int_equal(
      most_in_a_minute(&(adv_pace_limits){.most = 9, .tokens_per_minute = 1000},
                       300),
      3);
  assert_int_equal(
      most_in_a_minute(&(adv_pace_limits){.most = 9,
                                          .requests_per_minute = 2,
                                          .tokens_per_minute = 1000},
                       300),
      2);
  /* One that is more than the cap by itself is not kept for ever. */
  assert_int_equal(
      most_in_a_minute(&(adv_pace_limits){.most = 9, .tokens_per_minute = 100},
                       300),
      1);
}

static void many_failures_make_it_rest(void **state)
{
  adv_pace p = make(8);
  uint64_t when;

  (void)state;
  for (int i = 0; i < 19; i++)
    adv_pace_ended(&p, ADV_PACE_GOOD, 4, 0, 1000);
  for (int i = 0; i < 19; i++)
    adv_pace_ended(&p, ADV_PACE_FAILED, 4, 0, 2000);
  assert_true(adv_pace_allows(&p, 3, 0, 2000, &when));
  adv_pace_ended(&p, ADV_PACE_FAILED, 4, 0, 2000);
  assert_false(adv_pace_allows(&p, 0, 0, 2000, &when));
  assert_int_equal(when, 7000);
  /* Then one alone. */
  assert_true(adv_pace_allows(&p, 3, 0, 7000, &when));
  adv_pace_sent(&p, 0, 7000);
  assert_false(adv_pace_allows(&p, 1, 0, 7000, &when));
  assert_true(when == NEVER);
  adv_pace_ended(&p, ADV_PACE_GOOD, 1, 0, 7100);
  assert_true(adv_pace_allows(&p, 3, 0, 7100, &when));
}

static void old_failures_are_forgotten(void **state)
{
  adv_pace p = make(8);
  uint64_t when;

  (void)state;
  for (int i = 0; i < 15; i++)
    adv_pace_ended(&p, ADV_PACE_FAILED, 4, 0, 1000);
  for (int i = 0; i < 15; i++)
    adv_pace_ended(&p, ADV_PACE_FAILED, 4, 0, 62000);
  assert_true(adv_pace_allows(&p, 0, 0, 62000, &when));
}

static void rests_grow_until_it_is_broken(void **state)
{
  static const uint64_t rests[] = {5, 10, 20, 40, 60, 60, 60};
  adv_pace p = make(8);
  uint64_t now = 1000, when;

  (void)state;
  for (int i = 0; i < 20; i++)
    adv_pace_ended(&p, ADV_PACE_OVERLOADED, 4, 0, now);
  for (int i = 0; i < 7; i++) {
    assert_false(adv_pace_allows(&p, 0, 0, now, &when));
    assert_int_equal(when, now + rests[i] * 1000);
    /* 5 + 10 + 20 + 40 + 60 + 60 s are more than 180. */
    assert_int_equal(adv_pace_is_broken(&p, now), i >= 6);
    /* One that was on its way as the rest began makes it no longer. */
    adv_pace_ended(&p, ADV_PACE_FAILED, 2, 0, now + 1);
    now = when;
    assert_true(adv_pace_allows(&p, 0, 0, now, &when));
    adv_pace_ended(&p, ADV_PACE_FAILED, 1, 0, now);
  }
  adv_pace_ended(&p, ADV_PACE_GOOD, 1, 0, now);
  assert_false(adv_pace_is_broken(&p, now + 1000000));
  for (int i = 0; i < 20; i++)
    adv_pace_ended(&p, ADV_PACE_FAILED, 4, 0, now);
  assert_false(adv_pace_allows(&p, 0, 0, now, &when));
  assert_int_equal(when, now + 5000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_begins_with_few_and_doubles),
      cmocka_unit_test(it_grows_only_where_half_is_used),
      cmocka_unit_test(it_is_cut_once_in_a_while),
      cmocka_unit_test(it_recovers_slowly_and_never_stops),
      cmocka_unit_test(other_failures_cut_nothing),
      cmocka_unit_test(what_is_ended_here_and_what_is_fixed_says_nothing),
      cmocka_unit_test(refusals_in_a_row_hold_everybody),
      cmocka_unit_test(caps_hold_in_every_minute),
      cmocka_unit_test(many_failures_make_it_rest),
      cmocka_unit_test(old_failures_are_forgotten),
      cmocka_unit_test(rests_grow_until_it_is_broken),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
