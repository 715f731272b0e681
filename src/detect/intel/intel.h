/*
 * detect/intel/intel.h - what the parts of this detector share.
 *
 * Threads: analysis plane.
 */
#ifndef EXFILD_SRC_DETECT_INTEL_INTEL_H
#define EXFILD_SRC_DETECT_INTEL_INTEL_H

#include "exfild/base/pool.h"
#include "exfild/base/table.h"
#include "exfild/detect/detector.h"

struct intel_params {
	uint64_t again_s;
};

enum meeting_kind {
	MEETING_FLOW,    /* an end of a connection */
	MEETING_ASKED,   /* a name that DNS was asked for */
	MEETING_ANSWER,  /* what DNS answered */
	MEETING_NAME,    /* SNI, Host, a name in a certificate */
	MEETING_CONTENT, /* URL, certificate's hash, e-mail address: the thing itself */
	MEETING_PROGRAM, /* a fingerprint or User-Agent, which programs share */
	MEETING__COUNT
};

/* Where an event meets an item. */
struct meeting {
	const struct event *e;
	const struct intel_item *item; /* the one of its value that is surest now */
	enum meeting_kind kind;
	const char *field;   /* "dns.question.name" */
	unsigned confidence; /* that is left */
	unsigned others;     /* feeds that have it too */
	bool is_reached;     /* the connection stands, the name has an address */
	bool is_inbound;     /* the listed end has begun it */
	char seen[128]; /* what was there: below a listed domain, another name; "" if the same */
};

struct told { /* a host and an indicator */
	struct ipaddr host;
	uint64_t value; /* hash of it */
	uint64_t told_ns;
	uint64_t count; /* since it was told */
	uint32_t score; /* in thousandths */
	uint32_t pad;
};

struct intel_state {
	const struct intel_params *params;
	struct table told;
	struct pool rules;
	uint64_t findings, over, noise;
};

/* tell.c */
void intel_tell(struct intel_state *s, const struct detect_env *env, const struct meeting *m);
double intel_score(const struct meeting *m, double confidence);

#endif
