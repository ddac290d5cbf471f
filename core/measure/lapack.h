/* lapack.h - the eigenvalues of a symmetric matrix, by LAPACK's dsyev.
 *
 * LAPACK and the Fortran library that it needs take longer to load than all
 * the rest of the program, and few commands need them. So they are not linked:
 * the first call loads liblapack.so.3 and it stays loaded. */
#ifndef ADV_MEASURE_LAPACK_H
#define ADV_MEASURE_LAPACK_H

#include "base/status.h"

/* Sets values[0 … n-1] to the eigenvalues of the symmetric n x n `matrix`, in
 * ascending order. `matrix` is overwritten. ADV_ENOTFOUND if there is no
 * liblapack.so.3 on this machine, ADV_EINVAL if `matrix` holds no finite
 * numbers or n is below 1. Not thread-safe. */
ADV_MUST_CHECK adv_status adv_lapack_eigenvalues(double *matrix, int n,
                                                 double *values);

#endif
