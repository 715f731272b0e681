/*
 * inspect/inspect.c - who reads a flow, and until when.
 *
 * The first payloads of a flow are shown to the probes.  An inspector that recognises its protocol
 * may decide the class without nDPI; else nDPI decides, and its verdict may attach an inspector.
 * A flow that nobody wants any more is shunted: from then on its packets are only counted.  A
 * protocol in the clear may turn to TLS (STARTTLS).  Where its inspector has seen both agree, the
 * next packets are looked through for a hello; where none reads it, those of its first bytes.
 */
#include "exfild/inspect/inspect.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "content/filesums.h"
#include "content/undone.h"
#include "runner.h"

#define PROBES_MAX  3   /* payload packets of a flow that are shown to the probes */
#define TEXTS_MAX   256 /* looked through at a time, in a shard */
#define CLEAR_HELLO 6   /* bytes that tell a hello from text */

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
	in->undone = undone_new();
	bool ok = in->works && in->pool && in->undone;
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
	content_scanner_free(in->scanner);
	filesums_free(in->sums);
	undone_free(in->undone);
	for (unsigned i = 1; i <= in->count; i++)
		free(in->shard_state[i]);
	free(in->works);
	free(in);
}

bool inspect_set_content(struct inspect *in, const struct content_rules *rules)
{
	in->scanner = content_scanner_new(
		rules, in->max_work < TEXTS_MAX ? in->max_work : TEXTS_MAX, &in->key);
	return in->scanner != NULL;
}

bool inspect_set_sums(struct inspect *in, const atomic_uint *wanted)
{
	in->sums = filesums_new(wanted);
	return in->sums != NULL;
}

