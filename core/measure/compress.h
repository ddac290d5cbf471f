/* compress.h - how far a text can be compressed: a measure of redundancy.
 *
 * Pure functions over bytes. Nothing here knows about Lua. */
#ifndef ADV_MEASURE_COMPRESS_H
#define ADV_MEASURE_COMPRESS_H

#include <stddef.h>

#include "base/status.h"

/* Sets *size to the bytes that zlib makes of `text` at level 6, with its
 * header of 2 bytes and its checksum of 4. `text` may be NULL if `len` is 0.
 * ADV_ENOMEM leaves *size as it was. */
ADV_MUST_CHECK adv_status adv_compressed_size(const char *text, size_t len,
                                              size_t *size);

#endif
