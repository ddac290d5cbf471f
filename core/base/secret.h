/* secret.h - pages for keys, that are neither swapped out nor dumped. */
#ifndef ADV_SECRET_H
#define ADV_SECRET_H

#include <stddef.h>

/* Bytes of zero in pages of their own: locked where the limits allow it, left
 * out of core dumps. NULL: out of memory. Ended by adv_secret_free(). */
void *adv_secret_alloc(size_t size);

/* A copy of `len` bytes and a NUL in such pages. NULL: out of memory. */
char *adv_secret_copy(const char *text, size_t len);

/* Wipes and unmaps. NULL is fine. */
void adv_secret_free(void *secret);

#endif
