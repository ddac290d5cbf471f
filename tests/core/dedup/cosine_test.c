#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/rng.h"
#include "dedup/dots.h"
#include "dedup/vectors.h"

/* The sanitizer needs address space of its own. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

static double dot(const float *a, const float *b, size_t d)
{
  double sum = 0;
  size_t i;

  for (i = 0; i < d; i++)
    sum += (double)a[i] * (double)b[i];
  return sum;
}

static double cosine(const float *a, const float *b, size_t d)
{
  return dot(a, b, d) / (sqrt(dot(a, a, d)) * sqrt(dot(b, b, d)));
}

static adv_nearest ask(adv_dedup_vectors *v, const float *x, int64_t before)
{
  adv_nearest found = {.found = true, .id = 99, .score = 0.5};

  assert_int_equal(adv_dedup_vectors_nearest(v, x, before, &found), ADV_OK);
  return found;
}

static adv_dedup_vectors *make(size_t d, double threshold)
{
  adv_dedup_vectors *v;

  assert_int_equal(adv_dedup_vectors_new(&v, d, threshold), ADV_OK);
  return v;
}

/* How vectors are drawn: the last ones are hard, for their cosines are closer
 * to each other than codes can tell. */
typedef enum kind { SPREAD, CLUSTERED, CROWDED, SPARSE, KINDS } kind;

static void draw(adv_rng *rng, kind k, const float *all, size_t count, float *x,
                 size_t d)
{
  double size = k == SPARSE ? 1e6 : 1;
  size_t j;

  for (j = 0; j < d; j++)
    x[j] = (float)(size * (adv_rng_unit(rng) - 0.5));
  if (k == CLUSTERED && count > 3 && adv_rng_below(rng, 4) > 0) {
    const float *from = all + adv_rng_below(rng, count) * d;
    double noise = adv_rng_unit(rng) * 0.3;

    for (j = 0; j < d; j++)
      x[j] = from[j] + (float)noise * x[j];
    if (adv_rng_below(rng, 5) == 0) /* a tie, or nearly one */
      for (j = 0; j < d; j++)
        x[j] = from[j] * (adv_rng_below(rng, 2) ? 1.0f : 0.25f);
  }
  if (k == CROWDED)
    for (j = 0; j < d; j++)
      x[j] = 1 + 0.003f * x[j];
  if (k == SPARSE)
    for (j = 0; j < d; j++)
      if (adv_rng_below(rng, 10) > 0)
        x[j] = 0;
  x[adv_rng_below(rng, d)] += (float)size; /* never zero */
}

static void run(size_t d, kind k, double threshold, size_t count)
{
  float *all = calloc(count * d, sizeof(*all));
  adv_dedup_vectors *v = make(d, threshold);
  adv_rng rng;
  size_t i, j;

  adv_rng_seed(&rng, "cosine", 6);
  for (i = 0; i < count; i++) {
    float *x = all + i * d;
    size_t limit = adv_rng_below(&rng, 3) == 0 ? adv_rng_below(&rng, i + 1) : i;
    adv_nearest best = {.found = false}, got;

    do
      draw(&rng, k, all, i, x, d);
    while (dot(x, x, d) < 1e-6);
    for (j = 0; j < limit; j++) {
      double score = cosine(x, all + j * d, d);

      if (score >= threshold && (!best.found || score > best.score))
        best = (adv_nearest){true, (int64_t)(2 * j), score};
    }
    got = ask(v, x, limit < i ? (int64_t)(2 * limit) : INT64_MAX);
    assert_int_equal(got.found, best.found);
    if (best.found) {
      assert_int_equal(got.id, best.id);
      assert_true(got.score == best.score);
    }
    assert_int_equal(adv_dedup_vectors_add(v, x, (int64_t)(2 * i)), ADV_OK);
  }
  assert_int_equal(adv_dedup_vectors_count(v), count);
  assert_int_equal(adv_dedup_vectors_dimensions(v), d);
  adv_dedup_vectors_free(v);
  free(all);
}

