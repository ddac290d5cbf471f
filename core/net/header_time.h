/* header_time.h - what the values of headers say about time, by their form.
 * Pure. `headers` are the "name: value\n" lines of adv_http_result. */
#ifndef ADV_HEADER_TIME_H
#define ADV_HEADER_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ADV_HEADER_VALUE_MAX = 64 }; /* no form that counts is longer */

/* Copies the value of the first header of this name, without blanks around
 * it; false if there is none or if it is too long to mean anything. `value`
 * holds ADV_HEADER_VALUE_MAX bytes. */
bool adv_header_value(const char *headers, const char *name, char *value);

/* Now by the server's own clock, where its date header shows one, so that a
 * skew between the two machines is harmless; else `wall_ms`. */
int64_t adv_header_now_ms(const char *headers, int64_t wall_ms);

/* A plain decimal number times `unit`, rounded up to whole milliseconds; 0 for
 * anything else, so for signs, NaN, infinity, hex and trailing text. */
uint64_t adv_header_number_ms(const char *text, double unit);

/* Go's durations: "12ms", "6m0s", "2m59.56s", "1h"; 0 for anything else. */
uint64_t adv_header_duration_ms(const char *text);

/* How far ahead of `now_ms` a date lies: the three forms of RFC 9110, section
 * 5.6.7, or RFC 3339, each to its end; 0 for the past and for anything else. */
uint64_t adv_header_date_ms(const char *text, int64_t now_ms);

/* Whatever form it has: a date, a duration, an epoch in milliseconds (beyond
 * 10^11) or seconds (beyond 10^9), or plain seconds; 0 if none. */
uint64_t adv_header_wait_ms(const char *text, int64_t now_ms);

#endif
