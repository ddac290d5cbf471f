#include "dedup/postings.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A list of this many postings is parted. */
#define FLAT_MAX 128

/* One run of any order, or, once parted, an array of runs by class. */
typedef struct adv_list {
  uint32_t word;
  uint16_t generation;
  bool is_parted;
  uint8_t first_class; /* of the array */
  uint32_t run_count;  /* in the array */
  union {
    adv_run flat;
    adv_run *runs;
  };
} adv_list;

_Static_assert(sizeof(adv_list) == 32, "a list is one granule");

unsigned adv_length_class(uint32_t length)
{
  unsigned octave;

  if (length < 64)
    return length;
  octave = 31 - (unsigned)__builtin_clz(length);
  return 64 + 8 * (octave - 6) + (length >> (octave - 3) & 7);
}

uint32_t adv_length_class_least(unsigned length_class)
{
  unsigned beyond = length_class - 64;

  if (length_class < 64)
    return length_class;
  return (8 + beyond % 8) << (beyond / 8 + 3);
}

void adv_postings_init(adv_postings *p)
{
  adv_buckets_init(&p->index);
  adv_arena_init(&p->lists, 5);
}

static uint32_t hash(uint32_t word, unsigned generation)
{
  uint64_t key = (uint64_t)word << 8 | generation;

  key *= UINT64_C(0x9fb21c651e98df25);
  return (uint32_t)(key >> 32) ^ (uint32_t)(key >> 17);
}

static adv_list *find(const adv_postings *p, uint32_t word, unsigned generation)
{
  uint32_t key = hash(word, generation);
  const adv_bucket *b;
  unsigned hits;

  if (p->index.entries == 0)
    return NULL;
  for (b = adv_buckets_home(&p->index, key); b;
       b = adv_buckets_next(&p->index, b))
    for (hits = adv_bucket_hits(b, key); hits; hits &= hits - 1) {
      adv_list *l = adv_arena_at(&p->lists, b->values[__builtin_ctz(hits)]);

      if (l->word == word && l->generation == generation)
        return l;
    }
  return NULL;
}

