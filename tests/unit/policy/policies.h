/*
 * unit/policy/policies.h - policies and alerts of a test, and what is decided.
 */
#ifndef EXFILD_TESTS_UNIT_POLICY_POLICIES_H
#define EXFILD_TESTS_UNIT_POLICY_POLICIES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/policy/policy.h"

#define LOGSOURCE "logsource: {product: exfild, category: alert}\n"
#define POLICY(name, search, block)                                                           \
 "title: " name "\nname: " name "\n" LOGSOURCE "detection: {s: {" search "}, condition: s}\n" \
 "exfild: {" block "}\n"

static inline struct policy *sound(const char *text)
{
	struct policy *p = NULL;
	char why[800] = "";
	if (policy_parse("p.yaml", text, strlen(text), "UTC", &p, why, sizeof(why)) != 0)
		fail_msg("%s", why);
	return p;
}

/* An alert by the fields of its record, as JSON without braces. */
static inline struct policy_decision decide_with(struct policy *p, struct policy_memory *m,
						 struct event_log *log, const char *fields,
						 const struct event_alert **ret)
{
	char line[2048], why[200];
	struct policy_decision d;
	int n = snprintf(line, sizeof(line), "{\"kind\":\"alert\",%s}", fields);
	event_log_reset(log);
	if (signature_line(log, line, (size_t)n, 1, why, sizeof(why)) != 0)
		fail_msg("%s: %s", why, line);
	struct event_alert *e = (struct event_alert *)(uintptr_t)event_log_next(log, NULL);
	policy_set_clock(p, e);
	policy_decide(p, m, e, &d);
	if (ret)
		*ret = e;
	return d;
}

#endif
