/* utf8.h - UTF-8 validation and repair (RFC 3629), and repair of JSON text
 * before it is decoded. Pure functions. */
#ifndef ADV_UTF8_H
#define ADV_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* True if `text` is well-formed UTF-8: no overlong forms, no surrogates,
 * nothing above U+10FFFF. NUL bytes are fine. */
bool adv_utf8_valid(const char *text, size_t len);

/* Appends `text` to `out`, each maximal ill-formed part replaced by U+FFFD
 * (Unicode 15, section 3.9, "substitution of maximal subparts"). `repaired`
 * is set to whether anything was replaced; may be NULL. On failure `out` may
 * hold a part of the result. */
ADV_MUST_CHECK adv_status adv_utf8_repair(adv_buf *out, const char *text,
                                          size_t len, bool *repaired);

/* Makes a JSON text safe to decode: strips a byte order mark and blanks at
 * the start, repairs ill-formed UTF-8, and replaces each \uD800-\uDFFF escape
 * that is not half of a proper pair by \uFFFD (RFC 8259, section 8.2), since a
 * single one makes lua-cjson refuse a whole reply. Escaped backslashes are
 * respected. Nothing else is changed. `repaired` as above (a byte order mark
 * and blanks do not count). */
ADV_MUST_CHECK adv_status adv_json_repair(adv_buf *out, const char *text,
                                          size_t len, bool *repaired);

#endif
