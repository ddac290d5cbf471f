/* Files and folders below the current folder of the process. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "plan.h"
#include "trace.h"

enum { MOST_FILES = 4096 };
static bool watched[MOST_FILES]; /* by descriptor */

#define REAL(result, name, ...)       \
  static result (*real)(__VA_ARGS__); \
  if (!real)                          \
  real = (result(*)(__VA_ARGS__))plan_real(name)

/* Whether a path is one below the current folder. The folder's name is taken
 * once; the program does not change it. */
static bool is_ours(const char *path)
{
  static char here[4096];
  static size_t len;

  if (path[0] != '/')
    return true;
  if (!len) {
    if (!getcwd(here, sizeof here))
      return false;
    len = strlen(here);
  }
  return strncmp(path, here, len) == 0 && path[len] == '/';
}

static bool is_watched(int fd)
{
  return fd >= 0 && fd < MOST_FILES && watched[fd];
}

static bool fails(kind k)
{
  int error = plan_inside ? 0 : plan_next(k);

  if (error)
    errno = error == SHORT ? EIO : error;
  return error != 0;
}

/* How much of a read or a write is to be done; -1: nothing, and errno says
 * why. */
static ssize_t portion(kind k, size_t size)
{
  int error = plan_inside ? 0 : plan_next(k);

  if (error == SHORT && size > 1)
    return (ssize_t)(size / 2);
  if (error && error != SHORT) {
    errno = error;
    return -1;
  }
  return (ssize_t)size;
}

static int open_file(const char *path, int flags, mode_t mode)
{
  REAL(int, "open64", const char *, int, ...);
  bool ours = is_ours(path), makes = ours && (flags & (O_CREAT | O_TRUNC));
  int fd;

  if (ours && fails(K_OPEN))
    return -1;
  if (makes)
    plan_change();
  trace_lock();
  fd = real(path, flags, mode);
  if (fd >= 0 && fd < MOST_FILES) {
    struct stat info;

    watched[fd] = ours;
    if (ours && fstat(fd, &info) == 0)
      trace_add(T_OPEN, fd, S_ISDIR(info.st_mode), path, strlen(path));
    if (ours && (flags & O_TRUNC))
      trace_add(T_TRUNCATE, fd, 0, NULL, 0);
  }
  trace_unlock();
  if (makes)
    plan_changed();
  return fd;
}

int open64(const char *path, int flags, ...)
{
  va_list rest;
  mode_t mode;

  va_start(rest, flags);
  mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_file(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
  va_list rest;
  mode_t mode;

  va_start(rest, flags);
  mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_file(path, flags, mode);
}

int close(int fd)
{
  REAL(int, "close", int);

  if (!is_watched(fd))
    return real(fd);
  trace_lock();
  watched[fd] = false;
  trace_add(T_CLOSE, fd, 0, NULL, 0);
  trace_unlock();
  return real(fd);
}

/* --- reading -------------------------------------------------------------- */

ssize_t read(int fd, void *to, size_t size)
{
  REAL(ssize_t, "read", int, void *, size_t);
  ssize_t some = is_watched(fd) ? portion(K_READ, size) : (ssize_t)size;

  return some < 0 ? -1 : real(fd, to, (size_t)some);
}

ssize_t pread64(int fd, void *to, size_t size, off_t at)
{
  REAL(ssize_t, "pread64", int, void *, size_t, off_t);
  ssize_t some = is_watched(fd) ? portion(K_READ, size) : (ssize_t)size;

  return some < 0 ? -1 : real(fd, to, (size_t)some, at);
}

ssize_t pread(int fd, void *to, size_t size, off_t at)
{
  return pread64(fd, to, size, at);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd,
             off_t offset)
{
  REAL(void *, "mmap64", void *, size_t, int, int, int, off_t);

  if (is_watched(fd) && fails(K_MAP))
    return MAP_FAILED;
  return real(at, size, protection, flags, fd, offset);
}

/* --- writing -------------------------------------------------------------- */

ssize_t pwrite64(int fd, const void *from, size_t size, off_t at)
{
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off_t);
  ssize_t some, done;
  bool torn;

  if (!is_watched(fd))
    return real(fd, from, size, at);
  some = portion(K_WRITE, size);
  if (some < 0)
    return -1;
  torn = plan_change();
  trace_lock();
  done = real(fd, from, torn ? size / 2 : (size_t)some, at);
  if (done > 0)
    trace_add(T_WRITE, fd, at, from, (size_t)done);
  trace_unlock();
  if (torn)
    plan_kill();
  plan_changed();
  return done;
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
  return pwrite64(fd, from, size, at);
}

