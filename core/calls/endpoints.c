#include "calls/endpoints.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/key.h"
#include "base/redact.h"
#include "base/secret.h"
#include "net/address.h"

static void free_endpoint(adv_known_endpoint *e)
{
  adv_wipe(e->url);
  free(e->public);
  adv_secret_free(e->key);
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
  if (e->key && !adv_key_is_sendable(e->key)) {
    adv_buf_message(why, "the key holds a line break or another character that "
                         "no header can carry");
    return ADV_EINVAL;
  }
  return ADV_OK;
}

/* What two roles that share a URL say differently about it; NULL: nothing. */
static const char *difference(const adv_known_endpoint *known,
                              const adv_endpoint *e)
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

/* The endpoint with the first `len` bytes of `url` as its URL; -1: none. */
static int find(const adv_endpoints *known, const char *url, size_t len)
{
  for (int i = 0; i < known->count; i++)
    if (strlen(known->list[i].url) == len &&
        strncmp(known->list[i].url, url, len) == 0)
      return i;
  return -1;
}

/* Its index, or -1 if out of memory. */
static int append(adv_endpoints *known, adv_slots *slots, const adv_endpoint *e,
                  size_t url_len)
{
  const adv_pace_limits limits = limits_of(e);
  adv_known_endpoint *grown =
      realloc(known->list, (size_t)(known->count + 1) * sizeof *known->list);
  adv_known_endpoint added = {.options = *e};
  int index = -1;

  if (!grown)
    return -1;
  known->list = grown;
  added.options.url = added.options.key = NULL;
  added.url = strndup(e->url, url_len);
  added.public = added.url ? adv_address_public(added.url) : NULL;
  added.key = e->key ? adv_secret_copy(e->key, strlen(e->key)) : NULL;
  if (added.public && (added.key || !e->key))
    index = adv_slots_add(slots, &limits);
  if (index < 0)
    free_endpoint(&added);
  else
    grown[known->count++] = added;
  return index;
}

adv_status adv_endpoints_add(adv_endpoints *known, adv_slots *slots,
                             const adv_endpoint *e, int *index, adv_buf *why)
{
  size_t len = strlen(e->url);
  adv_status st = check_endpoint(e, why);
  const char *other;

  if (st != ADV_OK)
    return st;
  while (len > 0 && e->url[len - 1] == '/')
    len--;
  *index = find(known, e->url, len);
  if (*index >= 0) {
    other = difference(&known->list[*index], e);
    if (!other)
      return ADV_OK;
    adv_buf_message(why, "two roles use %s with a different %s",
                    known->list[*index].public, other);
    return ADV_EINVAL;
  }
  if (e->key && adv_redact_secret(e->key) != ADV_OK)
    return ADV_ENOMEM;
  *index = append(known, slots, e, len);
  return *index < 0 ? ADV_ENOMEM : ADV_OK;
}

void adv_endpoints_clear(adv_endpoints *known)
{
  for (int i = 0; i < known->count; i++)
    free_endpoint(&known->list[i]);
  free(known->list);
  *known = (adv_endpoints){0};
}
