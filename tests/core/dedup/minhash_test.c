#include "support.h"

#include <sys/resource.h>

#include "base/rng.h"
#include "dedup/buckets.h"
#include "dedup/minima.h"

/* ---- a plain reference over sets of strings ---- */

typedef struct set {
  char **shingles; /* sorted and distinct */
  size_t count;
} set;

static int compare_strings(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The texts of these tests are normal already. `n` bytes or words in a row. */
static set shingles_of(const char *text, bool words, size_t n)
{
  set s = {calloc(strlen(text) + 1, sizeof(char *)), 0};
  size_t i, j, used = 0;

  for (i = 0; text[i]; i++) {
    size_t end = i;

    if (words) {
      size_t seen = 0;

      if (text[i] == ' ' || (i > 0 && text[i - 1] != ' '))
        continue;
      for (end = i; seen < n && text[end]; seen++) {
        end += text[end] == ' ';
        end += strcspn(text + end, " ");
      }
      if (seen < n)
        continue;
    } else {
      end = i + n;
      if (end > strlen(text))
        break;
    }
    s.shingles[s.count++] = strndup(text + i, end - i);
  }
  if (s.count == 0)
    s.shingles[s.count++] = strdup(text);
  qsort(s.shingles, s.count, sizeof(char *), compare_strings);
  for (i = j = 0; i < s.count; i++)
    if (j > 0 && strcmp(s.shingles[j - 1], s.shingles[i]) == 0)
      free(s.shingles[i]);
    else
      s.shingles[j++] = s.shingles[i];
  used = j;
  s.count = used;
  return s;
}

static double jaccard(const set *a, const set *b)
{
  size_t i = 0, j = 0, common = 0;

  while (i < a->count && j < b->count) {
    int order = strcmp(a->shingles[i], b->shingles[j]);

    common += order == 0;
    i += order <= 0;
    j += order >= 0;
  }
  return (double)common / (double)(a->count + b->count - common);
}

static void free_set(set *s)
{
  size_t i;

  for (i = 0; i < s->count; i++)
    free(s->shingles[i]);
  free(s->shingles);
}

/* ---- texts ---- */

#define TEXT_MAX 400

/* Words of a small vocabulary, or an earlier text with some of them changed.
 */
static void make_text(adv_rng *rng, char (*texts)[TEXT_MAX], size_t i)
{
  char words[40][8];
  size_t count = 0, used = 0, j;

  if (i > 5 && adv_rng_below(rng, 2) == 0) {
    const char *from = texts[adv_rng_below(rng, i)];

    for (j = 0; count < 40 && from[j]; count++) {
      size_t n = strcspn(from + j, " ");

      snprintf(words[count], sizeof(words[0]), "%.*s", (int)n, from + j);
      j += n + (from[j + n] == ' ');
    }
    for (j = adv_rng_below(rng, 4); j > 0; j--)
      snprintf(words[adv_rng_below(rng, count)], sizeof(words[0]), "n%d",
               (int)adv_rng_below(rng, 500));
  } else {
    for (count = 1 + adv_rng_below(rng, 25); used < count; used++)
      snprintf(words[used], sizeof(words[0]), "w%d",
               (int)adv_rng_below(rng, 300));
  }
  for (used = j = 0; j < count; j++)
    used += (size_t)snprintf(texts[i] + used, TEXT_MAX - used, "%s%s",
                             j ? " " : "", words[j]);
}

static adv_dedup *make(const adv_minhash_options *options)
{
  adv_dedup *d;

  assert_int_equal(adv_dedup_minhash(&d, options), ADV_OK);
  return d;
}

/* Asks about each text, with some limit, and adds it; returns how many of
 * those with something near were missed. Scores are exact always. */
static size_t run(const adv_minhash_options *options, size_t count,
                  size_t *near)
{
  char(*texts)[TEXT_MAX] = calloc(count, TEXT_MAX);
  set *sets = calloc(count, sizeof(*sets));
  double threshold = options->threshold > 0 ? options->threshold : 0.7;
  size_t i, j, missed = 0, n = options->n;
  adv_dedup *d = make(options);
  adv_rng rng;

  if (n == 0)
    n = options->words ? 3 : 5;
  *near = 0;
  adv_rng_seed(&rng, "minhash", 7);
  for (i = 0; i < count; i++) {
    size_t limit = adv_rng_below(&rng, 3) == 0 ? adv_rng_below(&rng, i + 1) : i;
    adv_nearest expected = {.found = false}, got;

    make_text(&rng, texts, i);
    sets[i] = shingles_of(texts[i], options->words, n);
    for (j = 0; j < limit; j++) {
      double score = jaccard(&sets[i], &sets[j]);

      if (score >= threshold && (!expected.found || score > expected.score))
        expected = (adv_nearest){true, (int64_t)(10 * j), score};
    }
    got = ask(d, texts[i], limit < i ? (int64_t)(10 * limit) : INT64_MAX);
    *near += expected.found;
    if (got.found) {
      assert_true(got.id < (int64_t)(10 * limit));
      assert_true(got.score == jaccard(&sets[i], &sets[got.id / 10]));
      assert_true(got.score >= threshold);
    }
    if (expected.found != got.found ||
        (got.found && (got.id != expected.id || got.score != expected.score)))
      missed++;
    add(d, texts[i], (int64_t)(10 * i));
  }
  assert_int_equal(adv_dedup_count(d), count);
  for (i = 0; i < count; i++)
    free_set(&sets[i]);
  free(sets);
  free(texts);
  adv_dedup_free(d);
  return missed;
}

/* With so many bands nothing is missed, so all answers are the reference's:
 * nearest, ties, limits. */
static void agrees_with_a_plain_scan(void **state)
{
  static const double thresholds[] = {0.3, 0.5, 0.7, 0.9, 1};
  size_t i, near;

  (void)state;
  for (i = 0; i < 5; i++) {
    adv_minhash_options options = {
        .threshold = thresholds[i], .bands = 64, .rows = 1};

    assert_int_equal(run(&options, 700, &near), 0);
    assert_true(near > 30);
    options.words = true;
    options.n = 2;
    assert_int_equal(run(&options, 700, &near), 0);
    assert_true(near > 30);
  }
}

static void misses_little_by_default(void **state)
{
  static const double thresholds[] = {0.6, 0.7, 0.8, 0.95};
  size_t i, near, missed;

  (void)state;
  for (i = 0; i < 4; i++) {
    adv_minhash_options options = {.threshold = thresholds[i]};

    missed = run(&options, 1500, &near);
    assert_true(near > 150);
    assert_true((double)missed <= 0.01 * (double)near);
  }
}

static void other_shingles(void **state)
{
  size_t n, near;

  (void)state;
  for (n = 1; n <= 7; n++) {
    adv_minhash_options options = {
        .threshold = 0.7, .n = (unsigned)n, .bands = 64, .rows = 1};

    assert_int_equal(run(&options, 300, &near), 0);
    options.words = true;
    assert_int_equal(run(&options, 300, &near), 0);
  }
}

static void short_and_empty_texts(void **state)
{
  adv_dedup *d = make(NULL);

  (void)state;
  assert_false(ask(d, "", INT64_MAX).found);
  assert_false(ask(d, "abc", INT64_MAX).found);
  add(d, "", 1);
  add(d, "abc", 2);
  add(d, "abcde", 3);
  assert_int_equal(ask(d, "  ", INT64_MAX).id, 1);
  assert_int_equal(ask(d, "ABC", INT64_MAX).id, 2);
  assert_true(ask(d, "ABC", INT64_MAX).score == 1.0);
  assert_int_equal(ask(d, "abcde", INT64_MAX).id, 3);
  assert_false(ask(d, "abcd", INT64_MAX).found);
  assert_false(ask(d, "ab", INT64_MAX).found);
  assert_false(ask(d, "abc", 2).found);
  assert_false(ask(d, "", 1).found);
  assert_int_equal(adv_dedup_count(d), 3);
  adv_dedup_free(d);
}

/* A short text is not the longer one that begins with NULs. */
static void nul_bytes_count(void **state)
{
  adv_dedup *d = make(NULL);
  adv_nearest found;

  (void)state;
  add(d, "abc", 1);
  assert_int_equal(adv_dedup_nearest(d, "\0\0abc", 5, INT64_MAX, &found),
                   ADV_OK);
  assert_false(found.found);
  assert_int_equal(adv_dedup_add(d, "\0\0abc", 5, 2), ADV_OK);
  assert_int_equal(adv_dedup_nearest(d, "\0\0ABC", 5, INT64_MAX, &found),
                   ADV_OK);
  assert_int_equal(found.id, 2);
  adv_dedup_free(d);
}

static void very_long_texts(void **state)
{
  const size_t len = 3000000;
  char *text = malloc(len + 1);
  adv_dedup *d = make(NULL);
  adv_nearest found;
  adv_rng rng;
  size_t i;

  (void)state;
  adv_rng_seed(&rng, "long", 4);
  for (i = 0; i < len; i++)
    text[i] = (char)('a' + adv_rng_below(&rng, 26));
  text[len] = '\0';
  add(d, "something short before", 1);
  assert_false(ask(d, text, INT64_MAX).found);
  add(d, text, 2);
  add(d, "something short behind", 3);
  text[len / 2] = '!';
  found = ask(d, text, INT64_MAX);
  assert_true(found.found && found.id == 2);
  assert_true(found.score > 0.99999 && found.score < 1);
  add(d, text, 4);
  found = ask(d, text, INT64_MAX);
  assert_true(found.id == 4 && found.score == 1.0);
  found = ask(d, "something short behind", INT64_MAX);
  assert_true(found.id == 3 && found.score == 1.0);
  for (i = 0; i < len; i++)
    text[i] = 'a';
  assert_false(ask(d, text, INT64_MAX).found);
  assert_false(ask(d, "aaaa", INT64_MAX).found);
  add(d, text, 5);
  assert_int_equal(ask(d, "aaaaa", INT64_MAX).id, 5);
  free(text);
  adv_dedup_free(d);
}

static void keeps_all_items_as_it_grows(void **state)
{
  const int count = 60000;
  adv_dedup *d = make(NULL);
  adv_nearest found;
  char text[64];
  int i;

  (void)state;
  for (i = 0; i < count; i++) {
    snprintf(text, sizeof(text), "%x-%d-%x", i * 7919u, i, i * 104729u);
    add(d, text, i);
  }
  for (i = 0; i < count; i++) {
    snprintf(text, sizeof(text), "%X-%d-%X", i * 7919u, i, i * 104729u);
    found = ask(d, text, INT64_MAX);
    assert_true(found.found && found.id == i && found.score == 1.0);
  }
  adv_dedup_free(d);
}

/* Many equal items, and many that share a band, do no harm. */
static void repetition(void **state)
{
  adv_dedup *d = make(NULL);
  char text[128];
  int i;

  (void)state;
  for (i = 0; i < 50000; i++)
    add(d, "write a story about a dog", i);
  assert_int_equal(ask(d, "Write a story about a dog", INT64_MAX).id, 0);
  assert_int_equal(adv_dedup_count(d), 50000);
  for (i = 0; i < 3000; i++) {
    snprintf(text, sizeof(text),
             "a rather long template with much text that is equal %d", i);
    add(d, text, 50000 + i);
  }
  for (i = 0; i < 3000; i += 7) {
    snprintf(text, sizeof(text),
             "a rather long template with much text that is equal %d", i);
    assert_int_equal(ask(d, text, INT64_MAX).id, 50000 + i);
  }
  adv_dedup_free(d);
}

static void ids_rise(void **state)
{
  adv_dedup *d = make(NULL);

  (void)state;
  add(d, "first text", -5);
  add(d, "second text", -5);
  assert_int_equal(adv_dedup_add(d, "third", 5, -6), ADV_EINVAL);
  assert_false(ask(d, "third", INT64_MAX).found);
  assert_int_equal(adv_dedup_count(d), 2);
  add(d, "third", INT64_MAX);
  assert_int_equal(ask(d, "second text", INT64_MAX).id, -5);
  adv_dedup_free(d);
}

static void checks_its_options(void **state)
{
  static const adv_minhash_options bad[] = {
      {.threshold = -0.1},      {.threshold = 1.1}, {.n = 8},
      {.words = true, .n = 65}, {.bands = 65},      {.rows = 33},
      {.threshold = 0.0 / 0.0},
  };
  static const adv_minhash_options good[] = {{.threshold = 1},
                                             {.words = true, .n = 64},
                                             {.bands = 64, .rows = 32},
                                             {.bands = 1, .rows = 1},
                                             {.threshold = 0.01}};
  adv_dedup *d;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_int_equal(adv_dedup_minhash(&d, &bad[i]), ADV_EINVAL);
  for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    d = make(&good[i]);
    add(d, "some text of several words", 3);
    assert_int_equal(ask(d, "Some text of several words", INT64_MAX).id, 3);
    adv_dedup_free(d);
  }
}

