/* The life of an attempt, with a real store and a real server. */
#include "../store/support.h"

#include "../net/scripted_server.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/redact.h"
#include "calls/calls.h"

#define KEY "test-key-that-nobody-may-see"

static server *far_end;
static adv_store *store;
static adv_calls *calls;

/* What a callback brought, and what was on disk by then. */
typedef struct answer {
  int called;
  adv_status st;
  char words[256];
  adv_attempt *attempt; /* freed by end() */
  bool is_recorded;     /* the reply row held the reply's bytes */
} answer;

/* True while a function runs from inside which no callback may come. */
static bool inside;

typedef struct bytes {
  char data[8192];
  size_t len;
  bool is_null;
} bytes;

static adv_status take_bytes(void *ud, const adv_value *columns,
                             const char *const *names, size_t n)
{
  bytes *b = ud;

  (void)names;
  assert_int_equal(n, 1);
  b->is_null = columns[0].type == ADV_NULL;
  b->len = b->is_null ? 0 : columns[0].len;
  assert_true(b->len < sizeof b->data);
  if (b->len)
    memcpy(b->data, columns[0].bytes, b->len);
  b->data[b->len] = '\0';
  return ADV_OK;
}

/* The one value of a query; valid until the next one. */
static const bytes *value_of(const char *sql)
{
  static bytes b;

  b = (bytes){.is_null = true};
  assert_int_equal(adv_store_query(store, sql, NULL, 0, take_bytes, &b, &why),
                   ADV_OK);
  return &b;
}

static const char *text_of(const char *sql)
{
  return value_of(sql)->data;
}

static bool reply_is_on_disk(const adv_attempt_reply *r)
{
  char sql[128];
  const bytes *raw;

  snprintf(sql, sizeof sql, "SELECT raw FROM reply WHERE attempt = %lld",
           (long long)r->id);
  raw = value_of(sql);
  return !raw->is_null && raw->len == r->body_len &&
         memcmp(raw->data, r->body, r->body_len) == 0;
}

static void on_answer(void *ud, adv_status st, const char *words)
{
  answer *a = ud;

  assert_false(inside);
  a->called++;
  a->st = st;
  snprintf(a->words, sizeof a->words, "%s", words);
  if (st == ADV_OK)
    a->is_recorded = reply_is_on_disk(adv_attempt_replied(a->attempt));
}

static int begin(void **state)
{
  if (set_up(state) != 0)
    return -1;
  far_end = server_start(INADDR_LOOPBACK);
  store = open_store(ADV_STORE_CREATE);
  assert_int_equal(adv_calls_new(&calls, &loop, store, NULL), ADV_OK);
  return 0;
}

