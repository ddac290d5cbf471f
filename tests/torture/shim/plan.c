#include "plan.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "trace.h"

static const char *const names[KINDS] = {
    "malloc", "lua",      "sqlite", "open", "read",   "write",
    "sync",   "truncate", "move",   "map",  "change",
};

static struct {
  int kind; /* -1: nothing fails */
  uint64_t n, last;
  int error;
  enum { FAIL, KILL, KILLED, TORN } how;
  bool without_sync;
} plan = {.kind = -1};

static counters own, *shared = &own;
__thread int plan_inside;
static __thread uint64_t change; /* number of the one that is under way */

/* Each distinct call stack is written once: which kind, which number. */
enum { SITES = 1 << 16, DEPTH = 8, SKIP = 3 };
static int sites = -1;
static _Atomic uint64_t known[SITES];

static _Noreturn void misused(const char *what)
{
  fprintf(stderr, "torture: %s is not understood, see tests/torture\n", what);
  _exit(99);
}

static int error_of(const char *name)
{
  static const struct {
    const char *name;
    int number;
  } errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},
                {"ENOMEM", ENOMEM}, {"EMFILE", EMFILE}, {"short", SHORT}};

  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    if (strcmp(errors[i].name, name) == 0)
      return errors[i].number;
  return 0;
}

static void read_word(const char *word)
{
  if (strcmp(word, "once") == 0)
    plan.last = plan.n;
  else if (strcmp(word, "twice") == 0)
    plan.last = plan.n + 1;
  else if (strcmp(word, "on") == 0)
    plan.last = UINT64_MAX;
  else if (strcmp(word, "kill") == 0)
    plan.how = KILL;
  else if (strcmp(word, "killed") == 0)
    plan.how = KILLED;
  else if (strcmp(word, "torn") == 0)
    plan.how = TORN;
  else if (!(plan.error = error_of(word)))
    misused(word);
}

static void read_plan(const char *text)
{
  char copy[128], *rest = NULL, *word;

  snprintf(copy, sizeof copy, "%s", text);
  word = strtok_r(copy, ":", &rest);
  for (int i = 0; word && i < KINDS; i++)
    if (strcmp(names[i], word) == 0)
      plan.kind = i;
  word = strtok_r(NULL, ":", &rest);
  if (plan.kind < 0 || !word || !(plan.n = strtoull(word, NULL, 10)))
    misused(text);
  plan.last = plan.n;
  plan.error = plan.kind <= K_SQLITE ? ENOMEM : EIO;
  while ((word = strtok_r(NULL, ":", &rest)))
    read_word(word);
}

static void share(const char *path)
{
  int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT, 0600);
  void *page;

  if (fd < 0 || syscall(SYS_ftruncate, fd, 4096) != 0)
    misused(path);
  page = (void *)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE,
                         MAP_SHARED, fd, 0);
  if (page == MAP_FAILED)
    misused(path);
  syscall(SYS_close, fd);
  shared = page;
}

/* A library below the program that gives up says nothing itself. */
static void on_abort(int number)
{
  void *stack[32];

  plan_inside++;
  backtrace_symbols_fd(stack, backtrace(stack, 32), STDERR_FILENO);
  signal(number, SIG_DFL);
  raise(number);
}

__attribute__((constructor)) static void begin(void)
{
  static const char *const mine[] = {"ADVISOR_FAIL",  "ADVISOR_TORTURE",
                                     "ADVISOR_SITES", "ADVISOR_TRACE",
                                     "ADVISOR_SYNC",  "LD_PRELOAD"};
  const char *text;

  plan_inside++;
  signal(SIGABRT, on_abort);
  if ((text = getenv("ADVISOR_TORTURE")))
    share(text);
  if ((text = getenv("ADVISOR_FAIL")))
    read_plan(text);
  plan.without_sync = !getenv("ADVISOR_SYNC");
  if ((text = getenv("ADVISOR_TRACE")))
    trace_begin(text);
  if ((text = getenv("ADVISOR_SITES"))) {
    void *first[1];

    backtrace(first, 1); /* loads what it needs now */
    sites = (int)syscall(SYS_openat, AT_FDCWD, text,
                         O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }
  for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
    unsetenv(mine[i]);
  plan_inside--;
}

static uint64_t count(kind k)
{
  return __atomic_add_fetch(&shared->seen[k], 1, __ATOMIC_RELAXED);
}

static bool is_meant(kind k, uint64_t n)
{
  return (int)k == plan.kind && n >= plan.n && n <= plan.last;
}

static void note_failure(void)
{
  __atomic_add_fetch(&shared->failed, 1, __ATOMIC_RELAXED);
}

int plan_next(kind k)
{
  uint64_t n = count(k);

  if (sites >= 0)
    plan_site(k, n);
  if (!is_meant(k, n))
    return 0;
  note_failure();
  return plan.error;
}

bool plan_change(void)
{
  change = count(K_CHANGE);
  if (!is_meant(K_CHANGE, change))
    return false;
  if (plan.how == KILL)
    plan_kill();
  return plan.how == TORN;
}

void plan_changed(void)
{
  int error = errno;

  if (plan.how == KILLED && is_meant(K_CHANGE, change))
    plan_kill();
  errno = error;
}

void plan_kill(void)
{
  note_failure();
  for (;;)
    raise(SIGKILL);
}

bool plan_without_sync(void)
{
  return plan.without_sync;
}

void *plan_real(const char *name)
{
  void *found;

  plan_inside++;
  found = dlsym(RTLD_NEXT, name);
  plan_inside--;
  if (!found)
    misused(name);
  return found;
}

void plan_site(kind k, uint64_t n)
{
  void *stack[DEPTH + SKIP];
  uint64_t hash = 1469598103934665603u ^ (uint64_t)k, line[2] = {k, n};
  int depth;

  plan_inside++;
  depth = backtrace(stack, DEPTH + SKIP);
  plan_inside--;
  for (int i = SKIP; i < depth; i++)
    hash = (hash ^ (uint64_t)(uintptr_t)stack[i]) * 1099511628211u;
  hash |= 1; /* 0: a free place */
  for (uint64_t i = hash, tries = 0; tries < SITES; i++, tries++) {
    uint64_t nothing = 0;

    if (atomic_compare_exchange_strong(&known[i % SITES], &nothing, hash)) {
      syscall(SYS_write, sites, line, sizeof line);
      return;
    }
    if (nothing == hash)
      return;
  }
}
