#include "support.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>

#include "store/lock.h"

static void write_file(const char *name, const char *bytes)
{
  FILE *f = fopen(file(name), "w");

  assert_non_null(f);
  fputs(bytes, f);
  fclose(f);
}

/* A child that takes the lock, says so and waits to be killed. */
static pid_t start_holder(void)
{
  int ready[2];
  char byte;
  pid_t child;

  assert_int_equal(pipe(ready), 0);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    int lock;

    if (adv_lock_take(&lock, folder, &why) != ADV_OK)
      _exit(1);
    if (write(ready[1], "x", 1) != 1)
      _exit(1);
    for (;;)
      pause();
  }
  assert_int_equal(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  close(ready[1]);
  return child;
}

static void a_second_process_is_refused_by_name(void **state)
{
  pid_t child = start_holder();
  char host[65] = "", words[256];
  int lock = 7;

  (void)state;
  assert_int_equal(adv_lock_take(&lock, folder, &why), ADV_EBUSY);
  assert_int_equal(lock, -1);
  gethostname(host, 64);
  snprintf(words, sizeof words,
           "%s is in use by process %d on host %s; wait until it ends, or stop "
           "it",
           folder, (int)child, host);
  assert_string_equal(why.data, words);

  kill(child, SIGKILL);
  assert_int_equal(wait_for(child), 128 + SIGKILL);
  assert_int_equal(adv_lock_take(&lock, folder, &why), ADV_OK);
  assert_true(lock >= 0);
  adv_lock_release(lock);
}

/* Somebody who took the lock a moment ago has not written his name yet. */
static void a_name_that_comes_late_is_waited_for(void **state)
{
  char host[65] = "", words[128];
  int lock;

  (void)state;
  gethostname(host, 64);
  for (int stale = 0; stale <= 1; stale++) {
    pid_t child = fork();

    if (child == 0) {
      FILE *f = fopen(file("run.lock"), "w");

      if (!f || flock(fileno(f), LOCK_EX) != 0)
        _exit(1);
      if (stale)
        fprintf(f, "999999999 %s\n", host);
      fflush(f);
      usleep(60000);
      rewind(f);
      if (ftruncate(fileno(f), 0) != 0)
        _exit(1);
      fprintf(f, "%d %s\n", (int)getpid(), host);
      fflush(f);
      for (;;)
        pause();
    }
    do {
      usleep(1000);
      lock = -1;
      if (adv_lock_take(&lock, folder, &why) == ADV_OK)
        adv_lock_release(lock);
    } while (lock >= 0);
    snprintf(words, sizeof words, "in use by process %d on host %s;",
             (int)child, host);
    assert_non_null(strstr(why.data, words));
    kill(child, SIGKILL);
    wait_for(child);
    adv_buf_free(&why);
  }
}

/* The lock of a killed process lives as long as a child that did not exec. */
static void a_lock_of_a_process_that_ended_is_told_as_such(void **state)
{
  pid_t holder = start_holder();
  char words[256], host[65] = "";
  int fd = open(file("run.lock"), O_RDWR), lock;

  (void)state;
  gethostname(host, 64);
  kill(holder, SIGKILL);
  wait_for(holder);
  assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
  assert_int_equal(adv_lock_take(&lock, folder, &why), ADV_EBUSY);
  snprintf(words, sizeof words,
           "in use: process %d on host %s has ended, but a process that it "
           "started still holds the lock",
           (int)holder, host);
  assert_non_null(strstr(why.data, words));
  close(fd);
}

static void a_second_taker_in_the_process_is_refused(void **state)
{
  int first, second;

  (void)state;
  assert_int_equal(adv_lock_take(&first, folder, &why), ADV_OK);
  assert_int_equal(adv_lock_take(&second, folder, &why), ADV_EBUSY);
  adv_lock_release(second);
  adv_lock_release(first);
  assert_int_equal(adv_lock_take(&second, folder, &why), ADV_OK);
  adv_lock_release(second);
}

