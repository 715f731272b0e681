/*
 * signature/signature.h - Sigma rules over events.
 *
 * What: reads Sigma rules (specification 2.1), correlations and filters from files, compiles them
 * once, and says of each event which rules it fulfils.  What a rule asks that cannot be seen in
 * events, or cannot be read, is a problem with file:line:column and a reason; all others load.
 * Ownership: signatures_free ends a set with all that it has given out, but for names that the
 * caller has copied.
 * Threads: loading on any; then one at a time.
 * Limits: SIGNATURE_RULES rules of 64 KiB each, SIGNATURE_PROBLEMS problems that are kept in words;
 * the state of all correlations takes SIGNATURE_STATE bytes at most, the groups that were longest
 * without an event go first.
 */
#ifndef EXFILD_SIGNATURE_SIGNATURE_H
#define EXFILD_SIGNATURE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"
#include "exfild/base/err.h"
#include "exfild/event/event.h"

#define SIGNATURE_RULES      65536
#define SIGNATURE_PROBLEMS   4096
#define SIGNATURE_STATE      (16u << 20)
#define SIGNATURE_TEXTS      8  /* references, false positives, techniques of a rule */
#define SIGNATURE_PARTS      12 /* parts of a rule that a hit names */
#define SIGNATURE_GROUP_TEXT 200

enum signature_level {
	SIGNATURE_INFORMATIONAL,
	SIGNATURE_LOW,
	SIGNATURE_MEDIUM,
	SIGNATURE_HIGH,
	SIGNATURE_CRITICAL
};

/* What a rule says about itself.  Texts are never NULL, "" when the rule has none. */
struct signature_rule {
	const char *id;    /* as written; without one, the file's name */
	const char *title; /* as written */
	const char *name, *description, *author, *license, *status, *date;
	enum signature_level level;
	const char *references[SIGNATURE_TEXTS], *falsepositives[SIGNATURE_TEXTS];
	const char *techniques[SIGNATURE_TEXTS]; /* "T1071.004" */
	const char *tactic;                      /* "TA0010", NULL: none is named */
	const char *logsource;                   /* "category dns" */
	const char *file;
	uint32_t line;
	bool is_correlation;
	bool is_silent;  /* others refer to it: it raises nothing by itself */
	bool is_part;    /* what a rule of the old form `| count()` counts: the rule is another */
	uint64_t kinds;  /* of events that can fulfil it, 1ull << enum event_kind */
	const char *why; /* it cannot be used: "file:line:column: sentence"; NULL: it can */
	uint32_t number; /* in its set, from 0: signatures_rule() */
};

/* A part of a rule that an event has fulfilled. */
struct signature_part {
	const char *search; /* name of the search: "selection" */
	const char *field;  /* with its modifiers: "query|endswith" */
	const char *text;   /* the values, short */
	char value[64];     /* what the event had, escaped and cut; of addresses no query part */
};

struct signature_hit {
	const struct signature_rule *rule;
	const struct event *event; /* the one that completed it */
	struct signature_part parts[SIGNATURE_PARTS];
	unsigned part_count;
	/* of a correlation */
	uint64_t start_ns;
	double value, limit; /* events, distinct values, sum ... and what the rule asks */
	const char *measure; /* "events", "different values" */
	bool has_peer;       /* false: of a correlation whose groups do not go by the destination */
	char group[SIGNATURE_GROUP_TEXT]; /* the group's values */
};

typedef void (*signature_hit_fn)(void *arg, const struct signature_hit *hit);

struct signatures;

/*
 * Reads each path: a file, or a folder with all .yml and .yaml files below it, sorted by bytes.  A
 * folder that is not there is none.  0, or -EXF_E_NOMEM; problems are not errors.
 */
int signatures_load(const char *const *paths, size_t count, struct signatures **ret) EXF_MUST_USE;
/* The same from one text; `name` stands for its file. */
int signatures_parse(const char *name, const void *text, size_t len,
		     struct signatures **ret) EXF_MUST_USE;
void signatures_free(struct signatures *s);

struct yaml_node;
/*
 * A set of policies: rules over alerts (event/alert.h) alone, each with a block of this key.  In
 * other sets such a block, and a rule over alerts, is a problem.
 */
struct signature_block {
	const char *key;
	/* The block of the rule with this number; false: ret_why has place and sentence. */
	bool (*read)(void *arg, uint32_t number, const struct yaml_node *block, char *ret_why,
		     size_t why_size);
	void *arg;
};
int signatures_load_policies(const char *const *paths, size_t count,
			     const struct signature_block *block,
			     struct signatures **ret) EXF_MUST_USE;
int signatures_parse_policies(const char *name, const void *text, size_t len,
			      const struct signature_block *block,
			      struct signatures **ret) EXF_MUST_USE;

/*
 * Makes the databases of expressions now, on the thread that loads; else each is made when the
 * first event needs it, which takes some milliseconds.  False: memory.
 */
bool signatures_compile(struct signatures *s);

size_t signatures_count(const struct signatures *s);
const struct signature_rule *signatures_rule(const struct signatures *s, size_t i);
/* All problems; the first SIGNATURE_PROBLEMS have words: "file:line:column: sentence". */
size_t signatures_problem_count(const struct signatures *s);
const char *signatures_problem(const struct signatures *s, size_t i);
/* Of all texts that were read: the same digest, the same rules. */
uint64_t signatures_digest(const struct signatures *s);
/* Kinds of events that any rule can match, 1ull << enum event_kind. */
uint64_t signatures_wants(const struct signatures *s);
/* Whether any rule over events of that kind asks for the field of this name (event_fields()). */
bool signatures_reads(const struct signatures *s, enum event_kind kind, const char *field);

struct signature_view {
	const struct event
		*event;           /* whose values of the fields `known` are right; NULL: none are */
	const char *const *known; /* names of fields (event_fields()), ended by NULL */
	const char *const
		*amounts; /* likewise: none of them is above some number of the caller's */
};
/*
 * How large that number must at least be for a rule to hold, whatever all other fields may be;
 * INFINITY: it cannot hold.  May be too small, never too large.
 */
double signatures_least(struct signatures *s, size_t rule, const struct signature_view *v);

/* One event, in order; hits in the order of the rules. */
void signatures_event(struct signatures *s, const struct event *e, signature_hit_fn hit, void *arg);

/* ---- for people who write rules ---- */

/* What a rule has cost since signatures_measure(). */
struct signature_cost {
	uint64_t evaluations, hits;
	uint64_t own_ns;    /* of its condition */
	uint64_t shared_ns; /* its part of what the searches of its fields took */
};
void signatures_measure(struct signatures *s);
struct signature_cost signatures_cost(const struct signatures *s, size_t rule);
/* How far an event fulfils a rule: parts that hold, of how many; *ret gets a line for each. */
unsigned signatures_why(struct signatures *s, size_t rule, const struct event *e, unsigned *ret_of,
			struct buf *ret);
/* The table of log sources and fields, as text. */
void signatures_print_sources(struct buf *out);

struct event_log;
/* Appends the event that a line of --events tells. -EXF_E_FORMAT, with a reason. */
int signature_line(struct event_log *log, const char *line, size_t len, uint64_t seq, char *ret_why,
		   size_t why_size) EXF_MUST_USE;

#endif
