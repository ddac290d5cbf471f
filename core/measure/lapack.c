#include "measure/lapack.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>

/* The last two are the lengths of the strings, as gfortran passes them. */
typedef void dsyev_function(const char *job, const char *triangle, const int *n,
                            double *matrix, const int *stride, double *values,
                            double *work, const int *work_size, int *info,
                            size_t job_len, size_t triangle_len);

/* NULL if the library is not there; asked for again at the next call. */
static dsyev_function *load(void)
{
  static dsyev_function *dsyev;
  void *library, *symbol;

  if (dsyev)
    return dsyev;
  library = dlopen("liblapack.so.3", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return NULL;
  symbol = dlsym(library, "dsyev_");
  if (!symbol) {
    dlclose(library);
    return NULL;
  }
  *(void **)&dsyev = symbol;
  return dsyev;
}

adv_status adv_lapack_eigenvalues(double *matrix, int n, double *values)
{
  dsyev_function *dsyev = load();
  int info = 0, size = -1;
  double best = 0, *work;

  if (n < 1)
    return ADV_EINVAL;
  if (!dsyev)
    return ADV_ENOTFOUND;
  for (size_t i = 0; i < (size_t)n * (size_t)n; i++)
    if (!isfinite(matrix[i]))
      return ADV_EINVAL;
  dsyev("N", "U", &n, matrix, &n, values, &best, &size, &info, 1, 1);
  if (info != 0)
    return ADV_EINVAL;
  size = (int)best;
  work = malloc((size_t)size * sizeof *work);
  if (!work)
    return ADV_ENOMEM;
  dsyev("N", "U", &n, matrix, &n, values, work, &size, &info, 1, 1);
  free(work);
  return info == 0 ? ADV_OK : ADV_EINVAL;
}
