/* lcs.h - length of the longest common subsequence of one sequence of numbers
 * with many others, 64 positions at a time (Hyyrö 2004). */
#ifndef ADV_DEDUP_LCS_H
#define ADV_DEDUP_LCS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct adv_lcs {
  uint32_t *keys;  /* the numbers of the sequence: open addressing, 0 free */
  uint64_t *masks; /* for each key, `words` words: the positions it has */
  uint64_t *state; /* `words` words */
  size_t len;
  size_t words;
  unsigned shift; /* 32 less the log2 of the keys in use */
  size_t keys_cap, masks_cap, state_cap;
} adv_lcs;

/* Sets the sequence to compare with; 0 in it equals nothing. A zeroed adv_lcs
 * is one without. */
ADV_MUST_CHECK adv_status adv_lcs_set(adv_lcs *l, const uint32_t *sequence,
                                      size_t len);

/* `other` is without 0. */
size_t adv_lcs_length(adv_lcs *l, const uint32_t *other, size_t len);

void adv_lcs_free(adv_lcs *l);

#endif
