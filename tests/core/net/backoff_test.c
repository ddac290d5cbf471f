#include "net/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* 1994-11-06T08:49:37Z, the date of the RFC's examples. */
#define WALL_MS INT64_C(784111777000)

static const struct {
  const char *headers;
  uint64_t ms;
} forms[] = {
    {"", 0},
    {"server: x\n", 0},
    {"retry-after: 1\n", 1000},
    {"retry-after: 0\n", 0},
    {"retry-after: 120", 120000},
    {"server: x\nretry-after: 2\ndate: y\n", 2000},
    {"retry-after: 1.5\n", 1500},
    {"retry-after: .5\n", 500},
    {"retry-after: 0.0001\n", 1},
    {"retry-after:7 \r\n", 7000},
    {"retry-after: 1.2.3\n", 0},
    {"retry-after: .\n", 0},
    {"retry-after: -3\n", 0},
    {"retry-after: \"-3\"\n", 0},
    {"retry-after: +3\n", 0},
    {"retry-after: NaN\n", 0},
    {"retry-after: nan(7)\n", 0},
    {"retry-after: Infinity\n", 0},
    {"retry-after: inf\n", 0},
    {"retry-after: 0x10\n", 0},
    {"retry-after: 1e3\n", 0},
    {"retry-after: 3s\n", 3000},
    {"retry-after: 1m30s\n", 90000},
    {"retry-after: 3 s\n", 0},
    {"retry-after: 3x\n", 0},
    {"retry-after: 3 4\n", 0},
    {"retry-after: \n", 0},
    {"retry-after:\n", 0},
    {"retry-after\n", 0},
    {"x-retry-after: 3\n", 0},
    {"retry-after-ms: 12.25\n", 13},
    {"retry-after-ms: 250\nretry-after: 9\n", 250},
    {"retry-after: 9\nretry-after-ms: 250\n", 250},
    {"retry-after-ms: -1\nretry-after: 9\n", 9000},
    {"retry-after-ms: NaN\nretry-after: 9\n", 9000},
    /* Long waits are the caller's to judge; they do not wrap around. */
    {"retry-after: 3600\n", 3600000},
    {"retry-after: 999999999999999999999999\n", UINT64_C(1000000000000000)},
    /* Dates: the wall clock counts where the server shows none. */
    {"retry-after: Sun, 06 Nov 1994 08:49:47 GMT\n", 10000},
    {"retry-after: Sunday, 06-Nov-94 08:49:47 GMT\n", 10000},
    {"retry-after: Sun Nov  6 08:49:47 1994\n", 10000},
    {"retry-after: Sun, 06 Nov 1994 08:49:37 GMT\n", 0},
    {"retry-after: Sun, 06 Nov 1994 08:49:27 GMT\n", 0},
    {"retry-after: Mon, 07 Nov 1994 08:49:37 GMT\n", 86400000},
    {"retry-after: Sun, 06 Nov 1994 08:49:47\n", 0},
    {"retry-after: Sun, 06 Nov 1994 08:49:47 CET\n", 0},
    {"retry-after: Sun, 06 Nov 1994 08:49:47 GMT; or later\n", 0},
    {"retry-after: Sun, 06 Nov 1994 25:49:47 GMT\n", 0},
    {"retry-after: soon\n", 0},
    /* A server whose clock is a year ahead or behind. */
    {"date: Mon, 06 Nov 1995 08:00:00 GMT\n"
     "retry-after: Mon, 06 Nov 1995 08:00:30 GMT\n",
     30000},
    {"retry-after: Sat, 06 Nov 1993 08:00:30 GMT\n"
     "date: Sat, 06 Nov 1993 08:00:00 GMT\n",
     30000},
    {"date: Mon, 06 Nov 1995 08:00:00 GMT\n"
     "retry-after: Mon, 06 Nov 1995 07:59:59 GMT\n",
     0},
    {"date: yesterday\nretry-after: Sun, 06 Nov 1994 08:49:47 GMT\n", 10000},
    /* Reset headers count only where nothing is left of their budget. */
    {"x-ratelimit-reset-requests: 12ms\n", 0},
    {"x-ratelimit-reset-requests: 12ms\nx-ratelimit-remaining-requests: 5\n",
     0},
    {"x-ratelimit-reset-requests: 12ms\nx-ratelimit-remaining-requests: 0\n",
     12},
    {"x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 6m0s\n"
     "x-ratelimit-remaining-requests: 7\nx-ratelimit-reset-requests: 9m\n",
     360000},
    {"x-ratelimit-remaining-tokens: 0\nx-ratelimit-reset-tokens: 2m59.56s\n",
     179560},
    {"x-ratelimit-remaining-requests-day: 0\n"
     "x-ratelimit-reset-requests-day: 33011.382867097855\n",
     33011383},
    {"x-ratelimit-remaining: 0\nx-ratelimit-reset: 784111787\n",
     UINT64_C(784111787000)},
    {"x-ratelimit-remaining: 0\nx-ratelimit-reset: 60\n", 60000},
    {"ratelimit-remaining: 0\nratelimit-reset: 1h\n", 3600000},
    {"anthropic-ratelimit-tokens-remaining: 0\n"
     "anthropic-ratelimit-tokens-reset: 1994-11-06T08:49:47Z\n",
     10000},
    {"anthropic-ratelimit-tokens-remaining: 0\n"
     "anthropic-ratelimit-tokens-reset: 1994-11-06T10:49:47.25+02:00\n",
     10250},
    {"anthropic-ratelimit-tokens-remaining: 0\n"
     "anthropic-ratelimit-tokens-reset: 1994-11-06T08:49:47\n",
     0},
    {"anthropic-ratelimit-input-tokens-remaining: 1000\n"
     "anthropic-ratelimit-input-tokens-reset: 1994-11-06T08:49:47Z\n",
     0},
    {"anthropic-ratelimit-unified-status: allowed\n"
     "anthropic-ratelimit-unified-reset: 1700000010\n"
     "date: Tue, 14 Nov 2023 22:13:20 GMT\n",
     0},
    {"anthropic-ratelimit-unified-status: rejected\n"
     "anthropic-ratelimit-unified-reset: 1700000010\n"
     "date: Tue, 14 Nov 2023 22:13:20 GMT\n",
     10000},
    {"x-ratelimit-remaining: 0\nx-ratelimit-reset: 1700000010500\n"
     "date: Tue, 14 Nov 2023 22:13:20 GMT\n",
     10500},
    {"x-ratelimit-remaining: 0\nx-ratelimit-reset: 1600000000\n"
     "date: Tue, 14 Nov 2023 22:13:20 GMT\n",
     0},
    {"x-ratelimit-remaining: 0\nx-ratelimit-reset: -5\n", 0},
    {"x-ratelimit-remaining: 0\nx-ratelimit-reset: soon\n", 0},
    {"x-ratelimit-remaining: \nx-ratelimit-reset: 5\n", 0},
    /* The longest hint counts. */
    {"retry-after: 9\nx-ratelimit-remaining-tokens: 0\n"
     "x-ratelimit-reset-tokens: 20s\n",
     20000},
    {"retry-after: 30\nx-ratelimit-remaining-tokens: 0\n"
     "x-ratelimit-reset-tokens: 20s\n",
     30000},
};

