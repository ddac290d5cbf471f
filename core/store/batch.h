/* batch.h - what a batch holds: for the files of the store only.
 *
 * One block of memory holds the batch and, in the usual case, its statements,
 * values and copied bytes; what does not fit goes into further blocks. Built
 * and freed on the loop's thread. */
#ifndef ADV_BATCH_H
#define ADV_BATCH_H

#include "store/store.h"

typedef struct adv_statement adv_statement;

struct adv_statement {
  adv_statement *next;
  const char *sql;
  size_t n;
  adv_value values[];
};

struct adv_batch {
  adv_statement *first, **last;
  size_t count;   /* statements */
  size_t bytes;   /* text and blobs, borrowed ones included */
  char *at, *end; /* room that is left in the newest block */
  void *blocks;   /* each begins with a pointer to the one before it */

  /* The writer's. */
  adv_batch *next;
  adv_store_cb cb;
  void *ud;
  adv_status st;
  char *why; /* owned; NULL: none */

  _Alignas(max_align_t) char room[];
};

#endif
