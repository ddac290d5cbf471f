/* watchdog.h - ends the process when a script hangs where nothing else can end
 * it: inside a function of the C library, between two of its instructions.
 *
 * One a process, for the one thread that runs scripts. A stretch is the time
 * from a script's resumption to its next wait. While there is one, a thread of
 * the watchdog's own looks now and then how much CPU time the scripts' thread
 * has used; what waits costs nothing. Beyond the limit
 * adv_watchdog_overdue() is true, by which the script is ended in order. A
 * quarter beyond, nobody has looked at that, and the process is ended. */
#ifndef ADV_WATCHDOG_H
#define ADV_WATCHDOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* What a stretch belongs to, for the message. The strings are the caller's and
 * live until adv_watchdog_leave(). */
typedef struct adv_stretch {
  uint64_t limit_ns; /* of CPU time, > 0 */
  const char *script, *stage;
  long long round;
} adv_stretch;

typedef enum adv_watch_verdict {
  ADV_WATCH_FINE,
  ADV_WATCH_OVERDUE, /* over the limit: the script is to be ended */
  ADV_WATCH_HUNG,    /* a quarter after that was told: it cannot be ended */
} adv_watch_verdict;

/* Until a stretch begins. */
#define ADV_WATCH_ASLEEP UINT64_MAX

/* What the watchdog remembers between looks; starts out as zeros. */
typedef struct adv_watch {
  uint64_t number;   /* how many stretches had begun by the last look */
  bool known;        /* one of them was running */
  uint64_t began_ns; /* the CPU time when it was first seen */
  bool told;         /* it was said to be overdue */
  uint64_t told_ns;  /* the CPU time then */
} adv_watch;

/* One look. `number`: stretches begun so far; `limit_ns` of the last one, which
 * still runs if `running`; `cpu_ns`: CPU time of the thread. A stretch is
 * measured from the first look that sees it, so one may use up to an eighth
 * more than it should. Gives in *sleep_ns how long nothing needs to be looked
 * at, or ADV_WATCH_ASLEEP. */
adv_watch_verdict adv_watch_look(adv_watch *watch, uint64_t number,
                                 bool running, uint64_t limit_ns,
                                 uint64_t cpu_ns, uint64_t *sleep_ns);

/* A stretch begins on the calling thread, always the same one; the first one
 * starts the watchdog. No stretch may be open. On failure (ADV_ENOMEM: no
 * thread) there is none. */
ADV_MUST_CHECK adv_status adv_watchdog_enter(const adv_stretch *stretch);

/* The stretch ends. */
void adv_watchdog_leave(void);

/* Ends the watchdog's thread; the next stretch starts it again. */
void adv_watchdog_stop(void);

extern atomic_bool adv_watchdog_flag; /* of adv_watchdog_overdue() only */

/* Whether the open stretch is over its limit. */
static inline bool adv_watchdog_overdue(void)
{
  return atomic_load_explicit(&adv_watchdog_flag, memory_order_relaxed);
}

#endif