static void each_header_form_is_read_right(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
    uint64_t ms = adv_retry_after_ms(forms[i].headers, WALL_MS);

    if (ms != forms[i].ms)
      print_error("headers: %s", forms[i].headers);
    assert_int_equal(ms, forms[i].ms);
  }
}

static void an_overlong_value_is_ignored(void **state)
{
  char headers[4096];

  (void)state;
  memset(headers, '9', sizeof(headers));
  memcpy(headers, "retry-after: ", 13);
  headers[sizeof(headers) - 1] = '\0';
  assert_int_equal(adv_retry_after_ms(headers, WALL_MS), 0);
}

/* The greatest and the least of many waits after `tries` attempts. */
static void range(const adv_backoff *b, unsigned tries, uint64_t *least,
                  uint64_t *most)
{
  adv_rng rng;

  adv_rng_seed(&rng, "test", 4);
  *least = UINT64_MAX;
  *most = 0;
  for (int i = 0; i < 20000; i++) {
    uint64_t ms = adv_backoff_ms(b, tries, 0, &rng);

    *least = ms < *least ? ms : *least;
    *most = ms > *most ? ms : *most;
  }
}

static void waits_fill_the_range_and_stay_in_it(void **state)
{
  static const struct {
    adv_backoff b;
    unsigned tries;
    uint64_t most;
  } cases[] = {
      {{0, 0}, 1, 1000},
      {{0, 0}, 2, 2000},
      {{0, 0}, 3, 4000},
      {{0, 0}, 6, 32000},
      {{0, 0}, 7, 60000},
      {{0, 0}, 4000000000U, 60000},
      {{100, 1000}, 1, 100},
      {{100, 1000}, 4, 800},
      {{100, 1000}, 5, 1000},
      {{5000, 1000}, 1, 1000},
      {{1, 4294967295U}, 60, 4294967295U},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    uint64_t least, most;

    range(&cases[i].b, cases[i].tries, &least, &most);
    assert_true(most <= cases[i].most);
    assert_true(most >= cases[i].most - cases[i].most / 20);
    assert_true(least <= cases[i].most / 20);
  }
}

static void the_servers_wish_is_a_floor(void **state)
{
  adv_backoff b = {100, 1000};
  int above = 0;
  adv_rng rng;

  (void)state;
  adv_rng_seed(&rng, "test", 4);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(adv_backoff_ms(&b, 3, 90000, &rng), 90000);
    above += adv_backoff_ms(&b, 4, 400, &rng) > 400;
    assert_true(adv_backoff_ms(&b, 4, 400, &rng) >= 400);
  }
  assert_true(above > 300 && above < 700);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_header_form_is_read_right),
      cmocka_unit_test(an_overlong_value_is_ignored),
      cmocka_unit_test(waits_fill_the_range_and_stay_in_it),
      cmocka_unit_test(the_servers_wish_is_a_floor),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
