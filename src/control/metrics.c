/*
 * control/metrics.c - Prometheus' text form, version 0.0.4.
 */
#include "exfild/control/metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP exfild_%s %s\n# TYPE exfild_%s %s\n", name, help, name, type);
}

static void one(struct buf *out, const char *name, const char *type, const char *help, uint64_t v)
{
	head(out, name, type, help);
	buf_printf(out, "exfild_%s %" PRIu64 "\n", name, v);
}

/* Names of interfaces, tables and sinks: quotes and backslashes cannot occur, and are left out. */
static void labelled(struct buf *out, const char *name, const char *label, const char *value,
		     uint64_t v)
{
	buf_printf(out, "exfild_%s{%s=\"", name, label);
	for (; *value; value++)
		if (*value != '"' && *value != '\\' && (unsigned char)*value >= 0x20)
			buf_char(out, *value);
	buf_printf(out, "\"} %" PRIu64 "\n", v);
}

static void put_traffic(const struct snapshot *s, struct buf *out)
{
	one(out, "packets_total", "counter", "Packets taken from the capture.", s->packets);
	one(out, "traffic_bytes_total", "counter", "Bytes of these packets.", s->bytes);
	one(out, "flows_total", "counter", "Flows begun.", s->flows);
	one(out, "dropped_packets_total", "counter", "Packets that the capture lost.", s->drops);
	one(out, "dropped_events_total", "counter", "Events lost between the planes.",
	    s->events_dropped);
	one(out, "late_packets_total", "counter", "Packets older than the one before.", s->late);
	one(out, "clock_leaps_total", "counter", "Leaps of packet time over an hour.", s->leaps);
	one(out, "one_sided", "gauge", "1: nearly all connections show one direction only.",
	    s->one_sided);
	head(out, "direction_bytes_total", "counter", "IP bytes of flows by direction.");
	labelled(out, "direction_bytes_total", "direction", "outward", s->share.outward);
	labelled(out, "direction_bytes_total", "direction", "inward", s->share.inward);
	labelled(out, "direction_bytes_total", "direction", "east_west", s->share.east_west);
	labelled(out, "direction_bytes_total", "direction", "transit", s->share.transit);
	head(out, "visibility_bytes_total", "counter", "IP bytes of flows by what can be seen.");
	labelled(out, "visibility_bytes_total", "visibility", "clear", s->share.clear);
	labelled(out, "visibility_bytes_total", "visibility", "named", s->share.named);
	labelled(out, "visibility_bytes_total", "visibility", "opaque", s->share.opaque);
}

static void put_configuration(const struct snap_configuration *k, struct buf *out)
{
	one(out, "config_reloads_total", "counter", "Configurations taken while running.",
	    k->reloads);
	one(out, "config_refused_total", "counter", "Configurations refused while running.",
	    k->refused);
	one(out, "config_broken", "gauge", "1: the file is broken, an earlier one is in effect.",
	    k->error[0] != '\0');
	if (k->loaded_ns) {
		head(out, "config_loaded_seconds", "gauge",
		     "When what is in effect was taken, since 1970.");
		buf_printf(out, "exfild_config_loaded_seconds %.3f\n", (double)k->loaded_ns / 1e9);
	}
}

static void put_links(const struct snapshot *s, struct buf *out)
{
	if (!s->link_count)
		return;
	head(out, "interface_packets_total", "counter", "Packets by interface.");
	for (uint32_t i = 0; i < s->link_count; i++)
		labelled(out, "interface_packets_total", "interface", s->links[i].name,
			 s->links[i].packets);
	head(out, "interface_dropped_packets_total", "counter", "Packets lost by interface.");
	for (uint32_t i = 0; i < s->link_count; i++)
		labelled(out, "interface_dropped_packets_total", "interface", s->links[i].name,
			 s->links[i].drops);
	head(out, "interface_up", "gauge", "1: the interface is there and up.");
	for (uint32_t i = 0; i < s->link_count; i++)
		labelled(out, "interface_up", "interface", s->links[i].name, s->links[i].up);
}

static void of_workers(const struct snapshot *s, struct buf *out, const char *name,
		       const char *help, size_t field)
{
	head(out, name, "counter", help);
	for (uint32_t i = 0; i < s->worker_count; i++) {
		char number[12];
		uint64_t value;
		(void)snprintf(number, sizeof(number), "%" PRIu32, i);
		memcpy(&value, (const char *)&s->workers[i] + field, sizeof(value));
		labelled(out, name, "worker", number, value);
	}
}