static void close_calls(void)
{
  int closed = 0;

  if (!calls)
    return;
  adv_calls_close(calls, on_closed, &closed);
  assert_int_equal(closed, 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(closed, 1);
  calls = NULL;
}

static int end(void **state)
{
  close_calls();
  close_store(store);
  server_stop(far_end);
  adv_redact_forget();
  return tear_down(state);
}

static const char *url_of(const server *s)
{
  static char url[64];

  snprintf(url, sizeof url, "http://127.0.0.1:%d", s->port);
  return url;
}

static int endpoint_with(const adv_endpoint *e)
{
  int index = -1;

  adv_buf_clear(&why);
  assert_int_equal(adv_calls_endpoint(calls, e, &index, &why), ADV_OK);
  return index;
}

static int endpoint_of(unsigned concurrency)
{
  return endpoint_with(
      &(adv_endpoint){.url = url_of(far_end), .concurrency = concurrency});
}

static const char *const headers[] = {"Content-Type: text/plain", NULL};

static adv_attempt_request request_to(const int *endpoints, size_t n,
                                      const char *path)
{
  return (adv_attempt_request){
      .round = 3,
      .stage = "generate",
      .lane = "1/2",
      .ordinal = 4,
      .n = 1,
      .role = "generator",
      .canonical = "{\"a\":1}",
      .canonical_len = 7,
      .endpoints = endpoints,
      .endpoint_count = n,
      .path = path,
      .headers = headers,
      .key_header = "Authorization: Bearer ",
      .reply = "given\0reply",
      .reply_len = 11,
      .body = "sent\0body",
      .body_len = 9,
  };
}

static void send_request(const adv_attempt_request *r, answer *a)
{
  adv_status st;

  *a = (answer){0};
  inside = true;
  st = adv_calls_send(calls, r, on_answer, a, &a->attempt);
  inside = false;
  assert_int_equal(st, ADV_OK);
}

static void send_to(int endpoint, const char *path, answer *a)
{
  adv_attempt_request r = request_to(&endpoint, 1, path);

  send_request(&r, a);
}

static const adv_attempt_reply *reply_of(const answer *a)
{
  assert_int_equal(a->called, 1);
  assert_int_equal(a->st, ADV_OK);
  assert_true(a->is_recorded);
  return adv_attempt_replied(a->attempt);
}

static void release(answer *a)
{
  adv_attempt_free(a->attempt);
  a->attempt = NULL;
}

/* Sends and runs the loop to its end; release() frees. */
static answer ask(int endpoint, const char *path)
{
  answer a;

  send_to(endpoint, path, &a);
  uv_run(&loop, UV_RUN_DEFAULT);
  return a;
}

static int requests(void)
{
  return atomic_load(&far_end->requests);
}

static void on_tick(uv_timer_t *timer)
{
  (void)timer;
}

/* Turns the loop until `count` requests were read, then for some turns more. */
static void run_until_read(int count, int turns)
{
  uv_timer_t tick;
  int quiet = 0;

  uv_timer_init(&loop, &tick);
  uv_timer_start(&tick, on_tick, 2, 2);
  for (int i = 0; i < 5000 && quiet < turns; i++) {
    uv_run(&loop, UV_RUN_ONCE);
    quiet += requests() >= count;
  }
  uv_close((uv_handle_t *)&tick, NULL);
  uv_run(&loop, UV_RUN_NOWAIT);
  assert_int_equal(requests(), count);
}

/* The turns are a while in which one more would show. */
static void run_until_requests(int count)
{
  run_until_read(count, 20);
}

static void a_reply_is_on_disk_before_it_is_heard_of(void **state)
{
  answer a = ask(endpoint_of(1), "/ok");
  const adv_attempt_reply *r = reply_of(&a);

  (void)state;
  assert_int_equal(r->id, 1);
  assert_int_equal(r->state, ADV_ATTEMPT_DONE);
  assert_int_equal(r->end, ADV_HTTP_DONE);
  assert_int_equal(r->http_status, 200);
  assert_int_equal(r->sends, 1);
  assert_false(r->reused);
  assert_string_equal(r->body, "hello");
  assert_string_equal(r->headers, "x-request-id: r1\nretry-after: 7\n");
  assert_string_equal(r->message, "");
  release(&a);
  assert_string_equal(
      text_of("SELECT round || stage || lane || ordinal || n || role || request"
              " FROM attempt"),
      "3generate1/241generator{\"a\":1}");
  assert_string_equal(
      text_of("SELECT attempt || state || curl || http || sends || reused ||"
              " bytes_up || ' ' || bytes_down || headers || why FROM reply"),
      "1done02001"
      "0"
      "9 5x-request-id: r1\nretry-after: 7\n");
  assert_int_equal(value_of("SELECT sent FROM attempt")->len, 9);
  assert_memory_equal(value_of("SELECT sent FROM attempt")->data, "sent\0body",
                      9);
  assert_int_equal(number(store, "SELECT count(*) FROM attempt, reply WHERE"
                                 " wall_ms > 1600000000000 AND total_ns > 0 AND"
                                 " first_byte_ns BETWEEN 1 AND total_ns"),
                   1);
}

/* A server that looks into run.db as soon as somebody connects. */
typedef struct witness {
  int fd, port;
  pthread_t thread;
  int64_t attempts, replies; /* seen before a byte was read */
} witness;

static int64_t count_from_outside(const char *sql)
{
  const adv_store_options options = {.mode = ADV_STORE_READ};
  adv_store *s = NULL;
  adv_buf words;
  int64_t n = -1;

  adv_buf_init(&words, 4096);
  if (adv_store_open(&s, folder, &options, &words) != ADV_OK ||
      adv_store_query(s, sql, NULL, 0, take_number, &n, &words) != ADV_OK)
    n = -1;
  adv_store_close(s, NULL, NULL);
  adv_buf_free(&words);
  return n;
}

static void *bear_witness(void *ud)
{
  witness *w = ud;
  char *request = malloc(SERVER_REQUEST_MAX + 1);
  int fd = accept(w->fd, NULL, NULL);

  w->attempts = count_from_outside("SELECT count(*) FROM attempt");
  w->replies = count_from_outside("SELECT count(*) FROM reply");
  if (request && server_read(fd, request) > 0)
    server_reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  free(request);
  server_wait_for_close(fd);
  close(fd);
  return NULL;
}

static void the_intent_is_on_disk_before_the_server_sees_a_byte(void **state)
{
  witness w = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  char url[64];
  answer a;

  (void)state;
  assert_int_equal(bind(w.fd, (struct sockaddr *)&at, sizeof at), 0);
  assert_int_equal(listen(w.fd, 4), 0);
  assert_int_equal(getsockname(w.fd, (struct sockaddr *)&at, &len), 0);
  snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(at.sin_port));
  assert_int_equal(pthread_create(&w.thread, NULL, bear_witness, &w), 0);
  a = ask(endpoint_with(&(adv_endpoint){.url = url}), "/v1");
  assert_string_equal(reply_of(&a)->body, "ok");
  release(&a);
  close_calls();
  pthread_join(w.thread, NULL);
  close(w.fd);
  assert_int_equal(w.attempts, 1);
  assert_int_equal(w.replies, 0);
}

