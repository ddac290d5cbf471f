#include "store/batch.h"

#include <stdlib.h>
#include <string.h>

enum {
  BATCH_SIZE = 1024, /* glibc keeps freed blocks up to this size per thread */
  BLOCK_SIZE = 4096,
  VALUES_MAX = 32766, /* SQLite's own limit */
};

adv_batch *adv_batch_new(void)
{
  adv_batch *b = malloc(BATCH_SIZE);

  if (!b)
    return NULL;
  *b = (adv_batch){.at = b->room, .end = (char *)b + BATCH_SIZE};
  b->last = &b->first;
  return b;
}

/* Gives room for any type, which lives as long as the batch. */
static void *allocate(adv_batch *b, size_t size)
{
  const size_t align = _Alignof(max_align_t);
  char *p;

  size = (size + align - 1) / align * align;
  if (size > (size_t)(b->end - b->at)) {
    size_t block = align + size > BLOCK_SIZE ? align + size : BLOCK_SIZE;

    p = malloc(block);
    if (!p)
      return NULL;
    *(void **)p = b->blocks;
    b->blocks = p;
    b->at = p + align;
    b->end = p + block;
  }
  p = b->at;
  b->at += size;
  return p;
}

static bool has_bytes(const adv_value *v)
{
  return v->type == ADV_TEXT || v->type == ADV_BLOB;
}

adv_status adv_batch_add(adv_batch *b, const char *sql, const adv_value *values,
                         size_t n)
{
  size_t size = sizeof(adv_statement) + n * sizeof(adv_value);
  size_t copied = 0;
  adv_statement *s;
  char *to;

  if (n > VALUES_MAX)
    return ADV_ELIMIT;
  for (size_t i = 0; i < n; i++)
    if (has_bytes(&values[i]) && !values[i].borrowed)
      copied += values[i].len;
  s = allocate(b, size + copied);
  if (!s)
    return ADV_ENOMEM;
  s->next = NULL;
  s->sql = sql;
  s->n = n;
  to = (char *)s + size;
  for (size_t i = 0; i < n; i++) {
    adv_value *v = &s->values[i];

    *v = values[i];
    if (!has_bytes(v))
      continue;
    b->bytes += v->len;
    if (v->borrowed || v->len == 0)
      continue;
    memcpy(to, v->bytes, v->len);
    v->bytes = to;
    to += v->len;
  }
  *b->last = s;
  b->last = &s->next;
  b->count++;
  return ADV_OK;
}

void adv_batch_free(adv_batch *b)
{
  if (!b)
    return;
  while (b->blocks) {
    void *before = *(void **)b->blocks;

    free(b->blocks);
    b->blocks = before;
  }
  free(b->why);
  free(b);
}
