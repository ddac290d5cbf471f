#include "net/http.h"

#include <stdlib.h>
#include <string.h>

#include "net/multi.h"
#include "net/transfer.h"

enum { DEFAULT_CONNECTIONS = 256 };

typedef TAILQ_HEAD(, adv_http_transfer) transfer_list;

struct adv_http {
  adv_multi *multi;
  uv_idle_t wake; /* calls back for what was canceled */
  transfer_list idle, active, ended;
  unsigned parts; /* transfers, multi and wake that are not yet closed */
  adv_http_options options; /* with copies of its own */
  bool closing;
};

static void http_free(adv_http *http)
{
  free((char *)http->options.proxy);
  free((char *)http->options.ca_file);
  free(http);
}

static void part_closed(adv_http *http)
{
  if (--http->parts == 0)
    http_free(http);
}

static void on_multi_closed(void *ud)
{
  part_closed(ud);
}

static void on_wake_closed(uv_handle_t *handle)
{
  part_closed(handle->data);
}

static void end_transfer(adv_http_transfer *t, CURLcode code, bool canceled)
{
  adv_http *http = t->http;

  adv_transfer_conclude(t, code, canceled);
  TAILQ_REMOVE(&http->active, t, link);
  TAILQ_INSERT_TAIL(&http->ended, t, link);
}

/* Before libcurl has said that it is done. */
static void break_off(adv_http_transfer *t, CURLcode code, bool canceled)
{
  end_transfer(t, code, canceled);
  adv_multi_remove(t->http->multi, t->easy);
}

static void give_up(adv_http_transfer *t)
{
  adv_transfer_free(t, part_closed);
}

/* The one place where users are called. They may send, cancel and close; each
 * transfer is out of the lists by then, so a nested call does no harm. */
static void deliver(adv_http *http)
{
  adv_http_transfer *t;

  while ((t = TAILQ_FIRST(&http->ended))) {
    TAILQ_REMOVE(&http->ended, t, link);
    t->cb(t->ud, &t->now.result);
    adv_transfer_clear(t);
    if (http->closing)
      give_up(t);
    else
      TAILQ_INSERT_HEAD(&http->idle, t, link);
  }
}

static void on_done(void *ud, CURL *easy, CURLcode code)
{
  adv_http_transfer *t = NULL;

  (void)ud;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&t);
  end_transfer(t, code, false);
}

static void on_drained(void *ud)
{
  deliver(ud);
}

static void on_late(adv_http_transfer *t)
{
  adv_http *http = t->http;

  break_off(t, CURLE_OPERATION_TIMEDOUT, false);
  deliver(http);
}

static void on_wake(uv_idle_t *wake)
{
  uv_idle_stop(wake);
  deliver(wake->data);
}

static adv_status copy_text(const char **to, const char *from)
{
  if (!from)
    return ADV_OK;
  *to = strdup(from);
  return *to ? ADV_OK : ADV_ENOMEM;
}

static void init_libcurl(void)
{
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

adv_status adv_http_new(adv_http **out, uv_loop_t *loop,
                        const adv_http_options *options)
{
  static uv_once_t once = UV_ONCE_INIT;
  adv_multi_events events = {on_done, on_drained, on_multi_closed, NULL};
  size_t max_connections = DEFAULT_CONNECTIONS;
  adv_http *http;
  adv_status st = ADV_OK;

  /* It takes milliseconds, which a command without requests does not pay. */
  uv_once(&once, init_libcurl);
  http = calloc(1, sizeof(*http));
  if (!http)
    return ADV_ENOMEM;
  if (options) {
    if (options->max_connections > 0)
      max_connections = options->max_connections;
    st = copy_text(&http->options.proxy, options->proxy);
    if (st == ADV_OK)
      st = copy_text(&http->options.ca_file, options->ca_file);
  }
  events.ud = http;
  if (st == ADV_OK)
    st = adv_multi_new(&http->multi, loop, max_connections, &events);
  if (st != ADV_OK) {
    http_free(http);
    return st;
  }
  uv_idle_init(loop, &http->wake);
  http->wake.data = http;
  http->parts = 2;
  TAILQ_INIT(&http->idle);
  TAILQ_INIT(&http->active);
  TAILQ_INIT(&http->ended);
  *out = http;
  return ADV_OK;
}

/* A transfer that is in no list: one used before, or a new one. */
static adv_http_transfer *take_transfer(adv_http *http)
{
  adv_http_transfer *t = TAILQ_FIRST(&http->idle);

  if (t) {
    TAILQ_REMOVE(&http->idle, t, link);
    return t;
  }
  t = adv_transfer_new(http->wake.loop, &http->options, on_late);
  if (!t)
    return NULL;
  t->http = http;
  http->parts++;
  return t;
}

adv_status adv_http_send(adv_http *http, const adv_http_request *request,
                         adv_http_cb cb, void *ud, adv_http_transfer **transfer)
{
  adv_http_transfer *t;
  adv_status st;

  if (http->closing)
    return ADV_ECANCELED;
  t = take_transfer(http);
  if (!t)
    return ADV_ENOMEM;
  t->cb = cb;
  t->ud = ud;
  st = adv_transfer_prepare(t, request);
  if (st == ADV_OK)
    st = adv_multi_add(http->multi, t->easy);
  if (st != ADV_OK) {
    TAILQ_INSERT_HEAD(&http->idle, t, link);
    return st;
  }
  TAILQ_INSERT_TAIL(&http->active, t, link);
  if (transfer)
    *transfer = t;
  return ADV_OK;
}

void adv_http_cancel(adv_http_transfer *transfer)
{
  adv_http *http = transfer->http;

  if (transfer->now.ended)
    return;
  break_off(transfer, CURLE_ABORTED_BY_CALLBACK, true);
  uv_idle_start(&http->wake, on_wake);
}

void adv_http_close(adv_http *http)
{
  adv_http_transfer *t;

  if (!http || http->closing)
    return;
  http->closing = true;
  while ((t = TAILQ_FIRST(&http->active)))
    break_off(t, CURLE_ABORTED_BY_CALLBACK, true);
  deliver(http);
  while ((t = TAILQ_FIRST(&http->idle))) {
    TAILQ_REMOVE(&http->idle, t, link);
    give_up(t);
  }
  adv_multi_close(http->multi);
  uv_close((uv_handle_t *)&http->wake, on_wake_closed);
}
