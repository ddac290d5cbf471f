#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "dedup/dedup.h"

static void check(const char *text, size_t len, const char *expected)
{
  adv_buf out;

  adv_buf_init(&out, 100000);
  assert_int_equal(adv_dedup_normalize(&out, text, len), ADV_OK);
  assert_string_equal(out.data, expected);
  assert_int_equal(out.len, strlen(expected));
  adv_buf_free(&out);
}

static void normal(const char *text, const char *expected)
{
  check(text, strlen(text), expected);
}

static void folds_ascii(void **state)
{
  (void)state;
  check(NULL, 0, "");
  normal("abc", "abc");
  normal("HELLO, World! @[`{", "hello, world! @[`{");
  normal("AZaz", "azaz");
}

static void squeezes_ascii_blanks(void **state)
{
  (void)state;
  normal("  a  b\t\n\v\f\rc ", "a b c");
  normal(" \n ", "");
  normal(" a", "a");
  normal("a ", "a");
  /* The information separators are not white space in Unicode. */
  normal("a\x1F\x1C"
         "b",
         "a\x1F\x1C"
         "b");
}

static void squeezes_all_white_space(void **state)
{
  static const int spaces[] = {
      0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x20,   0x85,   0xA0,   0x1680,
      0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
      0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
    char space[5] = "";
    adv_buf text;

    utf8proc_encode_char(spaces[i], (utf8proc_uint8_t *)space);
    adv_buf_init(&text, 100);
    assert_int_equal(
        adv_buf_printf(&text, "%s\xC3\xA9%s %sB%s", space, space, space, space),
        ADV_OK);
    normal(text.data, "\xC3\xA9 b");
    adv_buf_free(&text);
  }
  /* Zero-width space and Mongolian vowel separator are none. */
  normal("a\xE2\x80\x8B"
         "b\xE1\xA0\x8E"
         "c",
         "a\xE2\x80\x8B"
         "b\xE1\xA0\x8E"
         "c");
}

/* Expected forms are by Python's unicodedata. */
static void composes_and_folds(void **state)
{
  (void)state;
  normal("E\xCC\x81t\xC3\x89", "\xC3\xA9t\xC3\xA9");
  normal("stra\xC3\x9F"
         "e STRASSE",
         "strasse strasse");
  normal("\xCE\xA3\xCF\x83\xCF\x82", "\xCF\x83\xCF\x83\xCF\x83");
  normal("\xEF\xAC\x81 \xEF\xBC\xA1\xEF\xBC\x91 \xE2\x91\xA0 \xC2\xBD",
         "fi a1 1 1\xE2\x81\x84"
         "2");
  normal("\xE2\x84\xAB \xE2\x84\xA6 \xE2\x84\xAA", "\xC3\xA5 \xCF\x89 k");
  normal("\xC4\xB0", "i\xCC\x87");
  normal("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C");
  normal("\xEF\xBD\xB6\xEF\xBE\x9E", "\xE3\x82\xAC");
  normal("\xF0\x9F\x98\x80 \xE4\xBD\xA0\xE5\xA5\xBD",
         "\xF0\x9F\x98\x80 \xE4\xBD\xA0\xE5\xA5\xBD");
}

static void repairs_first(void **state)
{
  (void)state;
  normal("A\xFF"
         "B",
         "a\xEF\xBF\xBD"
         "b");
  normal("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  normal("A\xC3", "a\xEF\xBF\xBD");
}

static void keeps_nul_bytes(void **state)
{
  adv_buf out;

  (void)state;
  adv_buf_init(&out, 100);
  assert_int_equal(adv_dedup_normalize(&out, "A\0B", 3), ADV_OK);
  assert_int_equal(adv_dedup_normalize(&out, "\xC3\x89\0B", 4), ADV_OK);
  assert_int_equal(out.len, 7);
  assert_memory_equal(out.data, "a\0b\xC3\xA9\0b", 7);
  adv_buf_free(&out);
}

/* The squeezer works in chunks: blanks and letters all around their ends. */
static void long_texts_come_out_whole(void **state)
{
  char text[2100], expected[2100];
  size_t len;

  (void)state;
  for (len = 500; len < 1100; len++) {
    size_t used = 0, i;

    for (i = 0; i < len; i++) {
      size_t phase = (i + len) % 7;

      text[i] = phase == 3 || phase == 4 ? ' ' : (char)('A' + i % 26);
      if (phase == 4 && i > 1 && i + 1 < len)
        expected[used++] = ' ';
      else if (text[i] != ' ')
        expected[used++] = (char)('a' + i % 26);
    }
    expected[used] = '\0';
    check(text, len, expected);
  }
}

static void respects_the_limit(void **state)
{
  adv_buf out;

  (void)state;
  adv_buf_init(&out, 4);
  assert_int_equal(adv_dedup_normalize(&out, "  A    bc  ", 11), ADV_OK);
  assert_string_equal(out.data, "a bc");
  adv_buf_clear(&out);
  assert_int_equal(adv_dedup_normalize(&out, "a bcd", 5), ADV_ELIMIT);
  adv_buf_clear(&out);
  assert_int_equal(adv_dedup_normalize(&out, "\xC3\x9F\xC3\x9F", 4), ADV_OK);
  adv_buf_clear(&out);
  assert_int_equal(adv_dedup_normalize(&out, "\xC3\x9F\xC3\x9F\xC3\x9F", 6),
                   ADV_ELIMIT);
  adv_buf_free(&out);
}

/* Normal forms are normal, for every character and between two letters. */
static void is_stable_for_every_character(void **state)
{
  adv_buf once, twice;
  int c;

  (void)state;
  adv_buf_init(&once, 1000);
  adv_buf_init(&twice, 1000);
  for (c = 1; c <= 0x10FFFF; c++) {
    char text[8] = "A";
    utf8proc_ssize_t n;

    if (c >= 0xD800 && c <= 0xDFFF)
      continue;
    n = utf8proc_encode_char(c, (utf8proc_uint8_t *)text + 1);
    text[1 + n] = 'B';
    adv_buf_clear(&once);
    adv_buf_clear(&twice);
    assert_int_equal(adv_dedup_normalize(&once, text, (size_t)n + 2), ADV_OK);
    assert_int_equal(adv_dedup_normalize(&twice, once.data, once.len), ADV_OK);
    if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
      fail_msg("U+%04X is not stable", c);
  }
  adv_buf_free(&once);
  adv_buf_free(&twice);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(folds_ascii),
      cmocka_unit_test(squeezes_ascii_blanks),
      cmocka_unit_test(squeezes_all_white_space),
      cmocka_unit_test(composes_and_folds),
      cmocka_unit_test(repairs_first),
      cmocka_unit_test(keeps_nul_bytes),
      cmocka_unit_test(long_texts_come_out_whole),
      cmocka_unit_test(respects_the_limit),
      cmocka_unit_test(is_stable_for_every_character),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
