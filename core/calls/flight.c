#include <stdio.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/redact.h"
#include "calls/internal.h"
#include "calls/journal.h"

/* Hands the attempt back; the end of every path. */
static void finish(adv_attempt *a, adv_status st, const char *why)
{
  adv_calls_unlink(a);
  a->phase = ADV_PHASE_FINISHED;
  if (a->abandoned)
    adv_attempt_delete(a);
  else
    a->cb(a->ud, st, why);
}

static void leave_flight(adv_attempt *a)
{
  adv_calls *c = a->calls;

  c->in_flight--;
  adv_calls_arm_turn(c);
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

  a->phase = ADV_PHASE_RECORDING;
  st = adv_journal_reply_submit(a->calls->store, &row, on_recorded, a);
  adv_crash_point("reply_queued");
  if (st != ADV_OK)
    on_recorded(a, st, adv_status_text(st));
}

static void on_http(void *ud, const adv_http_result *result)
{
  adv_attempt *a = ud;

  adv_crash_point("reply_complete");
  a->transfer = NULL;
  adv_attempt_take(a, result);
  adv_calls_give_slot_back(a);
  record(a);
}

/* Ends an attempt whose intent is committed but that was not sent. */
static void not_sent(adv_attempt *a, adv_http_end end, const char *message)
{
  a->reply.state = ADV_ATTEMPT_FAILED;
  a->reply.end = end;
  a->reply.message = message;
  adv_calls_give_slot_back(a);
  record(a);
}

static void answer_locally(adv_attempt *a)
{
  a->reply.state = ADV_ATTEMPT_DONE;
  a->reply.http_status = 200;
  a->reply.body = a->request.reply;
  a->reply.body_len = a->request.reply_len;
  adv_calls_give_slot_back(a);
  record(a);
}

enum { MAX_HEADERS = 24 };

static void send_over_network(adv_attempt *a)
{
  adv_calls *c = a->calls;
  const adv_known_endpoint *e = &c->endpoints.list[a->endpoint];
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
  a->phase = ADV_PHASE_SENDING;
  st = adv_http_send(c->http, &request, on_http, a, &a->transfer);
out:
  adv_wipe(key);
  adv_wipe(url);
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
    adv_calls_give_slot_back(a);
    finish(a, st, why);
  } else if (c->canceled) {
    not_sent(a, ADV_HTTP_CANCELED, "canceled before it was sent");
  } else if (c->endpoints.list[a->endpoint].options.local) {
    answer_locally(a);
  } else {
    send_over_network(a);
  }
}

void adv_calls_take_off(void *attempt, int index)
{
  adv_attempt *a = attempt;
  adv_calls *c = a->calls;
  adv_journal_intent row;
  adv_status st;

  a->phase = ADV_PHASE_INTENT;
  a->endpoint = index;
  a->reply.id = ++c->next_id;
  c->in_flight++;
  row = (adv_journal_intent){
      .id = a->reply.id,
      .request = &a->request,
      .endpoint = c->endpoints.list[index].public,
      .wall_ms = adv_clock_system()->wall_ms(NULL),
  };
  st = adv_journal_intent_submit(c->store, &row, on_intent, a);
  adv_crash_point("intent_queued");
  if (st != ADV_OK) {
    a->refusal = st;
    a->next_refused = c->refused;
    c->refused = a;
    adv_calls_arm_turn(c);
  }
}

void adv_calls_tell_refused(adv_calls *c)
{
  adv_attempt *a;

  while ((a = c->refused)) {
    c->refused = a->next_refused;
    on_intent(a, a->refusal, adv_status_text(a->refusal));
  }
}