static void the_file_is_private_and_close_on_exec(void **state)
{
  struct stat info;
  int lock;

  (void)state;
  assert_int_equal(adv_lock_take(&lock, folder, &why), ADV_OK);
  assert_int_equal(fcntl(lock, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  assert_int_equal(stat(file("run.lock"), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  adv_lock_release(lock);
}

/* Which is why it is close-on-exec. */
static void a_forked_child_keeps_the_lock_until_it_execs(void **state)
{
  int lock, go[2];
  char byte;
  pid_t child;

  (void)state;
  assert_int_equal(pipe(go), 0);
  assert_int_equal(adv_lock_take(&lock, folder, &why), ADV_OK);
  child = fork();
  if (child == 0) {
    if (read(go[0], &byte, 1) == 1)
      execl("/bin/sleep", "sleep", "60", (char *)NULL);
    _exit(1);
  }
  adv_lock_release(lock);
  assert_int_equal(adv_lock_take(&lock, folder, &why), ADV_EBUSY);
  assert_int_equal(write(go[1], "x", 1), 1);
  for (int i = 0; i < 500; i++) {
    if (adv_lock_take(&lock, folder, &why) == ADV_OK)
      break;
    usleep(10000);
  }
  assert_true(lock >= 0);
  adv_lock_release(lock);
  kill(child, SIGKILL);
  wait_for(child);
  close(go[0]);
  close(go[1]);
}

static void a_longer_owner_before_leaves_no_trace(void **state)
{
  char bytes[128] = "";
  char wanted[128], host[65] = "";
  FILE *f;
  int lock;

  (void)state;
  write_file("run.lock",
             "123456789 a-very-long-name-of-some-host.example.org\n");
  assert_int_equal(adv_lock_take(&lock, folder, &why), ADV_OK);
  f = fopen(file("run.lock"), "r");
  assert_non_null(fgets(bytes, sizeof bytes, f));
  assert_int_equal(fgetc(f), EOF);
  fclose(f);
  gethostname(host, 64);
  snprintf(wanted, sizeof wanted, "%d %s\n", (int)getpid(), host);
  assert_string_equal(bytes, wanted);
  adv_lock_release(lock);
}

static void what_the_file_says_is_not_trusted(void **state)
{
  static const char *const hostile[] = {"", "12", "x y", "-3 host",
                                        "5 \033]0;evil\007"};
  int holder, lock;

  (void)state;
  for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
    assert_int_equal(adv_lock_take(&holder, folder, &why), ADV_OK);
    write_file("run.lock", hostile[i]);
    adv_buf_clear(&why);
    assert_int_equal(adv_lock_take(&lock, folder, &why), ADV_EBUSY);
    assert_non_null(strstr(why.data, "in use by another process"));
    assert_null(strchr(why.data, '\033'));
    adv_lock_release(holder);
  }
}

static void no_folder_and_no_plain_file_are_failures(void **state)
{
  int lock;

  (void)state;
  assert_int_equal(adv_lock_take(&lock, file("none"), &why), ADV_ENOTFOUND);
  assert_non_null(strstr(why.data, "none/run.lock"));
  assert_int_equal(symlink("elsewhere", file("run.lock")), 0);
  assert_int_equal(adv_lock_take(&lock, folder, &why), ADV_EIO);
  assert_false(exists(file("elsewhere")));
  adv_lock_release(lock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(a_second_process_is_refused_by_name),
      TEST(a_name_that_comes_late_is_waited_for),
      TEST(a_lock_of_a_process_that_ended_is_told_as_such),
      TEST(a_second_taker_in_the_process_is_refused),
      TEST(the_file_is_private_and_close_on_exec),
      TEST(a_forked_child_keeps_the_lock_until_it_execs),
      TEST(a_longer_owner_before_leaves_no_trace),
      TEST(what_the_file_says_is_not_trusted),
      TEST(no_folder_and_no_plain_file_are_failures),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
