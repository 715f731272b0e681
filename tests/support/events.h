/*
 * support/events.h - one sound event of every kind, with all its strings, for tests of readers.
 */
#ifndef EXFILD_TESTS_SUPPORT_EVENTS_H
#define EXFILD_TESTS_SUPPORT_EVENTS_H

#include <string.h>

#include "exfild/event/log.h"

/* Appends it: from 10.0.0.1 to 203.0.113.9 at 1.7e9 s. */
static inline void events_add(struct event_log *log, enum event_kind kind, uint64_t seq)
{
	static const uint8_t from[4] = { 10, 0, 0, 1 }, to[4] = { 203, 0, 113, 9 };
	static const char text[] = "mail.example.com";
	struct event *e = event_log_begin(log, kind, event_struct_size(kind), seq);
	e->time_ns = 1700000000000000000ull;
	e->src = ipaddr_v4(from);
	e->dst = ipaddr_v4(to);
	e->sport = 40000;
	e->dport = 443;
	e->proto = 6;
	e->ip_version = 4;
	e->flow = 7;
	for (const struct event_field *f = event_fields(kind); f->name; f++)
		if (f->type == FIELD_STR)
			event_log_str(log, (struct event_str *)((uint8_t *)e + f->offset), text,
				      sizeof(text) - 1, sizeof(text) - 1);
	event_log_commit(log);
}

#endif
