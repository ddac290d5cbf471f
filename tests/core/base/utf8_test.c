#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

#define R "\xEF\xBF\xBD"
#define LIMIT 100000

/* A string literal with its length: it may hold NUL bytes. */
#define BYTES(literal) literal, sizeof(literal) - 1

typedef adv_status repairer(adv_buf *out, const char *text, size_t len,
                            bool *repaired);

static void check(repairer *repair, const char *text, size_t len,
                  const char *expected, size_t expected_len, bool changes)
{
  adv_buf out;
  bool repaired = !changes;

  adv_buf_init(&out, LIMIT);
  assert_int_equal(adv_buf_append(&out, "<", 1), ADV_OK);
  assert_int_equal(repair(&out, text, len, &repaired), ADV_OK);
  assert_int_equal(adv_buf_append(&out, ">", 1), ADV_OK);
  assert_int_equal(out.len, expected_len + 2);
  assert_memory_equal(out.data + 1, expected, expected_len);
  assert_int_equal(repaired, changes);
  adv_buf_clear(&out);
  assert_int_equal(repair(&out, text, len, NULL), ADV_OK);
  assert_int_equal(out.len, expected_len);
  adv_buf_free(&out);
}

/* An independent judge: decodes what the lead byte announces, encodes it
 * again and compares. Gets the length of the character, or 0. */
static size_t decode(const unsigned char *p, size_t len)
{
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = p[0] < 0x80             ? 1
             : (p[0] & 0xE0) == 0xC0 ? 2
             : (p[0] & 0xF0) == 0xE0 ? 3
             : (p[0] & 0xF8) == 0xF0 ? 4
                                     : 0;
  uint32_t c;
  size_t i;

  if (n <= 1)
    return n;
  if (n > len)
    return 0;
  c = p[0] & (0xFFu >> (n + 1));
  for (i = 1; i < n; i++) {
    if ((p[i] & 0xC0) != 0x80)
      return 0;
    c = c << 6 | (p[i] & 0x3F);
  }
  if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
    return 0;
  return n;
}

static bool decodes(const unsigned char *p, size_t len)
{
  size_t i = 0, n;

  while (i < len && (n = decode(p + i, len - i)) > 0)
    i += n;
  return i == len;
}

static void agrees_with_a_decoder_on_all_short_texts(void **state)
{
  unsigned a, b, c;

  (void)state;
  for (a = 0; a < 256; a++)
    for (b = 0; b < 256; b++)
      for (c = 0; c < 256; c++) {
        unsigned char p[3] = {(unsigned char)a, (unsigned char)b,
                              (unsigned char)c};

        if (adv_utf8_valid((char *)p, 3) != decodes(p, 3))
          fail_msg("%02X %02X %02X", a, b, c);
        if (c == 0 && adv_utf8_valid((char *)p, 2) != decodes(p, 2))
          fail_msg("%02X %02X", a, b);
      }
}

static void agrees_with_a_decoder_on_four_bytes(void **state)
{
  static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F,
                                        0xA0, 0xBF, 0xC0, 0xC2, 0xFF};
  const size_t count = sizeof(edges);
  unsigned a, b;
  size_t c, d;

  (void)state;
  for (a = 0xEE; a < 256; a++)
    for (b = 0; b < 256; b++)
      for (c = 0; c < count; c++)
        for (d = 0; d < count; d++) {
          unsigned char p[4] = {(unsigned char)a, (unsigned char)b, edges[c],
                                edges[d]};

          if (adv_utf8_valid((char *)p, 4) != decodes(p, 4))
            fail_msg("%02X %02X %02X %02X", a, b, edges[c], edges[d]);
        }
}

static void valid_takes_the_ends_of_the_ranges(void **state)
{
  (void)state;
  assert_true(adv_utf8_valid(NULL, 0));
  assert_true(adv_utf8_valid(BYTES("a\0b")));
  assert_true(adv_utf8_valid(BYTES("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80")));
  assert_true(adv_utf8_valid(BYTES("\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF")));
  assert_true(adv_utf8_valid(BYTES("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")));
  assert_false(adv_utf8_valid(BYTES("\xC1\xBF")));
  assert_false(adv_utf8_valid(BYTES("\xE0\x9F\xBF")));
  assert_false(adv_utf8_valid(BYTES("\xED\xA0\x80")));
  assert_false(adv_utf8_valid(BYTES("\xF0\x8F\xBF\xBF")));
  assert_false(adv_utf8_valid(BYTES("\xF4\x90\x80\x80")));
  assert_false(adv_utf8_valid(BYTES("\xF5\x80\x80\x80")));
}

