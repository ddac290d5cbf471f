#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "measure/lapack.h"
#include "measure/spectrum.h"

enum { N = 12 };

static void near(double got, double want)
{
  if (!(fabs(got - want) <= 1e-8 * fmax(1, fabs(want))))
    fail_msg("wanted %.10g, got %.10g", want, got);
}

static double matrix_score(const double *matrix, size_t n, double q)
{
  double score = -1;

  assert_int_equal(adv_vendi_matrix(matrix, n, q, &score), ADV_OK);
  return score;
}

static double vectors_score(const double *rows, size_t n, size_t d, double q)
{
  double score = -1;

  assert_int_equal(adv_vendi_vectors(rows, n, d, q, &score), ADV_OK);
  return score;
}

static const double orders[] = {0, 0.5, 1, 2, INFINITY};
enum { ORDERS = sizeof orders / sizeof orders[0] };

/* The limits that the authors name: nothing in common, all the same. */
static void identity_is_n_and_ones_are_one(void **state)
{
  double identity[N * N] = {0}, ones[N * N];

  (void)state;
  for (size_t i = 0; i < N * N; i++)
    ones[i] = 1;
  for (size_t i = 0; i < N; i++)
    identity[i * N + i] = 1;
  for (size_t k = 0; k < ORDERS; k++) {
    near(matrix_score(identity, N, orders[k]), N);
    near(matrix_score(ones, N, orders[k]), 1);
  }
}

static void two_clusters_are_two(void **state)
{
  double matrix[N * N], rows[N * 2];

  (void)state;
  for (size_t i = 0; i < N; i++) {
    rows[2 * i] = i % 2 ? 3 : 0;
    rows[2 * i + 1] = i % 2 ? 0 : 0.5;
    for (size_t j = 0; j < N; j++)
      matrix[i * N + j] = i % 2 == j % 2;
  }
  for (size_t k = 0; k < ORDERS; k++) {
    near(matrix_score(matrix, N, orders[k]), 2);
    near(vectors_score(rows, N, 2, orders[k]), 2);
  }
}

/* Clusters of 3 and 1: shares 3/4 and 1/4. By hand: order 1 is
 * 4 / 3^(3/4) = 1.7547653506, order 2 is 1 / (9/16 + 1/16) = 1.6, order 1/2 is
 * (sqrt(3)/2 + 1/2)^2 = 1.8660254038, order infinity is 4/3. */
static void orders_weigh_uneven_clusters(void **state)
{
  const double rows[] = {1, 0, 0, 2, 0, 0, 5, 0, 0, 0, 0, 7};

  (void)state;
  near(vectors_score(rows, 4, 3, 0), 2);
  near(vectors_score(rows, 4, 3, 0.5), 1.8660254038);
  near(vectors_score(rows, 4, 3, 1), 1.7547653506);
  near(vectors_score(rows, 4, 3, 2), 1.6);
  near(vectors_score(rows, 4, 3, INFINITY), 4.0 / 3);
}

/* K = [1 r; r 1] has shares (1 + r)/2 and (1 - r)/2; r = 0.6: 0.8, 0.2. By
 * hand: 1 / (0.8^0.8 * 0.2^0.2) = 1.6493848884. */
static void two_items_by_hand(void **state)
{
  const double matrix[] = {1, 0.6, 0.6, 1};
  const double rows[] = {1, 0, 0.6, 0.8};

  (void)state;
  near(matrix_score(matrix, 2, 1), 1.6493848884);
  near(vectors_score(rows, 2, 2, 1), 1.6493848884);
}

/* Few long rows and many short ones take different ways to one result. */
static void both_ways_agree(void **state)
{
  enum { D = 5, MANY = 40 };
  double rows[MANY * D], padded[MANY * (MANY + 1)] = {0};
  uint64_t x = 88172645463325252;

  (void)state;
  for (size_t i = 0; i < (size_t)MANY * D; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    rows[i] = (double)(x >> 40) / (1 << 24) - 0.4;
    padded[i / D * (MANY + 1) + i % D] = rows[i];
  }
  for (size_t k = 0; k < ORDERS; k++)
    near(vectors_score(rows, MANY, D, orders[k]),
         vectors_score(padded, MANY, MANY + 1, orders[k]));
}

/* Cosines 1 (rows 0 and 1) and 0.8 (row 2 with row 3), 0.6 beside it:
 * distances 0, 0, 0.2, 0.2. */
static void nearest_by_hand(void **state)
{
  const double rows[] = {1, 0, 9, 0, 0, 1, 0.6, 0.8};
  double mean = -1;

  (void)state;
  assert_int_equal(adv_nearest_distance(rows, 4, 2, &mean), ADV_OK);
  near(mean, 0.1);
}

static void refuses_what_is_no_similarity(void **state)
{
  const double zero[] = {1, 0, 0, 0}, skew[] = {1, 0.5, 0.4, 1};
  const double diagonal[] = {1, 0, 0, 2}, broken[] = {1, NAN, NAN, 1};
  double score = -1;

  (void)state;
  assert_int_equal(adv_vendi_vectors(zero, 2, 2, 1, &score), ADV_EINVAL);
  assert_int_equal(adv_vendi_vectors(broken, 2, 2, 1, &score), ADV_EINVAL);
  assert_int_equal(adv_vendi_vectors(skew, 2, 2, -1, &score), ADV_EINVAL);
  assert_int_equal(adv_vendi_vectors(skew, 2, 2, NAN, &score), ADV_EINVAL);
  assert_int_equal(adv_vendi_vectors(skew, 0, 2, 1, &score), ADV_EINVAL);
  assert_int_equal(adv_vendi_matrix(skew, 2, 1, &score), ADV_EINVAL);
  assert_int_equal(adv_vendi_matrix(diagonal, 2, 1, &score), ADV_EINVAL);
  assert_int_equal(adv_vendi_matrix(broken, 2, 1, &score), ADV_EINVAL);
  assert_int_equal(adv_vendi_matrix(skew, ADV_SPECTRUM_MAX + 1, 1, &score),
                   ADV_ELIMIT);
  assert_int_equal(adv_nearest_distance(zero, 2, 2, &score), ADV_EINVAL);
  assert_int_equal(adv_nearest_distance(skew, 1, 2, &score), ADV_EINVAL);
  near(score, -1);
}

/* [2 1; 1 2] has the eigenvalues 1 and 3. */
static void lapack_gives_eigenvalues(void **state)
{
  double matrix[] = {2, 1, 1, 2}, broken[] = {INFINITY};
  double values[2];

  (void)state;
  assert_int_equal(adv_lapack_eigenvalues(matrix, 2, values), ADV_OK);
  near(values[0], 1);
  near(values[1], 3);
  assert_int_equal(adv_lapack_eigenvalues(broken, 1, values), ADV_EINVAL);
  assert_int_equal(adv_lapack_eigenvalues(matrix, 0, values), ADV_EINVAL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(identity_is_n_and_ones_are_one),
      cmocka_unit_test(two_clusters_are_two),
      cmocka_unit_test(orders_weigh_uneven_clusters),
      cmocka_unit_test(two_items_by_hand),
      cmocka_unit_test(both_ways_agree),
      cmocka_unit_test(nearest_by_hand),
      cmocka_unit_test(refuses_what_is_no_similarity),
      cmocka_unit_test(lapack_gives_eigenvalues),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
