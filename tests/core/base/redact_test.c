#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/redact.h"

#define M "[redacted]"

static void redacts(const char *text, const char *expected)
{
  adv_buf out;

  adv_buf_init(&out, 10000);
  assert_int_equal(adv_redact(&out, text, strlen(text)), ADV_OK);
  assert_string_equal(out.data, expected);
  assert_int_equal(out.len, strlen(expected));
  /* What is redacted stays as it is when it is redacted again. */
  adv_buf_clear(&out);
  assert_int_equal(adv_redact(&out, expected, strlen(expected)), ADV_OK);
  assert_string_equal(out.data, expected);
  adv_buf_free(&out);
}

static void keeps(const char *text)
{
  redacts(text, text);
}

static int forget(void **state)
{
  (void)state;
  adv_redact_forget();
  return 0;
}

static void leaves_short_words_alone(void **state)
{
  (void)state;
  assert_int_equal(adv_redact_secret(NULL), ADV_OK);
  assert_int_equal(adv_redact_secret(""), ADV_OK);
  assert_int_equal(adv_redact_secret("EMPTY"), ADV_OK);
  keeps("EMPTY");
  assert_int_equal(adv_redact_secret("123456"), ADV_OK);
  redacts("x123456y", "x" M "y");
}

static void hides_registered_secrets_until_forgotten(void **state)
{
  (void)state;
  keeps("my hunter2 and swordfish");
  assert_int_equal(adv_redact_secret("hunter2"), ADV_OK);
  assert_int_equal(adv_redact_secret("swordfish"), ADV_OK);
  assert_int_equal(adv_redact_secret("swordfish"), ADV_OK);
  redacts("my hunter2 and swordfish", "my " M " and " M);
  redacts("hunter2", M);
  redacts("hunter2, swordfish,hunter2", M ", " M "," M);
  keeps("Hunter2 hunter swordfis");
  adv_redact_forget();
  keeps("my hunter2 and swordfish");
}

/* The encodings were made with Python's base64 and urllib. */
static void hides_encoded_secrets(void **state)
{
  (void)state;
  assert_int_equal(adv_redact_secret("pa/ss+w?rd~1"), ADV_OK);
  redacts("b64 cGEvc3Mrdz9yZH4x.", "b64 " M ".");
  redacts("(pa%2Fss%2Bw%3Frd~1)", "(" M ")");
  redacts("(pa%2fss%2bw%3frd~1)", "(" M ")");
  /* After one, two and one other bytes, as in basic authentication. */
  redacts("Basic dTpwYS9zcyt3P3JkfjE=", "Basic dTp" M);
  redacts("Basic dXM6cGEvc3Mrdz9yZH4x", "Basic dXM6" M);
  redacts("Basic dXBhL3NzK3c/cmR+MTp4 ", "Basic dX" M "p4 ");
  assert_int_equal(adv_redact_secret("\xff\xfe?>~~"), ADV_OK);
  redacts("//4/Pn5+ __4_Pn5-", M " " M);
}

static void hides_escaped_secrets(void **state)
{
  (void)state;
  assert_int_equal(adv_redact_secret("k/e+y=&\"quoted"), ADV_OK);
  redacts("{\"m\":\"k\\/e+y=&\\\"quoted\"}", "{\"m\":\"" M "\"}");
  redacts("<b>k/e+y=&amp;&quot;quoted</b>", "<b>" M "</b>");
  redacts("?x=k/e%2By%3D%26%22quoted", "?x=" M);
}

static void hides_parts_of_secrets(void **state)
{
  (void)state;
  assert_int_equal(adv_redact_secret("CANARY0123456789wxyz"), ADV_OK);
  redacts("key provided: CANA*********wxyz. See", "key provided: " M ". See");
  redacts("key ...wxyz is", "key " M " is");
  redacts("begins with CANARY012345", "begins with " M);
  keeps("CANARY birds, 0123 and wxyz");
}

