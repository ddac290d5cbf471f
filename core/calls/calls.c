#include "calls/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/redact.h"
#include "calls/journal.h"
#include "net/backoff.h"
#include "net/slots.h"

typedef struct endpoint {
  char *url;    /* without a slash at the end */
  char *public; /* as recorded: without user info and query */
  char *key;
  adv_endpoint options;
  char failure[160]; /* the last one, in words */
} endpoint;

struct adv_calls {
  adv_http *http;
  adv_store *store;
  adv_slots *slots;
  endpoint *endpoints;
  int endpoint_count;
  adv_attempt *first; /* all attempts that have not been called back */
  int64_t next_id;
  size_t in_flight;
  bool stopped;
  bool canceled;
  bool closing;
  adv_attempt *refused; /* by the store, at once; `turn` tells them */
  uv_prepare_t turn;    /* reports `drained` and `closed` outside all calls */
  uv_timer_t pacer;     /* grants what only time stood in the way of */
  uv_idle_t awake; /* lets no turn wait for events once `turn` was called */
  void (*drained)(void *ud);
  void *drained_ud;
  void (*closed)(void *ud);
  void *closed_ud;
  unsigned open_handles;
};

typedef enum phase { WAITING, INTENT, SENDING, RECORDING, FINISHED } phase;

struct adv_attempt {
  adv_calls *calls;
  adv_attempt *next, *prev, *next_refused;
  phase phase;
  adv_status refusal;
  bool abandoned; /* freed by its owner before the callback */
  int endpoint;
  adv_slots_waiter *waiter;
  adv_http_transfer *transfer;
  adv_attempt_cb cb;
  void *ud;
  adv_attempt_request request; /* points into `copy` */
  adv_attempt_reply reply;
  char *body, *headers, *message; /* what `reply` points at */
  uint64_t first_byte_ns, total_ns, bytes_up, bytes_down;
  char copy[];
};

static void on_turn(uv_prepare_t *handle);

/* Called before the prepare handles of each turn: on the turn after the one in
 * which `turn` was called, there is nothing left to keep awake for. */
static void on_idle(uv_idle_t *awake)
{
  adv_calls *c = awake->data;

  if (!uv_is_active((uv_handle_t *)&c->turn))
    uv_idle_stop(awake);
}

/* The turn handle runs only while somebody waits for a report; a handle that
 * is always active would keep the loop alive. */
static void arm_turn(adv_calls *c)
{
  if (c->refused || ((c->drained || c->closing) && !c->in_flight)) {
    uv_prepare_start(&c->turn, on_turn);
    uv_idle_start(&c->awake, on_idle);
  }
}

static adv_status highest_id(void *ud, const adv_value *columns,
                             const char *const *names, size_t n)
{
  (void)names;
  (void)n;
  *(int64_t *)ud = columns[0].integer;
  return ADV_OK;
}

adv_status adv_calls_new(adv_calls **out, uv_loop_t *loop, adv_store *store,
                         const adv_http_options *options)
{
  adv_calls *c = calloc(1, sizeof *c);
  adv_buf why;
  adv_status st;

  *out = NULL;
  if (!c)
    return ADV_ENOMEM;
  adv_buf_init(&why, 4096);
  c->store = store;
  st = adv_store_query(store, "SELECT coalesce(max(id), 0) FROM attempt", NULL,
                       0, highest_id, &c->next_id, &why);
  adv_buf_free(&why);
  if (st == ADV_OK)
    st = adv_slots_new(&c->slots);
  if (st == ADV_OK)
    st = adv_http_new(&c->http, loop, options);
  if (st != ADV_OK) {
    adv_slots_free(c->slots);
    free(c);
    return st;
  }
  uv_prepare_init(loop, &c->turn);
  uv_idle_init(loop, &c->awake);
  uv_timer_init(loop, &c->pacer);
  c->turn.data = c->awake.data = c->pacer.data = c;
  c->open_handles = 3;
  *out = c;
  return ADV_OK;
}

