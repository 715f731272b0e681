/*
 * detect/intel/past.h - who talked to whom in the last days, for indicators that arrive later.
 *
 * What: one entry for each inside host and address that it had a connection with, and for each
 * name that it asked for or used: on which days, how often, how much.  When other indicators take
 * effect, all entries are held against them, some at a tick, and each is told once.
 * Ownership: embedded in the detector's state.  Threads: analysis plane.
 * Limits: a fourth (PAST_OF_PAIRS) of limits.pairs; what was seen once and moved nothing goes
 * first.  Of a name longer than PAST_NAME - 1 bytes the labels that fit are kept, from its end.
 */
#ifndef EXFILD_SRC_DETECT_INTEL_PAST_H
#define EXFILD_SRC_DETECT_INTEL_PAST_H

#include "exfild/base/table.h"
#include "exfild/detect/detector.h"

#define PAST_OF_PAIRS 4u
#define PAST_NAME     96
#define PAST_PORTS    4

struct past_key {
	struct ipaddr host;
	uint64_t what; /* keyed hash of address or name */
	uint32_t tunnel_id;
	uint32_t is_name;
};

struct past_entry {
	struct past_key key;
	uint64_t first_ns, last_ns; /* packet time */
	uint64_t up, down;          /* IP bytes of connections with the address */
	uint64_t day_bytes;         /* both, on the day of last_ns */
	uint64_t peak_bytes;        /* both, on peak_day */
	uint32_t peak_day;          /* since 1970 */
	uint32_t days;              /* bit i: i days before that of last_ns */
	uint32_t count;             /* connections; times that the name was used */
	struct ipaddr peer;         /* the address; of a name the last it was used with, or none */
	uint16_t ports[PAST_PORTS]; /* of the peer, the first ones; 0: none */
	uint8_t is_reached;         /* a connection stood */
	uint8_t is_inbound;         /* the peer began it */
	uint8_t is_told;            /* an indicator of it has had its alert */
	uint8_t has_peer;
	char name[PAST_NAME]; /* "": an address */
};

/* What an entry is held against the indicators by; true: it has had its alert. */
typedef bool (*past_meet_fn)(void *arg, const struct past_entry *p);

struct past {
	struct table entries;
	uint64_t serial; /* of the indicators that all entries below `at` have been held against */
	uint32_t at;     /* slot to look at next */
	uint32_t day;    /* since 1970, of the last look at ages */
	bool is_walking;
};

int past_init(struct past *p, const struct detect_env *env) EXF_MUST_USE;
void past_deinit(struct past *p);
void past_keep(struct past *p, struct keep_list *list);

/* An event that tells of an address or a name: the entry that it went into, or NULL. */
struct past_entry *past_event(struct past *p, const struct detect_env *env, const struct event *e);
/* Whether every entry has been held against the indicators in effect. */
bool past_is_done(const struct past *p, const struct detect_env *env);
/* Up to `most` entries against the indicators in effect, where they have not been yet. */
void past_walk(struct past *p, const struct detect_env *env, uint32_t most, past_meet_fn meet,
	       void *arg);
/* The connection's entry that a name was used for; NULL: none. */
const struct past_entry *past_address_of(const struct past *p, const struct detect_env *env,
					 const struct past_entry *name);

#endif
