#include "dedup/shingles.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "dedup/words.h"

/* Longest text in bytes: counts stay below 2^31. */
#define TEXT_MAX ((size_t)1 << 30)

void adv_shingles_init(adv_shingles *s, bool words, unsigned n)
{
  *s = (adv_shingles){.words = words, .n = n};
}

/* Spreads a shingle over 64 bits. Two rounds of multiply and fold are enough:
 * the high half draws the minima, the low half the bitmap. */
static uint64_t mix(uint64_t x)
{
  x *= UINT64_C(0xff51afd7ed558ccd);
  x ^= x >> 32;
  x *= UINT64_C(0xc4ceb9fe1a85ec53);
  return x ^ x >> 29;
}

static size_t list_bytes(const char *text, size_t len, unsigned n,
                         uint64_t *out)
{
  const uint64_t mask = (UINT64_C(1) << 8 * n) - 1;
  uint64_t window = 0, tag;
  size_t i, first = len < n ? len : n;

  for (i = 0; i < first; i++)
    window = window << 8 | (unsigned char)text[i];
  /* The length tells a short text from a longer one that begins with NULs. */
  tag = (uint64_t)first << 56;
  out[0] = tag | window;
  for (; i < len; i++) {
    window = (window << 8 | (unsigned char)text[i]) & mask;
    out[i - n + 1] = tag | window;
  }
  return len < n ? 1 : len - n + 1;
}

static size_t list_words(const char *text, size_t len, unsigned n,
                         uint64_t *out)
{
  uint64_t ring[ADV_SHINGLE_WORDS_MAX];
  size_t pos = 0, start, word_len, count = 0, used = 0, i;

  while (adv_words_next(text, len, true, &pos, &start, &word_len)) {
    ring[count++ % n] = XXH3_64bits(text + start, word_len);
    if (count < n)
      continue;
    out[used] = n;
    for (i = count - n; i < count; i++)
      out[used] = mix(out[used] ^ ring[i % n]) + i - (count - n);
    used++;
  }
  if (used == 0) /* the whole text, its gaps included */
    out[used++] = XXH3_64bits_withSeed(text, len, 1);
  return used;
}

static size_t list(const adv_shingles *s, const char *text, size_t len,
                   uint64_t *out)
{
  return s->words ? list_words(text, len, s->n, out)
                  : list_bytes(text, len, s->n, out);
}

static adv_status grow(void **array, size_t count, size_t size)
{
  void *grown = realloc(*array, count * size);

  if (!grown)
    return ADV_ENOMEM;
  *array = grown;
  return ADV_OK;
}

/* Slots for `n` shingles: few of them meet, and clearing them is cheap. */
static size_t slots_for(size_t n)
{
  size_t slots = 64;

  while (slots < 4 * n)
    slots *= 2;
  return slots;
}

/* Room for the shingles of `len` bytes in all arrays. */
static adv_status make_room(adv_shingles *s, size_t len)
{
  size_t cap = 2 * (len + 64);
  adv_status st;

  if (len > TEXT_MAX)
    return ADV_ELIMIT;
  if (len + 1 <= s->list_cap)
    return ADV_OK;
  s->list_cap = 0;
  st = grow((void **)&s->list, cap, sizeof(*s->list));
  if (st == ADV_OK)
    st = grow((void **)&s->hashes, cap, sizeof(*s->hashes));
  if (st == ADV_OK)
    st = grow((void **)&s->mixed, cap, sizeof(*s->mixed));
  if (st == ADV_OK)
    st = grow((void **)&s->stamps, cap, sizeof(*s->stamps));
  if (st == ADV_OK)
    st = grow((void **)&s->slots, slots_for(cap), sizeof(*s->slots));
  if (st != ADV_OK)
    return st;
  memset(s->stamps, 0, cap * sizeof(*s->stamps));
  s->stamp = 0;
  s->list_cap = cap;
  return ADV_OK;
}

adv_status adv_shingles_list(adv_shingles *s, const char *text, size_t len)
{
  adv_status st = make_room(s, len);
  const uint64_t *shingles;
  uint64_t *mixed;
  uint32_t *hashes;
  size_t n, i;

  s->listed = s->count = 0;
  if (st != ADV_OK)
    return st;
  shingles = s->list;
  mixed = s->mixed;
  hashes = s->hashes;
  n = list(s, text, len, s->list);
  for (i = 0; i < n; i++) {
    mixed[i] = mix(shingles[i]);
    hashes[i] = (uint32_t)(mixed[i] >> 32);
  }
  s->listed = (uint32_t)n;
  return ADV_OK;
}

/* Gets the slot where a shingle is or belongs. */
static inline size_t find(const uint32_t *slots, unsigned shift,
                          const uint64_t *shingles, uint64_t shingle,
                          uint64_t mixed)
{
  size_t mask = SIZE_MAX >> shift, at = mixed >> shift;

  while (slots[at] && shingles[slots[at] - 1] != shingle)
    at = (at + 1) & mask;
  return at;
}

/* All that the loop needs is in variables of its own: the compiler cannot know
 * that the slots are not a part of `s`. */
void adv_shingles_collect(adv_shingles *s)
{
  const uint64_t *shingles = s->list, *mixed = s->mixed;
  size_t slot_count = slots_for(s->listed), at;
  unsigned shift = 64 - (unsigned)__builtin_ctzl(slot_count);
  uint32_t *slots = s->slots, n = s->listed, count = 0, bit, i;
  uint64_t bitmap[ADV_BITMAP_WORDS] = {0};

  memset(slots, 0, slot_count * sizeof(*slots));
  for (i = 0; i < n; i++) {
    at = find(slots, shift, shingles, shingles[i], mixed[i]);
    if (slots[at])
      continue;
    slots[at] = i + 1;
    count++;
    bit = (uint32_t)((mixed[i] & UINT32_MAX) *
                         (UINT64_C(64) * ADV_BITMAP_WORDS) >>
                     32);
    bitmap[bit / 64] |= UINT64_C(1) << bit % 64;
  }
  memcpy(s->bitmap, bitmap, sizeof(bitmap));
  s->shift = shift;
  s->count = count;
}

int64_t adv_shingles_common(adv_shingles *s, const char *text, size_t len,
                            int64_t least)
{
  const uint64_t *shingles = s->list;
  const uint32_t *slots = s->slots;
  uint32_t *stamps = s->stamps, stamp, slot;
  unsigned shift = s->shift;
  int64_t common = 0;
  size_t n, i;

  if (len + 1 > s->other_cap) {
    s->other_cap = 0;
    if (grow((void **)&s->other, 2 * (len + 64), sizeof(*s->other)) != ADV_OK)
      return -1;
    s->other_cap = 2 * (len + 64);
  }
  if (++s->stamp == 0) {
    memset(stamps, 0, s->list_cap * sizeof(*stamps));
    s->stamp = 1;
  }
  stamp = s->stamp;
  n = list(s, text, len, s->other);
  for (i = 0; i < n && common + (int64_t)(n - i) >= least; i++) {
    slot = slots[find(slots, shift, shingles, s->other[i], mix(s->other[i]))];
    if (slot && stamps[slot - 1] != stamp) {
      stamps[slot - 1] = stamp;
      common++;
    }
  }
  return common;
}

void adv_shingles_free(adv_shingles *s)
{
  free(s->list);
  free(s->hashes);
  free(s->mixed);
  free(s->slots);
  free(s->stamps);
  free(s->other);
  adv_shingles_init(s, s->words, s->n);
}
