/* The normal form of a text is well-formed and has single blanks, none at the
 * ends. Every engine for duplicates finds a text that it was given. The input
 * is two texts, parted by the first byte 0xFF. */
#include <string.h>

#include "base/utf8.h"
#include "dedup/dedup.h"
#include "fuzz.h"

static void check_form(const char *text, size_t len)
{
  adv_buf out;

  adv_buf_init(&out, SIZE_MAX / 4);
  FUZZ_REQUIRE(adv_dedup_normalize(&out, text, len) == ADV_OK);
  FUZZ_REQUIRE(out.len == 0 || adv_utf8_valid(out.data, out.len));
  for (size_t i = 0; i < out.len; i++) {
    unsigned char c = (unsigned char)out.data[i];
    bool at_end = i == 0 || i + 1 == out.len;
    FUZZ_REQUIRE(!(c >= '\t' && c <= '\r') && !(c >= 'A' && c <= 'Z'));
    FUZZ_REQUIRE(c != ' ' || (!at_end && out.data[i + 1] != ' '));
  }
  adv_buf_free(&out);
}

/* Takes the engine. `always`: it finds whatever it was given; others have texts
 * without words. */
static void check_engine(adv_dedup *engine, bool always, const char *texts[2],
                         const size_t lengths[2])
{
  adv_nearest nearest;

  for (int i = 0; i < 2; i++) {
    FUZZ_REQUIRE(adv_dedup_nearest(engine, texts[i], lengths[i], INT64_MAX,
                                   &nearest) == ADV_OK);
    FUZZ_REQUIRE(!nearest.found ||
                 (nearest.id == 1 && nearest.score > 0 && nearest.score <= 1));
    FUZZ_REQUIRE(adv_dedup_add(engine, texts[i], lengths[i], i + 1) == ADV_OK);
    FUZZ_REQUIRE(adv_dedup_nearest(engine, texts[i], lengths[i], INT64_MAX,
                                   &nearest) == ADV_OK);
    FUZZ_REQUIRE(nearest.found || !always);
    FUZZ_REQUIRE(!nearest.found || nearest.score == 1.0);
    FUZZ_REQUIRE(adv_dedup_nearest(engine, texts[i], lengths[i], 1, &nearest) ==
                     ADV_OK &&
                 !nearest.found);
  }
  adv_dedup_free(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *gap = size > 0 ? memchr(data, 0xFF, size) : NULL;
  size_t first = gap ? (size_t)(gap - data) : size;
  const char *texts[2] = {size > 0 ? (const char *)data : "",
                          gap ? (const char *)gap + 1 : ""};
  const size_t lengths[2] = {first, gap ? size - first - 1 : 0};
  adv_dedup *engine;

  check_form(texts[0], lengths[0]);
  check_form(texts[1], lengths[1]);
  FUZZ_REQUIRE(adv_dedup_exact(&engine) == ADV_OK);
  check_engine(engine, true, texts, lengths);
  FUZZ_REQUIRE(adv_dedup_minhash(&engine, NULL) == ADV_OK);
  check_engine(engine, false, texts, lengths);
  FUZZ_REQUIRE(adv_dedup_rouge(&engine, 0.7) == ADV_OK);
  check_engine(engine, false, texts, lengths);
  FUZZ_REQUIRE(adv_dedup_ngrams(&engine, 3, 0.5) == ADV_OK);
  check_engine(engine, false, texts, lengths);
  return 0;
}
