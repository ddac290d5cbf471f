#include "net/forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/un.h>

#include "net/address.h"
#include "net/route.h"

enum { PIECE = 64 << 10, MOST_LINKS = 4096, BACKLOG = 512 };

typedef struct forwarded forwarded;

/* One direction of a connection. */
typedef struct way {
  forwarded *link;
  uv_stream_t *from, *to;
  uv_write_t write;
  uv_shutdown_t shutdown;
  char *buffer;
  bool ended; /* all was read, and the other end was told */
} way;

struct forwarded {
  TAILQ_ENTRY(forwarded) entry;
  adv_forward *forward;
  uv_pipe_t near;
  uv_tcp_t far;
  uv_getaddrinfo_t lookup;
  uv_connect_t connect;
  uv_write_t refusal;
  struct addrinfo *addresses, *next;
  way out, back;
  char text[256]; /* of a refusal */
  int failure;    /* of the last address that was tried */
  int handles;    /* that libuv has not closed yet */
  bool far_open, looking, broken;
};

struct adv_forward {
  uv_pipe_t listener;
  adv_origin origin;
  bool this_machine_only;
  bool closing;
  unsigned count;
  TAILQ_HEAD(, forwarded) links;
};

static void free_forward(adv_forward *f)
{
  if (f->closing && f->count == 0 && !f->listener.data)
    free(f);
}

static void free_link(forwarded *l)
{
  adv_forward *f = l->forward;

  if (!l->broken || l->handles > 0 || l->looking)
    return;
  TAILQ_REMOVE(&f->links, l, entry);
  f->count--;
  uv_freeaddrinfo(l->addresses);
  free(l->out.buffer);
  free(l->back.buffer);
  free(l);
  free_forward(f);
}

static void on_closed(uv_handle_t *handle)
{
  forwarded *l = handle->data;

  l->handles--;
  free_link(l);
}

static void close_far(forwarded *l, uv_close_cb cb)
{
  l->far_open = false;
  uv_close((uv_handle_t *)&l->far, cb);
}

