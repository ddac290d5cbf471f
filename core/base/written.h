/* written.h - how a text may stand inside another one: as it is, escaped for
 * JSON, HTML or a URL, in part behind stars. Pure. */
#ifndef ADV_WRITTEN_H
#define ADV_WRITTEN_H

#include <stddef.h>

/* Measures what spells `secret`, each character as it is or escaped: "\/",
 * "\u002f", "%2F", "%252f", "&amp;", "&#38;"; backslashes may be doubled, as in
 * JSON within JSON. 0: `text` does not begin with it. */
size_t adv_written_whole(const char *text, size_t len, const char *secret,
                         size_t secret_len);

/* Measures a part of `secret` that no text has by chance: 10 bytes or more. 0:
 * `text` does not begin with one. */
size_t adv_written_part(const char *text, size_t len, const char *secret,
                        size_t secret_len);

/* Measures the start and end of `secret` around stars or dots: "sk-ab****wxyz",
 * "sk-abcd...", "****wxyz". 0: `text` does not begin with such. */
size_t adv_written_masked(const char *text, size_t len, const char *secret,
                          size_t secret_len);

#endif