/* The length of a run's beginning with a reach of at least `reach`. */
static uint32_t reaching(const adv_run *r, unsigned reach)
{
  uint32_t low = 0, high = r->count;

  while (low < high) {
    uint32_t mid = low + (high - low) / 2;

    if (r->postings[mid].reach >= reach)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

/* The runs of a parted list that a probe wants: [*begin, *end). */
static void cut(const adv_probe *probe, unsigned *begin, unsigned *end)
{
  const adv_list *l = probe->list;
  unsigned last = probe->most_class - (unsigned)l->first_class + 1;

  *begin = probe->least_class > l->first_class
               ? (unsigned)probe->least_class - l->first_class
               : 0;
  *end = probe->most_class < l->first_class ? 0
         : last < l->run_count              ? last
                                            : l->run_count;
}

/* The start of a run, if the probe wants it. What comes behind, the machine
 * fetches by itself. */
static void fetch(const adv_probe *probe, const adv_run *r)
{
  if (r->reach >= probe->reach)
    __builtin_prefetch(r->postings);
}

void adv_postings_find(const adv_postings *p, adv_probe *probes, size_t count)
{
  unsigned run, end, hits;
  const adv_bucket *b;
  uint32_t key;
  size_t i;

  if (p->index.entries == 0)
    return;
  for (i = 0; i < count; i++)
    __builtin_prefetch(adv_buckets_home(
        &p->index, hash(probes[i].word, probes[i].generation)));
  for (i = 0; i < count; i++) {
    key = hash(probes[i].word, probes[i].generation);
    b = adv_buckets_home(&p->index, key);
    hits = adv_bucket_hits(b, key);
    if (hits)
      __builtin_prefetch(
          adv_arena_at(&p->lists, b->values[__builtin_ctz(hits)]));
  }
  for (i = 0; i < count; i++) {
    const adv_list *l = find(p, probes[i].word, probes[i].generation);

    probes[i].list = l;
    if (l && l->is_parted) {
      cut(&probes[i], &run, &end);
      for (; run < end; run += 4)
        __builtin_prefetch(&l->runs[run]);
    } else if (l) {
      fetch(&probes[i], &l->flat);
    }
  }
  for (i = 0; i < count; i++) {
    const adv_list *l = probes[i].list;

    if (!l || !l->is_parted)
      continue;
    cut(&probes[i], &run, &end);
    for (; run < end; run++)
      fetch(&probes[i], &l->runs[run]);
  }
}

adv_status adv_postings_each(const adv_probe *probe, adv_postings_scan scan,
                             void *ud)
{
  const adv_list *l = probe->list;
  adv_status st = ADV_OK;
  unsigned run = 0, end = 1;
  const adv_run *runs;

  if (!l)
    return ADV_OK;
  runs = l->is_parted ? l->runs : &l->flat;
  if (l->is_parted)
    cut(probe, &run, &end);
  for (; run < end && st == ADV_OK; run++)
    if (runs[run].count > 0 && runs[run].reach >= probe->reach)
      st = scan(ud, &runs[run], probe->most_class);
  return st;
}

/* How many postings fit with some value of `room`: 0, 1, 2, 3, 4, 6, 8, 12 and
 * so on. */
static uint32_t capacity(unsigned room)
{
  return room < 2 ? room : (2 + (room & 1)) << (room - 2) / 2;
}

/* Room for one more. */
static adv_status widen(adv_run *r)
{
  adv_posting *grown;

  if (r->count < capacity(r->room))
    return ADV_OK;
  if (r->count >= UINT32_MAX / 2)
    return ADV_ELIMIT;
  grown = realloc(r->postings, capacity(r->room + 1u) * sizeof(*grown));
  if (!grown)
    return ADV_ENOMEM;
  r->postings = grown;
  r->room++;
  return ADV_OK;
}

/* Later postings of one reach come behind earlier ones. */
static void insert(adv_run *r, const adv_posting *posting)
{
  uint32_t at = reaching(r, posting->reach);

  memmove(r->postings + at + 1, r->postings + at,
          (r->count - at) * sizeof(*posting));
  r->postings[at] = *posting;
  r->count++;
  r->reach = r->postings[0].reach;
}

/* Makes the array of runs cover a class. */
static adv_status cover(adv_list *l, unsigned length_class)
{
  unsigned first = l->first_class, end = first + l->run_count, i;
  adv_run *runs;

  if (l->run_count > 0 && length_class >= first && length_class < end)
    return ADV_OK;
  if (l->run_count == 0)
    first = end = length_class;
  if (length_class < first)
    first = length_class;
  if (length_class >= end)
    end = length_class + 1;
  runs = calloc(end - first, sizeof(*runs));
  if (!runs)
    return ADV_ENOMEM;
  for (i = 0; i < l->run_count; i++)
    runs[l->first_class - first + i] = l->runs[i];
  free(l->runs);
  l->runs = runs;
  l->first_class = (uint8_t)first;
  l->run_count = end - first;
  return ADV_OK;
}

static void free_runs(adv_list *l)
{
  uint32_t i;

  for (i = 0; i < l->run_count; i++)
    free(l->runs[i].postings);
  free(l->runs);
}

/* From one run to many; on failure the list stays as it was. */
static adv_status part(adv_list *l)
{
  adv_list parted = *l;
  uint32_t i;

  parted.is_parted = true;
  parted.run_count = 0;
  parted.runs = NULL;
  for (i = 0; i < l->flat.count; i++) {
    const adv_posting *posting = &l->flat.postings[i];
    adv_status st = cover(&parted, posting->length_class);
    adv_run *r;

    if (st == ADV_OK) {
      r = &parted.runs[posting->length_class - parted.first_class];
      st = widen(r);
    }
    if (st != ADV_OK) {
      free_runs(&parted);
      return st;
    }
    insert(r, posting);
  }
  free(l->flat.postings);
  *l = parted;
  return ADV_OK;
}

adv_status adv_postings_reserve(adv_postings *p, uint32_t word,
                                unsigned generation, unsigned length_class)
{
  adv_list *l = find(p, word, generation);
  adv_status st = ADV_OK;
  uint32_t handle;

  if (!l) {
    st = adv_buckets_reserve(&p->index, 1);
    if (st == ADV_OK)
      st = adv_arena_reserve(&p->lists, sizeof(*l));
    if (st != ADV_OK)
      return st;
    handle = adv_arena_take(&p->lists, sizeof(*l));
    l = adv_arena_at(&p->lists, handle);
    l->word = word;
    l->generation = (uint16_t)generation;
    adv_buckets_add(&p->index, hash(word, generation), handle);
  }
  if (!l->is_parted && l->flat.count < FLAT_MAX)
    return widen(&l->flat);
  if (!l->is_parted)
    st = part(l);
  if (st == ADV_OK)
    st = cover(l, length_class);
  if (st == ADV_OK)
    st = widen(&l->runs[length_class - l->first_class]);
  return st;
}

void adv_postings_add(adv_postings *p, uint32_t word, unsigned generation,
                      const adv_posting *posting)
{
  adv_list *l = find(p, word, generation);

  assert(l); /* the reservation made it */
  if (l->is_parted)
    insert(&l->runs[posting->length_class - l->first_class], posting);
  else
    insert(&l->flat, posting);
}

void adv_postings_free(adv_postings *p)
{
  uint32_t handle;

  for (handle = 1; handle < p->lists.used; handle++) {
    adv_list *l = adv_arena_at(&p->lists, handle);

    if (l->is_parted)
      free_runs(l);
    else
      free(l->flat.postings);
  }
  adv_buckets_free(&p->index);
  adv_arena_free(&p->lists);
}
