/*
 * inspect/quic/initial.c - Initial packets of QUIC, opened.
 *
 *   byte 1|1|type 2|reserved 2|number length 2, version 4, dcid <0..20>, scid <0..20>,
 *   token <varint>, length varint, packet number 1-4, payload, tag 16
 *
 *   initial = HKDF-Extract(salt of the version, dcid)
 *   secret = HKDF-Expand-Label(initial, "client in"), then "quic key", "quic iv", "quic hp"
 *
 * The lower bits of the first byte and the packet number are masked with AES-ECB of 16 bytes of
 * the payload; the rest is AES-128-GCM with the unmasked header as associated data.
 */
#include "initial.h"

#include <string.h>

#include "exfild/base/cursor.h"
#include "../crypto/crypto.h"
#include "../crypto/digest.h"

#define TAG_LEN    16
#define SAMPLE_LEN 16
#define SAMPLE_AT  4 /* from the packet number, as if that had four bytes */
#define SHA256_LEN 32
#define SALT_LEN   20
#define HMAC_BLOCK 64

enum label { LABEL_SECRET, LABEL_KEY, LABEL_IV, LABEL_HP, LABEL__COUNT };

struct wire {
	uint32_t first, last;      /* versions */
	const uint8_t *salt;       /* SALT_LEN bytes */
	const char *const *labels; /* by enum label */
	uint8_t initial_type;      /* bits of the first byte that say Initial */
};

static const uint8_t salt_1[SALT_LEN] = {
	0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
	0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a,
};
static const uint8_t salt_2[SALT_LEN] = {
	0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
	0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9,
};
static const uint8_t salt_draft_23[SALT_LEN] = {
	0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
	0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02,
};
static const uint8_t salt_draft_29[SALT_LEN] = {
	0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
	0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99,
};
static const uint8_t salt_t050[SALT_LEN] = {
	0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
	0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10,
};
static const uint8_t salt_t051[SALT_LEN] = {
	0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
	0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d,
};

static const char *const labels_1[LABEL__COUNT] = {
	"tls13 client in",
	"tls13 quic key",
	"tls13 quic iv",
	"tls13 quic hp",
};
static const char *const labels_2[LABEL__COUNT] = {
	"tls13 client in",
	"tls13 quicv2 key",
	"tls13 quicv2 iv",
	"tls13 quicv2 hp",
};

static const struct wire wires[] = {
	{ 0x00000001, 0x00000001, salt_1, labels_1, 0 },
	{ 0x6b3343cf, 0x6b3343cf, salt_2, labels_2, 1 },
	{ 0xff00001d, 0xff000020, salt_draft_29, labels_1, 0 }, /* drafts 29 to 32 */
	{ 0xff000021, 0xff000022, salt_1, labels_1, 0 },        /* 33, 34 */
	{ 0xff000017, 0xff00001c, salt_draft_23, labels_1, 0 }, /* 23 to 28 */
	{ 0xfaceb002, 0xfaceb002, salt_draft_23, labels_1, 0 }, /* mvfst */
	{ 0xfaceb00e, 0xfaceb00e, salt_draft_23, labels_1, 0 },
	{ 0x54303530, 0x54303530, salt_t050, labels_1, 0 }, /* Google's, with TLS */
	{ 0x54303531, 0x54303531, salt_t051, labels_1, 0 },
};

static const struct wire *wire_of(uint32_t version)
{
	for (unsigned i = 0; i < sizeof(wires) / sizeof(wires[0]); i++)
		if (version >= wires[i].first && version <= wires[i].last)
			return &wires[i];
	return NULL;
}

bool quic_version_is_known(uint32_t version)
{
	return wire_of(version) != NULL;
}

/* ---- the header ---- */

static uint64_t read_varint(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	uint64_t v = first & 0x3f;

	for (unsigned n = (1u << (first >> 6)) - 1; n; n--)
		v = v << 8 | cursor_u8(c);
	return v;
}

int quic_packet_read(const uint8_t *data, size_t cap, size_t len, struct quic_packet *ret,
		     size_t *ret_used)
{
	struct cursor c = cursor_make(data, cap);
	uint8_t first = cursor_u8(&c);

	memset(ret, 0, sizeof(*ret));
	ret->version = cursor_be32(&c);
	if (!cursor_ok(&c) || (first & 0xc0) != 0xc0)
		return -EXF_E_FORMAT;
	const struct wire *wire = wire_of(ret->version);
	if (!wire)
		return -EXF_E_UNSUPPORTED;
	ret->dcid_len = cursor_u8(&c);
	ret->dcid = cursor_take(&c, ret->dcid_len);
	uint8_t scid_len = cursor_u8(&c);
	cursor_skip(&c, scid_len);
	if (!cursor_ok(&c) || ret->dcid_len > QUIC_CID_MAX || scid_len > QUIC_CID_MAX)
		return -EXF_E_FORMAT;
	/* types count from Initial: 0-RTT, Handshake, Retry */
	unsigned type = ((first >> 4 & 3u) - wire->initial_type) & 3;
	ret->is_initial = type == 0;
	if (type == 3) /* Retry fills its datagram */
		return -EXF_E_FORMAT;
	if (ret->is_initial) {
		uint64_t token_len = read_varint(&c);
		if (token_len > cursor_left(&c))
			return -EXF_E_FORMAT;
		cursor_skip(&c, (size_t)token_len);
	}
	uint64_t said = read_varint(&c);
	ret->number_at = cursor_offset(&c);
	if (!cursor_ok(&c) || len < ret->number_at || said > len - ret->number_at)
		return -EXF_E_FORMAT;
	ret->data = data;
	*ret_used = ret->number_at + (size_t)said;
	ret->is_cut = *ret_used > cap;
	ret->len = ret->is_cut ? cap : *ret_used;
	return 0;
}

