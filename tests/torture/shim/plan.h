/* plan.h - which operation of the process fails, and how.
 *
 * $ADVISOR_FAIL is KIND:N[:HOW][:WHEN].
 *   KIND  malloc (all that is neither Lua's nor SQLite's), lua, sqlite: memory;
 *         open, read, write, sync, truncate, move, map: files below the
 *         current folder; change: whatever changes a file or a folder there
 *   N     the first is 1
 *   HOW   EIO (also the default), ENOSPC, EINTR, ENOMEM, EMFILE; short: half of
 *         a read or a write is done; kill, killed, torn (change only): the
 *         process is killed before it, after it, or with half of it done
 *   WHEN  once (the default), twice (the next one as well, which is Lua's
 *         second try), on (all from the Nth)
 *
 * The counters lie in the file $ADVISOR_TORTURE, shared, so that they outlive
 * the process. All variables are taken out of the environment at start, so that
 * the program's own children are left in peace. */
#ifndef TORTURE_PLAN_H
#define TORTURE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

typedef enum kind {
  K_MALLOC,
  K_LUA,
  K_SQLITE,
  K_OPEN,
  K_READ,
  K_WRITE,
  K_SYNC,
  K_TRUNCATE,
  K_MOVE,
  K_MAP,
  K_CHANGE,
  KINDS
} kind;

/* Not an errno. */
enum { SHORT = -1 };

/* What the driver reads; campaign.py knows the layout. */
typedef struct counters {
  uint64_t seen[KINDS];
  uint64_t failed; /* how often an operation was made to fail */
} counters;

/* Counts one operation. 0: it is to be done; SHORT: half of it; otherwise the
 * errno it fails with. */
int plan_next(kind k);

/* Counts one operation that changes a file or a folder, and kills the process
 * where the plan says so. True: half of it is to be done, then
 * plan_kill(). */
bool plan_change(void);

/* After such an operation: kills the process where the plan says so. */
void plan_changed(void);

_Noreturn void plan_kill(void);

/* Whether syncs are left out, since no test pulls a plug. */
bool plan_without_sync(void);

/* The thread is inside of the shim: its own operations do not count. */
extern __thread int plan_inside;

/* The next definition of `name`, after this library's own. */
void *plan_real(const char *name);

/* Notes where the memory of kind `k` is asked for, if that is wanted. */
void plan_site(kind k, uint64_t n);

#endif
