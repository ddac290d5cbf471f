/* format.h - what makes an SQLite file a run.db: its marks, its making, and
 * the settings with which it is opened. For the files of the store only. */
#ifndef ADV_FORMAT_H
#define ADV_FORMAT_H

#include "store/connection.h"

#define ADV_APPLICATION_ID 0x41445652 /* "ADVR" */
#define ADV_USER_VERSION 1

/* Makes FOLDER/run.db, 0600, which is either absent or complete, whenever the
 * process or the machine ends: empty, or a copy of what is committed in the
 * folder `source`. The caller holds the folder's lock. */
ADV_MUST_CHECK adv_status adv_format_create(const char *folder,
                                            const char *source, adv_buf *why);

/* Both check the marks first: ADV_EPARSE for a file that is no database,
 * ADV_EVERSION for one that is not ours or of another version. *why gets the
 * reason with the remedy. */
ADV_MUST_CHECK adv_status adv_format_open_writer(adv_connection *c,
                                                 const char *path,
                                                 adv_buf *why);

/* Also without a writer, and in a folder that cannot be written to. */
ADV_MUST_CHECK adv_status adv_format_open_reader(adv_connection *c,
                                                 const char *path,
                                                 adv_buf *why);

#endif