/* ---- the keys (RFC 5869; RFC 8446, 7.1) ---- */

static bool hmac(const uint8_t *key, size_t key_len, const void *text, size_t len,
		 uint8_t ret[SHA256_LEN])
{
	uint8_t pad[HMAC_BLOCK], inner[DIGEST_MAX];
	struct digest d;

	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] = 0x36 ^ (i < key_len ? key[i] : 0);
	digest_begin(&d, DIGEST_SHA256);
	digest_add(&d, pad, sizeof(pad));
	digest_add(&d, text, len);
	if (!digest_end(&d, inner))
		return false;
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	digest_begin(&d, DIGEST_SHA256);
	digest_add(&d, pad, sizeof(pad));
	digest_add(&d, inner, SHA256_LEN);
	return digest_end(&d, ret);
}

/* At most SHA256_LEN bytes: one block of the expansion. */
static bool expand(const uint8_t secret[SHA256_LEN], const char *label, uint8_t *dst, size_t len)
{
	uint8_t info[2 + 1 + 32 + 1 + 1], out[DIGEST_MAX];
	size_t label_len = strlen(label);

	info[0] = 0;
	info[1] = (uint8_t)len;
	info[2] = (uint8_t)label_len;
	memcpy(info + 3, label, label_len);
	info[3 + label_len] = 0; /* no context */
	info[4 + label_len] = 1; /* the block's number */
	if (!hmac(secret, SHA256_LEN, info, 5 + label_len, out))
		return false;
	memcpy(dst, out, len);
	return true;
}

bool quic_keys_make(uint32_t version, const uint8_t *dcid, size_t dcid_len, struct quic_keys *ret)
{
	const struct wire *wire = wire_of(version);
	uint8_t initial[DIGEST_MAX], secret[SHA256_LEN];

	return wire && hmac(wire->salt, SALT_LEN, dcid, dcid_len, initial) &&
	       expand(initial, wire->labels[LABEL_SECRET], secret, sizeof(secret)) &&
	       expand(secret, wire->labels[LABEL_KEY], ret->key, sizeof(ret->key)) &&
	       expand(secret, wire->labels[LABEL_IV], ret->iv, sizeof(ret->iv)) &&
	       expand(secret, wire->labels[LABEL_HP], ret->hp, sizeof(ret->hp));
}

/* ---- the protection ---- */

static bool make_mask(const uint8_t hp[QUIC_KEY_LEN], const uint8_t sample[SAMPLE_LEN],
		      uint8_t ret[SAMPLE_LEN])
{
	const EVP_CIPHER *aes = NULL;
	EVP_CIPHER_CTX *ctx = crypto_cipher(CRYPTO_AES128_ECB, &aes);
	int len;

	return ctx && EVP_EncryptInit_ex2(ctx, aes, hp, NULL, NULL) == 1 &&
	       EVP_EncryptUpdate(ctx, ret, &len, sample, SAMPLE_LEN) == 1;
}

int quic_open(const struct quic_packet *p, const struct quic_keys *keys, uint8_t *plain,
	      size_t *ret_len)
{
	uint8_t head[1], number[4], mask[SAMPLE_LEN], nonce[QUIC_IV_LEN];
	const uint8_t *at = p->data + p->number_at;
	size_t left = p->len - p->number_at;
	int len;

	if (p->len < p->number_at || left < SAMPLE_AT + SAMPLE_LEN)
		return -EXF_E_TRUNCATED;
	if (!make_mask(keys->hp, at + SAMPLE_AT, mask))
		return -EXF_E_UNSUPPORTED;
	head[0] = p->data[0] ^ (mask[0] & 0x0f);
	size_t number_len = (head[0] & 3u) + 1;
	memcpy(nonce, keys->iv, sizeof(nonce));
	for (size_t i = 0; i < number_len; i++) {
		number[i] = at[i] ^ mask[1 + i];
		nonce[QUIC_IV_LEN - number_len + i] ^= number[i];
	}
	const uint8_t *sealed = at + number_len;
	size_t sealed_len = left - number_len - (p->is_cut ? 0 : TAG_LEN);
	if (sealed_len > QUIC_PLAIN_MAX)
		return -EXF_E_TRUNCATED;
	const EVP_CIPHER *aes = NULL;
	EVP_CIPHER_CTX *ctx = crypto_cipher(CRYPTO_AES128_GCM, &aes);
	if (!ctx || EVP_DecryptInit_ex2(ctx, aes, keys->key, nonce, NULL) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &len, head, sizeof(head)) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &len, p->data + 1, (int)p->number_at - 1) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &len, number, (int)number_len) != 1 ||
	    EVP_DecryptUpdate(ctx, plain, &len, sealed, (int)sealed_len) != 1)
		return -EXF_E_UNSUPPORTED;
	if (!p->is_cut) {
		uint8_t tag[TAG_LEN];
		memcpy(tag, sealed + sealed_len, TAG_LEN);
		if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) != 1 ||
		    EVP_DecryptFinal_ex(ctx, plain + sealed_len, &len) != 1)
			return -EXF_E_INVALID;
	}
	*ret_len = sealed_len;
	return 0;
}
