#include "base/written.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void spells(const char *text, const char *secret, size_t expected)
{
  assert_int_equal(
      adv_written_whole(text, strlen(text), secret, strlen(secret)), expected);
}

static void a_whole_secret_is_known_in_each_writing(void **state)
{
  static const char secret[] = "a/b+c=\"d&<";
  static const char *const writings[] = {
      "a/b+c=\"d&<",
      "a\\/b+c=\\\"d&<",                     /* JSON */
      "a\\\\\\/b+c=\\\\\\\"d\\u0026\\u003c", /* JSON in JSON */
      "a%2Fb%2Bc%3D%22d%26%3C",              /* a URL, all of it */
      "a/b%2bc%3d%22d%26%3c",                /* a path keeps its slash */
      "a%252Fb%252Bc%253D%2522d%2526%253C",  /* a URL in a URL */
      "a/b+c=&quot;d&amp;&lt;",              /* HTML */
      "a&#47;b&#x2B;c&#61;&#34;d&#38;&#60;",
      "a/b\\x2bc=\"d\\x26<", /* a log's */
  };

  (void)state;
  for (size_t i = 0; i < sizeof(writings) / sizeof(writings[0]); i++)
    spells(writings[i], secret, strlen(writings[i]));
  spells("a/b+c=\"d&< and more", secret, strlen(secret));
  spells("a/b+c=\"d&", secret, 0);
  spells("a/b-c=\"d&<", secret, 0);
  spells("a%2", secret, 0);
  spells("a\\u00", secret, 0);
  spells("a&#", secret, 0);
  spells("a\\", secret, 0);
  spells("", secret, 0);
  spells("a+b", "a b", 3);
  spells("x\\\\y", "x\\y", 4);
}

typedef size_t measure(const char *text, size_t len, const char *secret,
                       size_t secret_len);

static void shows(measure *with, const char *text, size_t expected)
{
  static const char secret[] = "sk-CANARY0123456789wxyz";

  assert_int_equal(with(text, strlen(text), secret, strlen(secret)), expected);
}

static void a_part_is_known(void **state)
{
  (void)state;
  shows(adv_written_part, "sk-CANARY01 is", 11);
  shows(adv_written_part, "ARY0123456 ", 10);
  shows(adv_written_part, "ARY012345 ", 0); /* one short */
  shows(adv_written_part, "sk-CA*****wxyz", 0);
}

static void what_is_left_beside_stars_is_known(void **state)
{
  (void)state;
  shows(adv_written_masked, "sk-CA*****wxyz.", 14);
  shows(adv_written_masked, "sk-CA***", 8);
  shows(adv_written_masked, "sk-CA...", 8);
  shows(adv_written_masked, "sk-CA\xE2\x80\xA6", 8);
  shows(adv_written_masked, "****wxyz", 8);
  shows(adv_written_masked, "****yz", 0); /* too little of it */
  shows(adv_written_masked, "sk**yz", 0);
  shows(adv_written_masked, "***", 0);
  shows(adv_written_masked, "", 0);
}

/* In memory of just its size: no read beyond. */
static void no_byte_beyond_is_read(void **state)
{
  static const char all[] = "\\u0026%252Fa&#x26;&amp;***\\x26%2";

  (void)state;
  for (size_t from = 0; from < sizeof(all) - 1; from++) {
    size_t len = sizeof(all) - 1 - from;
    char *copy = test_malloc(len);

    memcpy(copy, all + from, len);
    (void)adv_written_whole(copy, len, "&/a&&&/", 7);
    (void)adv_written_part(copy, len, "&/a&&&/0123456789", 17);
    (void)adv_written_masked(copy, len, "&/a&&&/0123456789", 17);
    test_free(copy);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_secret_is_known_in_each_writing),
      cmocka_unit_test(a_part_is_known),
      cmocka_unit_test(what_is_left_beside_stars_is_known),
      cmocka_unit_test(no_byte_beyond_is_read),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
