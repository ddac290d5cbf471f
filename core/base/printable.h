/* printable.h - text from outside that moves no terminal and hides nothing. */
#ifndef ADV_PRINTABLE_H
#define ADV_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends `text` with what a terminal would obey shown instead: control
 * characters, C1 among them, as \xNN; marks that turn the direction of writing
 * and separators of lines as \uNNNN. Ill-formed UTF-8 becomes U+FFFD. Line
 * feeds and tabs stay, unless all is to be on `one_line`: \n, \x09. Text that
 * is safe comes out as it was. */
ADV_MUST_CHECK adv_status adv_printable(adv_buf *out, const char *text,
                                        size_t len, bool one_line);

#endif
