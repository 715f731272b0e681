/*
 * engine/enforcer.h - asks exfild-responder, and hears what it has done (live).
 *
 * What: a thread of its own carries requests to the responder's socket, so that the analysis never
 * waits for it, and once a second asks for its acts.  A responder that is away, slow or refuses is
 * counted, logged and told as a note; traffic flows.
 * Ownership: enforcer_stop frees.  Threads: put and take on the analysis thread; one of its own.
 * Limits: ENFORCER_QUEUE requests wait, ENFORCER_NOTES notes; what comes on top is counted.
 */
#ifndef EXFILD_SRC_ENGINE_ENFORCER_H
#define EXFILD_SRC_ENGINE_ENFORCER_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/responder/request.h"

#define ENFORCER_QUEUE 64
#define ENFORCER_NOTES 128

enum enforcer_note_kind {
	ENFORCER_ACT,   /* of the responder */
	ENFORCER_FAILED /* it could not be asked, or did not do it */
};

struct enforcer_note {
	enum enforcer_note_kind kind;
	struct quarantine_act act; /* FAILED: its entry is what was asked for */
	char text[160];
};

struct enforcer;

int enforcer_start(const char *socket_path, struct enforcer **ret) EXF_MUST_USE;
void enforcer_stop(struct enforcer *e);
/* False: too many wait. */
bool enforcer_put(struct enforcer *e, const struct quarantine_request *r);
/* The responder did not answer the last time. */
bool enforcer_is_away(const struct enforcer *e);
bool enforcer_take(struct enforcer *e, struct enforcer_note *ret);

struct enforcer_counts {
	uint64_t asked, done, refused, failed, full; /* requests */
	uint64_t acts, notes_lost;
};
void enforcer_counts(struct enforcer *e, struct enforcer_counts *ret);

#endif
