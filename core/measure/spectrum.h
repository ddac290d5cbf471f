/* spectrum.h - how many different items a set of vectors amounts to.
 *
 * Pure functions over numbers; nothing here knows about Lua. Sums run in a
 * fixed order, and results are rounded to nine significant digits, so that
 * another LAPACK does not show in what is decided by them. */
#ifndef ADV_MEASURE_SPECTRUM_H
#define ADV_MEASURE_SPECTRUM_H

#include <stddef.h>

#include "base/status.h"

/* Eigenvalues take time by the cube of this: the most rows and columns of a
 * matrix, for vectors the smaller of their number and their length. */
enum { ADV_SPECTRUM_MAX = 8192 };

/* The Vendi score of order q (Friedman and Dieng 2023, arXiv 2210.02410; any
 * order: Pasarkar and Dieng 2023, arXiv 2310.12952). With l_i the eigenvalues
 * of K/n, K_ij a similarity with K_ii = 1:
 *   exp(-sum l_i ln l_i) for q = 1, (sum l_i^q)^(1/(1-q)) for other q,
 *   1/max l_i for q = INFINITY; the rank of K for q = 0.
 * It lies between 1 (all the same) and n (nothing in common).
 *
 * `matrix` is K, n x n. ADV_EINVAL unless K is symmetric with ones on its
 * diagonal (to 1e-6), n > 0 and q >= 0; ADV_ELIMIT above ADV_SPECTRUM_MAX;
 * ADV_ENOTFOUND without LAPACK. On failure *score is as it was. */
ADV_MUST_CHECK adv_status adv_vendi_matrix(const double *matrix, size_t n,
                                           double q, double *score);

/* As above with K_ij the cosine of rows i and j of `rows`, n x d. Where d < n
 * the d x d matrix of their products is used: it has the same eigenvalues
 * other than 0. ADV_EINVAL also for a row without a length. */
ADV_MUST_CHECK adv_status adv_vendi_vectors(const double *rows, size_t n,
                                            size_t d, double q, double *score);

/* Sets *mean to the mean over all rows of the cosine distance (1 - cosine) to
 * the nearest other row: the Chamfer distance of the set to itself. Takes time
 * by n * n * d. ADV_EINVAL for fewer than two rows or a row without a
 * length. */
ADV_MUST_CHECK adv_status adv_nearest_distance(const double *rows, size_t n,
                                               size_t d, double *mean);

#endif
