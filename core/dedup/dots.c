#include "dedup/dots.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static void codes_plain(const int16_t *query, const int8_t *codes, size_t len,
                        size_t count, int32_t *dots)
{
  size_t i, j;

  for (i = 0; i < count; i++, codes += len) {
    int32_t sum = 0;

    for (j = 0; j < len; j++)
      sum += query[j] * codes[j];
    dots[i] = sum;
  }
}

static float floats_plain(const float *a, const float *b, size_t len)
{
  float sums[8] = {0};
  size_t i, j;

  for (i = 0; i < len; i += 8)
    for (j = 0; j < 8; j++)
      sums[j] += a[i + j] * b[i + j];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) +
         ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

#if defined(__x86_64__)

/* SSE2, which all x86-64 have. */
static void codes_sse2(const int16_t *query, const int8_t *codes, size_t len,
                       size_t count, int32_t *dots)
{
  size_t i, j;

  for (i = 0; i < count; i++, codes += len) {
    __m128i even = _mm_setzero_si128(), odd = even;

    for (j = 0; j < len; j += 16) {
      __m128i c = _mm_load_si128((const __m128i *)(codes + j));
      /* To 16 bits with the sign: into the upper half, and shifted down. */
      __m128i low = _mm_srai_epi16(_mm_unpacklo_epi8(c, c), 8);
      __m128i high = _mm_srai_epi16(_mm_unpackhi_epi8(c, c), 8);
      const __m128i *q = (const __m128i *)(query + j);

      even = _mm_add_epi32(even, _mm_madd_epi16(low, _mm_load_si128(q)));
      odd = _mm_add_epi32(odd, _mm_madd_epi16(high, _mm_load_si128(q + 1)));
    }
    even = _mm_add_epi32(even, odd);
    even = _mm_add_epi32(even, _mm_shuffle_epi32(even, 0x4e));
    even = _mm_add_epi32(even, _mm_shuffle_epi32(even, 0xb1));
    dots[i] = _mm_cvtsi128_si32(even);
  }
}

__attribute__((target("avx2"))) static void codes_avx2(const int16_t *query,
                                                       const int8_t *codes,
                                                       size_t len, size_t count,
                                                       int32_t *dots)
{
  size_t i, j;

  for (i = 0; i < count; i++, codes += len) {
    __m256i a = _mm256_setzero_si256(), b = a;
    __m128i half;

    for (j = 0; j < len; j += 32) {
      const __m128i *c = (const __m128i *)(codes + j);
      const __m256i *q = (const __m256i *)(query + j);
      __m256i low = _mm256_cvtepi8_epi16(_mm_load_si128(c));
      __m256i high = _mm256_cvtepi8_epi16(_mm_load_si128(c + 1));

      a = _mm256_add_epi32(a, _mm256_madd_epi16(low, _mm256_load_si256(q)));
      b = _mm256_add_epi32(b,
                           _mm256_madd_epi16(high, _mm256_load_si256(q + 1)));
    }
    a = _mm256_add_epi32(a, b);
    half = _mm_add_epi32(_mm256_castsi256_si128(a),
                         _mm256_extracti128_si256(a, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    dots[i] = _mm_cvtsi128_si32(half);
  }
}

__attribute__((target("avx2"))) static float
floats_avx2(const float *a, const float *b, size_t len)
{
  __m256 x = _mm256_setzero_ps(), y = x;
  __m128 half;
  size_t i;

  for (i = 0; i < len; i += 16) {
    x = _mm256_add_ps(
        x, _mm256_mul_ps(_mm256_load_ps(a + i), _mm256_load_ps(b + i)));
    y = _mm256_add_ps(
        y, _mm256_mul_ps(_mm256_load_ps(a + i + 8), _mm256_load_ps(b + i + 8)));
  }
  x = _mm256_add_ps(x, y);
  half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  half = _mm_add_ss(half, _mm_shuffle_ps(half, half, 1));
  return _mm_cvtss_f32(half);
}

__attribute__((target("avx512bw"))) static void
codes_avx512(const int16_t *query, const int8_t *codes, size_t len,
             size_t count, int32_t *dots)
{
  size_t i, j;

  for (i = 0; i < count; i++, codes += len) {
    __m512i a = _mm512_setzero_si512(), b = a;

    for (j = 0; j < len; j += 64) {
      const __m256i *c = (const __m256i *)(codes + j);
      __m512i low = _mm512_cvtepi8_epi16(_mm256_load_si256(c));
      __m512i high = _mm512_cvtepi8_epi16(_mm256_load_si256(c + 1));

      a = _mm512_add_epi32(
          a, _mm512_madd_epi16(low, _mm512_load_si512(query + j)));
      b = _mm512_add_epi32(
          b, _mm512_madd_epi16(high, _mm512_load_si512(query + j + 32)));
    }
    dots[i] = _mm512_reduce_add_epi32(_mm512_add_epi32(a, b));
  }
}

#endif

const adv_dots *adv_dots_forms(size_t *count)
{
  static adv_dots forms[4];
  size_t n = 0;

#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx2"))
    forms[n++] = (adv_dots){codes_avx512, floats_avx2};
  if (__builtin_cpu_supports("avx2"))
    forms[n++] = (adv_dots){codes_avx2, floats_avx2};
  forms[n++] = (adv_dots){codes_sse2, floats_plain};
#endif
  forms[n++] = (adv_dots){codes_plain, floats_plain};
  *count = n;
  return forms;
}

const adv_dots *adv_dots_choose(void)
{
  size_t count;

  return &adv_dots_forms(&count)[0];
}
