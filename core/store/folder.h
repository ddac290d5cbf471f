/* folder.h - the folder of a run: making it, naming and syncing what it holds.
 *
 * Plain functions without state; each works on the calling thread. */
#ifndef ADV_FOLDER_H
#define ADV_FOLDER_H

#include "base/buf.h"
#include "base/status.h"

/* Makes `path` and whichever of its parents are missing, each 0700, and syncs
 * the folders that got a new entry. One that exists is fine. On failure *why
 * gets the reason in words. */
ADV_MUST_CHECK adv_status adv_folder_make(const char *path, adv_buf *why);

/* Makes the entries of the folder survive a loss of power. As above. */
ADV_MUST_CHECK adv_status adv_folder_sync(const char *path, adv_buf *why);

/* "folder/name", which the caller frees; NULL if out of memory. */
char *adv_folder_path(const char *folder, const char *name);

/* ADV_EFULL for the errors that mean "no room", ADV_ENOTFOUND, ADV_ENOMEM,
 * otherwise ADV_EIO. */
adv_status adv_folder_status(int error);

#endif