static void put_workers(const struct snapshot *s, struct buf *out)
{
	if (!s->worker_count)
		return;
	of_workers(s, out, "worker_packets_total", "Packets by worker.",
		   offsetof(struct snap_worker, packets));
	of_workers(s, out, "worker_dropped_packets_total", "Packets lost by worker.",
		   offsetof(struct snap_worker, drops));
	of_workers(s, out, "worker_handed_over_packets_total",
		   "Packets that a worker gave to the one that owns them.",
		   offsetof(struct snap_worker, handed_over));
	of_workers(s, out, "worker_not_taken_packets_total",
		   "Packets lost since the queue of the worker that owns them was full.",
		   offsetof(struct snap_worker, not_taken));
}

static void put_alerts(const struct snapshot *s, struct buf *out)
{
	static const char *const levels[] = { "low", "medium", "high", "critical" };
	head(out, "alerts_total", "counter", "Alerts by severity, without revisions.");
	for (size_t i = 0; i < 4; i++)
		labelled(out, "alerts_total", "severity", levels[i], s->alerts[i]);
	one(out, "alert_records_total", "counter", "Alert records sent, with revisions.",
	    s->emitted);
	one(out, "alerts_below_minimum_total", "counter", "Alerts that alerts.minimum held back.",
	    s->below_minimum);
	one(out, "alerts_closed_early_total", "counter", "Alerts closed for room.",
	    s->closed_early);
	one(out, "alerts_held_total", "counter",
	    "Times that an alert found no place within its minute.", s->held);
	one(out, "findings_silenced_total", "counter", "Findings that an exception took.",
	    s->silenced);
	head(out, "detector_findings_total", "counter", "Findings by detector.");
	for (uint32_t i = 0; i < s->detector_count; i++)
		labelled(out, "detector_findings_total", "detector", s->detectors[i].name,
			 s->detectors[i].findings);
	head(out, "detector_enabled", "gauge", "1: the detector judges.");
	for (uint32_t i = 0; i < s->detector_count; i++)
		labelled(out, "detector_enabled", "detector", s->detectors[i].name,
			 s->detectors[i].enabled);
}

static void put_policy(const struct snap_policy *p, struct buf *out)
{
	one(out, "policies", "gauge", "Policies in effect.", p->policies);
	one(out, "policy_decided_total", "counter", "Alert records that a policy decided.",
	    p->decided);
	head(out, "policy_requests_total", "counter",
	     "Requests to the responder by what came of them; failed, unqueued: traffic flows.");
	labelled(out, "policy_requests_total", "outcome", "done", p->done);
	labelled(out, "policy_requests_total", "outcome", "refused", p->refused);
	labelled(out, "policy_requests_total", "outcome", "failed", p->failed);
	labelled(out, "policy_requests_total", "outcome", "unqueued", p->unqueued);
	if (p->can_ask)
		one(out, "responder_up", "gauge", "1: exfild-responder answers.", !p->is_away);
}

static void put_signed(const struct snap_signed *m, struct buf *out)
{
	static const struct {
		const char *outcome;
		size_t field;
	} rows[] = { { "taken", offsetof(struct snap_stream, taken) },
		     { "forged", offsetof(struct snap_stream, forged) },
		     { "stale", offsetof(struct snap_stream, stale) },
		     { "replayed", offsetof(struct snap_stream, replayed) },
		     { "oversized", offsetof(struct snap_stream, oversized) },
		     { "malformed", offsetof(struct snap_stream, malformed) },
		     { "refused", offsetof(struct snap_stream, refused) } };
	if (!m->count)
		return;
	head(out, "messages_total", "counter", "Signed messages by what came of them.");
	for (uint32_t i = 0; i < m->count; i++)
		for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
			uint64_t value;
			memcpy(&value, (const char *)&m->streams[i] + rows[n].field, sizeof(value));
			buf_printf(out,
				   "exfild_messages_total{stream=\"%s\",outcome=\"%s\"} %" PRIu64
				   "\n",
				   m->streams[i].name, rows[n].outcome, value);
		}
	one(out, "messages_connected", "gauge", "1: the streams of messages are being read.",
	    m->is_connected);
}

