#include "store/spare.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/folder.h"

#define SPARE_BYTES ((off_t)32 << 20)

static bool has_room(const char *folder)
{
  struct statvfs disk;

  return statvfs(folder, &disk) == 0 &&
         (double)disk.f_bavail * (double)disk.f_frsize >
             2.0 * (double)SPARE_BYTES;
}

void adv_spare_make(const char *folder)
{
  char *path = adv_folder_path(folder, "run.spare");
  int fd = -1;

  if (!path)
    return;
  if (has_room(folder))
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  /* Not posix_fallocate(), which would write all of it where the file system
   * cannot reserve. */
  if (fd >= 0 && fallocate(fd, 0, 0, SPARE_BYTES) != 0)
    unlink(path);
  if (fd >= 0)
    close(fd);
  free(path);
}

bool adv_spare_release(const char *folder)
{
  char *path = adv_folder_path(folder, "run.spare");
  bool released = path && unlink(path) == 0;

  free(path);
  return released;
}
