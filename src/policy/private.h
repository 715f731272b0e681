/*
 * policy/private.h - what the files of the policy layer share.
 *
 * Threads: one at a time.
 */
#ifndef EXFILD_SRC_POLICY_PRIVATE_H
#define EXFILD_SRC_POLICY_PRIVATE_H

#include "exfild/base/table.h"
#include "exfild/config/yaml.h"
#include "exfild/policy/policy.h"

#define SECOND_NS 1000000000ull

/* --- memory.c: earlier alerts of a source ----------------------------------------------------- */

struct past_alert {
	uint64_t id;                  /* hash of its alert_id */
	uint64_t time_ns;             /* when it was last said */
	char rule[64];                /* its own */
	char policy[POLICY_NAME_MAX]; /* that decided it; "" none */
	char category[16];
	uint8_t severity;
	uint8_t asked; /* 1 + the action that was asked for it, 0: none */
	uint8_t pad[6];
};

struct past { /* of a source */
	struct ipaddr host;
	uint64_t last_ns;
	struct past_alert alerts[POLICY_PAST];
};

/* Earlier alerts of the same source that the policy of this name decided within the time. */
unsigned memory_repeats(const struct policy_memory *m, const struct event_alert *e,
			const char *policy, uint64_t within_ns);
bool memory_has(const struct policy_memory *m, const struct event_alert *e,
		const struct policy_need *need);
/* policy: that decided, "" none. */
void memory_note(struct policy_memory *m, const struct event_alert *e, const char *policy);

/* --- calendar.c: what a time is to people ------------------------------------------------------
 */

#define CLOCK_FACES 64 /* connections tell of times that lie apart */

struct clock_face { /* the same for all of a quarter of an hour, of which zones are made */
	uint64_t quarter;
	uint8_t hour, minute, weekday;
	uint32_t day;  /* rises */
	char date[40]; /* 2026-11-24 */
};

/* By the policies' time zone. */
const struct clock_face *clock_face_of(const struct policy *p, uint64_t time_ns);
/* By the calendar of that name, of the configuration; NULL, or not in it: the usual one. */
void calendar_set(const struct policy *p, const struct config *config, const char *name,
		  struct event_alert *e);

/* --- block.c: the `exfild:` block ------------------------------------------------------------- */

bool block_read(const struct yaml_node *block, struct policy_rule *ret, char *why, size_t size);

struct policy {
	struct signatures *rules;
	struct policy_rule *list;
	size_t count, room;
	bool is_utc;
	/* while loading */
	bool is_out_of_memory;
	/* while deciding */
	const struct event_alert *event;
	const struct policy_memory *memory;
	struct policy_decision
		*decisions[ALERT_ABOUT__COUNT]; /* of rules over each; NULL: not now */
	struct clock_face faces[CLOCK_FACES];
};

/* The bytes of a string of a record, as text. */
void record_text(const struct event_alert *e, const struct event_str *s, char *dst, size_t size);

#endif
