/*
 * inspect/inspect.c - who reads a flow, and until when.
 *
 * The first payloads of a flow are shown to the probes.  An inspector that recognises its protocol
 * may decide the class without nDPI; else nDPI decides, and its verdict may attach an inspector.
 * A flow that nobody wants any more is shunted: from then on its packets are only counted.  A mail,
 * file or directory protocol in the clear may turn to TLS (STARTTLS): its first bytes are looked
 * through for a hello before.
 *
 * Flows with state form a list by their last packet; when all places are taken, the first of it,
 * idle for longest, gives up its own.
 */
#include "exfild/inspect/inspect.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/flow/stream.h"

#define PROBES_MAX     3 /* payload packets of a flow that are shown to the probes */
#define INSPECTORS_MAX 31
#define CLEAR_PACKETS  64 /* payload packets of a protocol that may turn to TLS */
#define CLEAR_BYTES    8192u
#define CLEAR_HELLO    6 /* bytes that tell a hello from text */
#define PORT_XMPP      5222

struct inspect_work {
	struct inspect_work *older, *newer; /* newer: the next free one, too */
	struct flow *flow;
	struct stream stream[2];
	bool side_done[2];
	_Alignas(16) uint8_t state[INSPECT_STATE_MAX];
};

struct inspect {
	struct event_log *log;
	struct classifier *classifier;
	struct hash_key key;
	struct stream_pool *pool;
	struct inspect_work *works;
	struct inspect_work *free_list;
	struct inspect_work *oldest, *newest; /* by their last packet */
	uint32_t max_work, made;
	const struct inspector *list[INSPECTORS_MAX + 1]; /* by number, from 1 */
	void *shard_state[INSPECTORS_MAX + 1];
	unsigned count;
	size_t shard_bytes; /* of all shard_state */
	struct inspect_counts counts;
};

/* What a stream's reader needs. */
struct feed {
	struct inspect *in;
	struct inspection step;
	enum inspect_verdict verdict;
};

struct inspect *inspect_new(uint32_t max_work, uint32_t max_streams, struct event_log *log,
			    struct classifier *classifier, const struct hash_key *key)
{
	struct inspect *in = calloc(1, sizeof(*in));
	if (!in)
		return NULL;
	in->log = log;
	in->classifier = classifier;
	in->key = *key;
	in->max_work = max_work;
	in->works = calloc(max_work ? max_work : 1, sizeof(*in->works));
	in->pool = stream_pool_new(max_streams);
	bool ok = in->works && in->pool;
	const struct inspector *const *list = inspector_list();
	for (; list[in->count] && in->count < INSPECTORS_MAX; in->count++) {
		in->list[in->count + 1] = list[in->count];
		size_t size = list[in->count]->shard_state_size;
		if (size)
			ok = (in->shard_state[in->count + 1] = calloc(1, size)) && ok;
		in->shard_bytes += size;
	}
	if (!ok) {
		inspect_free(in);
		return NULL;
	}
	return in;
}

void inspect_free(struct inspect *in)
{
	if (!in)
		return;
	stream_pool_free(in->pool);
	for (unsigned i = 1; i <= in->count; i++)
		free(in->shard_state[i]);
	free(in->works);
	free(in);
}

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

static void release_work(struct inspect *in, struct flow *f)
{
	struct inspect_work *w = f->work;
	if (!w)
		return;
	stream_reset(&w->stream[0], in->pool);
	stream_reset(&w->stream[1], in->pool);
	unlink_work(in, w);
	w->newer = in->free_list;
	in->free_list = w;
	f->work = NULL;
	in->counts.work--;
}

void inspect_release(struct inspect *in, struct flow *f)
{
	release_work(in, f);
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
		in->counts.evicted++;
		inspect_end(in, old, seq, now_ns);
		old->flags |= FLOW_INSPECTED | FLOW_LET_GO;
	}
	struct inspect_work *w = in->free_list;
	if (w)
		in->free_list = w->newer;
	return w;
}

