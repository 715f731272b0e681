/*
 * inspect/http/contrary.c - see contrary.h.
 *
 * Servers of malware send what is encrypted under a type that passes: a picture, a page, a gzip.
 * Bytes that are spread as evenly as random ones and have the mark of no format are none of these.
 * Pictures of forms that magic.c does not tell are known here, since they are compressed.
 */
#include "contrary.h"

#include <string.h>
#include <strings.h>

#include "exfild/base/cursor.h"
#include "../content/magic.h"
#include "../content/text.h"

#define LEAST        MAGIC_NOISE_MIN
#define CODED_SHARE  95 /* percent of a text that is one alphabet's */
#define GZIP_HEAD    10u
#define GZIP_EXTRA   4u
#define GZIP_NAME    8u
#define LENGTH_CODES 19u

enum said { SAID_OTHER, SAID_TEXT, SAID_PAGE, SAID_PICTURE, SAID_GZIP };

static bool begins(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);
	return len >= n && strncasecmp(text, with, n) == 0;
}

static enum said said_by_type(const char *type, size_t len)
{
	static const struct {
		const char *begin;
		enum said said;
	} types[] = {
		{ "image/svg", SAID_TEXT },
		{ "image/", SAID_PICTURE },
		{ "text/html", SAID_PAGE },
		{ "text/css", SAID_TEXT },
		{ "text/javascript", SAID_TEXT },
		{ "text/xml", SAID_TEXT },
		{ "application/javascript", SAID_TEXT },
		{ "application/x-javascript", SAID_TEXT },
		{ "application/json", SAID_TEXT },
		{ "application/xml", SAID_TEXT },
		{ "application/gzip", SAID_GZIP },
		{ "application/x-gzip", SAID_GZIP },
	};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (begins(type, len, types[i].begin))
			return types[i].said;
	return SAID_OTHER;
}

/* What a path ends in that only a picture or a film is called. */
static bool is_picture_name(const char *uri, size_t len)
{
	static const char *const ends[] = { ".gif", ".png",  ".jpg", ".jpeg",
					    ".bmp", ".webp", ".ico", ".avi" };
	size_t n = 0;
	while (n < len && uri[n] != '?' && uri[n] != '#')
		n++;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t e = strlen(ends[i]);
		if (n > e && strncasecmp(uri + n - e, ends[i], e) == 0)
			return true;
	}
	return false;
}

/* JPEG XL, JPEG 2000, bare and boxed; BMP; Photoshop. */
static bool is_rare_picture(const uint8_t *data, size_t len)
{
	static const struct {
		uint8_t at, len;
		const char *bytes;
	} marks[] = { { 0, 2, "\xff\x0a" }, { 4, 4, "JXL " },     { 4, 4, "jP  " },
		      { 0, 2, "BM" },       { 0, 4, "8BPS" },     { 0, 4, "\xff\x4f\xff\x51" },
		      { 0, 4, "\0\0\1\0" }, { 0, 4, "\0\0\2\0" }, { 0, 4, "wOF2" },
		      { 0, 4, "wOFF" } };
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (len >= (size_t)marks[i].at + marks[i].len &&
		    memcmp(data + marks[i].at, marks[i].bytes, marks[i].len) == 0)
			return true;
	return false;
}

static bool is_coded(const uint8_t *data, size_t len)
{
	if (memchr(data, '<', len) || memchr(data, ' ', len))
		return false;
	struct content_shares shares = content_shares(data, len);
	return shares.base64 >= CODED_SHARE || shares.hex >= CODED_SHARE;
}

/* Bits of deflate, the lowest first (RFC 1951, 3.1.1). */
struct bits {
	struct cursor c;
	uint32_t held;
	unsigned count;
};

static unsigned take_bits(struct bits *b, unsigned n)
{
	while (b->count < n) {
		b->held |= (uint32_t)cursor_u8(&b->c) << b->count;
		b->count += 8;
	}
	unsigned v = b->held & ((1u << n) - 1);
	b->held >>= n;
	b->count -= n;
	return v;
}

/* The head of a block with codes of its own: their lengths must fill the tree (RFC 1951, 3.2.7). */
static bool is_dynamic_block(struct bits *b)
{
	unsigned literals = take_bits(b, 5), distances = take_bits(b, 5);
	unsigned codes = take_bits(b, 4) + 4, filled = 0;
	for (unsigned i = 0; i < codes && i < LENGTH_CODES; i++) {
		unsigned bits = take_bits(b, 3);
		filled += bits ? 128u >> bits : 0;
	}
	/* one code alone leaves half of the tree empty */
	return literals <= 29 && distances <= 29 && (filled == 128 || filled == 64);
}

/* False only where the bytes are there and cannot be a stream of deflate. */
static bool may_be_deflate(struct cursor c)
{
	struct bits b = { .c = c };
	(void)take_bits(&b, 1);
	unsigned kind = take_bits(&b, 2);
	if (kind == 3)
		return false;
	if (kind == 0) { /* stored: a length and its complement, at the next byte */
		uint16_t len = cursor_le16(&b.c), not_len = cursor_le16(&b.c);
		return !cursor_ok(&b.c) || (len ^ not_len) == UINT16_MAX;
	}
	if (kind == 2) {
		bool is_sound = is_dynamic_block(&b);
		return !cursor_ok(&b.c) || is_sound;
	}
	return true; /* fixed codes: any bits are some */
}

/* RFC 1952, 2.3. */
static bool may_be_gzip(const uint8_t *data, size_t len)
{
	struct cursor c = cursor_make(data, len);
	if (cursor_be16(&c) != 0x1f8b)
		return false;
	cursor_skip(&c, 1);
	uint8_t flags = cursor_u8(&c);
	cursor_seek(&c, GZIP_HEAD);
	if (flags & GZIP_EXTRA)
		cursor_skip(&c, cursor_le16(&c));
	if (flags & GZIP_NAME)
		while (cursor_ok(&c) && cursor_u8(&c))
			;
	return !cursor_ok(&c) || may_be_deflate(c);
}

enum content_contrary contrary_of(const struct answer_look *a)
{
	enum said said = said_by_type(a->declared, a->declared_len);
	if (a->len < LEAST)
		return CONTRARY_NONE;
	if (said == SAID_GZIP)
		return may_be_gzip(a->data, a->len) ? CONTRARY_NONE : CONTRARY_PACKED;
	bool is_noise = a->type == FILE_HIGH_ENTROPY;
	if (!is_noise && a->type != FILE_TEXT)
		return CONTRARY_NONE;
	if (said != SAID_TEXT && is_picture_name(a->uri, a->uri_len))
		said = SAID_PICTURE;
	if (said == SAID_PICTURE) {
		bool is_none =
			is_noise ? !is_rare_picture(a->data, a->len) : is_coded(a->data, a->len);
		return is_none ? CONTRARY_PICTURE : CONTRARY_NONE;
	}
	if (is_noise)
		return said == SAID_TEXT || said == SAID_PAGE ? CONTRARY_TEXT : CONTRARY_NONE;
	return said == SAID_PAGE && is_coded(a->data, a->len) ? CONTRARY_PAGE : CONTRARY_NONE;
}
