/*
 * unit/signature/rules.h - rules and events of a test, and what comes of them.
 */
#ifndef EXFILD_TESTS_UNIT_SIGNATURE_RULES_H
#define EXFILD_TESTS_UNIT_SIGNATURE_RULES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/event/log.h"
#include "exfild/signature/signature.h"

struct seen {
	unsigned count;
	char titles[512];
	struct signature_hit last;
};

static inline void on_hit(void *arg, const struct signature_hit *hit)
{
	struct seen *s = arg;
	size_t n = strlen(s->titles);
	s->count++;
	s->last = *hit;
	snprintf(s->titles + n, sizeof(s->titles) - n, "%s;", hit->rule->title);
}

static inline struct signatures *rules_of(const char *text)
{
	struct signatures *s = NULL;
	assert_int_equal(signatures_parse("t.yml", text, strlen(text), &s), 0);
	return s;
}

/* The set of a text that must load without a problem. */
static inline struct signatures *sound_rules(const char *text)
{
	struct signatures *s = rules_of(text);
	if (signatures_problem_count(s))
		print_error("%s\n", signatures_problem(s, 0));
	assert_int_equal(signatures_problem_count(s), 0);
	return s;
}

/* Shows the lines of a text, each an event, to a set. */
static inline struct seen show(struct signatures *s, const char *lines)
{
	struct seen seen = { 0 };
	struct event_log *log = event_log_new();
	uint64_t seq = 1;
	char why[200];
	for (const char *p = lines; *p; p += strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n')) {
		size_t len = strcspn(p, "\n");
		if (signature_line(log, p, len, seq++, why, sizeof(why)) != 0)
			fail_msg("%s: %.*s", why, (int)len, p);
	}
	for (const struct event *e = event_log_next(log, NULL); e; e = event_log_next(log, e))
		signatures_event(s, e, on_hit, &seen);
	event_log_free(log);
	return seen;
}

#endif
