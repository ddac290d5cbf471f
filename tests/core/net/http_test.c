#include "net/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <curl/curl.h>
#include <ifaddrs.h>
#include <net/if.h>

#include "scripted_server.h"

/* What a callback brought, copied. */
typedef struct outcome {
  int calls;
  adv_http_result result;
  char body[512];
  char headers[256];
  char message[512];
} outcome;

typedef struct world {
  uv_loop_t loop;
  adv_http *http;
  server *server;
} world;

/* True while adv_http_send() runs: no callback may come. */
static bool sending;

static void note(void *ud, const adv_http_result *result)
{
  outcome *o = ud;

  assert_false(sending);
  o->calls++;
  o->result = *result;
  snprintf(o->body, sizeof(o->body), "%s", result->body);
  snprintf(o->headers, sizeof(o->headers), "%s", result->headers);
  snprintf(o->message, sizeof(o->message), "%s", result->message);
}

static int set_up(void **state)
{
  world *w = calloc(1, sizeof(*w));

  assert_non_null(w);
  w->server = server_start(INADDR_LOOPBACK);
  assert_int_equal(uv_loop_init(&w->loop), 0);
  assert_int_equal(adv_http_new(&w->http, &w->loop, NULL), ADV_OK);
  *state = w;
  return 0;
}

/* Each test ends with an empty loop. */
static int tear_down(void **state)
{
  world *w = *state;

  adv_http_close(w->http);
  assert_int_equal(uv_run(&w->loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&w->loop), 0);
  server_stop(w->server);
  free(w);
  return 0;
}

static const char *url_at(const char *host, int port, const char *path)
{
  static char url[256];

  snprintf(url, sizeof(url), "http://%s:%d%s", host, port, path);
  return url;
}

static const char *url_of(const world *w, const char *path)
{
  return url_at("127.0.0.1", w->server->port, path);
}

static adv_http_transfer *
send_request(world *w, const adv_http_request *request, outcome *o)
{
  adv_http_transfer *t = NULL;
  adv_status st;

  memset(o, 0, sizeof(*o));
  sending = true;
  st = adv_http_send(w->http, request, note, o, &t);
  sending = false;
  assert_int_equal(st, ADV_OK);
  assert_int_equal(o->calls, 0);
  return t;
}

static outcome ask(world *w, const adv_http_request *request)
{
  outcome o;

  send_request(w, request, &o);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  assert_int_equal(o.calls, 1);
  assert_true(o.result.end_ns >= o.result.start_ns);
  return o;
}

/* A POST with a body, all limits at their defaults. */
static outcome post(world *w, const char *path)
{
  return ask(w, &(adv_http_request){.url = url_of(w, path),
                                    .body = "{\"a\":1}",
                                    .body_len = 7});
}

static void assert_done(const outcome *o, long status, const char *body)
{
  assert_int_equal(o->result.end, ADV_HTTP_DONE);
  assert_int_equal(o->result.curl_code, CURLE_OK);
  assert_int_equal(o->result.http_status, status);
  assert_int_equal(o->result.sends, 1);
  assert_string_equal(o->body, body);
  assert_int_equal(o->result.body_len, strlen(body));
  assert_string_equal(o->message, "");
}

static void assert_end(const outcome *o, adv_http_end end, int sends)
{
  if (o->result.end != end)
    print_error("message: %s\n", o->message);
  assert_int_equal(o->result.end, end);
  assert_int_equal(o->result.sends, sends);
  assert_string_not_equal(o->message, "");
  assert_int_equal(o->result.body_len, strlen(o->body));
}

static int requests(const world *w)
{
  return atomic_load(&w->server->requests);
}

static void a_plain_reply_arrives(void **state)
{
  outcome o = ask(*state, &(adv_http_request){.url = url_of(*state, "/ok")});

  assert_done(&o, 200, "hello");
  assert_string_equal(o.headers, "x-request-id: r1\nretry-after: 7\n");
  assert_false(o.result.reused);
  assert_int_equal(o.result.bytes_up, 0);
  assert_int_equal(o.result.bytes_down, 5);
  assert_true(o.result.first_byte_ns >= o.result.start_ns);
  assert_true(o.result.first_byte_ns <= o.result.end_ns);
}

