#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void appends_bytes_with_a_final_nul(void **state)
{
  adv_buf b;

  (void)state;
  adv_buf_init(&b, 100);
  assert_null(b.data);
  assert_int_equal(adv_buf_append(&b, "a\0b", 3), ADV_OK);
  assert_int_equal(adv_buf_append(&b, "cd", 2), ADV_OK);
  assert_int_equal(b.len, 5);
  assert_memory_equal(b.data, "a\0bcd", 6);
  adv_buf_free(&b);
  assert_null(b.data);
}

static void appending_nothing_makes_an_empty_string(void **state)
{
  adv_buf b;

  (void)state;
  adv_buf_init(&b, 0);
  assert_int_equal(adv_buf_append(&b, NULL, 0), ADV_OK);
  assert_int_equal(b.len, 0);
  assert_string_equal(b.data, "");
  adv_buf_free(&b);
}

static void the_limit_is_exact_and_harmless(void **state)
{
  adv_buf b;

  (void)state;
  adv_buf_init(&b, 5);
  assert_int_equal(adv_buf_append(&b, "abc", 3), ADV_OK);
  assert_int_equal(adv_buf_append(&b, "def", 3), ADV_ELIMIT);
  assert_string_equal(b.data, "abc");
  assert_int_equal(adv_buf_append(&b, "de", 2), ADV_OK);
  assert_string_equal(b.data, "abcde");
  assert_int_equal(adv_buf_append(&b, "", 0), ADV_OK);
  assert_int_equal(adv_buf_append(&b, "f", 1), ADV_ELIMIT);
  assert_int_equal(adv_buf_append(&b, "f", SIZE_MAX), ADV_ELIMIT);
  assert_int_equal(b.len, 5);
  assert_string_equal(b.data, "abcde");
  adv_buf_free(&b);
}

static void printf_counts_towards_the_limit(void **state)
{
  adv_buf b;

  (void)state;
  adv_buf_init(&b, 8);
  assert_int_equal(adv_buf_printf(&b, "%s-%d", "ab", 17), ADV_OK);
  assert_string_equal(b.data, "ab-17");
  assert_int_equal(adv_buf_printf(&b, "%d", 1234), ADV_ELIMIT);
  assert_string_equal(b.data, "ab-17");
  assert_int_equal(adv_buf_printf(&b, "%d", 123), ADV_OK);
  assert_string_equal(b.data, "ab-17123");
  assert_int_equal(b.len, 8);
  adv_buf_free(&b);
}

static void grows_across_many_sizes(void **state)
{
  const size_t count = 5000;
  adv_buf b;
  size_t i;

  (void)state;
  adv_buf_init(&b, count);
  for (i = 0; i < count; i++) {
    char c = (char)('a' + i % 26);

    assert_int_equal(adv_buf_append(&b, &c, 1), ADV_OK);
    assert_int_equal(b.data[i + 1], '\0');
  }
  for (i = 0; i < count; i++)
    assert_int_equal(b.data[i], 'a' + i % 26);
  assert_int_equal(adv_buf_append(&b, "x", 1), ADV_ELIMIT);
  adv_buf_free(&b);
}

static void clear_keeps_memory_and_limit(void **state)
{
  const char *before;
  adv_buf b;

  (void)state;
  adv_buf_init(&b, 4);
  adv_buf_clear(&b);
  assert_int_equal(adv_buf_append(&b, "abcd", 4), ADV_OK);
  before = b.data;
  adv_buf_clear(&b);
  assert_int_equal(b.len, 0);
  assert_string_equal(b.data, "");
  assert_int_equal(adv_buf_append(&b, "efghi", 5), ADV_ELIMIT);
  assert_int_equal(adv_buf_append(&b, "efgh", 4), ADV_OK);
  assert_ptr_equal(b.data, before);
  adv_buf_free(&b);
}

static void take_gives_the_bytes_away(void **state)
{
  adv_buf b;
  size_t len = 1;
  char *data;

  (void)state;
  adv_buf_init(&b, 4);
  assert_null(adv_buf_take(&b, &len));
  assert_int_equal(len, 0);
  assert_int_equal(adv_buf_append(&b, "abc", 3), ADV_OK);
  data = adv_buf_take(&b, &len);
  assert_string_equal(data, "abc");
  assert_int_equal(len, 3);
  free(data);
  assert_null(b.data);
  assert_int_equal(b.len, 0);
  assert_int_equal(adv_buf_append(&b, "12345", 5), ADV_ELIMIT);
  assert_int_equal(adv_buf_append(&b, "1234", 4), ADV_OK);
  free(adv_buf_take(&b, NULL));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(appends_bytes_with_a_final_nul),
      cmocka_unit_test(appending_nothing_makes_an_empty_string),
      cmocka_unit_test(the_limit_is_exact_and_harmless),
      cmocka_unit_test(printf_counts_towards_the_limit),
      cmocka_unit_test(grows_across_many_sizes),
      cmocka_unit_test(clear_keeps_memory_and_limit),
      cmocka_unit_test(take_gives_the_bytes_away),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
