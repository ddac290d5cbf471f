#include "net/forward.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/route.h"

enum { MOST_CLIENTS = 64 };

/* A host that echoes, or only swallows, and the clients of a forwarder to it.
 */
typedef struct world {
  uv_loop_t loop;
  uv_tcp_t host;
  int port;
  bool deaf; /* the host accepts and does not read */
  bool
      says_first; /* the host sends a text and its end at once, then reads on */
  size_t heard;   /* bytes that the host read */
  unsigned ends;  /* of its readers */
  char folder[64], path[96], url[64];
  adv_forward *forward;
  adv_buf why;
} world;

typedef struct client {
  world *world;
  uv_pipe_t pipe;
  uv_connect_t connect;
  uv_write_t write;
  uv_shutdown_t shutdown;
  char *text;
  size_t len;
  bool half_close; /* after the text */
  adv_buf got;
  bool ended, failed, written;
  int wanted; /* the client closes itself after so many bytes */
} client;

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
  (void)handle;
  *buf = uv_buf_init(malloc(wanted), (unsigned)wanted);
}

static void free_handle(uv_handle_t *handle)
{
  free(handle);
}

typedef struct echo {
  uv_write_t write;
  char *bytes;
} echo;

static void on_echoed(uv_write_t *request, int status)
{
  (void)status;
  free(((echo *)request)->bytes);
  free(request);
}

static void answer(uv_stream_t *peer, char *bytes, size_t len)
{
  echo *e = malloc(sizeof *e);
  uv_buf_t piece = uv_buf_init(bytes, (unsigned)len);

  e->bytes = bytes;
  if (uv_write(&e->write, peer, &piece, 1, on_echoed) != 0) {
    free(bytes);
    free(e);
  }
}

static void on_host_shut(uv_shutdown_t *request, int status)
{
  (void)status;
  free(request);
}

static void on_host_read(uv_stream_t *peer, ssize_t n, const uv_buf_t *buf)
{
  world *w = peer->data;

  if (n > 0) {
    w->heard += (size_t)n;
    if (!w->says_first) {
      answer(peer, buf->base, (size_t)n);
      return;
    }
  } else if (n < 0) {
    w->ends++;
    if (!w->says_first && n == UV_EOF)
      uv_shutdown(malloc(sizeof(uv_shutdown_t)), peer, on_host_shut);
    else
      uv_close((uv_handle_t *)peer, free_handle);
  }
  free(buf->base);
}

static void on_host_connection(uv_stream_t *listener, int status)
{
  world *w = listener->data;
  uv_tcp_t *peer = malloc(sizeof *peer);

  assert_int_equal(status, 0);
  uv_tcp_init(listener->loop, peer);
  peer->data = w;
  assert_int_equal(uv_accept(listener, (uv_stream_t *)peer), 0);
  if (w->says_first) {
    answer((uv_stream_t *)peer, strdup("hello"), 5);
    uv_shutdown(malloc(sizeof(uv_shutdown_t)), (uv_stream_t *)peer,
                on_host_shut);
  }
  if (!w->deaf)
    uv_read_start((uv_stream_t *)peer, on_alloc, on_host_read);
}

static void listen_at(world *w)
{
  struct sockaddr_in address;
  struct sockaddr_storage bound;
  int len = sizeof bound;

  uv_tcp_init(&w->loop, &w->host);
  w->host.data = w;
  uv_ip4_addr("127.0.0.1", 0, &address);
  assert_int_equal(uv_tcp_bind(&w->host, (struct sockaddr *)&address, 0), 0);
  assert_int_equal(uv_listen((uv_stream_t *)&w->host, 512, on_host_connection),
                   0);
  uv_tcp_getsockname(&w->host, (struct sockaddr *)&bound, &len);
  w->port = ntohs(((struct sockaddr_in *)&bound)->sin_port);
}

static int set_up(void **state)
{
  world *w = calloc(1, sizeof *w);

  uv_loop_init(&w->loop);
  listen_at(w);
  snprintf(w->folder, sizeof w->folder, "/tmp/advisor-forward-XXXXXX");
  if (!mkdtemp(w->folder))
    return -1;
  snprintf(w->path, sizeof w->path, "%s/1.sock", w->folder);
  snprintf(w->url, sizeof w->url, "http://127.0.0.1:%d/v1", w->port);
  adv_buf_init(&w->why, 4096);
  *state = w;
  return 0;
}

static void close_any(uv_handle_t *handle, void *ud)
{
  world *w = ud;

  if (!uv_is_closing(handle))
    uv_close(handle,
             handle == (uv_handle_t *)&w->host || handle->type == UV_NAMED_PIPE
                 ? NULL
                 : free_handle);
}

static int tear_down(void **state)
{
  world *w = *state;

  adv_forward_close(w->forward);
  for (int i = 0; i < 50; i++)
    uv_run(&w->loop, UV_RUN_NOWAIT);
  uv_walk(&w->loop, close_any, w);
  uv_run(&w->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&w->loop), 0);
  assert_int_not_equal(access(w->path, F_OK), 0);
  assert_int_equal(rmdir(w->folder), 0);
  adv_buf_free(&w->why);
  free(w);
  return 0;
}