static uint32_t read_stream(void *arg, const uint8_t *data, uint32_t len)
{
	struct feed *feed = arg;
	const struct inspector *insp = feed->in->list[feed->step.flow->inspector];
	uint32_t total = 0;
	if (feed->verdict != INSPECT_MORE)
		return len;
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

static bool pass_gap(void *arg, const uint8_t *data, uint32_t len, uint32_t missing)
{
	struct feed *feed = arg;
	const struct inspector *insp = feed->in->list[feed->step.flow->inspector];
	if (feed->verdict == INSPECT_MORE)
		insp->on_gap(&feed->step, data, len, missing + len);
	return true;
}

static struct stream_reader reader_of(struct feed *feed)
{
	const struct inspector *insp = feed->in->list[feed->step.flow->inspector];
	return (struct stream_reader){ .read = read_stream,
				       .gap = insp->on_gap ? pass_gap : NULL,
				       .arg = feed };
}

/* What the other side acknowledges and never came is left out, before its answer is read. */
static void skip_gaps(struct inspect *in, struct feed *feed, struct flow *f, unsigned side)
{
	struct stream *s = &f->work->stream[side];
	const struct stream_reader reader = reader_of(feed);
	struct feed before = *feed;
	if (!reader.gap || f->work->side_done[side] || !s->piece_count)
		return;
	feed->step.side = side;
	feed->step.from_client = side == f->client;
	stream_acknowledged(s, in->pool, f->acked[!side], &reader);
	if (feed->verdict == INSPECT_SIDE_DONE) {
		f->work->side_done[side] = true;
		stream_reset(s, in->pool);
		feed->verdict = INSPECT_MORE;
	}
	feed->step.side = before.step.side;
	feed->step.from_client = before.step.from_client;
}

/* A stream that was lost begins anew with the next segment, where its inspector can go on. */
static bool goes_on(struct inspect *in, struct feed *feed, struct stream *s)
{
	const struct inspector *insp = in->list[feed->step.flow->inspector];
	if (!insp->on_gap)
		return false;
	insp->on_gap(&feed->step, NULL, 0, UINT32_MAX);
	stream_reset(s, in->pool);
	return true;
}

static enum inspect_verdict feed_stream(struct inspect *in, struct feed *feed,
					const struct packet *p, const struct flow_step *step)
{
	struct inspect_work *w = step->flow->work;
	assert(w); /* of every flow that has an inspector */
	skip_gaps(in, feed, step->flow, !step->side);
	struct stream *s = &w->stream[step->side];
	if (w->side_done[step->side] || feed->verdict != INSPECT_MORE)
		return feed->verdict;
	const struct stream_reader reader = reader_of(feed);
	stream_segment(s, in->pool, p->tcp_seq, p->payload, p->payload_cap, p->payload_len,
		       &reader);
	bool is_lost = s->lost && !(feed->verdict == INSPECT_MORE && goes_on(in, feed, s));
	if (!s->started && !is_lost && p->payload_cap == p->payload_len)
		stream_segment(s, in->pool, p->tcp_seq, p->payload, p->payload_cap, p->payload_len,
			       &reader);
	if (feed->verdict == INSPECT_SIDE_DONE || is_lost) {
		w->side_done[step->side] = true;
		stream_reset(s, in->pool);
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
	if (f->work && f->work != in->newest)
		inspect_touch(in, f->work);
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
		.scanner = f->work ? in->scanner : NULL,
		.texts = f->work ? f->work->texts : NULL,
		.sums = in->sums,
		.undone = in->undone,
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
	case INSPECT_TURNS:
		inspect_release(in, f);
		f->flags |= FLOW_INSPECTED | FLOW_TURNS;
		f->probes = 0;
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

static bool gives_way(const struct inspect *in, const struct flow *f)
{
	return f->inspector && in->list[f->inspector]->is_fallback;
}

static void probe(struct inspect *in, const struct packet *p, const struct flow_step *step,
		  uint64_t seq)
{
	struct flow *f = step->flow;
	unsigned number = inspect_by_probe(in, p, step);
	f->probes++;
	if (f->inspector && (!number || number == f->inspector)) {
		(void)feed(in, p, step, seq); /* still the one that gives way */
		return;
	}
	if (f->probes >= PROBES_MAX && !number)
		f->flags |= FLOW_INSPECTED;
	if (number && f->inspector)
		inspect_end(in, f, seq, p->time_ns);
	if (!number || !inspect_attach(in, f, number, p, seq))
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
		if (inspect_attach(in, step->flow, i, p, seq))
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
	bool may_probe = !(f->flags & FLOW_INSPECTED) && f->probes < PROBES_MAX;
	if (f->inspector && !(gives_way(in, f) && may_probe)) {
		(void)feed(in, p, step, seq);
	} else if ((f->flags & FLOW_TURNS) && inspect_may_turn(f)) {
		turn(in, p, step, seq);
	} else if (may_probe) {
		probe(in, p, step, seq);
	}
	bool was_classified = (f->flags & FLOW_CLASSIFIED) != 0;
	classifier_packet(in->classifier, p, step, seq);
	if (!(f->flags & FLOW_CLASSIFIED))
		return;
	if (!was_classified && gives_way(in, f) && f->app != APP_UNKNOWN && f->app != APP_OTHER)
		inspect_end(in, f, seq, p->time_ns);
	if (!was_classified && !f->inspector && !(f->flags & (FLOW_LET_GO | FLOW_TURNS))) {
		unsigned number = inspect_by_verdict(in, f);
		if (number && inspect_attach(in, f, number, p, seq))
			(void)feed(in, p, step, seq);
	}
	if (!f->inspector && inspect_may_turn(f)) {
		if (!(f->flags & FLOW_TURNS))
			turn(in, p, step, seq);
		return;
	}
	if (!f->inspector) {
		f->flags |= FLOW_SHUNTED | FLOW_INSPECTED;
		inspect_give_back(in, f);
	}
}

bool inspect_reads(const struct flow *f, unsigned side)
{
	if (f->flags & FLOW_SHUNTED)
		return false;
	return !(f->flags & FLOW_CLASSIFIED) || !f->work || !f->work->side_done[side];
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
	if (in->scanner)
		content_counts(in->scanner, &ret->content);
	ret->worst_case_bytes = ret->content.worst_case_bytes +
				in->max_work * sizeof(struct inspect_work) + in->shard_bytes +
				(in->sums ? filesums_bytes() : 0) + undone_bytes();
}
