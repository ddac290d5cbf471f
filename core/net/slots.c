#include "net/slots.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct endpoint {
  adv_pace pace;
  unsigned in_flight;
} endpoint;

/* All waiters that name the same endpoints, in order of arrival. There are as
 * many lines as model roles, so granting looks at heads, not at waiters. */
typedef struct adv_slots_line {
  struct adv_slots_line *next;
  TAILQ_HEAD(, adv_slots_waiter) waiters;
  size_t n;
  int endpoints[];
} line;

struct adv_slots {
  endpoint *endpoints;
  size_t n_endpoints;
  line *lines;
  size_t waiting;
  uint64_t arrivals;
  bool granting;
};

adv_status adv_slots_new(adv_slots **out)
{
  *out = calloc(1, sizeof(**out));
  return *out ? ADV_OK : ADV_ENOMEM;
}

void adv_slots_free(adv_slots *s)
{
  line *l;

  if (!s)
    return;
  while ((l = s->lines)) {
    s->lines = l->next;
    free(l);
  }
  free(s->endpoints);
  free(s);
}

int adv_slots_add(adv_slots *s, const adv_pace_limits *limits)
{
  endpoint *grown =
      realloc(s->endpoints, (s->n_endpoints + 1) * sizeof(*grown));

  if (!grown)
    return -1;
  s->endpoints = grown;
  grown[s->n_endpoints].in_flight = 0;
  adv_pace_init(&grown[s->n_endpoints].pace, limits);
  return (int)s->n_endpoints++;
}

const adv_pace *adv_slots_pace(const adv_slots *s, int index)
{
  return &s->endpoints[index].pace;
}

unsigned adv_slots_in_flight(const adv_slots *s, int index)
{
  return s->endpoints[index].in_flight;
}

size_t adv_slots_waiting(const adv_slots *s)
{
  return s->waiting;
}

/* The order of endpoints counts too: it decides between equals. */
static line *line_for(adv_slots *s, const int *endpoints, size_t n)
{
  size_t size = n * sizeof(*endpoints);
  line *l;

  for (l = s->lines; l; l = l->next)
    if (l->n == n && memcmp(l->endpoints, endpoints, size) == 0)
      return l;
  l = malloc(sizeof(*l) + size);
  if (!l)
    return NULL;
  l->n = n;
  memcpy(l->endpoints, endpoints, size);
  TAILQ_INIT(&l->waiters);
  l->next = s->lines;
  s->lines = l;
  return l;
}

adv_status adv_slots_wait(adv_slots *s, adv_slots_waiter *waiter,
                          const int *endpoints, size_t n, uint64_t tokens,
                          adv_slots_cb cb, void *ud)
{
  line *l;

  if (n == 0)
    return ADV_EINVAL;
  for (size_t i = 0; i < n; i++)
    if (endpoints[i] < 0 || (size_t)endpoints[i] >= s->n_endpoints)
      return ADV_EINVAL;
  l = line_for(s, endpoints, n);
  if (!l)
    return ADV_ENOMEM;
  *waiter = (adv_slots_waiter){
      .line = l,
      .arrival = s->arrivals++,
      .tokens = tokens,
      .cb = cb,
      .ud = ud,
  };
  TAILQ_INSERT_TAIL(&l->waiters, waiter, link);
  s->waiting++;
  return ADV_OK;
}

void adv_slots_abandon(adv_slots *s, adv_slots_waiter *waiter)
{
  TAILQ_REMOVE(&waiter->line->waiters, waiter, link);
  s->waiting--;
}

void adv_slots_release(adv_slots *s, int index, adv_pace_event event,
                       uint64_t asked_ms, uint64_t now_ms)
{
  endpoint *e = &s->endpoints[index];

  adv_pace_ended(&e->pace, event, e->in_flight, asked_ms, now_ms);
  e->in_flight--;
}

/* The least busy endpoint of a line that may be asked, or -1; *when_ms becomes
 * earlier where one may be asked later. */
static int free_endpoint(const adv_slots *s, const adv_slots_waiter *w,
                         uint64_t now_ms, uint64_t *when_ms)
{
  const line *l = w->line;
  int best = -1;

  for (size_t i = 0; i < l->n; i++) {
    const endpoint *e = &s->endpoints[l->endpoints[i]];
    uint64_t when;

    if (adv_pace_allows(&e->pace, e->in_flight, w->tokens, now_ms, &when)) {
      if (best < 0 || e->in_flight < s->endpoints[best].in_flight)
        best = l->endpoints[i];
    } else if (when < *when_ms) {
      *when_ms = when;
    }
  }
  return best;
}

/* The waiter that came first among those that can be served; NULL if none. */
static adv_slots_waiter *next_waiter(const adv_slots *s, uint64_t now_ms,
                                     int *index, uint64_t *when_ms)
{
  adv_slots_waiter *first = NULL;

  *when_ms = UINT64_MAX;
  for (const line *l = s->lines; l; l = l->next) {
    adv_slots_waiter *w = TAILQ_FIRST(&l->waiters);
    int found;

    if (!w || (first && first->arrival < w->arrival))
      continue;
    found = free_endpoint(s, w, now_ms, when_ms);
    if (found >= 0) {
      first = w;
      *index = found;
    }
  }
  return first;
}

uint64_t adv_slots_grant(adv_slots *s, uint64_t now_ms)
{
  adv_slots_waiter *w;
  uint64_t when_ms = UINT64_MAX;
  int index = -1;

  /* A call from a callback has nothing to add: the loop below looks afresh
   * after each callback. */
  if (s->granting)
    return UINT64_MAX;
  s->granting = true;
  while ((w = next_waiter(s, now_ms, &index, &when_ms))) {
    adv_pace_sent(&s->endpoints[index].pace, w->tokens, now_ms);
    adv_slots_abandon(s, w);
    s->endpoints[index].in_flight++;
    w->cb(w->ud, index);
  }
  s->granting = false;
  return when_ms;
}
