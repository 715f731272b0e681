/*
 * inspect/quic/initial.h - Initial packets of QUIC, opened (RFC 9000, 17.2.2; RFC 9001, 5).
 *
 * What: finds the packet at the front of a datagram, and takes its protection off.  Its keys are
 * made from the connection id that the client chose, so that everyone on the way can.
 * Ownership: a packet borrows its datagram.
 * Threads: any; the contexts of the library are kept a thread.
 * Limits: packets of at most QUIC_PLAIN_MAX bytes of payload.
 */
#ifndef EXFILD_INSPECT_QUIC_INITIAL_H
#define EXFILD_INSPECT_QUIC_INITIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

#define QUIC_CID_MAX   20
#define QUIC_PLAIN_MAX 4096
#define QUIC_KEY_LEN   16
#define QUIC_IV_LEN    12

/* Of the client, for its Initial packets. */
struct quic_keys {
	uint8_t key[QUIC_KEY_LEN];
	uint8_t iv[QUIC_IV_LEN];
	uint8_t hp[QUIC_KEY_LEN];
};

struct quic_packet {
	uint32_t version;
	bool is_initial;
	bool is_cut; /* its end was not captured */
	uint8_t dcid_len;
	const uint8_t *dcid;
	const uint8_t *data; /* from the first byte */
	size_t number_at;    /* offset of the protected packet number */
	size_t len;          /* of it that is there */
};

bool quic_version_is_known(uint32_t version);

/*
 * Reads the long header of the packet at the front; `cap` bytes are there of `len`.
 * *ret_used: its length, to the next packet of the datagram.
 * -EXF_E_FORMAT: none.  -EXF_E_UNSUPPORTED: a version that is not known.
 */
int quic_packet_read(const uint8_t *data, size_t cap, size_t len, struct quic_packet *ret,
		     size_t *ret_used) EXF_MUST_USE;

/* False when the library refused. */
bool quic_keys_make(uint32_t version, const uint8_t *dcid, size_t dcid_len, struct quic_keys *ret);

/*
 * Opens an Initial packet into plain (QUIC_PLAIN_MAX bytes); what is cut is opened without proof.
 * -EXF_E_INVALID: it was not sealed with these keys.  -EXF_E_TRUNCATED: too little of it is there.
 */
int quic_open(const struct quic_packet *p, const struct quic_keys *keys, uint8_t *plain,
	      size_t *ret_len) EXF_MUST_USE;

#endif
