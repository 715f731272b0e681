/*
 * inspect/content/parts.c - see parts.h.
 *
 * What stands between parts begins with CR, which occurs in it once: where it breaks off after some
 * bytes, these are the part's own, and nothing but the byte at hand may begin it again.
 */
#include "parts.h"

#include <string.h>

#include "form.h"

enum phase { PARTS_NONE, PARTS_DATA, PARTS_IN_HEAD, PARTS_OVER };

bool parts_begin(struct inspection *in, struct parts *p, const char *type, size_t type_len)
{
	parts_drop(in, p);
	struct form_text b = form_boundary(type, type_len);
	if (!b.data || b.len > sizeof(p->mark) - 4)
		return false;
	if (!filesums_are_wanted(in))
		return true;
	memcpy(p->mark, "\r\n--", 4);
	memcpy(p->mark + 4, b.data, b.len);
	p->mark_len = (uint8_t)(b.len + 4);
	p->matched = 2; /* the first one need not have a line before it */
	p->phase = PARTS_DATA;
	return true;
}

static void end_part(struct inspection *in, struct parts *p, bool is_whole, parts_file_fn fn,
		     void *arg)
{
	struct event_file_hash *e = filesums_end(in, &p->sum, is_whole);
	if (e)
		fn(in, arg, e, p->name, p->name_len);
	p->phase = PARTS_IN_HEAD;
	p->head_len = 0;
	p->matched = 0;
}

static void begin_part(struct inspection *in, struct parts *p)
{
	struct form_text name = form_file_name(p->head, p->head_len);
	p->phase = PARTS_DATA;
	if (!name.data || !name.len)
		return;
	p->name_len = (uint8_t)(name.len < sizeof(p->name) ? name.len : sizeof(p->name));
	memcpy(p->name, name.data, p->name_len);
	filesums_begin(in, &p->sum);
}

/* What stands before the next CR; the bytes used. */
static size_t take_data(struct inspection *in, struct parts *p, const uint8_t *data, size_t len)
{
	if (p->matched) {
		if (*data == p->mark[p->matched]) {
			p->matched++;
			return 1;
		}
		filesums_take(in, &p->sum, p->mark, p->matched);
		p->matched = 0;
	}
	const uint8_t *cr = memchr(data, '\r', len);
	size_t n = cr ? (size_t)(cr - data) : len;
	filesums_take(in, &p->sum, data, (uint32_t)n);
	p->matched = cr != NULL;
	return n + (cr != NULL);
}

static void take_head(struct inspection *in, struct parts *p, uint8_t byte)
{
	if (p->head_len == sizeof(p->head)) {
		p->phase = PARTS_DATA;
		return;
	}
	p->head[p->head_len++] = byte;
	if (p->head_len == 2 && memcmp(p->head, "--", 2) == 0)
		p->phase = PARTS_OVER;
	else if (p->head_len >= 4 && memcmp(p->head + p->head_len - 4, "\r\n\r\n", 4) == 0)
		begin_part(in, p);
}

void parts_take(struct inspection *in, struct parts *p, const uint8_t *data, size_t len,
		parts_file_fn fn, void *arg)
{
	size_t at = 0;
	while (at < len && p->phase != PARTS_NONE && p->phase != PARTS_OVER) {
		if (p->phase == PARTS_IN_HEAD)
			take_head(in, p, data[at++]);
		else
			at += take_data(in, p, data + at, len - at);
		if (p->phase == PARTS_DATA && p->matched == p->mark_len)
			end_part(in, p, true, fn, arg);
	}
}

void parts_end(struct inspection *in, struct parts *p, parts_file_fn fn, void *arg)
{
	end_part(in, p, false, fn, arg);
	p->phase = PARTS_NONE;
}

void parts_drop(struct inspection *in, struct parts *p)
{
	filesums_drop(in, &p->sum);
	p->phase = PARTS_NONE;
}
