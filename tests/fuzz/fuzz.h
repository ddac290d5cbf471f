/* fuzz.h - what the targets share. Each NAME_fuzz.c defines libFuzzer's one
 * function. Built with -DADVISOR_FUZZ=ON it is a fuzzer, else a program that
 * replays corpus/NAME: the same function over files that are kept. */
#ifndef ADV_FUZZ_H
#define ADV_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input; else the process ends here, which
 * libFuzzer and CTest both take for a finding. */
#define FUZZ_REQUIRE(condition)                                         \
  do {                                                                  \
    if (!(condition)) {                                                 \
      fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, \
              #condition);                                              \
      abort();                                                          \
    }                                                                   \
  } while (0)

/* Calls the function that tests/fuzz/SCRIPT returns with the input as a string;
 * an error that it raises is a finding. One Lua state serves all inputs, with
 * the program's runtime and at most 256 MiB. The lines of Lua that an input
 * reaches count as coverage. */
void fuzz_lua(const char *script, const uint8_t *data, size_t size);

#endif