static void a_chunked_reply_arrives(void **state)
{
  outcome o = post(*state, "/chunked");

  assert_done(&o, 200, "hello, world");
}

static void provisional_replies_leave_no_headers(void **state)
{
  outcome o = post(*state, "/provisional");

  assert_done(&o, 201, "");
  assert_string_equal(o.headers, "cf-ray: second\n");
}

static void errors_and_redirects_are_replies(void **state)
{
  world *w = *state;
  outcome o = post(w, "/error");

  assert_done(&o, 500, "oops");
  o = post(w, "/redirect");
  assert_done(&o, 302, "");
  assert_int_equal(requests(w), 2);
}

static void a_request_goes_out_as_given(void **state)
{
  world *w = *state;
  const char *const headers[] = {"Content-Type: application/json",
                                 "Authorization: Bearer key", NULL};
  adv_http_request request = {.url = url_of(w, "/echo?a=b"),
                              .headers = headers,
                              .body = "{\0}",
                              .body_len = 3};
  outcome o = ask(w, &request);

  assert_int_equal(o.result.end, ADV_HTTP_DONE);
  assert_int_equal(o.result.bytes_up, 3);
  assert_non_null(strstr(o.body, "POST /echo?a=b HTTP/1.1\r\n"));
  assert_non_null(strstr(o.body, "\r\nContent-Type: application/json\r\n"));
  assert_non_null(strstr(o.body, "\r\nAuthorization: Bearer key\r\n"));
  assert_non_null(strstr(o.body, "\r\nContent-Length: 3\r\n"));
  assert_null(strcasestr(o.body, "expect"));
  assert_null(strcasestr(o.body, "accept-encoding"));
  assert_int_equal(o.result.body_len, strlen(o.body) + 2);
}

static void methods_do_not_linger(void **state)
{
  world *w = *state;
  static const struct {
    const char *method, *body, *line;
  } cases[] = {
      {NULL, NULL, "GET /echo HTTP/1.1\r\n"},
      {NULL, "x", "POST /echo HTTP/1.1\r\n"},
      {"PUT", "x", "PUT /echo HTTP/1.1\r\n"},
      {"DELETE", NULL, "DELETE /echo HTTP/1.1\r\n"},
      {"GET", NULL, "GET /echo HTTP/1.1\r\n"},
      {"POST", NULL, "POST /echo HTTP/1.1\r\n"},
      {"POST", "", "POST /echo HTTP/1.1\r\n"},
      {NULL, NULL, "GET /echo HTTP/1.1\r\n"},
  };

  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    const char *body = cases[i].body;
    adv_http_request request = {.url = url_of(w, "/echo"),
                                .method = cases[i].method,
                                .body = body,
                                .body_len = body ? strlen(body) : 0};
    outcome o = ask(w, &request);

    assert_int_equal(o.result.end, ADV_HTTP_DONE);
    assert_int_equal(o.result.bytes_up, request.body_len);
    assert_memory_equal(o.body, cases[i].line, strlen(cases[i].line));
  }
  assert_int_equal(atomic_load(&w->server->accepted), 1);
}

static void a_connection_is_kept_and_used_again(void **state)
{
  world *w = *state;
  outcome o = post(w, "/ok");

  assert_false(o.result.reused);
  o = post(w, "/ok");
  assert_done(&o, 200, "hello");
  assert_true(o.result.reused);
  o = ask(w, &(adv_http_request){.url = url_of(w, "/ok"),
                                 .fresh_connection = true});
  assert_done(&o, 200, "hello");
  assert_false(o.result.reused);
  assert_int_equal(requests(w), 3);
  assert_int_equal(atomic_load(&w->server->accepted), 2);
}

/* The fault that costs money: left alone, libcurl sends the request again. */
static void a_request_is_sent_once(void **state)
{
  world *w = *state;
  static const char *const paths[] = {"/close", "/reset"};

  for (int i = 0; i < 2; i++) {
    int before;
    outcome o = post(w, "/ok");

    assert_done(&o, 200, "hello");
    before = requests(w);
    o = post(w, paths[i]);
    assert_end(&o, ADV_HTTP_LOST, 1);
    assert_true(o.result.reused);
    assert_int_equal(o.result.http_status, 0);
    server_pause(20);
    assert_int_equal(requests(w), before + 1);
  }
}

