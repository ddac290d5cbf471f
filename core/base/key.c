#include "base/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"

/* Longest key that a file may hold. */
enum { KEY_LONGEST = 8192 };

bool adv_key_is_sendable(const char *key)
{
  for (; *key; key++)
    if (*key < ' ' || *key > '~')
      return false;
  return true;
}

bool adv_key_is_named(const char *variable)
{
  static const char *const words[] = {"KEY", "TOKEN", "SECRET", "PASSWORD",
                                      "CREDENTIAL"};

  for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
    if (strcasestr(variable, words[i]))
      return true;
  return false;
}

/* Says once of each file that others may read it. */
static void warn_of_mode(const char *path, const struct stat *info)
{
  static ino_t told;

  if ((info->st_mode & 077) == 0 || told == info->st_ino)
    return;
  told = info->st_ino;
  adv_log(ADV_LOG_WARN,
          "the key file %s may be read by others (mode %04o): chmod 600 %s",
          path, (unsigned)info->st_mode & 07777, path);
}

/* Reads the whole file into `bytes`, which has room for KEY_LONGEST + 1. Gives
 * how many there are, or -1 with errno. */
static ssize_t read_key(const char *path, char *bytes)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;
  size_t len = 0;
  ssize_t got = -1;

  if (fd < 0)
    return -1;
  if (fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)) {
    errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
  } else {
    warn_of_mode(path, &info);
    while (len <= KEY_LONGEST &&
           (got = read(fd, bytes + len, KEY_LONGEST + 1 - len)) > 0)
      len += (size_t)got;
  }
  close(fd);
  return got < 0 ? -1 : (ssize_t)len;
}

/* Takes blanks and line ends off the end, and looks at what is left. */
static adv_status check_key(const char *path, char *key, size_t len,
                            adv_buf *why)
{
  while (len > 0 && strchr(" \t\r\n", key[len - 1]) && key[len - 1])
    len--;
  if (len > KEY_LONGEST)
    adv_buf_message(why, "the key file %s is longer than a key: %d bytes", path,
                    KEY_LONGEST);
  else if (len == 0)
    adv_buf_message(why, "the key file %s is empty", path);
  else if (strnlen(key, len) != len)
    adv_buf_message(why, "the key file %s holds a NUL byte", path);
  else {
    explicit_bzero(key + len, KEY_LONGEST + 1 - len);
    return ADV_OK;
  }
  return ADV_EINVAL;
}

static adv_status load_file(const char *name, char **key, adv_buf *why)
{
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets the environment.
  const char *home = getenv("HOME");
  adv_status st = ADV_ENOMEM;
  adv_buf path;
  ssize_t len;

  adv_buf_init(&path, 8192);
  *key = adv_secret_alloc(KEY_LONGEST + 2);
  if (!*key)
    goto out;
  if (strncmp(name, "~/", 2) == 0)
    st = adv_buf_printf(&path, "%s%s", home ? home : "", name + 1);
  else
    st = adv_buf_append(&path, name, strlen(name));
  if (st != ADV_OK)
    goto out;
  len = read_key(path.data, *key);
  if (len < 0) {
    st = errno == ENOENT ? ADV_ENOTFOUND : ADV_EIO;
    adv_buf_message(why, "cannot read the key file %s: %s", path.data,
                    adv_errno_text(errno));
  } else {
    st = check_key(path.data, *key, (size_t)len, why);
  }
out:
  adv_buf_free(&path);
  return st;
}

static adv_status load_variable(const char *name, char **key)
{
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets the environment.
  const char *value = getenv(name);

  if (!value || !*value)
    return ADV_OK;
  *key = adv_secret_copy(value, strlen(value));
  return *key ? ADV_OK : ADV_ENOMEM;
}

adv_status adv_key_load(const adv_key_source *source, char **key, adv_buf *why)
{
  adv_status st = ADV_OK;

  *key = NULL;
  if (source->file)
    st = load_file(source->file, key, why);
  else if (source->variable)
    st = load_variable(source->variable, key);
  if (st == ADV_OK && *key && !adv_key_is_sendable(*key)) {
    adv_buf_message(why,
                    "the key in %s cannot be sent: it is one line of printable "
                    "ASCII, without a line break or control character",
                    source->file ? source->file : source->variable);
    st = ADV_EINVAL;
  }
  if (st != ADV_OK) {
    adv_secret_free(*key);
    *key = NULL;
  }
  return st;
}
