/*
 * inspect/places.c - the places of flows with state.
 *
 * They form a list by the last packet of their flow; when all are taken, the first of it, idle for
 * longest, gives up its own.
 */
#include <string.h>

#include "runner.h"

static void unlink_work(struct inspect *in, struct inspect_work *w)
{
	if (w->older)
		w->older->newer = w->newer;
	else
		in->oldest = w->newer;
	if (w->newer)
		w->newer->older = w->older;
	else
		in->newest = w->older;
}

static void link_newest(struct inspect *in, struct inspect_work *w)
{
	w->older = in->newest;
	w->newer = NULL;
	if (in->newest)
		in->newest->newer = w;
	else
		in->oldest = w;
	in->newest = w;
}

void inspect_touch(struct inspect *in, struct inspect_work *w)
{
	unlink_work(in, w);
	link_newest(in, w);
}

void inspect_give_back(struct inspect *in, struct flow *f)
{
	struct inspect_work *w = f->work;
	if (!w)
		return;
	stream_reset(&w->stream[0], in->pool);
	stream_reset(&w->stream[1], in->pool);
	for (unsigned side = 0; side < 2; side++)
		if (w->texts[side].number)
			content_close(in->scanner, w->texts[side].number, NULL, NULL);
	unlink_work(in, w);
	w->newer = in->free_list;
	in->free_list = w;
	f->work = NULL;
	in->counts.work--;
}

void inspect_release(struct inspect *in, struct flow *f)
{
	inspect_give_back(in, f);
	f->inspector = 0;
}

static bool needs_work(const struct inspector *insp, const struct flow *f)
{
	return f->key.proto == PROTO_TCP || (insp->state_size > 0 && !insp->stateless_datagrams);
}

/* A packet without a payload that stands for the end of what a side has sent. */
static struct packet end_packet(const struct flow *f, unsigned side, uint64_t now_ns)
{
	return (struct packet){
		.time_ns = now_ns,
		.src = f->key.addr[side],
		.dst = f->key.addr[!side],
		.sport = f->key.port[side],
		.dport = f->key.port[!side],
		.proto = f->key.proto,
		.kind = PACKET_IP,
		.ip_version = f->ip_version,
		.vlan = f->vlan,
		.tunnel_type = f->tunnel_type,
		.tunnel_id = f->tunnel_id,
		.tunnel_key = f->key.tunnel_key,
		.payload_len = 1,
		.flags = PACKET_TRUNCATED,
	};
}

static void tell_rest(struct inspect *in, struct flow *f, uint64_t seq, uint64_t now_ns)
{
	const struct inspector *insp = in->list[f->inspector];
	struct inspect_work *w = f->work;
	for (unsigned i = 0; i < 2; i++) {
		unsigned side = i ? !f->client : f->client;
		if (w->side_done[side])
			continue;
		struct packet p = end_packet(f, side, now_ns);
		struct inspection step = {
			.flow = f,
			.packet = &p,
			.side = side,
			.from_client = side == f->client,
			.state = w->state,
			.shard_state = in->shard_state[f->inspector],
			.log = in->log,
			.seq = seq,
			.key = &in->key,
			.scanner = in->scanner,
			.texts = w->texts,
			.sums = in->sums,
			.undone = in->undone,
		};
		insp->on_end(&step, w->stream[side].buf, w->stream[side].ready);
	}
}

void inspect_end(struct inspect *in, struct flow *f, uint64_t seq, uint64_t now_ns)
{
	if (f->work && f->inspector && f->key.proto == PROTO_TCP && in->list[f->inspector]->on_end)
		tell_rest(in, f, seq, now_ns);
	inspect_release(in, f);
}

/* A free place, or that of the flow that has been idle for longest. */
static struct inspect_work *take_work(struct inspect *in, uint64_t seq, uint64_t now_ns)
{
	if (!in->free_list && in->made < in->max_work)
		return &in->works[in->made++];
	if (!in->free_list && in->oldest) {
		struct flow *old = in->oldest->flow;
		const struct inspector *insp = in->list[old->inspector];
		if (!insp->is_resting || !insp->is_resting(in->oldest->state))
			in->counts.evicted++;
		inspect_end(in, old, seq, now_ns);
		old->flags |= FLOW_INSPECTED | FLOW_LET_GO;
	}
	struct inspect_work *w = in->free_list;
	if (w)
		in->free_list = w->newer;
	return w;
}

bool inspect_attach(struct inspect *in, struct flow *f, unsigned number, const struct packet *p,
		    uint64_t seq)
{
	if (needs_work(in->list[number], f)) {
		struct inspect_work *w = take_work(in, seq, p->time_ns);
		if (!w) {
			in->counts.refused++;
			f->flags |= FLOW_INSPECTED | FLOW_LET_GO;
			return false;
		}
		memset(w, 0, offsetof(struct inspect_work, state) + in->list[number]->state_size);
		w->flow = f;
		link_newest(in, w);
		f->work = w;
		in->counts.work++;
	}
	f->inspector = (uint8_t)number;
	in->counts.chosen++;
	return true;
}
