/*
 * support/der_build.h - messages in DER, made from the inside out.
 *
 *   struct der d = der_seq(der_join(der_int(5), der_text(0x1b, "user")));
 *
 * Ownership: values of at most DER_MAX bytes.  Threads: any.
 */
#ifndef EXFILD_TESTS_SUPPORT_DER_BUILD_H
#define EXFILD_TESTS_SUPPORT_DER_BUILD_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define DER_MAX 4096

struct der {
	size_t len;
	uint8_t data[DER_MAX];
};

static inline struct der der_none(void)
{
	struct der d = { .len = 0 };
	return d;
}

static inline struct der der_bytes(unsigned id, const void *data, size_t len)
{
	struct der d = { .len = 0 };
	assert(len + 4 <= DER_MAX);
	d.data[d.len++] = (uint8_t)id;
	if (len >= 0x80) {
		d.data[d.len++] = 0x82;
		d.data[d.len++] = (uint8_t)(len >> 8);
	}
	d.data[d.len++] = (uint8_t)len;
	memcpy(d.data + d.len, data, len);
	d.len += len;
	return d;
}

static inline struct der der_wrap(unsigned id, struct der in)
{
	return der_bytes(id, in.data, in.len);
}

static inline struct der der_text(unsigned id, const char *text)
{
	return der_bytes(id, text, strlen(text));
}

static inline struct der der_number(unsigned id, int32_t value)
{
	const uint8_t be[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
				(uint8_t)(value >> 8), (uint8_t)value };
	return der_bytes(id, be, 4);
}

static inline struct der der_join(struct der a, struct der b)
{
	assert(a.len + b.len <= DER_MAX);
	memcpy(a.data + a.len, b.data, b.len);
	a.len += b.len;
	return a;
}

static inline struct der der_seq(struct der in)
{
	return der_wrap(0x30, in);
}

/* [n] EXPLICIT */
static inline struct der der_tag(unsigned n, struct der in)
{
	return der_wrap(0xa0 | n, in);
}

#endif
