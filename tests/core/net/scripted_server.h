/* scripted_server.h - a small HTTP server in threads, for tests: what it does
 * with a request is told by the request's path. Counts what it has read. */
#ifndef SCRIPTED_SERVER_H
#define SCRIPTED_SERVER_H

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SERVER_CONNECTIONS = 128, SERVER_REQUEST_MAX = 4 << 20 };

typedef struct server server;

typedef struct connection {
  server *owner;
  int fd;
  pthread_t thread;
} connection;

struct server {
  int fd;
  int port;
  pthread_t thread;
  connection connections[SERVER_CONNECTIONS];
  atomic_int accepted;
  atomic_int requests; /* read in full */
};

static inline void server_pause(int ms)
{
  struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};

  nanosleep(&t, NULL);
}

static inline bool server_say(int fd, const char *text, size_t len)
{
  while (len > 0) {
    ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

    if (n <= 0)
      return false;
    text += n;
    len -= (size_t)n;
  }
  return true;
}

static inline bool server_reply(int fd, const char *text)
{
  return server_say(fd, text, strlen(text));
}

static inline void server_wait_for_close(int fd)
{
  char byte;

  while (recv(fd, &byte, 1, 0) > 0)
    ;
}

/* Reads one request; its length, or 0 if there is none. */
static inline size_t server_read(int fd, char *text)
{
  size_t len = 0, body = 0;
  char *end = NULL;

  while (len < SERVER_REQUEST_MAX) {
    ssize_t n = recv(fd, text + len, SERVER_REQUEST_MAX - len, 0);

    if (n <= 0)
      return 0;
    len += (size_t)n;
    text[len] = '\0';
    if (!end && (end = strstr(text, "\r\n\r\n"))) {
      const char *length = strcasestr(text, "\r\nContent-Length:");

      if (length && length < end)
        body = strtoul(length + 17, NULL, 10);
    }
    if (end && len >= (size_t)(end + 4 - text) + body)
      return len;
  }
  return 0;
}

/* The request comes back as the body. */
static inline bool server_echo(int fd, const char *request, size_t len)
{
  char head[128];

  snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
           len);
  return server_reply(fd, head) && server_say(fd, request, len);
}

static inline bool server_drip(int fd)
{
  bool on =
      server_reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n");

  for (int i = 0; on && i < 500; i++) {
    on = server_reply(fd, ".");
    server_pause(10);
  }
  return false;
}

/* A long page, as a gateway shows it. */
static inline bool server_page(int fd)
{
  static char page[10000];

  memset(page, '<', sizeof(page));
  return server_reply(fd, "HTTP/1.1 502 Bad Gateway\r\n"
                          "Content-Type: text/html; charset=utf-8\r\n"
                          "Content-Length: 10000\r\n\r\n") &&
         server_say(fd, page, sizeof(page));
}

/* Begins an answer and says no more. */
static inline void server_halfway(int fd)
{
  if (server_reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart"))
    server_wait_for_close(fd);
}

/* True: the connection is kept. */
static inline bool server_answer(int fd, const char *request, size_t len)
{
  const char *path = strchr(request, ' ');
  char name[64];
  struct linger reset = {1, 0};

  if (!path || sscanf(path, " %63[^ ?]", name) != 1)
    return false;
  if (strcmp(name, "/ok") == 0)
    return server_reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                            "Set-Cookie: no\r\nX-Request-ID: r1\r\n"
                            "Retry-After: 7\r\n\r\nhello");
  if (strcmp(name, "/chunked") == 0)
    return server_reply(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                            "\r\n5\r\nhello\r\n") &&
           (server_pause(10), server_reply(fd, "7\r\n, world\r\n0\r\n\r\n"));
  if (strcmp(name, "/provisional") == 0)
    return server_reply(fd, "HTTP/1.1 103 Early Hints\r\nServer: first\r\n\r\n"
                            "HTTP/1.1 201 Made\r\nCF-Ray: second\r\n"
                            "Content-Length: 0\r\n\r\n");
  if (strcmp(name, "/redirect") == 0)
    return server_reply(fd, "HTTP/1.1 302 Found\r\nLocation: /ok\r\n"
                            "Content-Length: 0\r\n\r\n");
  if (strcmp(name, "/error") == 0)
    return server_reply(fd, "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\n"
                            "oops");
  if (strcmp(name, "/page") == 0)
    return server_page(fd);
  if (strncmp(name, "/slow", 5) == 0) {
    server_pause(strcmp(name, "/slower") == 0 ? 110 : 60);
    return server_reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow");
  }
  if (strcmp(name, "/refuse") == 0) {
    server_pause(20);
    server_reply(fd, "HTTP/1.1 413 Too much\r\nContent-Length: 2\r\n\r\nno");
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    server_pause(20);
    return false;
  }
  if (strcmp(name, "/truncated") == 0)
    server_reply(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
  else if (strcmp(name, "/halfway") == 0)
    server_halfway(fd);
  else if (strcmp(name, "/drip") == 0)
    server_drip(fd);
  else if (strcmp(name, "/silent") == 0)
    server_wait_for_close(fd);
  else if (strcmp(name, "/reset") == 0)
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  else if (strcmp(name, "/close") != 0)
    return server_echo(fd, request, len);
  return false;
}

static inline void *server_serve(void *ud)
{
  connection *c = ud;
  char *text = malloc(SERVER_REQUEST_MAX + 1);
  size_t len;

  while (text && (len = server_read(c->fd, text)) > 0) {
    atomic_fetch_add(&c->owner->requests, 1);
    if (!server_answer(c->fd, text, len))
      break;
  }
  free(text);
  close(c->fd);
  return NULL;
}

static inline void *server_accept(void *ud)
{
  server *s = ud;

  for (int i = 0; i < SERVER_CONNECTIONS; i++) {
    connection *c = &s->connections[i];

    c->owner = s;
    c->fd = accept(s->fd, NULL, NULL);
    if (c->fd < 0 || pthread_create(&c->thread, NULL, server_serve, c) != 0)
      break;
    atomic_fetch_add(&s->accepted, 1);
  }
  return NULL;
}

/* Listens on `host` (host byte order) at a free port. */
static inline server *server_start(uint32_t host)
{
  server *s = calloc(1, sizeof(*s));
  struct sockaddr_in a = {.sin_family = AF_INET,
                          .sin_addr.s_addr = htonl(host)};
  socklen_t len = sizeof(a);

  if (!s)
    abort();
  s->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(s->fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
      listen(s->fd, 64) != 0 ||
      getsockname(s->fd, (struct sockaddr *)&a, &len) != 0 ||
      pthread_create(&s->thread, NULL, server_accept, s) != 0)
    abort();
  s->port = ntohs(a.sin_port);
  return s;
}

/* Every client must have closed its connections. */
static inline void server_stop(server *s)
{
  shutdown(s->fd, SHUT_RDWR);
  pthread_join(s->thread, NULL);
  close(s->fd);
  for (int i = 0; i < atomic_load(&s->accepted); i++)
    pthread_join(s->connections[i].thread, NULL);
  free(s);
}

#endif
