#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "dedup/dedup.h"
#include "dedup/engine.h"

/* Slots of the first table. */
#define SLOTS_MIN 64

/* A hash of zeros only marks a free slot. */
typedef struct slot {
  XXH128_hash_t hash;
  int64_t id;
} slot;

/* Open addressing with linear probing, at most three quarters full, half as
 * large again when it grows: 32 to 48 bytes an item. */
typedef struct exact {
  adv_dedup base;
  slot *slots;
  size_t cap;
  size_t used;
  adv_buf normal; /* the text at hand; kept for its memory */
} exact;

static bool is_free(const slot *s)
{
  return s->hash.high64 == 0 && s->hash.low64 == 0;
}

/* Gets the slot that holds `hash`, or the free one where it belongs. */
static slot *find(slot *slots, size_t cap, XXH128_hash_t hash)
{
  /* The high bits scaled to the table: any size will do, not only 2^n. */
  size_t i = (size_t)(((unsigned __int128)hash.high64 * cap) >> 64);

  while (!is_free(&slots[i]) && !XXH128_isEqual(slots[i].hash, hash))
    i = i + 1 < cap ? i + 1 : 0;
  return &slots[i];
}

static adv_status hash_text(exact *e, const char *text, size_t len,
                            XXH128_hash_t *hash)
{
  adv_status st;

  adv_buf_clear(&e->normal);
  st = adv_dedup_normalize(&e->normal, text, len);
  if (st != ADV_OK)
    return st;
  *hash = XXH3_128bits(e->normal.data, e->normal.len);
  if (hash->high64 == 0 && hash->low64 == 0)
    hash->low64 = 1;
  return ADV_OK;
}

static adv_status grow(exact *e)
{
  size_t cap = e->cap ? e->cap + e->cap / 2 : SLOTS_MIN, i;
  slot *slots = calloc(cap, sizeof(*slots));

  if (!slots)
    return ADV_ENOMEM;
  for (i = 0; i < e->cap; i++)
    if (!is_free(&e->slots[i]))
      *find(slots, cap, e->slots[i].hash) = e->slots[i];
  free(e->slots);
  e->slots = slots;
  e->cap = cap;
  return ADV_OK;
}

static adv_status exact_nearest(adv_dedup *d, const char *text, size_t len,
                                int64_t before, adv_nearest *nearest)
{
  exact *e = (exact *)d;
  XXH128_hash_t hash;
  adv_status st = hash_text(e, text, len, &hash);
  const slot *s;

  if (st != ADV_OK || e->used == 0)
    return st;
  s = find(e->slots, e->cap, hash);
  if (!is_free(s) && s->id < before)
    *nearest = (adv_nearest){.found = true, .id = s->id, .score = 1.0};
  return ADV_OK;
}

static adv_status exact_add(adv_dedup *d, const char *text, size_t len,
                            int64_t id)
{
  exact *e = (exact *)d;
  XXH128_hash_t hash;
  adv_status st = hash_text(e, text, len, &hash);
  slot *s;

  if (st == ADV_OK && e->used + 1 > e->cap / 4 * 3)
    st = grow(e);
  if (st != ADV_OK)
    return st;
  s = find(e->slots, e->cap, hash);
  if (is_free(s)) { /* else the first of equals stays */
    *s = (slot){.hash = hash, .id = id};
    e->used++;
  }
  return ADV_OK;
}

static void exact_free(adv_dedup *d)
{
  exact *e = (exact *)d;

  free(e->slots);
  adv_buf_free(&e->normal);
  free(e);
}

static const adv_dedup_engine engine = {exact_nearest, exact_add, exact_free};

adv_status adv_dedup_exact(adv_dedup **out)
{
  exact *e = calloc(1, sizeof(*e));

  if (!e)
    return ADV_ENOMEM;
  e->base.engine = &engine;
  adv_buf_init(&e->normal, SIZE_MAX / 4);
  *out = &e->base;
  return ADV_OK;
}
