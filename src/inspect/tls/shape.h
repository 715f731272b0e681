/*
 * inspect/tls/shape.h - how encrypted records go to and fro after the hellos.
 *
 * What: sizes and turns of application records (RFC 8446, 5.2), told as EVENT_TLS_SHAPE at steps
 * and at the end; a tunnel, a beacon and a browser differ in them although nothing can be read.
 * Of QUIC the same of datagrams, whose records are sealed with all else.
 * Ownership: a struct tls_shape lies in the inspector's state of a flow.  Threads: one shard.
 * Limits: TLS_SHAPE_BYTES a direction or TLS_SHAPE_RECORDS, then the flow is only counted.
 */
#ifndef EXFILD_INSPECT_TLS_SHAPE_H
#define EXFILD_INSPECT_TLS_SHAPE_H

#include "exfild/inspect/inspector.h"

#define TLS_SHAPE_BYTES   (1u << 20)
#define TLS_SHAPE_RECORDS (1u << 14)
#define TLS_SHAPE_PAUSES  16

/* Exchanges: what both sides say between two silences. */
struct tls_lead {
	uint32_t begun[2], answered;
	uint32_t asked_bytes, reply_bytes; /* of those that the server began */
	uint32_t ask_least, ask_most, reply_least, reply_most;
	uint32_t said[2]; /* in the one that is under way */
	uint8_t beginner; /* of it, 1 + index; 0: none yet */
};

struct tls_shape {
	uint64_t first_ns, last_ns, told_ns;
	uint64_t last_up_ns;
	uint32_t bytes[2];
	uint32_t records[2];
	uint32_t told; /* records when it was last told */
	uint32_t turns, pauses;
	uint32_t skip[2]; /* bytes of a record still to come; by side of the flow */
	struct tls_lead lead;
	uint16_t sizes[2][TLS_SIZE_CLASSES];
	uint16_t first[TLS_FIRST_SIZES];
	uint16_t pause[TLS_SHAPE_PAUSES]; /* the last ones, in tenths of a second */
	uint8_t first_count;
	uint8_t last_from; /* 1 + index of who sent the last record */
	bool is_told_end;
	bool is_lost[2]; /* the side's next record has to be found */
};

/*
 * Reads records from where the side's last one ended; *ret_used says how far.  False: these are no
 * records.
 */
bool tls_shape_read(struct tls_shape *s, struct inspection *in, bool is_client, const uint8_t *data,
		    uint32_t len, uint32_t *ret_used);
/* So many bytes of the side are missing, UINT32_MAX: not known. */
void tls_shape_gap(struct tls_shape *s, unsigned side, uint32_t missing);
/* Counts one record, or one datagram of QUIC, of that size. */
void tls_shape_add(struct tls_shape *s, bool is_client, uint32_t size, uint64_t now_ns);
/* Whether enough was seen: nothing more is wanted from the flow. */
bool tls_shape_is_full(const struct tls_shape *s);
/* Tells it when a step is due. */
void tls_shape_step(struct tls_shape *s, struct inspection *in);
/* Tells it for the last time, once, and only if there was a record. */
void tls_shape_end(struct tls_shape *s, struct inspection *in);

#endif
