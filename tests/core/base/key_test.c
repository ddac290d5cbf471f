#include "base/key.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/secret.h"

static char folder[] = "/tmp/advisor-key-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
  (void)state;
  adv_log_stderr_level(ADV_LOG_SILENT);
  if (!mkdtemp(folder))
    return -1;
  snprintf(path, sizeof path, "%s/key", folder);
  return setenv("HOME", folder, 1);
}

static int remove_folder(void **state)
{
  (void)state;
  unlink(path);
  return rmdir(folder);
}

static void write_key(const char *bytes, size_t len)
{
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes, len), len);
  close(fd);
}

/* Loads from a source; NULL expected: no key. */
static void gives(const adv_key_source *source, const char *expected)
{
  char *key;
  adv_buf why;

  adv_buf_init(&why, 1000);
  assert_int_equal(adv_key_load(source, &key, &why), ADV_OK);
  if (expected)
    assert_string_equal(key, expected);
  else
    assert_null(key);
  adv_secret_free(key);
  adv_buf_free(&why);
}

static void fails(const adv_key_source *source, const char *reason)
{
  char *key;
  adv_buf why;

  adv_buf_init(&why, 1000);
  assert_int_not_equal(adv_key_load(source, &key, &why), ADV_OK);
  assert_null(key);
  if (!strstr(why.data, reason))
    fail_msg("'%s' does not say '%s'", why.data, reason);
  assert_null(strstr(why.data, "secret"));
  adv_buf_free(&why);
}

static void a_variable_holds_a_key_or_none(void **state)
{
  (void)state;
  gives(&(adv_key_source){0}, NULL);
  unsetenv("SOME_KEY");
  gives(&(adv_key_source){.variable = "SOME_KEY"}, NULL);
  setenv("SOME_KEY", "", 1);
  gives(&(adv_key_source){.variable = "SOME_KEY"}, NULL);
  setenv("SOME_KEY", "secret words", 1);
  gives(&(adv_key_source){.variable = "SOME_KEY"}, "secret words");
  setenv("SOME_KEY", "secret\r\nX-Other: 1", 1);
  fails(&(adv_key_source){.variable = "SOME_KEY"}, "line break");
  setenv("SOME_KEY", "secret\xC3\xA9", 1);
  fails(&(adv_key_source){.variable = "SOME_KEY"}, "printable ASCII");
}

static void a_file_holds_one_line(void **state)
{
  (void)state;
  write_key("secret-1\r\n\n", 11);
  gives(&(adv_key_source){.file = path}, "secret-1");
  gives(&(adv_key_source){.file = "~/key"}, "secret-1");
  write_key("secret-1\nsecret-2\n", 18);
  fails(&(adv_key_source){.file = path}, "line break");
  write_key("secret\0-1", 9);
  fails(&(adv_key_source){.file = path}, "NUL");
  write_key("\n \n", 3);
  fails(&(adv_key_source){.file = path}, "is empty");
  fails(&(adv_key_source){.file = folder}, "Is a directory");
  fails(&(adv_key_source){.file = "/nowhere/key"}, "No such file");
}

static void a_file_that_is_no_key_is_not_read_whole(void **state)
{
  char *bytes = test_malloc(100000);

  (void)state;
  memset(bytes, 'x', 100000);
  write_key(bytes, 8192);
  gives(&(adv_key_source){.file = path}, (bytes[8192] = '\0', bytes));
  bytes[8192] = 'x';
  write_key(bytes, 100000);
  fails(&(adv_key_source){.file = path}, "longer than a key");
  test_free(bytes);
  fails(&(adv_key_source){.file = "/dev/zero"}, "cannot read");
}

static void a_file_that_others_may_read_is_warned_about_once(void **state)
{
  char log[64], text[1000] = "";
  int fd;
  ssize_t len;

  (void)state;
  write_key("secret-1", 8);
  assert_int_equal(chmod(path, 0644), 0);
  snprintf(log, sizeof log, "%s/log", folder);
  assert_int_equal(adv_log_file(log), ADV_OK);
  gives(&(adv_key_source){.file = path}, "secret-1");
  gives(&(adv_key_source){.file = path}, "secret-1");
  assert_int_equal(adv_log_file(NULL), ADV_OK);
  fd = open(log, O_RDONLY);
  len = read(fd, text, sizeof text - 1);
  assert_true(len > 0);
  close(fd);
  unlink(log);
  assert_non_null(strstr(text, "(mode 0644): chmod 600 "));
  assert_null(strchr(strchr(text, '\n') + 1, '\n'));
}

static void names_tell_secrets(void **state)
{
  (void)state;
  assert_true(adv_key_is_named("OPENAI_API_KEY"));
  assert_true(adv_key_is_named("hf_token"));
  assert_true(adv_key_is_named("AWS_SECRET_ACCESS"));
  assert_true(adv_key_is_named("PGPASSWORD"));
  assert_false(adv_key_is_named("OPENAI_BASE_URL"));
  assert_false(adv_key_is_named("PATH"));
}

/* What the kernel says of the pages that hold a byte. */
static bool pages_have(const void *byte, const char *flag)
{
  FILE *maps = fopen("/proc/self/smaps", "r");
  char line[512];
  unsigned long start, end;
  bool here = false, found = false;

  assert_non_null(maps);
  while (fgets(line, sizeof line, maps)) {
    if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
      here = (unsigned long)byte >= start && (unsigned long)byte < end;
    else if (here && strncmp(line, "VmFlags:", 8) == 0)
      found = strstr(line, flag) != NULL;
  }
  fclose(maps);
  return found;
}

static void a_secret_is_in_pages_of_its_own(void **state)
{
  char *a = adv_secret_copy("secret", 6), *b = adv_secret_copy("", 0);
#ifndef __SANITIZE_ADDRESS__
  struct rlimit limit;
#endif

  (void)state;
  assert_string_equal(a, "secret");
  assert_string_equal(b, "");
  assert_true(pages_have(a, " dd")); /* not dumped */
#ifndef __SANITIZE_ADDRESS__         /* which makes mlock() do nothing */
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur > 65536)
    assert_true(pages_have(a, " lo")); /* locked */
#endif
  adv_secret_free(a);
  adv_secret_free(b);
  adv_secret_free(NULL);
  assert_null(adv_secret_alloc(SIZE_MAX - 10));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_variable_holds_a_key_or_none),
      cmocka_unit_test(a_file_holds_one_line),
      cmocka_unit_test(a_file_that_is_no_key_is_not_read_whole),
      cmocka_unit_test(a_file_that_others_may_read_is_warned_about_once),
      cmocka_unit_test(names_tell_secrets),
      cmocka_unit_test(a_secret_is_in_pages_of_its_own),
  };

  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
