/*
 * detect/ipcheck.h - who has asked lately for its own address as the outside sees it.
 *
 * What: programs that report about a machine ask a "what is my address" service first; people do
 * too, now and then.  A weak mark that others weigh.
 * Ownership: a value; ipcheck_deinit() ends it.  Threads: analysis plane.
 * Limits: `hosts` clients, the one that is forgotten first gives way.
 */
#ifndef EXFILD_DETECT_IPCHECK_H
#define EXFILD_DETECT_IPCHECK_H

#include "exfild/base/table.h"
#include "exfild/detect/detector.h"

/* The kinds of events that ipcheck_event() reads. */
#define IPCHECK_WANTS (1ull << EVENT_DNS | 1ull << EVENT_TLS | 1ull << EVENT_HTTP)

struct ipcheck {
	struct table clients;
};

int ipcheck_init(struct ipcheck *c, const struct detect_env *env);
void ipcheck_deinit(struct ipcheck *c);
void ipcheck_event(struct ipcheck *c, const struct detect_env *env, const struct event *e);
/* Whether the client asked within the last ten minutes; of packet time. */
bool ipcheck_asked(const struct ipcheck *c, const struct detect_env *env,
		   const struct ipaddr *client);
size_t ipcheck_worst_case(const struct ipcheck *c);

#endif
