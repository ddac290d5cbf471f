#include "dedup/shingles.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "dedup/words.h"

/* Marks a free slot. Shingles of bytes have their length on top, at most 7,
 * and hashes of words avoid it. */
#define FREE UINT64_MAX

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
  if (used == 0) { /* the whole text, its gaps included */
    out[used++] = XXH3_64bits_withSeed(text, len, 1);
  }
  for (i = 0; i < used; i++)
    if (out[i] == FREE)
      out[i] = 0;
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

/* Room for the shingles of `len` bytes in all arrays. */
static adv_status make_room(adv_shingles *s, size_t len)
{
  size_t list_cap = 2 * (len + 64), slots = 64;
  adv_status st = ADV_OK;

  if (len > TEXT_MAX)
    return ADV_ELIMIT;
  if (len + 1 > s->list_cap) {
    s->list_cap = 0;
    st = grow((void **)&s->list, list_cap, sizeof(*s->list));
    if (st == ADV_OK)
      st = grow((void **)&s->hashes, list_cap, sizeof(*s->hashes));
    if (st == ADV_OK)
      st = grow((void **)&s->mixed, list_cap, sizeof(*s->mixed));
    if (st != ADV_OK)
      return st;
    s->list_cap = list_cap;
  }
  while (slots < 2 * (len + 1))
    slots *= 2;
  if (slots > s->slot_cap) {
    s->slot_cap = 0;
    st = grow((void **)&s->slots, slots, sizeof(*s->slots));
    if (st == ADV_OK)
      st = grow((void **)&s->stamps, slots, sizeof(*s->stamps));
    if (st != ADV_OK)
      return st;
    memset(s->stamps, 0, slots * sizeof(*s->stamps));
    s->stamp = 0;
    s->slot_cap = slots;
  }
  return ADV_OK;
}

adv_status adv_shingles_list(adv_shingles *s, const char *text, size_t len)
{
  adv_status st = make_room(s, len);
  uint32_t i;

  s->listed = s->count = 0;
  if (st != ADV_OK)
    return st;
  s->listed = (uint32_t)list(s, text, len, s->list);
  for (i = 0; i < s->listed; i++) {
    uint64_t x = mix(s->list[i]);

    s->mixed[i] = x;
    s->hashes[i] = (uint32_t)(x >> 32);
  }
  return ADV_OK;
}

void adv_shingles_collect(adv_shingles *s)
{
  uint64_t *slots = s->slots;
  size_t used = 64, mask, at;
  unsigned bits = 6;
  uint32_t i, count = 0, bit;

  while (used < 2 * (size_t)s->listed) {
    used *= 2;
    bits++;
  }
  s->shift = 64 - bits;
  mask = used - 1;
  memset(slots, 0xff, used * sizeof(*slots));
  memset(s->bitmap, 0, sizeof(s->bitmap));
  for (i = 0; i < s->listed; i++) {
    uint64_t shingle = s->list[i];

    at = s->mixed[i] >> s->shift;
    while (slots[at] != shingle && slots[at] != FREE)
      at = (at + 1) & mask;
    if (slots[at] == shingle)
      continue;
    slots[at] = shingle;
    count++;
    bit = (uint32_t)((s->mixed[i] & UINT32_MAX) * (64 * ADV_BITMAP_WORDS) >>
                     32);
    s->bitmap[bit / 64] |= UINT64_C(1) << bit % 64;
  }
  s->count = count;
}

int64_t adv_shingles_common(adv_shingles *s, const char *text, size_t len,
                            int64_t least)
{
  size_t mask = (SIZE_MAX >> s->shift), n, i, at;
  int64_t common = 0;

  if (len + 1 > s->other_cap) {
    s->other_cap = 0;
    if (grow((void **)&s->other, 2 * (len + 64), sizeof(*s->other)) != ADV_OK)
      return -1;
    s->other_cap = 2 * (len + 64);
  }
  if (++s->stamp == 0) {
    memset(s->stamps, 0, s->slot_cap * sizeof(*s->stamps));
    s->stamp = 1;
  }
  n = list(s, text, len, s->other);
  for (i = 0; i < n; i++) {
    uint64_t shingle = s->other[i];

    if (common + (int64_t)(n - i) < least)
      return 0;
    at = mix(shingle) >> s->shift;
    while (s->slots[at] != shingle && s->slots[at] != FREE)
      at = (at + 1) & mask;
    if (s->slots[at] == shingle && s->stamps[at] != s->stamp) {
      s->stamps[at] = s->stamp;
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