static void ids_go_on_where_the_store_left_off(void **state)
{
  answer a = ask(endpoint_of(1), "/ok");

  (void)state;
  release(&a);
  close_calls();
  assert_int_equal(adv_calls_new(&calls, &loop, store, NULL), ADV_OK);
  a = ask(endpoint_of(1), "/ok");
  assert_int_equal(reply_of(&a)->id, 2);
  release(&a);
}

static void a_status_of_failure_is_a_reply(void **state)
{
  answer a = ask(endpoint_of(1), "/error");

  (void)state;
  assert_int_equal(reply_of(&a)->state, ADV_ATTEMPT_DONE);
  assert_int_equal(reply_of(&a)->http_status, 500);
  assert_string_equal(reply_of(&a)->body, "oops");
  release(&a);
}

static void of_a_page_only_the_beginning_is_kept(void **state)
{
  answer a = ask(endpoint_of(1), "/page");

  (void)state;
  assert_int_equal(reply_of(&a)->http_status, 502);
  assert_int_equal(reply_of(&a)->body_len, 4096);
  release(&a);
  assert_int_equal(number(store, "SELECT bytes_down FROM reply"), 10000);
}

static void what_broke_off_keeps_what_came(void **state)
{
  answer a = ask(endpoint_of(1), "/truncated");

  (void)state;
  assert_int_equal(reply_of(&a)->state, ADV_ATTEMPT_UNKNOWN);
  assert_int_equal(reply_of(&a)->end, ADV_HTTP_LOST);
  assert_int_equal(reply_of(&a)->http_status, 200);
  assert_string_equal(reply_of(&a)->body, "part");
  release(&a);
  assert_string_equal(text_of("SELECT state FROM reply"), "unknown");
}

static void a_refused_connection_is_surely_not_sent(void **state)
{
  answer a =
      ask(endpoint_with(&(adv_endpoint){.url = "http://127.0.0.1:1"}), "/ok");

  (void)state;
  assert_int_equal(reply_of(&a)->state, ADV_ATTEMPT_FAILED);
  assert_int_equal(reply_of(&a)->sends, 0);
  assert_int_equal(reply_of(&a)->id, 1);
  release(&a);
  assert_string_equal(text_of("SELECT state || sends FROM reply"), "failed0");
}

static void a_request_that_cannot_be_made_is_recorded_as_failed(void **state)
{
  static const char *const broken[] = {"no colon", NULL};
  int e = endpoint_of(1);
  adv_attempt_request r = request_to(&e, 1, "/ok");
  answer a, after;

  (void)state;
  r.headers = broken;
  send_request(&r, &a);
  send_to(e, "/ok", &after);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(reply_of(&a)->state, ADV_ATTEMPT_FAILED);
  assert_int_equal(reply_of(&a)->end, ADV_HTTP_NOT_SENT);
  assert_int_equal(reply_of(&after)->state, ADV_ATTEMPT_DONE);
  assert_int_equal(requests(), 1);
  release(&a);
  release(&after);
}

static void a_dead_kept_connection_is_unknown_and_asked_once(void **state)
{
  int e = endpoint_of(1);
  answer first = ask(e, "/ok"), second = ask(e, "/close");

  (void)state;
  assert_int_equal(reply_of(&first)->state, ADV_ATTEMPT_DONE);
  assert_int_equal(reply_of(&second)->state, ADV_ATTEMPT_UNKNOWN);
  assert_int_equal(reply_of(&second)->end, ADV_HTTP_LOST);
  assert_int_equal(reply_of(&second)->sends, 1);
  assert_true(reply_of(&second)->reused);
  release(&first);
  release(&second);
  run_until_requests(2);
  assert_int_equal(number(store, "SELECT count(*) FROM attempt"), 2);
  assert_string_equal(text_of("SELECT state FROM reply WHERE attempt = 2"),
                      "unknown");
}