/* Ends a connection; it is freed once nothing is under way any more. */
static void break_off(forwarded *l)
{
  if (l->broken)
    return;
  l->broken = true;
  if (l->looking)
    uv_cancel((uv_req_t *)&l->lookup);
  if (l->far_open)
    close_far(l, on_closed);
  uv_close((uv_handle_t *)&l->near, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
  forwarded *l = handle->data;
  way *w = handle == (uv_handle_t *)&l->near ? &l->out : &l->back;

  (void)wanted;
  *buf = uv_buf_init(w->buffer, w->buffer ? PIECE : 0);
}

static void on_read(uv_stream_t *from, ssize_t n, const uv_buf_t *buf);

static void on_written(uv_write_t *request, int status)
{
  way *w = request->data;

  if (w->link->broken)
    return;
  if (status < 0 || uv_read_start(w->from, on_alloc, on_read) != 0)
    break_off(w->link);
}

static void on_shut_down(uv_shutdown_t *request, int status)
{
  way *w = request->data;
  forwarded *l = w->link;

  if (l->broken)
    return;
  w->ended = true;
  if (status < 0 || (l->out.ended && l->back.ended))
    break_off(l);
}

static void on_read(uv_stream_t *from, ssize_t n, const uv_buf_t *buf)
{
  forwarded *l = from->data;
  way *w = from == (uv_stream_t *)&l->near ? &l->out : &l->back;
  uv_buf_t piece;

  if (n == 0)
    return;
  uv_read_stop(from);
  if (n == UV_EOF) {
    if (uv_shutdown(&w->shutdown, w->to, on_shut_down) != 0)
      break_off(l);
    return;
  }
  piece = uv_buf_init(buf->base, (unsigned)(n > 0 ? n : 0));
  if (n < 0 || uv_write(&w->write, w->to, &piece, 1, on_written) != 0)
    break_off(l);
}

static bool begin_way(way *w, forwarded *l, uv_stream_t *from, uv_stream_t *to)
{
  w->link = l;
  w->from = from;
  w->to = to;
  w->write.data = w->shutdown.data = w;
  if (!w->buffer)
    w->buffer = malloc(PIECE);
  return w->buffer && uv_read_start(from, on_alloc, on_read) == 0;
}

/* Reads and forgets what comes after a refusal, until its reader is gone:
 * closing before that could lose the refusal. */
static void on_rest(uv_stream_t *near, ssize_t n, const uv_buf_t *buf)
{
  (void)buf;
  if (n < 0)
    break_off(near->data);
}

static void on_refused(uv_write_t *request, int status)
{
  forwarded *l = request->data;

  if (l->broken)
    return;
  l->out.buffer = malloc(PIECE);
  if (status < 0 ||
      uv_read_start((uv_stream_t *)&l->near, on_alloc, on_rest) != 0)
    break_off(l);
}

/* The host cannot be reached. As gateways do, so that the request counts as
 * surely not answered by the model; within TLS nothing can be said, and nothing
 * of the request was sent yet. */
static void refuse(forwarded *l, const char *why)
{
  uv_buf_t text;
  char body[128];

  if (l->broken)
    return;
  if (strcmp(l->forward->origin.scheme, "http") != 0) {
    break_off(l);
    return;
  }
  snprintf(body, sizeof body, "{\"error\":{\"message\":\"not forwarded: %s\"}}",
           why);
  snprintf(l->text, sizeof l->text,
           "HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\n"
           "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
           strlen(body), body);
  text = uv_buf_init(l->text, (unsigned)strlen(l->text));
  l->refusal.data = l;
  if (uv_write(&l->refusal, (uv_stream_t *)&l->near, &text, 1, on_refused) != 0)
    break_off(l);
}

static bool is_this_machine(uv_tcp_t *tcp)
{
  struct sockaddr_storage peer;
  char text[INET6_ADDRSTRLEN] = "";
  int len = sizeof peer;

  return uv_tcp_getpeername(tcp, (struct sockaddr *)&peer, &len) == 0 &&
         uv_ip_name((struct sockaddr *)&peer, text, sizeof text) == 0 &&
         adv_address_place(text) == ADV_PLACE_LOOPBACK;
}

static void try_next(forwarded *l);

static void on_try_closed(uv_handle_t *handle)
{
  forwarded *l = handle->data;

  l->handles--;
  if (l->broken)
    free_link(l);
  else
    try_next(l);
}

static void on_connected(uv_connect_t *request, int status)
{
  forwarded *l = request->data;
  uv_stream_t *near = (uv_stream_t *)&l->near, *far = (uv_stream_t *)&l->far;

  if (l->broken)
    return;
  if (status == 0 && l->forward->this_machine_only && !is_this_machine(&l->far))
    status = UV_EACCES;
  if (status < 0) {
    l->failure = status;
    close_far(l, on_try_closed);
    return;
  }
  uv_tcp_nodelay(&l->far, 1);
  uv_tcp_keepalive(&l->far, 1, 60);
  if (!begin_way(&l->out, l, near, far) || !begin_way(&l->back, l, far, near))
    break_off(l);
}

/* Connects to the next of the host's addresses. */
static void try_next(forwarded *l)
{
  const struct addrinfo *address = l->next;
  int rc;

  if (!address) {
    refuse(l, uv_strerror(l->failure));
    return;
  }
  l->next = address->ai_next;
  uv_tcp_init(l->forward->listener.loop, &l->far);
  l->far.data = l;
  l->far_open = true;
  l->handles++;
  rc = uv_tcp_connect(&l->connect, &l->far, address->ai_addr, on_connected);
  if (rc != 0) {
    l->failure = rc;
    close_far(l, on_try_closed);
  }
}

static void on_found(uv_getaddrinfo_t *request, int status,
                     struct addrinfo *addresses)
{
  forwarded *l = request->data;

  l->looking = false;
  l->addresses = l->next = addresses;
  l->failure = status < 0 ? status : UV_EADDRNOTAVAIL;
  if (l->broken)
    free_link(l);
  else
    try_next(l);
}

static int look_up(forwarded *l)
{
  const adv_origin *origin = &l->forward->origin;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  char host[sizeof origin->host];

  snprintf(host, sizeof host, "%s", origin->host + (*origin->host == '['));
  host[strcspn(host, "]")] = '\0';
  l->lookup.data = l;
  l->looking = true;
  if (uv_getaddrinfo(l->near.loop, &l->lookup, on_found, host, origin->port,
                     &hints) == 0)
    return 0;
  l->looking = false;
  return -1;
}

static void on_connection(uv_stream_t *listener, int status)
{
  adv_forward *f = listener->data;
  forwarded *l = status < 0 ? NULL : calloc(1, sizeof *l);

  if (!l)
    return;
  l->forward = f;
  l->connect.data = l;
  uv_pipe_init(listener->loop, &l->near, 0);
  l->near.data = l;
  l->handles = 1;
  TAILQ_INSERT_TAIL(&f->links, l, entry);
  f->count++;
  if (uv_accept(listener, (uv_stream_t *)&l->near) != 0 ||
      f->count > MOST_LINKS || look_up(l) != 0)
    break_off(l);
}

adv_status adv_forward_open(adv_forward **out, uv_loop_t *loop, const char *url,
                            const char *path, adv_buf *why)
{
  adv_forward *f = calloc(1, sizeof *f);
  adv_status st = f ? adv_origin_of(url, &f->origin) : ADV_ENOMEM;
  int rc;

  if (st != ADV_OK) {
    adv_buf_message(why, "'%s' is no URL of http or https", url);
    free(f);
    return st;
  }
  /* libuv would cut it short. */
  if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path) {
    adv_buf_message(why, "the path is too long for a socket: set TMPDIR to a "
                         "shorter one");
    free(f);
    return ADV_ELIMIT;
  }
  TAILQ_INIT(&f->links);
  f->this_machine_only =
      strcmp(f->origin.scheme, "http") == 0 &&
      adv_address_place(f->origin.host) == ADV_PLACE_LOOPBACK;
  uv_pipe_init(loop, &f->listener, 0);
  f->listener.data = f;
  rc = uv_pipe_bind(&f->listener, path);
  if (rc == 0)
    rc = uv_listen((uv_stream_t *)&f->listener, BACKLOG, on_connection);
  if (rc != 0) {
    adv_buf_message(why, "%s", uv_strerror(rc));
    adv_forward_close(f);
    return ADV_EIO;
  }
  *out = f;
  return ADV_OK;
}

unsigned adv_forward_count(const adv_forward *f)
{
  return f->count;
}

static void on_listener_closed(uv_handle_t *handle)
{
  adv_forward *f = handle->data;

  f->listener.data = NULL;
  free_forward(f);
}

void adv_forward_close(adv_forward *f)
{
  forwarded *l;

  if (!f || f->closing)
    return;
  f->closing = true;
  TAILQ_FOREACH(l, &f->links, entry)
  {
    break_off(l);
  }
  uv_close((uv_handle_t *)&f->listener, on_listener_closed);
}
