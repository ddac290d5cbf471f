/* MinHash with LSH: what shares all minima of a band with the text at hand is
 * a candidate; an upper bound from bitmaps rejects most without their text
 * being read; the rest are compared exactly. Built for memory latency, which
 * limits a large pool: all buckets of a query are fetched together while its
 * own set is built, and an item's header, with its bitmap, is one cache line
 * right before its text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dedup/buckets.h"
#include "dedup/candidates.h"
#include "dedup/engine.h"
#include "dedup/minima.h"
#include "dedup/shingles.h"

#define BANDS_MAX 64
#define ROWS_MAX 32
#define ROWS_CHOSEN_MAX 8

/* A kept item; the normal form follows. */
typedef struct item {
  uint64_t bitmap[ADV_BITMAP_WORDS];
  int64_t id;
  uint32_t shingles; /* distinct ones */
  uint32_t len;      /* of the normal form */
} item;

_Static_assert(sizeof(item) == 64, "an item's header is one cache line");

typedef struct minhash {
  adv_dedup base;
  double threshold;
  unsigned bands, rows;
  adv_minima_fn compute_minima;
  uint32_t multipliers[ROWS_MAX];
  uint32_t *offsets;
  unsigned offset_count;
  size_t width;     /* the same, up to whole blocks */
  uint32_t *minima; /* `width` for each row */
  adv_arena items;  /* in granules of a cache line */
  adv_buckets buckets;
  int64_t last_id;
  adv_candidates candidates;

  /* The text at hand, for which all that follows holds, if `is_ready`. */
  bool is_ready;
  adv_buf text;
  adv_buf normal;
  adv_shingles shingles;
  uint32_t band_hashes[BANDS_MAX];
} minhash;

static item *at(const minhash *m, uint32_t handle)
{
  return adv_arena_at(&m->items, handle);
}

static const char *text_of(const item *i)
{
  return (const char *)(i + 1);
}

/* Makes one hash of a band's minima: those of one offset, or, for the bands
 * beyond the offsets, of another in each row. */
static uint32_t band_hash(const minhash *m, unsigned band)
{
  unsigned step = 5 * (band / m->offset_count), i;
  uint64_t hash = band + 1;

  for (i = 0; i < m->rows; i++) {
    hash ^= m->minima[i * m->width + (band + i * step) % m->offset_count];
    hash *= UINT64_C(0x9fb21c651e98df25);
    hash ^= hash >> 32;
  }
  return (uint32_t)(hash * UINT64_C(0x9fb21c651e98df25) >> 32);
}

/* Takes up a text, unless it is the one at hand. */
static adv_status take_up(minhash *m, const char *text, size_t len)
{
  adv_status st;
  unsigned i;

  if (m->is_ready && m->text.len == len &&
      (len == 0 || memcmp(m->text.data, text, len) == 0))
    return ADV_OK;
  m->is_ready = false;
  adv_buf_clear(&m->text);
  adv_buf_clear(&m->normal);
  st = adv_buf_append(&m->text, text, len);
  if (st == ADV_OK)
    st = adv_dedup_normalize(&m->normal, text, len);
  if (st == ADV_OK)
    st = adv_shingles_list(&m->shingles, m->normal.data, m->normal.len);
  if (st == ADV_OK)
    st = adv_buckets_reserve(&m->buckets, m->bands);
  if (st != ADV_OK)
    return st;
  m->compute_minima(m->shingles.hashes, m->shingles.listed, m->multipliers,
                    m->rows, m->offsets, m->width, m->minima);
  for (i = 0; i < m->bands; i++) {
    m->band_hashes[i] = band_hash(m, i);
    __builtin_prefetch(adv_buckets_home(&m->buckets, m->band_hashes[i]), 1);
  }
  adv_shingles_collect(&m->shingles);
  m->is_ready = true;
  return ADV_OK;
}

/* Adds what a bucket has under a hash to the candidates. */
static adv_status gather_from(minhash *m, const adv_bucket *b, uint32_t hash)
{
  unsigned hits = adv_bucket_hits(b, hash);
  adv_status st = ADV_OK;
  bool added;

  for (; hits && st == ADV_OK; hits &= hits - 1) {
    uint32_t handle = b->values[__builtin_ctz(hits)];

    st = adv_candidates_add(&m->candidates, handle, &added);
    if (st == ADV_OK && added)
      __builtin_prefetch(at(m, handle));
  }
  return st;
}

/* First all home buckets, which are on their way; the rest of their chains are
 * fetched meanwhile. */
static adv_status gather(minhash *m)
{
  const adv_bucket *next[BANDS_MAX], *b;
  uint32_t *hashes = m->band_hashes;
  adv_status st = ADV_OK;
  unsigned i, bands = m->bands;

  adv_candidates_clear(&m->candidates);
  for (i = 0; i < bands && st == ADV_OK; i++) {
    b = adv_buckets_home(&m->buckets, hashes[i]);
    next[i] = adv_buckets_next(&m->buckets, b);
    if (next[i])
      __builtin_prefetch(next[i]);
    st = gather_from(m, b, hashes[i]);
  }
  for (i = 0; i < bands && st == ADV_OK; i++)
    for (b = next[i]; b && st == ADV_OK; b = adv_buckets_next(&m->buckets, b))
      st = gather_from(m, b, hashes[i]);
  return st;
}

