/* Cosine against everything kept. Each vector, made one of length 1, is stored
 * as 8-bit codes as well, with a bound of what they are off. A query reads all
 * codes, which is a quarter of the memory, and so knows each cosine up to that
 * bound; what may be the nearest is computed in single precision, again with a
 * bound, and of those the few that still may be in double precision. Nothing is
 * lost, since a vector is passed over only if its upper bound is below the
 * lower bound of another. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dedup/arena.h"
#include "dedup/dots.h"
#include "dedup/vectors.h"

#define LENGTH_MIN 1e-15
#define LENGTH_MAX 1e15

/* Codes of a query are so exact that its own error hardly counts, as far as
 * the sums of products stay within 32 bits. */
#define QUERY_MAX 32767

/* Vectors whose codes are compared in one go. */
#define STRIDE 64

/* Added to each bound for the roundings of the few double operations that
 * made it. */
#define SLACK 1e-9

/* A part of the vectors: arrays of `rows`, of which memory is taken up only as
 * far as they are filled. */
typedef struct block {
  int8_t *codes;
  float *vectors;  /* as given; padded with zeros */
  double *lengths; /* of the vectors */
  float *scales;   /* what a code of 1 stands for, in the vector of length 1 */
  float *errors;   /* length of what the codes are off */
  int64_t *ids;
} block;

/* May be the nearest. */
typedef struct finalist {
  size_t row;
  float score; /* in single precision */
} finalist;

struct adv_dedup_vectors {
  size_t dimensions;
  size_t padded;
  double threshold;
  double float_error; /* bound of the error of a cosine in single precision */
  const adv_dots *dots;
  block *blocks;
  size_t block_count, block_cap;
  size_t rows; /* of a block; a multiple of STRIDE */
  size_t count;
  int16_t *query_codes;
  float *query; /* of length 1 */
  finalist *finalists;
  size_t finalist_count, finalist_cap;
};

/* Sums in the order of the dimensions, which the header promises. */
static double dot(const float *a, const float *b, size_t n)
{
  double sum = 0;
  size_t i;

  for (i = 0; i < n; i++)
    sum += (double)a[i] * (double)b[i];
  return sum;
}

/* The length of a vector, or 0 if it has no direction. */
static double length(const float *vector, size_t n)
{
  double l = sqrt(dot(vector, vector, n));

  return l >= LENGTH_MIN && l <= LENGTH_MAX ? l : 0;
}

/* Makes codes of up to `most` for a vector scaled to length 1; gets the scale
 * and the length of the error. */
static void encode(const float *vector, size_t n, double vector_length,
                   double most, int16_t *codes, double *scale, double *error)
{
  double largest = 0, sum = 0;
  size_t i;

  for (i = 0; i < n; i++)
    if (fabs((double)vector[i]) > largest)
      largest = fabs((double)vector[i]);
  *scale = (double)(float)(largest / vector_length / most);
  for (i = 0; i < n; i++) {
    double unit = (double)vector[i] / vector_length;
    double code = rint(unit / *scale);

    code = code > most ? most : code < -most ? -most : code;
    codes[i] = (int16_t)code;
    sum += (unit - code * *scale) * (unit - code * *scale);
  }
  *error = sqrt(sum) + SLACK;
}

/* ---- blocks ---- */

static size_t padded_to(size_t n, size_t unit)
{
  return (n + unit - 1) / unit * unit;
}

static void free_block(const adv_dedup_vectors *v, block *b)
{
  adv_pages_free(b->codes, v->rows * v->padded);
  adv_pages_free(b->vectors, v->rows * v->padded * sizeof(float));
  adv_pages_free(b->lengths, v->rows * sizeof(double));
  adv_pages_free(b->scales, v->rows * sizeof(float));
  adv_pages_free(b->errors, v->rows * sizeof(float));
  adv_pages_free(b->ids, v->rows * sizeof(int64_t));
}

