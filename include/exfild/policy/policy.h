/*
 * policy/policy.h - what is to be done about an alert.
 *
 * What: a policy is a Sigma rule over alerts, connections or usage (event/alert.h) with an
 * `exfild:` block: action, target, time to live, `escalate` on repeats, `require` another alert of
 * the same source.  The policies stand in the order of their files; the first of those over alerts
 * that holds decides an alert, and likewise of those over connections and over usage.  Nothing is
 * done here: a decision says what is to be done, and policy_gate() what speaks against it.
 * Ownership: policy_free frees; decisions point into the set.
 * Threads: loading on any; then one at a time.
 * Limits: POLICY_STEPS steps of `escalate`; POLICY_HOSTS sources whose earlier alerts are known,
 * POLICY_PAST alerts of each: the one longest silent goes first.
 */
#ifndef EXFILD_POLICY_POLICY_H
#define EXFILD_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/alert/alert.h"
#include "exfild/base/buf.h"
#include "exfild/base/err.h"
#include "exfild/base/keep.h"
#include "exfild/config/config.h"
#include "exfild/context/context.h"
#include "exfild/event/alert.h"
#include "exfild/event/log.h"
#include "exfild/policy/window.h"
#include "exfild/signature/signature.h"

#define POLICY_STEPS     4
#define POLICY_HOSTS     4096
#define POLICY_PAST      8
#define POLICY_NAME_MAX  64
#define POLICY_TTL_MAX_S (30u * 86400)

enum policy_action {               /* in order of what they do to somebody */
		     POLICY_LABEL, /* the alert names the policy */
		     POLICY_ALERT, /* and one of the policy's own, of its level, comes with it */
		     POLICY_RATE_LIMIT,
		     POLICY_QUARANTINE, /* a host of the inside */
		     POLICY_BLOCK,      /* an address of the outside */
		     POLICY_ACTION__COUNT
};

enum policy_target { POLICY_SOURCE, POLICY_DESTINATION, POLICY_PAIR, POLICY_TARGET__COUNT };

struct policy_step { /* of `escalate` */
	uint32_t repeats;
	uint64_t within_ns;
	enum policy_action action;
	uint32_t ttl_s;
};

struct policy_need {        /* of `require`: another alert of the same source */
	uint64_t within_ns; /* 0: there is none */
	char rule[64];      /* "" any; a '*' at its end stands for the rest */
	char category[16];  /* "" any */
	uint8_t severity;   /* at least */
};

struct policy_rule {
	char name[POLICY_NAME_MAX]; /* `name`, else the id: what alerts say behind "policy:" */
	enum alert_about about;     /* alerts, connections or usage */
	enum policy_action action;
	enum policy_target target;
	uint32_t ttl_s; /* 0: quarantine.ttl */
	bool shared;    /* also where many names live at the address */
	unsigned step_count;
	struct policy_step steps[POLICY_STEPS];
	struct policy_need need;
	/* since it was loaded: its condition held; it decided; an earlier one had decided */
	uint64_t held, decided, shadowed;
};

struct policy_decision {
	const struct policy_rule *rule; /* NULL: no policy holds */
	const struct signature_rule *about;
	enum policy_action action;
	uint32_t ttl_s;
	unsigned step;    /* of `escalate`, from 1; 0: none */
	unsigned repeats; /* earlier alerts of the source that this policy decided */
	char why[256];    /* which parts of the rule held */
};

struct policy;

/*
 * All files must be sound: -EXF_E_INVALID, and ret_why is the first "file:line:column: sentence".
 * A file that is not there is none.  timezone: of hour and weekday; for another one than UTC the
 * process's must have been set (TZ, tzset).
 */
int policy_load(const char *const *paths, size_t count, const char *timezone, struct policy **ret,
		char *ret_why, size_t why_size) EXF_MUST_USE;
