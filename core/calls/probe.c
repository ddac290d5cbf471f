#include "calls/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/redact.h"

enum { MAX_HEADERS = 24, DEFAULT_MS = 10000, MOST_REPLY = 4 << 20 };

typedef struct pending {
  adv_http *http;
  adv_probe_cb cb;
  void *ud;
} pending;

static void on_result(void *ud, const adv_http_result *result)
{
  pending *p = ud;

  p->cb(p->ud, result);
  adv_http_close(p->http);
  free(p);
}

/* "Authorization: Bearer …" into *line, NULL where no key is to be sent. */
static adv_status key_line(const adv_probe *probe, char **line)
{
  *line = NULL;
  if (!probe->key || !probe->key_header)
    return ADV_OK;
  if (adv_redact_secret(probe->key) != ADV_OK)
    return ADV_ENOMEM;
  if (asprintf(line, "%s%s", probe->key_header, probe->key) < 0) {
    *line = NULL;
    return ADV_ENOMEM;
  }
  return ADV_OK;
}

static adv_status send_with(adv_http *http, const adv_probe *probe,
                            const char *key, pending *p)
{
  const char *headers[MAX_HEADERS + 1] = {NULL};
  unsigned ms = probe->total_ms ? probe->total_ms : DEFAULT_MS;
  size_t n = 0;
  adv_http_request request = {
      .method = probe->body ? "POST" : "GET",
      .url = probe->url,
      .headers = headers,
      .body = probe->body,
      .body_len = probe->body_len,
      .carries_key = key != NULL,
      .plain_http_allowed = probe->plain_http_allowed,
      .max_reply = MOST_REPLY,
      .connect_ms = ms,
      .total_ms = ms,
  };

  while (probe->headers && probe->headers[n] && n < MAX_HEADERS - 1) {
    headers[n] = probe->headers[n];
    n++;
  }
  headers[n] = key;
  return adv_http_send(http, &request, on_result, p, NULL);
}

adv_status adv_probe_send(uv_loop_t *loop, const adv_probe *probe,
                          adv_probe_cb cb, void *ud)
{
  pending *p = calloc(1, sizeof *p);
  char *key = NULL;
  adv_status st = p ? key_line(probe, &key) : ADV_ENOMEM;

  if (st == ADV_OK)
    st = adv_http_new(&p->http, loop, &probe->options);
  if (st == ADV_OK) {
    p->cb = cb;
    p->ud = ud;
    st = send_with(p->http, probe, key, p);
    if (st != ADV_OK)
      adv_http_close(p->http);
  }
  adv_wipe(key);
  if (st != ADV_OK)
    free(p);
  return st;
}
