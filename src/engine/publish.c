/*
 * engine/publish.c - see publish.h.
 */
#include "publish.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "exfild/control/drill.h"
#include "exfild/sink/sink.h"
#include "activity.h"
#include "annals.h"
#include "collect.h"
#include "keeper.h"
#include "machine.h"
#include "reload.h"
#include "sizes.h"
#include "tally.h"

#define EVERY_NS 1000000000ull

struct publisher {
	const struct config *config;
	struct board *board;
	struct control *control;
	struct activity *activity;
	struct keeper *keeper; /* NULL: no state is kept */
	struct drills *drills;
	struct annals *annals;                 /* NULL: no ledger is kept */
	_Atomic(struct reload *) reload;       /* NULL: not yet */
	pthread_mutex_t turn;                  /* of who asks the analysis something */
	struct analysis *analysis;             /* NULL: not yet, or not any more */
	_Atomic(struct collector *) collector; /* NULL: no packets are kept */
	uint64_t told_ns;                      /* analysis */
	/* desk */
	struct shard_limits shards;
	uint64_t rate_ns, rate_packets, rate_bytes;
	struct snap_table plane_tables[6];
	uint32_t plane_table_count;
};

static uint64_t wall_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static int on_reload(void *arg, struct control_reload *ret)
{
	struct publisher *p = arg;
	struct reload *r = atomic_load(&p->reload);
	if (r)
		return reload_run(r, ret);
	(void)snprintf(ret->why, sizeof(ret->why), "exfild is starting: ask again in a second");
	return -EXF_E_LIMIT;
}

static int on_evidence(void *arg, const char *alert_id, struct control_evidence *ret)
{
	struct publisher *p = arg;
	struct collector *c = atomic_load(&p->collector);
	struct vault_found found;
	ret->is_kept = c != NULL;
	if (!c || !collector_find(c, alert_id, &found))
		return -EXF_E_INVALID;
	ret->is_open = found.is_open;
	ret->bytes = found.bytes;
	ret->packets = found.packets;
	(void)snprintf(ret->path, sizeof(ret->path), "%s/%s.pcapng", p->config->evidence.directory,
		       alert_id);
	return 0;
}

static int64_t on_resend(void *arg, uint64_t from, uint64_t until)
{
	struct publisher *p = arg;
	pthread_mutex_lock(&p->turn);
	int64_t n = p->analysis ? analysis_resend(p->analysis, from, until) : -EXF_E_UNSUPPORTED;
	pthread_mutex_unlock(&p->turn);
	return n;
}

static int on_order(void *arg, struct control_order *order)
{
	struct publisher *p = arg;
	int err = -EXF_E_UNSUPPORTED;
	pthread_mutex_lock(&p->turn);
	if (p->analysis)
		err = analysis_order(p->analysis, order);
	else
		(void)snprintf(order->text, sizeof(order->text), "exfild is starting or ending");
	pthread_mutex_unlock(&p->turn);
	return err;
}

static int on_intel(void *arg, struct control_intel *q)
{
	struct publisher *p = arg;
	struct reload *r = atomic_load(&p->reload);
	if (r)
		return reload_intel(r, q);
	(void)snprintf(q->text, sizeof(q->text), "exfild is starting: ask again in a second");
	return -EXF_E_LIMIT;
}

static void on_act(void *arg, const struct control_act *act)
{
	const struct publisher *p = arg;
	annals_act(p->annals, act);
}

