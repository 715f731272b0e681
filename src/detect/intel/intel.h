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
#include "past.h"

struct intel_params {
	uint64_t again_s;
};

enum meeting_kind {
	MEETING_FLOW,    /* an end of a connection */
	MEETING_ASKED,   /* a name that DNS was asked for */
	MEETING_ANSWER,  /* what DNS answered */
	MEETING_NAME,    /* SNI, Host, a name in a certificate */
	MEETING_CONTENT, /* URL, certificate's hash, e-mail address: the thing itself */
	MEETING_FILE,    /* a file in the clear */
	MEETING_PROGRAM, /* a fingerprint or User-Agent, which programs share */
	MEETING__COUNT
};

/* Where an event meets an item. */
struct meeting {
	const struct event *e;
	const struct intel_item *item; /* the one of its value that is loudest now */
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

#define INTEL_QUIET 4096u /* a power of two */

struct intel_state {
	const struct intel_params *params;
	struct table told;
	struct past past;
	struct pool rules;
	/* hashes of texts that no indicator of the set in effect is about, by their last bits: most
	   names are asked for again and again */
	uint64_t *quiet;
	uint64_t findings, over, noise;
};

/* judge.c */
void intel_judge(struct intel_state *s, const struct detect_env *env, const struct event *e);
/* Of the items of m->item's value the loudest that holds now; false: none does. */
bool intel_choose(struct intel_state *s, const struct detect_env *env, struct meeting *m,
		  uint16_t port);

/* tell.c */
/* Whether this host has had its alert of the item's value. */
bool intel_is_told(const struct intel_state *s, const struct detect_env *env,
		   const struct ipaddr *host, const struct intel_item *item);
const char *intel_rule(struct intel_state *s, const struct intel_feed *feed);
void intel_put_indicator(struct finding *f, const struct detect_env *env, const struct meeting *m,
			 const char *value);
/* The first features: all that the score is made of. */
void intel_put_score(struct finding *f, const struct detect_env *env, const struct meeting *m);
void intel_tell(struct intel_state *s, const struct detect_env *env, const struct meeting *m);
double intel_score(const struct meeting *m, double confidence);

/* past_tell.c */
/* Writes down what an event says of who talks to whom. */
void intel_remember(struct intel_state *s, const struct detect_env *env, const struct event *e);
/* Holds up to `most` entries of the past against indicators that have come since. */
void intel_look_back(struct intel_state *s, const struct detect_env *env, uint32_t most);

#endif
