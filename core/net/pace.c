#include "net/pace.h"

#include <string.h>

enum {
  FIRST = 4,
  CUT_PAUSE_MS = 15 * 1000,
  LONGEST_HOLD_MS = 15 * 60 * 1000,
  FEWEST_FAILED = 20,
  FIRST_REST_MS = 5 * 1000,
  LONGEST_REST_MS = 60 * 1000,
  PATIENCE_MS = 180 * 1000,
};

static uint64_t later(uint64_t a, uint64_t b)
{
  return a > b ? a : b;
}

void adv_pace_init(adv_pace *p, const adv_pace_limits *limits)
{
  memset(p, 0, sizeof *p);
  p->limits = *limits;
  if (!p->limits.patience_ms)
    p->limits.patience_ms = PATIENCE_MS;
  p->limit = limits->fixed || limits->most < FIRST ? limits->most : FIRST;
}

unsigned adv_pace_limit(const adv_pace *p)
{
  return p->limit;
}

static bool is_within_minute(const adv_pace_second *s, uint64_t now_ms)
{
  return s->second + ADV_PACE_SECONDS > now_ms / 1000;
}

/* The entry of this second; the one that had its place a minute ago goes. */
static adv_pace_second *second_of(adv_pace *p, uint64_t now_ms)
{
  uint64_t second = now_ms / 1000;
  adv_pace_second *s = &p->seconds[second % ADV_PACE_SECONDS];

  if (s->second != second)
    *s = (adv_pace_second){.second = second};
  return s;
}

typedef struct minute {
  uint64_t requests, tokens, good, failed;
} minute;

static minute last_minute(const adv_pace *p, uint64_t now_ms)
{
  minute m = {0};

  for (int i = 0; i < ADV_PACE_SECONDS; i++) {
    const adv_pace_second *s = &p->seconds[i];

    if (!is_within_minute(s, now_ms))
      continue;
    m.requests += s->requests;
    m.tokens += s->tokens;
    m.good += s->good;
    m.failed += s->failed;
  }
  return m;
}

static bool is_over(uint64_t used, uint64_t more, uint64_t cap)
{
  /* What is more than a cap by itself goes out alone. */
  return cap && used > 0 && used + more > cap;
}

/* When the oldest second that counts leaves the minute. */
static uint64_t next_second_ms(const adv_pace *p, uint64_t now_ms)
{
  uint64_t oldest = UINT64_MAX;

  for (int i = 0; i < ADV_PACE_SECONDS; i++) {
    const adv_pace_second *s = &p->seconds[i];

    if (is_within_minute(s, now_ms) && s->requests && s->second < oldest)
      oldest = s->second;
  }
  return oldest == UINT64_MAX ? now_ms + 1 : (oldest + ADV_PACE_SECONDS) * 1000;
}

bool adv_pace_allows(const adv_pace *p, unsigned in_flight, uint64_t tokens,
                     uint64_t now_ms, uint64_t *when_ms)
{
  uint64_t until = later(p->rest_until_ms, p->hold_until_ms);
  minute m;

  *when_ms = UINT64_MAX;
  if (in_flight >= p->limit || (p->rests && p->is_probed))
    return false;
  if (now_ms < until) {
    *when_ms = until;
    return false;
  }
  if (!p->limits.requests_per_minute && !p->limits.tokens_per_minute)
    return true;
  m = last_minute(p, now_ms);
  if (is_over(m.requests, 1, p->limits.requests_per_minute) ||
      is_over(m.tokens, tokens, p->limits.tokens_per_minute)) {
    *when_ms = next_second_ms(p, now_ms);
    return false;
  }
  return true;
}

void adv_pace_sent(adv_pace *p, uint64_t tokens, uint64_t now_ms)
{
  adv_pace_second *s = second_of(p, now_ms);

  s->requests++;
  s->tokens += tokens;
  /* Those that were on their way before may hang for long. */
  p->is_probed = p->rests > 0;
}

/* A round is clean when as many good replies came as there are places. */
static void count_good(adv_pace *p, unsigned in_flight)
{
  unsigned more = p->limit / 20;

  if (2 * in_flight < p->limit || ++p->clean < p->limit)
    return;
  p->clean = 0;
  if (!p->is_cut)
    more = p->limit;
  p->limit += more ? more : 1;
  if (p->limit > p->limits.most)
    p->limit = p->limits.most;
}

static void cut(adv_pace *p, uint64_t asked_ms, uint64_t now_ms)
{
  p->clean = 0;
  p->is_cut = true;
  if (now_ms < p->cut_until_ms)
    return;
  p->limit = p->limit * 4 / 5;
  if (!p->limit)
    p->limit = 1;
  p->cut_until_ms = now_ms + later(asked_ms, CUT_PAUSE_MS);
}

/* One refusal among good replies is for its own call to wait out; refusals in a
 * row mean everybody. */
static void count_refusal(adv_pace *p, uint64_t asked_ms, uint64_t now_ms)
{
  cut(p, asked_ms, now_ms);
  if (++p->refused_in_row < 2 || !asked_ms)
    return;
  if (asked_ms > LONGEST_HOLD_MS)
    asked_ms = LONGEST_HOLD_MS;
  p->hold_until_ms = later(p->hold_until_ms, now_ms + asked_ms);
}

static void forget_minute(adv_pace *p)
{
  for (int i = 0; i < ADV_PACE_SECONDS; i++)
    p->seconds[i].good = p->seconds[i].failed = 0;
}

static void rest(adv_pace *p, uint64_t now_ms)
{
  uint64_t ms = FIRST_REST_MS;

  for (unsigned i = 0; i < p->rests && ms < LONGEST_REST_MS; i++)
    ms *= 2;
  p->rests++;
  p->rest_until_ms = now_ms + (ms < LONGEST_REST_MS ? ms : LONGEST_REST_MS);
  forget_minute(p);
}

static void count_failure(adv_pace *p, uint64_t now_ms)
{
  minute m;

  if (!p->ill_since_ms)
    p->ill_since_ms = now_ms ? now_ms : 1;
  second_of(p, now_ms)->failed++;
  m = last_minute(p, now_ms);
  /* What was on its way as the rest began says nothing new. */
  if (now_ms < p->rest_until_ms)
    return;
  if (p->rests || (m.failed >= FEWEST_FAILED && m.failed > m.good))
    rest(p, now_ms);
}

void adv_pace_ended(adv_pace *p, adv_pace_event event, unsigned in_flight,
                    uint64_t asked_ms, uint64_t now_ms)
{
  p->is_probed = false;
  if (p->limits.fixed || event == ADV_PACE_VOID)
    return;
  if (event == ADV_PACE_TOO_MUCH || event == ADV_PACE_OVERLOADED)
    count_refusal(p, asked_ms, now_ms);
  if (event == ADV_PACE_FAILED || event == ADV_PACE_OVERLOADED)
    count_failure(p, now_ms);
  if (event != ADV_PACE_GOOD)
    return;
  p->refused_in_row = p->rests = 0;
  p->ill_since_ms = p->rest_until_ms = 0;
  second_of(p, now_ms)->good++;
  count_good(p, in_flight);
}

bool adv_pace_is_broken(const adv_pace *p, uint64_t now_ms)
{
  return p->rests > 1 && p->ill_since_ms &&
         now_ms - p->ill_since_ms >= p->limits.patience_ms;
}