/* The fast path reads eight bytes at a time: try each place in and after. */
static void finds_a_bad_byte_wherever_it_is(void **state)
{
  char text[41];
  size_t len, at;

  (void)state;
  for (len = 1; len <= sizeof(text); len++)
    for (at = 0; at < len; at++) {
      memset(text, 'a', len);
      assert_true(adv_utf8_valid(text, len));
      text[at] = '\x80';
      assert_false(adv_utf8_valid(text, len));
      text[at] = '\xC3';
      assert_false(adv_utf8_valid(text, len));
      if (at + 1 < len) {
        text[at + 1] = '\xA9';
        assert_true(adv_utf8_valid(text, len));
        assert_false(adv_utf8_valid(text, at + 1));
      }
    }
}

/* Unicode 15, tables 3-8 to 3-11. */
static void repairs_as_in_the_published_tables(void **state)
{
  (void)state;
  check(adv_utf8_repair, BYTES("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
        BYTES(R R R R R R R R "A"), true);
  check(adv_utf8_repair, BYTES("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
        BYTES(R R R R R R R R "A"), true);
  check(adv_utf8_repair, BYTES("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
        BYTES(R R R R R "A" R R "B"), true);
  check(adv_utf8_repair, BYTES("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"),
        BYTES(R R R R "A"), true);
}

static void repairs_texts_that_are_cut_off(void **state)
{
  (void)state;
  check(adv_utf8_repair, BYTES("a\xC3"), BYTES("a" R), true);
  check(adv_utf8_repair, BYTES("a\xE2\x82"), BYTES("a" R), true);
  check(adv_utf8_repair, BYTES("a\xF0\x9F\x98"), BYTES("a" R), true);
  check(adv_utf8_repair, BYTES("\x80\xC3\xA9\0z"), BYTES(R "\xC3\xA9\0z"),
        true);
}

static void repair_leaves_good_text_alone(void **state)
{
  (void)state;
  check(adv_utf8_repair, NULL, 0, BYTES(""), false);
  check(adv_utf8_repair, BYTES("plain\0 text, long enough"),
        BYTES("plain\0 text, long enough"), false);
  check(adv_utf8_repair, BYTES("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80" R),
        BYTES("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80" R), false);
}

static void repairs_respect_the_limit(void **state)
{
  adv_buf out;

  (void)state;
  adv_buf_init(&out, 7);
  assert_int_equal(adv_utf8_repair(&out, BYTES("a\xFF\xFF"), NULL), ADV_OK);
  assert_int_equal(adv_utf8_repair(&out, BYTES("b"), NULL), ADV_ELIMIT);
  adv_buf_clear(&out);
  assert_int_equal(adv_utf8_repair(&out, BYTES("a\xFF\xFFz"), NULL),
                   ADV_ELIMIT);
  adv_buf_clear(&out);
  assert_int_equal(adv_json_repair(&out, BYTES("\"\\uD800\""), NULL),
                   ADV_ELIMIT);
  adv_buf_free(&out);
  adv_buf_init(&out, 8);
  assert_int_equal(adv_json_repair(&out, BYTES("\"\\uD800\""), NULL), ADV_OK);
  assert_string_equal(out.data, "\"\\uFFFD\"");
  adv_buf_free(&out);
}

static void json(const char *text, const char *expected)
{
  check(adv_json_repair, text, strlen(text), expected, strlen(expected),
        strcmp(text, expected) != 0);
}

static void json_keeps_proper_escapes(void **state)
{
  (void)state;
  json("{\"a\": \"plain\"}", "{\"a\": \"plain\"}");
  json("\"\\u0041\\u4e2d\\uD7FF\\uE000\\uFFFF\"",
       "\"\\u0041\\u4e2d\\uD7FF\\uE000\\uFFFF\"");
  json("\"\\uD83D\\uDE00\"", "\"\\uD83D\\uDE00\"");
  json("\"\\ud83d\\ude00\\uDbFf\\uDfFf\\ud800\\udc00\"",
       "\"\\ud83d\\ude00\\uDbFf\\uDfFf\\ud800\\udc00\"");
  json("\"\\n\\t\\\"\\\\\\/\"", "\"\\n\\t\\\"\\\\\\/\"");
}

static void json_replaces_lone_surrogates(void **state)
{
  (void)state;
  json("\"\\uD800\"", "\"\\uFFFD\"");
  json("\"\\udbff\"", "\"\\uFFFD\"");
  json("\"\\uDC00\"", "\"\\uFFFD\"");
  json("\"\\udfff!\"", "\"\\uFFFD!\"");
  json("\"a\\uD83Db\"", "\"a\\uFFFDb\"");
  /* Two high ones, then a low one: the pair is the later two. */
  json("\"\\uD83D\\uD83D\\uDE00\"", "\"\\uFFFD\\uD83D\\uDE00\"");
  json("\"\\uD83D\\uDE00\\uDE00\"", "\"\\uD83D\\uDE00\\uFFFD\"");
  json("\"\\uDE00\\uD83D\"", "\"\\uFFFD\\uFFFD\"");
  json("\"\\uDE00\\uDE00\"", "\"\\uFFFD\\uFFFD\"");
  json("\"\\uD83D\\uD83D\"", "\"\\uFFFD\\uFFFD\"");
}

static void json_high_surrogate_before_something_else(void **state)
{
  (void)state;
  json("\"\\uD83D\\u0041\"", "\"\\uFFFD\\u0041\"");
  json("\"\\uD83D\\n\"", "\"\\uFFFD\\n\"");
  json("\"\\uD83D\\\"", "\"\\uFFFD\\\"");
  json("\"\\uD83D\\\\uDE00\"", "\"\\uFFFD\\\\uDE00\"");
  json("\"\\uD83D \\uDE00\"", "\"\\uFFFD \\uFFFD\"");
  json("\"\\uD83D\\UDE00\"", "\"\\uFFFD\\UDE00\"");
  json("\"\\uD83D\\uE000\"", "\"\\uFFFD\\uE000\"");
  json("\"\\uD83D\\uDBFF\"", "\"\\uFFFD\\uFFFD\"");
}

static void json_respects_escaped_backslashes(void **state)
{
  (void)state;
  json("\"\\\\uD800\"", "\"\\\\uD800\"");
  json("\"\\\\\\uD800\"", "\"\\\\\\uFFFD\"");
  json("\"\\\\\\\\uD800\"", "\"\\\\\\\\uD800\"");
  json("\"\\\\\\\\\\uD800\"", "\"\\\\\\\\\\uFFFD\"");
  json("\"uD800 \\\"\\uD800\"", "\"uD800 \\\"\\uFFFD\"");
}

static void json_that_is_cut_off_or_malformed(void **state)
{
  (void)state;
  json("\"\\uD83D\\uDE", "\"\\uFFFD\\uDE");
  json("\"\\uD83D\\u", "\"\\uFFFD\\u");
  json("\"\\uD83D\\", "\"\\uFFFD\\");
  json("\"\\uD83D", "\"\\uFFFD");
  json("\"\\uD83", "\"\\uD83");
  json("\"\\u", "\"\\u");
  json("\\", "\\");
  json("\"\\uD8 \\uD8G0 \\u\\uD800", "\"\\uD8 \\uD8G0 \\u\\uFFFD");
}

static void json_strips_mark_and_blanks_at_the_start(void **state)
{
  (void)state;
  check(adv_json_repair, BYTES("\xEF\xBB\xBF{}"), BYTES("{}"), false);
  check(adv_json_repair, BYTES(" \r\n\t\xEF\xBB\xBF \n{} "), BYTES("{} "),
        false);
  check(adv_json_repair, BYTES("\xEF\xBB\xBF"), BYTES(""), false);
  check(adv_json_repair, BYTES(" \n"), BYTES(""), false);
  check(adv_json_repair, NULL, 0, BYTES(""), false);
  check(adv_json_repair, BYTES("\xEF\xBB"), BYTES(R), true);
  /* Inside, a byte order mark is a character like another. */
  check(adv_json_repair, BYTES("\"\xEF\xBB\xBF\""), BYTES("\"\xEF\xBB\xBF\""),
        false);
  check(adv_json_repair, BYTES("\v{}"), BYTES("\v{}"), false);
}

static void json_repairs_bytes_and_escapes_together(void **state)
{
  (void)state;
  check(adv_json_repair, BYTES("\"\xFF\\uD800\xE2\x82\\uDC00\xC3\""),
        BYTES("\"" R "\\uFFFD" R "\\uFFFD" R "\""), true);
  check(adv_json_repair, BYTES("\"\\\xFF\\uD800\0\""),
        BYTES("\"\\" R "\\uFFFD\0\""), true);
  /* A backslash cannot be the middle of a character. */
  check(adv_json_repair, BYTES("\"\xE2\\uD83D\\uDE00\x82\""),
        BYTES("\"" R "\\uD83D\\uDE00" R "\""), true);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_a_decoder_on_all_short_texts),
      cmocka_unit_test(agrees_with_a_decoder_on_four_bytes),
      cmocka_unit_test(valid_takes_the_ends_of_the_ranges),
      cmocka_unit_test(finds_a_bad_byte_wherever_it_is),
      cmocka_unit_test(repairs_as_in_the_published_tables),
      cmocka_unit_test(repairs_texts_that_are_cut_off),
      cmocka_unit_test(repair_leaves_good_text_alone),
      cmocka_unit_test(repairs_respect_the_limit),
      cmocka_unit_test(json_keeps_proper_escapes),
      cmocka_unit_test(json_replaces_lone_surrogates),
      cmocka_unit_test(json_high_surrogate_before_something_else),
      cmocka_unit_test(json_respects_escaped_backslashes),
      cmocka_unit_test(json_that_is_cut_off_or_malformed),
      cmocka_unit_test(json_strips_mark_and_blanks_at_the_start),
      cmocka_unit_test(json_repairs_bytes_and_escapes_together),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
