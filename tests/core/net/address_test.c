#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
  const char *host;
  adv_place place;
} cases[] = {
    {"127.0.0.1", ADV_PLACE_LOOPBACK},
    {"127.255.0.9", ADV_PLACE_LOOPBACK},
    {"::1", ADV_PLACE_LOOPBACK},
    {"[::1]", ADV_PLACE_LOOPBACK},
    {"::ffff:127.0.0.1", ADV_PLACE_LOOPBACK},
    {"[::ffff:7f00:1]", ADV_PLACE_LOOPBACK},
    {"0:0:0:0:0:ffff:127.9.9.9", ADV_PLACE_LOOPBACK},
    {"localhost", ADV_PLACE_LOOPBACK},
    {"LocalHost.", ADV_PLACE_LOOPBACK},
    {"a.localhost", ADV_PLACE_LOOPBACK},
    {"0.0.0.0", ADV_PLACE_PRIVATE},
    {"10.1.2.3", ADV_PLACE_PRIVATE},
    {"172.16.0.1", ADV_PLACE_PRIVATE},
    {"172.31.255.255", ADV_PLACE_PRIVATE},
    {"192.168.1.1", ADV_PLACE_PRIVATE},
    {"169.254.169.254", ADV_PLACE_PRIVATE},
    {"100.64.0.1", ADV_PLACE_PRIVATE},
    {"[fe80::1%eth0]", ADV_PLACE_PRIVATE},
    {"[fe80::1%25eth0]", ADV_PLACE_PRIVATE},
    {"fd00::2", ADV_PLACE_PRIVATE},
    {"::ffff:10.0.0.1", ADV_PLACE_PRIVATE},
    {"vllm", ADV_PLACE_PRIVATE},
    {"gpu.local", ADV_PLACE_PRIVATE},
    {"box.lan", ADV_PLACE_PRIVATE},
    {"host.docker.internal", ADV_PLACE_PRIVATE},
    {"nas.home.arpa", ADV_PLACE_PRIVATE},
    {"126.255.255.255", ADV_PLACE_PUBLIC},
    {"128.0.0.1", ADV_PLACE_PUBLIC},
    {"172.32.0.1", ADV_PLACE_PUBLIC},
    {"11.0.0.1", ADV_PLACE_PUBLIC},
    {"100.128.0.1", ADV_PLACE_PUBLIC},
    {"2001:db8::1", ADV_PLACE_PUBLIC},
    {"::2", ADV_PLACE_PUBLIC},
    {"::ffff:8.8.8.8", ADV_PLACE_PUBLIC},
    {"::127.0.0.1", ADV_PLACE_PUBLIC}, /* not mapped: it may be routed */
    {"64:ff9b::7f00:1", ADV_PLACE_PUBLIC},
    {"2130706433", ADV_PLACE_PRIVATE}, /* a name until it is resolved */
    {"0x7f.1", ADV_PLACE_PUBLIC},
    {"::", ADV_PLACE_PUBLIC},
    {"api.openai.com", ADV_PLACE_PUBLIC},
    {"127.0.0.1.example.com", ADV_PLACE_PUBLIC},
    {"notlocalhost.example.com", ADV_PLACE_PUBLIC},
    {"mylocal.example", ADV_PLACE_PUBLIC},
    {"not:an:address", ADV_PLACE_PUBLIC},
    {"[", ADV_PLACE_PRIVATE},
};

static void each_host_has_its_place(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    adv_place place = adv_address_place(cases[i].host);

    if (place != cases[i].place)
      print_error("host: %s\n", cases[i].host);
    assert_int_equal(place, cases[i].place);
  }
}

static void what_may_be_a_key_is_not_in_the_public_url(void **state)
{
  static const char *const urls[][2] = {
      {"https://host:1/v1", "https://host:1/v1"},
      {"https://u:p@host/v1?key=k#f", "https://host/v1"},
      {"http://u:p@x@host", "http://host"},
      {"http://host/a@b", "http://host/a@b"},
      {"http://host?k@z", "http://host"},
      {"http://host#k", "http://host"},
      {"/relative?key=k", "/relative"},
      {"local:default", "local:default"},
      {"", ""},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
    char *shown = adv_address_public(urls[i][0]);

    assert_string_equal(shown, urls[i][1]);
    free(shown);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_host_has_its_place),
      cmocka_unit_test(what_may_be_a_key_is_not_in_the_public_url),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
