/*
 * control/status.c - the commands status and stats.
 */
#include "commands.h"

static double age_s(const struct call *c)
{
	uint64_t then = c->snapshot->published_ns;
	return then && c->steady_ns > then ? (double)(c->steady_ns - then) / 1e9 : 0;
}

static void put_configuration(struct call *c, const struct snap_configuration *k)
{
	json_open_object(c->out, "config");
	if (k->loaded_ns)
		json_time(c->out, "loaded", k->loaded_ns);
	json_uint(c->out, "reloads", k->reloads);
	json_uint(c->out, "refused", k->refused);
	json_bool(c->out, "last_good", k->is_last_good);
	json_string(c->out, "error", k->error);
	json_string(c->out, "restart", k->restart);
	json_close_object(c->out);
}

static void put_head(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	json_string(c->out, "version", EXFILD_VERSION);
	json_string(c->out, "sensor", s->sensor);
	json_string(c->out, "mode", s->mode);
	json_string(c->out, "session", s->session);
	json_string(c->out, "configuration", s->config_path);
	json_time(c->out, "started", s->started_ns);
	if (s->now_ns)
		json_time(c->out, "packet_time", s->now_ns);
	json_bool(c->out, "told", s->published_ns != 0);
	json_double(c->out, "age_s", age_s(c));
	json_string(c->out, "inside", s->inside);
	if (*s->geo)
		json_string(c->out, "geo", s->geo);
	put_configuration(c, &s->configuration);
}

static void put_alerts(struct call *c)
{
	static const char *const levels[] = { "low", "medium", "high", "critical" };
	const struct snapshot *s = c->snapshot;
	json_open_object(c->out, "alerts");
	for (size_t i = 0; i < 4; i++)
		json_uint(c->out, levels[i], s->alerts[i]);
	json_uint(c->out, "sent", s->emitted);
	json_uint(c->out, "merged", s->merged);
	json_uint(c->out, "below_minimum", s->below_minimum);
	json_uint(c->out, "closed_early", s->closed_early);
	json_uint(c->out, "silenced", s->silenced);
	json_close_object(c->out);
}

static void put_policy(struct call *c)
{
	const struct snap_policy *p = &c->snapshot->policy;
	json_open_object(c->out, "policy");
	json_uint(c->out, "policies", p->policies);
	json_uint(c->out, "decided", p->decided);
	json_uint(c->out, "asked", p->asked);
	json_uint(c->out, "done", p->done);
	json_uint(c->out, "refused", p->refused);
	json_uint(c->out, "failed", p->failed);
	json_uint(c->out, "unqueued", p->unqueued);
	if (p->can_ask)
		json_bool(c->out, "responder_answers", !p->is_away);
	json_close_object(c->out);
}

static void put_signed(struct call *c)
{
	const struct snap_signed *m = &c->snapshot->messages;
	if (!m->count)
		return;
	json_open_object(c->out, "signed");
	json_bool(c->out, "connected", m->is_connected);
	json_uint(c->out, "decisions_lost", m->decisions_lost);
	json_string(c->out, "error", m->error);
	json_open_array(c->out, "streams");
	for (uint32_t i = 0; i < m->count; i++) {
		const struct snap_stream *s = &m->streams[i];
		json_open_object(c->out, NULL);
		json_string(c->out, "name", s->name);
		json_uint(c->out, "taken", s->taken);
		json_uint(c->out, "forged", s->forged);
		json_uint(c->out, "stale", s->stale);
		json_uint(c->out, "replayed", s->replayed);
		json_uint(c->out, "oversized", s->oversized);
		json_uint(c->out, "malformed", s->malformed);
		json_uint(c->out, "refused", s->refused);
		json_close_object(c->out);
	}
	json_close_array(c->out);
	json_close_object(c->out);
}

