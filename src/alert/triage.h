/*
 * alert/triage.h - how many alerts a minute go out, and what is said of the rest.
 *
 * What: packet time is cut into minutes.  Within one, each rule and all together have a number of
 * alerts; low ones may use a half of that of all, medium ones three quarters, critical ones twice
 * as much, so that a flood of little things hides no great one.  What finds no place is held: it
 * stays open and may go later, and at the minute's end one alert a rule (alerts_summarised) says
 * how many there were, from when to when, and whose.
 * Ownership: a value.  Threads: analysis plane.
 * Limits: TRIAGE_RULES rules a minute, further ones are told as "others".
 */
#ifndef EXFILD_SRC_ALERT_TRIAGE_H
#define EXFILD_SRC_ALERT_TRIAGE_H

#include "exfild/finding/finding.h"

#define TRIAGE_RULES    64
#define TRIAGE_SUBJECTS 8

struct triage_rule {
	char name[64];
	uint64_t sent, held;
	enum severity worst; /* of those held */
	uint64_t first_ns, last_ns;
	struct ipaddr subjects[TRIAGE_SUBJECTS];
	unsigned subject_count;
};

struct triage {
	uint64_t minute;
	uint64_t sent; /* of all rules */
	struct triage_rule rules[TRIAGE_RULES + 1];
	unsigned rule_count;
};

/* The rule of what is said at the end of a minute. */
extern const char triage_rule_name[];

/* Whether this may go out now; limits 0: none. */
bool triage_takes(struct triage *t, const struct finding *f, uint64_t now_ns, uint64_t all,
		  uint64_t each);
/* Whether a minute has ended in which something was held. */
bool triage_is_due(const struct triage *t, uint64_t now_ns);
/* What rule i held, as a finding; false: nothing. */
bool triage_tell(const struct triage *t, unsigned i, uint64_t all, uint64_t each,
		 struct finding *ret);
/* A new minute. */
void triage_begin(struct triage *t, uint64_t now_ns);

#endif
