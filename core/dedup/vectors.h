/* vectors.h - "which kept vector is nearest, and how near", by cosine: the
 * interface of dedup.h for embeddings.
 *
 * Exact: what is found is what a scan in double precision finds. Online,
 * deterministic, rebuilt by adding again in order. Memory: 5 bytes for each
 * dimension and 32 for each vector. Plain C, no I/O. */
#ifndef ADV_DEDUP_VECTORS_H
#define ADV_DEDUP_VECTORS_H

#include "dedup/dedup.h"

typedef struct adv_dedup_vectors adv_dedup_vectors;

#define ADV_VECTORS_DIMENSIONS_MAX 65536

/* What scores `threshold` or more is near (-1: everything). ADV_EINVAL: no
 * dimensions, too many, or a threshold that is not from -1 to 1. The caller
 * owns *out. */
ADV_MUST_CHECK adv_status adv_dedup_vectors_new(adv_dedup_vectors **out,
                                                size_t dimensions,
                                                double threshold);

/* The nearest of the vectors added so far with an id below `before`; of equals
 * the one added first. The score is the cosine, in double precision: sums of
 * products in order of the dimensions, divided by the roots of the sums of
 * squares. ADV_EINVAL: a vector that has no direction, for a number is not
 * finite or the length not from 10^-15 to 10^15. */
ADV_MUST_CHECK adv_status adv_dedup_vectors_nearest(adv_dedup_vectors *v,
                                                    const float *vector,
                                                    int64_t before,
                                                    adv_nearest *nearest);

/* Adds a vector under the caller's id, which is not below one added before:
 * ADV_EINVAL, as for a vector without direction. On failure all is as
 * before. */
ADV_MUST_CHECK adv_status adv_dedup_vectors_add(adv_dedup_vectors *v,
                                                const float *vector,
                                                int64_t id);

size_t adv_dedup_vectors_dimensions(const adv_dedup_vectors *v);
size_t adv_dedup_vectors_count(const adv_dedup_vectors *v);
void adv_dedup_vectors_free(adv_dedup_vectors *v); /* NULL is fine */

#endif
