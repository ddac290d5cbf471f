/* shingles.h - the set of shingles of a text, exact, with what MinHash needs.
 *
 * A shingle is n bytes in a row, at most 7, as a number: then sets are exact
 * without hashing. Or it is n words in a row, as a 64-bit hash: two different
 * shingles of one pair of texts of 1,000 words are taken for one with a chance
 * of 10^-13. A text shorter than a shingle is one shingle. */
#ifndef ADV_DEDUP_SHINGLES_H
#define ADV_DEDUP_SHINGLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define ADV_SHINGLE_BYTES_MAX 7
#define ADV_SHINGLE_WORDS_MAX 64

#define ADV_BITMAP_WORDS 6

typedef struct adv_shingles {
  bool words;
  unsigned n;
  uint64_t *list;   /* the shingles in order of the text, with repetitions */
  uint32_t *hashes; /* of `list`, 32 bits each */
  uint64_t *mixed;  /* the same, before they were cut */
  uint32_t *slots;  /* the set: positions in `list` and 1, or 0 */
  uint32_t *stamps; /* for each of `list`, when it was last found elsewhere */
  uint64_t *other;  /* the shingles of a text to compare with */
  uint64_t bitmap[ADV_BITMAP_WORDS]; /* a bit for each shingle, by its hash */
  uint32_t listed;                   /* length of `list` */
  uint32_t count;                    /* distinct ones */
  uint32_t stamp;
  unsigned shift; /* 64 less the log2 of the slots in use */
  size_t list_cap, other_cap;
} adv_shingles;

/* Allocates nothing. */
void adv_shingles_init(adv_shingles *s, bool words, unsigned n);

/* Lists the shingles of a normal form and hashes them: `list` and `hashes`. At
 * least one. On failure the set is empty. */
ADV_MUST_CHECK adv_status adv_shingles_list(adv_shingles *s, const char *text,
                                            size_t len);

/* Makes the set of what is listed: `count` and `bitmap`. */
void adv_shingles_collect(adv_shingles *s);

/* How many distinct shingles a text shares with the set; any number below
 * `least` if it is below. -1: out of memory. */
int64_t adv_shingles_common(adv_shingles *s, const char *text, size_t len,
                            int64_t least);

void adv_shingles_free(adv_shingles *s);

#endif
