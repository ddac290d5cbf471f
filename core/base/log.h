/* log.h - leveled log lines to standard error and to a file, redacted, one
 * line an event, control characters escaped.
 *
 * Call on one thread. Lines look like "12:00:01.123 warn  text". */
#ifndef ADV_LOG_H
#define ADV_LOG_H

#include <stddef.h>

#include "base/status.h"

typedef enum adv_log_level {
  ADV_LOG_DEBUG,
  ADV_LOG_INFO,
  ADV_LOG_WARN,
  ADV_LOG_ERROR,
  ADV_LOG_SILENT,
} adv_log_level;

/* What is written to standard error: `level` and above. Default: WARN. */
void adv_log_stderr_level(adv_log_level level);

/* Also appends INFO and above to `path` (created 0600); NULL closes it. */
ADV_MUST_CHECK adv_status adv_log_file(const char *path);

/* Writes one event; `text` need not be NUL-terminated. Newlines and control
 * characters are written as \n and \xNN so that foreign text stays one line
 * and moves no terminal. */
void adv_log_write(adv_log_level level, const char *text, size_t len);

/* printf-style adv_log_write(); cut at 4 KiB. */
void adv_log(adv_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
