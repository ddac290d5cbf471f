#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/compress.h"

static size_t size_of(const char *text, size_t len)
{
  size_t size = 0;

  assert_int_equal(adv_compressed_size(text, len, &size), ADV_OK);
  return size;
}

/* An empty stream: header 2, a final fixed block with its end 2, checksum 4.
 * One letter: 3 bits of block header, 8 of literal, 7 of end are 3 bytes. */
static void counts_short_streams(void **state)
{
  (void)state;
  assert_int_equal(size_of(NULL, 0), 8);
  assert_int_equal(size_of("a", 1), 9);
}

/* Expected are the lengths of Python's zlib.compress(text, 6). */
static void counts_as_python_does(void **state)
{
  static const char fox[] = "The quick brown fox jumps over the lazy dog. ";
  char text[100 * (sizeof fox - 1)];

  (void)state;
  for (size_t i = 0; i < 100; i++)
    memcpy(text + i * (sizeof fox - 1), fox, sizeof fox - 1);
  assert_int_equal(size_of(fox, sizeof fox - 1), 52);
  assert_int_equal(size_of(text, sizeof text), 79);
}

/* Bytes without a pattern are stored: more than one piece of output. */
static void counts_more_than_one_piece(void **state)
{
  enum { SIZE = 1 << 20 };
  char *text = malloc(SIZE);
  uint64_t x = 88172645463325252;
  size_t size;

  (void)state;
  assert_non_null(text);
  for (size_t i = 0; i < SIZE; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    text[i] = (char)(x >> 32);
  }
  size = size_of(text, SIZE);
  assert_true(size > SIZE && size < SIZE + 1000);
  memset(text, 'a', SIZE);
  size = size_of(text, SIZE);
  assert_true(size > 1000 && size < 1100);
  free(text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_short_streams),
      cmocka_unit_test(counts_as_python_does),
      cmocka_unit_test(counts_more_than_one_piece),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
