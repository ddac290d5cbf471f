#include "dedup/wording.h"

#include <stdlib.h>
#include <string.h>

#include "dedup/dedup.h"
#include "dedup/overlap.h"
#include "dedup/words.h"

void adv_wording_init(adv_wording *w, bool any_script)
{
  *w = (adv_wording){.any_script = any_script};
  adv_buf_init(&w->text, SIZE_MAX / 4);
  adv_buf_init(&w->normal, SIZE_MAX / 4);
}

static adv_status make_room(adv_wording *w)
{
  size_t cap = w->cap ? 2 * w->cap : 64;
  adv_place *places = realloc(w->places, cap * sizeof(*places));
  uint32_t *words;
  uint64_t *order;

  if (!places)
    return ADV_ENOMEM;
  w->places = places;
  words = realloc(w->words, cap * sizeof(*words));
  if (!words)
    return ADV_ENOMEM;
  w->words = words;
  order = realloc(w->order, cap * sizeof(*order));
  if (!order)
    return ADV_ENOMEM;
  w->order = order;
  w->cap = cap;
  return ADV_OK;
}

static adv_status split_words(adv_wording *w, const adv_dictionary *d)
{
  size_t pos = 0, start, len;

  w->len = 0;
  while (adv_words_next(w->normal.data, w->normal.len, w->any_script, &pos,
                        &start, &len)) {
    adv_status st = w->len < w->cap ? ADV_OK : make_room(w);

    if (st != ADV_OK)
      return st;
    if (w->len == ADV_OVERLAP_LENGTH_MAX)
      return ADV_ELIMIT;
    w->places[w->len++] = (adv_place){
        start, len, adv_dictionary_hash(d, w->normal.data + start, len)};
  }
  return ADV_OK;
}

/* Looks the words up and signs the text by those that have a number. */
static void number_words(adv_wording *w, const adv_dictionary *d)
{
  const char *normal = w->normal.data;
  uint32_t i;

  w->unknown = 0;
  w->signature = 0;
  w->signature2 = 0;
  for (i = 0; i < w->len; i++) {
    const adv_place *p = &w->places[i];
    uint32_t word = adv_dictionary_find(d, p->hash, normal + p->start, p->len);
    unsigned bit =
        (unsigned)((uint64_t)(word * UINT32_C(0x9e3779b1)) * 80 >> 32);

    w->words[i] = word;
    if (word == 0)
      w->unknown++;
    else if (bit < 64)
      w->signature |= UINT64_C(1) << bit;
    else
      w->signature2 |= (uint16_t)(1u << (bit - 64));
  }
}

adv_status adv_wording_take(adv_wording *w, const adv_dictionary *d,
                            const char *text, size_t len)
{
  adv_status st;

  if (w->is_ready && w->text.len == len &&
      (len == 0 || memcmp(w->text.data, text, len) == 0))
    return ADV_OK;
  w->is_ready = false;
  adv_buf_clear(&w->text);
  adv_buf_clear(&w->normal);
  st = adv_buf_append(&w->text, text, len);
  if (st == ADV_OK)
    st = adv_dedup_normalize(&w->normal, text, len);
  if (st == ADV_OK)
    st = split_words(w, d);
  if (st != ADV_OK)
    return st;
  number_words(w, d);
  w->is_ready = true;
  return ADV_OK;
}

static int compare_keys(const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

  return (x > y) - (x < y);
}

void adv_wording_sort(adv_wording *w, const adv_dictionary *d,
                      unsigned generation)
{
  uint64_t *order = w->order, key;
  uint32_t i, j;

  for (i = 0; i < w->len; i++) {
    uint32_t word = w->words[i];

    order[i] =
        word ? ADV_WORDING_KEY(adv_dictionary_rank(d, word, generation), word)
             : 0;
  }
  if (w->len > 64) {
    qsort(order, w->len, sizeof(*order), compare_keys);
    return;
  }
  for (i = 1; i < w->len; i++) {
    key = order[i];
    for (j = i; j > 0 && order[j - 1] > key; j--)
      order[j] = order[j - 1];
    order[j] = key;
  }
}

adv_status adv_wording_learn(adv_wording *w, adv_dictionary *d)
{
  adv_status st = ADV_OK;
  uint32_t i;

  if (w->unknown == 0)
    return ADV_OK;
  for (i = 0; i < w->len && st == ADV_OK; i++) {
    const adv_place *p = &w->places[i];
    const char *word = w->normal.data + p->start;

    /* The same word may come twice. */
    if (w->words[i] == 0 && adv_dictionary_find(d, p->hash, word, p->len) == 0)
      st = adv_dictionary_add(d, word, p->len);
  }
  if (st == ADV_OK)
    number_words(w, d);
  return st;
}

void adv_wording_free(adv_wording *w)
{
  adv_buf_free(&w->text);
  adv_buf_free(&w->normal);
  free(w->places);
  free(w->words);
  free(w->order);
  adv_wording_init(w, w->any_script);
}
