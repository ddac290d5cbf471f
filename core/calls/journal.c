#include "calls/journal.h"

#include <string.h>

static const char INSERT_ATTEMPT[] =
    "INSERT INTO attempt (id, round, stage, lane, ordinal, n, role, endpoint,"
    " request, sent, wall_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static const char INSERT_REPLY[] =
    "INSERT INTO reply (attempt, state, curl, http, sends, reused, bytes_up,"
    " bytes_down, first_byte_ns, total_ns, headers, raw, why)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

const char *adv_attempt_state_name(adv_attempt_state state)
{
  static const char *const names[] = {"done", "failed", "unknown"};

  return names[state];
}

static adv_value integer(int64_t value)
{
  return (adv_value){.type = ADV_INTEGER, .integer = value};
}

/* The attempt keeps the bytes until the callback, so none are copied. */
static adv_value text(const char *bytes, size_t len)
{
  return (adv_value){
      .type = ADV_TEXT, .borrowed = true, .bytes = bytes, .len = len};
}

static adv_value blob(const char *bytes, size_t len)
{
  return (adv_value){
      .type = ADV_BLOB, .borrowed = true, .bytes = bytes, .len = len};
}

adv_status adv_journal_intent_submit(adv_store *store,
                                     const adv_journal_intent *row,
                                     adv_store_cb cb, void *ud)
{
  const adv_attempt_request *r = row->request;
  const adv_value values[] = {
      integer(row->id),
      integer(r->round),
      text(r->stage, strlen(r->stage)),
      text(r->lane, strlen(r->lane)),
      integer(r->ordinal),
      integer(r->n),
      text(r->role, strlen(r->role)),
      text(row->endpoint, strlen(row->endpoint)),
      text(r->canonical, r->canonical_len),
      r->body_len ? blob(r->body, r->body_len) : (adv_value){.type = ADV_NULL},
      integer(row->wall_ms),
  };

  return adv_store_submit_one(store, INSERT_ATTEMPT, values,
                              sizeof(values) / sizeof(values[0]), cb, ud);
}

adv_status adv_journal_reply_submit(adv_store *store,
                                    const adv_journal_reply *row,
                                    adv_store_cb cb, void *ud)
{
  const adv_attempt_reply *r = row->reply;
  const char *state = adv_attempt_state_name(r->state);
  const adv_value values[] = {
      integer(r->id),
      text(state, strlen(state)),
      integer(r->curl_code),
      integer(r->http_status),
      integer(r->sends),
      integer(r->reused),
      integer((int64_t)row->bytes_up),
      integer((int64_t)row->bytes_down),
      integer((int64_t)row->first_byte_ns),
      integer((int64_t)row->total_ns),
      text(r->headers, strlen(r->headers)),
      blob(r->body, r->body_len),
      text(r->message, strlen(r->message)),
  };

  return adv_store_submit_one(store, INSERT_REPLY, values,
                              sizeof(values) / sizeof(values[0]), cb, ud);
}
