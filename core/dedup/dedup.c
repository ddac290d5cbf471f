#include "dedup/dedup.h"

#include "dedup/engine.h"

adv_status adv_dedup_nearest(adv_dedup *d, const char *text, size_t len,
                             int64_t before, adv_nearest *nearest)
{
  *nearest = (adv_nearest){.found = false};
  return d->engine->nearest(d, text, len, before, nearest);
}

adv_status adv_dedup_add(adv_dedup *d, const char *text, size_t len, int64_t id)
{
  adv_status st = d->engine->add(d, text, len, id);

  if (st == ADV_OK)
    d->count++;
  return st;
}

size_t adv_dedup_count(const adv_dedup *d)
{
  return d->count;
}

void adv_dedup_free(adv_dedup *d)
{
  if (d)
    d->engine->free(d);
}
