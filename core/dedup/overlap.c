#include "dedup/overlap.h"

/* Each limit is estimated and then set right by the score itself, which rises
 * with `common` and falls with the lengths. */

double adv_overlap_score(uint64_t common, uint64_t m, uint64_t n)
{
  return m + n > 0 ? 2.0 * (double)common / (double)(m + n) : 0.0;
}

uint64_t adv_overlap_least(double threshold, uint64_t m, uint64_t n)
{
  uint64_t x = (uint64_t)(threshold * (double)(m + n) / 2);

  while (x > 0 && adv_overlap_score(x, m, n) > threshold)
    x--;
  while (m + n > 0 && !(adv_overlap_score(x, m, n) > threshold))
    x++;
  return x;
}

uint32_t adv_overlap_longest(double threshold, uint64_t common, uint64_t n)
{
  double estimate = 2.0 * (double)common / threshold - (double)n;
  uint64_t m;

  if (common == 0)
    return 0;
  if (!(estimate < ADV_OVERLAP_LENGTH_MAX - 1))
    return ADV_OVERLAP_LENGTH_MAX;
  m = estimate > 0 ? (uint64_t)estimate : 0;
  while (adv_overlap_score(common, m + 1, n) > threshold)
    m++;
  while (m > 0 && !(adv_overlap_score(common, m, n) > threshold))
    m--;
  return (uint32_t)m;
}

uint32_t adv_overlap_shortest(double threshold, uint64_t n)
{
  uint64_t m = (uint64_t)(threshold * (double)n / (2 - threshold));

  if (n == 0 || !(adv_overlap_score(n, n, n) > threshold))
    return 0;
  while (m > 1 && adv_overlap_score(m - 1, m - 1, n) > threshold)
    m--;
  while (m < 1 || !(adv_overlap_score(m, m, n) > threshold))
    m++;
  return (uint32_t)m;
}
