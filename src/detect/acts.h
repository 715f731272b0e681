/*
 * detect/acts.h - judges of what one host does to another, by marks.
 *
 * What: for each pair of hosts the marks that its acts have left within a window, and for six
 * windows at most.  A mark has a weight and a sentence; their sum is the score.  A finding is
 * raised when the severity of the sum has risen.  A pair that does the same on several days has a
 * habit, which takes from the score. Ownership: a detector's state begins with its struct acts.
 * Threads: analysis plane. Limits: ACTS_PAIRS pairs a detector; the ones with the fewest marks make
 * room.
 */
#ifndef EXFILD_DETECT_ACTS_H
#define EXFILD_DETECT_ACTS_H

#include "exfild/base/table.h"
#include "exfild/detect/detector.h"
#include "step.h"

#define ACTS_PAIRS   2048u
#define ACTS_MARKS   32
#define ACTS_PACKETS 8
#define ACTS_OBJECT  64
#define ACTS_DETAIL  128
#define ACTS_HABIT   0.25 /* what a habit takes away */
#define ACTS_DAYS    3    /* earlier days that make one */

struct acts_params {
	uint64_t window_s;
};

struct acts_mark {
	const char *name; /* of the feature; NULL ends a list */
	double weight;
	const char *text;
	const char *technique; /* that it adds; NULL: none */
};

struct act {
	struct ipaddr src, dst;
	uint32_t tunnel_key, pad;
	uint64_t first_ns, last_ns;   /* packet time, for people */
	uint64_t begin_ns, steady_ns; /* of the first and of the last mark */
	uint64_t counted_ns;          /* since when `number` counts */
	uint64_t packets[ACTS_PACKETS];
	uint32_t marks;  /* bits */
	uint32_t count;  /* acts that left a mark */
	uint32_t day;    /* the last on which it had its habit */
	uint32_t days;   /* so many before that */
	uint32_t number; /* the detector's own, of one window */
	uint8_t told;    /* severity of the last finding */
	uint8_t packet_count;
	bool is_sealed; /* some arguments were encrypted */
	uint8_t pad2;
	char object[ACTS_OBJECT]; /* what it is about, as text for people */
	char detail[ACTS_DETAIL];
};

struct acts_rule { /* all static */
	struct step_rule step;
	const struct acts_mark *marks;
	uint32_t habit; /* bits of the marks that admins leave every day */
	const char *not_harmless;
	/* The sentence: who did what. */
	void (*message)(struct finding *f, const struct act *a, const char *from, const char *to);
};

struct acts {
	const struct acts_rule *rule;
	const struct acts_params *params;
	struct table pairs;
	uint64_t findings;
};

extern const struct param acts_param_table[];

int acts_init(struct acts *s, const struct acts_rule *rule, const void *params,
	      const struct detect_env *env);
void acts_deinit(void *state);
void acts_keep(struct acts *s, struct keep_list *list, const char *name);
void acts_counters(const void *state, struct detector_counters *ret);

/*
 * The pair of an event; is_back: from its responder to its initiator.  Marks older than the window
 * are forgotten.
 */
struct act *acts_of(struct acts *s, const struct detect_env *env, const struct event *e,
		    bool is_back);
/* The same if it is known already, else NULL. */
struct act *acts_known(struct acts *s, const struct detect_env *env, const struct event *e,
		       bool is_back);
/* Notes marks of an act; raises what has become worse. */
void acts_note(struct acts *s, const struct detect_env *env, const struct event *e, struct act *a,
	       uint32_t marks);

/* ---- reading events ---- */

/* A call of the interface that was carried out, or is on its way: not refused by a fault. */
bool act_is_call(const struct event *e, const char *interface);
/*
 * The same of an interface that no server lets anybody use who has not logged in: over TCP the call
 * is authenticated; that of a pipe is by its SMB session.
 */
bool act_is_admin_call(const struct event *e, const char *interface);
/* The same, and what the server answered with a fault: what was tried, in vain or not. */
bool act_is_admin_try(const struct event *e, const char *interface);
/* The server answered with a fault, or with a status other than success. */
bool act_is_refused(const struct event_rpc *e);
/* The bit of the operation in the list (NULL ends), from 0; -1: none of them. */
int act_operation(const struct event_rpc *e, const char *const *operations);
/* Copies object and detail of a call into the act, where there are any. */
void act_text(struct act *a, const struct event_rpc *e);
/* Whether one of the words (NULL ends, lower case) stands in the text. */
bool act_has_word(const char *text, const char *const *words);
/* Whether a text starts a command interpreter or a known loader of code. */
bool act_is_interpreter(const char *text);
/* Whether a command line has its output written to a share of its own host, to be read from afar.
 */
bool act_writes_to_share(const char *text);
/* The host of a UNC path, "10.0.0.9" of \\10.0.0.9\share; false: it is none. */
bool act_unc_host(char *dst, size_t size, const char *path);
/* Whether a host of a path, as a name or an address, is this address. */
bool act_is_host(const struct detect_env *env, const char *host, const struct ipaddr *a);

/* clang-format off */
/* The parts of a detector whose state is a struct acts and whose rule is `rule`. */
#define ACTS_DETECTOR(id, title_, idea_, wants_, on_event_)                                        \
	static int acts_init_of(void *state, const void *params, const struct detect_env *env)     \
	{                                                                                          \
		return acts_init(state, &rule, params, env);                                       \
	}                                                                                          \
	static void acts_keep_of(void *state, struct keep_list *list)                              \
	{                                                                                          \
		acts_keep(state, list, #id ".pairs");                                              \
	}                                                                                          \
	const struct detector id##_detector = {                                                    \
		.name = #id,                                                                       \
		.title = (title_),                                                                   \
		.idea = (idea_),                                                                     \
		.params = acts_param_table,                                                        \
		.params_size = sizeof(struct acts_params),                                         \
		.state_size = sizeof(struct acts),                                                 \
		.wants = (wants_),                                                                   \
		.init = acts_init_of,                                                              \
		.deinit = acts_deinit,                                                             \
		.on_event = (on_event_),                                                             \
		.keep = acts_keep_of,                                                              \
		.counters = acts_counters,                                                         \
	}
/* clang-format on */

#endif
