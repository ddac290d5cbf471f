#include "dedup/candidates.h"

#include <stdlib.h>
#include <string.h>

#define CAP_MIN 256

adv_status adv_candidates_grow(adv_candidates *c)
{
  size_t cap = c->cap ? 2 * c->cap : CAP_MIN, count = c->count, i;
  uint64_t *slots = calloc(2 * cap, sizeof(*slots));
  uint32_t *handles = realloc(c->handles, cap * sizeof(*handles));
  bool added;

  if (handles)
    c->handles = handles;
  if (!slots || !handles) {
    free(slots);
    return ADV_ENOMEM;
  }
  free(c->slots);
  c->slots = slots;
  c->cap = cap;
  c->epoch = 1;
  for (i = c->count = 0; i < count; i++) /* it cannot fail: there is room */
    if (adv_candidates_add(c, c->handles[i], &added) != ADV_OK)
      break;
  return ADV_OK;
}

void adv_candidates_clear(adv_candidates *c)
{
  c->count = 0;
  if (++c->epoch == 0) { /* once in 2^32 queries */
    if (c->slots)
      memset(c->slots, 0, 2 * c->cap * sizeof(*c->slots));
    c->epoch = 1;
  }
}

void adv_candidates_free(adv_candidates *c)
{
  free(c->handles);
  free(c->slots);
  *c = (adv_candidates){0};
}
