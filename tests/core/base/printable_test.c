#include "base/printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void is(const char *text, size_t len, bool one_line,
               const char *expected)
{
  adv_buf out;

  adv_buf_init(&out, 1000);
  assert_int_equal(adv_printable(&out, text, len, one_line), ADV_OK);
  assert_string_equal(out.data, expected);
  adv_buf_free(&out);
}

#define IS(text, expected) is(text, sizeof(text) - 1, false, expected)

static void what_acts_is_shown(void **state)
{
  (void)state;
  IS("\x1B]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07");
  IS("a\0b\rc\x7F", "a\\x00b\\x0dc\\x7f");
  IS("\xC2\x9B"
     "31m\xC2\x80\xC2\x9F",
     "\\x9b31m\\x80\\x9f");
  IS("\xE2\x80\xAEtxt\xE2\x81\xA9\xD8\x9C\xE2\x80\x8F",
     "\\u202etxt\\u2069\\u061c\\u200f");
  IS("\xE2\x80\xA8\xE2\x80\xA9", "\\u2028\\u2029");
}

static void the_rest_stays(void **state)
{
  static const char plain[] = "a\n\tb \xC2\xA0\xC3\xA9 \xE2\x80\x9C"
                              "x\xE2\x80\xA6 \xF0\x9F\x98\x80";

  (void)state;
  IS(plain, plain);
  IS("", "");
}

static void ill_formed_text_is_repaired(void **state)
{
  (void)state;
  IS("a\xFF\x1B\xED\xA0\x80", "a\xEF\xBF\xBD\\x1b\xEF\xBF\xBD\xEF\xBF\xBD"
                              "\xEF\xBF\xBD");
  IS("\x9B"
     "31m",
     "\xEF\xBF\xBD"
     "31m");
}

static void one_line_is_one_line(void **state)
{
  (void)state;
  is("a\nb\tc\r\n", 7, true, "a\\nb\\x09c\\x0d\\n");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_acts_is_shown),
      cmocka_unit_test(the_rest_stays),
      cmocka_unit_test(ill_formed_text_is_repaired),
      cmocka_unit_test(one_line_is_one_line),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
