/* heap.h - small blocks for one owner on one thread, who says the size of each
 * block when it is given back, as Lua does.
 *
 * Blocks of one size are handed out again in any number: nothing is merged, and
 * a burst of frees, as a garbage collector makes it, costs a few instructions
 * a block. What was once in use stays with the heap. Larger blocks are the C
 * library's. */
#ifndef ADV_HEAP_H
#define ADV_HEAP_H

#include <stddef.h>

enum { ADV_HEAP_SMALL = 512, ADV_HEAP_STEP = 16 };

/* All zeroes: empty. */
typedef struct adv_heap {
  void *idle[ADV_HEAP_SMALL / ADV_HEAP_STEP];
  char *at, *end; /* of the slab that is being cut */
  void *slabs;
} adv_heap;

/* A lua_Alloc; `ud` is the heap. `old` is the size that the block was asked
 * for with, whatever it is for no block; `size` 0 frees. NULL: no memory, and
 * the block is as it was. */
void *adv_heap_alloc(void *ud, void *block, size_t old, size_t size);

/* Gives all small blocks back at once. */
void adv_heap_free(adv_heap *h);

#endif
