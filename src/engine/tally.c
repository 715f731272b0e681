/*
 * engine/tally.c - see tally.h.
 */
#include "tally.h"

#include <string.h>

#include "exfild/base/str.h"

void tally_add_plane(struct tally_plane *t, const struct shard_counts counts[SHARDS])
{
	for (unsigned i = 0; i < SHARDS; i++) {
		const struct shard_counts *c = &counts[i];
		t->flows += c->flow.flows;
		t->untold += c->flow.untold;
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

void tally_add_links(struct tally *t, struct live *live)
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

void tally_fill(struct tally *t, const struct reader *r, bool is_end)
{
	struct shard_counts counts[SHARDS];
	const struct decode_counter *list;
	size_t count = decode_counters(r->decoder, &list);
	*t = (struct tally){
		.now_ns = r->now_ns,
		.late = r->late,
		.leaps = r->leaps,
		.doubted = r->doubted,
		.frames = r->frames,
		.bytes = r->bytes,
		.is_interrupted = r->interrupted,
	};
	if (is_end)
		plane_counts(r->plane, counts);
	else
		plane_told(r->plane, counts);
	tally_add_plane(&t->plane, counts);
	for (size_t i = 0; i < count && i < TALLY_DECODE; i++)
		t->decode[i] = list[i].count;
}
