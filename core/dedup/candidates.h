/* candidates.h - a set of handles that is filled and emptied for each query,
 * in order of addition. */
#ifndef ADV_DEDUP_CANDIDATES_H
#define ADV_DEDUP_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct adv_candidates {
  uint32_t *handles;
  size_t count;
  uint64_t *slots; /* epoch and handle; twice as many as handles fit */
  size_t cap;      /* of handles, 2^n; or 0 */
  uint32_t epoch;
} adv_candidates;

/* Doubles the room, or makes the first. On failure the set is as before. */
ADV_MUST_CHECK adv_status adv_candidates_grow(adv_candidates *c);

/* Empties the set. */
void adv_candidates_clear(adv_candidates *c);
void adv_candidates_free(adv_candidates *c);

/* Adds a handle; `*added` says whether it is new. On failure the set is as
 * before. */
static inline adv_status adv_candidates_add(adv_candidates *c, uint32_t handle,
                                            bool *added)
{
  uint64_t entry = (uint64_t)c->epoch << 32 | handle;
  size_t mask, at;
  adv_status st;

  if (c->count == c->cap) {
    st = adv_candidates_grow(c);
    if (st != ADV_OK)
      return st;
  }
  mask = 2 * c->cap - 1;
  at = handle * 0x9e3779b1u >> 7 & mask;
  while (c->slots[at] >> 32 == c->epoch && c->slots[at] != entry)
    at = (at + 1) & mask;
  *added = c->slots[at] != entry;
  if (*added) {
    c->slots[at] = entry;
    c->handles[c->count++] = handle;
  }
  return ADV_OK;
}

#endif