static void put_book(struct call *c, const char *name, const struct snap_book *b)
{
	if (!b->is_wanted)
		return;
	json_open_object(c->out, name);
	json_bool(c->out, "kept", b->is_kept);
	json_bool(c->out, "failing", b->is_failing);
	json_uint(c->out, "written", b->written);
	json_uint(c->out, "lost", b->lost);
	json_uint(c->out, "bytes", b->bytes);
	json_close_object(c->out);
}

static void put_links(struct call *c)
{
	static const char *const known[] = { "unknown", "no", "yes" };
	json_open_array(c->out, "interfaces");
	for (uint32_t i = 0; i < c->snapshot->link_count; i++) {
		const struct snap_link *l = &c->snapshot->links[i];
		json_open_object(c->out, NULL);
		json_string(c->out, "name", l->name);
		json_string(c->out, "side", *l->side ? l->side : "unknown");
		json_bool(c->out, "up", l->up);
		json_uint(c->out, "packets", l->packets);
		json_uint(c->out, "bytes", l->bytes);
		json_uint(c->out, "drops", l->drops);
		json_string(c->out, "offloads", known[l->offloads]);
		json_close_object(c->out);
	}
	json_close_array(c->out);
}

static void put_workers(struct call *c)
{
	json_open_array(c->out, "workers");
	for (uint32_t i = 0; i < c->snapshot->worker_count; i++) {
		const struct snap_worker *w = &c->snapshot->workers[i];
		json_open_object(c->out, NULL);
		json_uint(c->out, "packets", w->packets);
		json_uint(c->out, "bytes", w->bytes);
		json_uint(c->out, "drops", w->drops);
		json_uint(c->out, "handed_over", w->handed_over);
		json_uint(c->out, "not_taken", w->not_taken);
		json_close_object(c->out);
	}
	json_close_array(c->out);
}

static void put_sinks(struct call *c)
{
	json_open_array(c->out, "sinks");
	for (uint32_t i = 0; i < c->snapshot->sink_count; i++) {
		const struct snap_sink *k = &c->snapshot->sinks[i];
		json_open_object(c->out, NULL);
		json_string(c->out, "name", k->name);
		json_uint(c->out, "sent", k->sent);
		json_uint(c->out, "failed", k->failed);
		json_uint(c->out, "waiting", k->waiting);
		json_uint(c->out, "receivers", k->receivers);
		json_uint(c->out, "refusals", k->refusals);
		json_uint(c->out, "connects", k->connects);
		json_string(c->out, "error", k->error);
		json_close_object(c->out);
	}
	json_close_array(c->out);
}

static void put_spool(struct call *c)
{
	const struct snap_spool *s = &c->snapshot->spool;
	json_open_object(c->out, "spool");
	json_bool(c->out, "kept", s->is_kept);
	json_bool(c->out, "failing", s->is_failing);
	json_uint(c->out, "depth", s->depth);
	json_uint(c->out, "bytes", s->bytes);
	json_uint(c->out, "max_bytes", s->max_bytes);
	json_uint(c->out, "memory_bytes", s->memory_bytes);
	json_uint(c->out, "lost", s->lost);
	json_uint(c->out, "errors", s->errors);
	json_uint(c->out, "sequence", c->snapshot->sequence);
	json_close_object(c->out);
}

static void put_traffic(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	json_uint(c->out, "packets", s->packets);
	json_uint(c->out, "bytes", s->bytes);
	json_double(c->out, "packets_per_s", s->packets_per_s);
	json_double(c->out, "bytes_per_s", s->bytes_per_s);
	json_uint(c->out, "flows", s->flows);
	json_uint(c->out, "drops", s->drops);
	json_uint(c->out, "events_dropped", s->events_dropped);
	json_bool(c->out, "one_sided", s->one_sided);
	json_uint(c->out, "memory_bytes", s->memory_bytes);
}

