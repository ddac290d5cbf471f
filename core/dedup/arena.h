/* arena.h - memory that only grows, under 32-bit handles.
 *
 * It comes from the system in segments of 2 MiB, so nothing is ever moved and
 * growth never pauses. Not in huge pages: one takes 0.2 ms to be cleared, and
 * in a virtual machine 4 ms to be had, and it gained nothing measurable. One
 * owner; not thread-safe. */
#ifndef ADV_DEDUP_ARENA_H
#define ADV_DEDUP_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define ADV_ARENA_SEGMENT_SHIFT 21

/* Handles are below 2^31, and 0 is never one. */
#define ADV_ARENA_HANDLE_MAX 0x7fffffffu

typedef struct adv_arena {
  char **segments;
  size_t count; /* of segments */
  size_t cap;
  uint32_t used;      /* granules handed out or skipped */
  uint32_t populated; /* granules that the system has been asked for */
  unsigned shift;     /* a granule has 2^shift bytes */
} adv_arena;

/* Allocates nothing. */
void adv_arena_init(adv_arena *a, unsigned shift);

/* Makes sure that takes of up to `bytes` together, each of one granule, or one
 * take of `bytes` cannot fail. */
ADV_MUST_CHECK adv_status adv_arena_reserve(adv_arena *a, size_t bytes);

/* Hands out reserved memory, zeroed, contiguous and aligned to a granule. */
uint32_t adv_arena_take(adv_arena *a, size_t bytes);

/* Frees everything; the arena can be used again. */
void adv_arena_free(adv_arena *a);

static inline void *adv_arena_at(const adv_arena *a, uint32_t handle)
{
  unsigned in_segment = ADV_ARENA_SEGMENT_SHIFT - a->shift;

  return a->segments[handle >> in_segment] +
         ((size_t)(handle & ((1u << in_segment) - 1)) << a->shift);
}

/* Gets `bytes` zeroed bytes from the system, aligned to 2 MiB, in huge pages
 * where `huge` and the system allow it; NULL if there are none. */
void *adv_pages_new(size_t bytes, bool huge);
void adv_pages_free(void *pages, size_t bytes); /* NULL is fine */

#endif
