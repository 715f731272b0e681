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

void report_interfaces(const struct tally *t)
{
	for (uint64_t i = 0; i < t->link_count; i++) {
		const struct tally_link *l = &t->links[i];
		log_info("capture", "%s: %llu packets, %llu dropped, opened %llu times", l->name,
			 (unsigned long long)l->frames, (unsigned long long)l->drops,
			 (unsigned long long)l->opened);
	}
	if (t->cut)
		log_info("capture",
			 "%llu packets of large transfers that are only counted were taken without "
			 "all of their content",
			 (unsigned long long)t->cut);
}

static void report_plane(const struct tally_plane *t)
{
	say("flow", t->table_evictions, "flows were evicted: limits.flows was reached");
	say("flow", t->table_valued, "of them were conversations, not openings");
	say("flow", t->untold, "flows of one packet that nobody answered were not told at the end");
	say("classify", t->undecided_capped,
	    "flows stayed unclassified: limits.undecided was reached");
	say("inspect", t->inspect_refused,
	    "flows were not inspected: limits.undecided was reached");
	say("inspect", t->inspect_evicted,
	    "inspections were given up for newer flows: limits.undecided was reached");
	say("inspect", t->streams_refused + t->streams_evicted,
	    "streams were cut short: no reassembly buffer was free");
	say("event", t->events_dropped, "events were dropped");
}

void report_counters(const struct tally *t, bool verbose)
{
	const char *name;
	report_plane(&t->plane);
	say("event", t->events_refused, "events found no room on their way to the analysis");
	say("capture", t->drops, "packets were dropped: more capture.buffer_mb, or a filter");
	if (t->twice && verbose)
		log_info("capture", "%llu packets were seen on two interfaces and counted once",
			 (unsigned long long)t->twice);
	if (t->own && verbose)
		log_info("capture", "%llu packets of exfild's own connections were left out",
			 (unsigned long long)t->own);
	say("clock", t->leaps, "leaps of over an hour in the packets' time were followed");
	if (t->late && verbose)
		log_info("clock", "%llu packets were older than the packet before",
			 (unsigned long long)t->late);
	for (size_t i = 0; verbose && i < TALLY_DECODE && (name = decode_counter_name(i)); i++)
		if (t->decode[i])
			log_info("decode", "%s %llu", name, (unsigned long long)t->decode[i]);
}

void report_summary(const struct tally *t, const struct alert_counts *alerts, double seconds,
		    bool is_live)
{
	char bytes[32];
	(void)fprintf(stderr,
		      "%s%llu packets, %s, %llu flows, %.2f s; alerts: %llu critical, %llu high, "
		      "%llu medium, %llu low",
		      t->is_interrupted && !is_live ? "interrupted after " : "",
		      (unsigned long long)t->frames,
		      str_bytes(bytes, sizeof(bytes), (double)t->bytes),
		      (unsigned long long)t->plane.flows, seconds,
		      (unsigned long long)alerts->by_severity[3],
		      (unsigned long long)alerts->by_severity[2],
		      (unsigned long long)alerts->by_severity[1],
		      (unsigned long long)alerts->by_severity[0]);
	if (is_live)
		(void)fprintf(stderr, "; %llu packets dropped", (unsigned long long)t->drops);
	(void)fputc('\n', stderr);
}
