/* For LD_PRELOAD: an alarm each millisecond, whose handler does nothing and
 * does not ask for system calls to be begun again, so that they fail with
 * EINTR wherever they can. */
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

static void ignore(int number)
{
  (void)number;
}

__attribute__((constructor)) static void begin(void)
{
  struct sigaction action = {.sa_handler = ignore};
  struct itimerval each = {{0, 1000}, {0, 1000}};

  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &each, NULL);
}
