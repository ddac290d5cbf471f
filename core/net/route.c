#include "net/route.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

typedef struct route {
  struct route *next;
  char origin[ADV_ORIGIN_MAX];
  char path[sizeof((struct sockaddr_un *)0)->sun_path];
} route;

static route *routes;

/* One part of a URL in lower case; false: it is missing or too long. */
static bool part(CURLU *url, CURLUPart which, char *out, size_t size,
                 adv_status *st)
{
  char *text = NULL;
  CURLUcode code = curl_url_get(url, which, &text, CURLU_DEFAULT_PORT);
  size_t len = text ? strlen(text) : 0;
  bool fits = code == CURLUE_OK && len > 0 && len < size;

  if (fits)
    for (size_t i = 0; i <= len; i++)
      out[i] = (char)tolower((unsigned char)text[i]);
  else
    *st = code == CURLUE_OUT_OF_MEMORY ? ADV_ENOMEM : ADV_EINVAL;
  curl_free(text);
  return fits;
}

adv_status adv_origin_of(const char *url, adv_origin *origin)
{
  CURLU *parsed = curl_url();
  adv_status st = ADV_EINVAL;

  if (!parsed)
    return ADV_ENOMEM;
  if (curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
      part(parsed, CURLUPART_SCHEME, origin->scheme, sizeof origin->scheme,
           &st) &&
      part(parsed, CURLUPART_HOST, origin->host, sizeof origin->host, &st) &&
      part(parsed, CURLUPART_PORT, origin->port, sizeof origin->port, &st) &&
      (strcmp(origin->scheme, "http") == 0 ||
       strcmp(origin->scheme, "https") == 0))
    st = ADV_OK;
  curl_url_cleanup(parsed);
  return st;
}

void adv_origin_text(const adv_origin *origin, char text[ADV_ORIGIN_MAX])
{
  snprintf(text, ADV_ORIGIN_MAX, "%s://%s:%s", origin->scheme, origin->host,
           origin->port);
}

static route *find(const char *url, adv_status *st)
{
  adv_origin origin;
  char text[ADV_ORIGIN_MAX];

  *st = adv_origin_of(url, &origin);
  if (*st != ADV_OK)
    return NULL;
  adv_origin_text(&origin, text);
  for (route *r = routes; r; r = r->next)
    if (strcmp(r->origin, text) == 0)
      return r;
  return NULL;
}

adv_status adv_route_add(const char *url, const char *path)
{
  adv_status st;
  adv_origin origin;
  route *r = find(url, &st);

  if (st != ADV_OK)
    return st;
  if (strlen(path) >= sizeof r->path)
    return ADV_ELIMIT;
  if (!r) {
    r = calloc(1, sizeof *r);
    if (!r)
      return ADV_ENOMEM;
    st = adv_origin_of(url, &origin);
    if (st != ADV_OK) {
      free(r);
      return st;
    }
    adv_origin_text(&origin, r->origin);
    r->next = routes;
    routes = r;
  }
  memcpy(r->path, path, strlen(path) + 1);
  return ADV_OK;
}

const char *adv_route_find(const char *url)
{
  adv_status st;
  const route *r = routes ? find(url, &st) : NULL;

  return r ? r->path : NULL;
}

void adv_route_clear(void)
{
  while (routes) {
    route *next = routes->next;

    free(routes);
    routes = next;
  }
}
