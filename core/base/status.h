/* status.h - the one list of ways in which something can go wrong.
 *
 * The names reach Lua as the third value of a failure: "ETIMEDOUT". */
#ifndef ADV_STATUS_H
#define ADV_STATUS_H

#define ADV_STATUS_MAP(X)                                   \
  X(OK, "ok")                                               \
  X(ENOMEM, "out of memory")                                \
  X(EINVAL, "invalid argument")                             \
  X(ELIMIT, "limit exceeded")                               \
  X(ENOTFOUND, "not found")                                 \
  X(EEXISTS, "already exists")                              \
  X(EBUSY, "in use by another process")                     \
  X(EVERSION, "made by another version or another program") \
  X(EPARSE, "malformed data")                               \
  X(EIO, "input/output error")                              \
  X(EFULL, "disk full")                                     \
  X(ETIMEDOUT, "timed out")                                 \
  X(ECANCELED, "canceled")                                  \
  X(ENETWORK, "network failure")                            \
  X(ENOTSENT, "not sent")                                   \
  X(EOVERLOADED, "refused by a busy server")                \
  X(EREJECTED, "rejected by the server")                    \
  X(EUNUSABLE, "paid for but unusable")                     \
  X(EUNKNOWN, "outcome unknown, possibly paid")             \
  X(EDRIFT, "differs from the recorded call")               \
  X(EPAUSED, "the run is paused")

typedef enum adv_status {
#define X(name, text) ADV_##name,
  ADV_STATUS_MAP(X)
#undef X
} adv_status;

/* On every function whose failure must not pass unseen. */
#define ADV_MUST_CHECK __attribute__((warn_unused_result))

/* "ETIMEDOUT"; static, never NULL, "EINVAL" for a value out of range. */
const char *adv_status_name(adv_status st);

/* "timed out"; static, never NULL. */
const char *adv_status_text(adv_status st);

/* "No such file or directory", for a value of errno; static, never NULL. Unlike
 * strerror(), any thread may ask. */
const char *adv_errno_text(int error);

#endif
