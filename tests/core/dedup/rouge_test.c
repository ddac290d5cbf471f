#include "support.h"

#include <sys/resource.h>

#include "base/rng.h"
#include "dedup/overlap.h"

/* ---- a plain reference over sequences of numbers, which are the words ---- */

typedef struct sequence {
  int *words;
  size_t len;
} sequence;

static size_t common(const sequence *a, const sequence *b)
{
  size_t *row = calloc(b->len + 1, sizeof(*row)), i, j, result;

  for (i = 0; i < a->len; i++) {
    size_t diagonal = 0;

    for (j = 1; j <= b->len; j++) {
      size_t above = row[j];

      if (a->words[i] == b->words[j - 1])
        row[j] = diagonal + 1;
      else if (row[j - 1] > row[j])
        row[j] = row[j - 1];
      diagonal = above;
    }
  }
  result = row[b->len];
  free(row);
  return result;
}

static double f1(const sequence *a, const sequence *b)
{
  if (a->len + b->len == 0)
    return 0;
  return 2.0 * (double)common(a, b) / (double)(a->len + b->len);
}

/* Small numbers are frequent. */
static int draw(adv_rng *rng, int words)
{
  double x = adv_rng_unit(rng);

  return (int)(x * x * x * words);
}

/* Fresh words, or a kept sequence with some of it changed. */
static sequence make_sequence(adv_rng *rng, const sequence *kept, size_t count,
                              size_t len_max, int words)
{
  sequence s = {0};
  size_t i, edits;

  if (count > 5 && adv_rng_below(rng, 2) == 0) {
    const sequence *from = &kept[adv_rng_below(rng, count)];

    s.words = calloc(from->len + 10, sizeof(int));
    s.len = from->len;
    if (s.len > 0)
      memcpy(s.words, from->words, s.len * sizeof(int));
    for (edits = adv_rng_below(rng, 2 + s.len / 3); edits > 0; edits--) {
      i = s.len > 0 ? adv_rng_below(rng, s.len) : 0;
      if (adv_rng_below(rng, 3) == 0 && s.len > 0) {
        memmove(s.words + i, s.words + i + 1, (s.len - i - 1) * sizeof(int));
        s.len--;
      } else if (adv_rng_below(rng, 2) == 0 && s.len < from->len + 9) {
        memmove(s.words + i + 1, s.words + i, (s.len - i) * sizeof(int));
        s.words[i] = draw(rng, words);
        s.len++;
      } else if (s.len > 0) {
        s.words[i] = draw(rng, words);
      }
    }
    return s;
  }
  s.len = adv_rng_below(rng, len_max + 1);
  s.words = calloc(s.len + 1, sizeof(int));
  for (i = 0; i < s.len; i++)
    s.words[i] = draw(rng, words);
  return s;
}

static char *text_of(const sequence *s)
{
  return text_of_words(s->words, s->len);
}

static adv_dedup *make(double threshold)
{
  adv_dedup *d;

  assert_int_equal(adv_dedup_rouge(&d, threshold), ADV_OK);
  return d;
}

/* Adds sequences and asks about one in `every` before; each answer has to be
 * that of a plain scan, to the last bit of the score. */
static size_t run(double threshold, size_t count, size_t every, size_t len_max,
                  int words)
{
  sequence *kept = calloc(count, sizeof(*kept));
  adv_dedup *d = make(threshold);
  size_t i, j, near = 0;
  adv_rng rng;

  adv_rng_seed(&rng, "rouge", 5);
  for (i = 0; i < count; i++) {
    sequence s = make_sequence(&rng, kept, i, len_max, words);
    char *text = text_of(&s);

    if (i % every == 0) {
      size_t limit =
          adv_rng_below(&rng, 3) == 0 ? adv_rng_below(&rng, i + 1) : i;
      adv_nearest best = {.found = false}, got;

      for (j = 0; j < limit; j++) {
        double score = f1(&s, &kept[j]);

        if (score > threshold && (!best.found || score > best.score))
          best = (adv_nearest){true, (int64_t)(3 * j), score};
      }
      got = ask(d, text, limit < i ? (int64_t)(3 * limit) : INT64_MAX);
      assert_int_equal(got.found, best.found);
      if (best.found) {
        assert_int_equal(got.id, best.id);
        assert_true(got.score == best.score);
        near++;
      }
    }
    add(d, text, (int64_t)(3 * i));
    kept[i] = s;
    free(text);
  }
  assert_int_equal(adv_dedup_count(d), count);
  for (i = 0; i < count; i++)
    free(kept[i].words);
  free(kept);
  adv_dedup_free(d);
  return near;
}