int publisher_start(const struct options *o, const struct config *c, const struct sizes *sizes,
		    const struct hash_key *key, struct annals *annals, struct publisher **ret,
		    char *ret_why, size_t why_size)
{
	struct publisher *p = calloc(1, sizeof(*p));
	if (!p)
		return -EXF_E_NOMEM;
	pthread_mutex_init(&p->turn, NULL);
	p->config = c;
	p->annals = annals;
	p->shards = sizes->shards;
	p->board = board_new();
	p->activity = activity_new(key);
	p->drills = drills_new();
	int err = p->board && p->activity && p->drills ? 0 : -EXF_E_NOMEM;
	if (!err) {
		struct snapshot *s = board_begin(p->board);
		s->started_ns = wall_ns();
		s->has_redis = c->redis.url && *c->redis.url;
		s->memory_limit = sizes->allowed_bytes;
		s->evidence_wanted = sizes->evidence_bytes != 0;
		(void)snprintf(s->config_path, sizeof(s->config_path), "%s",
			       o->config_path ? o->config_path : "built-in");
		board_done(p->board);
		struct control_options control = { .socket_path = c->control.socket,
						   .listen = c->metrics.listen,
						   .board = p->board,
						   .drills = p->drills,
						   .reload = on_reload,
						   .evidence = on_evidence,
						   .resend = on_resend,
						   .order = on_order,
						   .intel = on_intel,
						   .acted = on_act,
						   .arg = p };
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
	pthread_mutex_destroy(&p->turn);
	free(p);
}

void publisher_reload(struct publisher *p, struct reload *r)
{
	atomic_store(&p->reload, r);
}

void publisher_analysis(struct publisher *p, struct analysis *a)
{
	pthread_mutex_lock(&p->turn);
	p->analysis = a;
	pthread_mutex_unlock(&p->turn);
}

void publisher_configuration(struct publisher *p, const struct snap_configuration *k)
{
	struct snapshot *s = board_begin(p->board);
	s->configuration = *k;
	board_done(p->board);
}

void publisher_signed(struct publisher *p, const struct snap_signed *k)
{
	struct snapshot *s = board_begin(p->board);
	s->messages = *k;
	board_done(p->board);
}

const struct drills *publisher_drills(const struct publisher *p)
{
	return p->drills;
}

void publisher_keeper(struct publisher *p, struct keeper *keeper)
{
	p->keeper = keeper;
}

void publisher_collector(struct publisher *p, struct collector *collector)
{
	atomic_store(&p->collector, collector);
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
	for (size_t i = 0; i < p->plane_table_count; i++) {
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

void publisher_beat(struct publisher *p, struct sink_beat *ret)
{
	struct snapshot *s = malloc(sizeof(*s));
	if (!s)
		return;
	board_read(p->board, s);
	(void)snprintf(ret->sensor, sizeof(ret->sensor), "%s", s->sensor);
	(void)snprintf(ret->version, sizeof(ret->version), "%s", EXFILD_VERSION);
	(void)snprintf(ret->session, sizeof(ret->session), "%s", s->session);
	ret->time_ns = wall_ns();
	ret->packets_per_s = s->packets_per_s;
	ret->bytes_per_s = s->bytes_per_s;
	ret->packets = s->packets;
	ret->drops = s->drops;
	ret->flows = s->flows;
	ret->alerts = s->emitted;
	ret->sequence = s->sequence;
	free(s);
}

/* --- desk -------------------------------------------------------------------------------- */

static void put_links(const struct tally *t, struct snapshot *s)
{
	s->link_count = 0;
	for (uint64_t i = 0; i < t->link_count && i < SNAP_LINKS; i++) {
		const struct tally_link *from = &t->links[i];
		struct snap_link *l = &s->links[s->link_count++];
		*l = (struct snap_link){ .up = from->is_open != 0,
					 .packets = from->frames,
					 .bytes = from->bytes,
					 .drops = from->drops,
					 .offloads = machine_offloads(from->name) };
		(void)snprintf(l->name, sizeof(l->name), "%s", from->name);
	}
}

static void put_workers(const struct tally *t, struct snapshot *s)
{
	s->worker_count = 0;
	for (uint64_t i = 0; i < t->worker_count && i < SNAP_WORKERS; i++) {
		const struct tally_worker *w = &t->workers[i];
		s->workers[s->worker_count++] = (struct snap_worker){
			.packets = w->frames,
			.bytes = w->bytes,
			.drops = w->drops,
			.handed_over = w->handed_over,
			.not_taken = w->not_taken,
		};
	}
}

static void put_rates(struct publisher *p, const struct tally *t, struct snapshot *s)
{
	uint64_t now_ns = board_steady_ns();
	double passed_s = (double)(now_ns - p->rate_ns) / 1e9;
	/* fewer than before: the packet half has begun anew */
	if (p->rate_ns && passed_s > 0 && t->frames >= p->rate_packets &&
	    t->bytes >= p->rate_bytes) {
		s->packets_per_s = (double)(t->frames - p->rate_packets) / passed_s;
		s->bytes_per_s = (double)(t->bytes - p->rate_bytes) / passed_s;
	}
	p->rate_ns = now_ns;
	p->rate_packets = t->frames;
	p->rate_bytes = t->bytes;
}

static void put_plane(struct publisher *p, const struct tally_plane *t, struct snapshot *s)
{
	uint64_t undecided = p->shards.undecided;
	s->flows = t->flows;
	s->events_dropped = t->events_dropped;
	p->plane_tables[0] = (struct snap_table){ .name = "flows",
						  .entries = t->table_entries,
						  .capacity = t->table_capacity,
						  .evictions = t->table_evictions,
						  .worst_case_bytes = t->table_bytes };
	p->plane_tables[1] = (struct snap_table){ .name = "undecided",
						  .entries = t->undecided,
						  .capacity = undecided,
						  .refused = t->undecided_capped };
	p->plane_tables[2] = (struct snap_table){ .name = "inspected",
						  .entries = t->inspected,
						  .capacity = undecided,
						  .evictions = t->inspect_evicted,
						  .refused = t->inspect_refused,
						  .worst_case_bytes = t->inspect_bytes };
	p->plane_tables[3] = (struct snap_table){ .name = "streams",
						  .capacity = p->shards.streams,
						  .evictions = t->streams_evicted,
						  .refused = t->streams_refused };
	p->plane_table_count = 4;
}

static void put_evidence(struct publisher *p, const struct tally_evidence *keep, struct snapshot *s)
{
	struct collector *c = atomic_load(&p->collector);
	struct collect_counts k;
	s->evidence_kept = c != NULL;
	if (!c)
		return;
	collector_counts(c, &k);
	s->evidence_failing = k.vault.is_failing;
	s->evidence_files = k.vault.files;
	s->evidence_bytes = k.vault.bytes;
	s->evidence_alerts = (uint32_t)keep->watches;
	p->plane_tables[4] = (struct snap_table){ .name = "evidence_memory",
						  .entries = keep->bytes,
						  .capacity = keep->capacity,
						  .evictions = keep->overwritten,
						  .refused = keep->too_large + k.not_asked,
						  .worst_case_bytes = keep->capacity };
	p->plane_tables[5] = (struct snap_table){ .name = "evidence_disk",
						  .entries = k.vault.bytes,
						  .capacity = k.vault.max_bytes,
						  .evictions = k.vault.removed,
						  .refused = k.vault.refused + k.unasked +
							     keep->lost + keep->withheld };
	p->plane_table_count = 6;
}

static void put_state(const struct publisher *p, struct snapshot *s)
{
	struct store_stats stats;
	uint64_t now_ns = board_steady_ns();
	s->ledger = (struct snap_book){
		.is_wanted = p->keeper || *p->config->state.directory,
		.is_failing = true,
	};
	annals_snapshot(p->annals, &s->ledger);
	s->state_kept = p->keeper != NULL;
	if (!p->keeper)
		return;
	keeper_stats(p->keeper, &stats);
	s->state_age_s = stats.saved_ns ? (now_ns - stats.saved_ns) / 1000000000ull : 0;
	s->state_saved = stats.saved_ns != 0;
	s->state_bytes = stats.bytes;
	s->state_entries = stats.entries;
	s->state_errors = stats.errors;
	s->state_failing = stats.is_failing;
}

static void put_decode(const struct tally *t, struct snapshot *s)
{
	const char *name;
	s->decode_count = 0;
	for (size_t i = 0; i < TALLY_DECODE && (name = decode_counter_name(i)) != NULL; i++)
		if (s->decode_count < SNAP_DECODE)
			s->decode[s->decode_count++] = (struct snap_count){ name, t->decode[i] };
}

void publisher_tally(struct publisher *p, const struct tally *t)
{
	uint64_t disk_free = 0, disk_size = 0;
	enum snap_known synchronised = machine_clock();
	machine_disk(p->config->state.directory, &disk_free, &disk_size);
	struct snapshot *s = board_begin(p->board);
	s->packets = t->frames;
	s->bytes = t->bytes;
	s->drops = t->drops;
	s->late = t->late;
	s->leaps = t->leaps;
	s->clock_synchronised = synchronised;
	s->disk_free = disk_free;
	s->disk_size = disk_size;
	s->memory_bytes = machine_memory() + t->memory_bytes;
	put_links(t, s);
	put_workers(t, s);
	put_rates(p, t, s);
	put_plane(p, &t->plane, s);
	s->events_dropped += t->events_refused;
	put_evidence(p, &t->evidence, s);
	put_decode(t, s);
	put_state(p, s);
	board_done(p->board);
}
