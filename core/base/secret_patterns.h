/* secret_patterns.h - what looks like a secret, though nobody has registered
 * it: "sk-…" keys, "Bearer …", "key=…" in URLs, user info in URLs. Pure. */
#ifndef ADV_SECRET_PATTERNS_H
#define ADV_SECRET_PATTERNS_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The part of a text that a pattern takes for a secret, without its end. */
typedef struct adv_secret_range {
  size_t start;
  size_t end;
} adv_secret_range;

/* True if a pattern is at `i` of `text`. What it takes for a secret, in *range,
 * begins there or after it. */
bool adv_secret_pattern(const char *text, size_t len, size_t i,
                        adv_secret_range *range);

/* True for alphanumeric characters and those in `others`. */
static inline bool adv_is_one_of(char c, const char *others)
{
  return isalnum((unsigned char)c) || (c && strchr(others, c));
}

#endif
