/*
 * control/doctor.c - one screen: what is well, what is not, what nobody knows, and how to mend it.
 *
 * A check says ok, warn or unknown, never more than the engine has told.
 */
#include <stdarg.h>
#include <stdio.h>

#include "exfild/base/str.h"
#include "commands.h"

#define FULL_PERCENT 90
#define DISK_LOW_MB  256
#define STALE_S      15
#define SHARE_LEAST  1000000 /* bytes before shares say something */

enum state { OK, WARN, UNKNOWN };

static void say(struct call *c, const char *check, enum state state, const char *mend,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void say(struct call *c, const char *check, enum state state, const char *mend,
		const char *fmt, ...)
{
	static const char *const names[] = { "ok", "warn", "unknown" };
	char text[700];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_open_object(c->out, NULL);
	json_string(c->out, "check", check);
	json_string(c->out, "state", names[state]);
	json_string(c->out, "text", text);
	json_string(c->out, "mend", mend);
	json_close_object(c->out);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void check_engine(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	uint64_t age_s = s->published_ns && c->steady_ns > s->published_ns ?
				 (c->steady_ns - s->published_ns) / 1000000000ull :
				 0;
	if (!s->published_ns)
		say(c, "engine", UNKNOWN, "ask again in a few seconds", "it has told nothing yet");
	else if (age_s > STALE_S)
		say(c, "engine", WARN, "systemctl restart exfild, and tell the makers",
		    "it has told nothing for %llu s: it is stuck", (unsigned long long)age_s);
	else
		say(c, "engine", OK, "", "it runs; %llu packets, %llu flows",
		    (unsigned long long)s->packets, (unsigned long long)s->flows);
}

static void check_configuration(struct call *c)
{
	static const char mend[] = "exfild -T -c FILE shows what is wrong; then: exfilctl reload";
	const struct snap_configuration *k = &c->snapshot->configuration;
	if (!k->loaded_ns)
		say(c, "config", UNKNOWN, "", "how it was loaded was not told");
	else if (k->is_last_good)
		say(c, "config", WARN, mend, "broken at the start, the last good copy runs: %s",
		    k->error);
	else if (k->error[0])
		say(c, "config", WARN, mend, "refused, the one before stays in effect: %s",
		    k->error);
	else if (k->restart[0])
		say(c, "config", WARN, "systemctl restart exfild", "waits for a restart: %s",
		    k->restart);
	else
		say(c, "config", OK, "", "%s, read again %llu times", c->snapshot->config_path,
		    (unsigned long long)k->reloads);
}

static void check_inside(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	if (*s->inside)
		say(c, "inside", OK, "networks in the configuration, or --inside, correct it", "%s",
		    s->inside);
	else
		say(c, "inside", UNKNOWN, "", "what counts as inside was not told");
}

static void check_links(struct call *c)
{
	static const char mend[] = "name an interface that exists: capture.interfaces";
	const struct snapshot *s = c->snapshot;
	if (!s->link_count)
		say(c, "interfaces", UNKNOWN, "", "no interface was told of");
	for (uint32_t i = 0; i < s->link_count; i++) {
		const struct snap_link *l = &s->links[i];
		const char *side = *l->side ? l->side : "side not known";
		if (!l->up)
			say(c, "interfaces", WARN, mend, "%s is gone or down", l->name);
		else if (!l->packets)
			say(c, "interfaces", WARN,
			    "is it the right one, and is the mirror port on?",
			    "%s (%s) has brought no packet yet", l->name, side);
		else
			say(c, "interfaces", OK, "", "%s (%s): %llu packets", l->name, side,
			    (unsigned long long)l->packets);
	}
}

static void check_offloads(struct call *c)
{
	unsigned yes = 0, unknown = 0;
	for (uint32_t i = 0; i < c->snapshot->link_count; i++) {
		yes += c->snapshot->links[i].offloads == SNAP_YES;
		unknown += c->snapshot->links[i].offloads == SNAP_UNKNOWN;
	}
	if (unknown || !c->snapshot->link_count)
		say(c, "offloads", UNKNOWN, "ethtool -k INTERFACE shows them",
		    "whether the kernel joins packets before exfild sees them was not told");
	else if (yes)
		say(c, "offloads", OK, "",
		    "on: joined packets are counted by their bytes, checksums are not judged");
	else
		say(c, "offloads", OK, "", "off: packets are seen as they were on the wire");
}

static void check_directions(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	const struct snap_share *b = &s->share;
	if (s->one_sided)
		say(c, "directions", WARN, "mirror both directions of the line",
		    "over 95 %% of the connections show one direction only: detectors that judge "
		    "by answers abstain");
	else if (b->outward + b->inward < SHARE_LEAST)
		say(c, "directions", UNKNOWN, "",
		    "under 1 MB between inside and outside was seen so far");
	else if (!b->outward || !b->inward)
		say(c, "directions", WARN, "mirror both directions; check what counts as inside",
		    "only %s bytes were seen", b->outward ? "outward" : "inward");
	else
		say(c, "directions", OK, "", "both: %.0f %% outward, %.0f %% inward",
		    percent(b->outward, b->outward + b->inward),
		    percent(b->inward, b->outward + b->inward));
}

static void check_share(struct call *c)
{
	const struct snap_share *b = &c->snapshot->share;
	uint64_t sides = b->outward + b->inward + b->east_west + b->transit;
	uint64_t kinds = b->clear + b->named + b->opaque;
	if (sides < SHARE_LEAST || kinds < SHARE_LEAST) {
		say(c, "visibility", UNKNOWN, "", "under 1 MB of finished flows so far");
		return;
	}
	say(c, "visibility", OK,
	    percent(b->opaque, kinds) > 50 ?
		    "opaque bytes are judged by volume and peer only: let the resolver and the "
		    "proxy of the site be seen" :
		    "",
	    "%.0f %% of the bytes clear, %.0f %% named (encrypted, peer known), %.0f %% opaque",
	    percent(b->clear, kinds), percent(b->named, kinds), percent(b->opaque, kinds));
	say(c, "east-west", b->east_west ? OK : WARN,
	    b->east_west ?
		    "" :
		    "traffic between inside hosts does not pass here: mirror the core switch "
		    "to see lateral movement",
	    "%.0f %% of the bytes stay inside", percent(b->east_west, sides));
	if (percent(b->transit, sides) > 50)
		say(c, "inside", WARN, "put the site's own prefixes into networks",
		    "%.0f %% of the bytes have both ends outside", percent(b->transit, sides));
}

static void check_drops(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	if (!s->link_count)
		say(c, "drops", UNKNOWN, "", "the capture has told nothing");
	else if (s->drops || s->events_dropped)
		say(c, "drops", WARN,
		    "raise capture.buffer_mb or capture.workers, or leave bulk traffic out by "
		    "capture.filter",
		    "%llu packets (%.3g %%) and %llu events were dropped",
		    (unsigned long long)s->drops, percent(s->drops, s->packets + s->drops),
		    (unsigned long long)s->events_dropped);
	else
		say(c, "drops", OK, "", "none");
}

static void check_tables(struct call *c)
{
	unsigned worse = 0;
	for (uint32_t i = 0; i < c->snapshot->table_count; i++) {
		const struct snap_table *t = &c->snapshot->tables[i];
		bool full = t->capacity && t->entries * 100 >= t->capacity * FULL_PERCENT;
		if (!full && !t->evictions && !t->refused)
			continue;
		worse++;
		say(c, "limits", WARN, "raise the limit it belongs to (exfild -T lists them)",
		    "%s: %llu of %llu, %llu pushed out, %llu refused", t->name,
		    (unsigned long long)t->entries, (unsigned long long)t->capacity,
		    (unsigned long long)t->evictions, (unsigned long long)t->refused);
	}
	if (!worse && c->snapshot->table_count)
		say(c, "limits", OK, "", "no table has ever been full");
}

static void check_sinks(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	for (uint32_t i = 0; i < s->sink_count; i++) {
		const struct snap_sink *k = &s->sinks[i];
		if (k->waiting || k->failed)
			say(c, k->name, WARN, "see that the other end runs and lets exfild in",
			    "%llu alerts wait, %llu were not taken: %s",
			    (unsigned long long)k->waiting, (unsigned long long)k->failed,
			    k->error);
		else
			say(c, k->name, OK, "", "%llu alerts taken, receivers of the last: %llu",
			    (unsigned long long)k->sent, (unsigned long long)k->receivers);
	}
	if (!s->has_redis)
		say(c, "redis", WARN, "set redis.url", "no Redis is configured");
}

static void check_spool(struct call *c)
{
	const struct snap_spool *s = &c->snapshot->spool;
	if (!c->snapshot->sink_count)
		return;
	if (s->is_failing)
		say(c, "spool", WARN, "see the log, and the disk of spool.directory",
		    "alerts cannot be kept: those that no sink has are lost at the end");
	else if (s->lost)
		say(c, "spool", WARN, "raise limits.disk_mb, or mend the sink that is behind",
		    "%llu alerts were given up at a limit", (unsigned long long)s->lost);
	else
		say(c, "spool", OK, "", "%llu alerts wait, %llu kB of %llu kB in use",
		    (unsigned long long)s->depth, (unsigned long long)(s->bytes / 1000),
		    (unsigned long long)(s->max_bytes / 1000));
}

static void check_state(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	char bytes[32];
	if (!s->state_kept)
		say(c, "state", WARN, "see the log, and state.directory",
		    "it is not kept: what is learnt is lost at the end");
	else if (s->state_failing)
		say(c, "state", WARN, "free some disk, or see the log",
		    "it cannot be written: %llu errors", (unsigned long long)s->state_errors);
	else if (!s->state_saved)
		say(c, "state", UNKNOWN, "", "nothing was saved yet");
	else
		say(c, "state", OK, "", "%s, saved %llu s ago",
		    str_bytes(bytes, sizeof(bytes), (double)s->state_bytes),
		    (unsigned long long)s->state_age_s);
}

/* One that is not wanted says nothing. */
static void check_book(struct call *c, const char *name, const struct snap_book *b,
		       const char *open_hint, const char *what)
{
	char bytes[32];
	if (!b->is_wanted)
		return;
	if (!b->is_kept && !b->is_failing)
		say(c, name, OK, "", "it is being opened; an older one is converted first");
	else if (!b->is_kept)
		say(c, name, WARN, open_hint, "it cannot be opened: %s", what);
	else if (b->is_failing)
		say(c, name, WARN, "free some disk, or see the log", "it cannot be written now: %s",
		    what);
	else if (b->lost)
		say(c, name, WARN, "see the log: its disk was full for long",
		    "%llu of its records are lost", (unsigned long long)b->lost);
	else
		say(c, name, OK, "", "%llu records, %s", (unsigned long long)b->written,
		    str_bytes(bytes, sizeof(bytes), (double)b->bytes));
}

static void check_books(struct call *c)
{
	check_book(c, "usage", &c->snapshot->usage, "see the log, and usage.database",
		   "who used which service is counted in memory, and tried again");
	check_book(c, "ledger", &c->snapshot->ledger, "see the log, and state.directory",
		   "what is said and done is not chained on the disk");
}

static void check_evidence(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	char bytes[32];
	if (!s->evidence_wanted)
		say(c, "evidence", OK, "",
		    "no packets are wanted: evidence.kb_per_flow or evidence.max_mb is 0");
	else if (!s->evidence_kept)
		say(c, "evidence", WARN, "see the log, and evidence.directory",
		    "packets behind alerts are not kept: the folder cannot be used");
	else if (s->evidence_failing)
		say(c, "evidence", WARN, "free some disk, or see the log",
		    "packets behind alerts cannot be written");
	else
		say(c, "evidence", OK, "", "%llu files, %s", (unsigned long long)s->evidence_files,
		    str_bytes(bytes, sizeof(bytes), (double)s->evidence_bytes));
}

static void check_machine(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	char free_text[32], size_text[32];
	if (s->clock_synchronised == SNAP_UNKNOWN)
		say(c, "clock", UNKNOWN, "timedatectl", "whether it is synchronised was not told");
	else if (s->clock_synchronised == SNAP_NO)
		say(c, "clock", WARN, "start chrony or systemd-timesyncd",
		    "it is not synchronised: times in alerts may be wrong");
	else
		say(c, "clock", OK, "", "it is synchronised");
	if (!s->disk_size) {
		say(c, "disk", UNKNOWN, "", "the free space of the state's folder was not told");
		return;
	}
	bool low = s->disk_free < (uint64_t)DISK_LOW_MB * 1000000;
	say(c, "disk", low ? WARN : OK, low ? "free some, or lower limits.disk_mb" : "",
	    "%s of %s are free", str_bytes(free_text, sizeof(free_text), (double)s->disk_free),
	    str_bytes(size_text, sizeof(size_text), (double)s->disk_size));
}

static void check_knowledge(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	const struct snap_roles *r = &s->roles;
	char left[32];
	if (s->is_learning)
		say(c, "learning", UNKNOWN,
		    s->state_kept ? "" : "set state.directory, or each start begins anew",
		    "%s left until a destination that is new counts as such; the habits of %llu "
		    "hosts and the users of %llu destinations are known so far",
		    str_duration(left, sizeof(left), s->learning_left_s * 1000000000ull),
		    (unsigned long long)s->baselines, (unsigned long long)s->destinations);
	else
		say(c, "learning", OK, "",
		    "the habits of %llu hosts and the users of %llu destinations are known",
		    (unsigned long long)s->baselines, (unsigned long long)s->destinations);
	if (r->resolvers + r->proxies + r->nats + r->servers + r->gateways)
		say(c, "roles", OK, "",
		    "%llu resolvers, %llu proxies, %llu address translators, %llu servers, %llu "
		    "gateways",
		    (unsigned long long)r->resolvers, (unsigned long long)r->proxies,
		    (unsigned long long)r->nats, (unsigned long long)r->servers,
		    (unsigned long long)r->gateways);
	else
		say(c, "roles", UNKNOWN, "", "no host has shown a role yet");
}

static void check_detectors(struct call *c)
{
	unsigned off = 0;
	for (uint32_t i = 0; i < c->snapshot->detector_count; i++) {
		const struct snap_detector *d = &c->snapshot->detectors[i];
		if (d->enabled)
			continue;
		off++;
		say(c, "detectors", WARN, "detectors.NAME.enabled: true switches it on",
		    "%s is switched off", d->name);
	}
	if (!off && c->snapshot->detector_count)
		say(c, "detectors", OK, "exfild --self-test shows them at work", "all %u are on",
		    c->snapshot->detector_count);
}

int command_doctor(struct call *c)
{
	json_string(c->out, "sensor", c->snapshot->sensor);
	json_string(c->out, "version", EXFILD_VERSION);
	json_open_array(c->out, "checks");
	check_engine(c);
	check_configuration(c);
	check_inside(c);
	check_links(c);
	check_directions(c);
	check_share(c);
	check_drops(c);
	check_offloads(c);
	check_tables(c);
	check_detectors(c);
	check_sinks(c);
	check_spool(c);
	check_machine(c);
	check_state(c);
	check_evidence(c);
	check_books(c);
	check_knowledge(c);
	json_close_array(c->out);
	return 0;
}
