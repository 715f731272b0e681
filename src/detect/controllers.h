/*
 * detect/controllers.h - which hosts act as domain controllers, learnt from events.
 *
 * What: a host is one when others replicate with it (drsuapi), or when it serves both Kerberos and
 * LDAP.  The attacker's host serves none of these.
 * Ownership: a value.  Threads: analysis plane.
 * Limits: CONTROLLERS hosts that serve any of it.
 */
#ifndef EXFILD_DETECT_CONTROLLERS_H
#define EXFILD_DETECT_CONTROLLERS_H

#include "exfild/base/table.h"
#include "exfild/detect/detector.h"

#define CONTROLLERS       1024u
#define CONTROLLERS_WANTS (1ull << EVENT_RPC | 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END)

struct controllers {
	struct table hosts;
	uint64_t since_ns; /* steady, of the first event; 0: none yet */
};

int controllers_init(struct controllers *c, const struct detect_env *env);
void controllers_deinit(struct controllers *c);
void controllers_keep(struct controllers *c, struct keep_list *list, const char *name);
/* Learns; call for every event of CONTROLLERS_WANTS, before judging it or after. */
void controllers_event(struct controllers *c, const struct detect_env *env, const struct event *e);
bool controllers_has(const struct controllers *c, const struct event *e, const struct ipaddr *a);
/* It has watched for a day: a controller would have been seen as one. */
bool controllers_settled(const struct controllers *c, const struct detect_env *env);

#endif
