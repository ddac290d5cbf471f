#include "dedup/minima.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void plain(const uint32_t *hashes, size_t n, const uint32_t *multipliers,
                  size_t rows, const uint32_t *offsets, size_t width,
                  uint32_t *minima)
{
  size_t row, i, j;

  memset(minima, 0xff, rows * width * sizeof(*minima));
  for (row = 0; row < rows; row++, minima += width)
    for (i = 0; i < n; i++) {
      uint32_t product = multipliers[row] * hashes[i];

      for (j = 0; j < width; j++) {
        uint32_t value = product ^ offsets[j];

        minima[j] = value < minima[j] ? value : minima[j];
      }
    }
}

#if defined(__x86_64__)

/* A row's products are made first, many at once, in portions that stay in the
 * cache; then the running minima of a block of bands stay in registers. */
#define PORTION 256

__attribute__((target("sse4.1"))) static void
sse4(const uint32_t *hashes, size_t n, const uint32_t *multipliers, size_t rows,
     const uint32_t *offsets, size_t width, uint32_t *minima)
{
  uint32_t products[PORTION];
  size_t row, first, count, i, j;
  int v;

  memset(minima, 0xff, rows * width * sizeof(*minima));
  for (first = 0; first < n; first += count) {
    count = n - first < PORTION ? n - first : PORTION;
    for (row = 0; row < rows; row++) {
      __m128i factor = _mm_set1_epi32((int)multipliers[row]);

      for (i = 0; i + 4 <= count; i += 4)
        _mm_storeu_si128(
            (__m128i *)(products + i),
            _mm_mullo_epi32(factor, _mm_loadu_si128((
                                        const __m128i *)(hashes + first + i))));
      for (; i < count; i++)
        products[i] = multipliers[row] * hashes[first + i];
      for (j = 0; j < width; j += 16) {
        __m128i *out = (__m128i *)(minima + row * width + j);
        __m128i offset[4], least[4];

        for (v = 0; v < 4; v++) {
          offset[v] = _mm_load_si128((const __m128i *)(offsets + j) + v);
          least[v] = _mm_load_si128(out + v);
        }
        for (i = 0; i < count; i++) {
          __m128i x = _mm_set1_epi32((int)products[i]);

          least[0] = _mm_min_epu32(least[0], _mm_xor_si128(x, offset[0]));
          least[1] = _mm_min_epu32(least[1], _mm_xor_si128(x, offset[1]));
          least[2] = _mm_min_epu32(least[2], _mm_xor_si128(x, offset[2]));
          least[3] = _mm_min_epu32(least[3], _mm_xor_si128(x, offset[3]));
        }
        for (v = 0; v < 4; v++)
          _mm_store_si128(out + v, least[v]);
      }
    }
  }
}

__attribute__((target("avx2"))) static void
avx2(const uint32_t *hashes, size_t n, const uint32_t *multipliers, size_t rows,
     const uint32_t *offsets, size_t width, uint32_t *minima)
{
  uint32_t products[PORTION];
  size_t row, first, count, i, j;

  memset(minima, 0xff, rows * width * sizeof(*minima));
  for (first = 0; first < n; first += count) {
    count = n - first < PORTION ? n - first : PORTION;
    for (row = 0; row < rows; row++) {
      __m256i factor = _mm256_set1_epi32((int)multipliers[row]);

      for (i = 0; i + 8 <= count; i += 8) {
        const __m256i *in = (const __m256i *)(hashes + first + i);

        _mm256_storeu_si256((__m256i *)(products + i),
                            _mm256_mullo_epi32(factor, _mm256_loadu_si256(in)));
      }
      for (; i < count; i++)
        products[i] = multipliers[row] * hashes[first + i];
      for (j = 0; j < width; j += 16) {
        const __m256i *offset = (const __m256i *)(offsets + j);
        __m256i *out = (__m256i *)(minima + row * width + j);
        __m256i a = _mm256_load_si256(offset);
        __m256i b = _mm256_load_si256(offset + 1);
        __m256i least_a = _mm256_load_si256(out);
        __m256i least_b = _mm256_load_si256(out + 1);

        for (i = 0; i < count; i++) {
          __m256i x = _mm256_set1_epi32((int)products[i]);

          least_a = _mm256_min_epu32(least_a, _mm256_xor_si256(x, a));
          least_b = _mm256_min_epu32(least_b, _mm256_xor_si256(x, b));
        }
        _mm256_store_si256(out, least_a);
        _mm256_store_si256(out + 1, least_b);
      }
    }
  }
}

__attribute__((target("avx512f"))) static void
avx512(const uint32_t *hashes, size_t n, const uint32_t *multipliers,
       size_t rows, const uint32_t *offsets, size_t width, uint32_t *minima)
{
  uint32_t products[PORTION];
  size_t row, first, count, i, j;

  memset(minima, 0xff, rows * width * sizeof(*minima));
  for (first = 0; first < n; first += count) {
    count = n - first < PORTION ? n - first : PORTION;
    for (row = 0; row < rows; row++) {
      __m512i factor = _mm512_set1_epi32((int)multipliers[row]);

      for (i = 0; i + 16 <= count; i += 16)
        _mm512_storeu_si512(
            products + i,
            _mm512_mullo_epi32(factor, _mm512_loadu_si512(hashes + first + i)));
      for (; i < count; i++)
        products[i] = multipliers[row] * hashes[first + i];
      for (j = 0; j < width; j += 16) {
        uint32_t *out = minima + row * width + j;
        __m512i offset = _mm512_load_si512(offsets + j);
        /* Two chains, for one would wait for itself. */
        __m512i even = _mm512_load_si512(out), odd = even;

        for (i = 0; i + 2 <= count; i += 2) {
          __m512i x = _mm512_set1_epi32((int)products[i]);
          __m512i y = _mm512_set1_epi32((int)products[i + 1]);

          even = _mm512_min_epu32(even, _mm512_xor_si512(x, offset));
          odd = _mm512_min_epu32(odd, _mm512_xor_si512(y, offset));
        }
        if (i < count)
          even = _mm512_min_epu32(
              even,
              _mm512_xor_si512(_mm512_set1_epi32((int)products[i]), offset));
        _mm512_store_si512(out, _mm512_min_epu32(even, odd));
      }
    }
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
