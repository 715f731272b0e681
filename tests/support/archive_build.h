/*
 * support/archive_build.h - compressed texts and archives of ZIP for tests.
 *
 * What: deflate in any of its three heads; members of an archive in the ways that writers have.
 * Ownership: the caller's memory.  Threads: any.  Limits: sizes are asserted.
 */
#ifndef EXFILD_TESTS_ARCHIVE_BUILD_H
#define EXFILD_TESTS_ARCHIVE_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

/* Compressed; window 15 is zlib, 31 gzip. */
static inline size_t pack(uint8_t *dst, size_t size, const void *text, size_t len, int window)
{
	z_stream z = { 0 };
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (uint8_t *)(uintptr_t)text;
	z.avail_in = (unsigned)len;
	z.next_out = dst;
	z.avail_out = (unsigned)size;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	size_t n = z.total_out;
	(void)deflateEnd(&z);
	return n;
}

#define ARCHIVE_MAX 16384u

struct zip {
	uint8_t bytes[ARCHIVE_MAX];
	size_t len;
};

static inline void put_le(struct zip *z, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		z->bytes[z->len++] = (uint8_t)(value >> 8 * i);
}

enum { ZIP_STORED = 1, ZIP_STREAMED = 2, ZIP_ENCRYPTED = 4, ZIP_SIGNED = 8 };

/* Streamed: its length comes behind it, with a signature or without. */
static inline void put_member(struct zip *z, const char *name, const char *text, unsigned how)
{
	uint8_t packed[ARCHIVE_MAX / 2];
	size_t n = strlen(text);
	assert_true(2 * n + z->len + 512 < ARCHIVE_MAX);
	if (how & ZIP_STORED)
		memcpy(packed, text, n);
	else
		n = pack(packed, sizeof(packed), text, n, -15);
	put_le(z, 0x04034b50, 4);
	put_le(z, 20, 2);
	put_le(z, (how & ZIP_STREAMED ? 8 : 0) | (how & ZIP_ENCRYPTED ? 1 : 0), 2);
	put_le(z, how & ZIP_STORED ? 0 : 8, 2);
	put_le(z, 0, 8); /* time, date, sum */
	put_le(z, how & ZIP_STREAMED ? 0 : n, 4);
	put_le(z, how & ZIP_STREAMED ? 0 : strlen(text), 4);
	put_le(z, strlen(name), 2);
	put_le(z, 4, 2);
	memcpy(z->bytes + z->len, name, strlen(name));
	z->len += strlen(name);
	put_le(z, 0xcafe, 4); /* an extra field */
	memcpy(z->bytes + z->len, packed, n);
	z->len += n;
	if (!(how & ZIP_STREAMED))
		return;
	if (how & ZIP_SIGNED)
		put_le(z, 0x08074b50, 4);
	put_le(z, 0x12345678, 4);
	put_le(z, n, 4);
	put_le(z, strlen(text), 4);
}

static inline void put_directory(struct zip *z)
{
	put_le(z, 0x02014b50, 4);
	memset(z->bytes + z->len, ' ', 42);
	z->len += 42;
	static const char more[] = "see QX-7719-PAYROLL now"; /* nobody's content */
	memcpy(z->bytes + z->len, more, sizeof(more));
	z->len += sizeof(more);
}

#endif