/* The URL as it may be shown: scheme, host, port and path. */
static char *public_url(const char *url)
{
  const char *host = strstr(url, "://");
  const char *end = url + strcspn(url, "?#");
  const char *slash, *at;
  char *copy;
  size_t scheme;

  if (!host)
    return strndup(url, (size_t)(end - url));
  host += 3;
  slash = host + strcspn(host, "/?#");
  at = memrchr(host, '@', (size_t)(slash - host));
  scheme = (size_t)(host - url);
  if (at)
    host = at + 1;
  copy = malloc(scheme + (size_t)(end - host) + 1);
  if (!copy)
    return NULL;
  memcpy(copy, url, scheme);
  memcpy(copy + scheme, host, (size_t)(end - host));
  copy[scheme + (size_t)(end - host)] = '\0';
  return copy;
}

static bool same(const char *a, const char *b)
{
  return a == b || (a && b && strcmp(a, b) == 0);
}

static adv_status check_endpoint(const adv_endpoint *e, adv_buf *why)
{
  if (!e->local && strncasecmp(e->url, "http://", 7) != 0 &&
      strncasecmp(e->url, "https://", 8) != 0) {
    adv_buf_message(why, "url '%s' does not begin with http:// or https://",
                    e->url);
    return ADV_EINVAL;
  }
  if (e->key && strpbrk(e->key, "\r\n")) {
    adv_buf_message(why, "the key for %s holds a line break", e->url);
    return ADV_EINVAL;
  }
  return ADV_OK;
}

/* What two roles that share a URL say differently about it; NULL: nothing. */
static const char *difference(const endpoint *known, const adv_endpoint *e)
{
  const adv_endpoint *o = &known->options;

  if (!same(known->key, e->key))
    return "key";
  if (o->concurrency != e->concurrency)
    return "concurrency";
  if (o->requests_per_minute != e->requests_per_minute)
    return "requests_per_minute";
  if (o->tokens_per_minute != e->tokens_per_minute)
    return "tokens_per_minute";
  return o->breaker_ms != e->breaker_ms ? "breaker_seconds" : NULL;
}

static adv_pace_limits limits_of(const adv_endpoint *e)
{
  return (adv_pace_limits){
      .most = e->concurrency ? e->concurrency : 8,
      .fixed = e->local,
      .requests_per_minute = e->requests_per_minute,
      .tokens_per_minute = e->tokens_per_minute,
      .patience_ms = e->breaker_ms,
  };
}

adv_status adv_calls_endpoint(adv_calls *c, const adv_endpoint *e, int *index,
                              adv_buf *why)
{
  size_t len = strlen(e->url);
  adv_status st = check_endpoint(e, why);
  endpoint *grown, *added;
  adv_pace_limits limits = limits_of(e);

  if (st != ADV_OK)
    return st;
  while (len > 0 && e->url[len - 1] == '/')
    len--;
  for (int i = 0; i < c->endpoint_count; i++) {
    endpoint *known = &c->endpoints[i];
    const char *other;

    if (strlen(known->url) != len || strncmp(known->url, e->url, len) != 0)
      continue;
    *index = i;
    other = difference(known, e);
    if (!other)
      return ADV_OK;
    adv_buf_message(why, "two roles use %s with a different %s", known->public,
                    other);
    return ADV_EINVAL;
  }
  if (e->key && adv_redact_secret(e->key) != ADV_OK) {
    adv_buf_message(why, "the key for the endpoint is too short");
    return ADV_EINVAL;
  }
  grown = realloc(c->endpoints,
                  (size_t)(c->endpoint_count + 1) * sizeof *c->endpoints);
  if (!grown)
    return ADV_ENOMEM;
  c->endpoints = grown;
  added = &grown[c->endpoint_count];
  *added = (endpoint){.options = *e, .url = strndup(e->url, len)};
  added->public = added->url ? public_url(added->url) : NULL;
  added->key = e->key ? strdup(e->key) : NULL;
  *index = added->public && (added->key || !e->key)
               ? adv_slots_add(c->slots, &limits)
               : -1;
  if (*index < 0) {
    free(added->url);
    free(added->public);
    free(added->key);
    return ADV_ENOMEM;
  }
  c->endpoint_count++;
  return ADV_OK;
}

