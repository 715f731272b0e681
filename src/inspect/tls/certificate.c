/*
 * inspect/tls/certificate.c - see certificate.h.
 *
 *   Certificate ::= SEQUENCE { tbs, algorithm, signature }
 *   tbs ::= SEQUENCE { [0] version, serial, algorithm, issuer, validity, subject, key, [3] ... }
 */
#include "certificate.h"

#include "exfild/base/str.h"
#include "../asn1/ber.h"
#include "../crypto/digest.h"

#define NAMES_MAX   1024
#define UTC_TIME    0x17
#define LATER_TIME  0x18 /* GeneralizedTime */
#define SAN_DNS     0x82
#define DAY_S       86400ull
#define CHAIN_MAX   64
#define SHA256_SIZE 32
#define SERIAL_MAX  32 /* bytes; RFC 5280 allows 20 */

static bool is_bytes(const struct ber *e, const char *bytes, size_t len)
{
	struct cursor c = e->body;
	const uint8_t *p = cursor_left(&c) == len ? cursor_take(&c, len) : NULL;
	return p && memcmp(p, bytes, len) == 0;
}

static struct certificate_name bytes_of(const struct ber *e)
{
	struct cursor c = e->body;
	size_t len = cursor_left(&c);
	return (struct certificate_name){ cursor_take(&c, len), len };
}

/* The common name, else the organisation, of a Name (RFC 5280, 4.1.2.4). */
static struct certificate_name name_of(const struct ber *name)
{
	struct certificate_name cn = { NULL, 0 }, o = { NULL, 0 };
	struct ber_level sets, pairs, pair;
	struct ber set, one, type, value;
	if (!ber_enter(name, &sets))
		return cn;
	while (ber_next(&sets, &set)) {
		if (set.id != BER_SET || !ber_enter(&set, &pairs))
			continue;
		while (ber_next(&pairs, &one)) {
			if (!ber_enter(&one, &pair) || !ber_take(&pair, BER_OID, &type) ||
			    !ber_next(&pair, &value))
				continue;
			if (is_bytes(&type, "\x55\x04\x03", 3))
				cn = bytes_of(&value);
			else if (is_bytes(&type, "\x55\x04\x0a", 3))
				o = bytes_of(&value);
		}
	}
	return cn.len ? cn : o;
}

static unsigned leaps_before(unsigned year)
{
	year--;
	return year / 4 - year / 100 + year / 400;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static uint64_t days_to(unsigned year, unsigned month, unsigned day)
{
	static const uint16_t before[12] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334
	};
	bool is_leap = leaps_before(year + 1) > leaps_before(year);
	unsigned leaps = leaps_before(year) - leaps_before(1970) + (is_leap && month > 2);
	return (uint64_t)(year - 1970) * 365 + leaps + before[month - 1] + day - 1;
}

/* YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ (RFC 5280, 4.1.2.5); 0: none, or before 1970. */
static uint64_t time_of(const struct ber *e)
{
	struct certificate_name t = bytes_of(e);
	unsigned digits = e->id == LATER_TIME ? 14 : 12, part[7] = { 0 };
	if ((e->id != UTC_TIME && e->id != LATER_TIME) || t.len < digits)
		return 0;
	unsigned first = digits == 14 ? 0 : 1; /* part 0 is the century */
	for (unsigned i = 0; i < digits; i++) {
		if (t.data[i] < '0' || t.data[i] > '9')
			return 0;
		part[first + i / 2] = part[first + i / 2] * 10 + (t.data[i] - '0');
	}
	if (first)
		part[0] = part[1] >= 50 ? 19 : 20;
	unsigned year = part[0] * 100 + part[1];
	if (year < 1970 || part[2] < 1 || part[2] > 12 || part[3] < 1 || part[3] > 31)
		return 0;
	return days_to(year, part[2], part[3]) * DAY_S + part[4] * 3600ull + part[5] * 60ull +
	       part[6];
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* One name against the one asked for; "*." stands for one label (RFC 6125, 6.4.3). */
static bool is_match(const struct certificate_name *n, const char *sni, size_t sni_len)
{
	const uint8_t *name = n->data;
	size_t len = n->len;
	if (!sni_len || !len)
		return false;
	if (len > 2 && name[0] == '*' && name[1] == '.') {
		const char *dot = memchr(sni, '.', sni_len);
		if (!dot)
			return false;
		sni_len -= (size_t)(dot + 1 - sni);
		sni = dot + 1;
		name += 2;
		len -= 2;
	}
	if (len != sni_len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (lower(name[i]) != (uint8_t)sni[i])
			return false;
	return true;
}

static void take_name(struct certificate *c, const struct certificate_name *n, const char *sni,
		      size_t sni_len)
{
	c->is_wildcard |= n->len > 2 && n->data[0] == '*' && n->data[1] == '.';
	c->has_match |= is_match(n, sni, sni_len);
}

/* subjectAltName among the extensions (RFC 5280, 4.2.1.6). */
static void read_extensions(const struct ber *e, const char *sni, size_t sni_len,
			    struct certificate *ret)
{
	struct ber_level wrap, list, parts, names;
	struct ber one, type, part, name;
	if (!ber_enter(e, &wrap) || !ber_open(&wrap, BER_SEQUENCE, &list))
		return;
	while (ber_next(&list, &one)) {
		if (!ber_enter(&one, &parts) || !ber_take(&parts, BER_OID, &type) ||
		    !is_bytes(&type, "\x55\x1d\x11", 3))
			continue;
		while (ber_next(&parts, &part) && part.id != BER_OCTETS)
			;
		struct certificate_name inner = bytes_of(&part);
		struct ber_level top;
		ber_begin(&top, inner.data, inner.len, false);
		if (part.id != BER_OCTETS || !ber_open(&top, BER_SEQUENCE, &names))
			continue;
		while (ret->names < NAMES_MAX && ber_next(&names, &name)) {
			struct certificate_name n = bytes_of(&name);
			ret->names++;
			if (name.id != SAN_DNS)
				continue;
			if (!ret->san.len)
				ret->san = n;
			take_name(ret, &n, sni, sni_len);
		}
	}
}

void certificate_read(const uint8_t *der, size_t len, const char *sni, size_t sni_len,
		      struct certificate *ret)
{
	struct ber_level top, outer, tbs, validity;
	struct ber e, issuer, subject;

	memset(ret, 0, sizeof(*ret));
	ret->der = der;
	ret->der_len = len;
	ret->is_malformed = true;
	ber_begin(&top, der, len, false);
	if (!ber_open(&top, BER_SEQUENCE, &outer) || !ber_open(&outer, BER_SEQUENCE, &tbs))
		return;
	(void)ber_take(&tbs, BER_CONTEXT(0), &e);
	if (!ber_take(&tbs, BER_INTEGER, &e))
		return;
	ret->serial = bytes_of(&e);
	if (!ber_take(&tbs, BER_SEQUENCE, &e) || !ber_take(&tbs, BER_SEQUENCE, &issuer) ||
	    !ber_open(&tbs, BER_SEQUENCE, &validity))
		return;
	ret->issuer = name_of(&issuer);
	if (ber_next(&validity, &e))
		ret->not_before_s = time_of(&e);
	if (ber_next(&validity, &e))
		ret->not_after_s = time_of(&e);
	if (!ber_take(&tbs, BER_SEQUENCE, &subject))
		return;
	ret->subject = name_of(&subject);
	take_name(ret, &ret->subject, sni, sni_len);
	struct certificate_name a = bytes_of(&issuer), b = bytes_of(&subject);
	ret->is_self_signed = a.len == b.len && a.len && memcmp(a.data, b.data, a.len) == 0;
	if (!ber_take(&tbs, BER_SEQUENCE, &e)) /* the key */
		return;
	while (ber_next(&tbs, &e))
		if (e.id == BER_CONTEXT(3))
			read_extensions(&e, sni, sni_len, ret);
	ret->is_malformed = tbs.is_broken;
}

int certificate_first(const uint8_t *body, size_t len, struct certificate_name *ret,
		      uint16_t *ret_chain)
{
	struct cursor c = cursor_make(body, len);
	size_t list = cursor_be24(&c);
	size_t first = cursor_be24(&c);
	if (!cursor_ok(&c))
		return 0;
	if (first == 0 || list < first + 3)
		return -1;
	ret->data = cursor_take(&c, first);
	ret->len = first;
	if (!ret->data)
		return 0;
	*ret_chain = 1; /* the others are counted as far as they are here */
	for (list -= first + 3; list >= 3 && *ret_chain < CHAIN_MAX; (*ret_chain)++) {
		size_t next = cursor_be24(&c);
		if (!cursor_ok(&c) || list < next + 3)
			break;
		list -= next + 3;
		cursor_skip(&c, next);
	}
	return 1;
}

static void put_digest(struct inspection *in, struct event_str *s, enum digest_kind kind,
		       size_t size, const struct certificate *c)
{
	struct digest d;
	uint8_t raw[DIGEST_MAX];
	char hex[2 * DIGEST_MAX + 1];
	digest_begin(&d, kind);
	digest_add(&d, c->der, c->der_len);
	if (!digest_end(&d, raw))
		return;
	str_hex(hex, sizeof(hex), raw, size);
	event_log_str(in->log, s, hex, 2 * size, 2 * size);
}

static void put_serial(struct inspection *in, struct event_str *s, const struct certificate *c)
{
	static const char digits[] = "0123456789ABCDEF";
	char hex[2 * SERIAL_MAX];
	size_t n = c->serial.len < SERIAL_MAX ? c->serial.len : SERIAL_MAX;
	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[c->serial.data[i] >> 4];
		hex[2 * i + 1] = digits[c->serial.data[i] & 15];
	}
	if (n)
		event_log_str(in->log, s, hex, 2 * n, 2 * c->serial.len);
}

void certificate_tell(struct inspection *in, const struct certificate *c, uint16_t chain,
		      uint16_t tls_version, bool has_sni)
{
	struct event_cert *e = inspect_event(in, EVENT_CERT, sizeof(*e));
	uint64_t now_s = in->packet->time_ns / 1000000000ull;
	e->is_self_signed = c->is_self_signed;
	e->is_malformed = c->is_malformed;
	e->is_wildcard = c->is_wildcard;
	e->sni_match = !has_sni ? 0 : c->has_match ? 1 : 2;
	e->chain = chain;
	e->tls_version = tls_version;
	e->names = c->names;
	e->not_before_s = c->not_before_s;
	if (c->not_after_s > c->not_before_s)
		e->validity_days = (uint32_t)((c->not_after_s - c->not_before_s) / DAY_S);
	if (c->not_before_s && now_s > c->not_before_s)
		e->age_days = (uint32_t)((now_s - c->not_before_s) / DAY_S);
	e->der_len = c->der_len;
	event_log_str(in->log, &e->subject, c->subject.data, c->subject.len, c->subject.len);
	event_log_str(in->log, &e->issuer, c->issuer.data, c->issuer.len, c->issuer.len);
	if (c->san.len)
		event_log_str(in->log, &e->san, c->san.data, c->san.len, c->san.len);
	put_digest(in, &e->sha256, DIGEST_SHA256, SHA256_SIZE, c);
	put_digest(in, &e->sha1, DIGEST_SHA1, DIGEST_SHA1_LEN, c);
	put_serial(in, &e->serial, c);
	event_log_commit(in->log);
}
