/* A stream gives the same events however it is split. The first byte is the
 * length of the pieces. */
#include <string.h>

#include "fuzz.h"
#include "net/sse.h"

enum { MAX = 4096 };

/* Writes an event down, with lengths, so that no two lists look alike. */
static adv_status note(void *ud, const char *event, size_t event_len,
                       const char *data, size_t data_len)
{
  adv_buf *out = ud;
  adv_status st;

  FUZZ_REQUIRE(event[event_len] == '\0' && data[data_len] == '\0');
  FUZZ_REQUIRE(event_len <= MAX && data_len <= MAX);
  st = adv_buf_printf(out, "%zu %zu\n", event_len, data_len);
  if (st == ADV_OK)
    st = adv_buf_append(out, event, event_len);
  return st == ADV_OK ? adv_buf_append(out, data, data_len) : st;
}

static adv_status parse(const char *bytes, size_t len, size_t piece,
                        adv_buf *out)
{
  adv_status st = ADV_OK;
  adv_sse sse;

  adv_sse_init(&sse, MAX, note, out);
  while (st == ADV_OK && len > 0) {
    size_t part = piece < len ? piece : len;
    st = adv_sse_feed(&sse, bytes, part);
    bytes += part;
    len -= part;
  }
  if (st == ADV_OK)
    st = adv_sse_finish(&sse);
  adv_sse_free(&sse);
  return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *bytes = (const char *)data + 1;
  adv_buf whole, pieces;
  adv_status st;

  if (size < 2)
    return 0;
  adv_buf_init(&whole, SIZE_MAX / 4);
  adv_buf_init(&pieces, SIZE_MAX / 4);
  st = parse(bytes, size - 1, size, &whole);
  FUZZ_REQUIRE(st == ADV_OK || st == ADV_ELIMIT);
  FUZZ_REQUIRE(parse(bytes, size - 1, data[0] ? data[0] : 1, &pieces) == st);
  FUZZ_REQUIRE(whole.len == pieces.len);
  FUZZ_REQUIRE(!whole.len || !memcmp(whole.data, pieces.data, whole.len));
  adv_buf_free(&whole);
  adv_buf_free(&pieces);
  return 0;
}
