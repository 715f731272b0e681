/*
 * unit/inspect/test_tls_build.h - writes hellos of TLS for tests, good and broken.
 *
 * Lists end with 0xffff.  An extension of a known type is written with a body that fits it.
 */
#ifndef EXFILD_TESTS_TEST_TLS_BUILD_H
#define EXFILD_TESTS_TEST_TLS_BUILD_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#define LIST_END 0xffff

struct bytes {
	size_t len;
	uint8_t b[40000];
};

static inline void put(struct bytes *m, const void *data, size_t len)
{
	assert(m->len + len <= sizeof(m->b));
	memcpy(m->b + m->len, data, len);
	m->len += len;
}

static inline void put8(struct bytes *m, unsigned v)
{
	uint8_t b = (uint8_t)v;
	put(m, &b, 1);
}

static inline void put16(struct bytes *m, unsigned v)
{
	put8(m, v >> 8);
	put8(m, v & 0xff);
}

/* Writes a length of `size` bytes at `at` over all that follows it. */
static inline void patch_length(struct bytes *m, size_t at, unsigned size)
{
	size_t len = m->len - at - size;
	for (unsigned i = 0; i < size; i++)
		m->b[at + i] = (uint8_t)(len >> 8 * (size - 1 - i));
}

static inline size_t hold(struct bytes *m, unsigned size)
{
	size_t at = m->len;
	for (unsigned i = 0; i < size; i++)
		put8(m, 0);
	return at;
}

static inline void put_values(struct bytes *m, const uint16_t *list)
{
	for (; *list != LIST_END; list++)
		put16(m, *list);
}

struct hello_plan {
	uint16_t legacy;
	const uint16_t *ciphers, *extensions, *groups, *signatures, *versions;
	const char *sni;
	const char *alpn[4];
	size_t padding; /* length of the body of extension 21 */
};

static inline void put_extension_body(struct bytes *m, uint16_t type, const struct hello_plan *p)
{
	size_t at;
	switch (type) {
	case 0:
		at = hold(m, 2);
		put8(m, 0);
		put16(m, (unsigned)strlen(p->sni));
		put(m, p->sni, strlen(p->sni));
		patch_length(m, at, 2);
		break;
	case 10:
		at = hold(m, 2);
		put_values(m, p->groups);
		patch_length(m, at, 2);
		break;
	case 11:
		put(m, "\1\0", 2);
		break;
	case 13:
		at = hold(m, 2);
		put_values(m, p->signatures);
		patch_length(m, at, 2);
		break;
	case 16:
		at = hold(m, 2);
		for (unsigned i = 0; i < 4 && p->alpn[i]; i++) {
			put8(m, (unsigned)strlen(p->alpn[i]));
			put(m, p->alpn[i], strlen(p->alpn[i]));
		}
		patch_length(m, at, 2);
		break;
	case 21:
		for (size_t i = 0; i < p->padding; i++)
			put8(m, 0);
		break;
	case 43:
		at = hold(m, 1);
		put_values(m, p->versions);
		patch_length(m, at, 1);
		break;
	default:
		break;
	}
}

static inline void put_hello_start(struct bytes *m, uint16_t legacy)
{
	put16(m, legacy);
	for (unsigned i = 0; i < 32; i++)
		put8(m, i);
	put8(m, 32);
	for (unsigned i = 0; i < 32; i++)
		put8(m, 0x80 + i);
}

/* The handshake message with its head of four bytes. */
static inline void put_client_hello(struct bytes *m, const struct hello_plan *p)
{
	put8(m, 1);
	size_t message = hold(m, 3);
	put_hello_start(m, p->legacy);
	size_t at = hold(m, 2);
	put_values(m, p->ciphers);
	patch_length(m, at, 2);
	put(m, "\1\0", 2);
	if (p->extensions) {
		at = hold(m, 2);
		for (const uint16_t *e = p->extensions; *e != LIST_END; e++) {
			put16(m, *e);
			size_t body = hold(m, 2);
			put_extension_body(m, *e, p);
			patch_length(m, body, 2);
		}
		patch_length(m, at, 2);
	}
	patch_length(m, message, 3);
}

/* Extensions have no body but for the version. */
static inline void put_server_hello(struct bytes *m, uint16_t legacy, uint16_t cipher,
				    const uint16_t *extensions, uint16_t version)
{
	put8(m, 2);
	size_t message = hold(m, 3);
	put_hello_start(m, legacy);
	put16(m, cipher);
	put8(m, 0);
	size_t at = hold(m, 2);
	for (const uint16_t *e = extensions; *e != LIST_END; e++) {
		put16(m, *e);
		put16(m, *e == 43 ? 2 : 0);
		if (*e == 43)
			put16(m, version);
	}
	patch_length(m, at, 2);
	patch_length(m, message, 3);
}

/* The message cut into records of at most `size` bytes. */
static inline void put_records(struct bytes *m, const struct bytes *message, size_t size)
{
	for (size_t at = 0; at < message->len; at += size) {
		size_t n = message->len - at < size ? message->len - at : size;
		put(m, "\x16\x03\x01", 3);
		put16(m, (unsigned)n);
		put(m, message->b + at, n);
	}
}

/* The example of the JA4 specification, as Chrome writes it, grease included. */
static const uint16_t ja4_ciphers[] = { 0x5a5a, 0x1301, 0x1302, 0x1303, 0xc02b,  0xc02f,
					0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013,  0xc014,
					0x009c, 0x009d, 0x002f, 0x0035, LIST_END };
static const uint16_t ja4_extensions[] = { 0x0a0a, 0x001b, 0x0000, 0x0033, 0x0010,  0x4469, 0x0017,
					   0x002d, 0x000d, 0x0005, 0x0023, 0x0012,  0x002b, 0xff01,
					   0x000b, 0x000a, 0xfafa, 0x0015, LIST_END };
static const uint16_t ja4_signatures[] = { 0x0403, 0x0804, 0x0401, 0x0503,  0x0805,
					   0x0501, 0x0806, 0x0601, LIST_END };
static const uint16_t ja4_groups[] = { 0x1a1a, 0x001d, 0x0017, 0x0018, LIST_END };
static const uint16_t ja4_versions[] = { 0x2a2a, 0x0304, 0x0303, LIST_END };

#define JA4_EXAMPLE "t13d1516h2_8daaf6152771_e5627efa2ab1"

static inline struct hello_plan ja4_plan(void)
{
	struct hello_plan p = { .legacy = 0x0303,
				.ciphers = ja4_ciphers,
				.extensions = ja4_extensions,
				.groups = ja4_groups,
				.signatures = ja4_signatures,
				.versions = ja4_versions,
				.sni = "www.example.com",
				.alpn = { "h2", "http/1.1" },
				.padding = 20 };
	return p;
}

#endif
