#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/redact.h"

/* Each test has a folder of its own; standard error goes to a file in it. */
typedef struct fixture {
  char folder[32];
  char log[64];
  char errors[64];
  int saved_stderr;
} fixture;

static int set_up(void **state)
{
  fixture *f = calloc(1, sizeof(*f));
  FILE *errors;

  strcpy(f->folder, "/tmp/log_test.XXXXXX");
  if (!mkdtemp(f->folder))
    return -1;
  snprintf(f->log, sizeof(f->log), "%s/log", f->folder);
  snprintf(f->errors, sizeof(f->errors), "%s/errors", f->folder);
  fflush(stderr);
  f->saved_stderr = dup(STDERR_FILENO);
  errors = fopen(f->errors, "w");
  if (f->saved_stderr < 0 || !errors || dup2(fileno(errors), STDERR_FILENO) < 0)
    return -1;
  fclose(errors);
  *state = f;
  return 0;
}

static int tear_down(void **state)
{
  fixture *f = *state;

  dup2(f->saved_stderr, STDERR_FILENO);
  close(f->saved_stderr);
  adv_log_stderr_level(ADV_LOG_WARN);
  adv_redact_forget();
  unlink(f->log);
  unlink(f->errors);
  rmdir(f->folder);
  free(f);
  return adv_log_file(NULL) == ADV_OK ? 0 : -1;
}

/* The caller frees the result. */
static char *read_file(const char *path)
{
  FILE *file = fopen(path, "r");
  char *text = calloc(1, 1 << 20);

  assert_non_null(file);
  assert_non_null(text);
  assert_true(fread(text, 1, (1 << 20) - 1, file) < (1 << 20) - 1);
  fclose(file);
  return text;
}

/* Compares without the times, whose digits become "0". */
static void assert_holds(const char *path, const char *expected)
{
  char *text = read_file(path), *line = text;

  while (*line) {
    const char *shape = "00:00:00.000 ";
    size_t i;

    for (i = 0; shape[i]; i++)
      if (shape[i] == '0' && line[i] >= '0' && line[i] <= '9')
        line[i] = '0';
    line = strchr(line, '\n');
    assert_non_null(line);
    line++;
  }
  assert_string_equal(text, expected);
  free(text);
}

#define T "00:00:00.000 "

static void warnings_go_to_standard_error_by_default(void **state)
{
  fixture *f = *state;

  adv_log(ADV_LOG_DEBUG, "one");
  adv_log(ADV_LOG_INFO, "two");
  adv_log(ADV_LOG_WARN, "three %d", 3);
  adv_log(ADV_LOG_ERROR, "four");
  adv_log(ADV_LOG_SILENT, "five");
  assert_holds(f->errors, T "warn  three 3\n" T "error four\n");
}

static void the_level_of_standard_error_can_be_set(void **state)
{
  fixture *f = *state;

  adv_log_stderr_level(ADV_LOG_DEBUG);
  adv_log(ADV_LOG_DEBUG, "one");
  adv_log(ADV_LOG_INFO, "two");
  adv_log_stderr_level(ADV_LOG_SILENT);
  adv_log(ADV_LOG_ERROR, "three");
  adv_log(ADV_LOG_SILENT, "four");
  assert_holds(f->errors, T "debug one\n" T "info  two\n");
}

