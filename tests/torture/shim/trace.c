#include "trace.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "plan.h"

static int out = -1;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

void trace_begin(const char *path)
{
  out = (int)syscall(SYS_openat, AT_FDCWD, path,
                     O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

void trace_lock(void)
{
  if (out >= 0)
    pthread_mutex_lock(&mutex);
}

void trace_unlock(void)
{
  if (out >= 0)
    pthread_mutex_unlock(&mutex);
}

void trace_add(event e, int fd, int64_t offset, const void *bytes, size_t len)
{
  head h = {e, fd, offset, len};
  struct iovec parts[2] = {{&h, sizeof h}, {(void *)bytes, len}};

  if (out >= 0)
    syscall(SYS_writev, out, parts, 2);
}

void trace_path(event e, int fd, const char *path)
{
  trace_add(e, fd, 0, path, strlen(path));
}

/* The program has it from SQLite that a transaction is on disk. */
int sqlite3_step(sqlite3_stmt *statement)
{
  static int (*step)(sqlite3_stmt *);
  const char *sql;
  int rc;

  if (!step)
    step = (int (*)(sqlite3_stmt *))plan_real("sqlite3_step");
  rc = step(statement);
  if (out < 0 || rc != SQLITE_DONE)
    return rc;
  sql = sqlite3_sql(statement);
  if (sql && strcmp(sql, "COMMIT") == 0) {
    trace_lock();
    trace_add(T_COMMIT, -1, 0, NULL, 0);
    trace_unlock();
  }
  return rc;
}
