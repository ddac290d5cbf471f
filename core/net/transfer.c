#include "net/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/crash.h"
#include "net/headers.h"
#include "net/route.h"

enum {
  DEFAULT_MAX_REPLY = 16 << 20,
  DEFAULT_CONNECT_MS = 10 * 1000,
  DEFAULT_TOTAL_MS = 600 * 1000,
  DEFAULT_STALL_MS = 120 * 1000,
  URL_MAX = 8 << 10,
  HEADERS_MAX = 64 << 10,    /* of a request, and kept of a reply */
  BODY_KEPT_MAX = 256 << 10, /* memory that waits for the next reply */
  /* Model servers such as vLLM close an idle connection after 5 s; a request
   * that meets the closing is lost. */
  IDLE_NEAR_S = 4,
  IDLE_FAR_S = 50,
  LIFETIME_S = 3600,
  KEEPALIVE_S = 60,
};

static const char *text_of(const adv_buf *b)
{
  return b->data ? b->data : "";
}

/* Fires when the reply is late. If this process was held up, the reply may
 * wait in the socket unread: the loop looks at its sockets once more first. */
static void on_limit(uv_timer_t *timer)
{
  adv_http_transfer *t = timer->data;

  if (!t->now.last_chance) {
    t->now.last_chance = true;
    uv_timer_start(timer, on_limit, 1, 0);
    return;
  }
  t->now.late = true;
  t->on_late(t);
}

/* Whether the request stays on this machine. Judged by the address that was
 * connected to, so names do not deceive; behind a route by the name, to which
 * the forwarder holds itself. A proxy is never used for this machine; whatever
 * goes to one leaves it. */
static bool stays_here(const adv_http_transfer *t, const char *peer)
{
  if (t->route)
    return t->place == ADV_PLACE_LOOPBACK;
  return adv_address_place(peer) == ADV_PLACE_LOOPBACK &&
         (!t->options->proxy || t->place == ADV_PLACE_LOOPBACK);
}

/* libcurl is about to send the request. It does so again, of its own accord,
 * if a kept connection died without an answer; the first send may be paid for,
 * so there is no second one. */
static int on_send(void *ud, char *peer, char *local, int peer_port,
                   int local_port)
{
  adv_http_transfer *t = ud;
  long connects = 0;

  (void)local, (void)peer_port, (void)local_port;
  if (t->now.result.sends > 0) {
    t->now.sent_again = true;
    return CURL_PREREQFUNC_ABORT;
  }
  if (t->now.guards_key && !stays_here(t, peer)) {
    t->now.refused = true;
    return CURL_PREREQFUNC_ABORT;
  }
  curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
  t->now.result.reused = connects == 0;
  t->now.result.sends = 1;
  if (t->now.first_byte_ms > 0) {
    uv_update_time(t->limit.loop);
    uv_timer_start(&t->limit, on_limit, t->now.first_byte_ms, 0);
  }
  adv_crash_point("sending");
  return CURL_PREREQFUNC_OK;
}

/* Fires each `stall_ms` while a reply's body is on its way. A connection that a
 * middle box has dropped stays silent for ever; one whose model thinks before
 * the first byte is not looked at. */
static void on_stall(uv_timer_t *timer)
{
  adv_http_transfer *t = timer->data;
  size_t least = t->now.stall_ms / 1000;

  if (t->body.len - t->now.seen_len >= (least ? least : 1)) {
    t->now.seen_len = t->body.len;
    t->now.last_chance = false;
    uv_timer_start(timer, on_stall, t->now.stall_ms, 0);
  } else if (!t->now.last_chance) {
    t->now.last_chance = true;
    uv_timer_start(timer, on_stall, 1, 0);
  } else {
    t->now.stalled = true;
    t->on_late(t);
  }
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ud)
{
  adv_http_transfer *t = ud;

  if (t->body.len == 0 && size * n > 0 &&
      !uv_is_active((uv_handle_t *)&t->limit)) {
    t->now.last_chance = false;
    uv_update_time(t->limit.loop);
    uv_timer_start(&t->limit, on_stall, t->now.stall_ms, 0);
  }
  switch (adv_buf_append(&t->body, bytes, size * n)) {
  case ADV_OK:
    return size * n;
  case ADV_ELIMIT:
    t->now.too_large = true;
    return 0;
  default:
    t->now.out_of_memory = true;
    return 0;
  }
}