/* Where a plain write goes is known before it is done. */
ssize_t write(int fd, const void *from, size_t size)
{
  REAL(ssize_t, "write", int, const void *, size_t);
  off_t at;
  int flags;

  if (!is_watched(fd))
    return real(fd, from, size);
  flags = fcntl(fd, F_GETFL);
  at = lseek(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
  if (at >= 0) {
    ssize_t done = pwrite64(fd, from, size, at);

    if (done > 0)
      lseek(fd, at + done, SEEK_SET);
    return done;
  }
  return real(fd, from, size);
}

int ftruncate64(int fd, off_t len)
{
  REAL(int, "ftruncate64", int, off_t);
  int rc;

  if (!is_watched(fd))
    return real(fd, len);
  if (fails(K_TRUNCATE))
    return -1;
  plan_change();
  trace_lock();
  rc = real(fd, len);
  if (rc == 0)
    trace_add(T_TRUNCATE, fd, len, NULL, 0);
  trace_unlock();
  plan_changed();
  return rc;
}

int ftruncate(int fd, off_t len)
{
  return ftruncate64(fd, len);
}

static int sync_file(int fd, int (*real)(int))
{
  int rc = 0;

  if (!is_watched(fd))
    return real(fd);
  if (fails(K_SYNC))
    return -1;
  plan_change();
  trace_lock();
  if (!plan_without_sync())
    rc = real(fd);
  if (rc == 0)
    trace_add(T_SYNC, fd, 0, NULL, 0);
  trace_unlock();
  plan_changed();
  return rc;
}

int fsync(int fd)
{
  REAL(int, "fsync", int);

  return sync_file(fd, real);
}

int fdatasync(int fd)
{
  REAL(int, "fdatasync", int);

  return sync_file(fd, real);
}

/* --- folders -------------------------------------------------------------- */

int rename(const char *from, const char *to)
{
  REAL(int, "rename", const char *, const char *);
  char both[8192];
  int rc, len;

  if (!is_ours(to))
    return real(from, to);
  if (fails(K_MOVE))
    return -1;
  plan_change();
  trace_lock();
  rc = real(from, to);
  len = snprintf(both, sizeof both, "%s%c%s", from, 0, to);
  if (rc == 0)
    trace_add(T_RENAME, -1, 0, both, (size_t)len);
  trace_unlock();
  plan_changed();
  return rc;
}

static int change_path(const char *path, event e, int (*real)(const char *))
{
  int rc;

  if (!is_ours(path))
    return real(path);
  if (fails(K_MOVE))
    return -1;
  plan_change();
  trace_lock();
  rc = real(path);
  if (rc == 0)
    trace_path(e, -1, path);
  trace_unlock();
  plan_changed();
  return rc;
}

int unlink(const char *path)
{
  REAL(int, "unlink", const char *);

  return change_path(path, T_UNLINK, real);
}

int rmdir(const char *path)
{
  REAL(int, "rmdir", const char *);

  return change_path(path, T_UNLINK, real);
}

int remove(const char *path)
{
  REAL(int, "remove", const char *);

  return change_path(path, T_UNLINK, real);
}

int mkdir(const char *path, mode_t mode)
{
  REAL(int, "mkdir", const char *, mode_t);
  int rc;

  if (!is_ours(path))
    return real(path, mode);
  if (fails(K_MOVE))
    return -1;
  plan_change();
  trace_lock();
  rc = real(path, mode);
  if (rc == 0)
    trace_path(T_MKDIR, -1, path);
  trace_unlock();
  plan_changed();
  return rc;
}

/* --- streams -------------------------------------------------------------- */

/* The C library's streams call its own functions, not these; a stream of one's
 * own does. */

static ssize_t stream_read(void *cookie, char *to, size_t size)
{
  return read((int)(intptr_t)cookie, to, size);
}

static ssize_t stream_write(void *cookie, const char *from, size_t size)
{
  ssize_t done = write((int)(intptr_t)cookie, from, size);

  return done < 0 ? 0 : done; /* an error of these streams is 0 */
}

static int stream_seek(void *cookie, off64_t *offset, int whence)
{
  off_t at = lseek((int)(intptr_t)cookie, *offset, whence);

  *offset = at;
  return at < 0 ? -1 : 0;
}

static int stream_close(void *cookie)
{
  return close((int)(intptr_t)cookie);
}

FILE *fopen64(const char *path, const char *mode)
{
  REAL(FILE *, "fopen64", const char *, const char *);
  static const cookie_io_functions_t functions = {stream_read, stream_write,
                                                  stream_seek, stream_close};
  int flags = O_RDONLY, fd;
  FILE *stream;

  if (!is_ours(path) || plan_inside) {
    /* Lua takes a module whose file finds no memory for one that is missing. */
    plan_inside++;
    stream = real(path, mode);
    plan_inside--;
    return stream;
  }
  if (mode[0] != 'r')
    flags = O_WRONLY | O_CREAT | (mode[0] == 'a' ? O_APPEND : O_TRUNC);
  if (strchr(mode, '+'))
    flags = (flags & ~O_WRONLY) | O_RDWR;
  fd = open_file(path, flags | O_CLOEXEC, 0666);
  if (fd < 0)
    return NULL;
  stream = fopencookie((void *)(intptr_t)fd, mode, functions);
  if (!stream)
    close(fd);
  return stream;
}

FILE *fopen(const char *path, const char *mode)
{
  return fopen64(path, mode);
}
