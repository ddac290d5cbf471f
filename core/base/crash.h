/* crash.h - named places at which a test can kill the process.
 *
 * ADVISOR_CRASH_AT=name or name:n in the environment kills it (SIGKILL, so
 * that nothing is tidied up) when it gets to that place for the nth time.
 * Only builds with ADVISOR_CRASH_POINTS have them; elsewhere they are nothing.
 * Any thread may call. */
#ifndef ADV_CRASH_H
#define ADV_CRASH_H

#ifdef ADVISOR_CRASH_POINTS
void adv_crash_point(const char *name);
#else
static inline void adv_crash_point(const char *name)
{
  (void)name;
}
#endif

#endif
