#include "support.h"

#include <sys/resource.h>

#include "base/rng.h"

/* ---- a plain reference over rows of numbers, which are the words ---- */

#define LEN_MAX 60

typedef struct row {
  int words[LEN_MAX];
  size_t len;
} row;

/* The definition of dedup.h, word by word. */
static double covered(const row *text, const row *item, size_t n)
{
  size_t run = item->len < n ? item->len : n, count = 0, i, j;
  bool marks[LEN_MAX] = {false};

  if (text->len == 0 || item->len < (n + 1) / 2)
    return 0;
  for (i = 0; i + run <= text->len; i++)
    for (j = 0; j + run <= item->len; j++)
      if (memcmp(text->words + i, item->words + j, run * sizeof(int)) == 0)
        memset(marks + i, true, run);
  for (i = 0; i < text->len; i++)
    count += marks[i];
  return (double)count / (double)text->len;
}

/* Fresh words; or a piece of a kept row between others; or one that repeats
 * itself. */
static row make_row(adv_rng *rng, const row *kept, size_t count)
{
  row r = {.len = adv_rng_below(rng, 30)};
  size_t i, kind = adv_rng_below(rng, 4);

  for (i = 0; i < r.len; i++)
    r.words[i] = (int)adv_rng_below(rng, kind == 0 ? 3 : 400);
  if (count > 0 && kind > 1) {
    const row *from = &kept[adv_rng_below(rng, count)];
    size_t start = adv_rng_below(rng, from->len + 1);
    size_t len = adv_rng_below(rng, from->len - start + 1);

    if (adv_rng_below(rng, 3) == 0) {
      start = 0;
      len = from->len;
    }
    i = adv_rng_below(rng, r.len + 1);
    if (i + len <= LEN_MAX) {
      memcpy(r.words + i, from->words + start, len * sizeof(int));
      r.len = i + len > r.len ? i + len : r.len;
    }
  }
  return r;
}

static char *text_of(const row *r)
{
  return text_of_words(r->words, r->len);
}

static adv_dedup *make(unsigned n, double threshold)
{
  adv_dedup *d;

  assert_int_equal(adv_dedup_ngrams(&d, n, threshold), ADV_OK);
  return d;
}

/* Asks about each row, with some limit, and adds it: each answer has to be that
 * of a plain scan, to the last bit of the score. Returns how many were near. */
static size_t run(unsigned n, double threshold, size_t count)
{
  row *rows = calloc(count, sizeof(*rows));
  adv_dedup *d = make(n, threshold);
  size_t near = 0, i, j;
  adv_rng rng;

  adv_rng_seed(&rng, "ngrams", n);
  for (i = 0; i < count; i++) {
    size_t limit = adv_rng_below(&rng, 3) == 0 ? adv_rng_below(&rng, i + 1) : i;
    adv_nearest expected = {.found = false}, got;
    char *text;

    rows[i] = make_row(&rng, rows, i);
    text = text_of(&rows[i]);
    for (j = 0; j < limit; j++) {
      double score = covered(&rows[i], &rows[j], n);

      if (score > threshold && (!expected.found || score > expected.score))
        expected = (adv_nearest){true, (int64_t)(10 * j), score};
    }
    got = ask(d, text, limit < i ? (int64_t)(10 * limit) : INT64_MAX);
    assert_int_equal(got.found, expected.found);
    if (expected.found) {
      assert_int_equal(got.id, expected.id);
      assert_true(got.score == expected.score);
      near++;
    }
    add(d, text, (int64_t)(10 * i));
    free(text);
  }
  assert_int_equal(adv_dedup_count(d), count);
  free(rows);
  adv_dedup_free(d);
  return near;
}

static void agrees_with_a_plain_scan(void **state)
{
  static const unsigned lengths[] = {1, 2, 3, 5, 8, 13, 40};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
    assert_true(run(lengths[i], 0, 1200) > 50);
    assert_true(run(lengths[i], 0.5, 600) > 20);
  }
}

static void one_run_of_words_is_enough(void **state)
{
  adv_dedup *d = make(0, 0);
  adv_nearest found;

  (void)state;
  add(d, "May I send a parcel back that was opened once?", 1);
  found = ask(d, "So: MAY I -- send a parcel back, that was mine?", INT64_MAX);
  assert_true(found.found && found.id == 1);
  assert_true(found.score == 8.0 / 10.0);
  assert_false(
      ask(d, "May I send a parcel back that is opened once?", INT64_MAX).found);
  assert_false(ask(d, "May I send a parcel back that", INT64_MAX).found);
  assert_false(
      ask(d, "May I send a parcel back that was opened once?", 1).found);
  adv_dedup_free(d);
}

/* A short text counts as a whole, a very short one not at all. */
static void short_texts(void **state)
{
  adv_dedup *d = make(8, 0);
  adv_nearest found;

  (void)state;
  add(d, "Where is it?", 1);
  add(d, "Where is my parcel?", 2);
  add(d, "", 3);
  add(d, "?!", 4);
  assert_false(ask(d, "Where is it?", INT64_MAX).found);
  assert_false(ask(d, "", INT64_MAX).found);
  assert_false(ask(d, "...", INT64_MAX).found);
  found = ask(d, "where is MY parcel", INT64_MAX);
  assert_true(found.found && found.id == 2 && found.score == 1.0);
  found = ask(d, "Tell me, where is my parcel now?", INT64_MAX);
  assert_true(found.found && found.id == 2 && found.score == 4.0 / 7.0);
  assert_false(ask(d, "Where is my red parcel?", INT64_MAX).found);
  assert_int_equal(adv_dedup_count(d), 4);
  adv_dedup_free(d);
}

