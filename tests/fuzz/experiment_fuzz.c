/* An experiment's file, from a stranger: read in the sandbox, checked,
 * completed. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  fuzz_lua("experiment.lua", data, size);
  return 0;
}
