/* lock.h - one writer per run folder: flock() on FOLDER/run.lock.
 *
 * The kernel gives the lock back when the last descriptor of it is closed,
 * however the process ends. A child that inherits the descriptor therefore
 * keeps the lock after its parent is gone: it is opened close-on-exec, and a
 * child that does not exec must close it or end first. The file itself stays,
 * since removing it would let two processes lock two files of one name. */
#ifndef ADV_LOCK_H
#define ADV_LOCK_H

#include "base/buf.h"
#include "base/status.h"

/* Never waits for the lock. Writes the process id and the host's name into the
 * file. On success *lock is a descriptor for adv_lock_release(); otherwise it
 * is -1 and *why gets the reason: ADV_EBUSY names the process that has the
 * lock, for whose name it waits 0.2 s at most where the file does not tell it
 * yet. */
ADV_MUST_CHECK adv_status adv_lock_take(int *lock, const char *folder,
                                        adv_buf *why);

/* -1 is fine. */
void adv_lock_release(int lock);

#endif
