/*
 * alert/alert.h - from findings to alerts.
 *
 * What: merges findings of one cause (rule, subject, peer, object, merge window of packet time),
 * gives them ids, sequence and revisions (design section 6), and hands records to the sinks.
 * A revision goes out when severity rises, the count has grown tenfold, or a new stage comes; a
 * closing one when the window ends and count or bytes are not those last told.  After its window an
 * alert still takes in totals (finding.is_update) while they come, told once a window's length.
 * Ownership: the store owns its alerts; a record is borrowed during emit.
 * Threads: analysis plane.
 * Limits: max_open alerts under merge; the one with the lowest severity longest silent is closed
 * first.
 */
#ifndef EXFILD_ALERT_ALERT_H
#define EXFILD_ALERT_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"
#include "exfild/base/keep.h"
#include "exfild/context/context.h"
#include "exfild/context/geo.h"
#include "exfild/finding/finding.h"
#include "exfild/fusion/fusion.h"

#define ALERT_ID_MAX   33
#define ALERT_LINE_MAX 8192

/* What policy says of an alert; rule "": nothing. */
struct alert_policy {
	char rule[64];
	const char *action, *target; /* "quarantine", "source" */
	const char *mode;            /* replay, off, dry-run, enforce; NULL: nobody is asked */
	char outcome[176];           /* "" if there is nothing to do */
	char why[200];               /* which parts of the rule held */
	uint32_t ttl_s;              /* 0: quarantine.ttl */
	uint8_t step;                /* of its escalation, 0: none */
};

struct alert {
	struct finding finding;      /* the strongest so far; times, count and bytes are merged */
	char alert_id[ALERT_ID_MAX]; /* stays through revisions */
	char event_id[ALERT_ID_MAX]; /* of this revision */
	uint32_t revision;           /* 1, 2 ... */
	uint64_t sequence;           /* gapless in (observer.name, session) */
	uint64_t count;              /* findings merged */
	bool has_several_peers;      /* of them */
	uint64_t words_events, words_sent,
		words_received; /* that the finding's sentence knows of */
	double risk_score;      /* 0..100 */
	char community_id[40];  /* "" if no flow */
	char source_zone[64], destination_zone[64];
	char responsibility[768];   /* who does what, and whose records are to be asked for */
	char destination_name[256]; /* learnt name of the peer, "" if none */
	char source_name[128];
	struct geo source_geo, destination_geo;     /* of outside ends */
	char source_user[64], destination_user[64]; /* as privacy.users has them; "" if not known */
	const struct service *service; /* that it is about, while it goes out; NULL: none */
	const char *direction; /* outbound, internal, inbound, external; "unknown" without a peer */
	struct fusion_link chain[FUSION_LINKS]; /* other stages of the same subject, oldest first */
	size_t chain_count;
	char incident_id[ALERT_ID_MAX]; /* "" if none */
	struct fusion_incident incident;
	struct alert_policy policy; /* of this revision */
};

enum alert_form { ALERT_ECS, ALERT_OCSF, ALERT_EVE };

struct alert_options {
	enum alert_form form;    /* of alert_line() */
	const char *sensor_name; /* sensor.name, or "exfild" */
	const char *mode;        /* replay or live; a drill says so itself */
	const char *session;     /* "replay" in replay */
	uint64_t merge_ns;
	uint64_t rate_per_minute, rule_per_minute; /* 0: no limit; see triage.h */
	enum severity minimum;
	uint32_t max_open;
	const struct context *context;
	struct fusion *fusion; /* borrowed; NULL: the store keeps one of its own */
	/* packets lost in a stretch of time, NULL: none ever; live */
	uint64_t (*drops)(void *arg, uint64_t start_ns, uint64_t end_ns);
	void *drops_arg;
	/* fills alert.policy, before it is emitted; NULL: nobody does */
	void (*decide)(void *arg, struct alert *a);
	void *decide_arg;
};

typedef void (*alert_emit_fn)(void *arg, const struct alert *a);

struct alert_store;

struct alert_store *alert_store_new(const struct alert_options *o, alert_emit_fn emit, void *arg);
void alert_store_free(struct alert_store *s);
void alert_store_finding(struct alert_store *s, const struct finding *f);
/* From now on these hold, for open windows too; all else of the options stays. */
void alert_store_change(struct alert_store *s, const struct alert_options *o);
/*
 * Packet time has come to now_ns: closes the merge windows that are over.  Optional: a finding does
 * the same; live, call it every second so that a closing revision does not wait for the next
 * finding.
 */
void alert_store_tick(struct alert_store *s, uint64_t now_ns);
/* At the end of the input: sends what a merge still holds back.  The alerts stay open. */
void alert_store_flush(struct alert_store *s);

/* What of it outlives the process: open alerts, and the sequence. */
void alert_store_keep(struct alert_store *s, struct keep_list *list);
/* Of the last alert that was sent. */
uint64_t alert_store_sequence(const struct alert_store *s);
/* The session is a new one: the sequence begins anew. */
void alert_store_new_session(struct alert_store *s);

struct alert_counts {
	/* of this process: records sent; findings taken into an open alert; alerts never sent;
	 * alerts closed for room */
	uint64_t emitted, merged, below_minimum, closed_early;
	uint64_t held;           /* times that one found no place within its minute */
	uint64_t by_severity[4]; /* low, medium, high, critical: alerts, not revisions */
};
const struct alert_counts *alert_store_counts(const struct alert_store *s);

/* What policies ask about the ends of a finding: direction, zones, service, names, users, geo. */
void alert_place(struct alert *a, const struct context *c);

/* The ECS form, one line without newline, at most ALERT_LINE_MAX (optional parts are cut first). */
void alert_json(const struct alert *a, const struct alert_options *o, struct buf *out);
/* The same in the form of the options: ECS, OCSF Detection Finding, or Suricata's EVE. */
void alert_line(const struct alert *a, const struct alert_options *o, struct buf *out);
/* ArcSight's Common Event Format, one line. */
void alert_cef(const struct alert *a, const struct alert_options *o, struct buf *out);
/* The text for people; colour: ANSI colours. */
void alert_text(const struct alert *a, bool colour, struct buf *out);

/* Names of ATT&CK techniques and tactics that exfild uses; NULL if unknown. */
const char *attack_technique_name(const char *id);
const char *attack_tactic_name(const char *id);
/* The tactic under which exfild files a technique; NULL if unknown. */
const char *attack_technique_tactic(const char *id);

#endif