static void unlink_attempt(adv_attempt *a)
{
  if (a->prev)
    a->prev->next = a->next;
  else
    a->calls->first = a->next;
  if (a->next)
    a->next->prev = a->prev;
}

static void free_attempt(adv_attempt *a)
{
  free(a->body);
  free(a->headers);
  free(a->message);
  free(a);
}

/* Hands the attempt back; the end of every path. */
static void finish(adv_attempt *a, adv_status st, const char *why)
{
  unlink_attempt(a);
  a->phase = FINISHED;
  if (a->abandoned)
    free_attempt(a);
  else
    a->cb(a->ud, st, why);
}

static void leave_flight(adv_attempt *a)
{
  adv_calls *c = a->calls;

  c->in_flight--;
  arm_turn(c);
}

static void on_recorded(void *ud, adv_status st, const char *why)
{
  adv_attempt *a = ud;

  adv_crash_point("reply_committed");
  leave_flight(a);
  finish(a, st, why);
}

/* Commits what `a->reply` and the times say. */
static void record(adv_attempt *a)
{
  adv_journal_reply row = {
      .reply = &a->reply,
      .bytes_up = a->bytes_up,
      .bytes_down = a->bytes_down,
      .first_byte_ns = a->first_byte_ns,
      .total_ns = a->total_ns,
  };
  adv_status st;

  a->phase = RECORDING;
  st = adv_journal_reply_submit(a->calls->store, &row, on_recorded, a);
  adv_crash_point("reply_queued");
  if (st != ADV_OK)
    on_recorded(a, st, adv_status_text(st));
}

static uint64_t now_ms(void)
{
  return uv_hrtime() / 1000000;
}

static void on_pace(uv_timer_t *pacer);

static void grant(adv_calls *c)
{
  uint64_t when, now = now_ms();

  if (c->stopped)
    return;
  when = adv_slots_grant(c->slots, now);
  if (when == UINT64_MAX)
    return;
  uv_update_time(c->pacer.loop);
  uv_timer_start(&c->pacer, on_pace, when > now ? when - now : 1, 0);
}

static const adv_pace *pace_of(const adv_calls *c, int index)
{
  return adv_slots_pace(c->slots, index);
}

/* An attempt that waits and whose endpoints have all failed for too long. */
static adv_attempt *first_hopeless(const adv_calls *c, uint64_t now)
{
  for (adv_attempt *a = c->first; a; a = a->next) {
    size_t broken = 0;

    if (a->phase != WAITING)
      continue;
    for (size_t i = 0; i < a->request.endpoint_count; i++)
      broken += adv_pace_is_broken(pace_of(c, a->request.endpoints[i]), now);
    if (broken == a->request.endpoint_count)
      return a;
  }
  return NULL;
}

/* The circuit breaker: those who wait for endpoints that do not recover are
 * told so. */
static void tell_hopeless(adv_calls *c)
{
  uint64_t now = now_ms();
  adv_attempt *a;

  while ((a = first_hopeless(c, now))) {
    const endpoint *e = &c->endpoints[a->request.endpoints[0]];
    const adv_pace *pace = pace_of(c, a->request.endpoints[0]);
    char why[640];

    snprintf(why, sizeof why,
             "the circuit breaker is open: %s has failed for %d s and in spite "
             "of %u rests (last: %s)",
             e->public, (int)((now - pace->ill_since_ms) / 1000), pace->rests,
             e->failure);
    adv_slots_abandon(c->slots, a->waiter);
    finish(a, ADV_EOVERLOADED, why);
  }
}

static void on_pace(uv_timer_t *pacer)
{
  adv_calls *c = pacer->data;

  tell_hopeless(c);
  grant(c);
}

