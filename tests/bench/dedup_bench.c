/* dedup_bench - speed and memory of the duplicate engines on a corpus.
 *
 *   dedup_bench minhash CORPUS COUNT [THRESHOLD [PAIRS]]
 *   dedup_bench rouge CORPUS POOL QUERIES [THRESHOLD [SCORES]]
 *   dedup_bench cosine COUNT QUERIES [DIMENSIONS [REFERENCE]]
 *
 * A corpus has one text a line; shared/bench/dedup/gen.py makes some, and the
 * references there take the same. PAIRS and SCORES name files for the results,
 * in the references' forms. cosine makes vectors like cos.py there, and
 * compares some answers with a plain scan in double precision. REFERENCE is
 * cos.c there as a shared object: it is asked the same, query by query in turn
 * with ours, and has 384 dimensions only. */
#include <dlfcn.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "dedup/dedup.h"
#include "dedup/vectors.h"

typedef struct corpus {
  char *data;
  size_t *starts; /* count + 1 of them */
  size_t count;
} corpus;

static double now(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* CPU time of this process: on a machine with other work to do, the figure
 * to compare. */
static double cpu(void)
{
  struct timespec t;

  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double resident(void)
{
  long all = 0, in = 0;
  FILE *f = fopen("/proc/self/statm", "r");

  if (f) {
    if (fscanf(f, "%ld %ld", &all, &in) != 2)
      in = 0;
    fclose(f);
  }
  return (double)in * 4096;
}

static void *must(void *p)
{
  if (!p) {
    fprintf(stderr, "dedup_bench: out of memory\n");
    exit(1);
  }
  return p;
}

static void check(adv_status st)
{
  if (st != ADV_OK) {
    fprintf(stderr, "dedup_bench: %s\n", adv_status_text(st));
    exit(1);
  }
}

/* Reads up to `max` lines, without their ends. */
static corpus load(const char *path, size_t max)
{
  corpus c = {0};
  FILE *f = fopen(path, "r");
  size_t used = 0, cap = 0, line_cap = 0;
  char *line = NULL;
  ssize_t n;

  if (!f) {
    perror(path);
    exit(1);
  }
  c.starts = must(malloc((max + 1) * sizeof(*c.starts)));
  while (c.count < max && (n = getline(&line, &line_cap, f)) >= 0) {
    if (n > 0 && line[n - 1] == '\n')
      n--;
    if (used + (size_t)n > cap) {
      cap = 2 * (used + (size_t)n);
      c.data = must(realloc(c.data, cap));
    }
    memcpy(c.data + used, line, (size_t)n);
    c.starts[c.count++] = used;
    used += (size_t)n;
  }
  c.starts[c.count] = used;
  free(line);
  fclose(f);
  return c;
}

static const char *text(const corpus *c, size_t i, size_t *len)
{
  *len = c->starts[i + 1] - c->starts[i];
  return c->data + c->starts[i];
}

static void free_corpus(corpus *c)
{
  free(c->data);
  free(c->starts);
}

/* Longest time of one item in a pass of its own, by CPU time, for on a machine
 * with other work to do the clock shows mostly how long that took its turn. */
static double longest_pause(const corpus *c, const adv_minhash_options *options)
{
  double worst = 0, last, t;
  adv_nearest nearest;
  adv_dedup *d;
  size_t i, len;

  check(adv_dedup_minhash(&d, options));
  last = cpu();
  for (i = 0; i < c->count; i++) {
    const char *s = text(c, i, &len);

    check(adv_dedup_nearest(d, s, len, INT64_MAX, &nearest));
    check(adv_dedup_add(d, s, len, (int64_t)i));
    t = cpu();
    if (t - last > worst)
      worst = t - last;
    last = t;
  }
  adv_dedup_free(d);
  return worst;
}

static int bench_minhash(int argc, char **argv)
{
  corpus c = load(argv[2], (size_t)atol(argv[3]));
  adv_minhash_options options = {.threshold = argc > 4 ? atof(argv[4]) : 0.7};
  FILE *pairs = argc > 5 ? fopen(argv[5], "w") : NULL;
  double base = resident(), start, busy;
  size_t i, len, near = 0;
  adv_dedup *d;

  check(adv_dedup_minhash(&d, &options));
  busy = cpu();
  start = now();
  for (i = 0; i < c.count; i++) {
    const char *s = text(&c, i, &len);
    adv_nearest nearest;

    check(adv_dedup_nearest(d, s, len, INT64_MAX, &nearest));
    check(adv_dedup_add(d, s, len, (int64_t)i));
    near += nearest.found;
    if (pairs && nearest.found)
      fprintf(pairs, "%zu %lld %.4f\n", i, (long long)nearest.id,
              nearest.score);
  }
  start = now() - start;
  busy = cpu() - busy;
  base = resident() - base;
  adv_dedup_free(d);
  printf("minhash n=%zu: %.0f items/s, %.0f ns/item (CPU %.0f), %.0f B/item, "
         "longest pause %.0f us (CPU); %zu near\n",
         c.count, (double)c.count / start, 1e9 * start / (double)c.count,
         1e9 * busy / (double)c.count, base / (double)c.count,
         1e6 * longest_pause(&c, &options), near);
  if (pairs)
    fclose(pairs);
  free_corpus(&c);
  return 0;
}

/* The pool is asked about nothing while it is filled; then come the queries,
 * each compared with the whole pool and not added, as in rouge.c there. */
static int bench_rouge(int argc, char **argv)
{
  size_t pool = (size_t)atol(argv[3]), queries = (size_t)atol(argv[4]), i, len;
  corpus c = load(argv[2], pool + queries);
  FILE *scores = argc > 6 ? fopen(argv[6], "w") : NULL;
  double base, start, busy, adding, sum = 0;
  size_t near = 0;
  adv_dedup *d;

  if (c.count < pool + queries)
    pool = c.count > queries ? c.count - queries : 0;
  base = resident();
  check(adv_dedup_rouge(&d, argc > 5 ? atof(argv[5]) : 0.7));
  start = now();
  for (i = 0; i < pool; i++) {
    const char *s = text(&c, i, &len);

    check(adv_dedup_add(d, s, len, (int64_t)i));
  }
  adding = now() - start;
  base = resident() - base;
  busy = cpu();
  start = now();
  for (i = pool; i < c.count; i++) {
    const char *s = text(&c, i, &len);
    adv_nearest nearest;

    check(adv_dedup_nearest(d, s, len, INT64_MAX, &nearest));
    near += nearest.found;
    sum += nearest.found ? nearest.score : 0;
    if (scores && nearest.found)
      fprintf(scores, "%zu %.6f\n", i, nearest.score);
    else if (scores)
      fprintf(scores, "%zu -\n", i);
  }
  start = now() - start;
  busy = cpu() - busy;
  queries = c.count - pool;
  printf("rouge pool=%zu: %.2f us/query (CPU %.2f), %.2f us/add, %.0f B/item; "
         "%zu of %zu near, sum %.4f\n",
         pool, 1e6 * start / (double)queries, 1e6 * busy / (double)queries,
         1e6 * adding / (double)pool, base / (double)pool, near, queries, sum);
  if (scores)
    fclose(scores);
  adv_dedup_free(d);
  free_corpus(&c);
  return 0;
}

/* A number like one of the standard normal distribution. */
static float normal(adv_rng *rng)
{
  uint64_t x = adv_rng_next(rng);
  double sum = (double)(x & 0xffff) + (double)(x >> 16 & 0xffff) +
               (double)(x >> 32 & 0xffff) + (double)(x >> 48);

  return (float)((sum - 2 * 65535.0) / 37837.0);
}

/* The row of the nearest by a plain scan. */
static size_t scan(const float *all, size_t count, const float *query, size_t d)
{
  size_t best = 0, i, j;
  double best_score = -2, squares = 0, dot, of_query = 0;

  for (j = 0; j < d; j++)
    of_query += (double)query[j] * (double)query[j];
  for (i = 0; i < count; i++, all += d) {
    for (dot = squares = 0, j = 0; j < d; j++) {
      dot += (double)all[j] * (double)query[j];
      squares += (double)all[j] * (double)all[j];
    }
    dot /= sqrt(of_query) * sqrt(squares);
    if (dot > best_score) {
      best_score = dot;
      best = i;
    }
  }
  return best;
}

/* Looks of the reference that scans bytes and repairs in float32, with its own
 * copies of the vectors: of length 1, and as bytes in steps of .35 / 127. */
typedef int64_t look(const int8_t *bytes, const float *floats, int64_t count,
                     const int16_t *query_bytes, const float *query,
                     int32_t margin, float *best, int64_t *rescored);

typedef struct reference {
  void *library;
  look *nearest;
  float *floats;
  int8_t *bytes;
  size_t count, d;
} reference;

static const float STEPS = 127 / .35f;

static void unit(float *to, const float *from, size_t d)
{
  double squares = 0;
  size_t j;

  for (j = 0; j < d; j++)
    squares += (double)from[j] * (double)from[j];
  for (j = 0; j < d; j++)
    to[j] = (float)(from[j] / sqrt(squares));
}

static int whole_steps(float x)
{
  float steps = rintf(x * STEPS);

  return (int)(steps > 127 ? 127 : steps < -127 ? -127 : steps);
}

static void open_reference(reference *r, const char *path, const float *all,
                           size_t count, size_t d)
{
  size_t i, n = count * d;
  void *symbol;

  r->library = dlopen(path, RTLD_NOW);
  symbol = r->library ? dlsym(r->library, "nn_i8x") : NULL;
  if (!symbol || d != 384) {
    fprintf(stderr, "dedup_bench: %s: %s\n", path,
            d != 384 ? "has 384 dimensions only" : dlerror());
    exit(1);
  }
  memcpy(&r->nearest, &symbol, sizeof(symbol));
  r->count = count;
  r->d = d;
  r->floats = must(malloc(n * sizeof(float)));
  r->bytes = must(malloc(n));
  for (i = 0; i < count; i++)
    unit(r->floats + i * d, all + i * d, d);
  for (i = 0; i < n; i++)
    r->bytes[i] = (int8_t)whole_steps(r->floats[i]);
}

/* The row that the reference finds; adds what its look took, in seconds. */
static int64_t ask_reference(reference *r, const float *query, double *seconds)
{
  int16_t bytes[384];
  float floats[384], best;
  int64_t rescored, row;
  double start = now();
  size_t j;

  unit(floats, query, r->d);
  for (j = 0; j < r->d; j++)
    bytes[j] = (int16_t)whole_steps(floats[j]);
  row = r->nearest(r->bytes, r->floats, (int64_t)r->count, bytes, floats,
                   (int32_t)(.02f * STEPS * STEPS), &best, &rescored);
  *seconds += now() - start;
  return row;
}

static void close_reference(reference *r)
{
  free(r->floats);
  free(r->bytes);
  if (r->library)
    dlclose(r->library);
}

/* Vectors around random centers, and queries that are like some of them. */
static void make_vectors(float *all, size_t count, float *query, size_t queries,
                         size_t d)
{
  size_t centers = count / 20 + 1, i, j;
  float *center = must(malloc(centers * d * sizeof(float)));
  adv_rng rng;

  adv_rng_seed(&rng, "cosine", 6);
  for (i = 0; i < centers * d; i++)
    center[i] = normal(&rng);
  for (i = 0; i < count; i++) {
    const float *around = center + adv_rng_below(&rng, centers) * d;

    for (j = 0; j < d; j++)
      all[i * d + j] = around[j] + 0.7f * normal(&rng);
  }
  for (i = 0; i < queries; i++) {
    const float *like = all + adv_rng_below(&rng, count) * d;

    /* cos.py moves vectors of length 1 by 0.03 in each dimension. */
    for (j = 0; j < d; j++)
      query[i * d + j] = like[j] + 0.03f * 23.9f * normal(&rng);
  }
  free(center);
}

static int bench_cosine(int argc, char **argv)
{
  size_t count = (size_t)atol(argv[2]), queries = (size_t)atol(argv[3]);
  size_t d = argc > 4 ? (size_t)atol(argv[4]) : 384, i, same = 0, checked;
  size_t agreed = 0;
  float *all = must(malloc(count * d * sizeof(float)));
  float *query = must(malloc(queries * d * sizeof(float)));
  int64_t *found = must(malloc(queries * sizeof(*found)));
  adv_dedup_vectors *v;
  reference other = {0};
  double start, busy = 0, taken = 0, other_taken = 0, adding;

  make_vectors(all, count, query, queries, d);
  check(adv_dedup_vectors_new(&v, d, -1));
  start = now();
  for (i = 0; i < count; i++)
    check(adv_dedup_vectors_add(v, all + i * d, (int64_t)i));
  adding = now() - start;
  if (argc > 5)
    open_reference(&other, argv[5], all, count, d);
  for (i = 0; i < queries; i++) {
    adv_nearest nearest;
    double of_cpu = cpu();

    start = now();
    check(adv_dedup_vectors_nearest(v, query + i * d, INT64_MAX, &nearest));
    taken += now() - start;
    busy += cpu() - of_cpu;
    found[i] = nearest.id;
    if (other.nearest)
      agreed += ask_reference(&other, query + i * d, &other_taken) == found[i];
  }
  checked = queries < 50 ? queries : 50;
  for (i = 0; i < checked; i++)
    same += found[i] == (int64_t)scan(all, count, query + i * d, d);
  printf("cosine n=%zu: %.3f ms/query (CPU %.3f), %.2f us/add, %zu dimensions; "
         "%zu of %zu as by a plain scan\n",
         count, 1e3 * taken / (double)queries, 1e3 * busy / (double)queries,
         1e6 * adding / (double)count, d, same, checked);
  if (other.nearest)
    printf("reference: %.3f ms/query; %zu of %zu as ours\n",
           1e3 * other_taken / (double)queries, agreed, queries);
  close_reference(&other);
  adv_dedup_vectors_free(v);
  free(all);
  free(query);
  free(found);
  return same == checked ? 0 : 1;
}

int main(int argc, char **argv)
{
  if (argc > 3 && strcmp(argv[1], "minhash") == 0)
    return bench_minhash(argc, argv);
  if (argc > 4 && strcmp(argv[1], "rouge") == 0)
    return bench_rouge(argc, argv);
  if (argc > 3 && strcmp(argv[1], "cosine") == 0)
    return bench_cosine(argc, argv);
  fprintf(stderr, "usage: dedup_bench minhash CORPUS COUNT [THRESHOLD "
                  "[PAIRS]]\n       dedup_bench rouge CORPUS POOL QUERIES "
                  "[THRESHOLD [SCORES]]\n       dedup_bench cosine COUNT "
                  "QUERIES [DIMENSIONS [REFERENCE]]\n");
  return 2;
}
