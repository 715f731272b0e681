/*
 * inspect/dcerpc/bind.c - which interfaces an association speaks (C706 12.6.4.3, MS-RPCE 2.2.2).
 *
 *   bind, alter_context: sizes 2+2 | group 4 | contexts 1, padding 3 | per context: id 2 |
 *         transfers 1, padding 1 | interface 16+4 | per transfer 16+4
 *   bind_ack: sizes 2+2 | group 4 | address: length 2, text, padding | results 1, padding 3 |
 *         per result: result 2 | reason 2 | transfer 16+4
 */
#include "assoc.h"
#include "interfaces.h"

#define NAK_RESULT 2 /* provider rejection */

#define NDR32_FIRST    0x8a885d04u /* of the transfer syntaxes' UUIDs */
#define NDR64_FIRST    0x71710533u
#define FEATURES_FIRST 0x6cb71c2cu /* MS-RPCE 3.3.1.5.3 */

void bind_forget(struct rpc_assoc *a, const struct rpc_where *w, uint32_t status, bool is_answered)
{
	for (unsigned n = 0; n < RPC_CONTEXTS; n++) {
		/* in the order in which they were asked */
		struct rpc_context *c = &a->context[(a->next_context + n) % RPC_CONTEXTS];
		if (!(c->flags & CONTEXT_ASKED))
			continue;
		c->flags &= (uint8_t)~CONTEXT_ASKED;
		event_bind(w, a, c, status, is_answered);
	}
}

struct rpc_context *bind_context(struct rpc_assoc *a, const struct rpc_where *w, uint16_t id)
{
	uint8_t index = a->next_context;
	for (uint8_t i = 0; i < RPC_CONTEXTS; i++) /* an id that is bound anew */
		if ((a->context[i].flags & CONTEXT_USED) && a->context[i].id == id)
			a->context[i].flags &= (uint8_t)~CONTEXT_USED;
	struct rpc_context *c = &a->context[index];
	if (c->flags & CONTEXT_ASKED)
		event_bind(w, a, c, 0, false);
	for (unsigned i = 0; i < RPC_CALLS; i++) /* calls by the one that makes room */
		if (a->call[i].context == index + 1)
			a->call[i].context = 0;
	memset(c, 0, sizeof(*c));
	c->id = id;
	c->flags = CONTEXT_USED | CONTEXT_ASKED;
	a->next_context = (uint8_t)((index + 1) % RPC_CONTEXTS);
	return c;
}

static uint8_t syntax_of(uint32_t first)
{
	switch (first) {
	case NDR32_FIRST:
		return SYNTAX_NDR;
	case NDR64_FIRST:
		return SYNTAX_NDR64;
	case FEATURES_FIRST:
		return SYNTAX_FEATURES;
	default:
		return SYNTAX_OTHER;
	}
}

void bind_asked(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p)
{
	struct cursor c = pdu_body(p, PDU_BODY);
	uint8_t count = cursor_u8(&c);
	cursor_skip(&c, 3);
	bind_forget(a, w, 0, false);
	if (p->has_auth) {
		a->auth_type = p->auth_type;
		a->auth_level = p->auth_level;
		login_asked(a, w, p);
	}
	for (uint8_t i = 0; i < count; i++) {
		uint16_t id = pdu_get16(p, &c);
		uint8_t transfers = cursor_u8(&c);
		cursor_skip(&c, 1);
		const uint8_t *wire = cursor_take(&c, UUID_LEN);
		uint32_t version = pdu_get32(p, &c);
		uint32_t first = pdu_get32(p, &c);
		cursor_skip(&c, UUID_LEN);
		if (transfers > 1)
			cursor_skip(&c, (transfers - 1u) * 20u);
		if (!cursor_ok(&c) || !wire)
			return;
		struct rpc_context *ctx = bind_context(a, w, id);
		uuid_from_wire(ctx->uuid, wire, p->is_big_endian);
		ctx->known = rpc_interface_find(ctx->uuid);
		ctx->version = (uint8_t)version;
		ctx->syntax = transfers ? syntax_of(first) : SYNTAX_NONE;
		a->is_accepted = true;
	}
}

void bind_answered(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p)
{
	struct cursor c = pdu_body(p, PDU_BODY);
	cursor_skip(&c, pdu_get16(p, &c));
	if (cursor_offset(&c) % 4)
		cursor_skip(&c, 4 - cursor_offset(&c) % 4);
	uint8_t count = cursor_u8(&c);
	cursor_skip(&c, 3);
	a->is_accepted = true;
	for (unsigned n = 0; n < RPC_CONTEXTS && count; n++) {
		struct rpc_context *ctx = &a->context[(a->next_context + n) % RPC_CONTEXTS];
		if (!(ctx->flags & CONTEXT_ASKED))
			continue;
		uint16_t result = pdu_get16(p, &c);
		uint16_t reason = pdu_get16(p, &c);
		uint32_t first = pdu_get32(p, &c);
		cursor_skip(&c, UUID_LEN);
		if (!cursor_ok(&c))
			return;
		count--;
		if (result == 0)
			ctx->syntax = syntax_of(first);
		ctx->flags &= (uint8_t)~CONTEXT_ASKED;
		event_bind(w, a, ctx, result | (uint32_t)reason << 16, true);
	}
}

void bind_refused(struct rpc_assoc *a, const struct rpc_where *w, const struct pdu *p)
{
	struct cursor c = pdu_body(p, PDU_HEAD);
	uint32_t reason = pdu_get16(p, &c);
	bind_forget(a, w, NAK_RESULT | reason << 16, true);
}