/* What an attempt's end says about its endpoint. */
static adv_pace_event event_of(const adv_attempt_reply *r)
{
  switch (r->end) {
  case ADV_HTTP_CANCELED:
    return ADV_PACE_VOID;
  case ADV_HTTP_TOO_LARGE:
    return ADV_PACE_GOOD;
  case ADV_HTTP_NOT_SENT:
    /* Refused by this side (42), or never begun. */
    return r->curl_code && r->curl_code != 42 ? ADV_PACE_FAILED : ADV_PACE_VOID;
  case ADV_HTTP_DONE:
    if (r->http_status == 429)
      return ADV_PACE_TOO_MUCH;
    if (r->http_status == 503 || r->http_status == 529)
      return ADV_PACE_OVERLOADED;
    return r->http_status >= 500 || r->http_status == 408 ? ADV_PACE_FAILED
                                                          : ADV_PACE_GOOD;
  default:
    return ADV_PACE_FAILED;
  }
}

static void note_failure(adv_attempt *a)
{
  endpoint *e = &a->calls->endpoints[a->endpoint];
  const adv_attempt_reply *r = &a->reply;

  if (r->end == ADV_HTTP_DONE)
    snprintf(e->failure, sizeof e->failure, "HTTP %ld", r->http_status);
  else
    snprintf(e->failure, sizeof e->failure, "%s", r->message);
}

/* The last byte is in: the slot is free before the commit, so that no commit
 * takes a place at the server. */
static void give_slot_back(adv_attempt *a)
{
  adv_calls *c = a->calls;
  adv_pace_event event = event_of(&a->reply);
  uint64_t asked = 0;

  if (event != ADV_PACE_GOOD && event != ADV_PACE_VOID) {
    asked =
        adv_retry_after_ms(a->reply.headers, adv_clock_system()->wall_ms(NULL));
    note_failure(a);
  }
  adv_slots_release(c->slots, a->endpoint, event, asked, now_ms());
  if (!c->stopped && adv_pace_is_broken(pace_of(c, a->endpoint), now_ms()))
    uv_timer_start(&c->pacer, on_pace, 0, 0);
  else
    grant(c);
}

static adv_attempt_state state_of(const adv_http_result *result)
{
  switch (result->end) {
  case ADV_HTTP_DONE:
    return ADV_ATTEMPT_DONE;
  case ADV_HTTP_NOT_SENT:
    return ADV_ATTEMPT_FAILED;
  case ADV_HTTP_CANCELED:
    return result->sends ? ADV_ATTEMPT_UNKNOWN : ADV_ATTEMPT_FAILED;
  default:
    return ADV_ATTEMPT_UNKNOWN;
  }
}

/* A copy without keys; NULL: out of memory. */
static char *clean_copy(const char *text, size_t text_len, size_t *len)
{
  adv_buf clean;
  char *copy = NULL;

  if (!text_len)
    return strdup("");
  adv_buf_init(&clean, 4 * text_len + 64);
  if (adv_redact(&clean, text, text_len) == ADV_OK)
    copy = adv_buf_take(&clean, len);
  adv_buf_free(&clean);
  return copy;
}

static char *plain_copy(const char *text, size_t text_len, size_t *len)
{
  char *copy = malloc(text_len + 1);

  if (!copy)
    return NULL;
  memcpy(copy, text, text_len);
  copy[text_len] = '\0';
  *len = text_len;
  return copy;
}

enum { PAGE_KEPT = 4096 };

/* A page shows what a gateway made of the request, and where it came from; its
 * beginning says all that is of use. */
static size_t kept_of_body(const adv_http_result *r)
{
  bool is_page = strstr(r->headers, "content-type: text/html") != NULL;

  return is_page && r->body_len > PAGE_KEPT ? PAGE_KEPT : r->body_len;
}