static void all_forms_of_minima_agree(void **state)
{
  const adv_minima_fn *forms = adv_minima_forms();
  uint32_t hashes[700], factors[5], *offsets = aligned_alloc(64, 4 * 48);
  uint32_t *expected = aligned_alloc(64, 4 * 48 * 5);
  uint32_t *got = aligned_alloc(64, 4 * 48 * 5);
  size_t n, rows, width, row, i, j;
  adv_rng rng;

  (void)state;
  adv_rng_seed(&rng, "minima", 6);
  for (i = 0; i < 5; i++)
    factors[i] = (uint32_t)adv_rng_next(&rng) | 1;
  for (i = 0; i < 48; i++)
    offsets[i] = (uint32_t)adv_rng_next(&rng);
  for (i = 0; i < 700; i++)
    hashes[i] = (uint32_t)adv_rng_next(&rng);
  for (; *forms; forms++)
    for (rows = 1; rows <= 5; rows++)
      for (width = 16; width <= 48; width += 16)
        for (n = 1; n <= 700; n += n < 35 ? 1 : 95) {
          for (row = 0; row < rows; row++)
            for (j = 0; j < width; j++) {
              uint32_t least = UINT32_MAX;

              for (i = 0; i < n; i++)
                if (((factors[row] * hashes[i]) ^ offsets[j]) < least)
                  least = (factors[row] * hashes[i]) ^ offsets[j];
              expected[row * width + j] = least;
            }
          (*forms)(hashes, n, factors, rows, offsets, width, got);
          assert_memory_equal(got, expected, rows * width * sizeof(*got));
        }
  free(offsets);
  free(expected);
  free(got);
}

