/* redact.h - the one place that keeps secrets out of every sink: log, journal,
 * errors, reports.
 *
 * Secrets are registered once as they are loaded. One thread registers; any
 * thread may redact after that. */
#ifndef ADV_REDACT_H
#define ADV_REDACT_H

#include "base/buf.h"

/* Remembers `secret` until adv_redact_forget(). It is found as it is, in
 * base64, and escaped for a URL, JSON or HTML. What is
 * shorter than 6 bytes is none, such as the "EMPTY" of vLLM's users, and is not
 * remembered: hiding it would garble ordinary text. */
ADV_MUST_CHECK adv_status adv_redact_secret(const char *secret);

/* Appends `text` with every registered secret, or a telling part of one, and
 * whatever looks like one ("sk-…" and "sk-ant-…" keys, "Bearer …", "key=…" and
 * "api_key=…" in URLs, user info in URLs), replaced by "[redacted]". On failure
 * `out` may hold a part of the result. */
ADV_MUST_CHECK adv_status adv_redact(adv_buf *out, const char *text,
                                     size_t len);

/* As adv_redact(), for what a model has made, which is data: only registered
 * secrets of 16 bytes or more and long parts of them go, and nothing that
 * merely looks like one. */
ADV_MUST_CHECK adv_status adv_redact_reply(adv_buf *out, const char *text,
                                           size_t len);

/* Wipes and frees every registered secret. */
void adv_redact_forget(void);

/* Overwrites a text of the heap that may hold a secret, and frees it. NULL is
 * fine. */
void adv_wipe(char *text);

#endif