static void a_fresh_connection_is_made_on_demand(void **state)
{
  int e = endpoint_of(1);
  adv_attempt_request r = request_to(&e, 1, "/ok");
  answer a = ask(e, "/ok");

  (void)state;
  release(&a);
  r.fresh_connection = true;
  send_request(&r, &a);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_false(reply_of(&a)->reused);
  release(&a);
  assert_int_equal(atomic_load(&far_end->accepted), 2);
}

enum { MANY = 7 };

static void no_url_gets_more_than_its_limit(void **state)
{
  answer a[MANY];
  int one = endpoint_of(3), other = endpoint_of(3);

  (void)state;
  assert_int_equal(one, other);
  for (int i = 0; i < MANY; i++)
    send_to(i % 2 ? one : other, "/silent", &a[i]);
  assert_int_equal(adv_calls_in_flight(calls), 3);
  run_until_requests(3);
  assert_int_equal(number(store, "SELECT count(*) FROM attempt"), 3);
  adv_calls_cancel(calls);
  close_calls();
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(a[i].called, 1);
    assert_int_equal(a[i].st, i < 3 ? ADV_OK : ADV_ECANCELED);
    release(&a[i]);
  }
}

static void no_url_gets_more_than_its_cap_a_minute(void **state)
{
  answer a[3];
  int e = endpoint_with(&(adv_endpoint){
      .url = url_of(far_end), .concurrency = 9, .requests_per_minute = 2});

  (void)state;
  for (int i = 0; i < 3; i++)
    send_to(e, "/ok", &a[i]);
  run_until_requests(2);
  assert_int_equal(a[0].called + a[1].called, 2);
  assert_int_equal(number(store, "SELECT count(*) FROM attempt"), 2);
  close_calls();
  assert_int_equal(a[2].called, 1);
  assert_int_equal(a[2].st, ADV_ECANCELED);
  for (int i = 0; i < 3; i++)
    release(&a[i]);
}

static void a_url_has_one_set_of_limits(void **state)
{
  adv_endpoint e = {.url = url_of(far_end), .requests_per_minute = 9};
  int index;

  (void)state;
  endpoint_with(&e);
  endpoint_with(&e);
  e.requests_per_minute = 8;
  assert_int_equal(adv_calls_endpoint(calls, &e, &index, &why), ADV_EINVAL);
  assert_non_null(strstr(why.data, "a different requests_per_minute"));
}

static void a_slot_is_free_as_soon_as_the_reply_is_in(void **state)
{
  answer a[MANY];
  int e = endpoint_of(2);

  (void)state;
  for (int i = 0; i < MANY; i++)
    send_to(e, i % 3 ? "/ok" : "/error", &a[i]);
  uv_run(&loop, UV_RUN_DEFAULT);
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(reply_of(&a[i])->state, ADV_ATTEMPT_DONE);
    assert_int_equal(reply_of(&a[i])->id, i + 1);
    release(&a[i]);
  }
  assert_int_equal(adv_calls_in_flight(calls), 0);
  assert_int_equal(atomic_load(&far_end->accepted), 2);
}

static void several_endpoints_share_the_load(void **state)
{
  server *second = server_start(INADDR_LOOPBACK);
  int both[2] = {endpoint_of(4)};
  adv_attempt_request r = request_to(both, 2, "/slow");
  answer a[MANY];

  (void)state;
  both[1] =
      endpoint_with(&(adv_endpoint){.url = url_of(second), .concurrency = 4});
  for (int i = 0; i < 6; i++)
    send_request(&r, &a[i]);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(requests(), 3);
  assert_int_equal(atomic_load(&second->requests), 3);
  for (int i = 0; i < 6; i++) {
    assert_string_equal(reply_of(&a[i])->body, "slow");
    release(&a[i]);
  }
  assert_int_equal(
      number(store, "SELECT count(*) FROM (SELECT endpoint FROM attempt GROUP"
                    " BY endpoint HAVING count(*) = 3)"),
      2);
  close_calls();
  server_stop(second);
}

