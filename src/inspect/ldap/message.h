/*
 * inspect/ldap/message.h - one LDAP message (RFC 4511), and what a security layer leaves of it.
 *
 * What: operation, names, filter as text (RFC 4515), attributes, result.
 * Ownership: `base`, `name` ... point into the bytes that were read; texts are copies.
 * Threads: any.
 * Limits: texts of LDAP_TEXT_MAX bytes; filters as deep as the reader of ASN.1 goes.
 */
#ifndef EXFILD_SRC_INSPECT_LDAP_MESSAGE_H
#define EXFILD_SRC_INSPECT_LDAP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../asn1/ber.h"

#define LDAP_TEXT_MAX 1024
#define LDAP_PORT     389
#define LDAP_PORT_GC  3268 /* global catalogue of Windows */

enum ldap_tag { /* protocolOp: application tags */
		LDAP_TAG_BIND = 0,
		LDAP_TAG_BIND_RESPONSE = 1,
		LDAP_TAG_UNBIND = 2,
		LDAP_TAG_SEARCH = 3,
		LDAP_TAG_ENTRY = 4,
		LDAP_TAG_SEARCH_DONE = 5,
		LDAP_TAG_MODIFY = 6,
		LDAP_TAG_ADD = 8,
		LDAP_TAG_DELETE = 10,
		LDAP_TAG_MODIFY_DN = 12,
		LDAP_TAG_COMPARE = 14,
		LDAP_TAG_ABANDON = 16,
		LDAP_TAG_REFERENCE = 19,
		LDAP_TAG_EXTENDED = 23,
		LDAP_TAG_EXTENDED_RESPONSE = 24,
		LDAP_TAG_INTERMEDIATE = 25,
};

enum ldap_auth { LDAP_AUTH_NONE, LDAP_AUTH_SIMPLE, LDAP_AUTH_SASL, LDAP_AUTH_SICILY };

struct ldap_bytes {
	const uint8_t *data;
	uint32_t len;
};

struct ldap_text {
	uint16_t len;  /* bytes kept */
	uint32_t full; /* that there were, about */
	char data[LDAP_TEXT_MAX];
};

struct ldap_message {
	uint32_t id;
	uint8_t tag; /* enum ldap_tag */
	bool is_malformed;
	struct ldap_bytes name; /* DN bound, base searched, object changed, OID of an extension */
	/* search */
	uint8_t scope;
	uint32_t size_limit;
	uint16_t attribute_count;
	struct ldap_text filter, attributes;
	/* bind */
	uint8_t auth;                             /* enum ldap_auth */
	struct ldap_bytes mechanism, credentials; /* simple: the password */
	/* result */
	uint32_t result;
	struct ldap_bytes diagnostic;
};

/*
 * Reads one message; is_cut: the bytes end before it does.  False: it is none of LDAP, or cut
 * before its operation.
 */
bool ldap_message_read(const void *data, size_t len, bool is_cut, struct ldap_message *ret);
/* Whether the bytes begin as a message does: sequence, id, operation. */
bool ldap_message_is_likely(const uint8_t *data, size_t len);
/* Whether it is an answer to one that came before. */
bool ldap_tag_is_answer(uint8_t tag);

/* Puts a filter down as text; false where it is malformed. */
bool ldap_filter_text(const struct ber *filter, struct ldap_text *ret);

/* A buffer of SASL's security layer (RFC 4422, 3.7): what is in it. */
struct ldap_wrap {
	const char *how; /* "gss-krb5", "ntlm", "sasl"; static */
	bool is_sealed;
	uint32_t head, tail; /* bytes before and behind the messages, where it is not sealed */
};
/* `len` bytes at hand of a buffer of `whole`; false: more of it is needed to tell. */
bool ldap_unwrap(const uint8_t *data, size_t len, size_t whole, struct ldap_wrap *ret);

#endif