static void agrees_with_a_plain_scan(void **state)
{
  static const double thresholds[] = {0, 0.2, 0.5, 0.7, 0.9, 1};
  size_t i, near;

  (void)state;
  for (i = 0; i < 6; i++) {
    near = run(thresholds[i], 900, 1, 25, 400);
    if (thresholds[i] < 1)
      assert_true(near > 20);
    else
      assert_int_equal(near, 0);
    run(thresholds[i], 600, 1, 6, 20); /* many ties and repeated words */
  }
}

/* Generations change, and lists are parted. */
static void agrees_as_it_grows(void **state)
{
  (void)state;
  assert_true(run(0.7, 18000, 90, 20, 3000) > 20);
  assert_true(run(0.5, 18000, 180, 12, 300) > 20);
}

/* Several machine words, and classes of several lengths. */
static void agrees_on_long_texts(void **state)
{
  (void)state;
  assert_true(run(0.7, 300, 1, 200, 2000) > 20);
  assert_true(run(0.3, 200, 1, 400, 100) > 20);
}

static void very_long_texts(void **state)
{
  const size_t len = 20000;
  sequence s = {calloc(len, sizeof(int)), len};
  adv_dedup *d = make(0.7);
  adv_nearest found;
  adv_rng rng;
  size_t i;
  char *text;

  (void)state;
  adv_rng_seed(&rng, "long", 4);
  for (i = 0; i < len; i++)
    s.words[i] = draw(&rng, 5000);
  text = text_of(&s);
  add(d, "short", 1);
  assert_false(ask(d, text, INT64_MAX).found);
  add(d, text, 2);
  free(text);
  /* Half of it, and a word that is nowhere else in each part of ten. */
  s.len = 12000;
  for (i = 0; i < s.len; i += 10)
    s.words[i] = 10000000 + (int)i;
  text = text_of(&s);
  found = ask(d, text, INT64_MAX);
  assert_false(found.found); /* 2 * 10,800 / 32,000 = 0.675 */
  add(d, text, 3);
  found = ask(d, text, INT64_MAX);
  assert_true(found.found && found.id == 3 && found.score == 1.0);
  s.words[5] = 20000000;
  free(text);
  text = text_of(&s);
  found = ask(d, text, INT64_MAX);
  assert_true(found.id == 3 && found.score == 2.0 * 11999 / 24000);
  free(text);
  free(s.words);
  adv_dedup_free(d);
}

static void words_are_those_of_rouge_score(void **state)
{
  adv_dedup *d = make(0.7);

  (void)state;
  add(d, "It's 3.5 times -- FASTER!", 1);
  assert_true(ask(d, "it s 3 5 times faster", INT64_MAX).score == 1.0);
  assert_false(ask(d, "its 35 times faster", INT64_MAX).found);
  /* Beyond ASCII, all is a gap. */
  add(d, "caf\xC3\xA9 cr\xC3\xA8me", 2);
  assert_int_equal(ask(d, "caf cr me", INT64_MAX).id, 2);
  adv_dedup_free(d);
}

static void texts_without_words_are_near_nothing(void **state)
{
  adv_dedup *d = make(0);

  (void)state;
  assert_false(ask(d, "", INT64_MAX).found);
  assert_false(ask(d, "a", INT64_MAX).found);
  add(d, "", 1);
  add(d, " ?! \xE4\xBD\xA0\xE5\xA5\xBD", 2);
  assert_false(ask(d, "", INT64_MAX).found);
  assert_false(ask(d, "\xE4\xBD\xA0\xE5\xA5\xBD", INT64_MAX).found);
  assert_false(ask(d, "a", INT64_MAX).found);
  add(d, "a", 3);
  assert_int_equal(ask(d, "A?", INT64_MAX).id, 3);
  assert_false(ask(d, "", INT64_MAX).found);
  assert_int_equal(adv_dedup_count(d), 3);
  adv_dedup_free(d);
}

static void above_is_not_at(void **state)
{
  adv_dedup *d = make(0.5);

  (void)state;
  add(d, "a b", 1);
  assert_false(ask(d, "b c", INT64_MAX).found); /* 2 * 1 / 4 */
  assert_true(ask(d, "b", INT64_MAX).score == 2.0 / 3);
  adv_dedup_free(d);
}

