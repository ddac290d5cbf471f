#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"

static void names_and_texts_belong_together(void **state)
{
  (void)state;
  assert_int_equal(ADV_OK, 0);
  assert_string_equal(adv_status_name(ADV_OK), "OK");
  assert_string_equal(adv_status_text(ADV_OK), "ok");
  assert_string_equal(adv_status_name(ADV_ETIMEDOUT), "ETIMEDOUT");
  assert_string_equal(adv_status_text(ADV_ETIMEDOUT), "timed out");
  assert_string_equal(adv_status_name(ADV_EPAUSED), "EPAUSED");
  assert_string_equal(adv_status_text(ADV_EPAUSED), "the run is paused");
}

static void names_differ(void **state)
{
  int i, j;

  (void)state;
  for (i = 0; i <= ADV_EPAUSED; i++) {
    assert_true(adv_status_text((adv_status)i)[0] != '\0');
    for (j = 0; j < i; j++)
      assert_string_not_equal(adv_status_name((adv_status)i),
                              adv_status_name((adv_status)j));
  }
}

static void values_out_of_range_are_safe(void **state)
{
  const int values[] = {ADV_EPAUSED + 1, 1000000, -1};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
    assert_string_equal(adv_status_name((adv_status)values[i]), "EINVAL");
    assert_string_equal(adv_status_text((adv_status)values[i]),
                        "invalid status");
  }
}

static void errno_has_words(void **state)
{
  (void)state;
  assert_string_equal(adv_errno_text(ENOENT), "No such file or directory");
  assert_string_equal(adv_errno_text(-1), "unknown error");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_and_texts_belong_together),
      cmocka_unit_test(names_differ),
      cmocka_unit_test(values_out_of_range_are_safe),
      cmocka_unit_test(errno_has_words),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
