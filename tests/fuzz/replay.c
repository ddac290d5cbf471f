/* Replays kept inputs: every file of the folders or files that are named. Its
 * last line is in cmocka's form, which scripts/test counts. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static size_t replayed;

static void replay_file(const char *path)
{
  FILE *file = fopen(path, "rb");
  uint8_t *bytes;
  long size;

  FUZZ_REQUIRE(file && fseek(file, 0, SEEK_END) == 0);
  size = ftell(file);
  FUZZ_REQUIRE(size >= 0 && fseek(file, 0, SEEK_SET) == 0);
  /* Of exactly this size, so that a sanitizer sees a byte too far. */
  bytes = malloc(size > 0 ? (size_t)size : 1);
  FUZZ_REQUIRE(bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size);
  fclose(file);
  printf("%s\n", path);
  fflush(stdout); /* a crash must find the name on paper */
  LLVMFuzzerTestOneInput(bytes, (size_t)size);
  free(bytes);
  replayed++;
}

static void replay(const char *path)
{
  struct stat info;
  struct dirent **entries;
  int n;

  FUZZ_REQUIRE(stat(path, &info) == 0);
  if (!S_ISDIR(info.st_mode)) {
    replay_file(path);
    return;
  }
  n = scandir(path, &entries, NULL, alphasort);
  FUZZ_REQUIRE(n >= 0);
  for (int i = 0; i < n; i++) {
    char inner[4096];
    if (entries[i]->d_name[0] != '.') {
      int len =
          snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
      FUZZ_REQUIRE(len > 0 && (size_t)len < sizeof inner);
      replay_file(inner);
    }
    free(entries[i]);
  }
  free(entries);
}

int main(int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    replay(argv[i]);
  if (replayed == 0) {
    fprintf(stderr, "no inputs: name files or folders\n");
    return 1;
  }
  printf("[  PASSED  ] %zu test(s).\n", replayed);
  return 0;
}