static void agrees_with_double_precision(void **state)
{
  static const size_t dimensions[] = {1, 2, 3, 63, 64, 65, 100, 384, 1000};
  size_t i;
  kind k;

  (void)state;
  for (i = 0; i < 9; i++)
    for (k = SPREAD; k < KINDS; k++) {
      run(dimensions[i], k, -1, 400);
      run(dimensions[i], k, 0.5, 200);
      run(dimensions[i], k, 0.99, 200);
      run(dimensions[i], k, 1, 50);
    }
}

/* A query's codes have fewer steps in so many dimensions. */
static void agrees_in_many_dimensions(void **state)
{
  (void)state;
  run(5000, CLUSTERED, -1, 100);
  run(20000, CROWDED, 0.9, 60);
  run(ADV_VECTORS_DIMENSIONS_MAX, SPREAD, -1, 20);
}

/* More than one block of memory. */
static void agrees_as_it_grows(void **state)
{
  const size_t count = 80000, d = 5;
  float *all = calloc(count * d, sizeof(*all));
  adv_dedup_vectors *v = make(d, 0.5);
  adv_rng rng;
  size_t i, j, n;

  (void)state;
  adv_rng_seed(&rng, "growth", 6);
  for (i = 0; i < count; i++) {
    draw(&rng, SPREAD, all, i, all + i * d, d);
    assert_int_equal(adv_dedup_vectors_add(v, all + i * d, (int64_t)i), ADV_OK);
  }
  for (n = 0; n < 40; n++) {
    size_t limit = adv_rng_below(&rng, count + 1);
    adv_nearest best = {.found = false}, got;
    float x[5];

    draw(&rng, SPREAD, all, 0, x, d);
    for (j = 0; j < limit; j++) {
      double score = cosine(x, all + j * d, d);

      if (score >= 0.5 && (!best.found || score > best.score))
        best = (adv_nearest){true, (int64_t)j, score};
    }
    got = ask(v, x, (int64_t)limit);
    assert_int_equal(got.found, best.found);
    assert_true(!best.found || (got.id == best.id && got.score == best.score));
  }
  adv_dedup_vectors_free(v);
  free(all);
}

static void of_equals_the_first(void **state)
{
  const float a[] = {1, 2, 3}, twice[] = {2, 4, 6}, against[] = {-1, -2, -3};
  adv_dedup_vectors *v = make(3, 0.9);

  (void)state;
  assert_false(ask(v, a, INT64_MAX).found);
  assert_int_equal(adv_dedup_vectors_add(v, against, -3), ADV_OK);
  assert_int_equal(adv_dedup_vectors_add(v, twice, 4), ADV_OK);
  assert_int_equal(adv_dedup_vectors_add(v, a, 4), ADV_OK);
  assert_int_equal(adv_dedup_vectors_add(v, a, 5), ADV_OK);
  assert_int_equal(ask(v, a, INT64_MAX).id, 4);
  assert_int_equal(ask(v, against, INT64_MAX).id, -3);
  assert_false(ask(v, a, 4).found);
  adv_dedup_vectors_free(v);
}

static void refuses_what_has_no_direction(void **state)
{
  const float zero[] = {0, 0}, infinite[] = {INFINITY, 1}, wrong[] = {1, NAN};
  const float small[] = {1e-20f, 0}, large[] = {1e30f, 0}, good[] = {0, 1};
  const float *bad[] = {zero, infinite, wrong, small, large};
  adv_dedup_vectors *v = make(2, -1);
  adv_nearest found;
  size_t i;

  (void)state;
  for (i = 0; i < 5; i++) {
    assert_int_equal(adv_dedup_vectors_add(v, bad[i], 1), ADV_EINVAL);
    assert_int_equal(adv_dedup_vectors_nearest(v, bad[i], 9, &found),
                     ADV_EINVAL);
    assert_false(found.found);
  }
  assert_int_equal(adv_dedup_vectors_count(v), 0);
  assert_int_equal(adv_dedup_vectors_add(v, good, 1), ADV_OK);
  assert_int_equal(adv_dedup_vectors_add(v, good, 0), ADV_EINVAL);
  assert_int_equal(adv_dedup_vectors_count(v), 1);
  adv_dedup_vectors_free(v);
  adv_dedup_vectors_free(NULL);
}