static void a_get_is_sent_once_too(void **state)
{
  world *w = *state;
  outcome o = post(w, "/ok");

  o = ask(w, &(adv_http_request){.url = url_of(w, "/close")});
  assert_end(&o, ADV_HTTP_LOST, 1);
  assert_true(o.result.reused);
  server_pause(20);
  assert_int_equal(requests(w), 2);
}

static void silence_on_a_new_connection_is_a_loss(void **state)
{
  world *w = *state;
  outcome o = post(w, "/close");

  assert_end(&o, ADV_HTTP_LOST, 1);
  assert_false(o.result.reused);
  o = post(w, "/reset");
  assert_end(&o, ADV_HTTP_LOST, 1);
  assert_int_equal(requests(w), 2);
}

static void a_connection_closed_while_idle_is_replaced(void **state)
{
  world *w = *state;
  outcome o = post(w, "/ok");

  shutdown(w->server->connections[0].fd, SHUT_RDWR);
  server_pause(20);
  o = post(w, "/ok");
  assert_done(&o, 200, "hello");
  assert_false(o.result.reused);
}

static void a_truncated_reply_is_a_loss(void **state)
{
  outcome o = post(*state, "/truncated");

  assert_end(&o, ADV_HTTP_LOST, 1);
  assert_int_equal(o.result.http_status, 200);
  assert_string_equal(o.body, "part");
}

static void what_cannot_connect_is_not_sent(void **state)
{
  world *w = *state;
  server *gone = server_start(INADDR_LOOPBACK);
  int port = gone->port;
  outcome o;

  server_stop(gone);
  o = ask(w, &(adv_http_request){
                 .url = url_at("user:secret@127.0.0.1", port, "/v1?key=secret"),
                 .body = "x",
                 .body_len = 1});
  assert_end(&o, ADV_HTTP_NOT_SENT, 0);
  assert_int_equal(o.result.curl_code, CURLE_COULDNT_CONNECT);
  assert_int_equal(o.result.first_byte_ns, 0);
  assert_null(strstr(o.message, "secret"));
  assert_non_null(strstr(o.message, "127.0.0.1"));

  o = ask(w, &(adv_http_request){.url = "http://no-such-host.invalid/"});
  assert_end(&o, ADV_HTTP_NOT_SENT, 0);
  assert_non_null(strstr(o.message, "no-such-host.invalid"));
}

static void a_failed_handshake_is_not_sent(void **state)
{
  world *w = *state;
  char url[64];
  outcome o;

  snprintf(url, sizeof(url), "https://127.0.0.1:%d/ok", w->server->port);
  o = ask(w, &(adv_http_request){.url = url, .connect_ms = 300});
  assert_end(&o, ADV_HTTP_NOT_SENT, 0);
  assert_int_equal(requests(w), 0);
}

static void a_reply_has_a_size_limit(void **state)
{
  world *w = *state;
  enum { SIZE = 2 << 20 };
  char *body = calloc(1, SIZE);
  adv_http_request request = {
      .url = url_of(w, "/echo"), .body = body, .body_len = SIZE};
  outcome o;

  assert_non_null(body);
  memset(body, 'x', SIZE);
  request.max_reply = 100000;
  o = ask(w, &request);
  assert_int_equal(o.result.end, ADV_HTTP_TOO_LARGE);
  assert_int_equal(o.result.sends, 1);
  assert_true(o.result.body_len <= 100000);
  request.max_reply = 0;
  o = ask(w, &request);
  assert_int_equal(o.result.end, ADV_HTTP_DONE);
  assert_int_equal(o.result.bytes_up, SIZE);
  assert_true(o.result.body_len > SIZE);
  /* libcurl asks before large uploads, which costs a second with a server
   * that does not know the question. */
  assert_null(strcasestr(o.body, "expect"));
  free(body);
}

static uint64_t milliseconds(const outcome *o)
{
  return (o->result.end_ns - o->result.start_ns) / 1000000;
}

