/*
 * inspect/dcerpc/pdu.c - cuts a stream, or a pipe's writes and reads, into PDUs.
 *
 * A PDU that is at hand as a whole is read where it lies.  Of one that comes in parts the first
 * bytes are kept (pipes) or awaited (streams); what it has beyond them is passed over, save an
 * answer's last four bytes: they are its return value.
 *
 *   head: version 5 | minor | type | flags | data representation 4 | length 2 | verifier length 2 |
 *         call 4
 *   verifier: type 1 | level 1 | padding 1, reserved 1 | context 4 | token
 */
#include "assoc.h"

#define WAIT_MAX     12288u /* a longer PDU is not awaited: the stream's window is 16 KiB */
#define VERSION      5
#define VERIFIER_LEN 8

int pdu_read(struct pdu *ret, const uint8_t *data, size_t have)
{
	struct cursor c = cursor_make(data, have);
	memset(ret, 0, sizeof(*ret));
	uint8_t version = cursor_u8(&c);
	uint8_t minor = cursor_u8(&c);
	ret->type = cursor_u8(&c);
	ret->flags = cursor_u8(&c);
	uint8_t representation = cursor_u8(&c);
	/* what is there must fit, so that foreign bytes are not waited for */
	if ((have > 0 && version != VERSION) || (have > 1 && minor > 1) ||
	    (have > 2 && ret->type > PDU_ORPHANED) || (have > 4 && (representation & 0xee)))
		return -1;
	if (have < PDU_HEAD)
		return 1;
	ret->is_big_endian = !(representation & 0x10);
	uint8_t real = cursor_u8(&c); /* of floating point numbers: IEEE, VAX, Cray, IBM */
	uint16_t reserved = cursor_be16(&c);
	ret->frag_len = ret->is_big_endian ? cursor_be16(&c) : cursor_le16(&c);
	ret->auth_len = ret->is_big_endian ? cursor_be16(&c) : cursor_le16(&c);
	ret->call_id = ret->is_big_endian ? cursor_be32(&c) : cursor_le32(&c);
	if (real > 3 || reserved || ret->frag_len < PDU_HEAD ||
	    (ret->auth_len && ret->auth_len + PDU_HEAD + VERIFIER_LEN > ret->frag_len))
		return -1;
	ret->data = data;
	ret->have = have < ret->frag_len ? (uint32_t)have : ret->frag_len;
	ret->stub_end = ret->frag_len;
	if (!ret->auth_len)
		return 0;
	uint16_t verifier = (uint16_t)(ret->frag_len - ret->auth_len - VERIFIER_LEN);
	ret->has_auth = true;
	ret->stub_end = verifier;
	if (ret->have < verifier + (uint32_t)VERIFIER_LEN)
		return 0;
	ret->auth_type = data[verifier];
	ret->auth_level = data[verifier + 1];
	uint8_t padding = data[verifier + 2];
	if (padding <= verifier - PDU_HEAD)
		ret->stub_end = (uint16_t)(verifier - padding);
	if (ret->have == ret->frag_len)
		ret->token = data + verifier + VERIFIER_LEN;
	return 0;
}

static void keep_tail(struct rpc_side *s, const uint8_t *data, uint32_t n)
{
	if (s->skip <= s->after)
		return;
	uint32_t stub = s->skip - s->after;
	if (stub > n)
		stub = n;
	for (uint32_t i = stub > 4 ? stub - 4 : 0; i < stub; i++) {
		memmove(s->tail, s->tail + 1, 3);
		s->tail[3] = data[i];
	}
}

static void pass_over(struct rpc_assoc *a, const struct rpc_where *w, struct rpc_side *s,
		      const uint8_t *data, uint32_t n)
{
	if (s->call && n && data)
		keep_tail(s, data, n);
	s->skip -= n;
	if (s->skip == 0 && s->call) {
		uint8_t call = s->call;
		s->call = 0;
		assoc_answered(a, w, call, s->tail);
	}
}

static void take(struct rpc_assoc *a, const struct rpc_where *w, struct rpc_side *s,
		 const struct pdu *p)
{
	a->ending = 0;
	assoc_pdu(a, w, p);
	s->call = a->ending;
	memcpy(s->tail, a->ending_tail, sizeof(s->tail));
	s->skip = p->frag_len - p->have;
	s->after = p->frag_len - p->stub_end;
	pass_over(a, w, s, NULL, 0);
}