static void repetition(void **state)
{
  adv_dedup *d = make(0.7);
  char text[100];
  int i;

  (void)state;
  for (i = 0; i < 20000; i++)
    add(d, "write a story about a dog", i);
  assert_int_equal(ask(d, "Write a story about a dog.", INT64_MAX).id, 0);
  assert_false(ask(d, "Write a story about a dog.", 0).found);
  for (i = 0; i < 2000; i++) {
    snprintf(text, sizeof(text), "write a story about a dog and a cat %d", i);
    add(d, text, 20000 + i);
  }
  for (i = 0; i < 2000; i += 13) {
    snprintf(text, sizeof(text), "write a story about a dog and a cat %d", i);
    assert_int_equal(ask(d, text, INT64_MAX).id, 20000 + i);
  }
  assert_int_equal(ask(d, "story about a dog and a cat", INT64_MAX).id, 20000);
  adv_dedup_free(d);
}

static void ids_rise(void **state)
{
  adv_dedup *d = make(0.7);

  (void)state;
  add(d, "first", 5);
  add(d, "second", 5);
  assert_int_equal(adv_dedup_add(d, "third", 5, 4), ADV_EINVAL);
  assert_false(ask(d, "third", INT64_MAX).found);
  assert_int_equal(adv_dedup_count(d), 2);
  adv_dedup_free(d);
}

static void checks_its_threshold(void **state)
{
  adv_dedup *d;

  (void)state;
  assert_int_equal(adv_dedup_rouge(&d, -0.1), ADV_EINVAL);
  assert_int_equal(adv_dedup_rouge(&d, 1.1), ADV_EINVAL);
  assert_int_equal(adv_dedup_rouge(&d, 0.0 / 0.0), ADV_EINVAL);
}

static void limits_are_exact(void **state)
{
  static const double thresholds[] = {0, 0.1, 0.3, 0.5, 2.0 / 3, 0.7, 0.9, 1};
  uint64_t m, n, x;
  size_t t;

  (void)state;
  for (t = 0; t < 8; t++)
    for (n = 1; n < 60; n++) {
      uint64_t shortest = 0;

      for (m = 1; m < 60; m++) {
        for (x = 0; !(adv_overlap_score(x, m, n) > thresholds[t]); x++)
          continue;
        assert_int_equal(adv_overlap_least(thresholds[t], m, n), x);
        if (shortest == 0 && m <= n && x <= m)
          shortest = m;
      }
      assert_int_equal(adv_overlap_shortest(thresholds[t], n), shortest);
      for (x = 0; x <= n; x++) {
        uint64_t longest = adv_overlap_longest(thresholds[t], x, n);

        if (longest == ADV_OVERLAP_LENGTH_MAX)
          continue;
        if (longest > 0)
          assert_true(adv_overlap_score(x, longest, n) > thresholds[t]);
        assert_false(adv_overlap_score(x, longest + 1, n) > thresholds[t]);
      }
    }
}

/* With no memory to be had, an add changes nothing. */
static void survives_without_memory(void **state)
{
#ifdef SANITIZED
  (void)state;
  skip();
#else
  struct rlimit before, none;
  adv_dedup *d = make(0.7);
  adv_status st = ADV_OK;
  char text[100];
  int i, kept = 0;

  (void)state;
  for (i = 0; i < 3000; i++) {
    snprintf(text, sizeof(text), "one%d two%d three four%d", i, i, i);
    add(d, text, kept++);
  }
  assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
  none = before;
  none.rlim_cur = 1 << 20;
  assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
  for (; st == ADV_OK && kept < 1000000; kept += st == ADV_OK) {
    snprintf(text, sizeof(text), "one%d two%d three four%d", kept, kept, kept);
    st = adv_dedup_add(d, text, strlen(text), kept);
  }
  assert_int_equal(st, ADV_ENOMEM);
  assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
  assert_false(ask(d, text, INT64_MAX).found);
  assert_int_equal(adv_dedup_count(d), kept);
  for (i = 0; i < kept; i += 101) {
    snprintf(text, sizeof(text), "one%d two%d three four%d", i, i, i);
    assert_int_equal(ask(d, text, INT64_MAX).id, i);
  }
  add(d, "goes on", kept);
  assert_int_equal(ask(d, "goes on", INT64_MAX).id, kept);
  adv_dedup_free(d);
#endif
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_a_plain_scan),
      cmocka_unit_test(agrees_as_it_grows),
      cmocka_unit_test(agrees_on_long_texts),
      cmocka_unit_test(very_long_texts),
      cmocka_unit_test(words_are_those_of_rouge_score),
      cmocka_unit_test(texts_without_words_are_near_nothing),
      cmocka_unit_test(above_is_not_at),
      cmocka_unit_test(repetition),
      cmocka_unit_test(ids_rise),
      cmocka_unit_test(checks_its_threshold),
      cmocka_unit_test(limits_are_exact),
      cmocka_unit_test(survives_without_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
