/* ROUGE-L against everything kept, exactly, without looking at most of it.
 *
 * Prefix filter: two texts with x words in common (as multisets) have one in
 * common among the first (length - x + 1) words of each, in any one order of
 * words; rare ones first makes that selective. The F1 wanted and the lengths
 * give the least x. Where the first common word is at place i of n words, at
 * most n - i are common; so a posting has a reach, the length of the longest
 * partner for which its place leaves enough, and a query's place bounds the
 * partner's length likewise. Signatures reject most of the rest; what remains
 * is compared by LCS. */
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "dedup/buckets.h"
#include "dedup/candidates.h"
#include "dedup/dictionary.h"
#include "dedup/engine.h"
#include "dedup/lcs.h"
#include "dedup/overlap.h"
#include "dedup/postings.h"
#include "dedup/wording.h"

/* Items of the first generation; each later one begins at four times as many
 * as the one before. */
#define GENERATION_ITEMS 1000

/* A kept item. */
typedef struct item {
  int64_t id;
  uint32_t len;
  uint32_t words[];
} item;

typedef struct rouge {
  adv_dedup base;
  double threshold;
  adv_dictionary dictionary;
  adv_postings postings;
  adv_buckets sequences; /* hash of a text's words to its item */
  adv_arena items;
  size_t kept; /* items indexed; equal ones are not */
  int64_t last_id;
  adv_candidates candidates;
  adv_lcs lcs;

  adv_wording text; /* the one at hand */

  /* The limits for it, by class of the kept text's length: how many of its
   * own words may be missing there, and of those there, here. */
  int32_t missing_here[ADV_LENGTH_CLASSES];
  int32_t missing_there[ADV_LENGTH_CLASSES];
  unsigned least_class; /* of the texts that can be near */
  unsigned reach;       /* the class of its own length */
  adv_probe *probes;
  size_t probe_count, probe_cap;
} rouge;

static item *at(const rouge *r, uint32_t handle)
{
  return adv_arena_at(&r->items, handle);
}

static unsigned generation_of(size_t kept)
{
  unsigned generation = 0;
  size_t begin = GENERATION_ITEMS;

  while (kept >= begin && generation < ADV_GENERATIONS_MAX - 1) {
    begin *= 4;
    generation++;
  }
  return generation;
}

/* How many of the first words of `r->text.order` may be the first in common. */
static uint32_t prefix_length(const rouge *r)
{
  uint32_t shortest = adv_overlap_shortest(r->threshold, r->text.len);

  if (shortest == 0)
    return 0;
  return r->text.len + 1 -
         (uint32_t)adv_overlap_least(r->threshold, r->text.len, shortest);
}

/* ---- asking ---- */

/* Fills the limits; false if no text can be near. */
static bool set_limits(rouge *r)
{
  uint32_t shortest = adv_overlap_shortest(r->threshold, r->text.len);
  uint32_t longest =
      adv_overlap_longest(r->threshold, r->text.len, r->text.len);
  unsigned c, end;

  if (shortest == 0)
    return false;
  r->least_class = adv_length_class(shortest);
  r->reach = adv_length_class(r->text.len);
  end = adv_length_class(longest);
  for (c = 0; c < ADV_LENGTH_CLASSES; c++)
    r->missing_here[c] = r->missing_there[c] = -1; /* none will do */
  for (c = r->least_class; c <= end; c++) {
    uint32_t least = adv_length_class_least(c);
    uint32_t most = adv_length_class_least(c + 1) - 1;

    /* At least so many are common with the shortest of the class, and at most
     * so many of its longest are not. */
    r->missing_here[c] =
        (int32_t)r->text.len - (int32_t)r->text.unknown -
        (int32_t)adv_overlap_least(r->threshold, r->text.len, least);
    r->missing_there[c] = (int32_t)most - (int32_t)adv_overlap_least(
                                              r->threshold, r->text.len, most);
  }
  return true;
}

/* Adds those postings' items to the candidates that the limits allow. */
static inline __attribute__((always_inline)) adv_status
scan_body(rouge *r, const adv_run *run, unsigned most_class)
{
  const int32_t *here = r->missing_here, *there = r->missing_there;
  const uint64_t signature = r->text.signature;
  const uint16_t signature2 = r->text.signature2;
  const unsigned reach = r->reach;
  const adv_posting *p = run->postings, *end = p + run->count;
  adv_status st;
  bool added;

  for (; p < end && p->reach >= reach; p++) {
    int lacks, extra;

    lacks = __builtin_popcountll(signature & ~p->signature) +
            __builtin_popcount(signature2 & ~p->signature2 & 0xffffu);
    extra = __builtin_popcountll(p->signature & ~signature) +
            __builtin_popcount(p->signature2 & ~signature2 & 0xffffu);
    if ((lacks > here[p->length_class]) | (extra > there[p->length_class]) |
        (p->length_class > most_class))
      continue;
    st = adv_candidates_add(&r->candidates, p->item, &added);
    if (st != ADV_OK)
      return st;
    if (added)
      __builtin_prefetch(at(r, p->item));
  }
  return ADV_OK;
}

