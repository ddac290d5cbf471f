#include "base/written.h"

#include <stdlib.h>
#include <string.h>

/* A shorter part may be an ordinary word. */
enum { PART_MIN = 10 };

/* Stars that hide the middle, and what must be left beside them. */
enum { STARS_MIN = 3, BESIDE_MIN = 3 };

/* The value of two hexadecimal digits, or -1. */
static int hex_pair(const char *p, size_t len)
{
  char digits[3] = {'\0'};

  if (len > 1)
    memcpy(digits, p, 2);
  if (strspn(digits, "0123456789abcdefABCDEF") != 2)
    return -1;
  return (int)strtol(digits, NULL, 16);
}

/* "%2F", "%252F". */
static size_t in_url(const char *p, size_t len, unsigned char c)
{
  size_t at = len > 3 && memcmp(p, "%25", 3) == 0 ? 3 : 1;

  if (hex_pair(p + 1, len - 1) == c)
    return 3;
  return len > at && hex_pair(p + at, len - at) == c ? at + 2 : 0;
}

/* "&amp;", "&#38;", "&#x26;". */
static size_t in_html(const char *p, size_t len, unsigned char c)
{
  static const struct {
    const char *word;
    char c;
  } names[] = {{"&amp;", '&'},
               {"&lt;", '<'},
               {"&gt;", '>'},
               {"&quot;", '"'},
               {"&apos;", '\''}};
  char number[12];
  size_t n;
  char *end;
  long value;

  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    n = strlen(names[i].word);
    if ((unsigned char)names[i].c == c && len >= n &&
        memcmp(p, names[i].word, n) == 0)
      return n;
  }
  if (len < 4 || p[1] != '#')
    return 0;
  n = len < sizeof(number) ? len : sizeof(number) - 1;
  memcpy(number, p, n);
  number[n] = '\0';
  value = number[2] == 'x' || number[2] == 'X' ? strtol(number + 3, &end, 16)
                                               : strtol(number + 2, &end, 10);
  return value == c && *end == ';' ? (size_t)(end - number) + 1 : 0;
}

/* "c", "\c", "\\c", "\u0063", "\x63". */
static size_t with_backslashes(const char *p, size_t len, unsigned char c)
{
  size_t n = 0;

  while (n < len && p[n] == '\\')
    n++;
  if (c == '\\')
    return n;
  if (n == len)
    return 0;
  if ((unsigned char)p[n] == c)
    return n + 1;
  if (n > 0 && p[n] == 'x' && hex_pair(p + n + 1, len - n - 1) == c)
    return n + 3;
  if (n > 0 && len - n > 4 && memcmp(p + n, "u00", 3) == 0 &&
      hex_pair(p + n + 3, len - n - 3) == c)
    return n + 5;
  return 0;
}

/* Escapes go first: "&" is how "&amp;" begins. */
static size_t one(const char *p, size_t len, unsigned char c)
{
  size_t n = 0;

  if (*p == '%')
    n = in_url(p, len, c);
  else if (*p == '&')
    n = in_html(p, len, c);
  else if (*p == '+' && c == ' ')
    n = 1;
  return n > 0 ? n : with_backslashes(p, len, c);
}

size_t adv_written_whole(const char *text, size_t len, const char *secret,
                         size_t secret_len)
{
  size_t at = 0;

  for (size_t i = 0; i < secret_len; i++) {
    size_t n;

    /* A run of them was taken as one above. */
    if (i > 0 && secret[i] == '\\' && secret[i - 1] == '\\')
      continue;
    n = at < len ? one(text + at, len - at, (unsigned char)secret[i]) : 0;
    if (n == 0)
      return 0;
    at += n;
  }
  return at;
}

/* How many bytes two texts begin with in common. */
static size_t common(const char *a, size_t a_len, const char *b, size_t b_len)
{
  size_t n = 0;

  while (n < a_len && n < b_len && a[n] == b[n])
    n++;
  return n;
}

/* The length of a run of stars, dots, or bullets; 0 if it is too short. */
static size_t stars(const char *p, size_t len)
{
  static const char *const marks[] = {"*", ".", "\xE2\x80\xA2", "\xE2\x80\xA6"};

  for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
    size_t n = strlen(marks[i]), at = 0, count = 0;

    while (len - at >= n && memcmp(p + at, marks[i], n) == 0) {
      at += n;
      count++;
    }
    /* An ellipsis is three dots by itself. */
    if (count >= STARS_MIN || (i == 3 && count > 0))
      return at;
  }
  return 0;
}

/* The longest end of the secret that `p` begins with. */
static size_t ending(const char *p, size_t len, const char *secret,
                     size_t secret_len)
{
  for (size_t n = secret_len < len ? secret_len : len; n > 0; n--)
    if (memcmp(p, secret + secret_len - n, n) == 0)
      return n;
  return 0;
}

size_t adv_written_masked(const char *text, size_t len, const char *secret,
                          size_t secret_len)
{
  size_t before = common(text, len, secret, secret_len);
  size_t middle = stars(text + before, len - before), after;

  if (middle == 0)
    return 0;
  after =
      ending(text + before + middle, len - before - middle, secret, secret_len);
  if (before < BESIDE_MIN && after < BESIDE_MIN)
    return 0;
  return before + middle + after;
}

size_t adv_written_part(const char *text, size_t len, const char *secret,
                        size_t secret_len)
{
  size_t longest = 0;

  for (size_t k = 0; k + PART_MIN <= secret_len; k++) {
    size_t n = common(text, len, secret + k, secret_len - k);

    if (n >= PART_MIN && n > longest)
      longest = n;
  }
  return longest;
}