/* The least number of common shingles of sets with `sum` ones in all that may
 * give an index of `score`. Rounded down, for the exact comparison follows. */
static int64_t least_common(double score, uint64_t sum)
{
  return (int64_t)(score / (1 + score) * (double)sum - 1e-6);
}

/* A set has at least as many shingles that the other lacks as its bitmap has
 * bits that the other's lacks. */
static inline __attribute__((always_inline)) int64_t
most_common(const adv_shingles *s, const item *i)
{
  int mine = 0, theirs = 0, w;
  int64_t a, b;

  for (w = 0; w < ADV_BITMAP_WORDS; w++) {
    mine += __builtin_popcountll(s->bitmap[w] & ~i->bitmap[w]);
    theirs += __builtin_popcountll(i->bitmap[w] & ~s->bitmap[w]);
  }
  a = (int64_t)s->count - mine;
  b = (int64_t)i->shingles - theirs;
  return a < b ? a : b;
}

/* Leaves in the list only the candidates that may be near. */
static inline __attribute__((always_inline)) void sieve_body(minhash *m,
                                                             int64_t before)
{
  uint32_t *handles = m->candidates.handles;
  size_t i, kept = 0;

  for (i = 0; i < m->candidates.count; i++) {
    const item *other = at(m, handles[i]);
    uint64_t sum = (uint64_t)m->shingles.count + other->shingles;

    if (other->id >= before ||
        most_common(&m->shingles, other) < least_common(m->threshold, sum))
      continue;
    __builtin_prefetch(text_of(other));
    __builtin_prefetch(text_of(other) + 64);
    handles[kept++] = handles[i];
  }
  m->candidates.count = kept;
}

#ifdef __x86_64__
__attribute__((target("popcnt"))) static void sieve_popcnt(minhash *m,
                                                           int64_t before)
{
  sieve_body(m, before);
}
#endif

static void sieve(minhash *m, int64_t before)
{
#ifdef __x86_64__
  if (__builtin_cpu_supports("popcnt")) {
    sieve_popcnt(m, before);
    return;
  }
#endif
  sieve_body(m, before);
}

/* Sets `nearest` if the candidate is near and nearer. */
static adv_status compare(minhash *m, const item *other, adv_nearest *nearest)
{
  uint64_t sum = (uint64_t)m->shingles.count + other->shingles;
  double best = nearest->found ? nearest->score : m->threshold, score;
  int64_t least = least_common(best, sum), common;

  common = adv_shingles_common(&m->shingles, text_of(other), other->len, least);
  if (common < 0)
    return ADV_ENOMEM;
  if (common < least)
    return ADV_OK;
  score = (double)common / (double)(sum - (uint64_t)common);
  if (score > best ||
      (score == best && (!nearest->found || other->id < nearest->id)))
    *nearest = (adv_nearest){.found = true, .id = other->id, .score = score};
  return ADV_OK;
}

static adv_status minhash_nearest(adv_dedup *d, const char *text, size_t len,
                                  int64_t before, adv_nearest *nearest)
{
  minhash *m = (minhash *)d;
  adv_status st = take_up(m, text, len);
  size_t i;

  if (st == ADV_OK)
    st = gather(m);
  if (st != ADV_OK)
    return st;
  sieve(m, before);
  for (i = 0; i < m->candidates.count && st == ADV_OK; i++)
    st = compare(m, at(m, m->candidates.handles[i]), nearest);
  if (st != ADV_OK)
    nearest->found = false;
  return st;
}

/* Whether an item with the same set is there already. It has the same minima,
 * so one band tells. A second one would never be the nearest; left out, it
 * does not make chains longer. */
static adv_status has_equal(minhash *m, bool *has)
{
  const adv_buckets *t = &m->buckets;
  uint32_t hash = m->band_hashes[0];
  const adv_shingles *s = &m->shingles;
  const adv_bucket *b;
  unsigned hits;

  *has = false;
  for (b = adv_buckets_home(t, hash); b; b = adv_buckets_next(t, b))
    for (hits = adv_bucket_hits(b, hash); hits; hits &= hits - 1) {
      const item *other = at(m, b->values[__builtin_ctz(hits)]);
      int64_t common;

      if (other->shingles != s->count ||
          memcmp(other->bitmap, s->bitmap, sizeof(s->bitmap)) != 0)
        continue;
      common = adv_shingles_common(&m->shingles, text_of(other), other->len,
                                   s->count);
      if (common < 0)
        return ADV_ENOMEM;
      *has = common == s->count;
      if (*has)
        return ADV_OK;
    }
  return ADV_OK;
}

