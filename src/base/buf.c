/*
 * base/buf.c - see include/exfild/base/buf.h
 *
 * An append that crosses the maximum keeps what fits; from then on, and after a failed allocation,
 * nothing is added until buf_reset or buf_truncate, so that no later piece follows a gap.
 */
#include "exfild/base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST 256

/* What an empty buffer shows; never written. */
static char nothing[1];

void buf_init(struct buf *b, size_t max)
{
	b->data = nothing;
	b->len = 0;
	b->cap = 0;
	b->max = max < SIZE_MAX / 2 ? max : SIZE_MAX / 2;
	b->full = false;
}

void buf_deinit(struct buf *b)
{
	if (b->cap > 0)
		free(b->data);
	buf_init(b, 0);
}

void buf_reset(struct buf *b)
{
	buf_truncate(b, 0);
}

void buf_truncate(struct buf *b, size_t len)
{
	b->full = false;
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

/* Makes room for len more bytes and the NUL; returns how many of them may be written. */
static size_t make_room(struct buf *b, size_t len)
{
	if (b->full)
		return 0;
	if (len > b->max - b->len) {
		len = b->max - b->len;
		b->full = true;
	}
	size_t need = b->len + len + 1;
	if (need <= b->cap || len == 0)
		return len;
	size_t cap = b->cap > 0 ? b->cap : BUF_FIRST;
	while (cap < need)
		cap *= 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	char *data = realloc(b->cap > 0 ? b->data : NULL, cap);
	if (data == NULL) {
		b->full = true;
		return 0;
	}
	b->data = data;
	b->cap = cap;
	return len;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	len = make_room(b, len);
	if (len == 0)
		return;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_char(struct buf *b, char c)
{
	if (b->full || b->len + 1 >= b->cap || b->len >= b->max) {
		buf_add(b, &c, 1);
		return;
	}
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	/* Most pieces fit in what is there: print first, grow and print again only when not. */
	size_t space = b->cap > b->len ? b->cap - b->len : 0;
	int written = b->full ? 0 : vsnprintf(space > 0 ? b->data + b->len : NULL, space, fmt, ap);
	if (written < 0) {
		b->full = true;
		if (space > 0)
			b->data[b->len] = '\0';
	} else if ((size_t)written < space) {
		b->len += (size_t)written;
	} else if (written > 0) {
		size_t room = make_room(b, (size_t)written);
		if (room > 0)
			(void)vsnprintf(b->data + b->len, room + 1, fmt, again);
		b->len += room;
		if (b->cap > 0)
			b->data[b->len] = '\0';
	}
	va_end(again);
}
