/* redact.h - the one place that keeps secrets out of every sink: log, journal,
 * errors, reports.
 *
 * Secrets are registered once as they are loaded. One thread registers; any
 * thread may redact after that. */
#ifndef ADV_REDACT_H
#define ADV_REDACT_H

#include "base/buf.h"

/* Remembers `secret`, and its base64 and URL-encoded forms, until
 * adv_redact_forget(). Secrets shorter than 6 bytes are refused with
 * ADV_EINVAL: hiding them would garble ordinary text. */
ADV_MUST_CHECK adv_status adv_redact_secret(const char *secret);

/* Appends `text` with every registered secret, and whatever looks like one
 * ("sk-…" and "sk-ant-…" keys, "Bearer …", "key=…" and "api_key=…" in URLs,
 * user info in URLs), replaced by "[redacted]". On failure `out` may hold a
 * part of the result. */
ADV_MUST_CHECK adv_status adv_redact(adv_buf *out, const char *text,
                                     size_t len);

/* Wipes and frees every registered secret. */
void adv_redact_forget(void);

#endif