static size_t on_header(char *line, size_t size, size_t n, void *ud)
{
  adv_http_transfer *t = ud;
  size_t len = size * n;

  if (t->now.result.first_byte_ns == 0) {
    adv_crash_point("reply_began");
    t->now.result.first_byte_ns = uv_hrtime();
    uv_timer_stop(&t->limit);
  }
  /* A status line begins anew: what came before was provisional (1xx). */
  if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
    adv_buf_clear(&t->headers);
  else
    adv_headers_keep(&t->headers, line, len);
  return len;
}

/* Options that are the same for every request. The reset clears, beside
 * options, the counters of the request before, which may outlive it. */
static adv_status set_up(adv_http_transfer *t)
{
  const adv_http_options *options = t->options;
  CURL *e = t->easy;
  bool ok = true;

  curl_easy_reset(e);
#define SET(option, value) \
  ok = curl_easy_setopt(e, CURLOPT_##option, value) == CURLE_OK && ok
  SET(PRIVATE, t);
  SET(ERRORBUFFER, t->error);
  SET(PREREQFUNCTION, on_send);
  SET(PREREQDATA, t);
  SET(WRITEFUNCTION, on_body);
  SET(WRITEDATA, t);
  SET(HEADERFUNCTION, on_header);
  SET(HEADERDATA, t);
  SET(SUPPRESS_CONNECT_HEADERS, 1L);
  SET(NOSIGNAL, 1L);
  /* One call a connection keeps the ways to fail few. */
  SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(PROTOCOLS_STR, "http,https");
  SET(FOLLOWLOCATION, 0L);
  SET(NETRC, (long)CURL_NETRC_IGNORED);
  /* An empty string, unlike NULL, also turns the environment's off. */
  SET(PROXY, options->proxy ? options->proxy : "");
  SET(NOPROXY, options->proxy ? "localhost,127.0.0.0/8,::1" : "");
  SET(SSL_VERIFYPEER, 1L);
  SET(SSL_VERIFYHOST, 2L);
  SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(PROXY_SSL_VERIFYPEER, 1L);
  SET(PROXY_SSL_VERIFYHOST, 2L);
  SET(PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  if (options->ca_file) {
    SET(CAINFO, options->ca_file);
    SET(PROXY_CAINFO, options->ca_file);
  }
  SET(TCP_KEEPALIVE, 1L);
  SET(TCP_KEEPIDLE, (long)KEEPALIVE_S);
  SET(TCP_KEEPINTVL, (long)KEEPALIVE_S);
  SET(MAXLIFETIME_CONN, (long)LIFETIME_S);
#undef SET
  return ok ? ADV_OK : ADV_ENOMEM;
}

adv_http_transfer *adv_transfer_new(uv_loop_t *loop,
                                    const adv_http_options *options,
                                    void (*on_late)(adv_http_transfer *t))
{
  adv_http_transfer *t = calloc(1, sizeof(*t));

  if (!t)
    return NULL;
  t->easy = curl_easy_init();
  if (!t->easy) {
    free(t);
    return NULL;
  }
  t->options = options;
  t->on_late = on_late;
  adv_buf_init(&t->url, URL_MAX);
  adv_buf_init(&t->header_text, HEADERS_MAX);
  adv_buf_init(&t->header_lines, HEADERS_MAX);
  adv_buf_init(&t->headers, HEADERS_MAX);
  adv_buf_init(&t->body, 0);
  uv_timer_init(loop, &t->limit);
  t->limit.data = t;
  return t;
}

/* Finds out where the URL leads, by libcurl's own reading of it. */
static adv_status place_of_url(const char *url, adv_place *place)
{
  CURLU *parsed = curl_url();
  char *host = NULL;
  adv_status st = ADV_OK;
  CURLUcode code;

  if (!parsed)
    return ADV_ENOMEM;
  code = curl_url_set(parsed, CURLUPART_URL, url, 0);
  if (code == CURLUE_OK)
    code = curl_url_get(parsed, CURLUPART_HOST, &host, 0);
  if (code == CURLUE_OK)
    *place = adv_address_place(host);
  else
    st = code == CURLUE_OUT_OF_MEMORY ? ADV_ENOMEM : ADV_EINVAL;
  curl_free(host);
  curl_url_cleanup(parsed);
  return st;
}

/* Requests mostly repeat the URL, which is then not parsed again. */
static adv_status set_url(adv_http_transfer *t, const char *url)
{
  adv_status st;

  if (curl_easy_setopt(t->easy, CURLOPT_URL, url) != CURLE_OK)
    return ADV_EINVAL;
  if (t->url.len > 0 && strcmp(t->url.data, url) == 0)
    return ADV_OK;
  if (strncasecmp(url, "http://", 7) != 0 &&
      strncasecmp(url, "https://", 8) != 0)
    return ADV_EINVAL;
  adv_buf_clear(&t->url);
  st = place_of_url(url, &t->place);
  if (st != ADV_OK)
    return st;
  t->route = adv_route_find(url);
  return adv_buf_append(&t->url, url, strlen(url));
}

/* A list of our own in place of curl_slist_append(): two buffers that are used
 * again, not two allocations for each header of each request. */
static adv_status set_headers(adv_http_transfer *t, const char *const *headers)
{
  static const char *const none[] = {NULL};
  static const char no_expect[] = "Expect:";
  struct curl_slist *lines;
  char *text;
  size_t n = 0;
  adv_status st = ADV_OK;

  adv_buf_clear(&t->header_text);
  adv_buf_clear(&t->header_lines);
  for (const char *const *h = headers ? headers : none; *h; h++, n++) {
    const char *colon = strchr(*h, ':');

    if (!colon || colon == *h || strpbrk(*h, "\r\n"))
      return ADV_EINVAL;
    st = adv_buf_append(&t->header_text, *h, strlen(*h) + 1);
    if (st != ADV_OK)
      return st;
  }
  st = adv_buf_append(&t->header_text, no_expect, sizeof(no_expect));
  n++;
  for (size_t i = 0; i < n && st == ADV_OK; i++)
    st = adv_buf_append(&t->header_lines, &(struct curl_slist){0},
                        sizeof(struct curl_slist));
  if (st != ADV_OK)
    return st;
  lines = (struct curl_slist *)(void *)t->header_lines.data;
  text = t->header_text.data;
  for (size_t i = 0; i < n; i++) {
    lines[i].data = text;
    lines[i].next = i + 1 < n ? &lines[i + 1] : NULL;
    text += strlen(text) + 1;
  }
  curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, lines);
  return ADV_OK;
}

static bool is_method(const char *method)
{
  return *method && !method[strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static adv_status set_method(adv_http_transfer *t,
                             const adv_http_request *request)
{
  const char *method = request->method;
  const char *custom = NULL;

  if (!method)
    method = request->body ? "POST" : "GET";
  if (!is_method(method))
    return ADV_EINVAL;
  if (request->body || strcmp(method, "POST") == 0) {
    curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)t->now.body_len);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS,
                     request->body ? request->body : "");
    custom = strcmp(method, "POST") == 0 ? NULL : method;
  } else if (strcmp(method, "HEAD") == 0) {
    curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
    custom = strcmp(method, "GET") == 0 ? NULL : method;
  }
  if (custom &&
      curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, custom) != CURLE_OK)
    return ADV_ENOMEM;
  return ADV_OK;
}

