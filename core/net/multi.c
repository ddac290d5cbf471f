#include "net/multi.h"

#include <stdbool.h>
#include <stdlib.h>

struct adv_multi {
  CURLM *curl;
  uv_timer_t timer;
  adv_multi_events events;
  unsigned handles; /* libuv handles not yet closed */
  bool closing;
};

typedef struct watch {
  uv_poll_t poll;
  int events; /* what libcurl waits for */
  curl_socket_t fd;
  adv_multi *multi;
} watch;

static void handle_closed(adv_multi *m)
{
  if (--m->handles > 0 || !m->closing)
    return;
  if (m->events.closed)
    m->events.closed(m->events.ud);
  free(m);
}

static void on_timer_closed(uv_handle_t *handle)
{
  handle_closed(handle->data);
}

static void on_watch_closed(uv_handle_t *handle)
{
  watch *w = handle->data;
  adv_multi *m = w->multi;

  free(w);
  handle_closed(m);
}

/* Whatever the number of running transfers is: some may have ended without
 * touching a socket. */
static void drain(adv_multi *m)
{
  CURLMsg *message;
  int left;

  while ((message = curl_multi_info_read(m->curl, &left))) {
    CURL *easy = message->easy_handle;
    CURLcode code = message->data.result;

    if (message->msg != CURLMSG_DONE)
      continue;
    /* Frees the message, so what it held is read before. */
    curl_multi_remove_handle(m->curl, easy);
    m->events.done(m->events.ud, easy, code);
  }
  m->events.drained(m->events.ud);
}

static void on_timer(uv_timer_t *timer)
{
  adv_multi *m = timer->data;
  int running;

  curl_multi_socket_action(m->curl, CURL_SOCKET_TIMEOUT, 0, &running);
  drain(m);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
  watch *w = poll->data;
  adv_multi *m = w->multi;
  int flags = 0, running;

  /* libuv reports a socket's error as EBADF and stops watching. Told only
   * "error", libcurl would drop a reply that arrived before a reset; told
   * "ready", it reads what is there and meets the error by itself. */
  if (status < 0) {
    events = UV_READABLE | UV_WRITABLE;
    uv_poll_start(poll, w->events, on_poll);
  }
  if (events & UV_READABLE)
    flags |= CURL_CSELECT_IN;
  if (events & UV_WRITABLE)
    flags |= CURL_CSELECT_OUT;
  curl_multi_socket_action(m->curl, w->fd, flags, &running);
  drain(m);
}

/* libcurl: wake me in `ms`, or not at all. The loop's idea of now may be
 * behind, which makes a timer early; libcurl then asks again. */
static int on_want_timer(CURLM *curl, long ms, void *ud)
{
  adv_multi *m = ud;

  (void)curl;
  if (ms < 0)
    uv_timer_stop(&m->timer);
  else
    uv_timer_start(&m->timer, on_timer, (uint64_t)ms, 0);
  return 0;
}

static watch *watch_new(adv_multi *m, curl_socket_t fd)
{
  watch *w = malloc(sizeof(*w));

  if (!w)
    return NULL;
  w->fd = fd;
  w->multi = m;
  if (uv_poll_init_socket(m->timer.loop, &w->poll, fd) != 0) {
    free(w);
    return NULL;
  }
  w->poll.data = w;
  m->handles++;
  curl_multi_assign(m->curl, fd, w);
  return w;
}

/* libcurl: watch this socket for that. It closes the socket right after
 * CURL_POLL_REMOVE, so the watch must be off by then; uv_close sees to it. */
static int on_want_socket(CURL *easy, curl_socket_t fd, int what, void *ud,
                          void *assigned)
{
  adv_multi *m = ud;
  watch *w = assigned;

  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    if (w)
      uv_close((uv_handle_t *)&w->poll, on_watch_closed);
    return 0;
  }
  if (!w)
    w = watch_new(m, fd);
  /* Anything but 0 would end every transfer that runs; this one alone suffers
   * without a watch, until its time limit. */
  if (!w)
    return 0;
  w->events = (what != CURL_POLL_OUT ? UV_READABLE : 0) |
              (what != CURL_POLL_IN ? UV_WRITABLE : 0);
  uv_poll_start(&w->poll, w->events, on_poll);
  return 0;
}

adv_status adv_multi_new(adv_multi **out, uv_loop_t *loop,
                         size_t max_connections, const adv_multi_events *events)
{
  adv_multi *m = calloc(1, sizeof(*m));

  if (!m)
    return ADV_ENOMEM;
  m->curl = curl_multi_init();
  if (!m->curl) {
    free(m);
    return ADV_ENOMEM;
  }
  m->events = *events;
  uv_timer_init(loop, &m->timer);
  m->timer.data = m;
  m->handles = 1;
  curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, on_want_socket);
  curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
  curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, on_want_timer);
  curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
  curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, (long)max_connections);
  curl_multi_setopt(m->curl, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  *out = m;
  return ADV_OK;
}

adv_status adv_multi_add(adv_multi *m, CURL *easy)
{
  switch (curl_multi_add_handle(m->curl, easy)) {
  case CURLM_OK:
    return ADV_OK;
  case CURLM_OUT_OF_MEMORY:
    return ADV_ENOMEM;
  default:
    return ADV_EIO;
  }
}

void adv_multi_remove(adv_multi *m, CURL *easy)
{
  curl_multi_remove_handle(m->curl, easy);
}

void adv_multi_close(adv_multi *m)
{
  m->closing = true;
  /* Still calls for timers and sockets, so it comes before their end. */
  curl_multi_cleanup(m->curl);
  uv_close((uv_handle_t *)&m->timer, on_timer_closed);
}