static void leaves_replies_as_they_are_but_for_keys(void **state)
{
  static const char text[] = "sk-abcdefghijklmnop ollama CANARY0123456789wxyz "
                             "CANARY012 CANARY01234 ***wxyz Bearer token12345";
  adv_buf out;

  (void)state;
  adv_buf_init(&out, 1000);
  assert_int_equal(adv_redact_reply(&out, text, strlen(text)), ADV_OK);
  assert_string_equal(out.data, text);
  assert_int_equal(adv_redact_secret("ollama"), ADV_OK);
  assert_int_equal(adv_redact_secret("CANARY0123456789wxyz"), ADV_OK);
  adv_buf_clear(&out);
  assert_int_equal(adv_redact_reply(&out, text, strlen(text)), ADV_OK);
  assert_string_equal(out.data, "sk-abcdefghijklmnop ollama " M " CANARY012 " M
                                " ***wxyz Bearer token12345");
  adv_buf_clear(&out);
  assert_int_equal(adv_redact_reply(&out, "", 0), ADV_OK);
  assert_int_equal(out.len, 0);
  adv_buf_free(&out);
}

static void hides_secrets_that_overlap(void **state)
{
  (void)state;
  assert_int_equal(adv_redact_secret("abcdefgh"), ADV_OK);
  assert_int_equal(adv_redact_secret("abcdefghijkl"), ADV_OK);
  assert_int_equal(adv_redact_secret("ghijklmnop"), ADV_OK);
  redacts("1abcdefgh2", "1" M "2");
  redacts("1abcdefghijkl2", "1" M "2");
  redacts("1abcdefghijklmnop2", "1" M "2");
  redacts("1ghijklmnop2", "1" M "2");
}

static void patterns_do_not_cut_secrets(void **state)
{
  (void)state;
  assert_int_equal(adv_redact_secret("sk-abcdefghijklmnop1!tail/tail"), ADV_OK);
  redacts("key sk-abcdefghijklmnop1!tail/tail.", "key " M ".");
  redacts("Bearer sk-abcdefghijklmnop1!tail/tail", "Bearer " M);
  redacts("https://u:sk-abcdefghijklmnop1!tail/tail@host/",
          "https://" M "@host/");
}

static void hides_what_looks_like_a_key(void **state)
{
  (void)state;
  redacts("sk-0123456789abcdef", M);
  redacts("\"sk-ant-api03-AbC_dEf-0123456789\"", "\"" M "\"");
  redacts("key=sk-proj-abcdefghijklmnop, sk-0123456789abcdef;",
          "key=" M ", " M ";");
  redacts("Incorrect API key provided: sk-abcde**********wxyz.",
          "Incorrect API key provided: " M ".");
  redacts("{\"k\":\"\\nsk-0123456789abcdef\\n\"}", "{\"k\":\"\\n" M "\\n\"}");
  redacts("q=%20sk-0123456789abcdef", "q=%20" M);
  redacts("\\u0022sk-0123456789abcdef", "\\u0022" M);
  redacts("\xC3\xA9sk-0123456789abcdef", "\xC3\xA9" M);
}

static void keeps_what_only_resembles_a_key(void **state)
{
  (void)state;
  keeps("task-1, task-0123456789abcdef, risk-averse, sk-, sk-short");
  keeps("ask-me-anything-about-the-weather_sk-0123456789abcdef");
  keeps("sk-0123456789abcde"); /* one short */
  keeps("SK-0123456789abcdef");
  keeps("s sk sk- k-0123456789abcdef");
}

static void hides_bearer_tokens(void **state)
{
  (void)state;
  redacts("Authorization: Bearer abc", "Authorization: Bearer " M);
  redacts("authorization: bearer local\r\n", "authorization: bearer " M "\r\n");
  redacts("{\"Authorization\": \"Bearer x.y-z_~+/==\"}",
          "{\"Authorization\": \"Bearer " M "\"}");
  redacts("bearer  eyJhbGciOi.J9.x-y", "bearer  " M);
  redacts("sent 'Bearer token12345'", "sent 'Bearer " M "'");
}

static void keeps_bearers_that_are_none(void **state)
{
  (void)state;
  keeps("The bearer of bad news, a bearer certificate, bearer responsibility.");
  keeps("forbearer 0123456789abcdef; Bearer");
  keeps("Bearer ");
  keeps("the bearer is 18 years old; bearer 2024");
}

