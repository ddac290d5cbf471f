/* rng.h - named streams of random numbers: the same on every machine.
 *
 * A stream is named by whatever decides it: run seed, round, stage, lane,
 * purpose. Equal names give equal numbers; different names, independent ones.
 * xoshiro256** (Blackman and Vigna, 2018), seeded by two XXH3-128 hashes of
 * the name. Plain value type; copying it forks the stream. */
#ifndef ADV_RNG_H
#define ADV_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct adv_rng {
  uint64_t s[4];
} adv_rng;

/* `name` is any bytes, by convention "seed/round/stage/lane/purpose". */
void adv_rng_seed(adv_rng *rng, const char *name, size_t len);

/* Uniform over all 64-bit values. */
uint64_t adv_rng_next(adv_rng *rng);

/* Uniform over 0 … bound-1, without bias (rejection). `bound` > 0. */
uint64_t adv_rng_below(adv_rng *rng, uint64_t bound);

/* Uniform over [0, 1), 53 bits. */
double adv_rng_unit(adv_rng *rng);

#endif
