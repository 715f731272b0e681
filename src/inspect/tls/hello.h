/*
 * inspect/tls/hello.h - the hello messages of TLS (RFC 8446, 4.1; RFC 5246, 7.4.1).
 *
 * What: the body of a client or server hello taken apart into views.
 * Ownership: borrows the bytes of the message.
 * Threads: a hello belongs to its caller.
 * Limits: time linear in the length.
 */
#ifndef EXFILD_INSPECT_TLS_HELLO_H
#define EXFILD_INSPECT_TLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/cursor.h"
#include "exfild/base/err.h"

#define TLS_HANDSHAKE_HEAD 4 /* type, length */

enum tls_handshake { TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2 };

enum tls_extension {
	TLS_EXT_SERVER_NAME = 0,
	TLS_EXT_GROUPS = 10,
	TLS_EXT_POINT_FORMATS = 11,
	TLS_EXT_SIGNATURE_ALGORITHMS = 13,
	TLS_EXT_ALPN = 16,
	TLS_EXT_SUPPORTED_VERSIONS = 43,
};

struct tls_bytes {
	const uint8_t *data; /* NULL: absent */
	size_t len;
};

struct tls_hello {
	uint16_t legacy_version;
	uint16_t version; /* highest offered, or chosen */
	uint16_t cipher;  /* chosen (server) */
	bool is_whole;    /* read to its end: what follows is all there was */
	bool is_retry;    /* server: HelloRetryRequest */
	bool has_sni;
	struct tls_bytes ciphers;    /* client: two bytes each */
	struct tls_bytes extensions; /* type, length, body each; ends where they stop to parse */
	struct tls_bytes sni;
	struct tls_bytes alpn;       /* length byte and name each */
	struct tls_bytes groups;     /* two bytes each */
	struct tls_bytes formats;    /* one byte each */
	struct tls_bytes signatures; /* two bytes each */
};

/*
 * Read the body of a hello (what follows its head of 4 bytes), of which the end may be missing.
 * -EXF_E_FORMAT: it is none.  -EXF_E_TRUNCATED: it ends before its ciphers do.
 */
int tls_hello_client(const uint8_t *body, size_t len, struct tls_hello *ret) EXF_MUST_USE;
int tls_hello_server(const uint8_t *body, size_t len, struct tls_hello *ret) EXF_MUST_USE;

/* A value reserved to be ignored (RFC 8701). */
static inline bool tls_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/* The next two bytes that are no grease; false at the end. */
static inline bool tls_next_value(struct cursor *c, uint16_t *ret)
{
	while (cursor_left(c) >= 2) {
		*ret = cursor_be16(c);
		if (!tls_is_grease(*ret))
			return true;
	}
	return false;
}

/* The type of the next extension that is no grease; false at the end. */
static inline bool tls_next_extension(struct cursor *c, uint16_t *ret)
{
	while (cursor_left(c) >= 4) {
		*ret = cursor_be16(c);
		cursor_skip(c, cursor_be16(c));
		if (!cursor_ok(c))
			return false;
		if (!tls_is_grease(*ret))
			return true;
	}
	return false;
}

#endif