static void keep(minhash *m, int64_t id)
{
  uint32_t handle = adv_arena_take(&m->items, sizeof(item) + m->normal.len);
  item *new = at(m, handle);
  unsigned i;

  memcpy(new->bitmap, m->shingles.bitmap, sizeof(new->bitmap));
  new->id = id;
  new->shingles = m->shingles.count;
  new->len = (uint32_t)m->normal.len;
  if (new->len > 0)
    memcpy(new + 1, m->normal.data, new->len);
  for (i = 0; i < m->bands; i++)
    adv_buckets_add(&m->buckets, m->band_hashes[i], handle);
}

static adv_status minhash_add(adv_dedup *d, const char *text, size_t len,
                              int64_t id)
{
  minhash *m = (minhash *)d;
  bool known = false;
  adv_status st;

  if (m->base.count > 0 && id < m->last_id)
    return ADV_EINVAL;
  st = take_up(m, text, len);
  if (st == ADV_OK)
    st = has_equal(m, &known);
  if (st == ADV_OK && !known)
    st = adv_arena_reserve(&m->items, sizeof(item) + m->normal.len);
  /* The text may have been taken up before others were added. */
  if (st == ADV_OK && !known)
    st = adv_buckets_reserve(&m->buckets, m->bands);
  if (st != ADV_OK)
    return st;
  if (!known)
    keep(m, id);
  m->last_id = id;
  return ADV_OK;
}

static void minhash_free(adv_dedup *d)
{
  minhash *m = (minhash *)d;

  free(m->offsets);
  free(m->minima);
  adv_arena_free(&m->items);
  adv_buckets_free(&m->buckets);
  adv_candidates_free(&m->candidates);
  adv_buf_free(&m->text);
  adv_buf_free(&m->normal);
  adv_shingles_free(&m->shingles);
  free(m);
}

static const adv_dedup_engine engine = {minhash_nearest, minhash_add,
                                        minhash_free};

/* The most rows with which the bands still find 98.5 % of what is just at the
 * threshold, and more of what is nearer: 2 at 0.6, 4 at 0.7, 6 at 0.8, 8 from
 * 0.85. More rows bring fewer candidates in vain. */
static unsigned choose_rows(double threshold, unsigned bands)
{
  unsigned rows = 1;

  while (rows < ROWS_CHOSEN_MAX &&
         pow(1 - pow(threshold, rows + 1), bands) <= 0.015)
    rows++;
  return rows;
}

/* Odd numbers, so that each multiplication is a permutation of the hashes, from
 * splitmix64 (Steele, Lea, Flood 2014); and offsets at even distances. */
static void draw(minhash *m)
{
  uint64_t state = 0, x;
  size_t i;

  for (i = 0; i < m->rows; i++) {
    state += UINT64_C(0x9e3779b97f4a7c15);
    x = (state ^ state >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    m->multipliers[i] = (uint32_t)(x >> 32) | 1;
  }
  for (i = 0; i < m->width; i++)
    m->offsets[i] = (uint32_t)(((uint64_t)i << 32) / m->offset_count);
}

adv_status adv_dedup_minhash(adv_dedup **out,
                             const adv_minhash_options *options)
{
  adv_minhash_options o = options ? *options : (adv_minhash_options){0};
  minhash *m;

  if (o.threshold == 0)
    o.threshold = 0.7;
  if (o.n == 0)
    o.n = o.words ? 3 : 5;
  if (o.bands == 0)
    o.bands = 17;
  if (!(o.threshold > 0 && o.threshold <= 1) || o.bands > BANDS_MAX ||
      o.n > (o.words ? ADV_SHINGLE_WORDS_MAX : ADV_SHINGLE_BYTES_MAX))
    return ADV_EINVAL;
  if (o.rows == 0)
    o.rows = choose_rows(o.threshold, o.bands);
  if (o.rows > ROWS_MAX)
    return ADV_EINVAL;

  m = calloc(1, sizeof(*m));
  if (!m)
    return ADV_ENOMEM;
  m->base.engine = &engine;
  m->threshold = o.threshold;
  m->bands = o.bands;
  m->rows = o.rows;
  m->offset_count = o.bands < ADV_MINIMA_BLOCK
                        ? o.bands
                        : o.bands / ADV_MINIMA_BLOCK * ADV_MINIMA_BLOCK;
  m->width = (size_t)(m->offset_count + ADV_MINIMA_BLOCK - 1) /
             ADV_MINIMA_BLOCK * ADV_MINIMA_BLOCK;
  m->compute_minima = adv_minima_choose();
  adv_arena_init(&m->items, 6);
  adv_buckets_init(&m->buckets);
  adv_buf_init(&m->text, SIZE_MAX / 4);
  adv_buf_init(&m->normal, SIZE_MAX / 4);
  adv_shingles_init(&m->shingles, o.words, o.n);
  m->offsets = aligned_alloc(64, m->width * sizeof(uint32_t));
  m->minima = aligned_alloc(64, o.rows * m->width * sizeof(uint32_t));
  if (!m->offsets || !m->minima) {
    minhash_free(&m->base);
    return ADV_ENOMEM;
  }
  draw(m);
  *out = &m->base;
  return ADV_OK;
}
