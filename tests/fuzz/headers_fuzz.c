/* A reply's headers, line by line, as libcurl hands them over; then what they
 * ask for is read. What is kept is within its limit, each header one line, the
 * name in lower case. */
#include <string.h>

#include "fuzz.h"
#include "net/backoff.h"
#include "net/headers.h"

enum { MAX = 512 };

static void check_line(const char *line, size_t len)
{
  const char *colon = memchr(line, ':', len);

  FUZZ_REQUIRE(colon && colon > line && colon[1] == ' ');
  for (const char *p = line; p < colon; p++)
    FUZZ_REQUIRE(!(*p >= 'A' && *p <= 'Z'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const char *p = (const char *)data, *end = p + size;
  adv_buf kept;

  adv_buf_init(&kept, MAX);
  while (p < end) {
    const char *line_end = memchr(p, '\n', (size_t)(end - p));
    const char *next = line_end ? line_end + 1 : end;
    adv_headers_keep(&kept, p, (size_t)(next - p));
    p = next;
  }
  FUZZ_REQUIRE(kept.len <= MAX);
  for (const char *line = kept.data; line && line < kept.data + kept.len;) {
    const char *line_end =
        memchr(line, '\n', (size_t)(kept.data + kept.len - line));
    FUZZ_REQUIRE(line_end);
    check_line(line, (size_t)(line_end - line));
    line = line_end + 1;
  }
  adv_retry_after_ms(kept.data ? kept.data : "", INT64_C(1700000000000));
  adv_buf_free(&kept);
  return 0;
}
