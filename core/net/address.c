#include "net/address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static adv_place place_of_ipv4(uint32_t ip)
{
  static const struct {
    uint32_t net;
    unsigned bits;
    adv_place place;
  } ranges[] = {
      {0x7f000000, 8, ADV_PLACE_LOOPBACK},
      {0x00000000, 8, ADV_PLACE_PRIVATE},  /* 0.0.0.0: this host */
      {0x0a000000, 8, ADV_PLACE_PRIVATE},  /* 10.0.0.0/8 */
      {0xac100000, 12, ADV_PLACE_PRIVATE}, /* 172.16.0.0/12 */
      {0xc0a80000, 16, ADV_PLACE_PRIVATE}, /* 192.168.0.0/16 */
      {0xa9fe0000, 16, ADV_PLACE_PRIVATE}, /* 169.254.0.0/16 */
      {0x64400000, 10, ADV_PLACE_PRIVATE}, /* 100.64.0.0/10 */
  };

  for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
    if ((ip ^ ranges[i].net) >> (32 - ranges[i].bits) == 0)
      return ranges[i].place;
  return ADV_PLACE_PUBLIC;
}

static adv_place place_of_ipv6(const struct in6_addr *ip)
{
  uint32_t last;

  memcpy(&last, ip->s6_addr + 12, sizeof(last));
  if (IN6_IS_ADDR_LOOPBACK(ip))
    return ADV_PLACE_LOOPBACK;
  if (IN6_IS_ADDR_V4MAPPED(ip))
    return place_of_ipv4(ntohl(last));
  if (IN6_IS_ADDR_LINKLOCAL(ip) || (ip->s6_addr[0] & 0xfe) == 0xfc)
    return ADV_PLACE_PRIVATE;
  return ADV_PLACE_PUBLIC;
}

/* True for "local" in "gpu.local" and in "local". */
static bool in_domain(const char *host, const char *domain)
{
  size_t host_len = strlen(host), len = strlen(domain);

  if (host_len > 0 && host[host_len - 1] == '.')
    host_len--;
  if (host_len < len || strncasecmp(host + host_len - len, domain, len) != 0)
    return false;
  return host_len == len || host[host_len - len - 1] == '.';
}

static adv_place place_of_name(const char *host)
{
  static const char *const domains[] = {"local", "lan", "internal",
                                        "home.arpa"};

  if (in_domain(host, "localhost"))
    return ADV_PLACE_LOOPBACK;
  for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
    if (in_domain(host, domains[i]))
      return ADV_PLACE_PRIVATE;
  return strchr(host, '.') ? ADV_PLACE_PUBLIC : ADV_PLACE_PRIVATE;
}

adv_place adv_address_place(const char *host)
{
  char text[INET6_ADDRSTRLEN + 1];
  struct in_addr ipv4;
  struct in6_addr ipv6;
  size_t len;

  if (inet_pton(AF_INET, host, &ipv4) == 1)
    return place_of_ipv4(ntohl(ipv4.s_addr));
  if (!strchr(host, ':'))
    return place_of_name(host);
  /* The brackets of a URL and the zone of a link-local address go. */
  if (*host == '[')
    host++;
  len = strcspn(host, "%]");
  if (len >= sizeof(text))
    return ADV_PLACE_PUBLIC;
  memcpy(text, host, len);
  text[len] = '\0';
  if (inet_pton(AF_INET6, text, &ipv6) != 1)
    return ADV_PLACE_PUBLIC;
  return place_of_ipv6(&ipv6);
}

char *adv_address_public(const char *url)
{
  const char *host = strstr(url, "://");
  const char *end = url + strcspn(url, "?#");
  const char *slash, *at;
  char *copy;
  size_t scheme;

  if (!host)
    return strndup(url, (size_t)(end - url));
  host += 3;
  slash = host + strcspn(host, "/?#");
  at = memrchr(host, '@', (size_t)(slash - host));
  scheme = (size_t)(host - url);
  if (at)
    host = at + 1;
  copy = malloc(scheme + (size_t)(end - host) + 1);
  if (!copy)
    return NULL;
  memcpy(copy, url, scheme);
  memcpy(copy + scheme, host, (size_t)(end - host));
  copy[scheme + (size_t)(end - host)] = '\0';
  return copy;
}
