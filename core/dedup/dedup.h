/* dedup.h - "which kept item is nearest, and how near": one interface for all
 * duplicate engines.
 *
 * An engine is online and deterministic: items are asked about, then added,
 * in commit order; the same order gives the same answers. Exact duplicates
 * are the first engine. Plain C, no I/O. */
#ifndef ADV_DEDUP_H
#define ADV_DEDUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef struct adv_dedup adv_dedup;

typedef struct adv_nearest {
  bool found;   /* something scores at or above the threshold */
  int64_t id;   /* as given to adv_dedup_add() */
  double score; /* 1.0: equal */
} adv_nearest;

/* Appends the normal form in which texts are compared: Unicode NFKC, case
 * folded (utf8proc), every run of white space one space, none at the ends.
 * Ill-formed UTF-8 is repaired first. On failure `out` may hold a part of the
 * result. */
ADV_MUST_CHECK adv_status adv_dedup_normalize(adv_buf *out, const char *text,
                                              size_t len);

/* Exact equality of normal forms. The caller owns *out. */
ADV_MUST_CHECK adv_status adv_dedup_exact(adv_dedup **out);

/* The nearest of the items added so far with an id below `before`, as if later
 * ones were not there (INT64_MAX: all); of equals, the one added first. Ids
 * are added in rising order. */
ADV_MUST_CHECK adv_status adv_dedup_nearest(adv_dedup *d, const char *text,
                                            size_t len, int64_t before,
                                            adv_nearest *nearest);

/* Adds an item under the caller's id. */
ADV_MUST_CHECK adv_status adv_dedup_add(adv_dedup *d, const char *text,
                                        size_t len, int64_t id);

size_t adv_dedup_count(const adv_dedup *d);
void adv_dedup_free(adv_dedup *d); /* NULL is fine */

#endif