static void put_state(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	json_open_object(c->out, "state");
	json_bool(c->out, "kept", s->state_kept);
	json_bool(c->out, "failing", s->state_failing);
	json_bool(c->out, "saved", s->state_saved);
	json_uint(c->out, "age_s", s->state_age_s);
	json_uint(c->out, "bytes", s->state_bytes);
	json_uint(c->out, "entries", s->state_entries);
	json_uint(c->out, "errors", s->state_errors);
	json_close_object(c->out);
}

static void put_learning(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	json_open_object(c->out, "learning");
	json_bool(c->out, "done", !s->is_learning);
	json_uint(c->out, "left_s", s->learning_left_s);
	json_uint(c->out, "hosts", s->baselines);
	json_uint(c->out, "destinations", s->destinations);
	json_close_object(c->out);
}

static void put_evidence(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	json_open_object(c->out, "evidence");
	json_bool(c->out, "kept", s->evidence_kept);
	json_bool(c->out, "failing", s->evidence_failing);
	json_uint(c->out, "files", s->evidence_files);
	json_uint(c->out, "bytes", s->evidence_bytes);
	json_uint(c->out, "alerts", s->evidence_alerts);
	json_close_object(c->out);
}

int command_status(struct call *c)
{
	put_head(c);
	put_traffic(c);
	put_state(c);
	put_learning(c);
	put_evidence(c);
	put_book(c, "usage", &c->snapshot->usage);
	put_book(c, "ledger", &c->snapshot->ledger);
	put_links(c);
	put_workers(c);
	put_alerts(c);
	put_policy(c);
	put_signed(c);
	put_sinks(c);
	put_spool(c);
	return 0;
}

static void put_tables(struct call *c)
{
	json_open_array(c->out, "tables");
	for (uint32_t i = 0; i < c->snapshot->table_count; i++) {
		const struct snap_table *t = &c->snapshot->tables[i];
		json_open_object(c->out, NULL);
		json_string(c->out, "name", t->name);
		json_uint(c->out, "entries", t->entries);
		json_uint(c->out, "capacity", t->capacity);
		json_uint(c->out, "evictions", t->evictions);
		json_uint(c->out, "refused", t->refused);
		json_uint(c->out, "worst_case_bytes", t->worst_case_bytes);
		json_close_object(c->out);
	}
	json_close_array(c->out);
}

static void put_detectors(struct call *c)
{
	json_open_array(c->out, "detectors");
	for (uint32_t i = 0; i < c->snapshot->detector_count; i++) {
		const struct snap_detector *d = &c->snapshot->detectors[i];
		json_open_object(c->out, NULL);
		json_string(c->out, "name", d->name);
		json_bool(c->out, "enabled", d->enabled);
		json_uint(c->out, "findings", d->findings);
		json_close_object(c->out);
	}
	json_close_array(c->out);
}

static void put_share(struct call *c)
{
	const struct snap_share *b = &c->snapshot->share;
	json_open_object(c->out, "share");
	json_uint(c->out, "outward", b->outward);
	json_uint(c->out, "inward", b->inward);
	json_uint(c->out, "east_west", b->east_west);
	json_uint(c->out, "transit", b->transit);
	json_uint(c->out, "clear", b->clear);
	json_uint(c->out, "named", b->named);
	json_uint(c->out, "opaque", b->opaque);
	json_close_object(c->out);
}

int command_stats(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	put_head(c);
	put_traffic(c);
	json_uint(c->out, "late", s->late);
	json_uint(c->out, "leaps", s->leaps);
	json_uint(c->out, "hosts", s->hosts);
	json_uint(c->out, "names", s->names);
	put_links(c);
	put_share(c);
	put_alerts(c);
	put_policy(c);
	put_signed(c);
	put_detectors(c);
	put_sinks(c);
	put_tables(c);
	json_open_object(c->out, "decode");
	for (uint32_t i = 0; i < s->decode_count; i++)
		json_uint(c->out, s->decode[i].name, s->decode[i].count);
	json_close_object(c->out);
	return 0;
}
