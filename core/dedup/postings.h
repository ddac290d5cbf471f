/* postings.h - for each word and generation, the texts whose prefix has it.
 *
 * A posting says enough about its text that nearly all of a scan is read
 * straight through. A list that has grown long is parted into runs by the
 * texts' lengths, and a run is ordered by reach, so that a scan reads little
 * more than what a query's length and the word's place in it allow. */
#ifndef ADV_DEDUP_POSTINGS_H
#define ADV_DEDUP_POSTINGS_H

#include "dedup/buckets.h"

#define ADV_LENGTH_CLASSES 256

typedef struct adv_posting {
  uint64_t signature;   /* 80 bits, one for each word by its hash ... */
  uint16_t signature2;  /* ... of which these are the last 16 */
  uint8_t length_class; /* of the text */
  uint8_t reach;        /* class of the longest partner: see rouge.c */
  uint32_t item;
} adv_posting;

/* Postings in a row in memory, in falling order of reach. */
typedef struct adv_run {
  adv_posting *postings;
  uint32_t count;
  uint8_t room;  /* says how many fit: see postings.c */
  uint8_t reach; /* of the first */
} adv_run;

typedef struct adv_postings {
  adv_buckets index; /* hash of word and generation to a list */
  adv_arena lists;
} adv_postings;

/* Classes of lengths: exact up to 64, then eight to each doubling. */
unsigned adv_length_class(uint32_t length);
uint32_t adv_length_class_least(unsigned length_class);

/* Allocates nothing. */
void adv_postings_init(adv_postings *p);

/* One list that a query reads, and what of it: postings of texts in a range of
 * length classes and of some reach. The caller fills in all but `list`. */
typedef struct adv_probe {
  uint32_t word;
  uint8_t generation;
  uint8_t least_class, most_class;
  uint8_t reach;               /* at least */
  const struct adv_list *list; /* NULL: no such list */
} adv_probe;

/* Finds the lists. Their memory is far apart, so each step of the way there is
 * taken for all before the next. */
void adv_postings_find(const adv_postings *p, adv_probe *probes, size_t count);

/* Calls `scan` for those runs of a probe's list that have something in the
 * range, and perhaps more. It ends early with what `scan` returns but ADV_OK.
 */
typedef adv_status (*adv_postings_scan)(void *ud, const adv_run *run,
                                        unsigned most_class);
ADV_MUST_CHECK adv_status adv_postings_each(const adv_probe *probe,
                                            adv_postings_scan scan, void *ud);

/* Makes room for one more posting, which then cannot fail. */
ADV_MUST_CHECK adv_status adv_postings_reserve(adv_postings *p, uint32_t word,
                                               unsigned generation,
                                               unsigned length_class);
void adv_postings_add(adv_postings *p, uint32_t word, unsigned generation,
                      const adv_posting *posting);

void adv_postings_free(adv_postings *p);

#endif
