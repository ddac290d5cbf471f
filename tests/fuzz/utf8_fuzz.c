/* Repair gives well-formed text, and leaves well-formed text as it is. */
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"

static void check_repair(const char *text, size_t len)
{
  bool repaired, again, valid = adv_utf8_valid(text, len);
  adv_buf out, twice;

  adv_buf_init(&out, SIZE_MAX / 4);
  adv_buf_init(&twice, SIZE_MAX / 4);
  FUZZ_REQUIRE(adv_utf8_repair(&out, text, len, &repaired) == ADV_OK);
  FUZZ_REQUIRE(repaired == !valid);
  FUZZ_REQUIRE(adv_utf8_valid(out.data, out.len));
  if (valid)
    FUZZ_REQUIRE(out.len == len && memcmp(out.data, text, len) == 0);
  FUZZ_REQUIRE(adv_utf8_repair(&twice, out.data, out.len, &again) == ADV_OK);
  FUZZ_REQUIRE(!again && twice.len == out.len);
  adv_buf_free(&out);
  adv_buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size > 0)
    check_repair((const char *)data, size);
  return 0;
}
