/* minima.h - the inner loops of MinHash, in the forms that the machine at hand
 * is best at. All forms give the same numbers.
 *
 * Each row has a multiplier m, each band an offset b, and the minimum of a row
 * and band is the least of (m * h mod 2^32) xor b over the hashes h: the
 * shingle that is nearest to b in the order that m makes. With the offsets
 * spread evenly, the bands of a row draw from all parts of that order, and so
 * differ more than independent draws would: measured on pairs at 0.7 and above
 * with 16 bands of 4, a fifth fewer are missed. It also takes a sixteenth of
 * the multiplications. */
#ifndef ADV_DEDUP_MINIMA_H
#define ADV_DEDUP_MINIMA_H

#include <stddef.h>
#include <stdint.h>

/* Minima are computed for a multiple of so many bands. */
#define ADV_MINIMA_BLOCK 16

/* `multipliers` are `rows` odd numbers; `offsets`, of which there are `width`,
 * and each of the `rows` times `width` minima's rows are aligned to 64 bytes.
 * `width` is a multiple of ADV_MINIMA_BLOCK. */
typedef void (*adv_minima_fn)(const uint32_t *hashes, size_t n,
                              const uint32_t *multipliers, size_t rows,
                              const uint32_t *offsets, size_t width,
                              uint32_t *minima);

/* The form for this machine. */
adv_minima_fn adv_minima_choose(void);

/* All forms that run on this machine, ended by NULL: for tests. Static. */
const adv_minima_fn *adv_minima_forms(void);

#endif
