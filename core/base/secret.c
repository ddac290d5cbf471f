#include "base/secret.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* In front of the bytes that are handed out; the pages begin with it. */
typedef struct block {
  size_t mapped;
  max_align_t bytes[];
} block;

void *adv_secret_alloc(size_t size)
{
  size_t page = (size_t)sysconf(_SC_PAGESIZE), mapped;
  block *b;

  if (size > SIZE_MAX / 2)
    return NULL;
  mapped = (sizeof(*b) + size + page - 1) / page * page;
  b = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
           -1, 0);
  if (b == MAP_FAILED)
    return NULL;
  /* Both are best effort: the limit for locked memory may be used up. */
  (void)!mlock(b, mapped);
  (void)!madvise(b, mapped, MADV_DONTDUMP);
  b->mapped = mapped;
  return b->bytes;
}

char *adv_secret_copy(const char *text, size_t len)
{
  char *copy = adv_secret_alloc(len + 1);

  if (copy)
    memcpy(copy, text, len);
  return copy;
}

void adv_secret_free(void *secret)
{
  block *b;
  size_t mapped;

  if (!secret)
    return;
  b = (block *)(void *)((char *)secret - offsetof(block, bytes));
  mapped = b->mapped;
  explicit_bzero(b, mapped);
  munmap(b, mapped);
}
