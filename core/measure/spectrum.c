#include "measure/spectrum.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "measure/lapack.h"

/* Shares below this are rounding: the vectors come with seven digits. */
static const double NOTHING = 1e-10;

static double rounded(double x)
{
  double scale;

  if (x == 0 || !isfinite(x))
    return x;
  scale = pow(10, 8 - floor(log10(fabs(x))));
  return round(x * scale) / scale;
}

static double product(const double *a, const double *b, size_t d)
{
  double sum = 0;

  for (size_t i = 0; i < d; i++)
    sum += a[i] * b[i];
  return sum;
}

/* Shares of a whole into an effective number (Hill 1973). */
static double effective_number(const double *shares, size_t n, double q)
{
  double sum = 0, most = 0;

  for (size_t i = 0; i < n; i++) {
    if (shares[i] <= NOTHING)
      continue;
    most = fmax(most, shares[i]);
    sum += q == 1 ? -shares[i] * log(shares[i]) : pow(shares[i], q);
  }
  if (isinf(q))
    return 1 / most;
  return q == 1 ? exp(sum) : pow(sum, 1 / (1 - q));
}

/* `matrix` is overwritten. Its eigenvalues are taken as shares of their sum. */
static adv_status score_of(double *matrix, size_t n, double q, double *score)
{
  double *values = malloc(n * sizeof *values), sum = 0;
  adv_status st = ADV_ENOMEM;

  if (!values)
    return st;
  st = adv_lapack_eigenvalues(matrix, (int)n, values);
  if (st == ADV_OK) {
    for (size_t i = 0; i < n; i++) {
      values[i] = fmax(values[i], 0);
      sum += values[i];
    }
    for (size_t i = 0; i < n; i++)
      values[i] /= sum;
    *score = rounded(effective_number(values, n, q));
  }
  free(values);
  return st;
}

static bool is_similarity(const double *matrix, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (!(fabs(matrix[i * n + i] - 1) <= 1e-6))
      return false;
    for (size_t j = 0; j < i; j++)
      if (!(fabs(matrix[i * n + j] - matrix[j * n + i]) <= 1e-6))
        return false;
  }
  return true;
}

adv_status adv_vendi_matrix(const double *matrix, size_t n, double q,
                            double *score)
{
  double *copy;
  adv_status st;

  if (n == 0 || !(q >= 0))
    return ADV_EINVAL;
  if (n > ADV_SPECTRUM_MAX)
    return ADV_ELIMIT;
  if (!is_similarity(matrix, n))
    return ADV_EINVAL;
  copy = malloc(n * n * sizeof *copy);
  if (!copy)
    return ADV_ENOMEM;
  for (size_t i = 0; i < n * n; i++)
    copy[i] = matrix[i];
  st = score_of(copy, n, q, score);
  free(copy);
  return st;
}

/* The rows with length 1, as they are or turned into columns; the caller
 * frees *out. */
static adv_status unit_rows(const double *rows, size_t n, size_t d,
                            bool columns, double **out)
{
  double *units;

  if (n == 0 || d == 0)
    return ADV_EINVAL;
  if (n > SIZE_MAX / sizeof *units / d)
    return ADV_ELIMIT;
  units = malloc(n * d * sizeof *units);
  if (!units)
    return ADV_ENOMEM;
  for (size_t i = 0; i < n; i++) {
    double length = sqrt(product(rows + i * d, rows + i * d, d));
    if (!(length > 0) || !isfinite(length)) {
      free(units);
      return ADV_EINVAL;
    }
    for (size_t j = 0; j < d; j++)
      units[columns ? j * n + i : i * d + j] = rows[i * d + j] / length;
  }
  *out = units;
  return ADV_OK;
}

adv_status adv_vendi_vectors(const double *rows, size_t n, size_t d, double q,
                             double *score)
{
  bool columns = d < n;
  size_t size = columns ? d : n, length = columns ? n : d;
  double *units = NULL, *matrix = NULL;
  adv_status st;

  if (!(q >= 0))
    return ADV_EINVAL;
  if (size > ADV_SPECTRUM_MAX)
    return ADV_ELIMIT;
  st = unit_rows(rows, n, d, columns, &units);
  if (st != ADV_OK)
    return st;
  matrix = malloc(size * size * sizeof *matrix);
  if (!matrix) {
    st = ADV_ENOMEM;
    goto out;
  }
  for (size_t i = 0; i < size; i++)
    for (size_t j = 0; j <= i; j++)
      matrix[i * size + j] = matrix[j * size + i] =
          product(units + i * length, units + j * length, length);
  st = score_of(matrix, size, q, score);
out:
  free(matrix);
  free(units);
  return st;
}

adv_status adv_nearest_distance(const double *rows, size_t n, size_t d,
                                double *mean)
{
  double *units = NULL, sum = 0;
  adv_status st;

  if (n < 2)
    return ADV_EINVAL;
  st = unit_rows(rows, n, d, false, &units);
  if (st != ADV_OK)
    return st;
  for (size_t i = 0; i < n; i++) {
    double nearest = -1;
    for (size_t j = 0; j < n; j++)
      if (j != i)
        nearest = fmax(nearest, product(units + i * d, units + j * d, d));
    sum += 1 - fmin(nearest, 1);
  }
  free(units);
  *mean = rounded(sum / (double)n);
  return ADV_OK;
}