static void a_local_endpoint_answers_through_the_journal(void **state)
{
  answer a =
      ask(endpoint_with(&(adv_endpoint){.url = "local:default", .local = true}),
          "");

  (void)state;
  assert_int_equal(reply_of(&a)->state, ADV_ATTEMPT_DONE);
  assert_int_equal(reply_of(&a)->http_status, 200);
  assert_int_equal(reply_of(&a)->body_len, 11);
  assert_memory_equal(reply_of(&a)->body, "given\0reply", 11);
  release(&a);
  assert_int_equal(requests(), 0);
  assert_memory_equal(value_of("SELECT sent FROM attempt")->data, "sent\0body",
                      9);
  assert_string_equal(text_of("SELECT endpoint FROM attempt"), "local:default");
}

static void a_stop_lets_those_in_flight_finish(void **state)
{
  int e = endpoint_of(2), drained = 0;
  answer a[4];

  (void)state;
  for (int i = 0; i < 4; i++)
    send_to(e, "/slow", &a[i]);
  adv_calls_stop(calls);
  assert_int_equal(adv_calls_drain(calls, on_closed, &drained), ADV_OK);
  assert_int_equal(adv_calls_drain(calls, on_closed, &drained), ADV_EINVAL);
  assert_int_equal(drained, 0);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(drained, 1);
  assert_int_equal(reply_of(&a[0])->state, ADV_ATTEMPT_DONE);
  assert_int_equal(reply_of(&a[1])->state, ADV_ATTEMPT_DONE);
  assert_int_equal(a[2].called + a[3].called, 0);
  assert_int_equal(requests(), 2);
  assert_int_equal(number(store, "SELECT count(*) FROM attempt"), 2);
  close_calls();
  for (int i = 0; i < 4; i++)
    release(&a[i]);
  assert_int_equal(a[2].st, ADV_ECANCELED);
  assert_int_equal(a[3].st, ADV_ECANCELED);
  assert_int_equal(a[2].called + a[3].called, 2);
}

static void draining_nothing_is_told_at_once(void **state)
{
  int drained = 0;

  (void)state;
  for (int i = 1; i < 4; i++) {
    assert_int_equal(adv_calls_drain(calls, on_closed, &drained), ADV_OK);
    assert_int_equal(drained, i - 1);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(drained, i);
  }
}

static void a_cancel_is_recorded_by_what_was_sent(void **state)
{
  int e = endpoint_of(2);
  /* Nothing answers a connection to this address: it is never sent. */
  int nowhere = endpoint_with(
      &(adv_endpoint){.url = "http://192.0.2.1", .total_ms = 60000});
  answer sent, unsent, waiting[2];

  (void)state;
  send_to(e, "/silent", &sent);
  send_to(e, "/silent", &waiting[0]);
  send_to(e, "/silent", &waiting[1]);
  send_to(nowhere, "/", &unsent);
  run_until_requests(2);
  adv_calls_cancel(calls);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(reply_of(&sent)->state, ADV_ATTEMPT_UNKNOWN);
  assert_int_equal(reply_of(&sent)->end, ADV_HTTP_CANCELED);
  assert_int_equal(reply_of(&sent)->sends, 1);
  assert_int_equal(reply_of(&unsent)->state, ADV_ATTEMPT_FAILED);
  assert_int_equal(reply_of(&unsent)->sends, 0);
  assert_int_equal(reply_of(&waiting[0])->state, ADV_ATTEMPT_UNKNOWN);
  assert_int_equal(waiting[1].called, 0);
  assert_int_equal(adv_calls_in_flight(calls), 0);
  release(&sent);
  release(&unsent);
  release(&waiting[0]);
  release(&waiting[1]);
}

static void a_cancel_also_holds_for_intents_on_their_way(void **state)
{
  answer a;

  (void)state;
  send_to(endpoint_of(1), "/silent", &a);
  assert_int_equal(adv_calls_in_flight(calls), 1);
  adv_calls_cancel(calls);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(reply_of(&a)->state, ADV_ATTEMPT_FAILED);
  assert_int_equal(reply_of(&a)->end, ADV_HTTP_CANCELED);
  assert_int_equal(reply_of(&a)->sends, 0);
  release(&a);
  assert_int_equal(requests(), 0);
}