static void a_reply_that_stalls_is_broken_off(void **state)
{
  world *w = *state;
  adv_http_request request = {.url = url_of(w, "/halfway"), .stall_ms = 80};
  outcome o = ask(w, &request);

  assert_end(&o, ADV_HTTP_TIMED_OUT, 1);
  assert_string_equal(o.body, "part");
  assert_non_null(strstr(o.message, "stalled for 80 ms"));
  assert_in_range(milliseconds(&o), 80, 1000);
  /* Few bytes are enough, and the time before the first one is not counted. */
  request.url = url_of(w, "/drip");
  request.total_ms = 400;
  o = ask(w, &request);
  assert_end(&o, ADV_HTTP_TIMED_OUT, 1);
  assert_null(strstr(o.message, "stalled"));
  request.url = url_of(w, "/slower");
  o = ask(w, &request);
  assert_done(&o, 200, "slow");
}

static void the_first_byte_has_a_limit(void **state)
{
  world *w = *state;
  adv_http_request request = {.url = url_of(w, "/silent"),
                              .body = "x",
                              .body_len = 1,
                              .first_byte_ms = 80};
  outcome o = ask(w, &request);

  assert_end(&o, ADV_HTTP_TIMED_OUT, 1);
  assert_int_equal(o.result.curl_code, CURLE_OPERATION_TIMEDOUT);
  assert_non_null(strstr(o.message, "80 ms"));
  assert_in_range(milliseconds(&o), 80, 1000);
  /* Once the reply has begun, this limit is over. */
  request.url = url_of(w, "/drip");
  request.total_ms = 250;
  o = ask(w, &request);
  assert_end(&o, ADV_HTTP_TIMED_OUT, 1);
  assert_in_range(milliseconds(&o), 240, 1500);
}

static void stall(void *ud, const adv_http_result *result)
{
  note(ud, result);
  server_pause(150);
}

/* A stall of this process does not throw away a reply that is there. */
static void a_reply_in_time_survives_a_stall(void **state)
{
  world *w = *state;
  adv_http_request request = {.url = url_of(w, "/slow")};
  outcome first = {0}, second;

  assert_int_equal(adv_http_send(w->http, &request, stall, &first, NULL),
                   ADV_OK);
  request.url = url_of(w, "/slower");
  request.first_byte_ms = 150;
  second = ask(w, &request);
  assert_done(&first, 200, "slow");
  assert_done(&second, 200, "slow");
}

static void a_transfer_has_a_limit(void **state)
{
  world *w = *state;
  outcome o =
      ask(w, &(adv_http_request){.url = url_of(w, "/silent"), .total_ms = 80});

  assert_end(&o, ADV_HTTP_TIMED_OUT, 1);
  assert_in_range(milliseconds(&o), 80, 1000);
  o = ask(w, &(adv_http_request){.url = url_of(w, "/drip"), .total_ms = 150});
  assert_end(&o, ADV_HTTP_TIMED_OUT, 1);
  assert_int_equal(o.result.http_status, 200);
  assert_true(o.result.body_len > 0);
}

