#include "net/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Events are noted as "[event|data]" one after the other. */
typedef struct notes {
  char text[512];
  size_t len;
  adv_status answer;
} notes;

static adv_status note(void *ud, const char *event, size_t event_len,
                       const char *data, size_t data_len)
{
  notes *n = ud;

  assert_int_equal(event[event_len], '\0');
  assert_int_equal(data[data_len], '\0');
  n->len += (size_t)snprintf(n->text + n->len, sizeof(n->text) - n->len,
                             "[%s|%s]", event, data);
  return n->answer;
}

static const struct {
  const char *stream;
  const char *events;
} corpus[] = {
    {"", ""},
    {"data: a\n\n", "[|a]"},
    {"data: a\r\n\r\n", "[|a]"},
    {"data: a\r\r", "[|a]"},
    {"data: a\r\n\ndata: b\r\r\ndata: c\n\r", "[|a][|b][|c]"},
    {"data: a\n\n\n\ndata: b\n\n", "[|a][|b]"},
    /* one blank goes, further ones stay */
    {"data:x\n\ndata: x\n\ndata:  x\n\ndata:\tx\n\n", "[|x][|x][| x][|\tx]"},
    {"data: one\ndata: two\ndata:\ndata: four\n\n", "[|one\ntwo\n\nfour]"},
    {"data\n\ndata:\n\ndata\ndata\n\n", "[|][|][|\n]"},
    {": OPENROUTER PROCESSING\n\n:\n\ndata: a\n:in between\ndata: b\n\n",
     "[|a\nb]"},
    {"\xef\xbb\xbf"
     "data: a\n\n",
     "[|a]"},
    {"\xef\xbb\xbf\n\xef\xbb\xbf"
     "data: not a field\n\ndata: b\n\n",
     "[|b]"},
    {"\xef\xbb\xbf\xef\xbb\xbf"
     "data: only one mark goes\n\n",
     ""},
    {"\xef\xbb"
     "data: no mark\n\n",
     ""},
    {"event: message_stop\ndata: {}\n\ndata: {}\n\n", "[message_stop|{}][|{}]"},
    {"event: a\nevent: b\ndata: x\n\n", "[b|x]"},
    {"event: named, without data\n\ndata: x\n\n", "[|x]"},
    {"id: 7\nretry: 10\ndata: x\nDATA: y\n data: z\ndatax: q\n\n", "[|x]"},
    {"data: \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n\n",
     "[|\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80]"},
    {"data: {\"a\": \"b:c\"}\n\n", "[|{\"a\": \"b:c\"}]"},
    /* the last blank line, or the last line end, is missing */
    {"data: a\n\ndata: [DONE]\n", "[|a][|[DONE]]"},
    {"data: a\n\ndata: [DONE]", "[|a][|[DONE]]"},
    {"data: a\r", "[|a]"},
    {"event: x", ""},
    {"data", "[|]"},
};

static void check(const char *stream, size_t first, size_t second,
                  const char *events)
{
  size_t len = strlen(stream);
  notes n = {.answer = ADV_OK};
  adv_sse sse;

  adv_sse_init(&sse, 1024, note, &n);
  assert_int_equal(adv_sse_feed(&sse, stream, first), ADV_OK);
  assert_int_equal(adv_sse_feed(&sse, stream + first, second - first), ADV_OK);
  assert_int_equal(adv_sse_feed(&sse, stream + second, len - second), ADV_OK);
  assert_int_equal(adv_sse_finish(&sse), ADV_OK);
  assert_string_equal(n.text, events);
  adv_sse_free(&sse);
}

static void any_split_gives_the_same_events(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
    size_t len = strlen(corpus[i].stream);

    for (size_t first = 0; first <= len; first++)
      for (size_t second = first; second <= len; second++)
        check(corpus[i].stream, first, second, corpus[i].events);
  }
}

static void single_bytes_give_the_same_events(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof(corpus) / sizeof(corpus[0]); i++) {
    notes n = {.answer = ADV_OK};
    adv_sse sse;

    adv_sse_init(&sse, 1024, note, &n);
    for (const char *c = corpus[i].stream; *c; c++) {
      /* A copy of its own, so that a sanitizer sees any look beyond it. */
      char *byte = malloc(1);

      *byte = *c;
      assert_int_equal(adv_sse_feed(&sse, byte, 1), ADV_OK);
      free(byte);
    }
    assert_int_equal(adv_sse_finish(&sse), ADV_OK);
    assert_string_equal(n.text, corpus[i].events);
    adv_sse_free(&sse);
  }
}

static adv_status sum_nul(void *ud, const char *event, size_t event_len,
                          const char *data, size_t data_len)
{
  (void)event, (void)event_len;
  assert_int_equal(data_len, 3);
  assert_memory_equal(data, "a\0b", 3);
  ++*(int *)ud;
  return ADV_OK;
}

static void nul_bytes_are_text(void **state)
{
  static const char stream[] = "data: a\0b\n\n";
  int events = 0;
  adv_sse sse;

  (void)state;
  adv_sse_init(&sse, 64, sum_nul, &events);
  assert_int_equal(adv_sse_feed(&sse, stream, sizeof(stream) - 1), ADV_OK);
  assert_int_equal(adv_sse_finish(&sse), ADV_OK);
  assert_int_equal(events, 1);
  adv_sse_free(&sse);
}

static adv_status feed_text(const char *stream, size_t max, notes *n)
{
  adv_sse sse;
  adv_status st;

  adv_sse_init(&sse, max, note, n);
  st = adv_sse_feed(&sse, stream, strlen(stream));
  if (st == ADV_OK)
    st = adv_sse_finish(&sse);
  adv_sse_free(&sse);
  return st;
}

static void a_line_has_a_limit(void **state)
{
  notes n = {.answer = ADV_OK};

  (void)state;
  assert_int_equal(feed_text("data: 67\n\n", 8, &n), ADV_OK);
  assert_string_equal(n.text, "[|67]");
  assert_int_equal(feed_text("data: 678\n\n", 8, &n), ADV_ELIMIT);
  assert_int_equal(feed_text(": a comment without end", 8, &n), ADV_ELIMIT);
  assert_string_equal(n.text, "[|67]");
}

static void the_data_of_an_event_has_a_limit(void **state)
{
  notes n = {.answer = ADV_OK};

  (void)state;
  assert_int_equal(feed_text("data:1234\ndata:678\n\n", 9, &n), ADV_OK);
  assert_string_equal(n.text, "[|1234\n678]");
  assert_int_equal(feed_text("data:1234\ndata:5678\n\n", 9, &n), ADV_OK);
  assert_int_equal(feed_text("data:1234\ndata:5678\ndata\n\n", 9, &n),
                   ADV_ELIMIT);
}

static void a_failing_callback_stops_the_parser(void **state)
{
  notes n = {.answer = ADV_EPARSE};

  (void)state;
  assert_int_equal(feed_text("data: a\n\ndata: b\n\n", 64, &n), ADV_EPARSE);
  assert_string_equal(n.text, "[|a]");
  n = (notes){.answer = ADV_EPARSE};
  assert_int_equal(feed_text("data: a", 64, &n), ADV_EPARSE);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_split_gives_the_same_events),
      cmocka_unit_test(single_bytes_give_the_same_events),
      cmocka_unit_test(nul_bytes_are_text),
      cmocka_unit_test(a_line_has_a_limit),
      cmocka_unit_test(the_data_of_an_event_has_a_limit),
      cmocka_unit_test(a_failing_callback_stops_the_parser),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
