#include "base/rng.h"

#include <xxhash.h>

/* The halves of the hashes are taken as numbers, highest first, which is their
 * canonical order: the byte order of the machine plays no part. A state of
 * zeros only, which xoshiro cannot leave, would take a chance of 2^-256. */
void adv_rng_seed(adv_rng *rng, const char *name, size_t len)
{
  XXH128_hash_t first = XXH3_128bits_withSeed(name, len, 0);
  XXH128_hash_t second = XXH3_128bits_withSeed(name, len, 1);

  rng->s[0] = first.high64;
  rng->s[1] = first.low64;
  rng->s[2] = second.high64;
  rng->s[3] = second.low64;
}

static uint64_t rotate_left(uint64_t x, int bits)
{
  return (x << bits) | (x >> (64 - bits));
}

uint64_t adv_rng_next(adv_rng *rng)
{
  uint64_t *s = rng->s;
  uint64_t result = rotate_left(s[1] * 5, 7) * 9;
  uint64_t shifted = s[1] << 17;

  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = rotate_left(s[3], 45);
  return result;
}

uint64_t adv_rng_below(adv_rng *rng, uint64_t bound)
{
  /* 2^64 modulo `bound`: without that many values, the rest divides evenly. */
  uint64_t least = (0 - bound) % bound;
  uint64_t value;

  do
    value = adv_rng_next(rng);
  while (value < least);
  return value % bound;
}

double adv_rng_unit(adv_rng *rng)
{
  return (double)(adv_rng_next(rng) >> 11) * 0x1.0p-53;
}
