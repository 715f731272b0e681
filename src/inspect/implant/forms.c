/*
 * inspect/implant/forms.c - see forms.h.
 *
 * Gh0st: five characters, length of the frame, length of its content, zlib ("Gh0st" and some 50
 * others; The Many Faces of Gh0st Rat, Norman 2012); its heirs have other prefixes.  njRAT, and
 * XWorm after it: "169\0ll|'|'|...", fields between marks (Fidelis 1009, 2013).  Remcos: 24 04 ff
 * 00 and a length.  STRRAT: "ping|STRRAT|id|host|user|system|..." each few seconds (G DATA, 2020);
 * others say likewise who they are.  Mirai: its published source, bot/attack.c.  .NET:
 * MC-NMF 2.2.3. Zabbix frames likewise ("ZBXD", flags, two lengths, zlib: Zabbix documentation,
 * "Header"), and is none.
 */
#include "forms.h"

#include <ctype.h>
#include <string.h>

#include "exfild/base/cursor.h"

#define LENGTHS      8u /* two lengths of four bytes */
#define ZLIB_LEN     2u
#define DEFLATE_32K  0x78
#define DEFLATE_MOST 1032u
#define DEFLATE_ADDS 32u
#define SEGMENT      1000u /* from so many bytes on a frame may go on in the next segment */
#define FIGURES      7
#define MARK_MIN     2 /* characters of a mark between fields */
#define MARK_MAX     8
#define FIELDS       3
#define DURATION_MAX 86400u
#define VECTORS      32 /* kinds of attack */
#define NET_TCP      "net.tcp://"
#define REPORT_MAX   512u
#define REPORT_PARTS 5 /* separators of its fields */

/* RFC 1950, 2.2: deflate with a window of 32 KiB, and the check of the two. */
static bool is_zlib(const uint8_t *data)
{
	return data[0] == DEFLATE_32K && (data[0] * 256u + data[1]) % 31 == 0;
}

uint32_t form_packed_head(const struct form_packed *f)
{
	return f->prefix_len + LENGTHS + ZLIB_LEN;
}

uint32_t form_packed_len(const struct form_packed *f, const uint8_t *data, uint32_t len)
{
	struct cursor c = cursor_make(data, len);
	cursor_skip(&c, f->prefix_len);
	uint32_t frame = cursor_le32(&c), plain = cursor_le32(&c);
	const uint8_t *body = cursor_take(&c, ZLIB_LEN);
	if (!body || !is_zlib(body) || frame > FORM_FRAME_MAX || plain > 4 * FORM_FRAME_MAX ||
	    plain == 0)
		return 0;
	frame += f->extra;
	if (frame <= form_packed_head(f))
		return 0;
	/* what deflate can make of so much (RFC 1951: at most 1032 times less, hardly more) */
	uint32_t body_len = frame - f->prefix_len - LENGTHS;
	return plain / DEFLATE_MOST <= body_len && body_len <= plain + plain / 8 + DEFLATE_ADDS ?
		       frame :
		       0;
}

/* A frame that has zlib after a prefix of k bytes and two lengths. */
static bool is_packed_at(const uint8_t *data, uint32_t len, uint8_t k, struct form_packed *ret)
{
	const uint8_t extras[] = { 0, k, (uint8_t)(k + 4), (uint8_t)(k + LENGTHS) };
	for (unsigned i = 0; i < sizeof(extras); i++) {
		*ret = (struct form_packed){ .prefix_len = k, .extra = extras[i] };
		uint32_t frame = form_packed_len(ret, data, len);
		if (frame == len || (frame > len && len >= SEGMENT)) {
			memcpy(ret->prefix, data, k);
			return true;
		}
	}
	return false;
}

bool form_find_packed(const uint8_t *data, uint32_t len, struct form_packed *ret)
{
	uint32_t from = FORM_PREFIX_MIN + LENGTHS, to = FORM_PREFIX_MAX + LENGTHS + 1;
	if (len < from + ZLIB_LEN + 1u || memcmp(data, "ZBXD", 4) == 0)
		return false;
	to = to < len - ZLIB_LEN ? to : len - ZLIB_LEN;
	for (const uint8_t *at; from < to; from = (uint32_t)(at - data) + 1) {
		at = memchr(data + from, DEFLATE_32K, to - from);
		if (!at)
			return false;
		if (is_packed_at(data, len, (uint8_t)(at - data - LENGTHS), ret))
			return true;
	}
	return false;
}

uint32_t form_numbered(const uint8_t *data, uint32_t len, uint32_t *ret_body)
{
	uint32_t n = 0;
	*ret_body = 0;
	for (; n < len && n < FIGURES && isdigit(data[n]); n++)
		*ret_body = *ret_body * 10 + (uint32_t)(data[n] - '0');
	if (n == len && n < FIGURES)
		return UINT32_MAX;
	return n && n < len && data[n] == 0 ? n + 1 : 0;
}

