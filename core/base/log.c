#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/printable.h"
#include "base/redact.h"
#include "base/utf8.h"

/* Longest text of adv_log(). */
#define EVENT_MAX 4096

/* Longest line; what does not fit is left out and said to be. */
#define LINE_MAX_BYTES ((size_t)64 << 20)

static const char *const names[] = {
    [ADV_LOG_DEBUG] = "debug",
    [ADV_LOG_INFO] = "info",
    [ADV_LOG_WARN] = "warn",
    [ADV_LOG_ERROR] = "error",
};

static adv_log_level stderr_level = ADV_LOG_WARN;
static int file = -1;

void adv_log_stderr_level(adv_log_level level)
{
  stderr_level = level;
}

adv_status adv_log_file(const char *path)
{
  int opened = -1;

  if (path) {
    /* A run folder from somebody else may hold a link that leads elsewhere. */
    opened = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
                  0600);
    if (opened < 0)
      return ADV_EIO;
  }
  if (file >= 0)
    close(file);
  file = opened;
  return ADV_OK;
}

static bool wanted_on_stderr(adv_log_level level)
{
  return level >= stderr_level;
}

static bool wanted_in_file(adv_log_level level)
{
  return file >= 0 && level >= ADV_LOG_INFO;
}

static bool wanted(adv_log_level level)
{
  return level < ADV_LOG_SILENT &&
         (wanted_on_stderr(level) || wanted_in_file(level));
}

/* A log that cannot be written has nowhere to say so. */
static void write_all(int fd, const char *data, size_t len)
{
  while (len > 0) {
    ssize_t n = write(fd, data, len);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return;
    data += n;
    len -= (size_t)n;
  }
}

static adv_status append_prefix(adv_buf *line, adv_log_level level)
{
  const adv_clock *clock = adv_clock_system();
  int64_t ms = clock->wall_ms(clock->ud);
  time_t seconds = (time_t)(ms / 1000);
  struct tm now = {0};

  localtime_r(&seconds, &now);
  return adv_buf_printf(line, "%02d:%02d:%02d.%03d %-5s ", now.tm_hour,
                        now.tm_min, now.tm_sec, (int)(ms % 1000), names[level]);
}

/* The longest start of `text` that has at most `max` bytes and cuts no
 * character. */
static size_t cut(const char *text, size_t len, size_t max)
{
  if (len <= max)
    return len;
  while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80)
    max--;
  return max;
}

/* Secrets are hidden before anything is cut: half a secret matches nothing. */
static adv_status format_line(adv_buf *line, adv_log_level level,
                              const char *text, size_t len, size_t max)
{
  adv_buf clean, valid;
  adv_status st;

  adv_buf_init(&clean, LINE_MAX_BYTES);
  adv_buf_init(&valid, LINE_MAX_BYTES);
  st = adv_redact(&clean, text, len);
  if (st == ADV_OK)
    st = adv_utf8_repair(&valid, clean.data, clean.len, NULL);
  if (st == ADV_OK)
    st = append_prefix(line, level);
  if (st == ADV_OK)
    st = adv_printable(line, valid.data, cut(valid.data, valid.len, max), true);
  if (st == ADV_OK)
    st = adv_buf_append(line, "\n", 1);
  adv_buf_free(&clean);
  adv_buf_free(&valid);
  return st;
}

static void write_event(adv_log_level level, const char *text, size_t len,
                        size_t max)
{
  static const char lost[] = "(a log line was left out: no room for it)\n";
  adv_buf line;
  const char *data = lost;
  size_t data_len = sizeof(lost) - 1;

  adv_buf_init(&line, LINE_MAX_BYTES);
  if (format_line(&line, level, text, len, max) == ADV_OK) {
    data = line.data;
    data_len = line.len;
  }
  if (wanted_on_stderr(level))
    write_all(STDERR_FILENO, data, data_len);
  if (wanted_in_file(level))
    write_all(file, data, data_len);
  adv_buf_free(&line);
}

void adv_log_write(adv_log_level level, const char *text, size_t len)
{
  if (wanted(level))
    write_event(level, text, len, LINE_MAX_BYTES);
}

void adv_log(adv_log_level level, const char *format, ...)
{
  va_list args;
  char *text;
  int len;

  if (!wanted(level))
    return;
  va_start(args, format);
  len = vasprintf(&text, format, args);
  va_end(args);
  if (len < 0)
    return;
  write_event(level, text, (size_t)len, EVENT_MAX);
  free(text);
}
