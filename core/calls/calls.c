#include "calls/calls.h"

#include <stdlib.h>

#include "calls/internal.h"

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
void adv_calls_arm_turn(adv_calls *c)
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

adv_status adv_calls_endpoint(adv_calls *c, const adv_endpoint *e, int *index,
                              adv_buf *why)
{
  return adv_endpoints_add(&c->endpoints, c->slots, e, index, why);
}

void adv_calls_unlink(adv_attempt *a)
{
  if (a->prev)
    a->prev->next = a->next;
  else
    a->calls->first = a->next;
  if (a->next)
    a->next->prev = a->prev;
}

adv_status adv_calls_send(adv_calls *c, const adv_attempt_request *request,
                          adv_attempt_cb cb, void *ud, adv_attempt **out)
{
  adv_attempt *a;
  adv_status st;

  *out = NULL;
  if (!request->endpoint_count || c->closing)
    return c->closing ? ADV_ECANCELED : ADV_EINVAL;
  a = adv_attempt_new(request);
  if (!a)
    return ADV_ENOMEM;
  a->calls = c;
  a->cb = cb;
  a->ud = ud;
  a->reply = (adv_attempt_reply){.headers = "", .body = "", .message = ""};
  st = adv_slots_wait(c->slots, &a->waiter, a->request.endpoints,
                      a->request.endpoint_count, a->request.tokens,
                      adv_calls_take_off, a);
  if (st != ADV_OK) {
    adv_attempt_delete(a);
    return st;
  }
  a->next = c->first;
  if (c->first)
    c->first->prev = a;
  c->first = a;
  *out = a;
  adv_calls_grant(c);
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
  if (a->phase == ADV_PHASE_FINISHED) {
    adv_attempt_delete(a);
  } else if (a->phase == ADV_PHASE_WAITING) {
    adv_slots_abandon(a->calls->slots, &a->waiter);
    adv_calls_unlink(a);
    adv_attempt_delete(a);
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
    if (a->phase == ADV_PHASE_SENDING && a->transfer)
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
  adv_calls_arm_turn(c);
  return ADV_OK;
}

static void on_handle_closed(uv_handle_t *handle)
{
  adv_calls *c = handle->data;
  void (*closed)(void *ud) = c->closed;
  void *ud = c->closed_ud;

  if (--c->open_handles > 0)
    return;
  adv_endpoints_clear(&c->endpoints);
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
  adv_calls_tell_refused(c);
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

  while (a && a->phase != ADV_PHASE_WAITING)
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
  while ((a = first_waiting(c)))
    adv_calls_turn_away(a, ADV_ECANCELED, adv_status_text(ADV_ECANCELED));
  adv_calls_arm_turn(c);
}