static void closing_cancels_what_is_in_flight(void **state)
{
  int e = endpoint_of(2);
  answer sent, intent, waiting, refused = {0};
  adv_attempt_request r = request_to(&e, 1, "/silent");

  (void)state;
  send_request(&r, &sent);
  run_until_requests(1);
  send_request(&r, &intent);
  send_request(&r, &waiting);
  adv_calls_close(calls, NULL, NULL);
  assert_int_equal(
      adv_calls_send(calls, &r, on_answer, &refused, &refused.attempt),
      ADV_ECANCELED);
  assert_null(refused.attempt);
  uv_run(&loop, UV_RUN_DEFAULT);
  calls = NULL;
  assert_int_equal(reply_of(&sent)->state, ADV_ATTEMPT_UNKNOWN);
  assert_int_equal(reply_of(&intent)->state, ADV_ATTEMPT_FAILED);
  assert_int_equal(waiting.called, 1);
  assert_int_equal(waiting.st, ADV_ECANCELED);
  assert_int_equal(refused.called, 0);
  release(&sent);
  release(&intent);
  release(&waiting);
  assert_int_equal(requests(), 1);
  assert_int_equal(number(store, "SELECT count(*) FROM reply"), 2);
}

/* Frees the attempt that waits beside it, too. */
static void on_canceled(void *ud, adv_status st, const char *words)
{
  answer *both = ud;

  (void)words;
  both[0].called++;
  both[0].st = st;
  release(&both[1]);
}

static void a_callback_may_free_others_while_all_is_closed(void **state)
{
  int e = endpoint_of(1);
  adv_attempt_request r = request_to(&e, 1, "/silent");
  answer first, pair[2] = {{0}};

  (void)state;
  send_request(&r, &first);
  send_request(&r, &pair[1]);
  assert_int_equal(
      adv_calls_send(calls, &r, on_canceled, pair, &pair[0].attempt), ADV_OK);
  close_calls();
  assert_int_equal(pair[0].called, 1);
  assert_int_equal(pair[0].st, ADV_ECANCELED);
  assert_int_equal(pair[1].called, 0);
  release(&first);
  release(&pair[0]);
}

static void an_attempt_freed_early_is_still_recorded(void **state)
{
  int e = endpoint_of(1);
  answer gone, waited, after;

  (void)state;
  send_to(e, "/ok", &gone);
  send_to(e, "/ok", &waited);
  send_to(e, "/ok", &after);
  release(&gone);   /* in flight: goes on */
  release(&waited); /* waits for a slot: is dropped */
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(gone.called, 0);
  assert_int_equal(waited.called, 0);
  assert_int_equal(reply_of(&after)->id, 2);
  release(&after);
  assert_int_equal(requests(), 2);
  assert_int_equal(number(store, "SELECT count(*) FROM attempt"), 2);
  assert_int_equal(
      number(store, "SELECT count(*) FROM reply WHERE state = 'done'"), 2);
}

static void one_freed_while_it_is_sent_is_recorded_too(void **state)
{
  answer a;

  (void)state;
  send_to(endpoint_of(1), "/slower", &a);
  run_until_read(1, 1);
  release(&a);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(a.called, 0);
  assert_string_equal(text_of("SELECT raw FROM reply"), "slow");
}