adv_status adv_transfer_prepare(adv_http_transfer *t,
                                const adv_http_request *request)
{
  unsigned connect_ms = request->connect_ms, total_ms = request->total_ms;
  adv_status st;

  if (!request->url)
    return ADV_EINVAL;
  memset(&t->now, 0, sizeof(t->now));
  t->now.body_len = request->body ? request->body_len : 0;
  t->now.first_byte_ms = request->first_byte_ms;
  t->now.stall_ms = request->stall_ms ? request->stall_ms : DEFAULT_STALL_MS;
  t->now.guards_key = request->carries_key && !request->plain_http_allowed &&
                      strncasecmp(request->url, "https:", 6) != 0;
  t->error[0] = '\0';
  t->body.max = request->max_reply ? request->max_reply : DEFAULT_MAX_REPLY;
  st = set_up(t);
  if (st == ADV_OK)
    st = set_url(t, request->url);
  if (st == ADV_OK)
    st = set_headers(t, request->headers);
  if (st == ADV_OK)
    st = set_method(t, request);
  if (st != ADV_OK)
    return st;
  if (t->route &&
      curl_easy_setopt(t->easy, CURLOPT_UNIX_SOCKET_PATH, t->route) != CURLE_OK)
    return ADV_ENOMEM;
  curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT,
                   request->fresh_connection ? 1L : 0L);
  curl_easy_setopt(t->easy, CURLOPT_MAXAGE_CONN,
                   t->place == ADV_PLACE_PUBLIC ? (long)IDLE_FAR_S
                                                : (long)IDLE_NEAR_S);
  curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS,
                   connect_ms ? (long)connect_ms : (long)DEFAULT_CONNECT_MS);
  curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS,
                   total_ms ? (long)total_ms : (long)DEFAULT_TOTAL_MS);
  t->now.result.start_ns = uv_hrtime();
  return ADV_OK;
}