static adv_status scan_plain(void *ud, const adv_run *run, unsigned most_class)
{
  return scan_body(ud, run, most_class);
}

#ifdef __x86_64__
__attribute__((target("popcnt"))) static adv_status
scan_popcnt(void *ud, const adv_run *run, unsigned most_class)
{
  return scan_body(ud, run, most_class);
}
#endif

static adv_postings_scan choose_scan(void)
{
#ifdef __x86_64__
  if (__builtin_cpu_supports("popcnt"))
    return scan_popcnt;
#endif
  return scan_plain;
}

/* Adds the lists of a generation that the query has to read. */
static adv_status add_probes(rouge *r, unsigned generation)
{
  uint32_t prefix = prefix_length(r), i, longest;

  if (r->probe_count + prefix > r->probe_cap) {
    size_t cap = 2 * (r->probe_count + prefix);
    adv_probe *grown = realloc(r->probes, cap * sizeof(*grown));

    if (!grown)
      return ADV_ENOMEM;
    r->probes = grown;
    r->probe_cap = cap;
  }
  adv_wording_sort(&r->text, &r->dictionary, generation);
  for (i = r->text.unknown; i < prefix; i++) {
    if (i > 0 && r->text.order[i] == r->text.order[i - 1])
      continue;
    longest = adv_overlap_longest(r->threshold, r->text.len - i, r->text.len);
    r->probes[r->probe_count++] =
        (adv_probe){.word = ADV_WORDING_WORD(r->text.order[i]),
                    .generation = (uint8_t)generation,
                    .least_class = (uint8_t)r->least_class,
                    .most_class = (uint8_t)adv_length_class(longest),
                    .reach = (uint8_t)r->reach};
  }
  return ADV_OK;
}

static adv_status gather(rouge *r)
{
  adv_postings_scan scan = choose_scan();
  unsigned end = generation_of(r->kept - 1), generation;
  adv_status st = ADV_OK;
  size_t i;

  r->probe_count = 0;
  adv_candidates_clear(&r->candidates);
  for (generation = 0; generation <= end && st == ADV_OK; generation++)
    st = add_probes(r, generation);
  if (st != ADV_OK)
    return st;
  adv_postings_find(&r->postings, r->probes, r->probe_count);
  for (i = 0; i < r->probe_count && st == ADV_OK; i++)
    st = adv_postings_each(&r->probes[i], scan, r);
  return st;
}

/* Sets `nearest` to the nearest of the candidates. */
static void compare(rouge *r, int64_t before, adv_nearest *nearest)
{
  size_t i;

  for (i = 0; i < r->candidates.count; i++) {
    const item *other = at(r, r->candidates.handles[i]);
    uint32_t shorter = other->len < r->text.len ? other->len : r->text.len;
    double best = nearest->found ? nearest->score : r->threshold, score;

    if (other->id >= before ||
        adv_overlap_score(shorter, r->text.len, other->len) < best)
      continue;
    score = adv_overlap_score(adv_lcs_length(&r->lcs, other->words, other->len),
                              r->text.len, other->len);
    if (score > best ||
        (nearest->found && score == best && other->id < nearest->id))
      *nearest = (adv_nearest){.found = true, .id = other->id, .score = score};
  }
}

static adv_status rouge_nearest(adv_dedup *d, const char *text, size_t len,
                                int64_t before, adv_nearest *nearest)
{
  rouge *r = (rouge *)d;
  adv_status st = adv_wording_take(&r->text, &r->dictionary, text, len);

  if (st != ADV_OK || r->kept == 0 || !set_limits(r))
    return st;
  st = gather(r);
  if (st == ADV_OK && r->candidates.count > 0)
    st = adv_lcs_set(&r->lcs, r->text.words, r->text.len);
  if (st == ADV_OK && r->candidates.count > 0)
    compare(r, before, nearest);
  return st;
}

/* ---- adding ---- */

static uint32_t sequence_hash(const rouge *r)
{
  return (uint32_t)XXH3_64bits(r->text.words,
                               r->text.len * sizeof(*r->text.words));
}

/* Whether a text with these words is kept: a second one would never be the
 * nearest. */
