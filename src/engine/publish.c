/*
 * engine/publish.c - see publish.h.
 */
#include "publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "exfild/control/drill.h"
#include "activity.h"
#include "machine.h"

#define EVERY_NS 1000000000ull

struct publisher {
	const struct config *config;
	struct board *board;
	struct control *control;
	struct activity *activity;
	struct drills *drills;
	uint64_t told_ns; /* analysis */
	/* reader */
	uint64_t rate_ns, rate_packets, rate_bytes;
	struct snap_table plane_tables[4];
};

static uint64_t wall_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

int publisher_start(const struct options *o, const struct config *c, const struct hash_key *key,
		    struct publisher **ret, char *ret_why, size_t why_size)
{
	struct publisher *p = calloc(1, sizeof(*p));
	if (!p)
		return -EXF_E_NOMEM;
	p->config = c;
	p->board = board_new();
	p->activity = activity_new(key);
	p->drills = drills_new();
	int err = p->board && p->activity && p->drills ? 0 : -EXF_E_NOMEM;
	if (!err) {
		struct snapshot *s = board_begin(p->board);
		s->started_ns = wall_ns();
		s->has_redis = c->redis.url && *c->redis.url;
		s->memory_limit = c->limits.memory_mb * 1000000;
		(void)snprintf(s->config_path, sizeof(s->config_path), "%s",
			       o->config_path ? o->config_path : "built-in");
		board_done(p->board);
		struct control_options control = { .socket_path = c->control.socket,
						   .listen = c->metrics.listen,
						   .board = p->board,
						   .drills = p->drills };
		err = control_start(&control, &p->control, ret_why, why_size);
	}
	if (err) {
		publisher_stop(p);
		return err;
	}
	*ret = p;
	return 0;
}

void publisher_stop(struct publisher *p)
{
	if (!p)
		return;
	control_stop(p->control);
	drills_free(p->drills);
	activity_free(p->activity);
	board_free(p->board);
	free(p);
}

const struct drills *publisher_drills(const struct publisher *p)
{
	return p->drills;
}

/* --- analysis ---------------------------------------------------------------------------- */

void publisher_event(struct publisher *p, const struct context *c, const struct event *e)
{
	activity_event(p->activity, c, e);
}

void publisher_alert(struct publisher *p, const char *json, size_t len, unsigned severity)
{
	board_alert(p->board, json, len, severity);
}

/* The packet plane's tables stay behind those of the analysis. */
static void put_plane_tables(const struct publisher *p, struct snapshot *s)
{
	for (size_t i = 0; i < sizeof(p->plane_tables) / sizeof(p->plane_tables[0]); i++) {
		struct snap_table *t = snap_add_table(s, p->plane_tables[i].name);
		if (t)
			*t = p->plane_tables[i];
	}
}

void publisher_turn(struct publisher *p, const struct analysis *a)
{
	uint64_t now_ns = board_steady_ns();
	const struct context *c = analysis_context(a);
	if (board_is_asked(p->board)) {
		struct snap_lists *l = board_lists_begin(p->board);
		activity_lists(p->activity, c, l);
		board_lists_done(p->board);
	}
	if (now_ns - p->told_ns < EVERY_NS)
		return;
	p->told_ns = now_ns;
	struct snapshot *s = board_begin(p->board);
	s->table_count = 0;
	analysis_snapshot(a, s);
	activity_snapshot(p->activity, c, s);
	put_plane_tables(p, s);
	board_done(p->board);
}

/* --- reader ------------------------------------------------------------------------------ */

static void put_links(const struct live *live, struct snapshot *s)
{
	s->link_count = 0;
	for (size_t i = 0; i < live_count(live) && i < SNAP_LINKS; i++) {
		struct live_counts c;
		struct snap_link *l = &s->links[s->link_count++];
		live_counts(live, i, &c);
		*l = (struct snap_link){ .up = c.is_open,
					 .packets = c.frames,
					 .bytes = c.bytes,
					 .drops = c.drops,
					 .offloads = machine_offloads(c.name) };
		(void)snprintf(l->name, sizeof(l->name), "%s", c.name);
	}
}

static void put_rates(struct publisher *p, const struct reader *r, struct snapshot *s)
{
	uint64_t now_ns = board_steady_ns();
	double passed_s = (double)(now_ns - p->rate_ns) / 1e9;
	if (p->rate_ns && passed_s > 0) {
		s->packets_per_s = (double)(r->frames - p->rate_packets) / passed_s;
		s->bytes_per_s = (double)(r->bytes - p->rate_bytes) / passed_s;
	}
	p->rate_ns = now_ns;
	p->rate_packets = r->frames;
	p->rate_bytes = r->bytes;
}

static void put_shards(struct publisher *p, const struct reader *r, struct snapshot *s)
{
	struct shard_counts counts[SHARDS];
	struct snap_table flows = { .name = "flows" }, undecided = { .name = "undecided" };
	struct snap_table inspected = { .name = "inspected" }, streams = { .name = "streams" };
	plane_told(r->plane, counts);
	s->flows = s->events_dropped = 0;
	for (size_t i = 0; i < SHARDS; i++) {
		const struct shard_counts *c = &counts[i];
		s->flows += c->flow.flows;
		s->events_dropped += c->events_dropped;
		flows.entries += c->flow.table.entries;
		flows.capacity += c->flow.table.capacity;
		flows.evictions += c->flow.table.evictions;
		flows.worst_case_bytes += c->flow.worst_case_bytes;
		undecided.entries += c->classify.undecided;
		undecided.refused += c->classify.capped;
		inspected.entries += c->inspect.work;
		inspected.evictions += c->inspect.evicted;
		inspected.refused += c->inspect.refused;
		inspected.worst_case_bytes += c->inspect.worst_case_bytes;
		streams.evictions += c->inspect.streams_evicted;
		streams.refused += c->inspect.streams_refused;
	}
	undecided.capacity = inspected.capacity = r->limits.undecided;
	streams.capacity = r->limits.streams;
	p->plane_tables[0] = flows;
	p->plane_tables[1] = undecided;
	p->plane_tables[2] = inspected;
	p->plane_tables[3] = streams;
}

static void put_decode(const struct reader *r, struct snapshot *s)
{
	const struct decode_counter *list;
	size_t count = decode_counters(r->decoder, &list);
	s->decode_count = 0;
	for (size_t i = 0; i < count && s->decode_count < SNAP_DECODE; i++)
		s->decode[s->decode_count++] = (struct snap_count){ list[i].name, list[i].count };
}

void publisher_reader(struct publisher *p, const struct reader *r)
{
	uint64_t disk_free = 0, disk_size = 0;
	enum snap_known synchronised = machine_clock();
	machine_disk(p->config->state.directory, &disk_free, &disk_size);
	struct snapshot *s = board_begin(p->board);
	s->packets = r->frames;
	s->bytes = r->bytes;
	s->drops = r->drops;
	s->late = r->late;
	s->leaps = r->leaps;
	s->clock_synchronised = synchronised;
	s->disk_free = disk_free;
	s->disk_size = disk_size;
	s->memory_bytes = machine_memory();
	if (r->live)
		put_links(r->live, s);
	put_rates(p, r, s);
	put_shards(p, r, s);
	put_decode(r, s);
	board_done(p->board);
}
