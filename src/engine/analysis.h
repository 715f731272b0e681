/*
 * engine/analysis.h - the analysis plane: one thread, the memory of hosts and pairs.
 *
 * What: takes events in their one order, lets the context learn, shows them to the detectors and
 * signatures, and carries findings through fusion and the alert store to the sinks.
 * Ownership: owns context, detectors, fusion, alerts and sinks.
 * Threads: one at a time.
 */
#ifndef EXFILD_SRC_ENGINE_ANALYSIS_H
#define EXFILD_SRC_ENGINE_ANALYSIS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "exfild/alert/alert.h"
#include "exfild/base/err.h"
#include "exfild/config/config.h"
#include "exfild/engine/options.h"
#include "exfild/event/sensor.h"

struct analysis;
struct annals;
struct casedir;
struct collector;
struct decisions;
struct keep_list;
struct keeper;
struct evidence;
struct publisher;
struct report;
struct snapshot;

/* A self-test hears what would go out, and what an exception took. */
struct analysis_tap {
	void (*alert)(void *arg, const struct alert *a);
	void (*silenced)(void *arg, const struct finding *f, int exception);
	void *arg;
	uint64_t wall_ns; /* that exceptions are judged by */
};

struct analysis_options {
	const struct options *options;
	const struct config *config;
	const char *data_dir;
	uint32_t max_hosts, max_pairs, max_names, max_open;
	uint32_t max_indicators;           /* of feeds */
	uint32_t max_local_indicators;     /* said by hand; live */
	uint64_t spool_bytes;              /* of alerts that wait, on the disk; live */
	uint64_t usage_bytes;              /* of the usage database */
	struct publisher *publisher;       /* live, NULL: none */
	struct evidence *evidence;         /* NULL: none wanted */
	struct report *report;             /* likewise */
	struct casedir *casedir;           /* likewise */
	struct annals *annals;             /* live, NULL: no ledger is kept */
	struct decisions *decisions;       /* live, NULL: nobody hears them */
	struct collector *collector;       /* live, NULL: no packets are kept */
	const struct hash_key *key;        /* of tables; NULL: hash_key_fixed */
	const struct hash_key *sketch_key; /* of what outlives the process; NULL: the same */
	bool is_live;
	const struct analysis_tap *tap; /* NULL: none; every severity is told to it */
};

int analysis_new(const struct analysis_options *o, struct analysis **ret, char *ret_why,
		 size_t why_size) EXF_MUST_USE;
void analysis_free(struct analysis *a);

/* An event that will come soon, twice: stage 0 earlier than stage 1.  Asks for its cache lines. */
void analysis_ahead(struct analysis *a, const struct event *e, unsigned stage);
/* One event, in order. */
void analysis_event(struct analysis *a, const struct event *e);
/* A tick of packet time; leap_ns: the clock has just jumped by this much. */
void analysis_tick(struct analysis *a, uint64_t now_ns, uint64_t leap_ns);
/* It has caught up; live: sinks are flushed, news are taken in. */
void analysis_idle(struct analysis *a);
/* The input is at its end. */
void analysis_end(struct analysis *a);

/* What outlives the process.  The list leads into the analysis. */
void analysis_keep(struct analysis *a, struct keep_list *list);
/* Main, before the first event: takes in what was kept, and keeps from here on. */
int analysis_resume(struct analysis *a, struct keeper *keeper, char *ret_why,
		    size_t why_size) EXF_MUST_USE;
/* After analysis_end(): the last save; false: it could not be written, and that has been said. */
bool analysis_keep_end(struct analysis *a);
/* Packet time as far as it is known: of the state, before the first event. */
uint64_t analysis_now(const struct analysis *a);

/* News from the reader's thread, taken in at the next tick: what is inside besides the configured.
 */
void analysis_tell_inside(struct analysis *a, const struct prefix *list, size_t count);
/* The kernel dropped packets in this stretch of packet time. */
void analysis_tell_drops(struct analysis *a, uint64_t start_ns, uint64_t end_ns, uint64_t count);
/*
 * exfild is in trouble: an alert of sensor_<what> comes of it (docs/SENSOR.md), at once, then
 * summed up once a minute.  Any thread.  object: what it is about, the same words for the same
 * thing; count, total: see event/sensor.h; the text is printf-made.
 */
void analysis_tell_sensor(struct analysis *a, enum sensor_what what, const char *object,
			  uint64_t count, uint64_t total, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* The least severity that is sent. */
enum severity analysis_minimum(const struct options *o, const struct config *c);

/*
 * Another configuration while it runs (live): prepare builds and checks all of it beside what runs,
 * change has the analysis thread take it between two batches and waits for that, free gets rid of
 * what was not taken, or of what it took the place of.  The configuration must outlive its use;
 * one thread at a time.
 */
struct analysis_change;
int analysis_prepare(struct analysis *a, const struct config *config, struct analysis_change **ret,
		     char *ret_why, size_t why_size) EXF_MUST_USE;
/* The same for indicators alone; is_local: those said by hand, the feeds stay as they are. */
int analysis_prepare_intel(struct analysis *a, const struct config *config, bool is_local,
			   struct analysis_change **ret, char *ret_why,
			   size_t why_size) EXF_MUST_USE;
/* The same for the file of identities alone. */
int analysis_prepare_identities(const struct config *config, struct analysis_change **ret,
				char *ret_why, size_t why_size) EXF_MUST_USE;
/* Any thread: who has an address, from here on; false: too many wait to be taken. */
struct identity;
bool analysis_tell_identity(struct analysis *a, const struct identity *i);
/* The set in effect, for who prepares changes; NULL: none. */
struct intel;
const struct intel *analysis_intel(const struct analysis *a);
/* Digests of files that these have: bits of enum sum_kind. */
unsigned analysis_sums(const struct analysis *a);
/* False: it was not taken within so many seconds, or the analysis has ended. */
bool analysis_change(struct analysis *a, struct analysis_change *c, unsigned patience_s);
/* For how long the analysis stood still to take it. */
uint64_t analysis_change_pause(const struct analysis_change *c);
void analysis_change_free(struct analysis_change *c);

/* Any thread: alerts of this session with these numbers once more; how many, below 0: none can. */
int64_t analysis_resend(struct analysis *a, uint64_t from, uint64_t until);

/* Any thread but its own: does what an analyst asks for, and waits for that. */
struct control_order;
int analysis_order(struct analysis *a, struct control_order *order);

/*
 * Who used which service so far, for a report: a database of its own, the caller's.  Live only what
 * has not gone to usage.database yet.
 */
struct usage_db;
int analysis_usage(const struct analysis *a, struct usage_db **ret, char *ret_why,
		   size_t why_size) EXF_MUST_USE;

/* Its part of what the control socket tells. */
void analysis_snapshot(const struct analysis *a, struct snapshot *s);

const struct alert_counts *analysis_alerts(const struct analysis *a);
const struct context *analysis_context(const struct analysis *a);
/* Sinks that failed, on standard error. */
/* False: something that was asked for could not be written, and that has been said. */
bool analysis_report(const struct analysis *a);
/* What the configured exception of this number has taken. */
uint64_t analysis_silenced(const struct analysis *a, size_t exception);
bool analysis_is_one_sided(const struct analysis *a);
/* Whether an alert of at least this severity was sent. */
bool analysis_reached(const struct analysis *a, enum severity s);

#endif