static void hides_keys_in_urls(void **state)
{
  (void)state;
  redacts("GET /v1?key=AIza-1_x.y%2B&alt=sse", "GET /v1?key=" M "&alt=sse");
  redacts("https://h/p?alt=sse&api_key=abc#top",
          "https://h/p?alt=sse&api_key=" M "#top");
  redacts("?KEY=a &amp;Api-Key=b \\u0026apikey=c",
          "?KEY=" M " &amp;Api-Key=" M " \\u0026apikey=" M);
  redacts("<a href=\"/x?key=abc\">", "<a href=\"/x?key=" M "\">");
}

static void keeps_other_parameters(void **state)
{
  (void)state;
  keeps("?monkey=chimp&keys=2&key_length=5&q=key=value");
  keeps("key=value; api_key = none; sort by key=name");
  keeps("?key= &key");
  keeps("=");
  keeps("a\\key=1");
}

static void hides_user_info_in_urls(void **state)
{
  (void)state;
  redacts("http://user:pass@host:80/a@b", "http://" M "@host:80/a@b");
  redacts("http://user@host", "http://" M "@host");
  redacts("http://u:p@ss@host?x", "http://" M "@host?x");
  redacts("\"http:\\/\\/u:p@host\\/\"", "\"http:\\/\\/" M "@host\\/\"");
}

static void keeps_urls_without_user_info(void **state)
{
  (void)state;
  keeps("https://medium.com/@user/post?mail=a@b.c#d@e");
  keeps("https://host:80 and me@example.org, http://@host, x:y@z, ://");
  keeps("note: //a, :/u@h");
}

static void takes_any_bytes(void **state)
{
  const char text[] = "a\0sk-0123456789abcdef\0:";
  adv_buf out;
  size_t len;

  (void)state;
  adv_buf_init(&out, 1000);
  assert_int_equal(adv_redact(&out, NULL, 0), ADV_OK);
  assert_int_equal(out.len, 0);
  assert_int_equal(adv_redact(&out, text, sizeof(text) - 1), ADV_OK);
  assert_int_equal(out.len, 14);
  assert_memory_equal(out.data, "a\0" M "\0:", 14);
  adv_buf_free(&out);
  /* Every start of a text, in memory of just its size: no read beyond. */
  assert_int_equal(adv_redact_secret("secret"), ADV_OK);
  for (len = 1; len < 120; len++) {
    static const char all[] =
        "sk-0123456789abcdef Authorization: Bearer abcdefgh1 "
        "https:\\/\\/u:p@host/?api_key=abc\\u0026key=d secret c2VjcmV0==";
    size_t n = len < sizeof(all) ? len : sizeof(all) - 1;
    char *copy = malloc(n);

    memcpy(copy, all + sizeof(all) - 1 - n, n);
    adv_buf_init(&out, 1000);
    assert_int_equal(adv_redact(&out, copy, n), ADV_OK);
    memcpy(copy, all, n);
    assert_int_equal(adv_redact(&out, copy, n), ADV_OK);
    adv_buf_free(&out);
    free(copy);
  }
}

static void respects_the_limit(void **state)
{
  adv_buf out;

  (void)state;
  adv_buf_init(&out, 12);
  assert_int_equal(adv_redact_secret("hunter2"), ADV_OK);
  assert_int_equal(adv_redact(&out, "ahunter2b", 9), ADV_OK);
  assert_string_equal(out.data, "a" M "b");
  adv_buf_clear(&out);
  assert_int_equal(adv_redact(&out, "ahunter2bc", 10), ADV_ELIMIT);
  adv_buf_free(&out);
}

#define TEST(name) cmocka_unit_test_teardown(name, forget)

int main(void)
{
  const struct CMUnitTest tests[] = {
      TEST(leaves_short_words_alone),
      TEST(hides_registered_secrets_until_forgotten),
      TEST(hides_encoded_secrets),
      TEST(hides_escaped_secrets),
      TEST(hides_parts_of_secrets),
      TEST(leaves_replies_as_they_are_but_for_keys),
      TEST(hides_secrets_that_overlap),
      TEST(patterns_do_not_cut_secrets),
      TEST(hides_what_looks_like_a_key),
      TEST(keeps_what_only_resembles_a_key),
      TEST(hides_bearer_tokens),
      TEST(keeps_bearers_that_are_none),
      TEST(hides_keys_in_urls),
      TEST(keeps_other_parameters),
      TEST(hides_user_info_in_urls),
      TEST(keeps_urls_without_user_info),
      TEST(takes_any_bytes),
      TEST(respects_the_limit),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
