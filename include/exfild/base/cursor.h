/*
 * base/cursor.h - the one byte reader.
 *
 * What: a sticky-error reader over hostile bytes.  A read past the end sets `error`, returns zero
 * and moves nothing; the caller tests cursor_ok() once after a group of reads.
 * Ownership: borrows the bytes.  Threads: a cursor belongs to its caller.
 * Limits: never reads outside [data, end), whatever the lengths say.
 */
#ifndef EXFILD_BASE_CURSOR_H
#define EXFILD_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *data; /* first byte */
	const uint8_t *pos;  /* next byte to read */
	const uint8_t *end;  /* one past the last byte */
	bool error;          /* a read went past the end */
};

static inline struct cursor cursor_make(const void *data, size_t len)
{
	const uint8_t *p = data;
	struct cursor c = { p, p, p ? p + len : p, false };
	return c;
}

static inline bool cursor_ok(const struct cursor *c)
{
	return !c->error;
}

/* Bytes left; 0 after an error. */
static inline size_t cursor_left(const struct cursor *c)
{
	return c->error ? 0 : (size_t)(c->end - c->pos);
}

/* Bytes read so far. */
static inline size_t cursor_offset(const struct cursor *c)
{
	return (size_t)(c->pos - c->data);
}

static inline bool cursor_has(struct cursor *c, size_t n)
{
	if (c->error || (size_t)(c->end - c->pos) < n) {
		c->error = true;
		return false;
	}
	return true;
}

/* The next n bytes, or NULL (and error) when there are fewer; moves past them. */
static inline const uint8_t *cursor_take(struct cursor *c, size_t n)
{
	if (!cursor_has(c, n))
		return NULL;
	const uint8_t *p = c->pos;
	if (n) /* an empty cursor may stand on NULL */
		c->pos += n;
	return p;
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_take(c, n);
}

/* Moves to an absolute offset from the first byte. */
static inline void cursor_seek(struct cursor *c, size_t offset)
{
	if (c->error || offset > (size_t)(c->end - c->data)) {
		c->error = true;
		return;
	}
	c->pos = c->data + offset;
}

/* A cursor over the next n bytes; moves past them. Both carry the error when there are fewer. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n)
{
	const uint8_t *p = cursor_take(c, n);
	struct cursor sub = cursor_make(p, p ? n : 0);
	sub.error = c->error;
	return sub;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);
	return p ? p[0] : 0;
}

static inline uint16_t cursor_be16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);
	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t cursor_be24(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 3);
	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t cursor_be32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);
	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t cursor_be64(struct cursor *c)
{
	uint64_t high = cursor_be32(c);
	uint64_t low = cursor_be32(c);
	return high << 32 | low;
}

static inline uint16_t cursor_le16(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 2);
	return (uint16_t)(p ? p[1] << 8 | p[0] : 0);
}

static inline uint32_t cursor_le32(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 4);
	return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

static inline uint64_t cursor_le64(struct cursor *c)
{
	uint64_t low = cursor_le32(c);
	uint64_t high = cursor_le32(c);
	return high << 32 | low;
}

/* Copies n bytes to dst; on error dst is zeroed. */
static inline void cursor_copy(struct cursor *c, void *dst, size_t n)
{
	const uint8_t *p = cursor_take(c, n);
	if (p)
		memcpy(dst, p, n);
	else
		memset(dst, 0, n);
}

#endif
