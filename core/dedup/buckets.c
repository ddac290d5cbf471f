#include "dedup/buckets.h"

#define LINK ADV_BUCKET_LINK
#define LAST (ADV_BUCKET_ENTRIES - 1)

#define SIZE_MIN 16

/* Buckets are split so that this many entries, times ten, come to each: 213
 * bytes for 16 entries, and few chains. */
#define LOAD_TENTHS 48

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

  if (t->table.count == 0) {
    st = adv_arena_reserve(&t->table, SIZE_MIN * sizeof(adv_bucket));
    if (st != ADV_OK)
      return st;
    (void)adv_arena_take(&t->table, SIZE_MIN * sizeof(adv_bucket));
  }
  st = adv_arena_reserve(&t->table, (n + 1) * sizeof(adv_bucket));
  if (st == ADV_OK)
    st = adv_arena_reserve(&t->overflow, n * sizeof(adv_bucket));
  return st;
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

/* Of a chain, only the home bucket and the one after it may have room. */
static void append(adv_buckets *t, adv_bucket *home, uint32_t hash,
                   uint32_t value)
{
  uint32_t last = home->values[LAST], handle;
  adv_bucket *b = last & LINK ? adv_buckets_next(t, home) : home;
  unsigned room = adv_bucket_equal(b->values, 0);

  if (!room) {
    handle = take_overflow(t);
    b = adv_arena_at(&t->overflow, handle);
    if (last & LINK) { /* a new bucket between the two */
      b->values[LAST] = last;
    } else { /* the home bucket's last entry makes way for the link */
      b->hashes[0] = home->hashes[LAST];
      b->values[0] = last;
    }
    home->values[LAST] = LINK | handle;
    room = adv_bucket_equal(b->values, 0);
  }
  b->hashes[__builtin_ctz(room)] = hash;
  b->values[__builtin_ctz(room)] = value;
}

/* Shares the entries of one bucket out between itself and a new one. Each
 * bucket of its chain is given back before its entries are appended, and two
 * chains never need more overflow buckets than one did with the same entries:
 * x entries need ceil((x - 8) / 7), and both needing one take 9 each. So no
 * memory is needed but the new bucket's. */
static void split(adv_buckets *t)
{
  adv_bucket *homes[2], old;
  uint32_t last, handle;
  int i;

  homes[0] = bucket(t, t->split);
  homes[1] = adv_arena_at(&t->table,
                          adv_arena_take(&t->table, sizeof(adv_bucket)));
  old = *homes[0];
  *homes[0] = (adv_bucket){{0}, {0}};
  for (;;) {
    last = old.values[LAST];
    for (i = 0; i < ADV_BUCKET_ENTRIES; i++) {
      if (old.values[i] == 0 || (old.values[i] & LINK))
        break;
      append(t, homes[(old.hashes[i] & t->size) != 0], old.hashes[i],
             old.values[i]);
    }
    if (!(last & LINK))
      break;
    handle = last & ~LINK;
    old = *(adv_bucket *)adv_arena_at(&t->overflow, handle);
    ((adv_bucket *)adv_arena_at(&t->overflow, handle))->values[0] = t->spare;
    t->spare = handle;
  }
  if (++t->split == t->size) {
    t->split = 0;
    t->size *= 2;
  }
}

void adv_buckets_add(adv_buckets *t, uint32_t hash, uint32_t value)
{
  append(t, adv_buckets_home(t, hash), hash, value);
  t->entries++;
  if (t->entries * 10 > LOAD_TENTHS * ((uint64_t)t->size + t->split)) {
    split(t);
    /* The next two buckets to be split, and their like-to-be. */
    __builtin_prefetch(bucket(t, t->split), 1);
  }
}

void adv_buckets_free(adv_buckets *t)
{
  adv_arena_free(&t->table);
  adv_arena_free(&t->overflow);
  adv_buckets_init(t);
}
