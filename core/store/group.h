/* group.h - one group commit, synchronously, on whichever thread calls. For
 * the files of the store only. */
#ifndef ADV_GROUP_H
#define ADV_GROUP_H

#include "store/batch.h"
#include "store/connection.h"

/* Runs the batches of the list in one transaction and sets `st` and `why` of
 * each. True if the transaction was committed; batches that failed on their
 * own are not in it. */
bool adv_group_commit(adv_connection *c, adv_batch *group);

#endif
