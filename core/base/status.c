#include "base/status.h"

#include <stddef.h>
#include <string.h>

static const struct {
  const char *name;
  const char *text;
} table[] = {
#define X(name, text) {#name, text},
    ADV_STATUS_MAP(X)
#undef X
};

#define COUNT (sizeof(table) / sizeof(table[0]))

const char *adv_status_name(adv_status st)
{
  return (size_t)st < COUNT ? table[st].name : "EINVAL";
}

const char *adv_status_text(adv_status st)
{
  return (size_t)st < COUNT ? table[st].text : "invalid status";
}

const char *adv_errno_text(int error)
{
  const char *text = strerrordesc_np(error);

  return text ? text : "unknown error";
}
