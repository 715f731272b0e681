/*
 * inspect/tls/hello.c - the hello messages of TLS.
 *
 *   client: version 2, random 32, session <0..32>, cipher suites <2..>, compression <1..>,
 *           extensions <0..> (absent before TLS 1.0 and in some old clients)
 *   server: version 2, random 32, session <0..32>, cipher suite 2, compression 1, extensions <0..>
 *
 * Lengths that lie end the reading where they lie: what was read before stands, and is_whole says
 * that no fingerprint can be made.  Of an extension that comes twice the first counts.
 */
#include "hello.h"

#define RANDOM_LEN  32
#define SESSION_MAX 32
#define HOST_NAME   0

/* SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3). */
static const uint8_t retry_random[RANDOM_LEN] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

static struct tls_bytes take(struct cursor *c, size_t len)
{
	const uint8_t *data = cursor_take(c, len);
	struct tls_bytes b = { data, data ? len : 0 };
	return b;
}

/* The list behind a length of one or two bytes; absent when it does not fit. */
static struct tls_bytes take_list8(struct cursor *c)
{
	return take(c, cursor_u8(c));
}

static struct tls_bytes take_list16(struct cursor *c)
{
	return take(c, cursor_be16(c));
}

static struct tls_bytes take_host_name(struct cursor *c)
{
	struct tls_bytes none = { NULL, 0 };

	cursor_skip(c, 2); /* length of the list, which has one entry in practice */
	if (cursor_u8(c) != HOST_NAME)
		return none;
	return take_list16(c);
}

static uint16_t highest_version(struct cursor *c, uint16_t otherwise)
{
	struct tls_bytes list = take_list8(c);
	struct cursor versions = cursor_make(list.data, list.len);
	uint16_t highest = 0, v;

	while (tls_next_value(&versions, &v))
		if (v > highest)
			highest = v;
	return highest ? highest : otherwise;
}

static void read_client_extension(struct tls_hello *h, uint16_t type, struct cursor *c)
{
	switch (type) {
	case TLS_EXT_SERVER_NAME:
		if (!h->has_sni)
			h->sni = take_host_name(c);
		h->has_sni = true;
		break;
	case TLS_EXT_GROUPS:
		if (!h->groups.data)
			h->groups = take_list16(c);
		break;
	case TLS_EXT_POINT_FORMATS:
		if (!h->formats.data)
			h->formats = take_list8(c);
		break;
	case TLS_EXT_SIGNATURE_ALGORITHMS:
		if (!h->signatures.data)
			h->signatures = take_list16(c);
		break;
	case TLS_EXT_ALPN:
		if (!h->alpn.data)
			h->alpn = take_list16(c);
		break;
	case TLS_EXT_SUPPORTED_VERSIONS:
		h->version = highest_version(c, h->version);
		break;
	default:
		break;
	}
}

static void read_server_extension(struct tls_hello *h, uint16_t type, struct cursor *c)
{
	if (type == TLS_EXT_ALPN && !h->alpn.data) {
		h->alpn = take_list16(c);
	} else if (type == TLS_EXT_SUPPORTED_VERSIONS) {
		uint16_t chosen = cursor_be16(c);
		if (cursor_ok(c))
			h->version = chosen;
	}
}

static void read_extensions(struct tls_hello *h, struct cursor *c,
			    void (*read)(struct tls_hello *, uint16_t, struct cursor *))
{
	if (cursor_left(c) == 0) { /* none at all is allowed */
		h->is_whole = cursor_ok(c);
		return;
	}
	size_t said = cursor_be16(c);
	size_t left = cursor_left(c);
	if (!cursor_ok(c))
		return;
	struct cursor block = cursor_sub(c, said < left ? said : left);
	h->extensions.data = block.data;
	while (cursor_left(&block) > 0) {
		uint16_t type = cursor_be16(&block);
		struct cursor body = cursor_sub(&block, cursor_be16(&block));
		if (!cursor_ok(&body))
			return;
		read(h, type, &body);
		h->extensions.len = cursor_offset(&block);
	}
	h->is_whole = said <= left;
}

static int read_start(struct cursor *c, struct tls_hello *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->legacy_version = cursor_be16(c);
	ret->version = ret->legacy_version;
	const uint8_t *random = cursor_take(c, RANDOM_LEN);
	uint8_t session_len = cursor_u8(c);
	/* SSL 3.0 to TLS 1.3; drafts of DTLS and others are none */
	if (ret->legacy_version >> 8 != 3 || (ret->legacy_version & 0xff) > 4 ||
	    session_len > SESSION_MAX)
		return -EXF_E_FORMAT;
	cursor_skip(c, session_len);
	if (!cursor_ok(c))
		return -EXF_E_TRUNCATED;
	ret->is_retry = memcmp(random, retry_random, RANDOM_LEN) == 0;
	return 0;
}

int tls_hello_client(const uint8_t *body, size_t len, struct tls_hello *ret)
{
	struct cursor c = cursor_make(body, len);
	int r = read_start(&c, ret);

	if (r < 0)
		return r;
	uint16_t ciphers_len = cursor_be16(&c);
	if (cursor_ok(&c) && (ciphers_len < 2 || ciphers_len % 2))
		return -EXF_E_FORMAT;
	ret->ciphers = take(&c, ciphers_len);
	if (!cursor_ok(&c))
		return -EXF_E_TRUNCATED;
	cursor_skip(&c, cursor_u8(&c)); /* compression */
	read_extensions(ret, &c, read_client_extension);
	return 0;
}

int tls_hello_server(const uint8_t *body, size_t len, struct tls_hello *ret)
{
	struct cursor c = cursor_make(body, len);
	int r = read_start(&c, ret);

	if (r < 0)
		return r;
	ret->cipher = cursor_be16(&c);
	cursor_skip(&c, 1); /* compression */
	if (!cursor_ok(&c))
		return -EXF_E_TRUNCATED;
	read_extensions(ret, &c, read_server_extension);
	return 0;
}
