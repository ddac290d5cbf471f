#include "base/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define SECOND UINT64_C(1000000000)

/* Looks are no nearer to one another than this. */
#define SHORTEST_SLEEP UINT64_C(1000000)

atomic_bool adv_watchdog_flag;

/* How often a stretch that runs is looked at. */
static uint64_t pace(uint64_t limit_ns)
{
  uint64_t eighth = limit_ns / 8;

  return eighth < SHORTEST_SLEEP ? SHORTEST_SLEEP : eighth;
}

adv_watch_verdict adv_watch_look(adv_watch *watch, uint64_t number,
                                 bool running, uint64_t limit_ns,
                                 uint64_t cpu_ns, uint64_t *sleep_ns)
{
  bool same = number == watch->number;
  uint64_t left;

  *sleep_ns = pace(limit_ns);
  watch->number = number;
  if (!running) {
    watch->known = false;
    if (same)
      *sleep_ns = ADV_WATCH_ASLEEP;
    return ADV_WATCH_FINE;
  }
  if (!same || !watch->known) {
    watch->known = true;
    watch->began_ns = cpu_ns;
    watch->told = false;
  }
  if (!watch->told && cpu_ns - watch->began_ns >= limit_ns) {
    watch->told = true;
    watch->told_ns = cpu_ns;
  }
  if (watch->told && cpu_ns - watch->told_ns >= limit_ns / 4)
    return ADV_WATCH_HUNG;
  left = watch->told ? watch->told_ns + limit_ns / 4 - cpu_ns
                     : watch->began_ns + limit_ns - cpu_ns;
  /* No thread uses more CPU time than time passes. */
  if (left < *sleep_ns)
    *sleep_ns = left;
  if (*sleep_ns < SHORTEST_SLEEP)
    *sleep_ns = SHORTEST_SLEEP;
  return watch->told ? ADV_WATCH_OVERDUE : ADV_WATCH_FINE;
}

/* All of it under the lock, the flag aside. */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pthread_t thread;
  clockid_t clock; /* CPU time of the scripts' thread */
  bool started, stopping, running;
  bool asleep;         /* until a stretch begins */
  uint64_t pace_ns;    /* at which it looks otherwise */
  uint64_t number;     /* stretches begun */
  adv_stretch stretch; /* the last one */
} dog = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t now(clockid_t clock)
{
  struct timespec t = {0};

  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* The lock is held, so the stretch cannot end and its strings stay. The thread
 * that hangs is left where it is: it may hold anything but the log. */
static void end_process(uint64_t used_ns)
{
  const adv_stretch *s = &dog.stretch;

  adv_log(ADV_LOG_ERROR,
          "the script %s (round %lld, %s) has used %.2f s of CPU time without "
          "coming to a point at which it could be stopped: it hangs inside a C "
          "library function, such as a pattern or a very long string. The "
          "process ends here; nothing acknowledged is lost, calls in flight "
          "are shown as unknown. Go on with 'advisor resume RUN', with more "
          "time (--set policy.script_seconds=…), or with 'advisor fork RUN' "
          "and a mended script",
          s->script ? s->script : "?", s->round, s->stage ? s->stage : "?",
          (double)used_ns / (double)SECOND);
  _exit(1);
}

/* The lock is held. */
static void sleep_for(uint64_t ns)
{
  struct timespec until;
  uint64_t at;

  dog.asleep = ns == ADV_WATCH_ASLEEP;
  if (dog.asleep) {
    pthread_cond_wait(&dog.wake, &dog.lock);
  } else {
    at = now(CLOCK_MONOTONIC) + ns;
    until.tv_sec = (time_t)(at / SECOND);
    until.tv_nsec = (long)(at % SECOND);
    pthread_cond_timedwait(&dog.wake, &dog.lock, &until);
  }
  dog.asleep = false;
}

static void *watch_scripts(void *unused)
{
  adv_watch watch = {0};

  (void)unused;
  pthread_mutex_lock(&dog.lock);
  while (!dog.stopping) {
    uint64_t cpu = now(dog.clock), sleep_ns;
    adv_watch_verdict verdict = adv_watch_look(
        &watch, dog.number, dog.running, dog.stretch.limit_ns, cpu, &sleep_ns);

    if (verdict == ADV_WATCH_HUNG)
      end_process(cpu - watch.began_ns);
    if (verdict == ADV_WATCH_OVERDUE)
      atomic_store_explicit(&adv_watchdog_flag, true, memory_order_relaxed);
    dog.pace_ns = pace(dog.stretch.limit_ns);
    sleep_for(sleep_ns);
  }
  pthread_mutex_unlock(&dog.lock);
  return NULL;
}

/* The lock is held. Signals are for the other threads. */
static adv_status start(void)
{
  pthread_condattr_t attributes;
  sigset_t all, before;
  int failed;

  if (pthread_getcpuclockid(pthread_self(), &dog.clock) != 0)
    return ADV_EINVAL;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&dog.wake, &attributes);
  pthread_condattr_destroy(&attributes);
  dog.stopping = false;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  failed = pthread_create(&dog.thread, NULL, watch_scripts, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  dog.started = !failed;
  return failed ? ADV_ENOMEM : ADV_OK;
}

adv_status adv_watchdog_enter(const adv_stretch *stretch)
{
  adv_status st = ADV_OK;

  pthread_mutex_lock(&dog.lock);
  dog.stretch = *stretch;
  if (!dog.started)
    st = start();
  dog.running = st == ADV_OK;
  dog.number++;
  if (dog.running && (dog.asleep || pace(stretch->limit_ns) < dog.pace_ns))
    pthread_cond_signal(&dog.wake);
  pthread_mutex_unlock(&dog.lock);
  return st;
}

void adv_watchdog_leave(void)
{
  pthread_mutex_lock(&dog.lock);
  dog.running = false;
  atomic_store_explicit(&adv_watchdog_flag, false, memory_order_relaxed);
  pthread_mutex_unlock(&dog.lock);
}

void adv_watchdog_stop(void)
{
  bool started;

  pthread_mutex_lock(&dog.lock);
  started = dog.started;
  dog.stopping = true;
  if (started)
    pthread_cond_signal(&dog.wake);
  pthread_mutex_unlock(&dog.lock);
  if (!started)
    return;
  pthread_join(dog.thread, NULL);
  pthread_cond_destroy(&dog.wake);
  dog.started = false;
}
