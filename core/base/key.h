/* key.h - where the key for a server is read from, and what one looks like. */
#ifndef ADV_KEY_H
#define ADV_KEY_H

#include <stdbool.h>

#include "base/buf.h"

/* Where a key is. At most one is not NULL; neither: there is no key. */
typedef struct adv_key_source {
  const char *variable; /* of the environment; unset or empty: no key */
  const char *file;     /* "/…" or "~/…": its only line is the key */
} adv_key_source;

/* Reads the key: *key, NULL where there is none, is the caller's, who ends it
 * with adv_secret_free(). A file that others may read is warned about in the
 * log, once. Else *why says in words why there is no key: a file that cannot be
 * read or holds none, bytes that no header can carry (ADV_EINVAL). */
ADV_MUST_CHECK adv_status adv_key_load(const adv_key_source *source, char **key,
                                       adv_buf *why);

/* True for printable ASCII: what goes into a header as it is. A line break
 * would begin another header there. */
bool adv_key_is_sendable(const char *key);

/* True if a variable of this name is likely to hold a secret. */
bool adv_key_is_named(const char *variable);

#endif