static bool is_mark(uint8_t c)
{
	return c > ' ' && c < 0x7f && !isalnum(c) && c != '=' && c != '+' && c != '.' && c != '-' &&
	       c != '_';
}

bool form_has_fields(const uint8_t *data, uint32_t len)
{
	uint32_t at = 0, n = 0, times = 0;
	len = len < FORM_LOOKED ? len : FORM_LOOKED;
	while (at < len && !is_mark(data[at]))
		at++;
	while (at + n < len && n < MARK_MAX && is_mark(data[at + n]))
		n++;
	if (n < MARK_MIN)
		return false;
	for (uint32_t i = at; i + n <= len; i++)
		if (memcmp(data + i, data + at, n) == 0) {
			times++;
			i += n - 1;
		}
	return times >= FIELDS;
}

/* What a byte of text is in lower case; 0: of none. */
static char lower_of(uint8_t b)
{
	if (b >= 0x7f || (b < ' ' && !isspace(b)))
		return '\0';
	return (char)tolower(b);
}

static bool make_lower(char *dst, const uint8_t *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		dst[i] = lower_of(data[i]);
		if (!dst[i])
			return false;
	}
	dst[len] = '\0';
	return true;
}

unsigned form_facts(const uint8_t *data, uint32_t len)
{
	static const char *const facts[][12] = {
		{ "windows 7", "windows 8", "windows 10", "windows 11", "windows xp",
		  "windows server", "microsoft windows", "win 10", "ubuntu", "mac os", NULL },
		{ "64-bit", "32-bit", "64 bit", "32 bit", "x64", "x86", "amd64", NULL },
		{ "defender", "antivirus", "anti-virus", "kaspersky", "avast", "bitdefender",
		  "eset", "norton", "mcafee", "no av", NULL },
		{ "desktop-", "laptop-", "win-", "-pc|", NULL },
		{ "|admin", "|user", "|true", "|false", "administrator", NULL },
	};
	char text[REPORT_MAX + 1];
	unsigned parts = 0, kinds = 0;
	len = len < REPORT_MAX ? len : REPORT_MAX;
	for (const uint8_t *at = data; (at = memchr(at, '|', len - (size_t)(at - data))); at++)
		parts++;
	if (parts < REPORT_PARTS || !make_lower(text, data, len))
		return 0;
	/* alarms for a collector have such fields, too (ArcSight CEF, IBM LEEF), and cookies */
	if (strstr(text, "cef:0|") || strstr(text, "leef:") || strstr(text, " http/1."))
		return 0;
	for (size_t k = 0; k < sizeof(facts) / sizeof(facts[0]); k++)
		for (size_t i = 0; facts[k][i]; i++)
			if (strstr(text, facts[k][i])) {
				kinds++;
				break;
			}
	return kinds;
}

uint32_t form_marked(const uint8_t *data, uint32_t len)
{
	static const uint8_t mark[] = { 0x24, 0x04, 0xff, 0x00 };
	struct cursor c = cursor_make(data, len);
	const uint8_t *at = cursor_take(&c, sizeof(mark));
	uint32_t body = cursor_le32(&c);
	if (!at || !cursor_ok(&c) || memcmp(at, mark, sizeof(mark)) != 0)
		return 0;
	return body && body <= FORM_FRAME_MAX ? body : 0;
}

uint32_t form_attack(const uint8_t *data, uint32_t len)
{
	struct cursor c = cursor_make(data, len);
	uint16_t whole = cursor_be16(&c);
	uint32_t seconds = cursor_be32(&c);
	uint8_t vector = cursor_u8(&c), targets = cursor_u8(&c);
	cursor_skip(&c, targets * 5u); /* an address and the length of its prefix */
	uint8_t options = cursor_u8(&c);
	for (uint8_t i = 0; i < options && cursor_ok(&c); i++) {
		cursor_skip(&c, 1);
		cursor_skip(&c, cursor_u8(&c));
	}
	bool is_sane = seconds && seconds <= DURATION_MAX && vector < VECTORS && targets;
	return cursor_ok(&c) && is_sane && cursor_offset(&c) == whole ? whole : 0;
}

uint32_t form_net_tcp(const uint8_t *data, uint32_t len, const uint8_t **ret)
{
	/* version 1.0, mode duplex, via */
	static const uint8_t head[] = { 0, 1, 0, 1, 2, 2 };
	struct cursor c = cursor_make(data, len);
	const uint8_t *at = cursor_take(&c, sizeof(head));
	if (!at || memcmp(at, head, sizeof(head)) != 0)
		return 0;
	uint8_t via_len = cursor_u8(&c);
	*ret = cursor_take(&c, via_len);
	bool is_via = *ret && via_len > strlen(NET_TCP) && via_len < 0x80 &&
		      memcmp(*ret, NET_TCP, strlen(NET_TCP)) == 0;
	return is_via ? via_len : 0;
}