/* Servers say keys back in their errors, so those are kept without. */
static void copy_reply(adv_attempt *a, const adv_http_result *r, size_t *len)
{
  bool is_error = r->http_status < 200 || r->http_status > 299;
  char *(*copy)(const char *, size_t, size_t *) =
      is_error ? clean_copy : plain_copy;
  size_t unused;

  *len = 0;
  a->body = copy(r->body, kept_of_body(r), len);
  a->headers = copy(r->headers, strlen(r->headers), &unused);
  a->message = clean_copy(r->message, strlen(r->message), &unused);
}

static void on_http(void *ud, const adv_http_result *result)
{
  adv_attempt *a = ud;
  size_t body_len;

  adv_crash_point("reply_complete");
  a->transfer = NULL;
  copy_reply(a, result, &body_len);
  a->reply = (adv_attempt_reply){
      .id = a->reply.id,
      .state = a->body ? state_of(result) : ADV_ATTEMPT_UNKNOWN,
      .end = a->body ? result->end : ADV_HTTP_LOST,
      .curl_code = result->curl_code,
      .http_status = result->http_status,
      .sends = result->sends,
      .reused = result->reused,
      .headers = a->headers ? a->headers : "",
      .body = a->body ? a->body : "",
      .body_len = body_len,
      .message = a->message ? a->message : "",
  };
  a->bytes_up = result->bytes_up;
  a->bytes_down = result->bytes_down;
  a->first_byte_ns =
      result->first_byte_ns ? result->first_byte_ns - result->start_ns : 0;
  a->total_ns = result->end_ns - result->start_ns;
  give_slot_back(a);
  record(a);
}

/* Ends an attempt whose intent is committed but that was not sent. */
static void not_sent(adv_attempt *a, adv_http_end end, const char *message)
{
  a->reply.state = ADV_ATTEMPT_FAILED;
  a->reply.end = end;
  a->reply.message = message;
  give_slot_back(a);
  record(a);
}

static void answer_locally(adv_attempt *a)
{
  a->reply.state = ADV_ATTEMPT_DONE;
  a->reply.http_status = 200;
  a->reply.body = a->request.reply;
  a->reply.body_len = a->request.reply_len;
  give_slot_back(a);
  record(a);
}

enum { MAX_HEADERS = 24 };

/* Secrets on the heap are wiped before they are given back. */
static void wipe(char *text)
{
  if (text)
    explicit_bzero(text, strlen(text));
  free(text);
}

static void send_over_network(adv_attempt *a)
{
  adv_calls *c = a->calls;
  const endpoint *e = &c->endpoints[a->endpoint];
  const char *headers[MAX_HEADERS + 1] = {NULL};
  size_t n = 0;
  char *url = NULL, *key = NULL;
  adv_http_request request = {
      .method = "POST",
      .headers = headers,
      .body = a->request.body,
      .body_len = a->request.body_len,
      .fresh_connection = a->request.fresh_connection,
      .plain_http_allowed = e->options.plain_http_allowed,
      .max_reply = e->options.max_reply,
      .connect_ms = e->options.connect_ms,
      .first_byte_ms = e->options.first_byte_ms,
      .total_ms = e->options.total_ms,
      .stall_ms = e->options.stall_ms,
  };
  adv_status st = ADV_ENOMEM;

  for (const char *const *h = a->request.headers; *h && n < MAX_HEADERS - 1;
       h++)
    headers[n++] = *h;
  if (asprintf(&url, "%s%s", e->url, a->request.path) < 0) {
    url = NULL;
    goto out;
  }
  if (e->key && a->request.key_header) {
    if (asprintf(&key, "%s%s", a->request.key_header, e->key) < 0) {
      key = NULL;
      goto out;
    }
    headers[n++] = key;
    request.carries_key = true;
  }
  request.url = url;
  a->phase = SENDING;
  st = adv_http_send(c->http, &request, on_http, a, &a->transfer);
out:
  wipe(key);
  wipe(url);
  if (st != ADV_OK)
    not_sent(a, ADV_HTTP_NOT_SENT, adv_status_text(st));
}

