/* spare.h - room that a run sets aside, so that what it has in flight when the
 * disk is full can still be written.
 *
 * A file of 32 MiB in the run folder, which holds nothing. */
#ifndef ADV_SPARE_H
#define ADV_SPARE_H

#include <stdbool.h>

/* Sets room aside; where the disk has little left, or cannot reserve any, there
 * is no spare. One that an earlier process left is taken over. */
void adv_spare_make(const char *folder);

/* Gives the room back; whether there was any. Any thread may call it. */
bool adv_spare_release(const char *folder);

#endif