/* Nothing reads from a listening socket that is never accepted from. */
static void an_upload_cut_short_is_not_sent(void **state)
{
  world *w = *state;
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof(a);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  size_t size = 32 << 20;
  char *body = calloc(1, size);
  outcome o;

  assert_non_null(body);
  assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
  assert_int_equal(listen(fd, 1), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
  o = ask(
      w, &(adv_http_request){.url = url_at("127.0.0.1", ntohs(a.sin_port), "/"),
                             .body = body,
                             .body_len = size,
                             .total_ms = 150});
  assert_end(&o, ADV_HTTP_NOT_SENT, 1);
  assert_true(o.result.bytes_up < size);
  o = ask(
      w, &(adv_http_request){.url = url_at("127.0.0.1", ntohs(a.sin_port), "/"),
                             .body = body,
                             .body_len = size,
                             .first_byte_ms = 150});
  assert_end(&o, ADV_HTTP_NOT_SENT, 1);
  close(fd);
  free(body);
}

/* Runs the loop until the server has read `n` requests in all. */
static void run_until_read(world *w, int n)
{
  for (int i = 0; i < 1000 && requests(w) < n; i++) {
    uv_run(&w->loop, UV_RUN_NOWAIT);
    server_pause(1);
  }
  assert_int_equal(requests(w), n);
}

static void a_reply_before_a_reset_is_read(void **state)
{
  world *w = *state;
  adv_http_request request = {.url = url_of(w, "/refuse")};
  outcome o;

  send_request(w, &request, &o);
  run_until_read(w, 1);
  server_pause(100);
  assert_int_equal(o.calls, 0);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  assert_done(&o, 413, "no");
}

static void a_canceled_transfer_calls_back_later(void **state)
{
  world *w = *state;
  outcome silent, ok;
  adv_http_request request = {.url = url_of(w, "/silent")};
  adv_http_transfer *t = send_request(w, &request, &silent);

  request.url = url_of(w, "/ok");
  send_request(w, &request, &ok);
  run_until_read(w, 2);
  adv_http_cancel(t);
  adv_http_cancel(t);
  assert_int_equal(silent.calls, 0);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  assert_int_equal(silent.calls, 1);
  assert_end(&silent, ADV_HTTP_CANCELED, 1);
  assert_int_equal(ok.calls, 1);
  assert_done(&ok, 200, "hello");

  /* Nothing of the transfer before shows in one that never began. */
  request.url = url_of(w, "/silent");
  t = send_request(w, &request, &silent);
  adv_http_cancel(t);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  assert_int_equal(silent.calls, 1);
  assert_end(&silent, ADV_HTTP_CANCELED, 0);
  assert_int_equal(silent.result.http_status, 0);
  assert_int_equal(silent.result.bytes_down, 0);
  assert_string_equal(silent.headers, "");
  assert_int_equal(requests(w), 2);
}

static void closing_ends_what_is_pending(void **state)
{
  world *w = *state;
  outcome o[8];
  adv_http_request request = {.url = url_of(w, "/silent")};
  adv_http *http = w->http;

  for (int i = 0; i < 8; i++)
    send_request(w, &request, &o[i]);
  run_until_read(w, 8);
  w->http = NULL;
  adv_http_close(http);
  for (int i = 0; i < 8; i++) {
    assert_int_equal(o[i].calls, 1);
    assert_end(&o[i], ADV_HTTP_CANCELED, 1);
  }
}

/* What a callback may do: send anew, cancel another, close. */
typedef struct chain {
  world *world;
  int left;
  outcome other;
  adv_http_transfer *other_transfer;
} chain;

static void send_another(void *ud, const adv_http_result *result)
{
  chain *c = ud;
  adv_http_request request = {.url = url_of(c->world, "/ok")};
  adv_http *http = c->world->http;

  assert_int_equal(result->end, ADV_HTTP_DONE);
  if (--c->left > 0) {
    assert_int_equal(adv_http_send(http, &request, send_another, c, NULL),
                     ADV_OK);
    return;
  }
  adv_http_cancel(c->other_transfer);
  assert_int_equal(c->other.calls, 0);
  c->world->http = NULL;
  adv_http_close(http);
  assert_int_equal(c->other.calls, 1);
  assert_int_equal(adv_http_send(http, &request, send_another, c, NULL),
                   ADV_ECANCELED);
  /* The result of this very transfer still stands. */
  assert_string_equal(result->body, "hello");
}

static void callbacks_may_send_cancel_and_close(void **state)
{
  chain c = {.world = *state, .left = 20};
  adv_http_request request = {.url = url_of(*state, "/silent")};

  c.other_transfer = send_request(c.world, &request, &c.other);
  request.url = url_of(c.world, "/ok");
  assert_int_equal(
      adv_http_send(c.world->http, &request, send_another, &c, NULL), ADV_OK);
  uv_run(&c.world->loop, UV_RUN_DEFAULT);
  assert_int_equal(c.left, 0);
  assert_end(&c.other, ADV_HTTP_CANCELED, 1);
}

static void many_at_once_all_end(void **state)
{
  world *w = *state;
  enum { MANY = 64 };
  outcome *o = calloc(MANY, sizeof(*o));
  adv_http_request request = {.url = url_of(w, "/ok")};

  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < MANY; i++)
      send_request(w, &request, &o[i]);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    for (int i = 0; i < MANY; i++) {
      assert_int_equal(o[i].calls, 1);
      assert_done(&o[i], 200, "hello");
      assert_int_equal(o[i].result.reused, round > 0);
    }
  }
  assert_int_equal(atomic_load(&w->server->accepted), MANY);
  free(o);
}

