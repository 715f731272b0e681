/* base/ipaddr.c - see include/exfild/base/ipaddr.h */
#include "exfild/base/ipaddr.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "exfild/base/str.h"

#define V4_BITS     96 /* what an IPv4 prefix length is counted from */
#define V4_TEXT_MAX 16 /* longest IPv4 address as text, with NUL */

bool ipaddr_is_multicast(const struct ipaddr *a)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	if (!ipaddr_is_v4(a))
		return a->u.b[0] == 0xff;
	return (a->u.b[12] & 0xf0) == 0xe0 || memcmp(a->u.b + 12, broadcast, 4) == 0;
}

bool ipaddr_is_loopback(const struct ipaddr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (!ipaddr_is_v4(a))
		return memcmp(a->u.b, one, 16) == 0;
	return a->u.b[12] == 127;
}

bool ipaddr_is_link_local(const struct ipaddr *a)
{
	if (!ipaddr_is_v4(a))
		return a->u.b[0] == 0xfe && (a->u.b[1] & 0xc0) == 0x80;
	return a->u.b[12] == 169 && a->u.b[13] == 254;
}

bool ipaddr_is_private(const struct ipaddr *a)
{
	const uint8_t *v4 = a->u.b + 12;

	if (ipaddr_is_loopback(a) || ipaddr_is_link_local(a))
		return true;
	if (!ipaddr_is_v4(a))
		return (a->u.b[0] & 0xfe) == 0xfc;
	return v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xf0) == 16) ||
	       (v4[0] == 192 && v4[1] == 168) || (v4[0] == 100 && (v4[1] & 0xc0) == 64);
}

bool ipaddr_is_unspecified(const struct ipaddr *a)
{
	static const uint8_t zero[16] = { 0 };

	return memcmp(a->u.b + 12, zero, 4) == 0 &&
	       (ipaddr_is_v4(a) || memcmp(a->u.b, zero, 12) == 0);
}

static unsigned group_at(const struct ipaddr *a, unsigned group)
{
	return (unsigned)a->u.b[2 * group] << 8 | a->u.b[2 * group + 1];
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952, 4.2). */
static unsigned longest_zeros(const struct ipaddr *a, unsigned *ret_start)
{
	unsigned best = 1;

	for (unsigned start = 0; start < 8; start++) {
		unsigned run = 0;
		while (start + run < 8 && group_at(a, start + run) == 0)
			run++;
		if (run > best) {
			best = run;
			*ret_start = start;
		}
	}
	return best > 1 ? best : 0;
}

static void print_v6(const struct ipaddr *a, char *text, size_t size)
{
	unsigned start = 8;
	unsigned zeros = longest_zeros(a, &start);
	size_t at = 0;

	for (unsigned group = 0; group < 8; group++) {
		if (zeros > 0 && group == start) {
			at += (size_t)snprintf(text + at, size - at, "::");
			group += zeros - 1;
			continue;
		}
		bool colon = group > 0 && (zeros == 0 || group != start + zeros);
		at += (size_t)snprintf(text + at, size - at, "%s%x", colon ? ":" : "",
				       group_at(a, group));
	}
}

/* Without printf: every alert and every event has several. */
static void print_v4(const uint8_t b[4], char *at)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		if (b[i] >= 100)
			*at++ = (char)('0' + b[i] / 100);
		if (b[i] >= 10)
			*at++ = (char)('0' + b[i] / 10 % 10);
		*at++ = (char)('0' + b[i] % 10);
	}
	*at = '\0';
}

const char *ipaddr_print(const struct ipaddr *a, char *dst, size_t size)
{
	char text[IPADDR_TEXT_MAX];
	const uint8_t *b = a->u.b;

	if (ipaddr_is_v4(a))
		print_v4(b + 12, text);
	else
		print_v6(a, text, sizeof(text));
	(void)str_copy(dst, size, text);
	return dst;
}

static inline unsigned digit_at(const char *at)
{
	return (unsigned)(uint8_t)*at - '0';
}

/* Up to three digits, without a zero in front, of at most 255; NULL: none there. */
static inline const char *read_byte(const char *at, uint8_t *ret)
{
	unsigned value = digit_at(at++), next;

	if (value > 9)
		return NULL;
	if (value > 0 && (next = digit_at(at)) <= 9) {
		value = value * 10 + next;
		at++;
		if ((next = digit_at(at)) <= 9) {
			value = value * 10 + next;
			at++;
		}
	}
	*ret = (uint8_t)value;
	return value <= UINT8_MAX ? at : NULL;
}

size_t ipaddr_read_v4(const char *text, size_t len, struct ipaddr *ret)
{
	char copy[V4_TEXT_MAX] = "";
	uint8_t bytes[4];

	if (len < sizeof(copy)) { /* then the last one ends it */
		memcpy(copy, text, len);
		text = copy;
	}
	const char *at = read_byte(text, &bytes[0]);
	for (unsigned i = 1; at && i < 4; i++)
		at = *at == '.' ? read_byte(at + 1, &bytes[i]) : NULL;
	if (!at)
		return 0;
	*ret = ipaddr_v4(bytes);
	return (size_t)(at - text);
}

int ipaddr_parse(const char *text, struct ipaddr *ret)
{
	struct ipaddr v4;
	uint8_t bytes[16];
	size_t len = strlen(text);

	if (len > 0 && ipaddr_read_v4(text, len, &v4) == len) {
		*ret = v4;
		return 0;
	}
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return -EXF_E_FORMAT;
	*ret = ipaddr_v6(bytes);
	return 0;
}

static uint8_t mask_byte(unsigned bits, unsigned byte)
{
	if (bits >= 8 * (byte + 1))
		return 0xff;
	if (bits <= 8 * byte)
		return 0;
	return (uint8_t)(0xff << (8 - (bits - 8 * byte)));
}

int prefix_parse(const char *text, struct prefix *ret)
{
	char address[IPADDR_TEXT_MAX];
	struct prefix p;
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t bits;

	if (len >= sizeof(address))
		return -EXF_E_FORMAT;
	memcpy(address, text, len);
	address[len] = '\0';
	int rc = ipaddr_parse(address, &p.addr);
	if (rc < 0)
		return rc;
	/* ::ffff:10.0.0.0/104 counts as IPv6 text does. */
	unsigned base = strchr(address, ':') ? 0 : V4_BITS;
	bits = 128 - base;
	if (slash != NULL) {
		rc = str_parse_u64(slash + 1, 0, 128 - base, &bits);
		if (rc < 0)
			return rc;
	}
	p.bits = (uint8_t)(base + bits);
	for (unsigned i = 0; i < 16; i++)
		p.addr.u.b[i] &= mask_byte(p.bits, i);
	*ret = p;
	return 0;
}

const char *prefix_print(const struct prefix *p, char *dst, size_t size)
{
	char address[IPADDR_TEXT_MAX];
	unsigned base = p->bits >= V4_BITS && ipaddr_is_v4(&p->addr) ? V4_BITS : 0;

	ipaddr_print(&p->addr, address, sizeof(address));
	(void)snprintf(dst, size, "%s/%u", address, p->bits - base);
	return dst;
}

bool prefix_contains(const struct prefix *p, const struct ipaddr *a)
{
	unsigned whole = p->bits / 8;

	if (whole >= 16)
		return ipaddr_equal(&p->addr, a);
	uint8_t mask = mask_byte(p->bits, whole);
	return memcmp(p->addr.u.b, a->u.b, whole) == 0 &&
	       ((p->addr.u.b[whole] ^ a->u.b[whole]) & mask) == 0;
}
