/*
 * alert/open.h - the alerts that are still under merge, as store.c and keep.c share them.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_ALERT_OPEN_H
#define EXFILD_SRC_ALERT_OPEN_H

#include <stddef.h>

#include "exfild/alert/alert.h"
#include "exfild/alert/ident.h"
#include "exfild/base/pool.h"
#include "exfild/base/table.h"
#include "triage.h"

#define LEVELS 5 /* none, low, medium, high, critical */

struct link {
	struct link *next, *prev;
};

struct told { /* what the last revision said */
	enum severity severity;
	uint64_t count, events, sent, received;
	uint32_t classes; /* 1u << enum finding_class */
};

struct open_alert {
	struct link window; /* first: lists lead back by a cast */
	struct link silence;
	uint8_t key[IDENT_KEY_SIZE];
	uint64_t since_ns; /* begin of the merge window, or of the wait for totals after it */
	uint32_t classes;
	bool is_over;      /* the window has ended: only totals are still taken in */
	bool is_updated;   /* totals came since since_ns */
	bool is_inherited; /* nothing of it was sent by this process */
	uint64_t window_order, silence_order; /* when it came to its place in the lists */
	struct told told;
	struct alert alert;
};

struct entry { /* of the table */
	uint8_t key[IDENT_KEY_SIZE];
	struct open_alert *open;
};

struct alert_store {
	struct alert_options options;
	alert_emit_fn emit;
	void *arg;
	struct table table;
	struct link windows;
	struct link by_severity[LEVELS];
	uint32_t open_count, max_open;
	uint64_t now_ns;
	uint64_t sequence;
	struct fusion *fusion;
	struct fusion *own_fusion;
	struct pool names; /* of rules and the like that were read from a state */
	uint64_t order;    /* of the last that was appended to a list */
	struct triage triage;
	struct alert_counts counts;
};

static inline unsigned alert_level(enum severity s)
{
	return s >= SEVERITY_CRITICAL ? 4 :
	       s >= SEVERITY_HIGH     ? 3 :
	       s >= SEVERITY_MEDIUM   ? 2 :
	       s >= SEVERITY_LOW      ? 1 :
					0;
}

/* Behind another one of a list. */
static inline void link_insert(struct link *at, struct link *l)
{
	l->prev = at;
	l->next = at->next;
	at->next->prev = l;
	at->next = l;
}

static inline struct open_alert *of_window(struct link *l)
{
	return (struct open_alert *)(void *)l;
}

static inline struct open_alert *of_silence(struct link *l)
{
	return (struct open_alert *)(void *)((char *)l - offsetof(struct open_alert, silence));
}

/* The list of equally severe ones; what only waits for totals is the first to go. */
static inline struct link *open_silence(struct alert_store *s, const struct open_alert *o)
{
	return &s->by_severity[o->is_over ? 0 : alert_level(o->alert.finding.severity)];
}

#endif
