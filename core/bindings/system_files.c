#include "bindings/system_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bindings/bind.h"

static int fail_errno(lua_State *L, const char *path)
{
  return adv_push_failure(L, errno == ENOENT ? ADV_ENOTFOUND : ADV_EIO, path,
                          strerror(errno));
}

/* info(path) -> { mode =, size =, own =, link = } | nil, message, code: of the
 * path itself, also where it is a symbolic link */
int adv_system_info(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  struct stat info;

  if (lstat(path, &info) != 0)
    return fail_errno(L, path);
  lua_createtable(L, 0, 4);
  lua_pushinteger(L, (lua_Integer)(info.st_mode & 07777));
  lua_setfield(L, -2, "mode");
  lua_pushinteger(L, (lua_Integer)info.st_size);
  lua_setfield(L, -2, "size");
  lua_pushboolean(L, info.st_uid == geteuid());
  lua_setfield(L, -2, "own");
  lua_pushboolean(L, S_ISLNK(info.st_mode));
  lua_setfield(L, -2, "link");
  return 1;
}

/* disk_free(path) -> bytes that this user may still write there | nil, message,
 * code */
int adv_system_disk_free(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  struct statvfs disk;

  if (statvfs(path, &disk) != 0)
    return fail_errno(L, path);
  lua_pushinteger(L, (lua_Integer)disk.f_bavail * (lua_Integer)disk.f_frsize);
  return 1;
}

/* file_limit() -> how many files this process may have open at once */
int adv_system_file_limit(lua_State *L)
{
  struct rlimit limit;

  getrlimit(RLIMIT_NOFILE, &limit);
  lua_pushinteger(L, limit.rlim_cur == RLIM_INFINITY
                         ? LUA_MAXINTEGER
                         : (lua_Integer)limit.rlim_cur);
  return 1;
}

enum { CHUNK = 1 << 16, SHORTEST_KEY = 6 };

/* Whether `key` occurs in what `fd` holds. The end of each chunk is looked at
 * again with the next one, so that no border hides a key. */
static bool occurs(int fd, const char *key, size_t len, bool *failed)
{
  size_t kept = 0, size = CHUNK + len;
  char *buffer = malloc(size);
  bool found = false;
  ssize_t got = -1;

  *failed = !buffer;
  while (!*failed && !found) {
    got = read(fd, buffer + kept, size - kept);
    if (got < 0 && errno == EINTR)
      continue;
    *failed = got < 0;
    if (got <= 0)
      break;
    kept += (size_t)got;
    found = memmem(buffer, kept, key, len) != NULL;
    if (kept >= len) {
      memmove(buffer, buffer + kept - (len - 1), len - 1);
      kept = len - 1;
    }
  }
  free(buffer);
  return found;
}

/* holds_key(path, variable) -> whether the file holds the key that the variable
 * has in the environment | nil, message, code. The key stays on this side. */
int adv_system_holds_key(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  const char *key = getenv(luaL_checkstring(L, 2));
  bool found, failed;
  int fd;

  if (!key || strlen(key) < SHORTEST_KEY) {
    lua_pushboolean(L, 0);
    return 1;
  }
  fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return fail_errno(L, path);
  found = occurs(fd, key, strlen(key), &failed);
  close(fd);
  if (failed)
    return fail_errno(L, path);
  lua_pushboolean(L, found);
  return 1;
}
