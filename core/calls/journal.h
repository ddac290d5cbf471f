/* journal.h - the rows that an attempt leaves in run.db, and their SQL. */
#ifndef ADV_JOURNAL_H
#define ADV_JOURNAL_H

#include "calls/calls.h"

typedef struct adv_journal_intent {
  int64_t id;
  const adv_attempt_request *request; /* unchanged until the callback */
  const char *endpoint;
  int64_t wall_ms;
} adv_journal_intent;

typedef struct adv_journal_reply {
  const adv_attempt_reply *reply; /* unchanged until the callback */
  uint64_t bytes_up, bytes_down, first_byte_ns, total_ns;
} adv_journal_reply;

/* As adv_store_submit(). */
ADV_MUST_CHECK adv_status adv_journal_intent_submit(
    adv_store *store, const adv_journal_intent *row, adv_store_cb cb, void *ud);
ADV_MUST_CHECK adv_status adv_journal_reply_submit(adv_store *store,
                                                   const adv_journal_reply *row,
                                                   adv_store_cb cb, void *ud);

/* "done", "failed" or "unknown"; static. */
const char *adv_attempt_state_name(adv_attempt_state state);

#endif
