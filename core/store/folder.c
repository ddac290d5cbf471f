#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

adv_status adv_folder_status(int error)
{
  switch (error) {
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    return ADV_EFULL;
  case ENOENT:
    return ADV_ENOTFOUND;
  case ENOMEM:
    return ADV_ENOMEM;
  default:
    return ADV_EIO;
  }
}

char *adv_folder_path(const char *folder, const char *name)
{
  char *path;

  return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static adv_status fail(adv_buf *why, const char *what, const char *path)
{
  int error = errno;

  adv_buf_message(why, "cannot %s %s: %s", what, path, adv_errno_text(error));
  return adv_folder_status(error);
}

adv_status adv_folder_sync(const char *path, adv_buf *why)
{
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  adv_status st = ADV_OK;

  if (fd < 0)
    return fail(why, "open", path);
  /* Some file systems cannot sync a folder; they have nothing to lose then. */
  if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
    st = fail(why, "sync", path);
  close(fd);
  return st;
}

/* Syncs the folder that holds `path`. */
static adv_status sync_parent(const char *path, adv_buf *why)
{
  const char *slash = strrchr(path, '/');
  adv_status st;
  char *parent;

  if (!slash)
    return adv_folder_sync(".", why);
  parent = strndup(path, slash == path ? 1 : (size_t)(slash - path));
  if (!parent)
    return ADV_ENOMEM;
  st = adv_folder_sync(parent, why);
  free(parent);
  return st;
}

static adv_status make_one(const char *path, adv_buf *why)
{
  if (mkdir(path, 0700) == 0)
    return sync_parent(path, why);
  return errno == EEXIST ? ADV_OK : fail(why, "make the folder", path);
}

/* Makes each folder on the way, the last one included. `path` is ours to
 * change. */
static adv_status make_each(char *path, adv_buf *why)
{
  adv_status st = ADV_OK;

  for (char *p = path + 1; st == ADV_OK && *p; p++) {
    if (*p != '/')
      continue;
    *p = '\0';
    st = make_one(path, why);
    *p = '/';
  }
  return st == ADV_OK ? make_one(path, why) : st;
}

adv_status adv_folder_make(const char *path, adv_buf *why)
{
  size_t len = strlen(path);
  struct stat info;
  adv_status st;
  char *copy;

  while (len > 1 && path[len - 1] == '/')
    len--;
  if (len == 0) {
    adv_buf_message(why, "the name of the folder is empty");
    return ADV_EINVAL;
  }
  copy = strndup(path, len);
  if (!copy)
    return ADV_ENOMEM;
  st = make_each(copy, why);
  if (st == ADV_OK && (stat(copy, &info) != 0 || !S_ISDIR(info.st_mode))) {
    adv_buf_message(why, "%s is not a folder; name another one", copy);
    st = ADV_EEXISTS;
  }
  free(copy);
  return st;
}
