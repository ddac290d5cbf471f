/* Thinking is split off a reply's text. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_lua("thinking.lua", data, size);
  return 0;
}
