/* headers.h - which headers of a reply are kept, and in what form. Pure. */
#ifndef ADV_HEADERS_H
#define ADV_HEADERS_H

#include <stddef.h>

#include "base/buf.h"

/* Appends `line`, one header as it came with its line end, to `out` as
 * "name: value\n" with the name in lower case, if it is on the list of http.h.
 * A line that finds no room is dropped as a whole. */
void adv_headers_keep(adv_buf *out, const char *line, size_t len);

#endif
