/* wording.h - a text as rouge.c and ngrams.c work with it: the numbers of its
 * words, and these in the order of a generation.
 *
 * One wording is filled again and again, for its memory. */
#ifndef ADV_DEDUP_WORDING_H
#define ADV_DEDUP_WORDING_H

#include <stdbool.h>

#include "base/buf.h"
#include "dedup/dictionary.h"

/* The order of a generation: rank first; of equal rank the word that came last,
 * for a frequent one has come by early. */
#define ADV_WORDING_KEY(rank, word) \
  ((uint64_t)(rank) << 32 | (UINT32_MAX - (word)))
#define ADV_WORDING_WORD(key) (UINT32_MAX - (uint32_t)(key))

/* A word of the text at hand. */
typedef struct adv_place {
  size_t start; /* in `normal` */
  size_t len;
  uint32_t hash;
} adv_place;

typedef struct adv_wording {
  bool any_script; /* which words: see words.h */
  bool is_ready;   /* what follows holds for `text` */
  adv_buf text;
  adv_buf normal;
  adv_place *places;
  uint32_t *words; /* their numbers; 0 for one that no kept text has */
  uint64_t *order; /* keys of a generation, sorted */
  uint32_t len;    /* of these three */
  size_t cap;
  uint32_t unknown;   /* words without a number */
  uint64_t signature; /* 80 bits, of the words with a number */
  uint16_t signature2;
} adv_wording;

/* Allocates nothing. `any_script` is that of adv_words_next(). */
void adv_wording_init(adv_wording *w, bool any_script);

/* Takes up a text, unless it is the one at hand. On failure there is none. */
ADV_MUST_CHECK adv_status adv_wording_take(adv_wording *w,
                                           const adv_dictionary *d,
                                           const char *text, size_t len);

/* Gives the words that have none a number. */
ADV_MUST_CHECK adv_status adv_wording_learn(adv_wording *w, adv_dictionary *d);

/* Puts the words in a generation's order, unknown ones first: no kept text has
 * them, so any place will do, and first they shorten the rest of the prefix. */
void adv_wording_sort(adv_wording *w, const adv_dictionary *d,
                      unsigned generation);

void adv_wording_free(adv_wording *w);

#endif