/* The same from one text; `name` stands for its file. */
int policy_parse(const char *name, const void *text, size_t len, const char *timezone,
		 struct policy **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
void policy_free(struct policy *p);

size_t policy_count(const struct policy *p);
const struct policy_rule *policy_rule_at(const struct policy *p, size_t i);
const struct signature_rule *policy_about(const struct policy *p, size_t i);
uint64_t policy_digest(const struct policy *p);
/* Whether any can ask that somebody be cut off or slowed down. */
bool policy_acts(const struct policy *p);
/* Whether any looks at that. */
bool policy_looks_at(const struct policy *p, enum alert_about what);
/*
 * How much must have been sent before any policy over connections (or usage) can hold: bytes_out or
 * total_out_day, and so every other sum.  e: a record whose zones, direction and content are those
 * at hand, NULL: whatever they are; has_risk: its risk and stages, too.  INFINITY: none can.
 */
double policy_least(const struct policy *p, enum alert_about what, const struct event_alert *e,
		    bool has_risk);
/* Whether any asks for the field of this name (event_alert_fields()). */
bool policy_reads(const struct policy *p, const char *field);

/* Earlier alerts of each source; it outlives the sets that ask it. */
struct policy_memory;
struct policy_memory *policy_memory_new(uint32_t hosts); /* 0: POLICY_HOSTS; NULL: memory */
void policy_memory_free(struct policy_memory *m);
/*
 * Whether this has been asked for this alert before; from here on it has.  An alert without a
 * source is always asked for.
 */
bool policy_memory_asked(struct policy_memory *m, const struct event_alert *e,
			 enum policy_action action);
/* The address is another machine's: what was known of the one before is not its. */
void policy_memory_forget(struct policy_memory *m, const struct ipaddr *host);
void policy_memory_keep(struct policy_memory *m, struct keep_list *list);

/* The alert as a record, appended to the log and committed; hour and weekday are set. */
struct policy_facts { /* what the alert itself does not tell */
	enum alert_proof proof;
	bool moved;
	const struct config *config; /* whose zones have tags and calendars; NULL: none do */
	enum alert_about about;
	struct policy_sums to_target, to_all; /* of its source, zero where not counted */
	uint32_t content;   /* 1u << enum content_kind: found in the clear in its connection */
	const char *labels; /* of that; NULL: none */
	enum flow_outcome outcome;
	float duration_s;
};
const struct event_alert *policy_record(const struct policy *p, struct event_log *log,
					const struct alert *a, const struct context *c,
					const struct policy_facts *facts);
/* Hour, weekday, workday and working hours of a record, from its time and the usual calendar. */
void policy_set_clock(const struct policy *p, struct event_alert *e);
/* The hour and the day of a time, by the clock of the policies. */
struct policy_moment policy_moment_of(const struct policy *p, uint64_t time_ns);

/* In order of the alerts; remembers this one. */
void policy_decide(struct policy *p, struct policy_memory *m, const struct event_alert *e,
		   struct policy_decision *ret);
/*
 * A connection that has come further, and with it the usage of its source: which policy over
 * connections and which over usage holds.  Their own alerts tell of it, and are remembered then.
 */
void policy_decide_step(struct policy *p, struct policy_memory *m, const struct event_alert *e,
			struct policy_decision *ret_flow, struct policy_decision *ret_usage);
/*
 * The policy of this name has raised this alert by itself: what it decides, and why; remembers the
 * alert.  False: it is no policy over connections or usage.
 */
bool policy_decide_own(struct policy *p, struct policy_memory *m, const struct event_alert *e,
		       const char *name, const char *why, struct policy_decision *ret);

/* Of the alert that the policy makes by itself: its level. */
enum severity policy_severity(const struct policy_decision *d);

/*
 * What speaks against doing what was decided, as a sentence; NULL: nothing.  Only what one spoofed
 * sender cannot forge cuts somebody off, no learnt role is ever cut off, and no address that many
 * names share unless the policy says so.
 */
const char *policy_gate(const struct policy_decision *d, const struct event_alert *e);

/* Nothing but proof is missing: what shows it may come yet. */
bool policy_lacks_proof(const struct policy_decision *d, const struct event_alert *e);

const char *policy_action_name(enum policy_action a);
const char *policy_target_name(enum policy_target t);

/* For people: policy, decision, reasons, in one line each. */
void policy_explain(const struct policy_decision *d, const struct event_alert *e, struct buf *out);

#endif
