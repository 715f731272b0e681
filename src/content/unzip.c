/*
 * content/unzip.c - see unzip.h.
 *
 * Where a writer did not know a member's length before it (a stream), a record behind the member
 * tells it, with or without a signature: so behind each member the next head is sought.
 */
#include "unzip.h"

#include <string.h>

#include "exfild/base/cursor.h"

#define LOCAL_HEAD   0x04034b50u
#define CENTRAL_HEAD 0x02014b50u
#define END_HEAD     0x06054b50u
#define SIGNATURE    4u
#define IS_ENCRYPTED (1u << 0)
#define LENGTH_LATER (1u << 3)
#define STORED       0u
#define XML          0x6c6d782eu /* .xml */
#define DEFLATED     8u
#define IN_EXTRA     UINT32_MAX /* ZIP64: the length is in the extra field */
#define DESCRIPTOR   24u        /* bytes of the record behind a member, at most */

enum state { ST_HEAD, ST_NAME, ST_STORED, ST_SKIPPED, ST_DEFLATE, ST_SEEK, ST_TEXT, ST_OVER };

void unzip_begin(struct unzip *u)
{
	memset(u, 0, sizeof(*u));
}

static size_t at_most(uint64_t left, size_t len)
{
	return left < len ? (size_t)left : len;
}

/* What comes behind the name. */
static enum state kind_of(uint16_t flags, uint16_t method, uint32_t length)
{
	bool is_known = !(flags & LENGTH_LATER) && length != IN_EXTRA;
	if (method == DEFLATED && !(flags & IS_ENCRYPTED))
		return ST_DEFLATE;
	if (!is_known)
		return ST_OVER;
	return method == STORED && !(flags & IS_ENCRYPTED) ? ST_STORED : ST_SKIPPED;
}

static void read_head(struct unzip *u)
{
	struct cursor c = cursor_make(u->head, sizeof(u->head));
	cursor_skip(&c, 6);
	uint16_t flags = cursor_le16(&c);
	uint16_t method = cursor_le16(&c);
	cursor_seek(&c, 18);
	uint32_t length = cursor_le32(&c);
	cursor_seek(&c, 26);
	uint16_t name = cursor_le16(&c);
	uint16_t extra = cursor_le16(&c);
	u->left = (uint64_t)name + extra;
	u->name_left = name;
	u->last = 0;
	u->is_xml = u->is_tag = false;
	u->member = length;
	u->after = (int)kind_of(flags, method, length);
	u->state = ++u->members < UNZIP_MEMBERS ? ST_NAME : ST_OVER;
}

static bool is_head_so_far(const struct unzip *u)
{
	static const uint8_t mark[SIGNATURE] = { 'P', 'K', 3, 4 };
	return memcmp(u->head, mark, u->head_len < SIGNATURE ? u->head_len : SIGNATURE) == 0;
}

static size_t take_head(struct unzip *u, const uint8_t *data, size_t len, enum unzip_step *ret)
{
	size_t n = 0;
	while (n < len && u->head_len < UNZIP_HEAD) {
		u->head[u->head_len++] = data[n++];
		if (is_head_so_far(u))
			continue;
		u->state = ST_TEXT;
		*ret = UNZIP_HEAD_IS_TEXT;
		return n;
	}
	if (u->head_len == UNZIP_HEAD)
		read_head(u);
	return n;
}

static void seek(struct unzip *u)
{
	u->state = ST_SEEK;
	u->sought = u->last = 0;
}

static uint32_t with_byte(uint32_t last, uint8_t byte)
{
	return last >> 8 | (uint32_t)byte << 24;
}

static void read_name(struct unzip *u, const uint8_t *data, size_t len)
{
	size_t n = at_most(u->name_left, len);
	for (size_t i = 0; i < n; i++)
		u->last = with_byte(u->last, data[i]);
	u->name_left -= (uint32_t)n;
	u->is_xml = u->name_left == 0 && u->last == XML;
}

static size_t pass(struct unzip *u, const uint8_t *data, size_t len)
{
	size_t n = at_most(u->left, len);
	if (u->state == ST_NAME && u->name_left)
		read_name(u, data, n);
	u->left -= n;
	if (u->left)
		return n;
	if (u->state != ST_NAME) {
		seek(u);
		return n;
	}
	u->state = u->after;
	u->left = u->member;
	return n;
}

static size_t seek_head(struct unzip *u, const uint8_t *data, size_t len)
{
	size_t n = 0;
	while (n < len && u->state == ST_SEEK) {
		u->last = with_byte(u->last, data[n++]);
		u->sought++;
		if (u->last == LOCAL_HEAD && u->sought >= SIGNATURE) {
			u->state = ST_HEAD;
			memcpy(u->head, "PK\3\4", SIGNATURE);
			u->head_len = SIGNATURE;
		} else if (u->last == CENTRAL_HEAD || u->last == END_HEAD ||
			   u->sought >= DESCRIPTOR + SIGNATURE) {
			u->state = ST_OVER;
		}
	}
	return n;
}

size_t unzip_next(struct unzip *u, const uint8_t *data, size_t len, enum unzip_step *ret)
{
	*ret = UNZIP_PASSED;
	switch ((enum state)u->state) {
	case ST_HEAD:
		return take_head(u, data, len, ret);
	case ST_NAME:
	case ST_SKIPPED:
		return pass(u, data, len);
	case ST_SEEK:
		return seek_head(u, data, len);
	case ST_STORED:
		*ret = UNZIP_TEXT;
		return pass(u, data, len);
	case ST_TEXT:
		*ret = UNZIP_TEXT;
		return len;
	case ST_DEFLATE:
		*ret = UNZIP_DEFLATE;
		return 0;
	case ST_OVER:
		break;
	}
	*ret = UNZIP_OVER;
	return 0;
}

size_t unzip_text(struct unzip *u, uint8_t *data, size_t len)
{
	size_t n = 0;
	if (!u->is_xml)
		return len;
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '<')
			u->is_tag = true;
		else if (!u->is_tag)
			data[n++] = data[i];
		if (u->is_tag && data[i] == '>') {
			u->is_tag = false;
			data[n++] = ' ';
		}
	}
	return n;
}

void unzip_member_over(struct unzip *u)
{
	seek(u);
}
