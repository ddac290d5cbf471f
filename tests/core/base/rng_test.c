/* The expected numbers come from a separate implementation: Python's xxhash
 * 4.1.0 for the seed, xoshiro256** written from its paper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

#define NAME "17/3/generate/0/sample"

static adv_rng stream(const char *name)
{
  adv_rng rng;

  adv_rng_seed(&rng, name, strlen(name));
  return rng;
}

static void assert_u64(uint64_t got, uint64_t expected)
{
  assert_true(got == expected);
}

/* First numbers of the authors' C code for the state 1, 2, 3, 4. */
static void steps_as_published(void **state)
{
  const uint64_t expected[] = {11520,
                               0,
                               1509978240,
                               1215971899390074240,
                               1216172134540287360,
                               607988272756665600};
  adv_rng rng = {{1, 2, 3, 4}};
  size_t i;

  (void)state;
  for (i = 0; i < 6; i++)
    assert_u64(adv_rng_next(&rng), expected[i]);
}

static void seeds_from_the_name(void **state)
{
  const uint64_t expected[] = {
      UINT64_C(0x736020e23b8301ad), UINT64_C(0xa659c47d89bf0e64),
      UINT64_C(0xd9125d267257eb8e), UINT64_C(0x76c64f77302ed79e)};
  adv_rng rng = stream(NAME);

  (void)state;
  assert_memory_equal(rng.s, expected, sizeof(expected));
}

static void gives_the_expected_numbers(void **state)
{
  char long_name[300];
  adv_rng rng = stream(NAME);
  uint64_t last = 0;
  int i;

  (void)state;
  assert_u64(adv_rng_next(&rng), UINT64_C(0xe3c5089b4ac3cb17));
  assert_u64(adv_rng_next(&rng), UINT64_C(0xd7d2d3697b903e8e));
  for (i = 2; i < 1000000; i++)
    last = adv_rng_next(&rng);
  assert_u64(last, UINT64_C(0xb19d276a6b905219));

  adv_rng_seed(&rng, NULL, 0);
  assert_u64(adv_rng_next(&rng), UINT64_C(0x27a6b0336af5ad70));
  adv_rng_seed(&rng, "a\0b", 3);
  assert_u64(adv_rng_next(&rng), UINT64_C(0x9990528d9c529f46));
  memset(long_name, 'x', sizeof(long_name));
  adv_rng_seed(&rng, long_name, sizeof(long_name));
  assert_u64(adv_rng_next(&rng), UINT64_C(0xee5a7b0e18afe30e));
}

static void copies_fork(void **state)
{
  adv_rng one = stream(NAME), other;

  (void)state;
  adv_rng_next(&one);
  other = one;
  assert_u64(adv_rng_next(&one), adv_rng_next(&other));
  assert_u64(adv_rng_next(&one), adv_rng_next(&other));
}

static void below_gives_the_expected_numbers(void **state)
{
  const uint64_t dice[] = {5, 0, 3, 1, 4, 2, 3, 4, 3, 2, 3, 0};
  /* Half of all numbers are rejected for this bound. */
  const uint64_t wide[] = {
      UINT64_C(7189161843234163478), UINT64_C(6328352876407045773),
      UINT64_C(3997694048530038504), UINT64_C(6658979987132302387),
      UINT64_C(1781580968299024554), UINT64_C(3300659000487442038)};
  adv_rng rng = stream(NAME);
  size_t i;

  (void)state;
  for (i = 0; i < 12; i++)
    assert_u64(adv_rng_below(&rng, 6), dice[i]);
  rng = stream(NAME);
  for (i = 0; i < 6; i++)
    assert_u64(adv_rng_below(&rng, (UINT64_C(1) << 63) + 1), wide[i]);
}

static void below_keeps_its_bound(void **state)
{
  const uint64_t bounds[] = {1, 2, 3, 10, UINT64_MAX, UINT64_C(1) << 63};
  adv_rng rng = stream(NAME);
  size_t i, j;

  (void)state;
  for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
    for (j = 0; j < 1000; j++)
      assert_true(adv_rng_below(&rng, bounds[i]) < bounds[i]);
}

/* With plain modulo, a bound of 3 * 2^62 gives the lowest third of its values
 * twice as often: half of all numbers instead of a third. */
static void below_is_not_biased(void **state)
{
  const uint64_t third = UINT64_C(1) << 62;
  const int count = 30000;
  adv_rng rng = stream(NAME);
  int lowest = 0, i;

  (void)state;
  for (i = 0; i < count; i++)
    lowest += adv_rng_below(&rng, 3 * third) < third;
  assert_in_range(lowest, count / 3 - 500, count / 3 + 500);
}

static void unit_gives_the_expected_numbers(void **state)
{
  adv_rng rng = stream(NAME);

  (void)state;
  assert_true(adv_rng_unit(&rng) == 0.8897252444392186);
  assert_true(adv_rng_unit(&rng) == 0.8430606968427704);
  assert_true(adv_rng_unit(&rng) == 0.7167154286174319);
}

static void unit_stays_below_one(void **state)
{
  /* The next number of this state is rotate(5 * s[1], 7) * 9 with all bits
   * set, that is the largest there is. */
  const uint64_t ninth = UINT64_C(0x8e38e38e38e38e39);
  const uint64_t fifth = UINT64_C(0xcccccccccccccccd);
  uint64_t rotated = UINT64_MAX * ninth;
  adv_rng rng = {{1, (rotated >> 7 | rotated << 57) * fifth, 3, 4}};
  adv_rng copy = rng;

  (void)state;
  assert_u64(adv_rng_next(&copy), UINT64_MAX);
  assert_true(adv_rng_unit(&rng) == 1.0 - 0x1.0p-53);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_as_published),
      cmocka_unit_test(seeds_from_the_name),
      cmocka_unit_test(gives_the_expected_numbers),
      cmocka_unit_test(copies_fork),
      cmocka_unit_test(below_gives_the_expected_numbers),
      cmocka_unit_test(below_keeps_its_bound),
      cmocka_unit_test(below_is_not_biased),
      cmocka_unit_test(unit_gives_the_expected_numbers),
      cmocka_unit_test(unit_stays_below_one),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
