/*
 * inspect/dns/name.h - names on the wire (RFC 1035, 4.1.4).
 *
 * What: labels and compression pointers to text; first-level encoding of NetBIOS names.
 * Threads: any (values).
 * Limits: 255 bytes of wire form, 32 pointers, each leading strictly before the one that led there.
 */
#ifndef EXFILD_INSPECT_DNS_NAME_H
#define EXFILD_INSPECT_DNS_NAME_H

#include "exfild/base/cursor.h"
#include "exfild/base/err.h"

#define DNS_NAME_MAX 255

struct dns_name {
	uint16_t len;                /* bytes of text; 0: the root */
	char text[DNS_NAME_MAX + 1]; /* labels joined by '.', bytes as they are, no NUL */
};

/*
 * Reads the name at the cursor, whose data is the whole message, and moves past it.
 * -EXF_E_TRUNCATED: the message ends in it; -EXF_E_FORMAT: it is none.  *ret holds what was read.
 */
int dns_name_read(struct cursor *c, struct dns_name *ret) EXF_MUST_USE;
/* Moves past a name without following its pointer; the same errors. */
int dns_name_skip(struct cursor *c) EXF_MUST_USE;
/* As ASCII, without regard to case. */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);
unsigned dns_name_upper_case(const struct dns_name *name);

/*
 * Decodes a NetBIOS name in place (RFC 1001, 14.1): "FILESRV<20>", the suffix being the service.
 * -EXF_E_FORMAT when it is none; the name is unchanged then.
 */
int dns_name_decode_netbios(struct dns_name *name) EXF_MUST_USE;
/*
 * Of a decoded name: does it stand for a host?  Others are those of workgroups, domains, browsers
 * and users.  *ret_len: without its type.
 */
bool dns_name_is_netbios_host(const struct dns_name *name, size_t *ret_len);
/* The 16 bytes of a NetBIOS name without padding; returns the length written, at most 15. */
size_t dns_name_trim_netbios(const uint8_t raw[16], char dst[15]);

#endif