static void the_file_gets_info_and_above(void **state)
{
  fixture *f = *state;
  struct stat info;

  umask(0);
  adv_log_stderr_level(ADV_LOG_SILENT);
  assert_int_equal(adv_log_file(f->log), ADV_OK);
  assert_int_equal(stat(f->log, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  adv_log(ADV_LOG_DEBUG, "one");
  adv_log(ADV_LOG_INFO, "two");
  adv_log_write(ADV_LOG_ERROR, "three, not this", 5);
  assert_int_equal(adv_log_file(NULL), ADV_OK);
  adv_log(ADV_LOG_ERROR, "four");
  assert_int_equal(adv_log_file(f->log), ADV_OK);
  adv_log(ADV_LOG_WARN, "five");
  assert_holds(f->log, T "info  two\n" T "error three\n" T "warn  five\n");
  assert_holds(f->errors, "");
}

static void a_file_that_cannot_be_opened_changes_nothing(void **state)
{
  fixture *f = *state;

  adv_log_stderr_level(ADV_LOG_SILENT);
  assert_int_equal(adv_log_file(f->log), ADV_OK);
  assert_int_equal(adv_log_file("/nowhere/at/all"), ADV_EIO);
  adv_log(ADV_LOG_INFO, "still here");
  assert_holds(f->log, T "info  still here\n");
}

static void no_link_is_followed(void **state)
{
  fixture *f = *state;
  char victim[80];

  snprintf(victim, sizeof victim, "%s/victim", f->folder);
  assert_int_equal(symlink(victim, f->log), 0);
  assert_int_equal(adv_log_file(f->log), ADV_EIO);
  adv_log(ADV_LOG_INFO, "not there");
  assert_int_equal(access(victim, F_OK), -1);
}

static void files_are_closed(void **state)
{
  fixture *f = *state;
  int before = dup(STDERR_FILENO), after;

  close(before);
  assert_int_equal(adv_log_file(f->log), ADV_OK);
  assert_int_equal(adv_log_file(f->log), ADV_OK);
  assert_int_equal(adv_log_file(NULL), ADV_OK);
  after = dup(STDERR_FILENO);
  close(after);
  assert_int_equal(after, before);
}

static void foreign_text_stays_one_line(void **state)
{
  fixture *f = *state;
  const char text[] = "a\nb\r\x1B[2J\t\x7F\0 \xC2\x9B"
                      "1m\xC3\xA9\xC2\xA0\xE2\x82\x9B\xFF\xC2";

  adv_log_write(ADV_LOG_WARN, text, sizeof(text) - 1);
  assert_holds(f->errors,
               T "warn  a\\nb\\x0d\\x1b[2J\\x09\\x7f\\x00 \\x9b"
                 "1m\xC3\xA9\xC2\xA0\xE2\x82\x9B\xEF\xBF\xBD\xEF\xBF\xBD\n");
}

static void an_empty_text_is_a_line(void **state)
{
  fixture *f = *state;

  adv_log_write(ADV_LOG_WARN, NULL, 0);
  assert_holds(f->errors, T "warn  \n");
}

static void secrets_are_hidden_in_both_sinks(void **state)
{
  fixture *f = *state;

  assert_int_equal(adv_redact_secret("hunter2"), ADV_OK);
  assert_int_equal(adv_log_file(f->log), ADV_OK);
  adv_log(ADV_LOG_WARN, "it is %s", "hunter2");
  adv_log_write(ADV_LOG_WARN, "sk-0123456789abcdef", 19);
  assert_holds(f->log, T "warn  it is [redacted]\n" T "warn  [redacted]\n");
  assert_holds(f->errors, T "warn  it is [redacted]\n" T "warn  [redacted]\n");
}

/* Cutting first would leave the start of the secret to be read. */
static void long_events_are_cut_after_hiding_secrets(void **state)
{
  fixture *f = *state;
  char text[5001], *got;

  memset(text, 'a', 5000);
  text[5000] = '\0';
  memcpy(text + 4090, "hunter2-hunter2", 15);
  assert_int_equal(adv_redact_secret("hunter2-hunter2"), ADV_OK);
  adv_log(ADV_LOG_WARN, "%s", text);
  got = read_file(f->errors);
  assert_int_equal(strlen(got), strlen(T "warn  ") + 4096 + 1);
  assert_null(strstr(got, "hunt"));
  assert_string_equal(got + strlen(got) - 9, "aa[redac\n");
  free(got);
}

static void cutting_splits_no_character(void **state)
{
  fixture *f = *state;
  char text[5001], *got;

  memset(text, 'a', 5000);
  text[5000] = '\0';
  memcpy(text + 4094, "\xE2\x82\xAC", 3);
  adv_log(ADV_LOG_WARN, "%s", text);
  got = read_file(f->errors);
  assert_int_equal(strlen(got), strlen(T "warn  ") + 4094 + 1);
  free(got);
}

static void adv_log_write_cuts_nothing(void **state)
{
  fixture *f = *state;
  char text[5000], *got;

  memset(text, 'a', sizeof(text));
  adv_log_write(ADV_LOG_WARN, text, sizeof(text));
  got = read_file(f->errors);
  assert_int_equal(strlen(got), strlen(T "warn  ") + 5000 + 1);
  free(got);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(warnings_go_to_standard_error_by_default),
      TEST(the_level_of_standard_error_can_be_set),
      TEST(the_file_gets_info_and_above),
      TEST(a_file_that_cannot_be_opened_changes_nothing),
      TEST(no_link_is_followed),
      TEST(files_are_closed),
      TEST(foreign_text_stays_one_line),
      TEST(an_empty_text_is_a_line),
      TEST(secrets_are_hidden_in_both_sinks),
      TEST(long_events_are_cut_after_hiding_secrets),
      TEST(cutting_splits_no_character),
      TEST(adv_log_write_cuts_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