static adv_status add_block(adv_dedup_vectors *v)
{
  /* All codes are read by each query: huge pages make that a fifth faster. A
   * small pool stays small. */
  bool huge = v->block_count > 0;
  block b;

  if (v->block_count == v->block_cap) {
    size_t cap = v->block_cap ? 2 * v->block_cap : 16;
    block *grown = realloc(v->blocks, cap * sizeof(*grown));

    if (!grown)
      return ADV_ENOMEM;
    v->blocks = grown;
    v->block_cap = cap;
  }
  b.codes = adv_pages_new(v->rows * v->padded, huge);
  b.vectors = adv_pages_new(v->rows * v->padded * sizeof(float), false);
  b.lengths = adv_pages_new(v->rows * sizeof(double), false);
  b.scales = adv_pages_new(v->rows * sizeof(float), false);
  b.errors = adv_pages_new(v->rows * sizeof(float), false);
  b.ids = adv_pages_new(v->rows * sizeof(int64_t), false);
  if (!b.codes || !b.vectors || !b.lengths || !b.scales || !b.errors ||
      !b.ids) {
    free_block(v, &b);
    return ADV_ENOMEM;
  }
  v->blocks[v->block_count++] = b;
  return ADV_OK;
}

adv_status adv_dedup_vectors_add(adv_dedup_vectors *v, const float *vector,
                                 int64_t id)
{
  size_t at = v->count % v->rows, i;
  double l = length(vector, v->dimensions), scale, error;
  adv_status st;
  block *b;

  if (l == 0)
    return ADV_EINVAL;
  if (v->count > 0) {
    size_t last = v->count - 1;

    if (id < v->blocks[last / v->rows].ids[last % v->rows])
      return ADV_EINVAL;
  }
  if (v->count == v->block_count * v->rows) {
    st = add_block(v);
    if (st != ADV_OK)
      return st;
  }
  b = &v->blocks[v->count / v->rows];
  encode(vector, v->dimensions, l, INT8_MAX, v->query_codes, &scale, &error);
  for (i = 0; i < v->dimensions; i++)
    b->codes[at * v->padded + i] = (int8_t)v->query_codes[i];
  memcpy(b->vectors + at * v->padded, vector, v->dimensions * sizeof(float));
  b->lengths[at] = l;
  b->scales[at] = (float)scale;
  b->errors[at] = nextafterf((float)error, INFINITY);
  b->ids[at] = id;
  v->count++;
  return ADV_OK;
}

/* ---- asking ---- */

