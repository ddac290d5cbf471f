#include "net/slots.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

typedef struct endpoint {
  adv_pace pace;
  unsigned in_flight;
} endpoint;

/* All waiters that name the same endpoints, in order of arrival. There are as
 * many lines as model roles, so granting looks at heads, not at waiters. */
typedef struct line {
  int *endpoints;
  size_t n;
  TAILQ_HEAD(, adv_slots_waiter) waiters;
} line;

struct adv_slots_waiter {
  TAILQ_ENTRY(adv_slots_waiter) link;
  line *line;
  uint64_t arrival;
  uint64_t tokens;
  adv_slots_cb cb;
  void *ud;
};

struct adv_slots {
  endpoint *endpoints;
  size_t n_endpoints;
  line **lines;
  size_t n_lines;
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
  if (!s)
    return;
  for (size_t i = 0; i < s->n_lines; i++) {
    line *l = s->lines[i];
    adv_slots_waiter *w;

    while ((w = TAILQ_FIRST(&l->waiters))) {
      TAILQ_REMOVE(&l->waiters, w, link);
      free(w);
    }
    free(l->endpoints);
    free(l);
  }
  free(s->lines);
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

static line *line_new(const int *endpoints, size_t n)
{
  line *l = malloc(sizeof(*l));

  if (!l)
    return NULL;
  l->endpoints = malloc(n * sizeof(*endpoints));
  if (!l->endpoints) {
    free(l);
    return NULL;
  }
  memcpy(l->endpoints, endpoints, n * sizeof(*endpoints));
  l->n = n;
  TAILQ_INIT(&l->waiters);
  return l;
}

/* The order of endpoints counts too: it decides between equals. */
static line *line_for(adv_slots *s, const int *endpoints, size_t n)
{
  line **grown;
  line *l;

  for (size_t i = 0; i < s->n_lines; i++) {
    l = s->lines[i];
    if (l->n == n &&
        memcmp(l->endpoints, endpoints, n * sizeof(*endpoints)) == 0)
      return l;
  }
  grown = realloc(s->lines, (s->n_lines + 1) * sizeof(*grown));
  if (!grown)
    return NULL;
  s->lines = grown;
  l = line_new(endpoints, n);
  if (l)
    s->lines[s->n_lines++] = l;
  return l;
}

adv_status adv_slots_wait(adv_slots *s, const int *endpoints, size_t n,
                          uint64_t tokens, adv_slots_cb cb, void *ud,
                          adv_slots_waiter **waiter)
{
  adv_slots_waiter *w;
  line *l;

  if (n == 0)
    return ADV_EINVAL;
  for (size_t i = 0; i < n; i++)
    if (endpoints[i] < 0 || (size_t)endpoints[i] >= s->n_endpoints)
      return ADV_EINVAL;
  l = line_for(s, endpoints, n);
  if (!l)
    return ADV_ENOMEM;
  w = malloc(sizeof(*w));
  if (!w)
    return ADV_ENOMEM;
  w->line = l;
  w->arrival = s->arrivals++;
  w->tokens = tokens;
  w->cb = cb;
  w->ud = ud;
  TAILQ_INSERT_TAIL(&l->waiters, w, link);
  s->waiting++;
  if (waiter)
    *waiter = w;
  return ADV_OK;
}

void adv_slots_abandon(adv_slots *s, adv_slots_waiter *waiter)
{
  TAILQ_REMOVE(&waiter->line->waiters, waiter, link);
  s->waiting--;
  free(waiter);
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
  for (size_t i = 0; i < s->n_lines; i++) {
    adv_slots_waiter *w = TAILQ_FIRST(&s->lines[i]->waiters);
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
    adv_slots_cb cb = w->cb;
    void *ud = w->ud;

    adv_pace_sent(&s->endpoints[index].pace, w->tokens, now_ms);
    adv_slots_abandon(s, w);
    s->endpoints[index].in_flight++;
    cb(ud, index);
  }
  s->granting = false;
  return when_ms;
}
