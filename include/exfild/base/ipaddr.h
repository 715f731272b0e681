/*
 * base/ipaddr.h - addresses and prefixes.
 *
 * What: one 16-byte form for both families; IPv4 is stored mapped (::ffff:a.b.c.d).
 * Threads: any (values).
 */
#ifndef EXFILD_BASE_IPADDR_H
#define EXFILD_BASE_IPADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "exfild/base/err.h"

#define IPADDR_TEXT_MAX 48 /* longest printed address, with NUL */
#define PREFIX_TEXT_MAX 52

struct ipaddr {
	union {
		uint8_t b[16];
		uint64_t q[2];
	} u;
};

struct prefix {
	struct ipaddr addr;
	uint8_t bits; /* 0..128; an IPv4 /n is 96 + n */
};

static inline struct ipaddr ipaddr_v4(const uint8_t bytes[4])
{
	struct ipaddr a;
	memset(a.u.b, 0, 10);
	a.u.b[10] = 0xff;
	a.u.b[11] = 0xff;
	memcpy(a.u.b + 12, bytes, 4);
	return a;
}

static inline struct ipaddr ipaddr_v6(const uint8_t bytes[16])
{
	struct ipaddr a;
	memcpy(a.u.b, bytes, 16);
	return a;
}

static inline bool ipaddr_is_v4(const struct ipaddr *a)
{
	static const uint8_t mapped[4] = { 0, 0, 0xff, 0xff };
	return a->u.q[0] == 0 && memcmp(a->u.b + 8, mapped, 4) == 0;
}

static inline bool ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b)
{
	return a->u.q[0] == b->u.q[0] && a->u.q[1] == b->u.q[1];
}

/* Byte order; the same for every machine. */
static inline int ipaddr_cmp(const struct ipaddr *a, const struct ipaddr *b)
{
	return memcmp(a->u.b, b->u.b, 16);
}

bool ipaddr_is_multicast(const struct ipaddr *a);  /* 224/4, 255.255.255.255, ff00::/8 */
bool ipaddr_is_loopback(const struct ipaddr *a);   /* 127/8, ::1 */
bool ipaddr_is_link_local(const struct ipaddr *a); /* 169.254/16, fe80::/10 */
bool ipaddr_is_private(const struct ipaddr *a); /* RFC 1918, 100.64/10, ULA, link-local, loopback */
bool ipaddr_is_unspecified(const struct ipaddr *a); /* 0.0.0.0, :: */

/* Writes the usual text (RFC 5952 for IPv6); returns dst. size >= IPADDR_TEXT_MAX. */
const char *ipaddr_print(const struct ipaddr *a, char *dst, size_t size);
/* Four numbers with dots between them, without zeros in front: their length, 0: none begins there.
 */
size_t ipaddr_read_v4(const char *text, size_t len, struct ipaddr *ret);
/* -EXF_E_FORMAT when text is no address. */
int ipaddr_parse(const char *text, struct ipaddr *ret) EXF_MUST_USE;

/* "10.0.0.0/8", "2001:db8::/32" or a single address. -EXF_E_FORMAT or -EXF_E_RANGE. */
int prefix_parse(const char *text, struct prefix *ret) EXF_MUST_USE;
const char *prefix_print(const struct prefix *p, char *dst, size_t size);
bool prefix_contains(const struct prefix *p, const struct ipaddr *a);

#endif
