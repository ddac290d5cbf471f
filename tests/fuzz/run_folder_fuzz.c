/* A run.db from a stranger, opened for reading and for writing. The first byte
 * is 'r' where the rest is the whole file; else the rest are changes to a sound
 * one, five bytes each: a place in the file and the byte that goes there. Any
 * answer will do but a crash or one without words. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "fuzz.h"
#include "store/store.h"

enum { CHANGE = 5 };

static char folder[64], path[96], text_of_folder[128];
static char *sound; /* the bytes of a sound file */
static size_t sound_len;

static void remove_folder(void)
{
  static const char *const names[] = {"",         "-wal",     "-shm",
                                      "-journal", ".reserve", NULL};

  for (int i = 0; names[i]; i++) {
    snprintf(text_of_folder, sizeof text_of_folder, "%s%s", path, names[i]);
    unlink(text_of_folder);
  }
  snprintf(text_of_folder, sizeof text_of_folder, "%s/run.lock", folder);
  unlink(text_of_folder);
  rmdir(folder);
  free(sound);
}

static void try_mode(adv_store_mode mode)
{
  static const char *const queries[] = {
      "PRAGMA quick_check(3)",
      "SELECT key, value FROM run",
      "SELECT name, source FROM script",
      "SELECT count(*), max(length(raw)) FROM journal",
      "SELECT * FROM round ORDER BY round",
      "SELECT * FROM attempt WHERE round = 1 ORDER BY id",
  };
  uv_loop_t loop;
  adv_store_options options = {.mode = mode};
  adv_store *s = NULL;
  adv_buf why;
  adv_status st;

  FUZZ_REQUIRE(uv_loop_init(&loop) == 0);
  options.loop = mode == ADV_STORE_READ ? NULL : &loop;
  adv_buf_init(&why, 4096);
  st = adv_store_open(&s, folder, &options, &why);
  FUZZ_REQUIRE((st == ADV_OK) == (s != NULL));
  FUZZ_REQUIRE(st == ADV_OK || why.len > 0);
  for (size_t i = 0; s && i < sizeof queries / sizeof queries[0]; i++) {
    adv_buf_clear(&why);
    st = adv_store_query(s, queries[i], NULL, 0, NULL, NULL, &why);
    FUZZ_REQUIRE(st == ADV_OK || why.len > 0);
  }
  adv_store_close(s, NULL, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  FUZZ_REQUIRE(uv_loop_close(&loop) == 0);
  adv_buf_free(&why);
}

static void write_file(const char *bytes, size_t len)
{
  FILE *file = fopen(path, "wb");

  FUZZ_REQUIRE(file);
  FUZZ_REQUIRE(fwrite(bytes, 1, len, file) == len);
  FUZZ_REQUIRE(fclose(file) == 0);
}

/* A run with a row in each table that is read above. */
static void fill(adv_store *s)
{
  static const char *const rows[] = {
      "INSERT INTO run VALUES ('name', 'shop')",
      "INSERT INTO script VALUES ('advise', 'a', 'h', 'shipped', 'return {}')",
      "INSERT INTO attempt VALUES (1, 1, 'generate', '1', 1, 1, 'generator', "
      "'http://127.0.0.1', '{}', NULL, 0)",
      "INSERT INTO reply VALUES (1, 'done', 0, 200, 1, 0, 1, 1, 1, 2, '', "
      "'{}', '')",
  };

  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    FUZZ_REQUIRE(adv_store_submit_one(s, rows[i], NULL, 0, NULL, NULL) ==
                 ADV_OK);
}

static void make_sound(void)
{
  uv_loop_t loop;
  adv_store_options options = {.mode = ADV_STORE_CREATE, .loop = &loop};
  adv_store *s = NULL;
  adv_buf why;
  struct stat info;
  FILE *file;

  strcpy(folder, "/tmp/advisor-fuzz-XXXXXX");
  FUZZ_REQUIRE(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/run.db", folder);
  adv_buf_init(&why, 4096);
  FUZZ_REQUIRE(uv_loop_init(&loop) == 0);
  FUZZ_REQUIRE(adv_store_open(&s, folder, &options, &why) == ADV_OK);
  fill(s);
  adv_store_close(s, NULL, NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  FUZZ_REQUIRE(uv_loop_close(&loop) == 0);
  adv_buf_free(&why);
  FUZZ_REQUIRE(stat(path, &info) == 0);
  sound_len = (size_t)info.st_size;
  sound = malloc(sound_len);
  file = fopen(path, "rb");
  FUZZ_REQUIRE(sound && file && fread(sound, 1, sound_len, file) == sound_len);
  fclose(file);
  atexit(remove_folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (!sound)
    make_sound();
  if (size > 0 && data[0] == 'r') {
    write_file((const char *)data + 1, size - 1);
  } else {
    char *changed = malloc(sound_len);
    FUZZ_REQUIRE(changed);
    memcpy(changed, sound, sound_len);
    for (size_t i = 1; i + CHANGE <= size; i += CHANGE) {
      uint32_t place;
      memcpy(&place, data + i, sizeof place);
      changed[place % sound_len] = (char)data[i + 4];
    }
    write_file(changed, sound_len);
    free(changed);
  }
  try_mode(ADV_STORE_READ);
  try_mode(ADV_STORE_WRITE);
  /* What recovery left beside the file is not the next one's. */
  snprintf(text_of_folder, sizeof text_of_folder, "%s-wal", path);
  unlink(text_of_folder);
  snprintf(text_of_folder, sizeof text_of_folder, "%s-shm", path);
  unlink(text_of_folder);
  return 0;
}