static void bad_requests_are_refused(void **state)
{
  world *w = *state;
  static const char *const bad_headers[] = {
      "A: b\r\nC: d", "A: b\n", "A: b\r", "no colon", ": no name", ""};
  static const char *const bad_urls[] = {
      NULL,           "",         "127.0.0.1/",     "ftp://127.0.0.1/",
      "file:///etc/", "http://",  "http://a b/",    "http://a:99999/",
      "HTTP:/x",      "gopher:x", "http://a/\r\nb",
  };
  adv_http_request request = {.url = url_of(w, "/ok")};
  outcome o = {0};

  for (size_t i = 0; i < sizeof(bad_headers) / sizeof(bad_headers[0]); i++) {
    const char *const headers[] = {"Good: one", bad_headers[i], NULL};

    request.headers = headers;
    assert_int_equal(adv_http_send(w->http, &request, note, &o, NULL),
                     ADV_EINVAL);
  }
  request.headers = NULL;
  request.method = "GET / HTTP/1.1\r\nX:";
  assert_int_equal(adv_http_send(w->http, &request, note, &o, NULL),
                   ADV_EINVAL);
  request.method = NULL;
  for (size_t i = 0; i < sizeof(bad_urls) / sizeof(bad_urls[0]); i++) {
    request.url = bad_urls[i];
    assert_int_equal(adv_http_send(w->http, &request, note, &o, NULL),
                     ADV_EINVAL);
  }
  uv_run(&w->loop, UV_RUN_DEFAULT);
  assert_int_equal(o.calls, 0);
  assert_int_equal(requests(w), 0);
  o = post(w, "/ok");
  assert_done(&o, 200, "hello");
}

/* An IPv4 address of this machine beyond loopback; 0 if there is none. */
static uint32_t own_address(char *text, size_t size)
{
  struct ifaddrs *all = NULL;
  uint32_t address = 0;

  if (getifaddrs(&all) != 0)
    return 0;
  for (struct ifaddrs *i = all; i && !address; i = i->ifa_next)
    if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET &&
        (i->ifa_flags & IFF_UP) && !(i->ifa_flags & IFF_LOOPBACK)) {
      struct sockaddr_in a;

      memcpy(&a, i->ifa_addr, sizeof(a));
      address = ntohl(a.sin_addr.s_addr);
      snprintf(text, size, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
               address >> 8 & 255, address & 255);
    }
  freeifaddrs(all);
  return address;
}

static void a_key_stays_on_this_machine_over_plain_http(void **state)
{
  world *w = *state;
  char host[32];
  uint32_t address = own_address(host, sizeof(host));
  adv_http_request request = {.carries_key = true, .body = "x", .body_len = 1};
  server *far;
  outcome o;

  request.url = url_of(w, "/ok");
  o = ask(w, &request);
  assert_done(&o, 200, "hello");
  o = ask(w, &request);
  assert_done(&o, 200, "hello");
  assert_true(o.result.reused);
  request.url = url_at("localhost", w->server->port, "/ok");
  o = ask(w, &request);
  assert_done(&o, 200, "hello");

  if (!address) {
    print_message("SKIPPED: this machine has no address beyond loopback, so "
                  "that a key is held back was not tested\n");
    skip();
  }
  far = server_start(address);
  request.url = url_at(host, far->port, "/ok");
  o = ask(w, &request);
  assert_end(&o, ADV_HTTP_NOT_SENT, 0);
  assert_non_null(strstr(o.message, "key"));
  request.plain_http_allowed = true;
  o = ask(w, &request);
  assert_done(&o, 200, "hello");
  /* Nor over a kept connection, on which no connect is seen. */
  request.plain_http_allowed = false;
  o = ask(w, &request);
  assert_end(&o, ADV_HTTP_NOT_SENT, 0);
  request.carries_key = false;
  o = ask(w, &request);
  assert_done(&o, 200, "hello");
  assert_int_equal(atomic_load(&far->requests), 2);
  /* Closes the connections, so that the server's threads end. */
  adv_http_close(w->http);
  w->http = NULL;
  uv_run(&w->loop, UV_RUN_DEFAULT);
  server_stop(far);
}

