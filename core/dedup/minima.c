#include "dedup/minima.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void plain(const uint32_t *hashes, size_t n, const uint32_t *multipliers,
                  uint32_t *minima, size_t k)
{
  size_t i, j;

  for (j = 0; j < k; j++)
    minima[j] = UINT32_MAX;
  for (i = 0; i < n; i++)
    for (j = 0; j < k; j++) {
      uint32_t product = multipliers[j] * hashes[i];

      minima[j] = product < minima[j] ? product : minima[j];
    }
}

#if defined(__x86_64__)

/* The running minima of one block stay in registers. */

__attribute__((target("sse4.1"))) static void sse4(const uint32_t *hashes,
                                                   size_t n,
                                                   const uint32_t *multipliers,
                                                   uint32_t *minima, size_t k)
{
  size_t i, j;
  int v;

  for (j = 0; j < k; j += 16) {
    __m128i factor[4], least[4];

    for (v = 0; v < 4; v++) {
      factor[v] = _mm_load_si128((const __m128i *)(multipliers + j) + v);
      least[v] = _mm_set1_epi32(-1);
    }
    for (i = 0; i < n; i++) {
      __m128i x = _mm_set1_epi32((int)hashes[i]);

#define STEP(v) \
  least[v] = _mm_min_epu32(least[v], _mm_mullo_epi32(factor[v], x))
      STEP(0);
      STEP(1);
      STEP(2);
      STEP(3);
#undef STEP
    }
    for (v = 0; v < 4; v++)
      _mm_store_si128((__m128i *)(minima + j) + v, least[v]);
  }
}

__attribute__((target("avx2"))) static void avx2(const uint32_t *hashes,
                                                 size_t n,
                                                 const uint32_t *multipliers,
                                                 uint32_t *minima, size_t k)
{
  size_t i, j;
  int v;

  for (j = 0; j < k; j += 32) {
    __m256i factor[4], least[4];

    for (v = 0; v < 4; v++) {
      factor[v] = _mm256_load_si256((const __m256i *)(multipliers + j) + v);
      least[v] = _mm256_set1_epi32(-1);
    }
    for (i = 0; i < n; i++) {
      __m256i x = _mm256_set1_epi32((int)hashes[i]);

#define STEP(v) \
  least[v] = _mm256_min_epu32(least[v], _mm256_mullo_epi32(factor[v], x))
      STEP(0);
      STEP(1);
      STEP(2);
      STEP(3);
#undef STEP
    }
    for (v = 0; v < 4; v++)
      _mm256_store_si256((__m256i *)(minima + j) + v, least[v]);
  }
}

/* Sixty-four at once where there are as many. */
__attribute__((target("avx512f"))) static void
avx512(const uint32_t *hashes, size_t n, const uint32_t *multipliers,
       uint32_t *minima, size_t k)
{
  size_t i, j;
  int v, used;

  for (j = 0; j < k; j += 64) {
    __m512i factor[4], least[4];

    used = k - j >= 64 ? 4 : 2;
    for (v = 0; v < 4; v++) {
      factor[v] = v < used ? _mm512_load_si512(multipliers + j + 16 * v)
                           : _mm512_setzero_si512();
      least[v] = _mm512_set1_epi32(-1);
    }
    for (i = 0; i < n; i++) {
      __m512i x = _mm512_set1_epi32((int)hashes[i]);

#define STEP(v) \
  least[v] = _mm512_min_epu32(least[v], _mm512_mullo_epi32(factor[v], x))
      STEP(0);
      STEP(1);
      STEP(2);
      STEP(3);
#undef STEP
    }
    for (v = 0; v < used; v++)
      _mm512_store_si512(minima + j + 16 * v, least[v]);
  }
}

#endif

const adv_minima_fn *adv_minima_forms(void)
{
  static adv_minima_fn forms[5];
  int n = 0;

#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    forms[n++] = avx512;
  if (__builtin_cpu_supports("avx2"))
    forms[n++] = avx2;
  if (__builtin_cpu_supports("sse4.1"))
    forms[n++] = sse4;
#endif
  forms[n] = plain;
  return forms;
}

adv_minima_fn adv_minima_choose(void)
{
  return adv_minima_forms()[0];
}