/* Adds to the bytes kept of a PDU in parts; returns how many. */
static uint32_t gather(struct rpc_assoc *a, const struct rpc_where *w, struct rpc_side *s,
		       const uint8_t *data, uint32_t len)
{
	struct pdu p;
	uint32_t used = 0;
	while (used < len) {
		uint32_t want = PDU_HEAD;
		if (s->kept >= PDU_HEAD && pdu_read(&p, s->head, s->kept) == 0)
			want = p.frag_len < RPC_HEAD ? p.frag_len : RPC_HEAD;
		uint32_t n = want - s->kept < len - used ? want - s->kept : len - used;
		memcpy(s->head + s->kept, data + used, n);
		s->kept = (uint16_t)(s->kept + n);
		used += n;
		int got = pdu_read(&p, s->head, s->kept);
		if (got < 0) { /* no PDU after all: begin again at the next write */
			s->kept = 0;
			return len;
		}
		if (got == 0 && s->kept >= (p.frag_len < RPC_HEAD ? p.frag_len : RPC_HEAD)) {
			s->kept = 0;
			take(a, w, s, &p);
			return used;
		}
	}
	return used;
}

void rpc_pipe_feed(struct inspection *in, struct rpc_assoc *a, bool from_client, const char *pipe,
		   const uint8_t *data, uint32_t len)
{
	struct rpc_where w = { in, pipe };
	struct rpc_side *s = &a->side[!from_client];
	a->transport = RPC_PIPE;
	for (uint32_t used = 0; used < len;) {
		uint32_t left = len - used;
		struct pdu p;
		if (s->skip) {
			uint32_t n = s->skip < left ? s->skip : left;
			pass_over(a, &w, s, data + used, n);
			used += n;
			continue;
		}
		if (s->kept) {
			used += gather(a, &w, s, data + used, left);
			continue;
		}
		int got = pdu_read(&p, data + used, left);
		if (got < 0)
			return;
		if (got == 0 && (p.have == p.frag_len || p.have >= RPC_HEAD)) {
			take(a, &w, s, &p);
			used += p.have;
			continue;
		}
		used += gather(a, &w, s, data + used, left);
	}
}

void rpc_pipe_end(struct inspection *in, struct rpc_assoc *a, const char *pipe)
{
	struct rpc_where w = { in, pipe };
	struct pdu p;
	for (unsigned i = 0; i < 2; i++) /* what was cut short tells what there is of it */
		if (a->side[i].kept && pdu_read(&p, a->side[i].head, a->side[i].kept) == 0)
			take(a, &w, &a->side[i], &p);
	assoc_end(a, &w);
	memset(a, 0, sizeof(*a));
}

void rpc_stream_gap(struct inspection *in, struct rpc_assoc *a, bool from_client,
		    const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct rpc_where w = { in, "" };
	struct rpc_side *s = &a->side[!from_client];
	if (len) /* of the PDU that was awaited what there is */
		(void)rpc_stream_feed(in, a, from_client, data, len, true);
	missing = missing > len ? missing - len : 0;
	a->has_gap = true;
	s->is_adrift = missing > s->skip;
	uint32_t n = s->is_adrift ? s->skip : missing;
	memset(s->tail, 0, sizeof(s->tail)); /* a return value that was not seen whole */
	s->after = s->skip;
	pass_over(a, &w, s, NULL, n);
}

uint32_t rpc_stream_feed(struct inspection *in, struct rpc_assoc *a, bool from_client,
			 const uint8_t *data, uint32_t len, bool is_cut)
{
	struct rpc_where w = { in, "" };
	struct rpc_side *s = &a->side[!from_client];
	uint32_t used = 0;
	while (used < len) {
		uint32_t left = len - used;
		struct pdu p;
		if (s->skip) {
			uint32_t n = s->skip < left ? s->skip : left;
			pass_over(a, &w, s, data + used, n);
			used += n;
			continue;
		}
		int got = pdu_read(&p, data + used, left);
		if (got < 0 && s->is_adrift)
			return len; /* the middle of one; a later segment begins with a head */
		if (got < 0)
			return UINT32_MAX;
		s->is_adrift &= got != 0;
		if (got > 0 || (p.have < p.frag_len && p.frag_len <= WAIT_MAX && !is_cut))
			break;
		take(a, &w, s, &p);
		used += p.have;
	}
	return used;
}
