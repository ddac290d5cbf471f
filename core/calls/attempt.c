#include <stdlib.h>
#include <string.h>

#include "base/redact.h"
#include "calls/internal.h"

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

adv_attempt *adv_attempt_new(const adv_attempt_request *r)
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

typedef adv_status redactor(adv_buf *out, const char *text, size_t len);

/* A copy without keys; NULL: out of memory. */
static char *clean_copy(redactor *redact, const char *text, size_t text_len,
                        size_t *len)
{
  adv_buf clean;
  char *copy = NULL;

  if (!text_len)
    return strdup("");
  adv_buf_init(&clean, 4 * text_len + 64);
  if (redact(&clean, text, text_len) == ADV_OK)
    copy = adv_buf_take(&clean, len);
  adv_buf_free(&clean);
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

/* Servers say keys back in their errors, also where the status says that all is
 * well. A text that a model made stays as it is, but for the keys themselves.
 */
static void copy_reply(adv_attempt *a, const adv_http_result *r, size_t *len)
{
  bool is_error = r->http_status < 200 || r->http_status > 299;
  size_t unused;

  *len = 0;
  a->body = clean_copy(is_error ? adv_redact : adv_redact_reply, r->body,
                       kept_of_body(r), len);
  a->headers = clean_copy(adv_redact, r->headers, strlen(r->headers), &unused);
  a->message = clean_copy(adv_redact, r->message, strlen(r->message), &unused);
}

void adv_attempt_take(adv_attempt *a, const adv_http_result *result)
{
  size_t body_len;

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
}

void adv_attempt_delete(adv_attempt *a)
{
  free(a->body);
  free(a->headers);
  free(a->message);
  free(a);
}
