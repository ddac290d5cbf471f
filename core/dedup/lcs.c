#include "dedup/lcs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static adv_status ensure(void **array, size_t *cap, size_t bytes)
{
  void *grown;

  if (bytes <= *cap)
    return ADV_OK;
  grown = realloc(*array, 2 * bytes);
  if (!grown)
    return ADV_ENOMEM;
  *array = grown;
  *cap = 2 * bytes;
  return ADV_OK;
}

/* Gets the slot where a number is or belongs. */
static inline size_t find(const adv_lcs *l, uint32_t number)
{
  size_t mask = UINT32_MAX >> l->shift;
  size_t at = number * UINT32_C(0x9e3779b1) >> l->shift;

  while (l->keys[at] != number && l->keys[at] != 0)
    at = (at + 1) & mask;
  return at;
}

adv_status adv_lcs_set(adv_lcs *l, const uint32_t *sequence, size_t len)
{
  size_t slots = 64, words = (len + 63) / 64, i, at;
  adv_status st;

  while (slots < 4 * len)
    slots *= 2;
  st = ensure((void **)&l->keys, &l->keys_cap, slots * sizeof(*l->keys));
  if (st == ADV_OK)
    st = ensure((void **)&l->masks, &l->masks_cap,
                slots * words * sizeof(*l->masks));
  if (st == ADV_OK)
    st = ensure((void **)&l->state, &l->state_cap, words * sizeof(*l->state));
  if (st != ADV_OK)
    return st;
  l->len = len;
  l->words = words;
  l->shift = 32 - (unsigned)__builtin_ctzl(slots);
  memset(l->keys, 0, slots * sizeof(*l->keys));
  for (i = 0; i < len; i++) {
    if (sequence[i] == 0)
      continue;
    at = find(l, sequence[i]);
    if (l->keys[at] == 0)
      memset(l->masks + at * words, 0, words * sizeof(*l->masks));
    l->keys[at] = sequence[i];
    l->masks[at * words + i / 64] |= UINT64_C(1) << i % 64;
  }
  return ADV_OK;
}

/* A zero in the state marks a position at which the longest subsequence of
 * what was read so far becomes one longer. */
static uint64_t step(uint64_t state, uint64_t mask)
{
  uint64_t hits = state & mask;

  return (state + hits) | (state - hits);
}

static size_t length_short(adv_lcs *l, const uint32_t *other, size_t len)
{
  uint64_t state = UINT64_MAX;
  size_t i, at;

  for (i = 0; i < len; i++) {
    at = find(l, other[i]);
    if (l->keys[at])
      state = step(state, l->masks[at]);
  }
  if (l->len < 64)
    state |= UINT64_MAX << l->len;
  return 64 - (size_t)__builtin_popcountll(state);
}

static size_t length_long(adv_lcs *l, const uint32_t *other, size_t len)
{
  uint64_t *state = l->state;
  size_t words = l->words, length = 0, i, w, at;

  memset(state, 0xff, words * sizeof(*state));
  for (i = 0; i < len; i++) {
    const uint64_t *mask;
    bool carry = false;

    at = find(l, other[i]);
    if (!l->keys[at])
      continue;
    mask = l->masks + at * words;
    for (w = 0; w < words; w++) {
      uint64_t hits = state[w] & mask[w], sum;
      bool over = __builtin_add_overflow(state[w], hits, &sum);

      over |= __builtin_add_overflow(sum, (uint64_t)carry, &sum);
      state[w] = sum | (state[w] - hits);
      carry = over;
    }
  }
  if (l->len % 64)
    state[words - 1] |= UINT64_MAX << l->len % 64;
  for (w = 0; w < words; w++)
    length += 64 - (size_t)__builtin_popcountll(state[w]);
  return length;
}

size_t adv_lcs_length(adv_lcs *l, const uint32_t *other, size_t len)
{
  if (l->len == 0)
    return 0;
  return l->words == 1 ? length_short(l, other, len)
                       : length_long(l, other, len);
}

void adv_lcs_free(adv_lcs *l)
{
  free(l->keys);
  free(l->masks);
  free(l->state);
  *l = (adv_lcs){0};
}
