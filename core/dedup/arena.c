#include "dedup/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Memory is populated in portions of this size. */
#define PORTION ((size_t)64 << 10)

#define SEGMENT ((size_t)1 << ADV_ARENA_SEGMENT_SHIFT)

/* What is beyond the aligned part goes back at once. */
void *adv_pages_new(size_t bytes, bool huge)
{
  size_t page = 4096, head;
  char *p;

  if (bytes > SIZE_MAX / 2)
    return NULL;
  bytes = (bytes + page - 1) / page * page;
  p = mmap(NULL, bytes + SEGMENT, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED)
    return NULL;
  head = (SEGMENT - (uintptr_t)p % SEGMENT) % SEGMENT;
  if (head)
    munmap(p, head);
  if (SEGMENT - head)
    munmap(p + head + bytes, SEGMENT - head);
#ifdef MADV_HUGEPAGE
  if (huge)
    madvise(p + head, bytes, MADV_HUGEPAGE);
#else
  (void)huge;
#endif
  return p + head;
}

void adv_pages_free(void *pages, size_t bytes)
{
  if (pages)
    munmap(pages, (bytes + 4095) / 4096 * 4096);
}

void adv_arena_init(adv_arena *a, unsigned shift)
{
  *a = (adv_arena){.used = 1, .shift = shift};
}

static size_t granules(const adv_arena *a, size_t bytes)
{
  return (bytes >> a->shift) + ((bytes & (((size_t)1 << a->shift) - 1)) != 0);
}

/* The first granule of the next take: what does not fit into the rest of a
 * segment begins with the next one. */
static size_t start(const adv_arena *a, size_t n)
{
  size_t per = SEGMENT >> a->shift, rest = per - a->used % per;

  return n <= rest ? a->used : a->used + rest;
}

/* Maps `more` segments at once; together they are contiguous. */
static adv_status map(adv_arena *a, size_t more)
{
  char *pages;
  size_t i;

  if (a->count + more > a->cap) {
    size_t cap = 2 * (a->count + more);
    char **grown = realloc(a->segments, cap * sizeof(*grown));

    if (!grown)
      return ADV_ENOMEM;
    a->segments = grown;
    a->cap = cap;
  }
  pages = adv_pages_new(more * SEGMENT, false);
  if (!pages)
    return ADV_ENOMEM;
  for (i = 0; i < more; i++)
    a->segments[a->count++] = pages + i * SEGMENT;
  return ADV_OK;
}

/* Asks the system for the memory ahead of what is used, some pages at once:
 * by one fault for each it takes much longer. Where this is not possible, the
 * faults do it. */
static void populate(adv_arena *a)
{
#ifdef MADV_POPULATE_WRITE
  size_t per = SEGMENT >> a->shift, portion = PORTION >> a->shift;
  size_t from = a->populated > a->used ? a->populated : a->used;

  from -= from % portion;
  if (from < a->count * per)
    madvise(adv_arena_at(a, (uint32_t)from), PORTION, MADV_POPULATE_WRITE);
  a->populated = (uint32_t)(from + portion);
#else
  a->populated = UINT32_MAX;
#endif
}

adv_status adv_arena_reserve(adv_arena *a, size_t bytes)
{
  size_t per = SEGMENT >> a->shift, n = granules(a, bytes), first, segments;
  adv_status st = ADV_OK;

  if (n > ADV_ARENA_HANDLE_MAX)
    return ADV_ELIMIT;
  first = start(a, n);
  if (first + n > ADV_ARENA_HANDLE_MAX)
    return ADV_ELIMIT;
  segments = (first + n + per - 1) / per;
  if (segments > a->count) {
    /* A long piece needs its segments in a row: one that an earlier reserve
     * left behind is no use. */
    if (n > per)
      while (a->count > first / per)
        adv_pages_free(a->segments[--a->count], SEGMENT);
    st = map(a, segments - a->count);
  }
  if (st == ADV_OK && first + n > a->populated)
    populate(a);
  return st;
}

uint32_t adv_arena_take(adv_arena *a, size_t bytes)
{
  size_t n = granules(a, bytes), first = start(a, n);

  a->used = (uint32_t)(first + n);
  return (uint32_t)first;
}

void adv_arena_free(adv_arena *a)
{
  size_t i;

  for (i = 0; i < a->count; i++)
    adv_pages_free(a->segments[i], SEGMENT);
  free(a->segments);
  adv_arena_init(a, a->shift);
}