static void put_sinks(const struct snapshot *s, struct buf *out)
{
	if (!s->sink_count)
		return;
	head(out, "sink_alerts_total", "counter", "Alert records that the sink took.");
	for (uint32_t i = 0; i < s->sink_count; i++)
		labelled(out, "sink_alerts_total", "sink", s->sinks[i].name, s->sinks[i].sent);
	head(out, "sink_failed_alerts_total", "counter", "Alert records that the sink lost.");
	for (uint32_t i = 0; i < s->sink_count; i++)
		labelled(out, "sink_failed_alerts_total", "sink", s->sinks[i].name,
			 s->sinks[i].failed);
	head(out, "sink_waiting_alerts", "gauge", "Alert records held until the sink is back.");
	for (uint32_t i = 0; i < s->sink_count; i++)
		labelled(out, "sink_waiting_alerts", "sink", s->sinks[i].name, s->sinks[i].waiting);
	head(out, "sink_receivers", "gauge", "Subscribers of the last alert published.");
	for (uint32_t i = 0; i < s->sink_count; i++)
		labelled(out, "sink_receivers", "sink", s->sinks[i].name, s->sinks[i].receivers);
	head(out, "sink_refusals_total", "counter", "Error answers of the sink.");
	for (uint32_t i = 0; i < s->sink_count; i++)
		labelled(out, "sink_refusals_total", "sink", s->sinks[i].name,
			 s->sinks[i].refusals);
	head(out, "sink_connects_total", "counter", "Connections made.");
	for (uint32_t i = 0; i < s->sink_count; i++)
		labelled(out, "sink_connects_total", "sink", s->sinks[i].name,
			 s->sinks[i].connects);
}

static void put_spool(const struct snapshot *s, struct buf *out)
{
	const struct snap_spool *k = &s->spool;
	if (!s->sink_count)
		return;
	one(out, "alert_sequence", "gauge", "event.sequence of the last alert.", s->sequence);
	one(out, "spool_kept", "gauge", "1: alerts outlive the process until every sink has them.",
	    k->is_kept && !k->is_failing);
	one(out, "spool_depth_alerts", "gauge", "Alert records that some sink has not yet.",
	    k->depth);
	one(out, "spool_bytes", "gauge", "Size of the spool on the disk.", k->bytes);
	one(out, "spool_limit_bytes", "gauge", "What it may have of limits.disk_mb.", k->max_bytes);
	one(out, "spool_memory_bytes", "gauge", "Alert records in memory.", k->memory_bytes);
	one(out, "spool_lost_alerts_total", "counter", "Alert records given up at a limit.",
	    k->lost);
	one(out, "spool_errors_total", "counter", "Times that the disk took nothing.", k->errors);
}

static void put_tables(const struct snapshot *s, struct buf *out)
{
	head(out, "table_entries", "gauge", "Entries of a table with a cap.");
	for (uint32_t i = 0; i < s->table_count; i++)
		labelled(out, "table_entries", "table", s->tables[i].name, s->tables[i].entries);
	head(out, "table_capacity", "gauge", "Its cap; 0: it is a part of another's.");
	for (uint32_t i = 0; i < s->table_count; i++)
		labelled(out, "table_capacity", "table", s->tables[i].name, s->tables[i].capacity);
	head(out, "table_evictions_total", "counter", "Entries that gave their place to others.");
	for (uint32_t i = 0; i < s->table_count; i++)
		labelled(out, "table_evictions_total", "table", s->tables[i].name,
			 s->tables[i].evictions);
	head(out, "table_refused_total", "counter", "What found no place.");
	for (uint32_t i = 0; i < s->table_count; i++)
		labelled(out, "table_refused_total", "table", s->tables[i].name,
			 s->tables[i].refused);
}

static void put_decode(const struct snapshot *s, struct buf *out)
{
	head(out, "decode_total", "counter", "What the decoders met, by name.");
	for (uint32_t i = 0; i < s->decode_count; i++)
		labelled(out, "decode_total", "what", s->decode[i].name, s->decode[i].count);
}

static void put_evidence(const struct snapshot *s, struct buf *out)
{
	one(out, "evidence_kept", "gauge", "1: packets behind alerts are kept.", s->evidence_kept);
	if (!s->evidence_kept)
		return;
	one(out, "evidence_files", "gauge", "Alerts whose packets are on the disk.",
	    s->evidence_files);
	one(out, "evidence_bytes", "gauge", "Size of these files.", s->evidence_bytes);
	one(out, "evidence_followed_alerts", "gauge", "Alerts whose packets are being written.",
	    s->evidence_alerts);
}

