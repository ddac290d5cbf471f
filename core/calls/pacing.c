#include <stdio.h>

#include "base/clock.h"
#include "calls/internal.h"
#include "net/backoff.h"

static uint64_t now_ms(void)
{
  return uv_hrtime() / 1000000;
}

static void on_pace(uv_timer_t *pacer);

void adv_calls_grant(adv_calls *c)
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

/* An attempt freed while it waits is gone at once, so this one has an owner. */
void adv_calls_turn_away(adv_attempt *a, adv_status st, const char *why)
{
  adv_slots_abandon(a->calls->slots, &a->waiter);
  adv_calls_unlink(a);
  a->phase = ADV_PHASE_FINISHED;
  a->cb(a->ud, st, why);
}

/* An attempt that waits and whose endpoints have all failed for too long. */
static adv_attempt *first_hopeless(const adv_calls *c, uint64_t now)
{
  for (adv_attempt *a = c->first; a; a = a->next) {
    size_t broken = 0;

    if (a->phase != ADV_PHASE_WAITING)
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
    const adv_known_endpoint *e = &c->endpoints.list[a->request.endpoints[0]];
    const adv_pace *pace = pace_of(c, a->request.endpoints[0]);
    char why[640];

    snprintf(why, sizeof why,
             "the circuit breaker is open: %s has failed for %d s and in spite "
             "of %u rests (last: %s)",
             e->public, (int)((now - pace->ill_since_ms) / 1000), pace->rests,
             e->failure);
    adv_calls_turn_away(a, ADV_EOVERLOADED, why);
  }
}

static void on_pace(uv_timer_t *pacer)
{
  adv_calls *c = pacer->data;

  tell_hopeless(c);
  adv_calls_grant(c);
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
  adv_known_endpoint *e = &a->calls->endpoints.list[a->endpoint];
  const adv_attempt_reply *r = &a->reply;

  if (r->end == ADV_HTTP_DONE)
    snprintf(e->failure, sizeof e->failure, "HTTP %ld", r->http_status);
  else
    snprintf(e->failure, sizeof e->failure, "%s", r->message);
}

void adv_calls_give_slot_back(adv_attempt *a)
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
    adv_calls_grant(c);
}