static void the_environments_proxy_is_ignored(void **state)
{
  static const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy",
                                      "ALL_PROXY"};
  outcome o;

  for (int i = 0; i < 4; i++)
    setenv(names[i], "http://127.0.0.1:9", 1);
  o = post(*state, "/ok");
  for (int i = 0; i < 4; i++)
    unsetenv(names[i]);
  assert_done(&o, 200, "hello");
}

static void a_given_proxy_is_used_but_not_for_this_machine(void **state)
{
  world *w = *state;
  char proxy[64];
  adv_http_options options = {.proxy = proxy};
  adv_http_request request = {.url = "http://model.example/echo"};
  outcome o;

  snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", w->server->port);
  adv_http_close(w->http);
  assert_int_equal(adv_http_new(&w->http, &w->loop, &options), ADV_OK);
  o = ask(w, &request);
  assert_int_equal(o.result.end, ADV_HTTP_DONE);
  assert_memory_equal(o.body, "GET http://model.example/echo ", 30);
  /* The proxy is near, the server behind it is not. */
  request.carries_key = true;
  o = ask(w, &request);
  assert_end(&o, ADV_HTTP_NOT_SENT, 0);
  request.url = url_of(w, "/echo");
  o = ask(w, &request);
  assert_memory_equal(o.body, "GET /echo ", 10);
}

static void an_unused_client_closes(void **state)
{
  uv_loop_t loop;
  adv_http *http;
  adv_http_options options = {.max_connections = 4, .ca_file = "/nowhere"};

  (void)state;
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(adv_http_new(&http, &loop, &options), ADV_OK);
  adv_http_close(http);
  adv_http_close(NULL);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&loop), 0);
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
  const struct CMUnitTest tests[] = {
      HTTP_TEST(a_plain_reply_arrives),
      HTTP_TEST(a_chunked_reply_arrives),
      HTTP_TEST(provisional_replies_leave_no_headers),
      HTTP_TEST(errors_and_redirects_are_replies),
      HTTP_TEST(a_request_goes_out_as_given),
      HTTP_TEST(methods_do_not_linger),
      HTTP_TEST(a_connection_is_kept_and_used_again),
      HTTP_TEST(a_request_is_sent_once),
      HTTP_TEST(a_get_is_sent_once_too),
      HTTP_TEST(silence_on_a_new_connection_is_a_loss),
      HTTP_TEST(a_connection_closed_while_idle_is_replaced),
      HTTP_TEST(a_truncated_reply_is_a_loss),
      HTTP_TEST(what_cannot_connect_is_not_sent),
      HTTP_TEST(a_failed_handshake_is_not_sent),
      HTTP_TEST(a_reply_has_a_size_limit),
      HTTP_TEST(the_first_byte_has_a_limit),
      HTTP_TEST(a_reply_that_stalls_is_broken_off),
      HTTP_TEST(a_reply_in_time_survives_a_stall),
      HTTP_TEST(a_transfer_has_a_limit),
      HTTP_TEST(an_upload_cut_short_is_not_sent),
      HTTP_TEST(a_reply_before_a_reset_is_read),
      HTTP_TEST(a_canceled_transfer_calls_back_later),
      HTTP_TEST(closing_ends_what_is_pending),
      HTTP_TEST(callbacks_may_send_cancel_and_close),
      HTTP_TEST(many_at_once_all_end),
      HTTP_TEST(bad_requests_are_refused),
      HTTP_TEST(a_key_stays_on_this_machine_over_plain_http),
      HTTP_TEST(the_environments_proxy_is_ignored),
      HTTP_TEST(a_given_proxy_is_used_but_not_for_this_machine),
      cmocka_unit_test(an_unused_client_closes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
