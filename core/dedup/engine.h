/* engine.h - what an engine brings to dedup.h.
 *
 * An engine's struct begins with an adv_dedup, and its constructor sets
 * `engine`. Only the engines and dedup.c include this. */
#ifndef ADV_DEDUP_ENGINE_H
#define ADV_DEDUP_ENGINE_H

#include "dedup/dedup.h"

typedef struct adv_dedup_engine {
  /* Sets `nearest` if something with an id below `before` is near enough; it
   * comes in as not found. */
  adv_status (*nearest)(adv_dedup *d, const char *text, size_t len,
                        int64_t before, adv_nearest *nearest);
  /* On failure the engine is as before. */
  adv_status (*add)(adv_dedup *d, const char *text, size_t len, int64_t id);
  void (*free)(adv_dedup *d); /* frees `d` as well */
} adv_dedup_engine;

struct adv_dedup {
  const adv_dedup_engine *engine;
  size_t count; /* of items added; dedup.c keeps it */
};

#endif