static void allow_file_size(rlim_t size)
{
  struct rlimit limit;

  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void nothing_is_sent_without_a_place_for_its_intent(void **state)
{
  int e = endpoint_of(1), drained = 0;
  answer a, b, after;

  (void)state;
  signal(SIGXFSZ, SIG_IGN);
  allow_file_size(1);
  send_to(e, "/ok", &a);
  send_to(e, "/ok", &b);
  uv_run(&loop, UV_RUN_DEFAULT);
  allow_file_size(RLIM_INFINITY);
  signal(SIGXFSZ, SIG_DFL);
  assert_int_equal(a.called, 1);
  assert_int_equal(b.called, 1);
  assert_int_equal(a.st, ADV_EFULL);
  assert_int_equal(b.st, ADV_EFULL);
  assert_string_not_equal(a.words, "");
  assert_int_equal(adv_attempt_replied(a.attempt)->id, 0);
  assert_int_equal(atomic_load(&far_end->accepted), 0);
  assert_int_equal(adv_calls_in_flight(calls), 0);
  release(&a);
  release(&b);
  assert_int_equal(number(store, "SELECT count(*) FROM attempt"), 0);

  after = ask(e, "/ok");
  assert_int_equal(reply_of(&after)->state, ADV_ATTEMPT_DONE);
  release(&after);
  assert_int_equal(adv_calls_drain(calls, on_closed, &drained), ADV_OK);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(drained, 1);
}

static void a_reply_without_a_place_is_a_failure_of_the_store(void **state)
{
  answer a;

  (void)state;
  send_to(endpoint_of(1), "/slower", &a);
  run_until_read(1, 1);
  signal(SIGXFSZ, SIG_IGN);
  allow_file_size(1);
  uv_run(&loop, UV_RUN_DEFAULT);
  allow_file_size(RLIM_INFINITY);
  signal(SIGXFSZ, SIG_DFL);
  assert_int_equal(a.called, 1);
  assert_int_equal(a.st, ADV_EFULL);
  release(&a);
  assert_int_equal(number(store, "SELECT count(*) FROM attempt"), 1);
  assert_int_equal(number(store, "SELECT count(*) FROM reply"), 0);
}

static void assert_no_endpoint(const adv_endpoint *e, const char *words)
{
  int index = -1;

  adv_buf_clear(&why);
  assert_int_equal(adv_calls_endpoint(calls, e, &index, &why), ADV_EINVAL);
  if (!strstr(why.data, words))
    print_error("%s\n", why.data);
  assert_non_null(strstr(why.data, words));
  assert_null(strstr(why.data, KEY));
}

static void a_store_that_takes_nothing_is_told_later(void **state)
{
  int e = endpoint_of(1), closed = 0;
  answer a, b;

  (void)state;
  adv_store_close(store, on_closed, &closed);
  send_to(e, "/ok", &a);
  send_to(e, "/ok", &b);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(closed, 1);
  assert_int_equal(a.called, 1);
  assert_int_equal(a.st, ADV_ECANCELED);
  assert_int_equal(b.called, 1);
  assert_int_equal(b.st, ADV_ECANCELED);
  release(&a);
  release(&b);
  assert_int_equal(adv_calls_in_flight(calls), 0);
  assert_int_equal(atomic_load(&far_end->accepted), 0);
  close_calls();
  store = open_store(ADV_STORE_WRITE);
}

static void a_url_has_one_key_and_one_limit(void **state)
{
  const char *url = "http://127.0.0.1:9/v1";
  int e =
      endpoint_with(&(adv_endpoint){.url = url, .key = KEY, .concurrency = 2});

  (void)state;
  assert_int_equal(
      endpoint_with(&(adv_endpoint){.url = url, .key = KEY, .concurrency = 2}),
      e);
  assert_no_endpoint(
      &(adv_endpoint){.url = url, .key = KEY "2", .concurrency = 2},
      "a different key");
  assert_no_endpoint(&(adv_endpoint){.url = url, .concurrency = 2},
                     "a different key");
  assert_no_endpoint(&(adv_endpoint){.url = url, .key = KEY, .concurrency = 3},
                     "a different concurrency");
  assert_no_endpoint(&(adv_endpoint){.url = "ftp://x"}, "ftp://x");
  assert_no_endpoint(&(adv_endpoint){.url = "http://y", .key = KEY "\r\nX: y"},
                     "line break");
  assert_true(endpoint_with(&(adv_endpoint){
                  .url = "http://z", .key = "EMPTY", .concurrency = 1}) >= 0);
}

static void slashes_at_the_end_are_the_same_url(void **state)
{
  char url[128];
  int e = endpoint_of(1);
  answer a;

  (void)state;
  snprintf(url, sizeof url, "%s//", url_of(far_end));
  assert_int_equal(endpoint_with(&(adv_endpoint){.url = url, .concurrency = 1}),
                   e);
  a = ask(e, "/ok");
  assert_string_equal(reply_of(&a)->body, "hello");
  release(&a);
  assert_string_equal(text_of("SELECT endpoint FROM attempt"), url_of(far_end));
}

static void nothing_secret_is_in_a_row(void **state)
{
  char url[256];
  answer a;
  const adv_attempt_reply *r;

  (void)state;
  snprintf(url, sizeof url, "http://user:%s@127.0.0.1:%d/echo?key=%s#/", KEY,
           far_end->port, KEY);
  a = ask(endpoint_with(&(adv_endpoint){.url = url, .key = KEY}), "");
  r = reply_of(&a);
  assert_int_equal(r->state, ADV_ATTEMPT_DONE);
  /* The server says what it was sent: the key did go out, and is not kept. */
  assert_non_null(strstr(r->body, "Authorization: Bearer [redacted]"));
  assert_null(strstr(r->body, KEY));
  release(&a);
  snprintf(url, sizeof url, "http://127.0.0.1:%d/echo", far_end->port);
  assert_string_equal(text_of("SELECT endpoint FROM attempt"), url);
  assert_int_equal(number(store,
                          "SELECT count(*) FROM attempt WHERE instr(endpoint ||"
                          " request || sent || role || lane, '" KEY "')"),
                   0);
  assert_int_equal(number(store, "SELECT count(*) FROM reply WHERE"
                                 " instr(headers || why || raw, '" KEY "')"),
                   0);
}

/* An answer with an error in it that says the request back. */
static void *say_back_with_an_error(void *ud)
{
  witness *w = ud;
  char *request = malloc(SERVER_REQUEST_MAX + 1), head[128];
  int fd = accept(w->fd, NULL, NULL);
  size_t len = request ? server_read(fd, request) : 0;

  snprintf(head, sizeof head,
           "HTTP/1.1 401 No\r\nServer: %s\r\nContent-Length: %zu\r\n\r\n", KEY,
           len);
  server_reply(fd, head);
  server_say(fd, request, len);
  free(request);
  server_wait_for_close(fd);
  close(fd);
  return NULL;
}

static void an_error_that_says_the_key_back_is_kept_without(void **state)
{
  witness w = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  char url[64];
  answer a;

  (void)state;
  assert_int_equal(bind(w.fd, (struct sockaddr *)&at, sizeof at), 0);
  assert_int_equal(listen(w.fd, 4), 0);
  assert_int_equal(getsockname(w.fd, (struct sockaddr *)&at, &len), 0);
  snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(at.sin_port));
  assert_int_equal(pthread_create(&w.thread, NULL, say_back_with_an_error, &w),
                   0);
  a = ask(endpoint_with(&(adv_endpoint){.url = url, .key = KEY}), "/v1");
  assert_int_equal(reply_of(&a)->http_status, 401);
  assert_non_null(strstr(reply_of(&a)->body, "[redacted]"));
  assert_null(strstr(reply_of(&a)->body, KEY));
  assert_null(strstr(reply_of(&a)->headers, KEY));
  release(&a);
  close_calls();
  pthread_join(w.thread, NULL);
  close(w.fd);
  assert_int_equal(number(store, "SELECT count(*) FROM reply WHERE"
                                 " instr(headers || raw || why, '" KEY "')"),
                   0);
}

