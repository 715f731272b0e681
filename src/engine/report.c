/*
 * engine/report.c - see report.h.
 */
#include "report.h"

#include <stdio.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"

void report_inside(const struct context *c)
{
	char text[512];
	context_describe_inside(c, text, sizeof(text));
	log_info("inside", "%s", text);
}

void report_damage(const struct capture *c)
{
	for (size_t i = 0; i < capture_damage_count(c); i++) {
		const struct capture_damage *d = capture_damage(c, i);
		log_errorx("capture", "%s: byte %llu: %s", d->path, (unsigned long long)d->offset,
			   d->reason);
	}
}

static void say(const char *token, uint64_t count, const char *what)
{
	if (count)
		log_warnx(token, "%llu %s", (unsigned long long)count, what);
}

void report_interfaces(const struct live *l)
{
	for (size_t i = 0; i < live_count(l); i++) {
		struct live_counts c;
		live_counts(l, i, &c);
		log_info("capture", "%s: %llu packets, %llu dropped, opened %llu times", c.name,
			 (unsigned long long)c.frames, (unsigned long long)c.drops,
			 (unsigned long long)c.opened);
	}
}

void report_counters(const struct reader *r, const struct shard_counts counts[SHARDS], bool verbose)
{
	uint64_t evicted = 0, valued = 0, capped = 0, refused = 0, given_up = 0, streams = 0,
		 dropped = 0;
	for (unsigned i = 0; i < SHARDS; i++) {
		evicted += counts[i].flow.table.evictions;
		valued += counts[i].flow.table.evicted_with_evidence;
		capped += counts[i].classify.capped;
		refused += counts[i].inspect.refused;
		given_up += counts[i].inspect.evicted;
		streams += counts[i].inspect.streams_refused + counts[i].inspect.streams_evicted;
		dropped += counts[i].events_dropped;
	}
	say("flow", evicted, "flows were evicted: limits.flows was reached");
	say("flow", valued, "of them were conversations, not openings");
	say("classify", capped, "flows stayed unclassified: limits.undecided was reached");
	say("inspect", refused, "flows were not inspected: limits.undecided was reached");
	say("inspect", given_up,
	    "inspections were given up for newer flows: limits.undecided was reached");
	say("inspect", streams, "streams were cut short: no reassembly buffer was free");
	say("event", dropped, "events were dropped");
	say("capture", r->drops, "packets were dropped: more capture.buffer_mb, or a filter");
	if (r->twice && verbose)
		log_info("capture", "%llu packets were seen on two interfaces and counted once",
			 (unsigned long long)r->twice);
	if (r->own && verbose)
		log_info("capture", "%llu packets of exfild's own connections were left out",
			 (unsigned long long)r->own);
	say("clock", r->leaps, "leaps of over an hour in the packets' time were followed");
	if (r->late && verbose)
		log_info("clock", "%llu packets were older than the packet before",
			 (unsigned long long)r->late);
	const struct decode_counter *list;
	size_t count = decode_counters(r->decoder, &list);
	for (size_t i = 0; verbose && i < count; i++)
		if (list[i].count)
			log_info("decode", "%s %llu", list[i].name,
				 (unsigned long long)list[i].count);
}

void report_summary(const struct reader *r, const struct shard_counts counts[SHARDS],
		    const struct alert_counts *alerts, double seconds)
{
	uint64_t flows = 0;
	char bytes[32];
	for (unsigned i = 0; i < SHARDS; i++)
		flows += counts[i].flow.flows;
	(void)fprintf(stderr,
		      "%s%llu packets, %s, %llu flows, %.2f s; alerts: %llu critical, %llu high, "
		      "%llu medium, %llu low",
		      r->interrupted && !r->live ? "interrupted after " : "",
		      (unsigned long long)r->frames,
		      str_bytes(bytes, sizeof(bytes), (double)r->bytes), (unsigned long long)flows,
		      seconds, (unsigned long long)alerts->by_severity[3],
		      (unsigned long long)alerts->by_severity[2],
		      (unsigned long long)alerts->by_severity[1],
		      (unsigned long long)alerts->by_severity[0]);
	if (r->live)
		(void)fprintf(stderr, "; %llu packets dropped", (unsigned long long)r->drops);
	(void)fputc('\n', stderr);
}
