/* address.h - how far away a host is, told from its text alone. Pure. */
#ifndef ADV_ADDRESS_H
#define ADV_ADDRESS_H

typedef enum adv_place {
  ADV_PLACE_LOOPBACK, /* 127.0.0.0/8, ::1, localhost */
  ADV_PLACE_PRIVATE,  /* private and link-local ranges, names without a dot
                         or in a domain reserved for local use */
  ADV_PLACE_PUBLIC,
} adv_place;

/* `host` is an IPv4 or IPv6 address, with or without brackets, or a name. Of a
 * name this is a guess; only an address that was connected to is proof. */
adv_place adv_address_place(const char *host);

/* What of a URL may be shown: scheme, host, port and path, without user info,
 * query and fragment, which may hold a key. The caller frees it; NULL: out of
 * memory. */
char *adv_address_public(const char *url);

#endif
