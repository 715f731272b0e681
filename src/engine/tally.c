/*
 * engine/tally.c - see tally.h.
 */
#include "tally.h"

#include <string.h>

#include "exfild/base/str.h"

static void fill_plane(struct tally_plane *t, const struct shard_counts counts[SHARDS])
{
	*t = (struct tally_plane){ .flows = 0 };
	for (unsigned i = 0; i < SHARDS; i++) {
		const struct shard_counts *c = &counts[i];
		t->flows += c->flow.flows;
		t->table_entries += c->flow.table.entries;
		t->table_capacity += c->flow.table.capacity;
		t->table_evictions += c->flow.table.evictions;
		t->table_valued += c->flow.table.evicted_with_evidence;
		t->table_bytes += c->flow.worst_case_bytes;
		t->undecided += c->classify.undecided;
		t->undecided_capped += c->classify.capped;
		t->inspected += c->inspect.work;
		t->inspect_evicted += c->inspect.evicted;
		t->inspect_refused += c->inspect.refused;
		t->inspect_bytes += c->inspect.worst_case_bytes;
		t->streams_evicted += c->inspect.streams_evicted;
		t->streams_refused += c->inspect.streams_refused;
		t->events_dropped += c->events_dropped;
	}
}

static void fill_links(struct tally *t, struct live *live)
{
	t->link_count = 0;
	for (size_t i = 0; i < live_count(live) && i < LIVE_INTERFACES; i++) {
		struct live_counts c;
		struct tally_link *l = &t->links[t->link_count++];
		live_counts(live, i, &c);
		*l = (struct tally_link){ .is_open = c.is_open,
					  .frames = c.frames,
					  .bytes = c.bytes,
					  .drops = c.drops,
					  .opened = c.opened };
		str_copy(l->name, sizeof(l->name), c.name);
	}
}

static void fill_workers(struct tally *t, struct live *live)
{
	t->worker_count = live_workers(live);
	for (unsigned i = 0; i < live_workers(live); i++) {
		struct live_counts c;
		live_worker_counts(live, i, &c);
		t->workers[i] = (struct tally_worker){ .frames = c.frames,
						       .bytes = c.bytes,
						       .drops = c.drops };
	}
}

void tally_fill(struct tally *t, const struct reader *r, bool is_end)
{
	struct shard_counts counts[SHARDS];
	const struct decode_counter *list;
	size_t count = decode_counters(r->decoder, &list);
	t->turns = r->turns;
	t->now_ns = r->now_ns;
	t->ahead_ns = r->ahead_ns;
	t->steps_back = r->steps_back;
	t->late = r->late;
	t->leaps = r->leaps;
	t->doubted = r->doubted;
	t->frames = r->frames;
	t->bytes = r->bytes;
	t->drops = r->drops;
	t->own = r->own;
	t->twice = r->twice;
	t->is_interrupted = r->interrupted;
	if (is_end)
		plane_counts(r->plane, counts);
	else
		plane_told(r->plane, counts);
	fill_plane(&t->plane, counts);
	if (r->live) {
		fill_links(t, r->live);
		fill_workers(t, r->live);
	}
	for (size_t i = 0; i < count && i < TALLY_DECODE; i++)
		t->decode[i] = list[i].count;
}