static bool has_equal(const rouge *r, uint32_t hash)
{
  const adv_bucket *b;
  unsigned hits;

  for (b = adv_buckets_home(&r->sequences, hash); b;
       b = adv_buckets_next(&r->sequences, b))
    for (hits = adv_bucket_hits(b, hash); hits; hits &= hits - 1) {
      const item *other = at(r, b->values[__builtin_ctz(hits)]);

      if (other->len == r->text.len &&
          memcmp(other->words, r->text.words,
                 r->text.len * sizeof(*r->text.words)) == 0)
        return true;
    }
  return false;
}

/* Makes room in the lists of the prefix. */
static adv_status reserve_postings(rouge *r, unsigned generation)
{
  uint32_t prefix = prefix_length(r), i;
  adv_status st = ADV_OK;

  for (i = 0; i < prefix && st == ADV_OK; i++)
    if (i == 0 || r->text.order[i] != r->text.order[i - 1])
      st =
          adv_postings_reserve(&r->postings, ADV_WORDING_WORD(r->text.order[i]),
                               generation, adv_length_class(r->text.len));
  return st;
}

static void keep(rouge *r, int64_t id, unsigned generation, uint32_t hash)
{
  size_t bytes = r->text.len * sizeof(*r->text.words);
  uint32_t handle = adv_arena_take(&r->items, sizeof(item) + bytes), i;
  uint32_t prefix = prefix_length(r);
  adv_posting posting = {.signature = r->text.signature,
                         .signature2 = r->text.signature2,
                         .length_class = (uint8_t)adv_length_class(r->text.len),
                         .item = handle};
  item *new = at(r, handle);

  new->id = id;
  new->len = r->text.len;
  memcpy(new->words, r->text.words, bytes);
  for (i = 0; i < prefix; i++) {
    uint32_t reach;

    if (i > 0 && r->text.order[i] == r->text.order[i - 1])
      continue;
    reach = adv_overlap_longest(r->threshold, r->text.len - i, r->text.len);
    posting.reach = (uint8_t)adv_length_class(reach);
    adv_postings_add(&r->postings, ADV_WORDING_WORD(r->text.order[i]),
                     generation, &posting);
  }
  /* Each word once: the order has equal ones side by side. */
  for (i = 0; i < r->text.len; i++)
    if (i == 0 || r->text.order[i] != r->text.order[i - 1])
      adv_dictionary_count(&r->dictionary, ADV_WORDING_WORD(r->text.order[i]),
                           generation);
  adv_buckets_add(&r->sequences, hash, handle);
  r->kept++;
}

static adv_status rouge_add(adv_dedup *d, const char *text, size_t len,
                            int64_t id)
{
  rouge *r = (rouge *)d;
  unsigned generation = generation_of(r->kept);
  uint32_t hash;
  adv_status st;

  if (r->base.count > 0 && id < r->last_id)
    return ADV_EINVAL;
  st = adv_wording_take(&r->text, &r->dictionary, text, len);
  if (st == ADV_OK)
    st = adv_wording_learn(&r->text, &r->dictionary);
  if (st == ADV_OK)
    st = adv_buckets_reserve(&r->sequences, 1);
  if (st != ADV_OK)
    return st;
  hash = sequence_hash(r);
  if (r->text.len > 0 && !has_equal(r, hash)) {
    adv_wording_sort(&r->text, &r->dictionary, generation);
    st = adv_arena_reserve(&r->items,
                           sizeof(item) + r->text.len * sizeof(*r->text.words));
    if (st == ADV_OK)
      st = reserve_postings(r, generation);
    if (st != ADV_OK)
      return st;
    keep(r, id, generation, hash);
  }
  r->last_id = id;
  return ADV_OK;
}

static void rouge_free(adv_dedup *d)
{
  rouge *r = (rouge *)d;

  adv_dictionary_free(&r->dictionary);
  adv_postings_free(&r->postings);
  adv_buckets_free(&r->sequences);
  adv_arena_free(&r->items);
  adv_candidates_free(&r->candidates);
  adv_lcs_free(&r->lcs);
  adv_wording_free(&r->text);
  free(r->probes);
  free(r);
}

static const adv_dedup_engine engine = {rouge_nearest, rouge_add, rouge_free};

adv_status adv_dedup_rouge(adv_dedup **out, double threshold)
{
  rouge *r;

  if (!(threshold >= 0 && threshold <= 1))
    return ADV_EINVAL;
  r = calloc(1, sizeof(*r));
  if (!r)
    return ADV_ENOMEM;
  r->base.engine = &engine;
  r->threshold = threshold;
  adv_dictionary_init(&r->dictionary);
  adv_postings_init(&r->postings);
  adv_buckets_init(&r->sequences);
  adv_arena_init(&r->items, 4);
  adv_wording_init(&r->text, false);
  *out = &r->base;
  return ADV_OK;
}