static void an_attempt_names_known_endpoints(void **state)
{
  int unknown = 5;
  adv_attempt_request r = request_to(&unknown, 1, "/ok");
  answer a = {0};

  (void)state;
  assert_int_equal(adv_calls_send(calls, &r, on_answer, &a, &a.attempt),
                   ADV_EINVAL);
  assert_null(a.attempt);
  r.endpoint_count = 0;
  assert_int_equal(adv_calls_send(calls, &r, on_answer, &a, &a.attempt),
                   ADV_EINVAL);
  assert_null(a.attempt);
  assert_int_equal(a.called, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(a_reply_is_on_disk_before_it_is_heard_of),
      TEST(the_intent_is_on_disk_before_the_server_sees_a_byte),
      TEST(ids_go_on_where_the_store_left_off),
      TEST(a_status_of_failure_is_a_reply),
      TEST(of_a_page_only_the_beginning_is_kept),
      TEST(what_broke_off_keeps_what_came),
      TEST(no_url_gets_more_than_its_cap_a_minute),
      TEST(a_url_has_one_set_of_limits),
      TEST(a_refused_connection_is_surely_not_sent),
      TEST(a_request_that_cannot_be_made_is_recorded_as_failed),
      TEST(a_dead_kept_connection_is_unknown_and_asked_once),
      TEST(a_fresh_connection_is_made_on_demand),
      TEST(no_url_gets_more_than_its_limit),
      TEST(a_slot_is_free_as_soon_as_the_reply_is_in),
      TEST(several_endpoints_share_the_load),
      TEST(a_local_endpoint_answers_through_the_journal),
      TEST(a_stop_lets_those_in_flight_finish),
      TEST(draining_nothing_is_told_at_once),
      TEST(a_cancel_is_recorded_by_what_was_sent),
      TEST(a_cancel_also_holds_for_intents_on_their_way),
      TEST(closing_cancels_what_is_in_flight),
      TEST(a_callback_may_free_others_while_all_is_closed),
      TEST(an_attempt_freed_early_is_still_recorded),
      TEST(one_freed_while_it_is_sent_is_recorded_too),
      TEST(nothing_is_sent_without_a_place_for_its_intent),
      TEST(a_reply_without_a_place_is_a_failure_of_the_store),
      TEST(a_store_that_takes_nothing_is_told_later),
      TEST(a_url_has_one_key_and_one_limit),
      TEST(slashes_at_the_end_are_the_same_url),
      TEST(nothing_secret_is_in_a_row),
      TEST(an_error_that_says_the_key_back_is_kept_without),
      TEST(an_attempt_names_known_endpoints),
  };

  return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
