#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/folder.h"

enum { HOST_MAX = 64, OWNER_MAX = 96 }; /* "4194304 host\n" */

/* How often, and how long apart, somebody who has just taken the lock is given
 * time to write his name. */
enum { LOOKS = 20, LOOK_US = 10000 };

typedef struct owner {
  int pid; /* 0: the file does not tell */
  char host[HOST_MAX + 1];
} owner;

/* The file is foreign input: only a process id and a plain host name are
 * believed. */
static owner read_owner(int fd)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  char bytes[OWNER_MAX + 1] = "";
  ssize_t len = pread(fd, bytes, OWNER_MAX, 0);
  char *host = bytes;
  long pid = len > 0 ? strtol(bytes, &host, 10) : 0;
  size_t host_len = 0;
  owner o = {0};

  if (*host == ' ')
    host_len = strspn(++host, plain);
  if (pid <= 0 || pid > INT_MAX || host_len == 0 || host_len > HOST_MAX ||
      strcmp(host + host_len, "\n") != 0)
    return o;
  o.pid = (int)pid;
  memcpy(o.host, host, host_len);
  return o;
}

static void this_host(char host[HOST_MAX + 1])
{
  memset(host, 0, HOST_MAX + 1);
  if (gethostname(host, HOST_MAX) != 0 || !host[0])
    snprintf(host, HOST_MAX + 1, "unknown");
}

/* Whether a process of this host is named that has ended. */
static bool is_gone(const owner *o)
{
  char host[HOST_MAX + 1];

  this_host(host);
  return o->pid > 0 && strcmp(o->host, host) == 0 && kill(o->pid, 0) != 0 &&
         errno == ESRCH;
}

/* Between taking the lock and writing his name, the file still has the name of
 * somebody who was killed, or none. */
static void describe_owner(int fd, const char *folder, adv_buf *why)
{
  owner o = read_owner(fd);

  for (int i = 1; i < LOOKS && (o.pid == 0 || is_gone(&o)); i++) {
    usleep(LOOK_US);
    o = read_owner(fd);
  }
  if (is_gone(&o))
    adv_buf_message(why,
                    "%s is in use: process %d on host %s has ended, but a "
                    "process that it started still holds the lock",
                    folder, o.pid, o.host);
  else if (o.pid > 0)
    adv_buf_message(why, "%s is in use by process %d on host %s", folder, o.pid,
                    o.host);
  else
    adv_buf_message(why, "%s is in use by another process", folder);
  adv_buf_message(why, "; wait until it ends, or stop it");
}

/* Only for the eyes of whoever finds the lock taken, so that failing to write
 * it fails nothing. */
static void write_owner(int fd)
{
  char host[HOST_MAX + 1];
  char bytes[OWNER_MAX + 1];
  int len;

  this_host(host);
  len = snprintf(bytes, sizeof bytes, "%d %s\n", (int)getpid(), host);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, bytes, (size_t)len, 0) != len)
    return;
}

adv_status adv_lock_take(int *lock, const char *folder, adv_buf *why)
{
  char *path = adv_folder_path(folder, "run.lock");
  adv_status st = ADV_OK;
  int fd = -1;

  *lock = -1;
  if (!path)
    return ADV_ENOMEM;
  fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    st = adv_folder_status(errno);
    adv_buf_message(why, "cannot open %s: %s", path, adv_errno_text(errno));
    goto out;
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    st = errno == EWOULDBLOCK ? ADV_EBUSY : ADV_EIO;
    if (st == ADV_EBUSY)
      describe_owner(fd, folder, why);
    else
      adv_buf_message(why, "cannot lock %s: %s; use a local disk", path,
                      adv_errno_text(errno));
    goto out;
  }
  write_owner(fd);
  *lock = fd;
  fd = -1;
out:
  if (fd >= 0)
    close(fd);
  free(path);
  return st;
}

void adv_lock_release(int lock)
{
  if (lock >= 0)
    close(lock);
}
