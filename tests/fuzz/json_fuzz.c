/* What a server's JSON goes through: repaired, read, tidied, written. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_lua("json.lua", data, size);
  return 0;
}