static void put_state(const struct snapshot *s, struct buf *out)
{
	one(out, "learning_left_seconds", "gauge", "Until what is new counts as such.",
	    s->learning_left_s);
	one(out, "baseline_hosts", "gauge", "Hosts whose habits are known.", s->baselines);
	one(out, "baseline_destinations", "gauge", "Destinations whose users are known.",
	    s->destinations);
	one(out, "state_kept", "gauge", "1: what is learnt outlives the process.", s->state_kept);
	if (!s->state_kept)
		return;
	one(out, "state_bytes", "gauge", "Size of the state on the disk.", s->state_bytes);
	one(out, "state_saved_entries_total", "counter", "Entries written.", s->state_entries);
	one(out, "state_errors_total", "counter", "Batches that could not be written.",
	    s->state_errors);
	if (s->state_saved)
		one(out, "state_age_seconds", "gauge", "Since something was saved last.",
		    s->state_age_s);
}

static void put_books(const struct snapshot *s, struct buf *out)
{
	const struct {
		const char *name;
		const struct snap_book *book;
	} books[] = { { "usage", &s->usage }, { "ledger", &s->ledger } };
	const size_t count = sizeof(books) / sizeof(books[0]);
	head(out, "book_kept", "gauge",
	     "1: the usage database, or the ledger, is open and can be written.");
	for (size_t i = 0; i < count; i++)
		if (books[i].book->is_wanted)
			labelled(out, "book_kept", "book", books[i].name,
				 books[i].book->is_kept && !books[i].book->is_failing);
	head(out, "book_bytes", "gauge", "Its size on the disk.");
	for (size_t i = 0; i < count; i++)
		if (books[i].book->is_wanted)
			labelled(out, "book_bytes", "book", books[i].name, books[i].book->bytes);
	head(out, "book_lost_total", "counter", "Rows, or records, that could not be kept.");
	for (size_t i = 0; i < count; i++)
		if (books[i].book->is_wanted)
			labelled(out, "book_lost_total", "book", books[i].name,
				 books[i].book->lost);
}

void metrics_print(const struct snapshot *s, uint64_t steady_ns, struct buf *out)
{
	head(out, "info", "gauge", "The version that runs.");
	labelled(out, "info", "version", EXFILD_VERSION, 1);
	head(out, "start_time_seconds", "gauge", "When it began, since 1970.");
	buf_printf(out, "exfild_start_time_seconds %.3f\n", (double)s->started_ns / 1e9);
	head(out, "snapshot_age_seconds", "gauge",
	     "Age of these numbers: a live engine is under 2.");
	buf_printf(out, "exfild_snapshot_age_seconds %.3f\n",
		   s->published_ns && steady_ns > s->published_ns ?
			   (double)(steady_ns - s->published_ns) / 1e9 :
			   0.0);
	if (s->memory_bytes)
		one(out, "resident_memory_bytes", "gauge", "Memory in use.", s->memory_bytes);
	if (s->memory_limit)
		one(out, "memory_limit_bytes", "gauge", "limits.memory_mb.", s->memory_limit);
	if (s->disk_size)
		one(out, "state_disk_free_bytes", "gauge", "Free space of the state's folder.",
		    s->disk_free);
	put_state(s, out);
	put_evidence(s, out);
	put_books(s, out);
	if (s->clock_synchronised != SNAP_UNKNOWN)
		one(out, "clock_synchronised", "gauge", "1: the kernel says so.",
		    s->clock_synchronised == SNAP_YES);
	put_configuration(&s->configuration, out);
	put_traffic(s, out);
	put_links(s, out);
	put_workers(s, out);
	put_alerts(s, out);
	put_policy(&s->policy, out);
	put_signed(&s->messages, out);
	put_sinks(s, out);
	put_spool(s, out);
	put_tables(s, out);
	put_decode(s, out);
}

bool metrics_health(const struct snapshot *s, uint64_t steady_ns, struct buf *out)
{
	if (!s->published_ns) {
		buf_str(out, "starting: the engine has told nothing yet\n");
		return false;
	}
	uint64_t age_s =
		steady_ns > s->published_ns ? (steady_ns - s->published_ns) / 1000000000ull : 0;
	if (age_s > METRICS_STALE_S) {
		buf_printf(out, "stuck: the engine has told nothing for %" PRIu64 " s\n", age_s);
		return false;
	}
	buf_str(out, "ok\n");
	return true;
}