static void on_client_closed(uv_handle_t *handle)
{
  client *c = handle->data;

  c->ended = true;
}

static void on_client_read(uv_stream_t *pipe, ssize_t n, const uv_buf_t *buf)
{
  client *c = pipe->data;

  if (n > 0)
    assert_int_equal(adv_buf_append(&c->got, buf->base, (size_t)n), ADV_OK);
  free(buf->base);
  if (n < 0 || (c->wanted && c->got.len >= (size_t)c->wanted)) {
    c->failed = n < 0 && n != UV_EOF;
    uv_close((uv_handle_t *)pipe, on_client_closed);
  }
}

static void on_client_shut(uv_shutdown_t *request, int status)
{
  (void)request, (void)status;
}

static void on_client_written(uv_write_t *request, int status)
{
  client *c = request->data;

  c->written = status == 0;
  if (status == 0 && c->half_close)
    uv_shutdown(&c->shutdown, (uv_stream_t *)&c->pipe, on_client_shut);
}

static void on_client_connected(uv_connect_t *request, int status)
{
  client *c = request->data;
  uv_buf_t piece = uv_buf_init(c->text, (unsigned)c->len);

  assert_int_equal(status, 0);
  uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_client_read);
  c->write.data = c;
  uv_write(&c->write, (uv_stream_t *)&c->pipe, &piece, 1, on_client_written);
}

static client *begin(world *w, char *text, size_t len, bool half_close)
{
  client *c = calloc(1, sizeof *c);

  c->world = w;
  c->text = text;
  c->len = len;
  c->half_close = half_close;
  adv_buf_init(&c->got, 64 << 20);
  uv_pipe_init(&w->loop, &c->pipe, 0);
  c->pipe.data = c->connect.data = c;
  uv_pipe_connect(&c->connect, &c->pipe, w->path, on_client_connected);
  return c;
}

static void end(client *c)
{
  adv_buf_free(&c->got);
  free(c);
}

static void open_forward(world *w)
{
  assert_int_equal(
      adv_forward_open(&w->forward, &w->loop, w->url, w->path, &w->why),
      ADV_OK);
}

static void run_until_ended(world *w, client **clients, int count)
{
  for (int i = 0; i < count; i++)
    while (!clients[i]->ended)
      uv_run(&w->loop, UV_RUN_ONCE);
}

static void test_passes_bytes_and_ends_both_ways(void **state)
{
  world *w = *state;
  client *c;

  open_forward(w);
  c = begin(w, "as it is\0\r\n", 11, true);
  run_until_ended(w, &c, 1);
  assert_false(c->failed);
  assert_int_equal(c->got.len, 11);
  assert_memory_equal(c->got.data, "as it is\0\r\n", 11);
  while (adv_forward_count(w->forward) > 0)
    uv_run(&w->loop, UV_RUN_ONCE);
  end(c);
}

static void test_a_host_that_has_ended_is_still_written_to(void **state)
{
  world *w = *state;
  client *c;

  w->says_first = true;
  open_forward(w);
  c = begin(w, "said after the end", 18, true);
  run_until_ended(w, &c, 1);
  assert_memory_equal(c->got.data, "hello", 5);
  while (w->ends == 0)
    uv_run(&w->loop, UV_RUN_ONCE);
  assert_int_equal(w->heard, 18);
  end(c);
}

static void test_many_at_once_with_much_each(void **state)
{
  world *w = *state;
  client *clients[MOST_CLIENTS];
  size_t len = 1 << 20;
  char *text = malloc(len);

  for (size_t i = 0; i < len; i++)
    text[i] = (char)(i * 31 >> 3);
  open_forward(w);
  for (int i = 0; i < MOST_CLIENTS; i++)
    clients[i] = begin(w, text, len - (size_t)i, true);
  run_until_ended(w, clients, MOST_CLIENTS);
  for (int i = 0; i < MOST_CLIENTS; i++) {
    assert_false(clients[i]->failed);
    assert_int_equal(clients[i]->got.len, len - (size_t)i);
    assert_memory_equal(clients[i]->got.data, text, len - (size_t)i);
    end(clients[i]);
  }
  free(text);
}

/* What is not read by the host stays with the client: it is not taken in. */
static void test_a_slow_host_holds_the_client_up(void **state)
{
  world *w = *state;
  size_t len = 32 << 20;
  char *text = calloc(1, len);
  client *c;

  w->deaf = true;
  open_forward(w);
  c = begin(w, text, len, false);
  for (int i = 0; i < 2000; i++)
    uv_run(&w->loop, UV_RUN_NOWAIT);
  assert_false(c->written);
  assert_int_equal(adv_forward_count(w->forward), 1);
  adv_forward_close(w->forward);
  w->forward = NULL;
  run_until_ended(w, &c, 1);
  free(text);
  end(c);
}

