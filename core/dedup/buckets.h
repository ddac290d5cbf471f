/* buckets.h - a table from 32-bit hashes to 31-bit values that grows one
 * bucket at a time (linear hashing, Litwin 1980).
 *
 * A bucket is one cache line. Equal hashes may occur any number of times; the
 * caller tells right from wrong by what the value stands for. A search reads:
 *
 *   for (b = adv_buckets_home(t, hash); b; b = adv_buckets_next(t, b))
 *     for (hits = adv_bucket_hits(b, hash); hits; hits &= hits - 1)
 *       ... b->values[__builtin_ctz(hits)] ... */
#ifndef ADV_DEDUP_BUCKETS_H
#define ADV_DEDUP_BUCKETS_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "dedup/arena.h"

#define ADV_BUCKET_ENTRIES 8

/* Buckets are split so that this many entries, times ten, come to each: 12.3
 * bytes for one entry, and few chains. */
#define ADV_BUCKETS_LOAD_TENTHS 52

/* In the last value of a bucket, of which the rest is a handle of `overflow`:
 * the chain goes on there. */
#define ADV_BUCKET_LINK 0x80000000u

/* Entries fill a bucket from the front; a value of 0 marks a free one. */
typedef struct adv_bucket {
  uint32_t hashes[ADV_BUCKET_ENTRIES];
  uint32_t values[ADV_BUCKET_ENTRIES];
} adv_bucket;

typedef struct adv_buckets {
  adv_arena table;    /* bucket i has handle i + 1 */
  adv_arena overflow; /* further buckets of chains */
  uint32_t spare;     /* given-back overflow buckets, chained by values[0] */
  uint32_t size;      /* buckets at the start of this round of splits: 2^k */
  uint32_t split;     /* the bucket to split next, below `size` */
  uint64_t entries;
} adv_buckets;

/* Allocates nothing. */
void adv_buckets_init(adv_buckets *t);

/* Makes sure that the next `n` adds cannot fail. To be called before the
 * first search as well. */
ADV_MUST_CHECK adv_status adv_buckets_reserve(adv_buckets *t, size_t n);

void adv_buckets_free(adv_buckets *t);

/* The bucket where a search begins. */
static inline adv_bucket *adv_buckets_home(const adv_buckets *t, uint32_t hash)
{
  uint32_t i = hash & (t->size - 1);

  if (i < t->split)
    i = hash & (2 * t->size - 1);
  return adv_arena_at(&t->table, i + 1);
}

/* The next bucket of a chain, or NULL. */
static inline adv_bucket *adv_buckets_next(const adv_buckets *t,
                                           const adv_bucket *b)
{
  uint32_t last = b->values[ADV_BUCKET_ENTRIES - 1];

  if (!(last & ADV_BUCKET_LINK))
    return NULL;
  return adv_arena_at(&t->overflow, last & ~ADV_BUCKET_LINK);
}

/* A bit for each entry of `words` that equals `word`. */
static inline unsigned adv_bucket_equal(const uint32_t *words, uint32_t word)
{
#ifdef __SSE2__
  __m128i key = _mm_set1_epi32((int)word);
  __m128i low = _mm_cmpeq_epi32(key, _mm_load_si128((const __m128i *)words));
  __m128i high =
      _mm_cmpeq_epi32(key, _mm_load_si128((const __m128i *)(words + 4)));

  return (unsigned)_mm_movemask_ps(_mm_castsi128_ps(low)) |
         (unsigned)_mm_movemask_ps(_mm_castsi128_ps(high)) << 4;
#else
  unsigned equal = 0, i;

  for (i = 0; i < ADV_BUCKET_ENTRIES; i++)
    equal |= (unsigned)(words[i] == word) << i;
  return equal;
#endif
}

/* A bit for each entry of this bucket with this hash. */
static inline unsigned adv_bucket_hits(const adv_bucket *b, uint32_t hash)
{
  unsigned hits = adv_bucket_equal(b->hashes, hash);

  if (__builtin_expect(hits != 0, 0)) {
    hits &= ~adv_bucket_equal(b->values, 0);
    if (b->values[ADV_BUCKET_ENTRIES - 1] & ADV_BUCKET_LINK)
      hits &= ~(1u << (ADV_BUCKET_ENTRIES - 1));
  }
  return hits;
}

/* For adv_buckets_append: makes room in a chain that has none and gets the
 * bucket that has it now. */
adv_bucket *adv_buckets_extend(adv_buckets *t, adv_bucket *home);

/* For adv_buckets_add: splits one bucket. */
void adv_buckets_split(adv_buckets *t);

/* Puts an entry into a chain. Only the home bucket and the one after it may
 * have room. */
static inline void adv_buckets_append(adv_buckets *t, adv_bucket *home,
                                      uint32_t hash, uint32_t value)
{
  adv_bucket *next = adv_buckets_next(t, home), *b = next ? next : home;
  unsigned room = adv_bucket_equal(b->values, 0);

  if (__builtin_expect(!room, 0)) {
    b = adv_buckets_extend(t, home);
    room = adv_bucket_equal(b->values, 0);
  }
  b->hashes[__builtin_ctz(room)] = hash;
  b->values[__builtin_ctz(room)] = value;
}

/* `value` is not 0 and below 2^31. */
static inline void adv_buckets_add(adv_buckets *t, uint32_t hash,
                                   uint32_t value)
{
  adv_buckets_append(t, adv_buckets_home(t, hash), hash, value);
  t->entries++;
  if (t->entries * 10 >
      ADV_BUCKETS_LOAD_TENTHS * ((uint64_t)t->size + t->split))
    adv_buckets_split(t);
}

#endif
