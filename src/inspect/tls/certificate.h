/*
 * inspect/tls/certificate.h - what a server's certificate says of itself (RFC 5280, 4.1).
 *
 * What: takes the first certificate of a Certificate message apart and tells it as EVENT_CERT.
 * Nothing is verified: a sensor has no trust store, and what counts is what it claims to be.
 * Ownership: borrows the bytes.  Threads: one shard.
 * Limits: the first 1,024 names, linear in the length.
 */
#ifndef EXFILD_INSPECT_TLS_CERTIFICATE_H
#define EXFILD_INSPECT_TLS_CERTIFICATE_H

#include "exfild/base/cursor.h"
#include "exfild/inspect/inspector.h"

struct certificate_name { /* borrowed bytes */
	const uint8_t *data;
	size_t len;
};

struct certificate {
	const uint8_t *der;
	size_t der_len;
	struct certificate_name subject, issuer; /* common name, else organisation */
	struct certificate_name san;             /* the first */
	struct certificate_name serial;          /* bytes of the number */
	bool is_self_signed, is_wildcard, is_malformed;
	bool has_match; /* the name that was asked for is one of its own */
	uint32_t names;
	uint64_t not_before_s, not_after_s; /* 0: not read */
};

/* Reads a DER certificate; sni: lower-case name asked for, sni_len 0: none. */
void certificate_read(const uint8_t *der, size_t len, const char *sni, size_t sni_len,
		      struct certificate *ret);

/*
 * The body of a Certificate message (RFC 5246, 7.4.2) of which `len` bytes are here: 1 and its
 * first certificate's DER, 0 where that is not whole yet, -1 where there is none.
 */
int certificate_first(const uint8_t *body, size_t len, struct certificate_name *ret,
		      uint16_t *ret_chain);

void certificate_tell(struct inspection *in, const struct certificate *c, uint16_t chain,
		      uint16_t tls_version, bool has_sni);

#endif