static void checks_its_arguments(void **state)
{
  adv_dedup_vectors *v;

  (void)state;
  assert_int_equal(adv_dedup_vectors_new(&v, 0, 0), ADV_EINVAL);
  assert_int_equal(adv_dedup_vectors_new(&v, ADV_VECTORS_DIMENSIONS_MAX + 1, 0),
                   ADV_EINVAL);
  assert_int_equal(adv_dedup_vectors_new(&v, 3, 1.5), ADV_EINVAL);
  assert_int_equal(adv_dedup_vectors_new(&v, 3, -1.5), ADV_EINVAL);
  assert_int_equal(adv_dedup_vectors_new(&v, 3, (double)NAN), ADV_EINVAL);
}

static void all_forms_of_dots_agree(void **state)
{
  const size_t n = 448, rows = 5;
  int16_t *query = aligned_alloc(64, n * sizeof(*query));
  int8_t *codes = aligned_alloc(64, n * rows);
  float *a = aligned_alloc(64, n * sizeof(*a));
  float *b = aligned_alloc(64, n * sizeof(*b));
  size_t forms, i, len, row, f;
  const adv_dots *dots = adv_dots_forms(&forms);
  adv_rng rng;

  (void)state;
  adv_rng_seed(&rng, "dots", 4);
  for (i = 0; i < n; i++) {
    query[i] = (int16_t)((int)adv_rng_below(&rng, 65535) - 32767);
    a[i] = (float)adv_rng_unit(&rng) - 0.5f;
    b[i] = (float)adv_rng_unit(&rng) - 0.5f;
  }
  for (i = 0; i < n * rows; i++)
    codes[i] = (int8_t)((int)adv_rng_below(&rng, 255) - 127);
  query[0] = 32767;
  codes[0] = -127;
  for (f = 0; f < forms; f++)
    for (len = 64; len <= n; len += 64) {
      int32_t got[5];

      dots[f].codes(query, codes, len, rows, got);
      for (row = 0; row < rows; row++) {
        int32_t sum = 0;

        for (i = 0; i < len; i++)
          sum += query[i] * codes[row * len + i];
        assert_int_equal(got[row], sum);
      }
      assert_true(fabs((double)dots[f].floats(a, b, len) - dot(a, b, len)) <
                  1e-4);
    }
  free(query);
  free(codes);
  free(a);
  free(b);
}

/* With no memory to be had, an add changes nothing. */
static void survives_without_memory(void **state)
{
#ifdef SANITIZED
  (void)state;
  skip();
#else
  struct rlimit before, none;
  adv_dedup_vectors *v = make(64, 0.9);
  float x[64] = {1};
  adv_status st = ADV_OK;
  int kept = 0;

  (void)state;
  assert_int_equal(adv_dedup_vectors_add(v, x, kept++), ADV_OK);
  assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
  none = before;
  none.rlim_cur = 1 << 20;
  assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
  for (; st == ADV_OK && kept < 1000000; kept += st == ADV_OK) {
    x[1] = (float)kept;
    st = adv_dedup_vectors_add(v, x, kept);
  }
  assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
  assert_int_equal(st, ADV_ENOMEM);
  assert_int_equal(adv_dedup_vectors_count(v), kept);
  assert_int_equal(adv_dedup_vectors_add(v, x, kept), ADV_OK);
  x[1] = 0;
  assert_int_equal(ask(v, x, INT64_MAX).id, 0);
  adv_dedup_vectors_free(v);
#endif
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_double_precision),
      cmocka_unit_test(agrees_in_many_dimensions),
      cmocka_unit_test(agrees_as_it_grows),
      cmocka_unit_test(of_equals_the_first),
      cmocka_unit_test(refuses_what_has_no_direction),
      cmocka_unit_test(checks_its_arguments),
      cmocka_unit_test(all_forms_of_dots_agree),
      cmocka_unit_test(survives_without_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
