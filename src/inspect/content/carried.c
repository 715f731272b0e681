/*
 * inspect/content/carried.c - see carried.h.
 *
 * The longest words that logs and calls hold every day are digests: 64 digits of SHA-256, or 44
 * characters of it in base64.  From WORD_MIN on a run of base64's or hexadecimal's characters is
 * something else.  Tokens of the web in a proxy's logs are longer, but only a part of their line:
 * that is for the detector to weigh.
 */
#include "carried.h"

#include "exfild/base/cursor.h"
#include "exfild/base/utf8.h"
#include "magic.h"
#include "text.h"

#define WORD_MIN     96
#define WRAPPED_MIN  60 /* RFC 2045, 7468: lines of 76 or 64 */
#define MIXED_MIN    4
#define PICTURE_MARK 48 /* bytes that tell it */
#define TEXT_SHARE   10 /* of so many bytes one that is no text makes it none */

static bool is_code(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
	       b == '+' || b == '/' || b == '-' || b == '_' || b == '=';
}

/* A rule of dashes, or one character again and again, is no code. */
static bool is_varied(const uint8_t *word, size_t len)
{
	size_t changes = 0;
	for (size_t i = 1; i < len; i++)
		changes += word[i] != word[i - 1];
	return changes * 2 > len;
}

static bool is_text(const uint8_t *data, size_t len)
{
	size_t odd = 0, n;
	uint32_t code;
	for (size_t i = 0; i < len; i += n ? n : 1) {
		n = utf8_decode(data + i, len - i, &code);
		bool is_space = n && (code == '\t' || code == '\r' || code == '\n');
		odd += !is_space && (!n || utf8_is_hidden(code));
	}
	return odd * TEXT_SHARE <= len;
}

void carried_begin(struct carried *c, const struct inspection *in)
{
	if (!c->packet)
		c->packet = in->packet->number;
}

void carried_add(struct carried *c, const struct hash_key *key, const uint8_t *data, size_t len)
{
	if (!len)
		return;
	c->len += (uint32_t)len;
	c->hash = c->hash * 31 + hash_bytes(key, data, len);
}

void carried_add_text(struct carried *c, const struct hash_key *key, const uint8_t *data,
		      size_t len)
{
	size_t begin = 0;
	if (!is_text(data, len)) {
		carried_add(c, key, data, len);
		return;
	}
	for (size_t i = 0; i <= len; i++) {
		if (i < len && is_code(data[i]))
			continue;
		if (i - begin >= WORD_MIN && is_varied(data + begin, i - begin))
			carried_add(c, key, data + begin, i - begin);
		begin = i + 1;
	}
}

/* The next characters of a word, behind the end of a line that is as long as wrapped ones are. */
static size_t wrapped(const uint8_t *data, size_t len, size_t at, size_t line)
{
	size_t next = at;
	if (at - line < WRAPPED_MIN)
		return at;
	next += next < len && data[next] == '\r';
	next += next < len && data[next] == '\n';
	return next > at && next < len && is_code(data[next]) ? next : at;
}

static bool is_mixed(const uint8_t *word, size_t len)
{
	size_t digits = 0, letters = 0;
	for (size_t i = 0; i < len; i++) {
		digits += word[i] >= '0' && word[i] <= '9';
		letters += is_code(word[i]) && (word[i] | 0x20) >= 'a';
	}
	return digits >= MIXED_MIN && letters >= MIXED_MIN;
}

void carried_add_words(struct carried *c, const struct hash_key *key, const uint8_t *data,
		       size_t len, size_t least)
{
	size_t begin = 0, line = 0;
	if (!is_text(data, len))
		return;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && is_code(data[i]))
			continue;
		size_t next = wrapped(data, len, i, line);
		if (next > i) {
			line = next;
			i = next - 1;
			continue;
		}
		size_t n = i - begin;
		if (n >= least && is_varied(data + begin, n) &&
		    (n >= WORD_MIN || is_mixed(data + begin, n)))
			carried_add(c, key, data + begin, n);
		begin = line = i + 1;
	}
}

bool carried_is_picture(const uint8_t *data, size_t len)
{
	uint8_t plain[PICTURE_MARK];
	size_t begin = 0;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && is_code(data[i]))
			continue;
		if (i - begin >= WORD_MIN)
			return magic_is_picture(plain, content_base64(plain, sizeof(plain),
								      data + begin, i - begin));
		begin = i + 1;
	}
	return false;
}

bool carried_may_leave(const struct inspection *in)
{
	const struct ipaddr *to = &in->flow->key.addr[!in->side];
	return !ipaddr_is_private(to) && !ipaddr_is_multicast(to) && !ipaddr_is_unspecified(to);
}

void carried_put(struct inspection *in, enum app app, const struct carried *c)
{
	carried_put_message(in, app, in->packet->payload_len, c);
}

void carried_put_message(struct inspection *in, enum app app, uint32_t len, const struct carried *c)
{
	struct event_carrier *e = inspect_event(in, EVENT_CARRIER, sizeof(*e));
	e->e.app = (uint16_t)app;
	if (!e->e.packet)
		e->e.packet = c->packet;
	e->payload_len = len;
	e->carried_len = c->len;
	e->carried_hash = c->hash;
	event_log_commit(in->log);
}

void carried_in_text(struct inspection *in, enum app app)
{
	struct cursor all = cursor_make(in->packet->payload, in->packet->payload_cap);
	struct carried carried = { 0 };
	size_t len = cursor_left(&all);
	if (!len || !carried_may_leave(in))
		return;
	carried_add_text(&carried, in->key, cursor_take(&all, len), len);
	carried_put(in, app, &carried);
}