static adv_http_end end_of(const adv_http_transfer *t, CURLcode code,
                           bool canceled)
{
  const adv_http_result *r = &t->now.result;

  if (canceled)
    return ADV_HTTP_CANCELED;
  if (code == CURLE_OK)
    return ADV_HTTP_DONE;
  if (r->sends == 0)
    return ADV_HTTP_NOT_SENT;
  /* libcurl's count of uploaded bytes starts again with a second send. */
  if (!t->now.sent_again && r->bytes_up < t->now.body_len)
    return ADV_HTTP_NOT_SENT;
  if (t->now.too_large)
    return ADV_HTTP_TOO_LARGE;
  if (code == CURLE_OPERATION_TIMEDOUT)
    return ADV_HTTP_TIMED_OUT;
  return ADV_HTTP_LOST;
}

/* In words. libcurl's own name hosts, never a URL. */
static void describe(adv_http_transfer *t, CURLcode code)
{
  static const char *const leads[] = {
      [ADV_HTTP_NOT_SENT] = "not sent",
      [ADV_HTTP_LOST] = "sent, but no complete answer came",
      [ADV_HTTP_TOO_LARGE] = "the answer is too large",
      [ADV_HTTP_TIMED_OUT] = "sent, but timed out",
      [ADV_HTTP_CANCELED] = "canceled",
  };
  adv_http_end end = t->now.result.end;
  char limit[64];
  const char *detail = *t->error ? t->error : curl_easy_strerror(code);

  t->message[0] = '\0';
  if (end == ADV_HTTP_DONE)
    return;
  if (end == ADV_HTTP_CANCELED) {
    detail =
        t->now.result.sends > 0 ? "after it was sent" : "before it was sent";
  } else if (t->now.refused) {
    detail = "a key does not leave this machine over plain http";
  } else if (t->now.sent_again) {
    detail = "the server closed a kept connection";
  } else if (t->now.out_of_memory) {
    detail = "out of memory";
  } else if (t->now.too_large) {
    snprintf(limit, sizeof(limit), "more than %zu bytes", t->body.max);
    detail = limit;
  } else if (t->now.late) {
    snprintf(limit, sizeof(limit), "no answer began within %u ms",
             t->now.first_byte_ms);
    detail = limit;
  } else if (t->now.stalled) {
    snprintf(limit, sizeof(limit), "the answer stalled for %u ms",
             t->now.stall_ms);
    detail = limit;
  }
  snprintf(t->message, sizeof(t->message), "%s: %s", leads[end], detail);
}

void adv_transfer_conclude(adv_http_transfer *t, CURLcode code, bool canceled)
{
  adv_http_result *r = &t->now.result;
  curl_off_t up = 0, down = 0;

  uv_timer_stop(&t->limit);
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &r->http_status);
  curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
  curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
  r->bytes_up = (uint64_t)up;
  r->bytes_down = (uint64_t)down;
  r->curl_code = (int)code;
  r->end = end_of(t, code, canceled);
  r->body = text_of(&t->body);
  r->body_len = t->body.len;
  r->headers = text_of(&t->headers);
  r->end_ns = uv_hrtime();
  describe(t, code);
  r->message = t->message;
  t->now.ended = true;
}

void adv_transfer_clear(adv_http_transfer *t)
{
  if (t->header_text.data)
    explicit_bzero(t->header_text.data, t->header_text.cap);
  adv_buf_clear(&t->headers);
  if (t->body.cap > BODY_KEPT_MAX)
    adv_buf_free(&t->body);
  else
    adv_buf_clear(&t->body);
}

/* Frees a buffer that held a key. */
static void wipe(adv_buf *b)
{
  if (b->data)
    explicit_bzero(b->data, b->cap);
  adv_buf_free(b);
}

static void on_limit_closed(uv_handle_t *handle)
{
  adv_http_transfer *t = handle->data;
  adv_http *http = t->http;
  void (*on_freed)(adv_http *) = t->on_freed;

  curl_easy_cleanup(t->easy);
  wipe(&t->url);
  wipe(&t->header_text);
  adv_buf_free(&t->header_lines);
  adv_buf_free(&t->headers);
  adv_buf_free(&t->body);
  free(t);
  on_freed(http);
}

void adv_transfer_free(adv_http_transfer *t, void (*on_freed)(adv_http *http))
{
  t->on_freed = on_freed;
  uv_close((uv_handle_t *)&t->limit, on_limit_closed);
}
