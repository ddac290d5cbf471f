/* Runs of words that texts have in common, for decontamination. A kept text is
 * a row of word numbers, and each of its n-grams an entry from a hash to the
 * place of its first word; so what an entry stands for can be compared word by
 * word, and its text is found by bisection. */
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "dedup/buckets.h"
#include "dedup/dictionary.h"
#include "dedup/engine.h"
#include "dedup/wording.h"

/* Lengths of n-grams are bits of a word. */
#define N_MAX 64
#define N_DEFAULT 8

/* A kept text, and how much of the text at hand it covers. */
typedef struct item {
  int64_t id;
  uint32_t first;   /* handle of its first word */
  uint32_t len;     /* in words */
  uint32_t epoch;   /* of the query for which the rest holds */
  uint32_t covered; /* words of the text at hand */
  uint32_t end;     /* behind the last of these */
  uint32_t unused;
} item;

_Static_assert(sizeof(item) == 32, "an item is one granule");

typedef struct ngrams {
  adv_dedup base;
  uint32_t n, least;
  double threshold;
  uint64_t lengths; /* bit k: a kept text is one n-gram of k words, k < n */
  adv_dictionary dictionary;
  adv_arena words;     /* of all kept texts, in granules of one */
  adv_arena items;     /* item i has handle i + 1, in order of `first` */
  uint32_t item_count; /* of those kept */
  adv_buckets index;   /* hash of an n-gram to the handle of its first word */
  int64_t last_id;
  uint32_t epoch;
  adv_wording text; /* the one at hand */
  uint64_t *places; /* of n-grams to be added: hash, position */
  size_t places_cap;
} ngrams;

static uint32_t *word_at(const ngrams *g, uint32_t handle)
{
  return adv_arena_at(&g->words, handle);
}

static item *item_at(const ngrams *g, uint32_t i)
{
  return adv_arena_at(&g->items, i + 1);
}

static uint32_t hash_run(const uint32_t *words, uint32_t len)
{
  return (uint32_t)XXH3_64bits(words, len * sizeof(*words));
}

static bool same_run(const uint32_t *a, const uint32_t *b, uint32_t len)
{
  return memcmp(a, b, len * sizeof(*a)) == 0;
}

/* The number of words of a text's n-grams. */
static uint32_t run_length(const ngrams *g, uint32_t len)
{
  return len < g->n ? len : g->n;
}

/* ---- asking ---- */

