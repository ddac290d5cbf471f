#include "net/headers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
  const char *line;
  const char *kept;
} cases[] = {
    {"Date: now\r\n", "date: now\n"},
    {"CONTENT-TYPE:application/json\r\n", "content-type: application/json\n"},
    {"Server:  \t a b \t\r\n", "server: a b\n"},
    {"Retry-After: 3\n", "retry-after: 3\n"},
    {"retry-after-ms: 3", "retry-after-ms: 3\n"},
    {"X-RateLimit-Reset-Tokens: 6m0s\r\n", "x-ratelimit-reset-tokens: 6m0s\n"},
    {"anthropic-ratelimit-unified-reset: 1\r\n",
     "anthropic-ratelimit-unified-reset: 1\n"},
    {"x-request-id: a:b\r\n", "x-request-id: a:b\n"},
    {"request-id:\r\n", "request-id: \n"},
    {"CF-Ray: 1\r\n", "cf-ray: 1\n"},
    {"x-should-retry: true\r\n", "x-should-retry: true\n"},
    {"Set-Cookie: secret\r\n", ""},
    {"x-request-ids: 1\r\n", ""},
    {"date-of: x\r\n", ""},
    {"my-retry-after: x\r\n", ""},
    {"Location: http://me:secret@127.0.0.1/v2?key=secret#secret\r\n",
     "location: http://127.0.0.1/v2\n"},
    {"location: /v2?key=secret\r\n", "location: /v2\n"},
    {"Location:\r\n", "location: \n"},
    {" folded: line\r\n", ""},
    {": no name\r\n", ""},
    {"no colon\r\n", ""},
    {"\r\n", ""},
    {"", ""},
    {"x-ratelimit-with-a-name-of-more-than-forty-eight-x: 1\r\n", ""},
};

static void only_listed_headers_are_kept(void **state)
{
  adv_buf out;

  (void)state;
  adv_buf_init(&out, 1024);
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    adv_buf_clear(&out);
    adv_headers_keep(&out, cases[i].line, strlen(cases[i].line));
    assert_string_equal(out.data ? out.data : "", cases[i].kept);
  }
  adv_buf_free(&out);
}

static void a_header_without_room_is_dropped_whole(void **state)
{
  adv_buf out;

  (void)state;
  adv_buf_init(&out, 20);
  adv_headers_keep(&out, "Date: 1\r\n", 9);
  adv_headers_keep(&out, "Server: too long\r\n", 18);
  adv_headers_keep(&out, "cf-ray: 1\r\n", 11);
  assert_string_equal(out.data, "date: 1\ncf-ray: 1\n");
  assert_int_equal(out.len, 18);
  adv_buf_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_listed_headers_are_kept),
      cmocka_unit_test(a_header_without_room_is_dropped_whole),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
