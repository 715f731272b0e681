/*
 * sink/record.c - see include/exfild/sink/record.h
 *
 * Bytes: version (1), time (8), sequence (8), severity (4), then each text but the last as length
 * (4) and bytes; numbers big-endian.
 */
#include "exfild/sink/record.h"

#include <stdlib.h>
#include <string.h>

#include "exfild/base/cursor.h"

#define VERSION 1

struct record *record_make(const struct record_parts *p)
{
	size_t bytes = sizeof(struct record);
	for (unsigned i = 0; i < RECORD__COUNT; i++) {
		if (p->text[i].len > RECORD_TEXT_MAX)
			return NULL;
		bytes += p->text[i].len + 1;
	}
	struct record *r = malloc(bytes);
	if (!r)
		return NULL;
	memset(r, 0, sizeof(*r));
	atomic_init(&r->holders, 1);
	r->time_ns = p->time_ns;
	r->sequence = p->sequence;
	r->severity = p->severity;
	r->bytes = bytes;
	char *at = (char *)(r + 1);
	for (unsigned i = 0; i < RECORD__COUNT; i++) {
		size_t len = p->text[i].data ? p->text[i].len : 0;
		r->text[i].data = at;
		r->text[i].len = len;
		if (len)
			memcpy(at, p->text[i].data, len);
		at[len] = '\0';
		at += len + 1;
	}
	return r;
}

struct record *record_hold(struct record *r)
{
	(void)atomic_fetch_add_explicit(&r->holders, 1, memory_order_relaxed);
	return r;
}

void record_drop(struct record *r)
{
	if (r && atomic_fetch_sub_explicit(&r->holders, 1, memory_order_acq_rel) == 1)
		free(r);
}

static void put_number(struct buf *out, uint64_t v, unsigned bytes)
{
	while (bytes-- > 0)
		buf_char(out, (char)(v >> 8 * bytes & 0xff));
}

void record_write(const struct record *r, struct buf *out)
{
	put_number(out, VERSION, 1);
	put_number(out, r->time_ns, 8);
	put_number(out, r->sequence, 8);
	put_number(out, r->severity, 4);
	for (unsigned i = 0; i < RECORD_TEXT; i++) {
		put_number(out, r->text[i].len, 4);
		buf_add(out, r->text[i].data, r->text[i].len);
	}
}

int record_read(const void *data, size_t len, struct record **ret)
{
	struct cursor in = cursor_make(data, len);
	struct record_parts p = { 0 };
	if (cursor_u8(&in) != VERSION)
		return -EXF_E_FORMAT;
	p.time_ns = cursor_be64(&in);
	p.sequence = cursor_be64(&in);
	p.severity = cursor_be32(&in);
	for (unsigned i = 0; i < RECORD_TEXT; i++) {
		size_t n = cursor_be32(&in);
		const uint8_t *bytes = n <= RECORD_TEXT_MAX ? cursor_take(&in, n) : NULL;
		if (!bytes || (n && memchr(bytes, '\0', n)))
			return -EXF_E_FORMAT;
		p.text[i].data = (const char *)bytes;
		p.text[i].len = n;
	}
	if (!cursor_ok(&in) || cursor_left(&in) > 0)
		return -EXF_E_FORMAT;
	*ret = record_make(&p);
	return *ret ? 0 : -EXF_E_NOMEM;
}
