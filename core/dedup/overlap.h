/* overlap.h - the arithmetic of "F1 above a threshold", without rounding.
 *
 * With LCS = x, texts of m and n words score 2x / (m + n) in double precision;
 * all limits below are by that very expression, so that a filter by them loses
 * nothing that a scan finds. */
#ifndef ADV_DEDUP_OVERLAP_H
#define ADV_DEDUP_OVERLAP_H

#include <stdint.h>

/* No text has more words. */
#define ADV_OVERLAP_LENGTH_MAX ((UINT32_C(1) << 30) - 1)

double adv_overlap_score(uint64_t common, uint64_t m, uint64_t n);

/* The least number of common words that scores above the threshold; more than
 * the shorter has, if nothing does. */
uint64_t adv_overlap_least(double threshold, uint64_t m, uint64_t n);

/* The length of the longest text that, with `common` words in common, scores
 * above the threshold with one of `n` words; 0 if there is none. */
uint32_t adv_overlap_longest(double threshold, uint64_t common, uint64_t n);

/* The length of the shortest text that can score above the threshold with one
 * of `n` words, which is up to n; 0 if none can. */
uint32_t adv_overlap_shortest(double threshold, uint64_t n);

#endif
