/*
 * inspect/dns/name.c - names on the wire (RFC 1035, 4.1.4; RFC 1001, 14.1).
 *
 *   | 0 0 length 6 | bytes ...          a label
 *   | 1 1 offset 14 |                   the rest of the name stands there
 *   | 0 |                               the end
 *
 * A pointer must lead before the start of the part that it ends: chains only go backwards, so that
 * they end; the limit on pointers keeps a chain of thousands from being walked for each record.
 */
#include "name.h"

#include "exfild/base/str.h"

#define HEADER_LEN       12
#define POINTERS_MAX     32
#define LABEL_MAX        63
#define NETBIOS_LEN      16
#define NETBIOS_WIRE_LEN 32 /* two letters a byte */

/* Follows a pointer whose first byte is `high`; *limit is where the part it ends began. */
static int follow(struct cursor *at, uint8_t high, size_t *limit)
{
	size_t target = (size_t)(high & 0x3f) << 8 | cursor_u8(at);
	if (!cursor_ok(at))
		return -EXF_E_TRUNCATED;
	if (target >= *limit || target < HEADER_LEN)
		return -EXF_E_FORMAT;
	*limit = target;
	cursor_seek(at, target);
	return 0;
}

int dns_name_read(struct cursor *c, struct dns_name *ret)
{
	struct cursor at = *c;
	size_t limit = cursor_offset(c);
	unsigned pointers = 0;
	size_t len = 0;

	ret->len = 0;
	for (;;) {
		uint8_t n = cursor_u8(&at);
		if (n == 0 && cursor_ok(&at))
			break;
		if (n > LABEL_MAX) {
			if (n < 0xc0 || pointers == POINTERS_MAX)
				return -EXF_E_FORMAT;
			struct cursor from = at;
			int rc = follow(&at, n, &limit);
			if (rc < 0)
				return rc;
			if (pointers++ == 0) {
				cursor_skip(&from, 1);
				*c = from;
			}
			continue;
		}
		/* On the wire: the text, one length byte in front and the end. */
		size_t dot = len > 0;
		if (len + dot + n + 2 > DNS_NAME_MAX)
			return -EXF_E_FORMAT;
		const uint8_t *label = cursor_take(&at, n);
		if (!label || !cursor_ok(&at))
			return -EXF_E_TRUNCATED;
		ret->text[len] = '.';
		memcpy(ret->text + len + dot, label, n);
		len += dot + n;
		ret->len = (uint16_t)len;
	}
	if (pointers == 0)
		*c = at;
	return 0;
}

int dns_name_skip(struct cursor *c)
{
	size_t start = cursor_offset(c);

	for (;;) {
		uint8_t n = cursor_u8(c);
		if (n > LABEL_MAX) {
			cursor_skip(c, 1);
			if (n < 0xc0)
				return -EXF_E_FORMAT;
			return cursor_ok(c) ? 0 : -EXF_E_TRUNCATED;
		}
		cursor_skip(c, n);
		if (!cursor_ok(c))
			return -EXF_E_TRUNCATED;
		if (n == 0)
			return 0;
		if (cursor_offset(c) - start >= DNS_NAME_MAX)
			return -EXF_E_FORMAT;
	}
}

static inline bool is_upper(char c)
{
	return (unsigned)c - 'A' <= 'Z' - 'A';
}

static inline char lower(char c)
{
	return is_upper(c) ? (char)(c + ('a' - 'A')) : c;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (lower(a->text[i]) != lower(b->text[i]))
			return false;
	return true;
}

unsigned dns_name_upper_case(const struct dns_name *name)
{
	const uint64_t ones = 0x0101010101010101ull;
	unsigned count = 0;
	size_t i = 0;

	/* Eight at a time: a byte's top bit says that it is from 'A' on, and not beyond 'Z'. */
	for (; i + 8 <= name->len; i += 8) {
		uint64_t word;
		memcpy(&word, name->text + i, sizeof(word));
		uint64_t low = word & 0x7f * ones;
		uint64_t upper = (low + (0x80 - 'A') * ones) & ~(low + (0x7f - 'Z') * ones);
		count += (unsigned)(((upper & ~word & 0x80 * ones) >> 7) * ones >> 56);
	}
	for (; i < name->len; i++)
		count += is_upper(name->text[i]);
	return count;
}

size_t dns_name_trim_netbios(const uint8_t raw[16], char dst[15])
{
	size_t len = NETBIOS_LEN - 1;

	while (len > 0 && (raw[len - 1] == ' ' || raw[len - 1] == 0))
		len--;
	memcpy(dst, raw, len);
	return len;
}

int dns_name_decode_netbios(struct dns_name *name)
{
	uint8_t raw[NETBIOS_LEN];
	struct dns_name out;

	/* The first label, and perhaps a scope behind it. */
	if (name->len < NETBIOS_WIRE_LEN ||
	    (name->len > NETBIOS_WIRE_LEN && name->text[NETBIOS_WIRE_LEN] != '.'))
		return -EXF_E_FORMAT;
	for (size_t i = 0; i < NETBIOS_LEN; i++) {
		unsigned high = (unsigned)name->text[2 * i] - 'A';
		unsigned low = (unsigned)name->text[2 * i + 1] - 'A';
		if (high > 15 || low > 15)
			return -EXF_E_FORMAT;
		raw[i] = (uint8_t)(high << 4 | low);
	}
	size_t len = dns_name_trim_netbios(raw, out.text);
	out.text[len++] = '<';
	str_hex(out.text + len, 3, &raw[NETBIOS_LEN - 1], 1);
	len += 2;
	out.text[len++] = '>';
	size_t scope = (size_t)name->len - NETBIOS_WIRE_LEN;
	memcpy(out.text + len, name->text + NETBIOS_WIRE_LEN, scope);
	memcpy(name->text, out.text, len + scope);
	name->len = (uint16_t)(len + scope);
	return 0;
}

bool dns_name_is_netbios_host(const struct dns_name *name, size_t *ret_len)
{
	static const char *const hosts[] = { "<00>", "<20>" }; /* workstation, server */
	for (size_t len = 1; len < NETBIOS_LEN && len + 4 <= name->len; len++) {
		for (size_t i = 0; i < 2; i++) {
			if (memcmp(name->text + len, hosts[i], 4) != 0)
				continue;
			*ret_len = len;
			return true;
		}
	}
	return false;
}
