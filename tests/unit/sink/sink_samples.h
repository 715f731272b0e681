/*
 * unit/sink/sink_samples.h - records to give to sinks.
 */
#ifndef TESTS_UNIT_SINK_SAMPLES_H
#define TESTS_UNIT_SINK_SAMPLES_H

#include <stdio.h>
#include <string.h>

#include "exfild/sink/sink.h"

static inline void sample_set(struct record_parts *p, enum record_text which, const char *text)
{
	p->text[which].data = text;
	p->text[which].len = strlen(text);
}

/* number: its place and its event id; json NULL: one with the number in it. */
static inline struct record *sample_record(uint64_t number, const char *json)
{
	struct record_parts p = { .time_ns = 1795460400000000000ull + number,
				  .sequence = number,
				  .severity = 73 };
	char id[33], line[200];
	snprintf(id, sizeof(id), "%032llu", (unsigned long long)number);
	snprintf(line, sizeof(line), "{\"@timestamp\":\"x\",\"event\":{\"sequence\":%llu}}",
		 (unsigned long long)number);
	sample_set(&p, RECORD_EVENT_ID, id);
	sample_set(&p, RECORD_ALERT_ID, id);
	sample_set(&p, RECORD_SESSION, "s");
	sample_set(&p, RECORD_RULE, "dns_tunnel");
	sample_set(&p, RECORD_SOURCE, "10.1.2.3");
	sample_set(&p, RECORD_DESTINATION, "203.0.113.9");
	sample_set(&p, RECORD_MESSAGE, "10.1.2.3 sent 48 kB in names");
	sample_set(&p, RECORD_JSON, json ? json : line);
	sample_set(&p, RECORD_CEF, "CEF:0|exfild|exfild|0|dns_tunnel|Data|8|");
	sample_set(&p, RECORD_TEXT, "HIGH  Data in DNS names\n");
	struct record *r = record_make(&p);
	r->number = number;
	return r;
}

/* Gives the records first..last; how many were taken. */
static inline size_t sample_put(const struct sink_type *type, void *sink, uint64_t first,
				uint64_t last)
{
	struct record *list[1024] = { NULL };
	size_t n = 0;
	for (uint64_t i = first; i <= last; i++)
		list[n++] = sample_record(i, NULL);
	size_t taken = type->put(sink, list, n);
	for (size_t i = 0; i < n; i++)
		record_drop(list[i]);
	return taken;
}

static inline struct sink_health sample_health(const struct sink_type *type, const void *sink)
{
	struct sink_health h;
	memset(&h, 0, sizeof(h));
	type->health(sink, &h);
	return h;
}

#endif
