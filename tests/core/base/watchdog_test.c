#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/watchdog.h"

#define MS UINT64_C(1000000)
#define LIMIT (800 * MS)

typedef struct look {
  uint64_t number;
  bool running;
  uint64_t cpu_ms;
  adv_watch_verdict verdict;
  uint64_t sleep_ms; /* 0: until a stretch begins */
} look;

static void check(const look *looks, size_t n)
{
  adv_watch watch = {0};

  for (size_t i = 0; i < n; i++) {
    uint64_t sleep_ns = 0, cpu = looks[i].cpu_ms * MS;
    adv_watch_verdict got = adv_watch_look(
        &watch, looks[i].number, looks[i].running, LIMIT, cpu, &sleep_ns);

    assert_int_equal(got, looks[i].verdict);
    if (got == ADV_WATCH_HUNG)
      continue;
    if (looks[i].sleep_ms)
      assert_true(sleep_ns == looks[i].sleep_ms * MS);
    else
      assert_true(sleep_ns == ADV_WATCH_ASLEEP);
  }
}

#define CHECK(looks) check(looks, sizeof looks / sizeof *looks)

static void sleeps_while_nothing_runs(void **state)
{
  static const look looks[] = {
      {0, false, 5, ADV_WATCH_FINE, 0},
      {1, true, 5, ADV_WATCH_FINE, 100},
      /* Many have come and gone since; one more look before it sleeps. */
      {70, false, 90, ADV_WATCH_FINE, 100},
      {70, false, 90, ADV_WATCH_FINE, 0},
  };

  (void)state;
  CHECK(looks);
}

static void measures_each_stretch_for_itself(void **state)
{
  static const look looks[] = {
      {1, true, 0, ADV_WATCH_FINE, 100},
      {1, true, 750, ADV_WATCH_FINE, 50},
      {2, true, 800, ADV_WATCH_FINE, 100},
      {2, true, 1599, ADV_WATCH_FINE, 1},
      {9, true, 1600, ADV_WATCH_FINE, 100},
      {9, false, 2500, ADV_WATCH_FINE, 0},
      {10, true, 9000, ADV_WATCH_FINE, 100},
  };

  (void)state;
  CHECK(looks);
}

static void waiting_costs_nothing(void **state)
{
  static const look looks[] = {
      {1, true, 10, ADV_WATCH_FINE, 100},
      {1, true, 10, ADV_WATCH_FINE, 100},
      {1, true, 11, ADV_WATCH_FINE, 100},
  };

  (void)state;
  CHECK(looks);
}

static void tells_first_and_ends_a_quarter_later(void **state)
{
  static const look looks[] = {
      {1, true, 1000, ADV_WATCH_FINE, 100},
      {1, true, 1799, ADV_WATCH_FINE, 1},
      {1, true, 1800, ADV_WATCH_OVERDUE, 100},
      {1, true, 1950, ADV_WATCH_OVERDUE, 50},
      {1, true, 1999, ADV_WATCH_OVERDUE, 1},
      {1, true, 2000, ADV_WATCH_HUNG, 0},
  };

  (void)state;
  CHECK(looks);
}

static void tells_before_it_ends_also_where_it_comes_late(void **state)
{
  static const look looks[] = {
      {1, true, 1000, ADV_WATCH_FINE, 100},
      {1, true, 5000, ADV_WATCH_OVERDUE, 100},
      {1, true, 5199, ADV_WATCH_OVERDUE, 1},
      {1, true, 5200, ADV_WATCH_HUNG, 0},
      {2, true, 5201, ADV_WATCH_FINE, 100},
  };

  (void)state;
  CHECK(looks);
}

static void looks_at_tiny_limits_without_spinning(void **state)
{
  adv_watch watch = {0};
  uint64_t sleep_ns = 0;

  (void)state;
  assert_int_equal(adv_watch_look(&watch, 1, true, 1000, 7, &sleep_ns),
                   ADV_WATCH_FINE);
  assert_true(sleep_ns == MS);
}

static const adv_stretch stretch = {100 * MS, "made", "generate", 3};

static uint64_t cpu_ms(void)
{
  struct timespec t;

  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / MS;
}

static void flags_what_is_overdue(void **state)
{
  uint64_t start;

  (void)state;
  for (int i = 0; i < 2; i++) { /* also after a stop */
    assert_int_equal(adv_watchdog_enter(&stretch), ADV_OK);
    assert_false(adv_watchdog_overdue());
    for (start = cpu_ms(); !adv_watchdog_overdue();)
      ;
    assert_true(cpu_ms() - start >= 99);
    adv_watchdog_leave();
    assert_false(adv_watchdog_overdue());
    adv_watchdog_stop();
  }
}

static void lets_many_short_ones_be(void **state)
{
  uint64_t start = cpu_ms();

  (void)state;
  while (cpu_ms() - start < 300) {
    assert_int_equal(adv_watchdog_enter(&stretch), ADV_OK);
    for (uint64_t from = cpu_ms(); cpu_ms() - from < 2;)
      assert_false(adv_watchdog_overdue());
    adv_watchdog_leave();
  }
  adv_watchdog_stop();
}

/* What the child says on standard error, and how it ends. */
static int hang(char *said, size_t size)
{
  int pipe_fds[2], status = 0;
  size_t len = 0;
  ssize_t n;
  pid_t child;

  assert_int_equal(pipe(pipe_fds), 0);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    dup2(pipe_fds[1], STDERR_FILENO);
    close(pipe_fds[0]);
    if (adv_watchdog_enter(&stretch) != ADV_OK)
      _exit(99);
    for (uint64_t start = cpu_ms(); cpu_ms() - start < 10000;)
      ;
    _exit(98);
  }
  close(pipe_fds[1]);
  while (len < size - 1 &&
         (n = read(pipe_fds[0], said + len, size - 1 - len)) > 0)
    len += (size_t)n;
  said[len] = '\0';
  close(pipe_fds[0]);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void ends_what_hangs(void **state)
{
  char said[2000];

  (void)state;
  assert_int_equal(hang(said, sizeof said), 1);
  assert_non_null(strstr(said, "the script made (round 3, generate)"));
  assert_non_null(strstr(said, "hangs inside a C library function"));
  assert_non_null(strstr(said, "advisor resume"));
  assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sleeps_while_nothing_runs),
      cmocka_unit_test(measures_each_stretch_for_itself),
      cmocka_unit_test(waiting_costs_nothing),
      cmocka_unit_test(tells_first_and_ends_a_quarter_later),
      cmocka_unit_test(tells_before_it_ends_also_where_it_comes_late),
      cmocka_unit_test(looks_at_tiny_limits_without_spinning),
      cmocka_unit_test(flags_what_is_overdue),
      cmocka_unit_test(lets_many_short_ones_be),
      cmocka_unit_test(ends_what_hangs),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
