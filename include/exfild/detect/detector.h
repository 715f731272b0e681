/*
 * detect/detector.h - the contract of a judge.
 *
 * What: a detector is one file (or folder of its name) and one line of detectors.def.  It sees
 * events in one order and packet time, keeps bounded state, and raises findings.  The engine never
 * names a detector; order in the .def has no meaning.
 * Responsibilities of a detector: memory only in its `state` and in tables with caps; no clock but
 * env->now_ns; abstain where it cannot judge (one-sided input); every finding explains itself.
 * Threads: analysis plane.
 */
#ifndef EXFILD_DETECT_DETECTOR_H
#define EXFILD_DETECT_DETECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/hash.h"
#include "exfild/base/keep.h"
#include "exfild/base/param.h"
#include "exfild/context/context.h"
#include "exfild/event/event.h"
#include "exfild/finding/finding.h"
#include "exfild/intel/intel.h"

/* How often on_tick() tells the totals of what has grown since it was told (finding.is_update). */
#define DETECT_TOTALS_NS (60ull * 1000000000ull)

/* One object for the life of a state: it may be kept. */
struct detect_env {
	struct context *context;
	const struct intel *intel; /* indicators in effect; NULL: none */
	struct hash_key key;       /* of tables: random a process */
	struct hash_key
		sketch_key; /* of hashes that outlive it: marks, sketches, keys of entries */
	uint64_t now_ns;    /* packet time: what alerts show */
	uint64_t steady_ns; /* packet time without accepted leaps: for windows, ages and decay */
	bool one_sided;     /* over 95 % of the input's SYNs lack any reverse packet */
	uint32_t max_hosts; /* caps from limits */
	uint32_t max_pairs;
	/* How long who talked to whom is remembered for indicators to come; 0: the state ends with
	   the process, and nobody will ask. */
	uint32_t lookback_days;
	void (*raise)(void *arg, const struct finding *f);
	void *arg;
};

/* Counters of a detector, for the sensor's own word about its blind spots. */
struct detector_counters {
	uint64_t entries, evictions, evicted_with_evidence, findings;
	size_t worst_case_bytes;
};

struct detector {
	const char *name;           /* "dns_tunnel" */
	const char *title;          /* "Data in DNS names" */
	const char *idea;           /* one sentence: how it decides */
	const struct param *params; /* ends with PARAM_END; offsets into the params struct */
	size_t params_size;
	size_t state_size; /* bytes, zeroed before init */
	uint64_t wants;    /* 1ull << enum event_kind */
	uint64_t tick_ns;  /* how often on_tick comes; 0: never */
	/*
	 * params is valid as long as the state; a reload may change the values between two calls.
	 * 0 or -EXF_E_x.
	 */
	int (*init)(void *state, const void *params, const struct detect_env *env);
	/* The values of params have changed: work out again what depends on them. May be NULL. */
	void (*retune)(void *state);
	void (*deinit)(void *state);
	/*
	 * An event that will come some events later: stage 0, then stage 1.  For prefetches and
	 * for work that depends on the event alone; must not change what any event means.  May be
	 * NULL.
	 */
	void (*ahead)(void *state, const struct detect_env *env, const struct event *e,
		      unsigned stage);
	void (*on_event)(void *state, const struct detect_env *env, const struct event *e);
	void (*on_tick)(void *state, const struct detect_env *env);
	/* The input is at its end: say what was held back for more. May be NULL. */
	void (*on_end)(void *state, const struct detect_env *env);
	/*
	 * What of the state outlives the process, under names that begin with the detector's and a
	 * dot.  Entries come back after init and before the first event.  May be NULL.
	 */
	void (*keep)(void *state, struct keep_list *list);
	void (*counters)(const void *state, struct detector_counters *ret);
};

/* All registered detectors, sorted by name; NULL ends. */
const struct detector *const *detector_list(void);

#endif
