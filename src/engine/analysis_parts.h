/*
 * engine/analysis_parts.h - what the files of the analysis plane share.
 *
 * Threads: all of it belongs to the analysis thread, but struct news, which has a lock.
 */
#ifndef EXFILD_SRC_ENGINE_ANALYSIS_PARTS_H
#define EXFILD_SRC_ENGINE_ANALYSIS_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "exfild/base/buf.h"
#include "exfild/context/context.h"
#include "exfild/context/identity.h"
#include "exfild/detect/detector.h"
#include "exfild/fusion/fusion.h"
#include "analysis.h"
#include "books.h"
#include "collect.h"
#include "drops.h"
#include "evidence.h"
#include "exceptions.h"
#include "mutes.h"
#include "onesided.h"
#include "outputs.h"
#include "policies.h"
#include "publish.h"
#include "sensor.h"
#include "signatures.h"

#define EXCEPTION_COUNTS 256 /* configured exceptions that are counted one by one */

struct exception_count {
	uint64_t silenced, last_ns;
	bool is_warned;
};

#define NEWS_IDENTITIES 64
#define NEWS_NOTES      32 /* of sensor trouble between two ticks */

struct running {
	const struct detector *detector;
	void *state, *params;
	bool enabled; /* live, one that is off is kept ready: its memory outlives the switch */
	uint64_t next_tick_ns;
};

/* A detector that is on, before the events of a kind: what is touched for each of them. */
struct seat {
	void *state;
	void (*on_event)(void *state, const struct detect_env *env, const struct event *e);
	void (*ahead)(void *state, const struct detect_env *env, const struct event *e,
		      unsigned stage);
};

/* Seats of those who want a kind of events, and of those who want it ahead as well. */
struct audience {
	struct seat *seats, *ahead;
	size_t count, ahead_count;
};

/* What the reader's thread has told and the analysis has not yet taken. */
struct news {
	pthread_mutex_t lock;
	atomic_bool waiting;
	struct prefix *inside;
	size_t inside_count;
	bool has_inside;
	struct drops drops;
	struct sensor_note notes[NEWS_NOTES + SENSOR__COUNT];
	size_t note_count;
	struct identity identities[NEWS_IDENTITIES];
	size_t identity_count;
	struct analysis_change *change; /* waits to be taken */
	struct control_order *order;    /* likewise */
	pthread_cond_t taken;
	bool has_ended;
};

struct analysis {
	struct analysis_options made_with;
	struct context *context;
	struct intel *intel; /* held; NULL: no feeds */
	struct fusion *fusion;
	struct alert_store *store;
	struct alert_options alert_options;
	struct outputs *outputs;
	struct books *books; /* NULL: usage is not counted */
	struct evidence *evidence;
	struct collector *collector; /* live; NULL: no packets are kept */
	struct publisher *publisher;
	const struct drills *drills; /* live, NULL: none */
	struct running *running;
	size_t running_count;
	uint32_t max_names;
	struct seat *seats; /* room for all of them in each audience */
	struct audience audience[EVENT__COUNT];
	uint64_t next_tick_ns; /* the first of all detectors' */
	struct detect_env env;
	struct one_sided one_sided;
	uint64_t leaped_ns;
	bool is_live;
	const struct analysis_tap *tap; /* NULL: none */
	char session[17], host_name[64];
	struct keeper *keeper; /* NULL: nothing is kept */
	struct keep_list kept;
	bool goes_on;       /* the session of the state's last process */
	bool is_ended;      /* in good order: what is kept now is complete */
	uint64_t closed_ns; /* packet time at which merge windows were looked at */
	struct drops drops;
	struct sensor sensor;
	struct event_log *own_events; /* those that the analysis makes itself */
	struct news news;
	const struct config *config;
	uint64_t silenced;                                   /* findings that an exception took */
	struct exception_count exceptions[EXCEPTION_COUNTS]; /* of those configured */
	struct mutes mutes;
	uint64_t warned_ns; /* packet time at which ends were looked for */
	struct signatures *signatures;
	uint64_t signature_kinds; /* of events that any rule can match */
	struct rule_names rule_names;
	struct policies *policies;
	bool is_telling; /* what policies have said */
	FILE *events;
	struct buf line;
};

/* analysis_start.c: the context of the configuration, whole or its configured part. */
typedef int (*make_context_fn)(const struct context_options *o, struct context **ret, char *ret_why,
			       size_t why_size);
int analysis_make_context(const struct analysis_options *o, make_context_fn make,
			  struct context **ret, char *ret_why, size_t why_size) EXF_MUST_USE;
/* Days that it looks back; 0: the state ends with the process. */
uint32_t analysis_lookback(const struct analysis_options *o, const struct config *config);
/* analysis_outputs.c: the sinks of a configuration; current: those that run, NULL: none do. */
int analysis_make_outputs(struct analysis *a, const struct config *config,
			  const struct outputs *current, struct outputs **ret, char *ret_why,
			  size_t why_size) EXF_MUST_USE;
enum alert_form analysis_form(const struct config *c);
const struct config_section *analysis_section(const struct config *config, const char *name);
/* Seats the detectors that are on before the events that they want. */
void analysis_seat(struct analysis *a);

/* analysis_change.c: exchanges what is configured; between two batches. */
void analysis_take_change(struct analysis *a, struct analysis_change *c);

/* analysis_news.c: what other threads have told. */
void analysis_take_news(struct analysis *a);
/* Live, each turn. */
void analysis_keep_turn(struct analysis *a);
/* For the last time: whoever waits for a change to be taken need not. */
void analysis_end_news(struct analysis *a);

/* A detector says something; an alert goes out. */
void analysis_finding(void *arg, const struct finding *f);
void analysis_alert(void *arg, const struct alert *alert);

/* analysis.c: what policies and the responder have said becomes findings. */
void analysis_policies(struct analysis *a);
/* The rules from here on; the old ones are the caller's. */
struct signatures *analysis_take_signatures(struct analysis *a, struct signatures *fresh);

#endif
