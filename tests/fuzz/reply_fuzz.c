/* A reply's body, read by each provider, and as an error. The first byte is the
 * status of the reply. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_lua("reply.lua", data, size);
  return 0;
}
