/*
 * inspect/dns/rdata.c - what records say, as text (RFC 1035, 3.3; RFC 2782; RFC 6891).
 *
 * Types without a text form here give their bytes.  Lengths that lie mark the message malformed;
 * the bytes are given as they are then, so that a tunnel cannot hide behind a broken record.
 */
#include "message.h"

#define OPTION_COOKIE  10 /* RFC 7873 */
#define OPTION_PADDING 12 /* RFC 7830 */

#define COOKIE_CLIENT_LEN 8
#define COOKIE_BOTH_MIN   16
#define COOKIE_BOTH_MAX   40

#define NB_GROUP         0x8000 /* flag: the name is a group's */
#define NB_ENTRY_LEN     6
#define NBSTAT_ENTRY_LEN 18
#define NBSTAT_SERVER    0x20

static void text_add(struct dns_text *t, const void *data, size_t len)
{
	size_t room = sizeof(t->data) - t->len;
	size_t kept = len < room ? len : room;

	if (kept)
		memcpy(t->data + t->len, data, kept);
	t->len += (uint32_t)kept;
	t->full += (uint32_t)len;
}

/* Writes a number below 65536; returns its length. */
static size_t put_u16(char dst[5], unsigned value)
{
	char digits[5];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	for (size_t i = 0; i < n; i++)
		dst[i] = digits[n - 1 - i];
	return n;
}

static void text_u16(struct dns_text *t, unsigned value, char behind)
{
	char out[6];
	size_t n = put_u16(out, value);

	out[n++] = behind;
	text_add(t, out, n);
}

/* put_u16 for what is below 256, without a division: four for each A record. */
static size_t put_u8(char *dst, unsigned value)
{
	size_t n = 0;

	if (value >= 100) {
		unsigned hundreds = value >= 200 ? 2 : 1;
		dst[n++] = (char)('0' + hundreds);
		value -= 100 * hundreds;
		dst[n++] = (char)('0' + value * 205 / 2048);
	} else if (value >= 10) {
		dst[n++] = (char)('0' + value * 205 / 2048);
	}
	dst[n++] = (char)('0' + value - value * 205 / 2048 * 10);
	return n;
}

static void text_ipv4(struct dns_text *t, const uint8_t b[4])
{
	char out[16];
	size_t n = put_u8(out, b[0]);

	for (size_t i = 1; i < 4; i++) {
		out[n++] = '.';
		n += put_u8(out + n, b[i]);
	}
	text_add(t, out, n);
}

/* Finds the longest run of two or more zero groups, the first of equals; length 0 for none. */
static size_t zero_run(const uint16_t group[8], size_t *ret_start)
{
	size_t best = 1;

	*ret_start = 8;
	for (size_t i = 0; i < 8; i++) {
		size_t n = 0;
		while (i + n < 8 && group[i + n] == 0)
			n++;
		if (n > best) {
			best = n;
			*ret_start = i;
		}
		i += n;
	}
	return best > 1 ? best : 0;
}

/* As ipaddr_print (RFC 5952), at a tenth of its time: AAAA is every second answer. */
static void text_ipv6(struct dns_text *t, const uint8_t b[16])
{
	static const char digits[] = "0123456789abcdef";
	uint16_t group[8];
	char out[IPADDR_TEXT_MAX];
	size_t n = 0;
	size_t start;

	for (size_t i = 0; i < 8; i++)
		group[i] = (uint16_t)(b[2 * i] << 8 | b[2 * i + 1]);
	size_t run = zero_run(group, &start);
	for (size_t i = 0; i < 8; i++) {
		if (i == start) {
			out[n++] = ':';
			out[n++] = ':';
			i += run - 1;
			continue;
		}
		if (i > 0 && i != start + run)
			out[n++] = ':';
		unsigned v = group[i];
		int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0;
		for (; shift >= 0; shift -= 4)
			out[n++] = digits[v >> shift & 15];
	}
	text_add(t, out, n);
}

/* Numbers in front of a name: "10 mail.example", "0 5 5060 sip.example". */
static bool text_name(struct dns_message *m, const struct dns_record *r, unsigned numbers,
		      uint64_t *ret_hash)
{
	struct dns_text *t = &m->text;
	struct dns_name name;
	struct cursor c = m->c;
	uint64_t hash = 0;

	if (r->len < 2 * numbers + 1)
		return false;
	cursor_seek(&c, r->offset);
	uint16_t value[3];
	for (unsigned i = 0; i < numbers; i++)
		value[i] = cursor_be16(&c);
	if (dns_name_read(&c, &name) < 0 || cursor_offset(&c) != r->offset + r->len)
		return false;
	for (unsigned i = 0; i < numbers; i++) {
		text_u16(t, value[i], ' ');
		hash = hash << 16 | value[i];
	}
	text_add(t, name.text, name.len);
	*ret_hash = hash_mix(hash_bytes(m->key, name.text, name.len), hash);
	return true;
}

