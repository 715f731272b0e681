/*
 * engine/pipeline.c - the way of one packet.  Read this file first.
 *
 *   capture ─► decode ─► shard ─► flow ─► classify ─► inspect ─► events ─► analysis
 *
 * The reader (reader.c) takes frames from capture, applies the clock law (clock.c) and decodes
 * them. A packet belongs to the shard of its address pair; shard_packet() is all that happens to it
 * there. Events wait in the shard's log until the analysis plane (analysis.c) takes them in the
 * reader's order.
 */
#include "pipeline.h"

#include <pthread.h>
#include <stdlib.h>

#include "bulk.h"

#define TELL_NS       1000000000ull /* packet time */
#define FLUSH_PORTION 4096          /* flows ended at once, so that their events fit into memory */

struct shard {
	struct event_log *log;
	bool owns_log;
	struct flow_table *flows;
	struct classifier *classifier;
	struct inspect *inspect;
	struct bulk *bulk; /* NULL: packets come whole */
	/* for other threads */
	pthread_mutex_t told_lock;
	struct shard_counts told;
	uint64_t told_ns;
};

/* The flow's memory is about to be reused: the later stages let go of it. */
static void release(void *arg, struct flow *f, uint64_t seq, uint64_t now_ns)
{
	struct shard *s = arg;
	if (seq)
		inspect_end(s->inspect, f, seq, now_ns);
	else
		inspect_release(s->inspect, f);
	classifier_release(s->classifier, f);
}

static uint32_t share(const struct shard_limits *limits, uint32_t limit)
{
	uint32_t part = limit / (limits->shards ? limits->shards : SHARDS);
	return part ? part : 1;
}

struct shard *shard_new(unsigned number, const struct shard_limits *limits,
			const struct hash_key *key, const struct hash_key *event_key,
			struct event_log *log)
{
	struct shard *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	pthread_mutex_init(&s->told_lock, NULL);
	struct flow_limits flow_limits = flow_limits_default;
	flow_limits.max_flows = share(limits, limits->flows);
	flow_limits.quiet_at_end = limits->quiet_at_end;
	s->log = log ? log : event_log_new();
	s->owns_log = !log;
	if (s->log)
		s->classifier = classifier_new(share(limits, limits->undecided), s->log);
	if (s->classifier)
		s->inspect = inspect_new(share(limits, limits->inspected),
					 share(limits, limits->streams), s->log, s->classifier,
					 event_key);
	bool ok = s->inspect &&
		  (!limits->content || inspect_set_content(s->inspect, limits->content)) &&
		  (!limits->sums || inspect_set_sums(s->inspect, limits->sums));
	if (ok)
		s->flows = flow_table_new(&flow_limits, key, number, s->log, release, s);
	if (!s->flows) {
		shard_free(s);
		return NULL;
	}
	return s;
}

void shard_free(struct shard *s)
{
	if (!s)
		return;
	flow_table_free(s->flows);
	inspect_free(s->inspect);
	classifier_free(s->classifier);
	if (s->owns_log)
		event_log_free(s->log);
	pthread_mutex_destroy(&s->told_lock);
	free(s);
}

void shard_prefetch(const struct shard *s, const struct packet *p, unsigned stage)
{
	flow_table_prefetch(s->flows, p, stage);
}

void shard_set_bulk(struct shard *s, struct bulk *bulk)
{
	s->bulk = bulk;
}

/* Of a side of a flow that is only counted nobody reads the content. */
static void look_for_bulk(struct bulk *b, const struct packet *p, const struct flow_step *step)
{
	if (!step->flow || !bulk_concerns(p))
		return;
	struct flow *f = step->flow;
	uint32_t thin = step->side ? FLOW_THIN1 : FLOW_THIN0;
	bool reads_other = inspect_reads(f, !step->side);
	f->flags &= ~thin;
	if (!inspect_reads(f, step->side)) {
		if (bulk_count(b, p, f->payload[step->side], reads_other))
			f->flags |= thin;
	} else if ((p->flags & PACKET_TRUNCATED) || (p->tcp_flags & TCP_SYN)) {
		bulk_want(b, p);
	}
}

void shard_packet(struct shard *s, const struct packet *p, uint64_t seq)
{
	struct flow_step step;
	flow_table_packet(s->flows, p, seq, &step);
	inspect_packet(s->inspect, p, &step, seq);
	if (s->bulk)
		look_for_bulk(s->bulk, p, &step);
}

void shard_tick(struct shard *s, uint64_t seq, uint64_t now_ns)
{
	flow_table_tick(s->flows, seq, now_ns);
	if (now_ns - s->told_ns < TELL_NS)
		return;
	s->told_ns = now_ns;
	pthread_mutex_lock(&s->told_lock);
	shard_counts(s, &s->told);
	pthread_mutex_unlock(&s->told_lock);
}

void shard_leap(struct shard *s, uint64_t delta_ns)
{
	flow_table_leap(s->flows, delta_ns);
}

bool shard_flush(struct shard *s, uint64_t seq, uint64_t now_ns)
{
	return flow_table_flush(s->flows, seq, now_ns, FLUSH_PORTION);
}

struct event_log *shard_log(struct shard *s)
{
	return s->log;
}

void shard_counts(const struct shard *s, struct shard_counts *ret)
{
	flow_table_counts(s->flows, &ret->flow);
	classifier_counts(s->classifier, &ret->classify);
	inspect_counts(s->inspect, &ret->inspect);
	ret->events_dropped = s->owns_log ? event_log_dropped(s->log) : 0;
}

void shard_told(struct shard *s, struct shard_counts *ret)
{
	pthread_mutex_lock(&s->told_lock);
	*ret = s->told;
	pthread_mutex_unlock(&s->told_lock);
}