static void buckets_find_all(void **state)
{
  const uint32_t count = 100000;
  adv_buckets t;
  uint32_t i;

  (void)state;
  adv_buckets_init(&t);
  for (i = 1; i <= count; i++) {
    assert_int_equal(adv_buckets_reserve(&t, 1), ADV_OK);
    /* Every tenth has one of three hashes: long chains. */
    adv_buckets_add(&t, i % 10 ? i * 2654435761u : i % 3, i);
  }
  for (i = 1; i <= count; i += i % 10 ? 1 : 37) {
    uint32_t hash = i % 10 ? i * 2654435761u : i % 3;
    unsigned hits, seen = 0;
    adv_bucket *b;

    for (b = adv_buckets_home(&t, hash); b; b = adv_buckets_next(&t, b))
      for (hits = adv_bucket_hits(b, hash); hits; hits &= hits - 1)
        seen += b->values[__builtin_ctz(hits)] == i;
    assert_int_equal(seen, 1);
  }
  adv_buckets_free(&t);
}

/* With no memory to be had, an add changes nothing. */
static void survives_without_memory(void **state)
{
#ifdef SANITIZED
  (void)state;
  skip();
#else
  struct rlimit before, none;
  adv_dedup *d = make(NULL);
  adv_status st = ADV_OK;
  char *text = malloc(200001);
  int i, kept;

  (void)state;
  memset(text, 'x', 200000);
  text[200000] = '\0';
  assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
  none = before;
  none.rlim_cur = 1 << 20;
  for (i = 0; i < 500; i++) {
    memcpy(text, &i, 3);
    add(d, text + (text[0] == 0), i);
  }
  assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
  for (kept = i; st == ADV_OK && kept < 100000; kept += st == ADV_OK) {
    text[200] = (char)('a' + kept % 26);
    text[300] = (char)('a' + kept / 26);
    st = adv_dedup_add(d, text, 200000, kept);
  }
  assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
  assert_int_equal(st, ADV_ENOMEM);
  assert_int_equal(adv_dedup_count(d), kept);
  add(d, "goes on", kept);
  assert_int_equal(ask(d, "goes on", INT64_MAX).id, kept);
  free(text);
  adv_dedup_free(d);
#endif
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_a_plain_scan),
      cmocka_unit_test(misses_little_by_default),
      cmocka_unit_test(other_shingles),
      cmocka_unit_test(short_and_empty_texts),
      cmocka_unit_test(nul_bytes_count),
      cmocka_unit_test(very_long_texts),
      cmocka_unit_test(keeps_all_items_as_it_grows),
      cmocka_unit_test(repetition),
      cmocka_unit_test(ids_rise),
      cmocka_unit_test(checks_its_options),
      cmocka_unit_test(all_forms_of_minima_agree),
      cmocka_unit_test(buckets_find_all),
      cmocka_unit_test(survives_without_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
