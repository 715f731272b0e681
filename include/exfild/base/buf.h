/*
 * base/buf.h - a growing buffer with a mandatory maximum.
 *
 * What: bytes are appended; past the maximum the buffer sets `full` and ignores the rest.
 * Ownership: buf_deinit frees; the data is NUL-terminated for convenience.
 * Threads: one owner.
 */
#ifndef EXFILD_BASE_BUF_H
#define EXFILD_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;
	bool full; /* something did not fit */
};

void buf_init(struct buf *b, size_t max);
void buf_deinit(struct buf *b);
void buf_reset(struct buf *b);
/* Cuts back to an earlier length and forgets that it was full. */
void buf_truncate(struct buf *b, size_t len);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

#endif