/* Strings of one record stand without anything between: tunnels cut their data at 255 bytes. */
static bool text_strings(struct dns_text *t, const struct dns_record *r)
{
	uint32_t len = t->len;
	uint32_t full = t->full;
	struct cursor c = cursor_make(r->data, r->len);

	while (cursor_left(&c)) {
		uint8_t n = cursor_u8(&c);
		const uint8_t *p = cursor_take(&c, n);
		if (!p) {
			t->len = len;
			t->full = full;
			return false;
		}
		text_add(t, p, n);
	}
	return r->len > 0;
}

/* NB (RFC 1002, 4.2.13): flags and address, repeated. */
bool dns_rdata_is_nb(const struct dns_record *r)
{
	return r->type == DNS_NB && r->len > 0 && r->len % NB_ENTRY_LEN == 0;
}

static bool text_nb(struct dns_text *t, const struct dns_record *r)
{
	struct cursor c = cursor_make(r->data, r->len);

	if (!dns_rdata_is_nb(r))
		return false;
	for (bool first = true; cursor_left(&c); first = false) {
		if (!first)
			text_add(t, ", ", 2);
		cursor_skip(&c, 2);
		text_ipv4(t, cursor_take(&c, 4));
	}
	return true;
}

static bool text_nbns(struct dns_message *m, const struct dns_record *r)
{
	if (r->type == DNS_NB)
		return text_nb(&m->text, r);
	text_add(&m->text, r->data, r->len);
	return true;
}

uint64_t dns_rdata_text(struct dns_message *m, const struct dns_record *r)
{
	struct dns_text *t = &m->text;
	uint64_t hash = 0;
	bool good = true;

	if (t->full)
		text_add(t, ", ", 2);
	if (m->transport == DNS_NBNS) {
		good = text_nbns(m, r);
	} else {
		switch (r->type) {
		case DNS_A:
			good = r->len == 4;
			if (good)
				text_ipv4(t, r->data);
			break;
		case DNS_AAAA:
			good = r->len == 16;
			if (good)
				text_ipv6(t, r->data);
			break;
		case DNS_NS:
		case DNS_CNAME:
		case DNS_PTR:
		case DNS_DNAME:
			good = text_name(m, r, 0, &hash);
			break;
		case DNS_MX:
			good = text_name(m, r, 1, &hash);
			break;
		case DNS_SRV:
			good = text_name(m, r, 3, &hash);
			break;
		case DNS_TXT:
		case DNS_SPF:
			good = text_strings(t, r);
			break;
		default:
			text_add(t, r->data, r->len);
			break;
		}
	}
	if (!good) {
		/* A deletion in an update has no data. */
		m->is_malformed |= r->len > 0 || dns_opcode(m) != DNS_OP_UPDATE;
		text_add(t, r->data, r->len);
	}
	return hash ? hash : hash_mix(hash_bytes(m->key, r->data, r->len), r->type);
}

/* Cookies and padding that carry nothing; with other lengths or contents they are data. */
static bool is_idle_option(uint16_t code, const uint8_t *data, uint16_t len)
{
	if (code == OPTION_COOKIE)
		return len == COOKIE_CLIENT_LEN ||
		       (len >= COOKIE_BOTH_MIN && len <= COOKIE_BOTH_MAX);
	if (code != OPTION_PADDING)
		return false;
	uint8_t any = 0;
	for (size_t i = 0; i < len; i++)
		any |= data[i];
	return any == 0;
}

void dns_rdata_opt(struct dns_message *m, const struct dns_record *r)
{
	struct cursor c = cursor_make(r->data, r->len);

	m->edns_size = r->class;
	m->edns_rcode = (uint8_t)(r->ttl >> 24);
	while (cursor_left(&c)) {
		uint16_t code = cursor_be16(&c);
		uint16_t len = cursor_be16(&c);
		const uint8_t *data = cursor_take(&c, len);
		if (!cursor_ok(&c)) {
			m->is_malformed = true;
			return;
		}
		if (is_idle_option(code, data, len))
			continue;
		m->edns_option_len = (uint16_t)(m->edns_option_len + len);
		m->edns_hash += hash_mix(hash_bytes(m->key, data, len), code);
	}
}

void dns_rdata_nbstat(struct dns_message *m, const struct dns_record *r)
{
	struct cursor c = cursor_make(r->data, r->len);
	unsigned count = cursor_u8(&c);

	if (m->nbstat_len)
		return;
	for (unsigned i = 0; i < count; i++) {
		struct cursor entry = cursor_sub(&c, NBSTAT_ENTRY_LEN);
		const uint8_t *name = cursor_take(&entry, 16);
		uint16_t flags = cursor_be16(&entry);
		if (!cursor_ok(&entry)) {
			m->is_malformed = true;
			return;
		}
		if (!(flags & NB_GROUP) && (name[15] == 0 || name[15] == NBSTAT_SERVER)) {
			m->nbstat_len = (uint16_t)dns_name_trim_netbios(name, m->nbstat);
			return;
		}
	}
}
