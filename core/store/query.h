/* query.h - reading through one connection, on the calling thread. For the
 * files of the store only. */
#ifndef ADV_QUERY_H
#define ADV_QUERY_H

#include "store/connection.h"
#include "store/store.h"

/* As adv_store_query(). */
ADV_MUST_CHECK adv_status adv_connection_query(adv_connection *c,
                                               const char *sql,
                                               const adv_value *values,
                                               size_t n, adv_row_cb row,
                                               void *ud, adv_buf *why);

#endif
