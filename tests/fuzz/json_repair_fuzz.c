/* Repaired JSON is well-formed UTF-8 and needs no second repair. */
#include <string.h>

#include "base/utf8.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  bool repaired, again;
  adv_buf out, twice;

  if (size == 0)
    return 0;
  adv_buf_init(&out, SIZE_MAX / 4);
  adv_buf_init(&twice, SIZE_MAX / 4);
  FUZZ_REQUIRE(adv_json_repair(&out, (const char *)data, size, &repaired) ==
               ADV_OK);
  FUZZ_REQUIRE(adv_utf8_valid(out.data, out.len));
  FUZZ_REQUIRE(repaired || out.len <= size);
  if (out.len > 0) {
    FUZZ_REQUIRE(adv_json_repair(&twice, out.data, out.len, &again) == ADV_OK);
    FUZZ_REQUIRE(!again && twice.len == out.len);
    FUZZ_REQUIRE(memcmp(twice.data, out.data, out.len) == 0);
  }
  adv_buf_free(&out);
  adv_buf_free(&twice);
  return 0;
}
