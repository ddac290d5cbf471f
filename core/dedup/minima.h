/* minima.h - the inner loops of MinHash, in the forms that the machine at hand
 * is best at. All forms give the same numbers. */
#ifndef ADV_DEDUP_MINIMA_H
#define ADV_DEDUP_MINIMA_H

#include <stddef.h>
#include <stdint.h>

/* Minima are computed in blocks of this many. */
#define ADV_MINIMA_BLOCK 32

/* For each of `k` odd multipliers m, the least m * h mod 2^32 over the hashes
 * h. `k` is a multiple of ADV_MINIMA_BLOCK, and the arrays of `k` numbers are
 * aligned to 64 bytes. */
typedef void (*adv_minima_fn)(const uint32_t *hashes, size_t n,
                              const uint32_t *multipliers, uint32_t *minima,
                              size_t k);

/* The form for this machine. */
adv_minima_fn adv_minima_choose(void);

/* All forms that run on this machine, ended by NULL: for tests. Static. */
const adv_minima_fn *adv_minima_forms(void);

#endif
