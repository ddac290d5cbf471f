#include "base/heap.h"

#include <stdlib.h>
#include <string.h>

enum { SLAB = 64 << 10 };

/* Index of the blocks that hold `size` bytes, 1 to ADV_HEAP_SMALL. */
static size_t kind_of(size_t size)
{
  return (size - 1) / ADV_HEAP_STEP;
}

static int is_small(size_t size)
{
#ifdef __SANITIZE_ADDRESS__ /* which watches over the C library's blocks only \
                             */
  return size == 0;
#else
  return size <= ADV_HEAP_SMALL;
#endif
}

static void keep(adv_heap *h, void *block, size_t size)
{
  void **idle = &h->idle[kind_of(size)];

  *(void **)block = *idle;
  *idle = block;
}

/* What is left of a slab becomes blocks, so that nothing is lost. */
static int add_slab(adv_heap *h)
{
  char *slab;

  for (size_t left = (size_t)(h->end - h->at); left > 0;
       left = (size_t)(h->end - h->at)) {
    size_t size = left < ADV_HEAP_SMALL ? left : ADV_HEAP_SMALL;

    keep(h, h->at, size);
    h->at += size;
  }
  slab = malloc(SLAB);
  if (!slab)
    return 0;
  *(void **)(void *)slab = h->slabs;
  h->slabs = slab;
  h->at = slab + ADV_HEAP_STEP;
  h->end = slab + SLAB;
  return 1;
}

static void *take(adv_heap *h, size_t size)
{
  size_t kind = kind_of(size);
  void *block = h->idle[kind];

  if (block) {
    h->idle[kind] = *(void **)block;
    return block;
  }
  size = (kind + 1) * ADV_HEAP_STEP;
  if (size > (size_t)(h->end - h->at) && !add_slab(h))
    return NULL;
  block = h->at;
  h->at += size;
  return block;
}

static void *allocate(adv_heap *h, size_t size)
{
  return is_small(size) ? take(h, size) : malloc(size);
}

static void release(adv_heap *h, void *block, size_t size)
{
  if (is_small(size))
    keep(h, block, size);
  else
    free(block);
}

void *adv_heap_alloc(void *ud, void *block, size_t old, size_t size)
{
  adv_heap *h = ud;
  void *moved;

  if (!block)
    return size ? allocate(h, size) : NULL;
  if (size == 0) {
    release(h, block, old);
    return NULL;
  }
  if (!is_small(old) && !is_small(size))
    return realloc(block, size);
  if (is_small(old) && is_small(size) && kind_of(old) == kind_of(size))
    return block;
  moved = allocate(h, size);
  if (moved) {
    memcpy(moved, block, old < size ? old : size);
    release(h, block, old);
  }
  return moved;
}

void adv_heap_free(adv_heap *h)
{
  while (h->slabs) {
    void *before = *(void **)h->slabs;

    free(h->slabs);
    h->slabs = before;
  }
  *h = (adv_heap){0};
}
