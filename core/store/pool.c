#include "store/pool.h"

#include <stdbool.h>

enum { THREADS = 4 }; /* libuv's own number */

static void do_nothing(void *ud)
{
  (void)ud;
}

/* Whether as many threads can be started at once. */
static bool can_start(void)
{
  uv_thread_t threads[THREADS];
  int n = 0;

  while (n < THREADS && uv_thread_create(&threads[n], do_nothing, NULL) == 0)
    n++;
  for (int i = 0; i < n; i++)
    uv_thread_join(&threads[i]);
  return n == THREADS;
}

static void work(uv_work_t *request)
{
  (void)request;
}

static void worked(uv_work_t *request, int status)
{
  (void)request;
  (void)status;
}

adv_status adv_pool_start(uv_loop_t *loop, adv_buf *why)
{
  static bool started;
  static uv_work_t first;

  if (started)
    return ADV_OK;
  if (!can_start()) {
    adv_buf_message(why, "no thread can be started: out of memory, or at the "
                         "limit on processes");
    return ADV_ENOMEM;
  }
  (void)!uv_queue_work(loop, &first, work, worked);
  started = true;
  return ADV_OK;
}
