/* dots.h - dot products of vectors, in the forms that the machine at hand is
 * best at. */
#ifndef ADV_DEDUP_DOTS_H
#define ADV_DEDUP_DOTS_H

#include <stddef.h>
#include <stdint.h>

/* Lengths are multiples of this, and arrays aligned to 64 bytes. */
#define ADV_DOTS_BLOCK 64

/* The products of one vector of 16-bit numbers with `count` of 8-bit ones,
 * which follow each other; exact in all forms, if no sum leaves 32 bits. */
typedef void (*adv_dots_codes_fn)(const int16_t *query, const int8_t *codes,
                                  size_t len, size_t count, int32_t *dots);

/* The product of two vectors of floats. In every form, each term goes through
 * no more than len / 8 + 8 roundings. */
typedef float (*adv_dots_floats_fn)(const float *a, const float *b, size_t len);

typedef struct adv_dots {
  adv_dots_codes_fn codes;
  adv_dots_floats_fn floats;
} adv_dots;

/* The forms for this machine. Static. */
const adv_dots *adv_dots_choose(void);

/* All forms that run on this machine, for tests. Static. */
const adv_dots *adv_dots_forms(size_t *count);

#endif
