/* words.h - the words of a normal form.
 *
 * Two notions: those of rouge_score (Google's ROUGE), runs of a-z and 0-9, for
 * which every other character is a gap; and the same with all characters
 * beyond ASCII counted in, for shingles of any language. */
#ifndef ADV_DEDUP_WORDS_H
#define ADV_DEDUP_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Finds the first word at or after `*pos`, a position in `text`. Returns false
 * if there is none; else the word is the *len bytes from the result's start,
 * *start, and *pos is behind it. */
static inline bool adv_words_next(const char *text, size_t text_len,
                                  bool any_script, size_t *pos, size_t *start,
                                  size_t *len)
{
  size_t i = *pos;
  unsigned char c;

#define ADV_IN_WORD                                          \
  (c = (unsigned char)text[i], (c >= 'a' && c <= 'z') ||     \
                                   (c >= '0' && c <= '9') || \
                                   (any_script && c >= 0x80))
  while (i < text_len && !ADV_IN_WORD)
    i++;
  *start = i;
  while (i < text_len && ADV_IN_WORD)
    i++;
#undef ADV_IN_WORD
  *pos = i;
  *len = i - *start;
  return *len > 0;
}

#endif
