/* support.h - what the tests of the engines share: short ways to ask and add,
 * and texts made of numbers. */
#ifndef DEDUP_SUPPORT_H
#define DEDUP_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dedup/dedup.h"

/* The sanitizer needs address space of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

static inline adv_nearest ask(adv_dedup *d, const char *text, int64_t before)
{
  adv_nearest found = {.found = true, .id = 99, .score = 0.5};

  assert_int_equal(adv_dedup_nearest(d, text, strlen(text), before, &found),
                   ADV_OK);
  return found;
}

static inline void add(adv_dedup *d, const char *text, int64_t id)
{
  assert_int_equal(adv_dedup_add(d, text, strlen(text), id), ADV_OK);
}

/* Words as hexadecimal numbers, with marks between them that make no
 * difference. The caller frees it. */
static inline char *text_of_words(const int *words, size_t len)
{
  char *text = malloc(16 * len + 4);
  size_t used = 0;

  text[used++] = '(';
  for (size_t i = 0; i < len; i++)
    used += (size_t)sprintf(text + used, "%s%X",
                            i == 0  ? ""
                            : i % 3 ? " "
                                    : ", ",
                            (unsigned)words[i]);
  text[used++] = '.';
  text[used] = '\0';
  return text;
}

#endif