static void any_script(void **state)
{
  adv_dedup *d = make(2, 0);

  (void)state;
  add(d,
      "\u0413\u0434\u0435 \u043c\u043e\u044f \u043f\u043e\u0441\u044b\u043b"
      "\u043a\u0430?",
      1);
  assert_int_equal(ask(d,
                       "\u0433\u0434\u0435 \u041c\u041e\u042f "
                       "\u043a\u043d\u0438\u0433\u0430",
                       INT64_MAX)
                       .id,
                   1);
  assert_false(
      ask(d, "\u043c\u043e\u044f \u0433\u0434\u0435", INT64_MAX).found);
  adv_dedup_free(d);
}

/* Long, and the same over and over. */
static void long_and_repetitive_texts(void **state)
{
  const size_t words = 400000;
  char *text = malloc(8 * words + 1), *at = text;
  adv_dedup *d = make(8, 0);
  adv_nearest found;
  size_t i;

  (void)state;
  for (i = 0; i < words; i++)
    at += sprintf(at, "a ");
  add(d, text, 1);
  found = ask(d, text, INT64_MAX);
  assert_true(found.id == 1 && found.score == 1.0);
  for (at = text, i = 0; i < words; i++)
    at += sprintf(at, "w%zu ", i % 90000);
  add(d, text, 2);
  found = ask(d, text, INT64_MAX);
  assert_true(found.id == 2 && found.score == 1.0);
  found = ask(d, "w1 w2 w3 w4 w5 w6 w7 w8 w8", INT64_MAX);
  assert_true(found.id == 2 && found.score == 8.0 / 9.0);
  free(text);
  adv_dedup_free(d);
}

static void keeps_all_items_as_it_grows(void **state)
{
  const int count = 60000;
  adv_dedup *d = make(3, 0);
  adv_nearest found;
  char text[96];
  int i;

  (void)state;
  for (i = 0; i < count; i++) {
    snprintf(text, sizeof(text), "x%d y%d z%d and more of it", i, i / 3, i / 7);
    add(d, text, i);
  }
  for (i = 0; i < count; i++) {
    snprintf(text, sizeof(text), "an X%d Y%d Z%d", i, i / 3, i / 7);
    found = ask(d, text, INT64_MAX);
    assert_true(found.found && found.id == i && found.score == 0.75);
  }
  found = ask(d, "and more of it", INT64_MAX);
  assert_true(found.id == 0 && found.score == 1.0);
  adv_dedup_free(d);
}

static void ids_rise(void **state)
{
  adv_dedup *d = make(2, 0);

  (void)state;
  add(d, "first text", -5);
  add(d, "second text", -5);
  assert_int_equal(adv_dedup_add(d, "third text", 10, -6), ADV_EINVAL);
  assert_false(ask(d, "third text", INT64_MAX).found);
  assert_int_equal(adv_dedup_count(d), 2);
  assert_int_equal(ask(d, "second text", INT64_MAX).id, -5);
  adv_dedup_free(d);
}

static void checks_its_options(void **state)
{
  static const double bad[] = {-0.1, 1.1, 0.0 / 0.0};
  adv_dedup *d;
  size_t i;

  (void)state;
  assert_int_equal(adv_dedup_ngrams(&d, 65, 0), ADV_EINVAL);
  for (i = 0; i < 3; i++)
    assert_int_equal(adv_dedup_ngrams(&d, 8, bad[i]), ADV_EINVAL);
  d = make(64, 1);
  add(d, "one two", 1);
  assert_false(ask(d, "one two", INT64_MAX).found);
  adv_dedup_free(d);
}

/* With no memory to be had, an add changes nothing. */
static void survives_without_memory(void **state)
{
#ifdef SANITIZED
  (void)state;
  skip();
#else
  struct rlimit before, none;
  adv_dedup *d = make(8, 0);
  adv_status st = ADV_OK;
  char *text = malloc(80000);
  int kept, i, used;

  (void)state;
  assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
  none = before;
  none.rlim_cur = 1 << 20;
  for (kept = 0; st == ADV_OK && kept < 100000; kept += st == ADV_OK) {
    for (i = used = 0; i < 5000; i++)
      used += sprintf(text + used, "%x ", kept * 5000 + i);
    if (kept == 20)
      assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
    st = adv_dedup_add(d, text, (size_t)used, kept);
  }
  assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
  assert_int_equal(st, ADV_ENOMEM);
  assert_int_equal(adv_dedup_count(d), kept);
  assert_false(ask(d, text, INT64_MAX).found);
  add(d, text, kept);
  assert_int_equal(ask(d, text, INT64_MAX).id, kept);
  free(text);
  adv_dedup_free(d);
#endif
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agrees_with_a_plain_scan),
      cmocka_unit_test(one_run_of_words_is_enough),
      cmocka_unit_test(short_texts),
      cmocka_unit_test(any_script),
      cmocka_unit_test(long_and_repetitive_texts),
      cmocka_unit_test(keeps_all_items_as_it_grows),
      cmocka_unit_test(ids_rise),
      cmocka_unit_test(checks_its_options),
      cmocka_unit_test(survives_without_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