/* The vectors with an id below `before`: ids rise. */
static size_t count_before(const adv_dedup_vectors *v, int64_t before)
{
  size_t low = 0, high = v->count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (v->blocks[middle / v->rows].ids[middle % v->rows] < before)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static adv_status add_finalist(adv_dedup_vectors *v, size_t row, float score)
{
  if (v->finalist_count == v->finalist_cap) {
    size_t cap = v->finalist_cap ? 2 * v->finalist_cap : 64;
    finalist *grown = realloc(v->finalists, cap * sizeof(*grown));

    if (!grown)
      return ADV_ENOMEM;
    v->finalists = grown;
    v->finalist_cap = cap;
  }
  v->finalists[v->finalist_count++] = (finalist){row, score};
  return ADV_OK;
}

/* Goes through the first `count` vectors of a block. `*least` is a lower bound
 * of the score of the nearest, or the threshold. */
static adv_status scan_block(adv_dedup_vectors *v, size_t first, size_t count,
                             double scale, double error, double *least)
{
  const block *b = &v->blocks[first / v->rows];
  int32_t dots[STRIDE];
  adv_status st = ADV_OK;
  size_t i, j, n;

  for (i = 0; i < count && st == ADV_OK; i += STRIDE) {
    n = count - i < STRIDE ? count - i : STRIDE;
    v->dots->codes(v->query_codes, b->codes + i * v->padded, v->padded, n,
                   dots);
    for (j = 0; j < n && st == ADV_OK; j++) {
      size_t row = i + j;
      /* With q = q' + e and v = v' + f, where q' and v' are what the codes
       * stand for: |qv - q'v'| = |ev + q'f| <= |e| + (1 + |e|) |f|. */
      double upper = dots[j] * scale * (double)b->scales[row] + error +
                     (1 + error) * (double)b->errors[row] + SLACK;
      float score;

      if (upper < *least)
        continue;
      score =
          v->dots->floats(v->query, b->vectors + row * v->padded, v->padded) /
          (float)b->lengths[row];
      if ((double)score + v->float_error < *least)
        continue;
      st = add_finalist(v, first + row, score);
      if ((double)score - v->float_error > *least)
        *least = (double)score - v->float_error;
    }
  }
  return st;
}

/* Computes what is left of the finalists as the header promises. */
static void decide(const adv_dedup_vectors *v, const float *vector,
                   double vector_length, double least, adv_nearest *nearest)
{
  size_t i;

  for (i = 0; i < v->finalist_count; i++) {
    size_t row = v->finalists[i].row;
    const block *b = &v->blocks[row / v->rows];
    double score;

    if ((double)v->finalists[i].score + v->float_error < least)
      continue;
    row %= v->rows;
    score = dot(vector, b->vectors + row * v->padded, v->dimensions) /
            (vector_length * b->lengths[row]);
    if (score >= v->threshold && (!nearest->found || score > nearest->score))
      *nearest =
          (adv_nearest){.found = true, .id = b->ids[row], .score = score};
  }
}

adv_status adv_dedup_vectors_nearest(adv_dedup_vectors *v, const float *vector,
                                     int64_t before, adv_nearest *nearest)
{
  double l = length(vector, v->dimensions), scale, error, most;
  double least = v->threshold - SLACK;
  size_t rest, first, n, i;
  adv_status st = ADV_OK;

  *nearest = (adv_nearest){.found = false};
  if (l == 0)
    return ADV_EINVAL;
  most = floor((double)INT32_MAX / INT8_MAX / (double)v->padded);
  if (most > QUERY_MAX)
    most = QUERY_MAX;
  encode(vector, v->dimensions, l, most, v->query_codes, &scale, &error);
  for (i = 0; i < v->dimensions; i++)
    v->query[i] = (float)((double)vector[i] / l);
  v->finalist_count = 0;
  rest = count_before(v, before);
  for (first = 0; rest > 0 && st == ADV_OK; first += n, rest -= n) {
    n = rest < v->rows ? rest : v->rows;
    st = scan_block(v, first, n, scale, error, &least);
  }
  if (st == ADV_OK)
    decide(v, vector, l, least, nearest);
  return st;
}

/* ---- life ---- */

adv_status adv_dedup_vectors_new(adv_dedup_vectors **out, size_t dimensions,
                                 double threshold)
{
  adv_dedup_vectors *v;

  if (dimensions == 0 || dimensions > ADV_VECTORS_DIMENSIONS_MAX ||
      !(threshold >= -1 && threshold <= 1))
    return ADV_EINVAL;
  v = calloc(1, sizeof(*v));
  if (!v)
    return ADV_ENOMEM;
  v->dimensions = dimensions;
  v->padded = padded_to(dimensions, ADV_DOTS_BLOCK);
  v->threshold = threshold;
  v->dots = adv_dots_choose();
  /* A term of a dot product of two vectors of length 1 goes through so many
   * roundings of 2^-24, those of the query's numbers, the product, the
   * quotient and the length included; the terms' sizes sum up to 1 at most.
   * Doubled, which covers powers of (1 + 2^-24). */
  v->float_error = 2 * ((double)v->padded / 8 + 16) * 0x1p-24;
  /* The codes of a block are about 2 MiB. */
  v->rows = padded_to(((size_t)2 << 20) / v->padded, STRIDE);
  v->query_codes = aligned_alloc(64, v->padded * sizeof(*v->query_codes));
  v->query = aligned_alloc(64, v->padded * sizeof(*v->query));
  if (!v->query_codes || !v->query) {
    adv_dedup_vectors_free(v);
    return ADV_ENOMEM;
  }
  memset(v->query_codes, 0, v->padded * sizeof(*v->query_codes));
  memset(v->query, 0, v->padded * sizeof(*v->query));
  *out = v;
  return ADV_OK;
}

size_t adv_dedup_vectors_dimensions(const adv_dedup_vectors *v)
{
  return v->dimensions;
}

size_t adv_dedup_vectors_count(const adv_dedup_vectors *v)
{
  return v->count;
}

void adv_dedup_vectors_free(adv_dedup_vectors *v)
{
  size_t i;

  if (!v)
    return;
  for (i = 0; i < v->block_count; i++)
    free_block(v, &v->blocks[i]);
  free(v->blocks);
  free(v->query_codes);
  free(v->query);
  free(v->finalists);
  free(v);
}
