/* buf.h - a growing byte buffer whose limit is set at birth.
 *
 * Model replies are foreign input: reaching the limit is an error that the
 * caller handles, never a crash. Not thread-safe; one owner. */
#ifndef ADV_BUF_H
#define ADV_BUF_H

#include <stddef.h>

#include "base/status.h"

typedef struct adv_buf {
  char *data; /* NUL-terminated when not NULL; may hold NUL bytes */
  size_t len; /* bytes in use, without the final NUL */
  size_t cap;
  size_t max; /* most bytes ever held */
} adv_buf;

/* Allocates nothing. `max` is in bytes. */
void adv_buf_init(adv_buf *b, size_t max);

/* ADV_ELIMIT beyond `max` and ADV_ENOMEM leave the contents as they were. */
ADV_MUST_CHECK adv_status adv_buf_append(adv_buf *b, const void *data,
                                         size_t len);

/* As adv_buf_append, printf-style. */
ADV_MUST_CHECK adv_status adv_buf_printf(adv_buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For reasons in words: as adv_buf_printf, but words that do not fit are left
 * out, since a message must not fail. */
void adv_buf_message(adv_buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Forgets the contents, keeps the memory. */
void adv_buf_clear(adv_buf *b);

/* Gives the bytes to the caller, who frees them; the buffer is empty again.
 * NULL if nothing was ever allocated. */
char *adv_buf_take(adv_buf *b, size_t *len);

/* Frees the memory; the buffer can be used again. */
void adv_buf_free(adv_buf *b);

#endif
