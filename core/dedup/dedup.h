/* dedup.h - "which kept item is nearest, and how near": one interface for all
 * duplicate engines.
 *
 * An engine is online and deterministic: items are asked about, then added,
 * in commit order; the same order gives the same answers. Exact duplicates
 * are the first engine. Plain C, no I/O. */
#ifndef ADV_DEDUP_H
#define ADV_DEDUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef struct adv_dedup adv_dedup;

typedef struct adv_nearest {
  bool found;   /* something scores high enough: see the engine */
  int64_t id;   /* as given to adv_dedup_add() */
  double score; /* 1.0: equal */
} adv_nearest;

/* Appends the normal form in which texts are compared: Unicode NFKC, case
 * folded (utf8proc), every run of white space one space, none at the ends.
 * Ill-formed UTF-8 is repaired first. On failure `out` may hold a part of the
 * result. */
ADV_MUST_CHECK adv_status adv_dedup_normalize(adv_buf *out, const char *text,
                                              size_t len);

/* Exact equality of normal forms. The caller owns *out. */
ADV_MUST_CHECK adv_status adv_dedup_exact(adv_dedup **out);

/* Zero means the default, in each field. */
typedef struct adv_minhash_options {
  double threshold; /* least Jaccard index that is near, up to 1; 0.7 */
  bool words;       /* shingles of words, not of bytes */
  unsigned n;       /* words or bytes of a shingle; 3 words, 5 bytes */
  unsigned bands;   /* 17 */
  unsigned rows;    /* minima of a band; by the threshold, 4 at 0.7 */
} adv_minhash_options;

/* Jaccard index of the sets of shingles of normal forms, by MinHash with LSH.
 * What is found is verified exactly and is the nearest of the candidates, of
 * equals that with the lowest id; something near is missed with a chance of
 * less than (1 - J^rows)^bands: 0.009 at 0.7, 10^-4 at 0.81; of what is found
 * in real pools, mostly much nearer than 0.7, that is less than 0.001.
 * ADV_EINVAL: options out of range (7 bytes, 64 words, 64 bands, 32 rows are
 * the most). NULL `options`: all default. The caller owns *out. */
ADV_MUST_CHECK adv_status adv_dedup_minhash(adv_dedup **out,
                                            const adv_minhash_options *options);

/* ROUGE-L F1 over words, 2 LCS / (m + n), exact: near is what scores above
 * the threshold (0 to 1; Self-Instruct: 0.7). Words are those of rouge_score,
 * runs of a-z and 0-9, of normal forms; a text without any is near nothing.
 * ADV_EINVAL: a threshold out of range. The caller owns *out. */
ADV_MUST_CHECK adv_status adv_dedup_rouge(adv_dedup **out, double threshold);

/* The share of the text's words that lie in runs it has in common with an
 * item: n words in a row (1 to 64; 0: 8) that are in a row in the item too, or,
 * for an item of fewer than n words, all of them. An item of fewer than
 * (n + 1) / 2 words is too common a phrase to prove anything: it is near
 * nothing. Near is what scores above the threshold (0 to 1); at 0 any run
 * counts. Exact: hashes only lead to the words, which are compared. Words are
 * runs of a-z, 0-9 and whatever is beyond ASCII, of normal forms; so a script
 * without spaces has one word a sentence. A text costs 32 bytes and about 16
 * for each word, a distinct word some 50 once; a query takes time by the number
 * of runs that it shares. ADV_EINVAL: out of range. The caller owns *out. */
ADV_MUST_CHECK adv_status adv_dedup_ngrams(adv_dedup **out, unsigned n,
                                           double threshold);

/* The nearest of the items added so far with an id below `before`, as if later
 * ones were not there (INT64_MAX: all); of equals, the one added first. Ids
 * are below INT64_MAX and added in rising order. */
ADV_MUST_CHECK adv_status adv_dedup_nearest(adv_dedup *d, const char *text,
                                            size_t len, int64_t before,
                                            adv_nearest *nearest);

/* Adds an item under the caller's id. All but the engine for exact equality
 * give ADV_EINVAL for an id below one added before. On failure the engine is
 * as before. */
ADV_MUST_CHECK adv_status adv_dedup_add(adv_dedup *d, const char *text,
                                        size_t len, int64_t id);

size_t adv_dedup_count(const adv_dedup *d);
void adv_dedup_free(adv_dedup *d); /* NULL is fine */

#endif
