#include "bindings/system_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/key.h"
#include "base/secret.h"
#include "bindings/bind.h"

static int fail_errno(lua_State *L, const char *path)
{
  return adv_push_failure(L, errno == ENOENT ? ADV_ENOTFOUND : ADV_EIO, path,
                          adv_errno_text(errno));
}

/* info(path) -> { mode =, size =, own =, link =, owner = } | nil, message,
 * code: of the path itself, also where it is a symbolic link */
int adv_system_info(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  struct stat info;

  if (lstat(path, &info) != 0)
    return fail_errno(L, path);
  lua_createtable(L, 0, 5);
  lua_pushinteger(L, (lua_Integer)(info.st_mode & 07777));
  lua_setfield(L, -2, "mode");
  lua_pushinteger(L, (lua_Integer)info.st_size);
  lua_setfield(L, -2, "size");
  lua_pushboolean(L, info.st_uid == geteuid());
  lua_setfield(L, -2, "own");
  lua_pushboolean(L, S_ISLNK(info.st_mode));
  lua_setfield(L, -2, "link");
  lua_pushinteger(L, (lua_Integer)info.st_uid);
  lua_setfield(L, -2, "owner");
  return 1;
}

/* More than that is no script, and no data that is read whole. */
enum { MOST_CONTENT = 1 << 30 };

/* All of a file into `b`; false: errno says why. */
static bool read_all(int fd, adv_buf *b)
{
  char piece[16 << 10];
  ssize_t got;

  while ((got = read(fd, piece, sizeof piece)) != 0) {
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return false;
    if (adv_buf_append(b, piece, (size_t)got) != ADV_OK) {
      errno = EFBIG;
      return false;
    }
  }
  return true;
}

/* read(path) -> content, owner | nil, message, code. The owner is that of the
 * file that was read, whatever the path leads to by now. */
int adv_system_read(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat info;
  adv_buf content;
  int rc;

  if (fd < 0)
    return fail_errno(L, path);
  adv_buf_init(&content, MOST_CONTENT);
  rc = fstat(fd, &info);
  if (rc == 0 && !S_ISREG(info.st_mode)) {
    close(fd);
    return adv_push_failure(L, ADV_EINVAL, path, "is no file that can be read");
  }
  if (rc == 0 && !read_all(fd, &content))
    rc = -1;
  close(fd);
  if (rc != 0) {
    adv_buf_free(&content);
    return fail_errno(L, path);
  }
  adv_push_buf(L, &content);
  lua_pushinteger(L, (lua_Integer)info.st_uid);
  return 2;
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

/* Whether the file at `path` holds the key; -1 with errno if nobody knows. */
static int holds(const char *path, const char *key)
{
  bool found, failed;
  int fd;

  if (!key || strlen(key) < SHORTEST_KEY)
    return 0;
  fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return -1;
  found = occurs(fd, key, strlen(key), &failed);
  close(fd);
  return failed ? -1 : found;
}

/* holds_key(path, { key_env = | key_file = }) -> whether the file holds that
 * key | nil, message, code. The key stays on this side. */
int adv_system_holds_key(lua_State *L)
{
  const char *path = luaL_checkstring(L, 1);
  char *key;
  adv_buf why;
  adv_status st;
  int found;

  luaL_checktype(L, 2, LUA_TTABLE);
  adv_buf_init(&why, 4096);
  st = adv_field_key(L, 2, &key, &why);
  if (st != ADV_OK)
    return adv_push_why(L, st, "key", &why);
  adv_buf_free(&why);
  found = holds(path, key);
  adv_secret_free(key);
  if (found < 0)
    return fail_errno(L, path);
  lua_pushboolean(L, found);
  return 1;
}

/* names_secret(name) -> whether a variable of that name is likely to hold one
 */
int adv_system_names_secret(lua_State *L)
{
  lua_pushboolean(L, adv_key_is_named(luaL_checkstring(L, 1)));
  return 1;
}
