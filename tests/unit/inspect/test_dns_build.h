/*
 * unit/inspect/test_dns_build.h - writes DNS messages for tests, good and broken.
 *
 * Names are given with dots; put_name writes labels and the end, put_labels no end.
 */
#ifndef EXFILD_TESTS_TEST_DNS_BUILD_H
#define EXFILD_TESTS_TEST_DNS_BUILD_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

struct msg {
	size_t len;
	uint8_t b[20000];
};

static inline void put(struct msg *m, const void *data, size_t len)
{
	assert(m->len + len <= sizeof(m->b));
	memcpy(m->b + m->len, data, len);
	m->len += len;
}

static inline void put8(struct msg *m, unsigned v)
{
	uint8_t b = (uint8_t)v;
	put(m, &b, 1);
}

static inline void put16(struct msg *m, unsigned v)
{
	put8(m, v >> 8);
	put8(m, v & 0xff);
}

static inline void put32(struct msg *m, uint32_t v)
{
	put16(m, v >> 16);
	put16(m, v & 0xffff);
}

static inline void put_header(struct msg *m, unsigned flags, unsigned qd, unsigned an, unsigned ns,
			      unsigned ar)
{
	m->len = 0;
	put16(m, 0x1234);
	put16(m, flags);
	put16(m, qd);
	put16(m, an);
	put16(m, ns);
	put16(m, ar);
}

static inline void put_labels(struct msg *m, const char *name)
{
	while (*name) {
		const char *dot = strchr(name, '.');
		size_t n = dot ? (size_t)(dot - name) : strlen(name);
		put8(m, (unsigned)n);
		put(m, name, n);
		name += n + (dot != NULL);
	}
}

static inline void put_name(struct msg *m, const char *name)
{
	put_labels(m, name);
	put8(m, 0);
}

static inline void put_question(struct msg *m, const char *name, unsigned type)
{
	put_name(m, name);
	put16(m, type);
	put16(m, 1);
}

/* The head of a record whose name is a pointer; its data follows. */
static inline void put_record(struct msg *m, unsigned pointer, unsigned type, uint32_t ttl,
			      unsigned len)
{
	put16(m, 0xc000 | pointer);
	put16(m, type);
	put16(m, 1);
	put32(m, ttl);
	put16(m, len);
}

static inline void put_a(struct msg *m, unsigned pointer, uint32_t ttl, uint32_t address)
{
	put_record(m, pointer, 1, ttl, 4);
	put32(m, address);
}

static inline void put_opt(struct msg *m, unsigned len)
{
	put8(m, 0);
	put16(m, 41);
	put16(m, 1232);
	put32(m, 0);
	put16(m, len);
}

static inline void put_option(struct msg *m, unsigned code, const void *data, unsigned len)
{
	put16(m, code);
	put16(m, len);
	put(m, data, len);
}

/* A response with a CNAME chain of two, an address of the end and one of a stranger. */
static inline void build_chain(struct msg *m)
{
	put_header(m, 0x8180, 1, 4, 1, 1);
	put_question(m, "www.example.com", 1); /* at 12; "example" at 16 */
	unsigned cdn = (unsigned)m->len + 12;
	put_record(m, 12, 5, 300, 6);
	put_labels(m, "cdn");
	put16(m, 0xc010);
	put_a(m, cdn, 60, 0xc0000207);
	put_a(m, 12, 120, 0xc0000208); /* the question itself is an alias by now */
	put_name(m, "stranger.example.org");
	put16(m, 1);
	put16(m, 1);
	put32(m, 3600);
	put16(m, 4);
	put32(m, 0xc0000209);
	put_record(m, 16, 2, 86400, 5); /* authority */
	put_labels(m, "ns");
	put16(m, 0xc010);
	put_opt(m, 0);
}

/* One answer of each type that has a text, in a query for ANY. */
static inline void build_types(struct msg *m)
{
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

	put_header(m, 0x8180, 1, 8, 0, 0);
	put_question(m, "a.example", 255);
	put_a(m, 12, 300, 0x01020304);
	put_record(m, 12, 28, 200, 16);
	put(m, v6, 16);
	put_record(m, 12, 15, 300, 6); /* MX 10 mx.a.example */
	put16(m, 10);
	put_labels(m, "m");
	put16(m, 0xc00c);
	put_record(m, 12, 16, 300, 9); /* TXT of two strings */
	put8(m, 3);
	put(m, "abc", 3);
	put8(m, 4);
	put(m, "d\0ef", 4);
	put_record(m, 12, 33, 300, 10); /* SRV 0 5 5060 s.a.example */
	put16(m, 0);
	put16(m, 5);
	put16(m, 5060);
	put_labels(m, "s");
	put16(m, 0xc00c);
	put_record(m, 12, 10, 300, 3); /* NULL */
	put(m, "\x01\x02\x03", 3);
	put_record(m, 12, 65399, 300, 2); /* private use */
	put(m, "\xff\xfe", 2);
	put_record(m, 12, 12, 300, 4); /* PTR p.a.example */
	put_labels(m, "p");
	put16(m, 0xc00c);
}

#endif
