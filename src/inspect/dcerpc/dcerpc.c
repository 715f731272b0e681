/*
 * inspect/dcerpc/dcerpc.c - DCE-RPC version 5, connection-oriented, over TCP on any port.
 *
 * An association is larger than a flow's state may be: each shard has places for some, and when
 * all are taken the one that was idle for longest is forgotten; its flow then begins anew, and
 * what it calls has no interface until it binds again.  Port 593 greets in front (MS-RPCH 2.1.1).
 */
#include <assert.h>

#include "assoc.h"

#define PLACES     256
#define GREETING   "ncacn_http/1.0"
#define BIND_LEAST 72 /* one context, one transfer syntax */

struct place {
	uint64_t flow; /* 0: free */
	uint64_t used; /* when last, in turns */
	struct rpc_assoc assoc;
};

struct shard {
	uint64_t turn;
	struct place place[PLACES];
};

struct dcerpc_state {
	uint16_t place; /* index + 1 */
	bool is_accepted;
};

static bool is_greeting(const uint8_t *data, size_t len)
{
	size_t full = sizeof(GREETING) - 1;
	return len && memcmp(data, GREETING, len < full ? len : full) == 0;
}

static bool probe(const struct packet *packet, bool from_client)
{
	struct pdu p;
	if (!from_client && packet->payload_cap >= sizeof(GREETING) - 1 &&
	    is_greeting(packet->payload, packet->payload_cap))
		return true;
	if (pdu_read(&p, packet->payload, packet->payload_cap) != 0)
		return false;
	switch (p.type) {
	case PDU_BIND:
	case PDU_ALTER:
		return p.frag_len >= BIND_LEAST && (p.flags & PDU_FIRST);
	case PDU_REQUEST:
	case PDU_RESPONSE:
	case PDU_FAULT:
		return p.frag_len >= PDU_HEAD + 8 && p.have == packet->payload_cap;
	case PDU_BIND_ACK:
	case PDU_ALTER_ACK:
		return !from_client && p.frag_len >= PDU_HEAD + 8;
	default:
		return false;
	}
}

static struct rpc_assoc *find_assoc(struct inspection *in)
{
	struct dcerpc_state *state = in->state;
	struct shard *shard = in->shard_state;
	assert(shard);
	struct place *p = state->place ? &shard->place[state->place - 1] : NULL;
	if (!p || p->flow != in->flow->id) {
		p = &shard->place[0];
		for (unsigned i = 1; i < PLACES && p->flow; i++)
			if (!shard->place[i].flow || shard->place[i].used < p->used)
				p = &shard->place[i];
		memset(p, 0, sizeof(*p));
		p->flow = in->flow->id;
		state->place = (uint16_t)(p - shard->place + 1);
	}
	p->used = ++shard->turn;
	return &p->assoc;
}

static enum inspect_verdict give_up(struct inspection *in, struct rpc_assoc *a)
{
	struct dcerpc_state *state = in->state;
	struct shard *shard = in->shard_state;
	rpc_pipe_end(in, a, "");
	shard->place[state->place - 1].flow = 0;
	return state->is_accepted ? INSPECT_DONE : INSPECT_NOT_MINE;
}

static enum inspect_verdict on_stream(struct inspection *in, const uint8_t *data, uint32_t len,
				      uint32_t *ret_used)
{
	struct dcerpc_state *state = in->state;
	struct rpc_assoc *a = find_assoc(in);
	bool is_cut = in->packet->payload_cap < in->packet->payload_len;
	*ret_used = 0;
	if (!in->from_client && is_greeting(data, len)) {
		if (len < sizeof(GREETING) - 1)
			return INSPECT_MORE;
		a->transport = RPC_HTTP;
		*ret_used = sizeof(GREETING) - 1;
		return INSPECT_MORE;
	}
	uint32_t used = rpc_stream_feed(in, a, in->from_client, data, len, is_cut);
	state->is_accepted |= a->is_accepted;
	if (used == UINT32_MAX)
		return give_up(in, a);
	*ret_used = used;
	return INSPECT_MORE;
}

static void on_gap(struct inspection *in, const uint8_t *data, uint32_t len, uint32_t missing)
{
	rpc_stream_gap(in, find_assoc(in), in->from_client, data, len, missing);
}

static void on_end(struct inspection *in, const uint8_t *data, uint32_t len)
{
	struct rpc_assoc *a = find_assoc(in);
	if (len && !(!in->from_client && is_greeting(data, len)))
		(void)rpc_stream_feed(in, a, in->from_client, data, len, true);
	(void)give_up(in, a);
}

const struct inspector dcerpc_inspector = {
	.name = "dcerpc",
	.app = APP_DCERPC,
	.proto = PROTO_TCP,
	.state_size = sizeof(struct dcerpc_state),
	.shard_state_size = sizeof(struct shard),
	.apps = { APP_DCERPC },
	.decides = true,
	.probe = probe,
	.on_stream = on_stream,
	.on_end = on_end,
	.on_gap = on_gap,
};
