/* dictionary.h - numbers for words, and how frequent each was when.
 *
 * The index of rouge.c orders the words of a text from rare to frequent. An
 * order must stay what it was while items are indexed by it, so time is cut
 * into generations, and each has the order by the counts at its start. Those
 * are noted when a word is first counted in a later generation: no moment
 * when all are copied. */
#ifndef ADV_DEDUP_DICTIONARY_H
#define ADV_DEDUP_DICTIONARY_H

#include "dedup/arena.h"
#include "dedup/buckets.h"

#define ADV_GENERATIONS_MAX 16

typedef struct adv_dictionary {
  adv_buckets index; /* hash of a word to its number */
  adv_arena entries; /* by number */
  adv_arena texts;
} adv_dictionary;

/* Allocates nothing. */
void adv_dictionary_init(adv_dictionary *d);

/* Hashes a word and fetches what a search for it will read. */
uint32_t adv_dictionary_hash(const adv_dictionary *d, const char *word,
                             size_t len);

/* The number of a word, from 1 to 2^31 - 1; 0: it has none. */
uint32_t adv_dictionary_find(const adv_dictionary *d, uint32_t hash,
                             const char *word, size_t len);

/* Gives a word that has none a number. */
ADV_MUST_CHECK adv_status adv_dictionary_add(adv_dictionary *d,
                                             const char *word, size_t len);

/* Counts one more text with the word. */
void adv_dictionary_count(adv_dictionary *d, uint32_t number,
                          unsigned generation);

/* How frequent the word was when the generation began, on a scale of 8 steps
 * to each doubling. */
unsigned adv_dictionary_rank(const adv_dictionary *d, uint32_t number,
                             unsigned generation);

void adv_dictionary_free(adv_dictionary *d);

#endif
