/*
 * unit/inspect/test_quic_build.h - seals Initial packets of a client, for tests.
 *
 * Keys come from the library's own HKDF, not from what is tested.
 */
#ifndef EXFILD_TESTS_TEST_QUIC_BUILD_H
#define EXFILD_TESTS_TEST_QUIC_BUILD_H

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "test_tls_build.h"

#define QUIC_1        0x00000001u
#define QUIC_2        0x6b3343cfu
#define QUIC_DRAFT_29 0xff00001du

struct seal {
	uint32_t version;
	const char *dcid; /* 8 bytes */
	uint32_t number;
	unsigned number_len;
	size_t token_len;
	size_t payload_len; /* padded to it */
};

static inline void hkdf(int mode, const uint8_t *key, size_t key_len, const void *salt,
			size_t salt_len, const void *info, size_t info_len, uint8_t *dst,
			size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	char digest[] = "SHA256";
	union {
		const void *in;
		void *out;
	} k = { key }, s = { salt }, i = { info };
	OSSL_PARAM params[6], *p = params;
	*p++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	*p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, k.out, key_len);
	if (salt)
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, s.out, salt_len);
	if (info)
		*p++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, i.out, info_len);
	*p = OSSL_PARAM_construct_end();
	assert(EVP_KDF_derive(ctx, dst, len, params) == 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static inline void hkdf_label(const uint8_t secret[32], const char *label, uint8_t *dst, size_t len)
{
	uint8_t info[64] = { 0, (uint8_t)len, (uint8_t)(strlen(label) + 6) };
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, strlen(label));
	hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, secret, 32, NULL, 0, info, 10 + strlen(label), dst,
	     len);
}

/* Appends one packet whose frames are `plain`. */
static inline void put_initial(struct bytes *m, const struct seal *s, const struct bytes *plain)
{
	static const uint8_t salt_1[20] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
					    0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
					    0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a };
	static const uint8_t salt_2[20] = { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6,
					    0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26,
					    0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 };
	static const uint8_t salt_29[20] = { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2,
					     0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61,
					     0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 };
	const uint8_t *salt = s->version == QUIC_1 ? salt_1 :
			      s->version == QUIC_2 ? salt_2 :
						     salt_29;
	bool is_2 = s->version == QUIC_2;
	uint8_t initial[32], secret[32], key[16], iv[12], hp[16], mask[32];
	hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, (const uint8_t *)s->dcid, 8, salt, 20, NULL, 0,
	     initial, 32);
	hkdf_label(initial, "client in", secret, 32);
	hkdf_label(secret, is_2 ? "quicv2 key" : "quic key", key, 16);
	hkdf_label(secret, is_2 ? "quicv2 iv" : "quic iv", iv, 12);
	hkdf_label(secret, is_2 ? "quicv2 hp" : "quic hp", hp, 16);

	size_t start = m->len;
	put8(m, 0xc0 | (is_2 ? 0x10 : 0) | (s->number_len - 1));
	put16(m, s->version >> 16);
	put16(m, s->version & 0xffff);
	put8(m, 8);
	put(m, s->dcid, 8);
	put8(m, 0);
	if (s->token_len < 64)
		put8(m, (unsigned)s->token_len);
	else
		put16(m, (unsigned)s->token_len | 0x4000);
	for (size_t i = 0; i < s->token_len; i++)
		put8(m, 't');
	size_t payload = plain->len > s->payload_len ? plain->len : s->payload_len;
	put16(m, (unsigned)(payload + s->number_len + 16) | 0x4000);
	size_t number_at = m->len;
	for (unsigned i = s->number_len; i-- > 0;)
		put8(m, s->number >> 8 * i & 0xff);

	struct bytes *padded = calloc(1, sizeof(*padded));
	assert(padded);
	put(padded, plain->b, plain->len);
	padded->len = payload;
	for (unsigned i = 0; i < 4; i++)
		iv[11 - i] ^= (uint8_t)(s->number >> 8 * i);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;
	size_t at = m->len;
	assert(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, iv) == 1);
	assert(EVP_EncryptUpdate(ctx, NULL, &n, m->b + start, (int)(at - start)) == 1);
	assert(at + payload + 16 <= sizeof(m->b));
	assert(EVP_EncryptUpdate(ctx, m->b + at, &n, padded->b, (int)payload) == 1);
	assert(EVP_EncryptFinal_ex(ctx, m->b + at + payload, &n) == 1);
	assert(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, m->b + at + payload) == 1);
	m->len = at + payload + 16;
	assert(EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, hp, NULL) == 1);
	assert(EVP_EncryptUpdate(ctx, mask, &n, m->b + number_at + 4, 16) == 1);
	m->b[start] ^= mask[0] & 0x0f;
	for (unsigned i = 0; i < s->number_len; i++)
		m->b[number_at + i] ^= mask[1 + i];
	EVP_CIPHER_CTX_free(ctx);
	free(padded);
}

/* A CRYPTO frame with bytes [from, to) of the message. */
static inline void put_crypto(struct bytes *plain, const struct bytes *message, size_t from,
			      size_t to)
{
	put8(plain, 6);
	put16(plain, (unsigned)from | 0x4000);
	put16(plain, (unsigned)(to - from) | 0x4000);
	put(plain, message->b + from, to - from);
}

#endif
