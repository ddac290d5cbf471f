/* trace.h - what the process does to files, in order, for power.py.
 *
 * Each entry is a head and its bytes, in the file $ADVISOR_TRACE. */
#ifndef TORTURE_TRACE_H
#define TORTURE_TRACE_H

#include <stdint.h>
#include <sys/types.h>

typedef enum event {
  T_OPEN = 1,     /* fd, bytes: path; offset: 1 if it is a folder */
  T_CLOSE = 2,    /* fd */
  T_WRITE = 3,    /* fd, offset, bytes */
  T_TRUNCATE = 4, /* fd, offset: the new length */
  T_SYNC = 5,     /* fd */
  T_RENAME = 6,   /* bytes: from, NUL, to */
  T_UNLINK = 7,   /* bytes: path */
  T_MKDIR = 8,    /* bytes: path */
  T_COMMIT = 9,   /* SQLite has said that a transaction is committed */
} event;

typedef struct head {
  uint32_t event;
  int32_t fd;
  int64_t offset;
  uint64_t len;
} head;

void trace_begin(const char *path);

/* Around an operation, so that entries are in the order of the operations. */
void trace_lock(void);
void trace_unlock(void);

/* Between the two. */
void trace_add(event e, int fd, int64_t offset, const void *bytes, size_t len);
void trace_path(event e, int fd, const char *path);

#endif
