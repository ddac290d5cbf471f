#include "dedup/buckets.h"

#include <stdbool.h>

#define LINK ADV_BUCKET_LINK
#define LAST (ADV_BUCKET_ENTRIES - 1)

#define SIZE_MIN 16

void adv_buckets_init(adv_buckets *t)
{
  *t = (adv_buckets){.size = SIZE_MIN};
  adv_arena_init(&t->table, 6);
  adv_arena_init(&t->overflow, 6);
}

static adv_bucket *bucket(const adv_buckets *t, uint32_t index)
{
  return adv_arena_at(&t->table, index + 1);
}

adv_status adv_buckets_reserve(adv_buckets *t, size_t n)
{
  adv_status st;
  uint32_t i;

  if (t->table.count == 0) {
    st = adv_arena_reserve(&t->table, SIZE_MIN * sizeof(adv_bucket));
    if (st != ADV_OK)
      return st;
    (void)adv_arena_take(&t->table, SIZE_MIN * sizeof(adv_bucket));
  }
  st = adv_arena_reserve(&t->table, (n + 1) * sizeof(adv_bucket));
  if (st == ADV_OK)
    st = adv_arena_reserve(&t->overflow, n * sizeof(adv_bucket));
  if (st != ADV_OK)
    return st;
  /* What the adds are going to split, and where to. */
  for (i = 0; (size_t)i * ADV_BUCKETS_LOAD_TENTHS < n * 10; i++) {
    if (t->split + i < t->size)
      __builtin_prefetch(bucket(t, t->split + i), 1);
    __builtin_prefetch(bucket(t, t->size + t->split + i), 1);
  }
  return ADV_OK;
}

static uint32_t take_overflow(adv_buckets *t)
{
  uint32_t handle = t->spare;
  adv_bucket *b;

  if (!handle)
    return adv_arena_take(&t->overflow, sizeof(*b));
  b = adv_arena_at(&t->overflow, handle);
  t->spare = b->values[0];
  *b = (adv_bucket){{0}, {0}};
  return handle;
}

adv_bucket *adv_buckets_extend(adv_buckets *t, adv_bucket *home)
{
  uint32_t last = home->values[LAST], handle = take_overflow(t);
  adv_bucket *b = adv_arena_at(&t->overflow, handle);

  if (last & LINK) { /* a new bucket between the two */
    b->values[LAST] = last;
  } else { /* the home bucket's last entry makes way for the link */
    b->hashes[0] = home->hashes[LAST];
    b->values[0] = last;
  }
  home->values[LAST] = LINK | handle;
  return b;
}

/* Shares the entries of a chain out between its home and a new bucket. Each
 * bucket of the chain is given back before its entries are appended, and two
 * chains never need more overflow buckets than one did with the same entries:
 * x entries need ceil((x - 8) / 7), and each of two needs 9 to need any. So no
 * memory is needed but the new bucket. */
static void split_chain(adv_buckets *t, adv_bucket *home, adv_bucket *new)
{
  adv_bucket old = *home;
  uint32_t last, handle;
  int i;

  *home = (adv_bucket){{0}, {0}};
  for (;;) {
    last = old.values[LAST];
    for (i = 0; i < ADV_BUCKET_ENTRIES; i++) {
      if (old.values[i] == 0 || (old.values[i] & LINK))
        break;
      adv_buckets_append(t, old.hashes[i] & t->size ? new : home, old.hashes[i],
                         old.values[i]);
    }
    if (!(last & LINK))
      break;
    handle = last & ~LINK;
    old = *(adv_bucket *)adv_arena_at(&t->overflow, handle);
    ((adv_bucket *)adv_arena_at(&t->overflow, handle))->values[0] = t->spare;
    t->spare = handle;
  }
}

/* The same for a bucket alone, without a branch to guess wrong. */
static void split_bucket(uint32_t bit, adv_bucket *home, adv_bucket *new)
{
  adv_bucket kept = {{0}, {0}};
  unsigned n = 0, moved = 0, i;

  for (i = 0; i < ADV_BUCKET_ENTRIES && home->values[i]; i++) {
    uint32_t hash = home->hashes[i], value = home->values[i];
    bool moves = (hash & bit) != 0;

    kept.hashes[n] = hash;
    kept.values[n] = value;
    new->hashes[moved] = hash;
    new->values[moved] = value;
    n += !moves;
    moved += moves;
  }
  for (; n < i; n++)
    kept.values[n] = 0;
  for (; moved < i; moved++)
    new->values[moved] = 0;
  *home = kept;
}

void adv_buckets_split(adv_buckets *t)
{
  adv_bucket *home = bucket(t, t->split);
  adv_bucket *new =
      adv_arena_at(&t->table, adv_arena_take(&t->table, sizeof(adv_bucket)));

  if (home->values[LAST] & LINK)
    split_chain(t, home, new);
  else
    split_bucket(t->size, home, new);
  if (++t->split == t->size) {
    t->split = 0;
    t->size *= 2;
  }
}

void adv_buckets_free(adv_buckets *t)
{
  adv_arena_free(&t->table);
  adv_arena_free(&t->overflow);
  adv_buckets_init(t);
}