static void on_intent(void *ud, adv_status st, const char *why)
{
  adv_attempt *a = ud;
  adv_calls *c = a->calls;

  adv_crash_point("intent_committed");
  if (st != ADV_OK) {
    a->reply.id = 0;
    a->reply.end = ADV_HTTP_CANCELED;
    leave_flight(a);
    give_slot_back(a);
    finish(a, st, why);
  } else if (c->canceled) {
    not_sent(a, ADV_HTTP_CANCELED, "canceled before it was sent");
  } else if (c->endpoints[a->endpoint].options.local) {
    answer_locally(a);
  } else {
    send_over_network(a);
  }
}

static void on_granted(void *ud, int index)
{
  adv_attempt *a = ud;
  adv_calls *c = a->calls;
  adv_journal_intent row;
  adv_status st;

  a->waiter = NULL;
  a->phase = INTENT;
  a->endpoint = index;
  a->reply.id = ++c->next_id;
  c->in_flight++;
  row = (adv_journal_intent){
      .id = a->reply.id,
      .request = &a->request,
      .endpoint = c->endpoints[index].public,
      .wall_ms = adv_clock_system()->wall_ms(NULL),
  };
  st = adv_journal_intent_submit(c->store, &row, on_intent, a);
  adv_crash_point("intent_queued");
  if (st != ADV_OK) {
    a->refusal = st;
    a->next_refused = c->refused;
    c->refused = a;
    arm_turn(c);
  }
}

/* A grant may come from inside adv_calls_send(), which calls nobody back. */
static void tell_refused(adv_calls *c)
{
  adv_attempt *a;

  while ((a = c->refused)) {
    c->refused = a->next_refused;
    on_intent(a, a->refusal, adv_status_text(a->refusal));
  }
}

/* Copies `len` bytes and a NUL to *at, which moves on; gives the copy. */
static const char *put(char **at, const char *bytes, size_t len)
{
  char *copy = *at;

  if (len)
    memcpy(copy, bytes, len);
  copy[len] = '\0';
  *at += len + 1;
  return copy;
}

static size_t length(const char *text)
{
  return text ? strlen(text) : 0;
}

static const char *put_text(char **at, const char *text)
{
  return text ? put(at, text, strlen(text)) : NULL;
}

/* One allocation holds the attempt and all that was asked. */
static adv_attempt *copy_request(const adv_attempt_request *r)
{
  size_t headers = 0, endpoints = r->endpoint_count * sizeof(int);
  size_t size = 0;
  adv_attempt *a;
  const char **list;
  int *indices;
  char *at;

  while (r->headers && r->headers[headers])
    size += strlen(r->headers[headers++]) + 1;
  size += (headers + 1) * sizeof(char *) + endpoints + 8;
  size += length(r->stage) + length(r->lane) + length(r->role) +
          length(r->path) + length(r->key_header) + 5;
  size += r->canonical_len + r->body_len + r->reply_len + 3;
  a = malloc(sizeof *a + size);
  if (!a)
    return NULL;
  memset(a, 0, sizeof *a);
  a->request = *r;
  list = (const char **)(void *)a->copy;
  indices = (int *)(void *)(list + headers + 1);
  at = (char *)indices + endpoints;
  memcpy(indices, r->endpoints, endpoints);
  for (size_t i = 0; i < headers; i++)
    list[i] = put_text(&at, r->headers[i]);
  list[headers] = NULL;
  a->request.headers = list;
  a->request.endpoints = indices;
  a->request.stage = put_text(&at, r->stage);
  a->request.lane = put_text(&at, r->lane);
  a->request.role = put_text(&at, r->role);
  a->request.path = put_text(&at, r->path);
  a->request.key_header = put_text(&at, r->key_header);
  a->request.canonical = put(&at, r->canonical, r->canonical_len);
  a->request.body = put(&at, r->body, r->body_len);
  a->request.reply = put(&at, r->reply, r->reply_len);
  return a;
}

