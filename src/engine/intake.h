/*
 * engine/intake.h - what others tell the daemon over Redis (live; docs/MESSAGES.md).
 *
 * What: decisions of the responder go to the channel quarantine by the same connection; a thread
 * with a connection of its own reads the streams that redis.signed switches on, from where it has
 * come to.  A message that is not signed with the key, not of now, not new, too large or no message
 * is counted, logged and told by sensor_message; a good one is done at once.  How far it has come
 * and the nonces that still count lie beside the state. Ownership: intake_stop frees. Threads:
 * main; one of its own, never that of packets or analysis. Limits: those of inbox/seal.h and
 * bus/stream.h; what comes waits in Redis.
 */
#ifndef EXFILD_SRC_ENGINE_INTAKE_H
#define EXFILD_SRC_ENGINE_INTAKE_H

#include "analysis.h"
#include "decisions.h"
#include "publish.h"
#include "reload.h"

struct intake;

struct intake_options {
	const struct config *config; /* of the start */
	struct reload *reload;
	struct analysis *analysis;
	struct publisher *publisher;
	struct decisions *decisions; /* to be published; NULL: none are */
};

/* Whether decisions are published: Redis, a responder, redis.decisions. */
bool intake_wants_decisions(const struct config *c);

/* *ret NULL: nothing is switched on. -EXF_E_IO, -EXF_E_INVALID: the key. */
int intake_start(const struct intake_options *o, struct intake **ret, char *ret_why,
		 size_t why_size) EXF_MUST_USE;
/* Ends the thread within a second, or when what it has begun is done; NULL is accepted. */
void intake_stop(struct intake *i);

#endif
