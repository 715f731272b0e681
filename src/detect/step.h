/*
 * detect/step.h - the frame of a finding about one act that is told by what it is.
 *
 * What: most sideways steps are one act of one host on another (a service made, a ticket asked, a
 * file put on a share).  step_begin() fills all of a finding that is the same for each of them; the
 * detector adds features whose contributions make up the score, the sentence, and why it is not
 * harmless.
 * Ownership: values.  Threads: analysis plane.
 */
#ifndef EXFILD_DETECT_STEP_H
#define EXFILD_DETECT_STEP_H

#include "exfild/detect/detector.h"

struct step_rule {            /* all static */
	const char *detector; /* "remote_service" */
	const char *rule;     /* rule.id: the detector's name, or one of its own */
	const char *title;    /* "Remote service execution" */
	enum finding_class class;
	const char *techniques[FINDING_TECHNIQUES]; /* NULL ends */
	const char *tactic;                         /* chief one: "TA0008" */
	const char *unseen;                         /* what could not be seen; NULL: nothing */
	const char *next_steps[FINDING_STEPS];      /* NULL ends */
};

/*
 * A finding of the event: subject is its initiator, peer its responder; times, flow, packet and
 * display filter are the event's.  What is known of the ends' names stays with the alert layer.
 */
void step_begin(struct finding *f, const struct step_rule *rule, const struct detect_env *env,
		const struct event *e);

/* The sum of the contributions so far. */
double step_score(const struct finding *f);

/*
 * The finding's score is step_score(), at most 1; severity follows it: from 0.35 low, 0.5 medium,
 * 0.7 high, 0.9 critical.  Raises the finding, or drops it below 0.35.
 */
void step_raise(struct finding *f, const struct detect_env *env);

/* The severity that a score has; SEVERITY_NONE below 0.35. */
enum severity step_severity(double score);

/* The smallest score of a severity other than none. */
double step_least(enum severity s);

/* Both ends as text: step_ends(f, from, to) with IPADDR_TEXT_MAX bytes each. */
void step_ends(const struct finding *f, char *from, char *to);

/*
 * A string of an event as text for people: at most size - 1 bytes, what is not printable ASCII as
 * '?'.  Returns dst; "" when absent.
 */
const char *step_string(char *dst, size_t size, const struct event *e, const struct event_str *s);

/* Whether a string of an event is this text, letters' case aside (ASCII). */
bool step_is(const struct event *e, const struct event_str *s, const char *text);

#endif