static void test_answers_as_a_gateway_where_nobody_listens(void **state)
{
  world *w = *state;
  client *c;

  uv_close((uv_handle_t *)&w->host, NULL);
  uv_run(&w->loop, UV_RUN_NOWAIT);
  open_forward(w);
  c = begin(w, "POST /v1 HTTP/1.1\r\n\r\n", 21, true);
  run_until_ended(w, &c, 1);
  assert_int_equal(adv_buf_append(&c->got, "", 1), ADV_OK);
  assert_memory_equal(c->got.data, "HTTP/1.1 502 Bad Gateway\r\n", 26);
  assert_non_null(strstr(c->got.data, "connection refused"));
  end(c);
}

static void test_says_nothing_within_tls(void **state)
{
  world *w = *state;
  client *c;

  uv_close((uv_handle_t *)&w->host, NULL);
  uv_run(&w->loop, UV_RUN_NOWAIT);
  snprintf(w->url, sizeof w->url, "https://127.0.0.1:%d", w->port);
  open_forward(w);
  c = begin(w, "hello", 5, false);
  run_until_ended(w, &c, 1);
  assert_int_equal(c->got.len, 0);
  end(c);
}

static void test_refuses_what_it_cannot_listen_at(void **state)
{
  world *w = *state;
  char ftp[] = "ftp://host/", file[] = "file:///etc/passwd", none[] = "host";
  char *urls[] = {ftp, file, none};
  char long_path[200] = "";

  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    assert_int_equal(
        adv_forward_open(&w->forward, &w->loop, urls[i], w->path, &w->why),
        ADV_EINVAL);
    assert_null(w->forward);
  }
  assert_int_equal(adv_forward_open(&w->forward, &w->loop, w->url,
                                    "/no/such/folder/1.sock", &w->why),
                   ADV_EIO);
  memset(long_path, 'x', sizeof long_path - 1);
  assert_int_equal(
      adv_forward_open(&w->forward, &w->loop, w->url, long_path, &w->why),
      ADV_ELIMIT);
}

static void check_origin(const char *url, const char *expected)
{
  adv_origin origin;
  char text[ADV_ORIGIN_MAX];

  if (!expected) {
    assert_int_not_equal(adv_origin_of(url, &origin), ADV_OK);
    return;
  }
  assert_int_equal(adv_origin_of(url, &origin), ADV_OK);
  adv_origin_text(&origin, text);
  assert_string_equal(text, expected);
}

static void test_origins_are_read_as_libcurl_does(void **state)
{
  (void)state;
  check_origin("https://Host.Example/v1", "https://host.example:443");
  check_origin("HTTP://127.0.0.1:8080", "http://127.0.0.1:8080");
  check_origin("http://[::1]:81/x", "http://[::1]:81");
  check_origin("http://good@evil.example/", "http://evil.example:80");
  check_origin("http://good.example\\@evil.example/", "http://evil.example:80");
  check_origin("http://", NULL);
  check_origin("gopher://host/", NULL);
}

static void test_routes_hold_for_their_origin_only(void **state)
{
  char long_path[200];

  (void)state;
  assert_null(adv_route_find("http://a.example/v1"));
  assert_int_equal(adv_route_add("http://a.example", "/run/1"), ADV_OK);
  assert_int_equal(adv_route_add("https://a.example", "/run/2"), ADV_OK);
  assert_string_equal(adv_route_find("http://A.example:80/v1/x"), "/run/1");
  assert_string_equal(adv_route_find("https://a.example/"), "/run/2");
  assert_null(adv_route_find("http://a.example:81/"));
  assert_null(adv_route_find("http://a.example.evil.example/"));
  assert_null(adv_route_find("http://a.example@evil.example/"));
  assert_int_equal(adv_route_add("https://a.example", "/run/3"), ADV_OK);
  assert_string_equal(adv_route_find("https://a.example/"), "/run/3");
  memset(long_path, 'x', sizeof long_path - 1);
  long_path[sizeof long_path - 1] = '\0';
  assert_int_equal(adv_route_add("https://b.example", long_path), ADV_ELIMIT);
  adv_route_clear();
  assert_null(adv_route_find("https://a.example/"));
}

int main(void)
{
#define WITH_WORLD(test) \
  cmocka_unit_test_setup_teardown(test, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      WITH_WORLD(test_passes_bytes_and_ends_both_ways),
      WITH_WORLD(test_a_host_that_has_ended_is_still_written_to),
      WITH_WORLD(test_many_at_once_with_much_each),
      WITH_WORLD(test_a_slow_host_holds_the_client_up),
      WITH_WORLD(test_answers_as_a_gateway_where_nobody_listens),
      WITH_WORLD(test_says_nothing_within_tls),
      WITH_WORLD(test_refuses_what_it_cannot_listen_at),
      cmocka_unit_test(test_origins_are_read_as_libcurl_does),
      cmocka_unit_test(test_routes_hold_for_their_origin_only),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