static bool attach(struct inspect *in, struct flow *f, unsigned number, const struct packet *p,
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

static bool proto_fits(const struct inspector *insp, const struct flow *f)
{
	if (insp->proto)
		return insp->proto == f->key.proto ||
		       (insp->proto == PROTO_ICMP && f->key.proto == PROTO_ICMPV6);
	return f->key.proto == PROTO_TCP || f->key.proto == PROTO_UDP;
}

static bool port_fits(const struct inspector *insp, const struct packet *p)
{
	if (!insp->ports)
		return true;
	for (const uint16_t *port = insp->ports; *port; port++)
		if (*port == p->sport || *port == p->dport)
			return true;
	return false;
}

static unsigned choose_by_probe(const struct inspect *in, const struct packet *p,
				const struct flow_step *step)
{
	for (unsigned i = 1; i <= in->count; i++) {
		const struct inspector *insp = in->list[i];
		if (insp->probe && proto_fits(insp, step->flow) && port_fits(insp, p) &&
		    insp->probe(p, step->from_client))
			return i;
	}
	return 0;
}

static unsigned choose_by_verdict(const struct inspect *in, const struct flow *f)
{
	if (f->app == APP_UNKNOWN || f->app == APP_OTHER)
		return 0;
	for (unsigned i = 1; i <= in->count; i++) {
		const struct inspector *insp = in->list[i];
		if (!proto_fits(insp, f))
			continue;
		for (unsigned a = 0; a < 4 && insp->apps[a] != APP_UNKNOWN; a++)
			if (insp->apps[a] == f->app)
				return i;
	}
	return 0;
}

static uint32_t read_stream(void *arg, const uint8_t *data, uint32_t len)
{
	struct feed *feed = arg;
	const struct inspector *insp = feed->in->list[feed->step.flow->inspector];
	uint32_t total = 0;
	while (total < len) {
		uint32_t used = 0;
		feed->verdict = insp->on_stream(&feed->step, data + total, len - total, &used);
		if (feed->verdict != INSPECT_MORE)
			return len; /* the rest is nobody's */
		total += used;
		if (used == 0)
			break;
	}
	return total;
}

static enum inspect_verdict feed_stream(struct inspect *in, struct feed *feed,
					const struct packet *p, const struct flow_step *step)
{
	struct inspect_work *w = step->flow->work;
	assert(w); /* of every flow that has an inspector */
	if (w->side_done[step->side])
		return INSPECT_MORE;
	stream_segment(&w->stream[step->side], in->pool, p->tcp_seq, p->payload, p->payload_cap,
		       p->payload_len, read_stream, feed);
	if (feed->verdict == INSPECT_SIDE_DONE || w->stream[step->side].lost) {
		w->side_done[step->side] = true;
		stream_reset(&w->stream[step->side], in->pool);
		if (feed->verdict == INSPECT_SIDE_DONE)
			feed->verdict = INSPECT_MORE;
	}
	if (w->side_done[0] && w->side_done[1])
		return INSPECT_DONE;
	return feed->verdict;
}

static enum inspect_verdict feed_packet(struct inspect *in, const struct packet *p,
					const struct flow_step *step, uint64_t seq)
{
	struct flow *f = step->flow;
	const struct inspector *insp = in->list[f->inspector];
	if (f->work && f->work != in->newest) {
		unlink_work(in, f->work);
		link_newest(in, f->work);
	}
	struct feed feed = { .in = in, .verdict = INSPECT_MORE };
	feed.step = (struct inspection){
		.flow = f,
		.packet = p,
		.side = step->side,
		.from_client = step->from_client,
		.state = f->work ? f->work->state : NULL,
		.shard_state = in->shard_state[f->inspector],
		.log = in->log,
		.seq = seq,
		.key = &in->key,
	};
	if (f->key.proto == PROTO_TCP)
		return insp->on_stream ? feed_stream(in, &feed, p, step) : INSPECT_DONE;
	return insp->on_datagram ? insp->on_datagram(&feed.step) : INSPECT_DONE;
}

static void let_go(struct inspect *in, struct flow *f)
{
	inspect_release(in, f);
	f->flags |= FLOW_INSPECTED | FLOW_LET_GO;
}

/* Feeds the packet to the flow's inspector; false when that said that it is not its own. */
static bool feed(struct inspect *in, const struct packet *p, const struct flow_step *step,
		 uint64_t seq)
{
	struct flow *f = step->flow;
	switch (feed_packet(in, p, step, seq)) {
	case INSPECT_DONE:
		let_go(in, f);
		return true;
	case INSPECT_NOT_MINE:
		in->counts.not_mine++;
		let_go(in, f);
		return false;
	case INSPECT_MORE:
	case INSPECT_SIDE_DONE:
		break;
	}
	return true;
}

static void packets_without_flow(struct inspect *in, const struct packet *p, uint64_t seq)
{
	for (unsigned i = 1; i <= in->count; i++) {
		struct inspection step = { .packet = p,
					   .log = in->log,
					   .seq = seq,
					   .key = &in->key,
					   .shard_state = in->shard_state[i],
					   .from_client = true };
		if (in->list[i]->on_packet)
			in->list[i]->on_packet(&step);
	}
}

static void probe(struct inspect *in, const struct packet *p, const struct flow_step *step,
		  uint64_t seq)
{
	struct flow *f = step->flow;
	unsigned number = choose_by_probe(in, p, step);
	if (++f->probes >= PROBES_MAX && !number)
		f->flags |= FLOW_INSPECTED;
	if (!number || !attach(in, f, number, p, seq))
		return;
	const struct inspector *insp = in->list[number];
	if (feed(in, p, step, seq)) {
		if (insp->decides)
			classifier_decide(in->classifier, f, insp->app, p, step->side, seq);
	} else {
		f->flags &= ~(uint32_t)(FLOW_INSPECTED |
					FLOW_LET_GO); /* its verdict may still attach another */
		f->probes = PROBES_MAX;
	}
}

/* Protocols in the clear that have a command for TLS (RFC 3207, 2595, 4217, 4511, 6120). */
static bool may_turn(const struct flow *f)
{
	switch (f->app) {
	case APP_SMTP:
	case APP_IMAP:
	case APP_POP3:
	case APP_FTP:
	case APP_LDAP:
		break;
	case APP_OTHER: /* XMPP */
		if (f->key.port[0] != PORT_XMPP && f->key.port[1] != PORT_XMPP)
			return false;
		break;
	default:
		return false;
	}
	return f->key.proto == PROTO_TCP && !(f->flags & FLOW_LET_GO) &&
	       f->probes < CLEAR_PACKETS && f->payload[0] + f->payload[1] < CLEAR_BYTES;
}

/* The hello begins a segment: the client has waited for the server to agree. */
static void turn(struct inspect *in, const struct packet *p, const struct flow_step *step,
		 uint64_t seq)
{
	step->flow->probes++;
	if (p->payload_cap < CLEAR_HELLO)
		return;
	for (unsigned i = 1; i <= in->count; i++) {
		const struct inspector *insp = in->list[i];
		if (!insp->follows_clear || !insp->probe(p, step->from_client))
			continue;
		if (attach(in, step->flow, i, p, seq))
			(void)feed(in, p, step, seq);
		return;
	}
}

void inspect_packet(struct inspect *in, const struct packet *p, const struct flow_step *step,
		    uint64_t seq)
{
	struct flow *f = step->flow;
	if (p->kind != PACKET_IP) {
		packets_without_flow(in, p, seq);
		return;
	}
	if (!f || (f->flags & FLOW_SHUNTED) || step->fresh_len == 0 || p->payload_cap == 0) {
		/* an empty echo has no payload, and is a message all the same */
		if (!f || (p->proto != PROTO_ICMP && p->proto != PROTO_ICMPV6))
			return;
	}
	if (f->inspector) {
		(void)feed(in, p, step, seq);
	} else if (!(f->flags & FLOW_INSPECTED) && f->probes < PROBES_MAX) {
		probe(in, p, step, seq);
	}
	bool was_classified = (f->flags & FLOW_CLASSIFIED) != 0;
	classifier_packet(in->classifier, p, step, seq);
	if (!(f->flags & FLOW_CLASSIFIED))
		return;
	if (!was_classified && !f->inspector && !(f->flags & FLOW_LET_GO)) {
		unsigned number = choose_by_verdict(in, f);
		if (number && attach(in, f, number, p, seq))
			(void)feed(in, p, step, seq);
	}
	if (!f->inspector && may_turn(f)) {
		turn(in, p, step, seq);
		return;
	}
	if (!f->inspector) {
		f->flags |= FLOW_SHUNTED | FLOW_INSPECTED;
		release_work(in, f);
	}
}

void *inspect_event(struct inspection *in, enum event_kind kind, size_t size)
{
	struct event *e = event_log_begin(in->log, kind, size, in->seq);
	const struct packet *p = in->packet;
	if (in->flow) {
		flow_event_head(in->flow, e, p->number, p->time_ns, in->side);
		return e;
	}
	e->packet = p->number;
	e->time_ns = p->time_ns;
	e->src = p->src;
	e->dst = p->dst;
	e->ip_version = p->ip_version;
	e->vlan = p->vlan;
	e->tunnel_id = p->tunnel_id;
	e->tunnel_key = p->tunnel_key;
	e->tunnel_type = p->tunnel_type;
	return e;
}

void inspect_counts(const struct inspect *in, struct inspect_counts *ret)
{
	*ret = in->counts;
	ret->streams_refused = stream_pool_refused(in->pool);
	ret->streams_evicted = stream_pool_evicted(in->pool);
	ret->worst_case_bytes = in->max_work * sizeof(struct inspect_work) + in->shard_bytes;
}
