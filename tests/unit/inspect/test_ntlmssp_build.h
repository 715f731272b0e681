/*
 * unit/inspect/test_ntlmssp_build.h - NTLM messages and their wrappings, for tests.
 */
#ifndef EXFILD_TESTS_NTLMSSP_BUILD_H
#define EXFILD_TESTS_NTLMSSP_BUILD_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BLOB_MAX 2048

struct blob {
	size_t len;
	uint8_t b[BLOB_MAX];
};

static inline void blob_put(struct blob *m, const void *data, size_t len)
{
	assert(m->len + len <= BLOB_MAX);
	if (len)
		memcpy(m->b + m->len, data, len);
	m->len += len;
}

static inline void blob_le(struct blob *m, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++) {
		uint8_t b = (uint8_t)(v >> 8 * i);
		blob_put(m, &b, 1);
	}
}

/* ASCII as UTF-16LE. */
static inline void blob_text16(struct blob *m, const char *text)
{
	for (; *text; text++)
		blob_le(m, (uint8_t)*text, 2);
}

/* The next value goes to the end of the message; its descriptor to `at`. */
static inline void blob_value(struct blob *m, size_t at, const void *data, size_t len)
{
	struct blob d = { 0 };
	blob_le(&d, len, 2);
	blob_le(&d, len, 2);
	blob_le(&d, m->len, 4);
	memcpy(m->b + at, d.b, 8);
	blob_put(m, data, len);
}

static inline void blob_value16(struct blob *m, size_t at, const char *text)
{
	struct blob t = { 0 };
	blob_text16(&t, text);
	blob_value(m, at, t.b, t.len);
}

static inline void ntlm_begin(struct blob *m, uint32_t type, size_t fixed)
{
	memset(m, 0, sizeof(*m));
	blob_put(m, "NTLMSSP", 8);
	blob_le(m, type, 4);
	m->len = fixed;
}

/* Flags: UNICODE, ESS, VERSION. */
static inline void ntlm_authenticate(struct blob *m, const char *domain, const char *user,
				     const char *station, size_t nt_len)
{
	uint8_t nt[512] = { 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4 };
	static const uint8_t pairs[] = { 6,   0, 4,   0, 2,   0, 0,   0, 9, 0, 8, 0,
					 'c', 0, 'i', 0, 'f', 0, 's', 0, 0, 0, 0, 0 };
	ntlm_begin(m, 3, 88);
	if (nt_len > 44 + sizeof(pairs))
		memcpy(nt + 44, pairs, sizeof(pairs));
	uint32_t flags = 0x02080001u;
	memcpy(m->b + 60, &flags, 4);
	memcpy(m->b + 64, "\x0a\0\x61\x4a\0\0\0\x0f", 8);
	blob_value(m, 12, nt, nt_len ? 24 : 0);
	blob_value(m, 20, nt, nt_len);
	blob_value16(m, 28, domain);
	blob_value16(m, 36, user);
	blob_value16(m, 44, station);
}

static inline void ntlm_challenge(struct blob *m)
{
	struct blob p = { 0 };
	ntlm_begin(m, 2, 56);
	uint32_t flags = 0x02880001u;
	memcpy(m->b + 20, &flags, 4);
	memcpy(m->b + 24, "\1\2\3\4\5\6\7\x08", 8);
	memcpy(m->b + 48, "\x06\x01\xb1\x1d\0\0\0\x0f", 8);
	blob_value16(m, 12, "CORP");
	blob_put(&p, "\2\0\x8\0C\0O\0R\0P\0", 12);
	blob_put(&p, "\1\0\x4\0D\0C\0", 8);
	blob_put(&p, "\3\0\x6\0d\0.\0x\0", 10);
	blob_put(&p, "\0\0\0\0", 4);
	blob_value(m, 40, p.b, p.len);
}

/* Length of DER that fits in the long form of two bytes. */
static inline void der_wrap(struct blob *m, uint8_t tag)
{
	uint8_t head[4] = { tag, 0x82, (uint8_t)(m->len >> 8), (uint8_t)m->len };
	assert(m->len + 4 <= BLOB_MAX);
	memmove(m->b + 4, m->b, m->len);
	memcpy(m->b, head, 4);
	m->len += 4;
}

/* NegTokenResp with a state and a token. */
static inline void spnego_answer(struct blob *m, uint8_t state)
{
	static const uint8_t head[] = { 0xa0, 3, 0x0a, 1 };
	der_wrap(m, 4);
	der_wrap(m, 0xa2);
	memmove(m->b + 5, m->b, m->len);
	memcpy(m->b, head, 4);
	m->b[4] = state;
	m->len += 5;
	der_wrap(m, 0x30);
	der_wrap(m, 0xa1);
}

#endif
