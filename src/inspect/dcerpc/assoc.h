/*
 * inspect/dcerpc/assoc.h - what PDUs mean for an association; shared by the parts of the inspector.
 *
 * Ownership: a pdu borrows its bytes.  Threads: one shard.
 */
#ifndef EXFILD_SRC_INSPECT_DCERPC_ASSOC_H
#define EXFILD_SRC_INSPECT_DCERPC_ASSOC_H

#include "exfild/base/cursor.h"
#include "ndr.h"
#include "pipe.h"

#define PDU_HEAD 16             /* C706 12.6.3.1 */
#define PDU_BODY (PDU_HEAD + 8) /* where a stub begins */

enum pdu_type { /* C706 12.6.4.1, MS-RPCE 2.2.2.10 */
		PDU_REQUEST = 0,
		PDU_RESPONSE = 2,
		PDU_FAULT = 3,
		PDU_BIND = 11,
		PDU_BIND_ACK = 12,
		PDU_BIND_NAK = 13,
		PDU_ALTER = 14,
		PDU_ALTER_ACK = 15,
		PDU_AUTH3 = 16,
		PDU_SHUTDOWN = 17,
		PDU_CANCEL = 18,
		PDU_ORPHANED = 19
};

enum pdu_flag { PDU_FIRST = 0x01, PDU_LAST = 0x02, PDU_MAYBE = 0x40, PDU_OBJECT = 0x80 };

struct pdu {
	const uint8_t *data;
	uint32_t have; /* bytes at hand of frag_len */
	uint16_t frag_len, auth_len;
	uint32_t call_id;
	uint8_t type, flags;
	bool is_big_endian;
	/* the verifier behind the body, when all of it is at hand */
	bool has_auth;
	uint8_t auth_type, auth_level;
	const uint8_t *token; /* NULL: not at hand */
	uint16_t stub_end;    /* where verifier and padding begin */
};

/* What an event needs besides the association. */
struct rpc_where {
	struct inspection *in;
	const char *pipe; /* "" over TCP */
};

enum rpc_context_flag { CONTEXT_USED = 1, CONTEXT_ASKED = 2 };

enum rpc_syntax { SYNTAX_NONE, SYNTAX_NDR, SYNTAX_NDR64, SYNTAX_FEATURES, SYNTAX_OTHER };

enum rpc_call_flag {
	CALL_USED = 1,
	CALL_SEALED = 2,
	CALL_BIG_ENDIAN = 4,
	CALL_NAMES = 8, /* its answer gives a handle for what its text names */
};

/*
 * The head of a PDU: 0, or 1 when there are fewer bytes than it needs, or -1 when it is none.  With
 * `have` bytes of it at hand.
 */
int pdu_read(struct pdu *ret, const uint8_t *data, size_t have);

/* The bytes at hand of a PDU's body, from `at` to where its verifier begins. */
static inline struct cursor pdu_body(const struct pdu *p, size_t at)
{
	size_t end = p->have < p->stub_end ? p->have : p->stub_end;
	struct cursor c = cursor_make(p->data, end);
	cursor_seek(&c, at);
	return c;
}

static inline uint16_t pdu_get16(const struct pdu *p, struct cursor *c)
{
	return p->is_big_endian ? cursor_be16(c) : cursor_le16(c);
}

static inline uint32_t pdu_get32(const struct pdu *p, struct cursor *c)
{
	return p->is_big_endian ? cursor_be32(c) : cursor_le32(c);
}

/* All that is told of a PDU's bytes at hand. */
void assoc_pdu(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p);
/* The last byte of an answer's last fragment has passed: call is an index + 1. */
void assoc_answered(struct rpc_assoc *a, const struct rpc_where *w, uint8_t call,
		    const uint8_t tail[4]);
/* Nothing more comes. */
void assoc_end(struct rpc_assoc *a, const struct rpc_where *w);

/* ---- bind.c ---- */

/* A binding, or a change of one, is asked for, granted in part or whole, or refused. */
void bind_asked(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p);
void bind_answered(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p);
void bind_refused(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p);
/* A place for an interface, that of the oldest where all are taken. */
struct rpc_context *bind_context(struct rpc_assoc *a, const struct rpc_where *w, uint16_t id);
/* What was asked for and not yet answered is told so. */
void bind_forget(struct rpc_assoc *a, const struct rpc_where *w, uint32_t status, bool is_answered);

/* ---- event.c ---- */

/* Exchanges the ends of an event where the flow's initiator was guessed wrong. */
void event_turn(const struct rpc_assoc *a, struct event *e);

void event_bind(const struct rpc_where *w, const struct rpc_assoc *a, const struct rpc_context *c,
		uint32_t status, bool is_answered);
void event_call(const struct rpc_where *w, const struct rpc_assoc *a, uint8_t call, uint32_t status,
		bool is_answered, bool is_fault);

/* ---- login.c ---- */

/* A verifier that may name an account; the first answer after it; none will come. */
void login_asked(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p);
void login_answered(struct rpc_assoc *a, const struct rpc_where *w, bool is_fault, uint32_t status);
void login_end(struct rpc_assoc *a, const struct rpc_where *w);

/* ---- endpoint.c ---- */

/* The answer to ept_map: one event a tower that tells a TCP port. */
void endpoint_mapped(const struct rpc_where *w, const struct rpc_assoc *a, uint8_t call,
		     struct ndr *stub);

#endif
