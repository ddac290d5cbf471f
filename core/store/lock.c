#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/folder.h"

enum { HOST_MAX = 64, OWNER_MAX = 96 }; /* "4194304 host\n" */

/* The file is foreign input: only a process id and a plain host name are
 * believed. */
static void describe_owner(int fd, const char *folder, adv_buf *why)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  char owner[OWNER_MAX + 1] = "";
  char host[HOST_MAX + 1] = "";
  ssize_t len = pread(fd, owner, OWNER_MAX, 0);
  int pid = 0;

  if (len > 0 && sscanf(owner, "%d %64s", &pid, host) == 2 && pid > 0 &&
      host[strspn(host, plain)] == '\0')
    adv_buf_message(why, "%s is in use by process %d on host %s", folder, pid,
                    host);
  else
    adv_buf_message(why, "%s is in use by another process", folder);
  adv_buf_message(why, "; wait until it ends, or stop it");
}

/* Only for the eyes of whoever finds the lock taken, so that failing to write
 * it fails nothing. */
static void write_owner(int fd)
{
  char host[HOST_MAX + 1] = "";
  char owner[OWNER_MAX + 1];
  int len;

  if (gethostname(host, HOST_MAX) != 0 || !host[0])
    strcpy(host, "unknown");
  len = snprintf(owner, sizeof owner, "%d %s\n", (int)getpid(), host);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, owner, (size_t)len, 0) != len)
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
    adv_buf_message(why, "cannot open %s: %s", path, strerror(errno));
    goto out;
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    st = errno == EWOULDBLOCK ? ADV_EBUSY : ADV_EIO;
    if (st == ADV_EBUSY)
      describe_owner(fd, folder, why);
    else
      adv_buf_message(why, "cannot lock %s: %s; use a local disk", path,
                      strerror(errno));
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