adv_status adv_calls_send(adv_calls *c, const adv_attempt_request *request,
                          adv_attempt_cb cb, void *ud, adv_attempt **out)
{
  adv_attempt *a;
  adv_status st;

  *out = NULL;
  if (!request->endpoint_count || c->closing)
    return c->closing ? ADV_ECANCELED : ADV_EINVAL;
  a = copy_request(request);
  if (!a)
    return ADV_ENOMEM;
  a->calls = c;
  a->cb = cb;
  a->ud = ud;
  a->reply = (adv_attempt_reply){.headers = "", .body = "", .message = ""};
  st = adv_slots_wait(c->slots, a->request.endpoints, a->request.endpoint_count,
                      a->request.tokens, on_granted, a, &a->waiter);
  if (st != ADV_OK) {
    free_attempt(a);
    return st;
  }
  a->next = c->first;
  if (c->first)
    c->first->prev = a;
  c->first = a;
  *out = a;
  grant(c);
  return ADV_OK;
}

const adv_attempt_reply *adv_attempt_replied(const adv_attempt *a)
{
  return &a->reply;
}

void adv_attempt_free(adv_attempt *a)
{
  if (!a)
    return;
  if (a->phase == FINISHED) {
    free_attempt(a);
  } else if (a->phase == WAITING) {
    adv_slots_abandon(a->calls->slots, a->waiter);
    unlink_attempt(a);
    free_attempt(a);
  } else {
    a->abandoned = true;
  }
}

void adv_calls_stop(adv_calls *c)
{
  c->stopped = true;
  uv_timer_stop(&c->pacer);
}

void adv_calls_cancel(adv_calls *c)
{
  adv_calls_stop(c);
  c->canceled = true;
  for (adv_attempt *a = c->first; a; a = a->next)
    if (a->phase == SENDING && a->transfer)
      adv_http_cancel(a->transfer);
}

size_t adv_calls_in_flight(const adv_calls *c)
{
  return c->in_flight;
}

adv_status adv_calls_drain(adv_calls *c, void (*drained)(void *ud), void *ud)
{
  if (c->drained)
    return ADV_EINVAL;
  c->drained = drained;
  c->drained_ud = ud;
  arm_turn(c);
  return ADV_OK;
}

static void on_handle_closed(uv_handle_t *handle)
{
  adv_calls *c = handle->data;
  void (*closed)(void *ud) = c->closed;
  void *ud = c->closed_ud;

  if (--c->open_handles > 0)
    return;
  for (int i = 0; i < c->endpoint_count; i++) {
    wipe(c->endpoints[i].url);
    free(c->endpoints[i].public);
    wipe(c->endpoints[i].key);
  }
  free(c->endpoints);
  adv_slots_free(c->slots);
  free(c);
  if (closed)
    closed(ud);
}

static void on_turn(uv_prepare_t *handle)
{
  adv_calls *c = handle->data;
  void (*drained)(void *ud);

  uv_prepare_stop(&c->turn);
  tell_refused(c);
  if (c->in_flight)
    return;
  drained = c->drained;
  c->drained = NULL;
  if (drained)
    drained(c->drained_ud);
  if (c->closing && !uv_is_closing((uv_handle_t *)&c->turn)) {
    adv_http_close(c->http);
    uv_close((uv_handle_t *)&c->turn, on_handle_closed);
    uv_close((uv_handle_t *)&c->awake, on_handle_closed);
    uv_close((uv_handle_t *)&c->pacer, on_handle_closed);
  }
}

static adv_attempt *first_waiting(const adv_calls *c)
{
  adv_attempt *a = c->first;

  while (a && a->phase != WAITING)
    a = a->next;
  return a;
}

void adv_calls_close(adv_calls *c, void (*closed)(void *ud), void *ud)
{
  adv_attempt *a;

  if (!c)
    return;
  c->closing = true;
  c->closed = closed;
  c->closed_ud = ud;
  adv_calls_cancel(c);
  /* From the start again after each: a callback may free others. */
  while ((a = first_waiting(c))) {
    adv_slots_abandon(c->slots, a->waiter);
    finish(a, ADV_ECANCELED, adv_status_text(ADV_ECANCELED));
  }
  arm_turn(c);
}
