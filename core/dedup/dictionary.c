#include "dedup/dictionary.h"

#include <string.h>

#include <xxhash.h>

typedef struct entry {
  uint32_t text; /* handle */
  uint32_t len;
  uint32_t count;
  uint32_t generation; /* the last one with a rank below */
  uint8_t ranks[ADV_GENERATIONS_MAX];
} entry;

_Static_assert(sizeof(entry) == 32, "an entry is one granule");

void adv_dictionary_init(adv_dictionary *d)
{
  adv_buckets_init(&d->index);
  adv_arena_init(&d->entries, 5);
  adv_arena_init(&d->texts, 3);
}

uint32_t adv_dictionary_hash(const adv_dictionary *d, const char *word,
                             size_t len)
{
  uint32_t hash = (uint32_t)XXH3_64bits(word, len);

  if (d->index.entries > 0)
    __builtin_prefetch(adv_buckets_home(&d->index, hash));
  return hash;
}

static entry *at(const adv_dictionary *d, uint32_t number)
{
  return adv_arena_at(&d->entries, number);
}

uint32_t adv_dictionary_find(const adv_dictionary *d, uint32_t hash,
                             const char *word, size_t len)
{
  const adv_bucket *b;
  unsigned hits;

  if (d->index.entries == 0)
    return 0;
  for (b = adv_buckets_home(&d->index, hash); b;
       b = adv_buckets_next(&d->index, b))
    for (hits = adv_bucket_hits(b, hash); hits; hits &= hits - 1) {
      uint32_t number = b->values[__builtin_ctz(hits)];
      const entry *e = at(d, number);

      if (e->len == len &&
          memcmp(adv_arena_at(&d->texts, e->text), word, len) == 0)
        return number;
    }
  return 0;
}

adv_status adv_dictionary_add(adv_dictionary *d, const char *word, size_t len)
{
  adv_status st = adv_buckets_reserve(&d->index, 1);
  uint32_t number;
  entry *e;

  if (st == ADV_OK)
    st = adv_arena_reserve(&d->entries, sizeof(*e));
  if (st == ADV_OK)
    st = adv_arena_reserve(&d->texts, len);
  if (st != ADV_OK)
    return st;
  number = adv_arena_take(&d->entries, sizeof(*e));
  e = at(d, number);
  e->text = adv_arena_take(&d->texts, len);
  e->len = (uint32_t)len;
  memcpy(adv_arena_at(&d->texts, e->text), word, len);
  adv_buckets_add(&d->index, adv_dictionary_hash(d, word, len), number);
  return ADV_OK;
}

static unsigned scale(uint32_t count)
{
  unsigned octave;

  if (count < 8)
    return count;
  octave = 31 - (unsigned)__builtin_clz(count);
  return 8 * (octave - 2) + (count >> (octave - 3) & 7);
}

void adv_dictionary_count(adv_dictionary *d, uint32_t number,
                          unsigned generation)
{
  entry *e = at(d, number);

  while (e->generation < generation)
    e->ranks[++e->generation] = (uint8_t)scale(e->count);
  if (e->count < UINT32_MAX)
    e->count++;
}

unsigned adv_dictionary_rank(const adv_dictionary *d, uint32_t number,
                             unsigned generation)
{
  const entry *e = at(d, number);

  return generation <= e->generation ? e->ranks[generation] : scale(e->count);
}

void adv_dictionary_free(adv_dictionary *d)
{
  adv_buckets_free(&d->index);
  adv_arena_free(&d->entries);
  adv_arena_free(&d->texts);
}