/* The index of the kept text that a word belongs to. */
static uint32_t owner(const ngrams *g, uint32_t handle)
{
  uint32_t low = 0, high = g->item_count - 1;

  while (low < high) {
    uint32_t middle = low + (high - low + 1) / 2;

    if (item_at(g, middle)->first <= handle)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

/* What one query has found so far. */
typedef struct query {
  int64_t before;
  uint32_t best; /* index of the item that covers most, the first of equals */
  uint32_t covered;
} query;

/* Takes in that an item has the run of `len` words at `position`. Positions
 * come in rising order. */
static void cover(ngrams *g, query *q, uint32_t index, uint32_t position,
                  uint32_t len)
{
  item *i = item_at(g, index);

  if (i->epoch != g->epoch) {
    i->epoch = g->epoch;
    i->covered = i->end = 0;
  }
  i->covered += position + len - (i->end > position ? i->end : position);
  i->end = position + len;
  if (i->covered > q->covered ||
      (i->covered == q->covered && index < q->best)) {
    q->covered = i->covered;
    q->best = index;
  }
}

/* Looks a run of the text at hand up. */
static void find_run(ngrams *g, query *q, uint32_t position, uint32_t len)
{
  const uint32_t *run = g->text.words + position;
  uint32_t hash = hash_run(run, len);
  const adv_bucket *b;
  unsigned hits;

  for (b = adv_buckets_home(&g->index, hash); b;
       b = adv_buckets_next(&g->index, b))
    for (hits = adv_bucket_hits(b, hash); hits; hits &= hits - 1) {
      uint32_t handle = b->values[__builtin_ctz(hits)];
      const uint32_t *other = word_at(g, handle);
      uint32_t index;
      const item *i;

      if (*other != *run)
        continue;
      index = owner(g, handle);
      i = item_at(g, index);
      /* An n-gram of another length may end behind the text. */
      if (i->id < q->before && run_length(g, i->len) == len &&
          same_run(other, run, len))
        cover(g, q, index, position, len);
    }
}

static void begin_epoch(ngrams *g)
{
  uint32_t i;

  if (++g->epoch != 0)
    return;
  for (i = 0; i < g->item_count; i++)
    item_at(g, i)->epoch = 0;
  g->epoch = 1;
}

/* Where the words from `position` on end to have numbers. */
static uint32_t end_of_known(const adv_wording *w, uint32_t position)
{
  while (position < w->len && w->words[position] != 0)
    position++;
  return position;
}

static adv_status ngrams_nearest(adv_dedup *d, const char *text, size_t len,
                                 int64_t before, adv_nearest *nearest)
{
  ngrams *g = (ngrams *)d;
  adv_status st = adv_wording_take(&g->text, &g->dictionary, text, len);
  uint64_t lengths = g->lengths, left;
  uint32_t position, known = 0;
  query q = {.before = before};
  double score;

  if (st != ADV_OK || g->item_count == 0 || g->text.len == 0)
    return st;
  begin_epoch(g);
  for (position = 0; position < g->text.len; position++) {
    if (known <= position)
      known = end_of_known(&g->text, position);
    for (left = lengths; left; left &= left - 1) {
      uint32_t short_len = (uint32_t)__builtin_ctzll(left);

      if (position + short_len > known)
        break;
      find_run(g, &q, position, short_len);
    }
    if (position + g->n <= known)
      find_run(g, &q, position, g->n);
  }
  score = (double)q.covered / (double)g->text.len;
  if (score > g->threshold)
    *nearest = (adv_nearest){
        .found = true, .id = item_at(g, q.best)->id, .score = score};
  return ADV_OK;
}

/* ---- adding ---- */

static int compare_places(const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

  return (x > y) - (x < y);
}

/* Lists the n-grams of the text at hand, without those that come again: a text
 * that repeats itself would make long chains. One may be left twice, which does
 * no harm, if another has its hash. */
static adv_status list_places(ngrams *g, uint32_t *count)
{
  uint32_t len = run_length(g, g->text.len), n = g->text.len - len + 1, i;
  const uint32_t *words = g->text.words;
  uint32_t used = 0;

  if (n > g->places_cap) {
    uint64_t *places = realloc(g->places, 2 * (size_t)n * sizeof(*places));

    if (!places)
      return ADV_ENOMEM;
    g->places = places;
    g->places_cap = 2 * (size_t)n;
  }
  for (i = 0; i < n; i++)
    g->places[i] = (uint64_t)hash_run(words + i, len) << 32 | i;
  qsort(g->places, n, sizeof(*g->places), compare_places);
  for (i = 0; i < n; i++) {
    uint64_t last = used > 0 ? g->places[used - 1] : 0;
    uint64_t place = g->places[i];

    if (used == 0 || last >> 32 != place >> 32 ||
        !same_run(words + (uint32_t)last, words + (uint32_t)place, len))
      g->places[used++] = place;
  }
  *count = used;
  return ADV_OK;
}

static void keep(ngrams *g, int64_t id, uint32_t count)
{
  size_t bytes = g->text.len * sizeof(*g->text.words);
  uint32_t first = adv_arena_take(&g->words, bytes), i;
  item *new;

  memcpy(word_at(g, first), g->text.words, bytes);
  (void)adv_arena_take(&g->items, sizeof(*new));
  new = item_at(g, g->item_count++);
  *new = (item){.id = id, .first = first, .len = g->text.len};
  for (i = 0; i < count; i++)
    adv_buckets_add(&g->index, (uint32_t)(g->places[i] >> 32),
                    first + (uint32_t)g->places[i]);
  if (g->text.len < g->n)
    g->lengths |= UINT64_C(1) << g->text.len;
}

static adv_status ngrams_add(adv_dedup *d, const char *text, size_t len,
                             int64_t id)
{
  ngrams *g = (ngrams *)d;
  uint32_t count = 0;
  adv_status st;

  if (g->base.count > 0 && id < g->last_id)
    return ADV_EINVAL;
  st = adv_wording_take(&g->text, &g->dictionary, text, len);
  if (st == ADV_OK && g->text.len >= g->least) {
    st = adv_wording_learn(&g->text, &g->dictionary);
    if (st == ADV_OK)
      st = list_places(g, &count);
    if (st == ADV_OK)
      st = adv_arena_reserve(&g->words, g->text.len * sizeof(*g->text.words));
    if (st == ADV_OK)
      st = adv_arena_reserve(&g->items, sizeof(item));
    if (st == ADV_OK)
      st = adv_buckets_reserve(&g->index, count);
    if (st == ADV_OK)
      keep(g, id, count);
  }
  if (st == ADV_OK)
    g->last_id = id;
  return st;
}

static void ngrams_free(adv_dedup *d)
{
  ngrams *g = (ngrams *)d;

  adv_dictionary_free(&g->dictionary);
  adv_arena_free(&g->words);
  adv_arena_free(&g->items);
  adv_buckets_free(&g->index);
  adv_wording_free(&g->text);
  free(g->places);
  free(g);
}

static const adv_dedup_engine engine = {ngrams_nearest, ngrams_add,
                                        ngrams_free};

adv_status adv_dedup_ngrams(adv_dedup **out, unsigned n, double threshold)
{
  ngrams *g;

  if (n == 0)
    n = N_DEFAULT;
  if (n > N_MAX || !(threshold >= 0 && threshold <= 1))
    return ADV_EINVAL;
  g = calloc(1, sizeof(*g));
  if (!g)
    return ADV_ENOMEM;
  g->base.engine = &engine;
  g->n = n;
  g->least = (n + 1) / 2;
  g->threshold = threshold;
  adv_dictionary_init(&g->dictionary);
  adv_arena_init(&g->words, 2);
  adv_arena_init(&g->items, 5);
  adv_buckets_init(&g->index);
  adv_wording_init(&g->text, true);
  *out = &g->base;
  return ADV_OK;
}
