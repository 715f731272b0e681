/*
 * detect/dns_tunnel/question.h - one DNS message, taken apart.
 *
 * What: the name in lower case, its registered domain and the hashes that lead to its entries. None
 * of it depends on what other messages brought, so that it is worked out some events before its
 * turn, when the cache lines can still be asked for.
 * Ownership: points into the event and itself.  Threads: analysis plane.
 * Limits: READY_COUNT messages are kept ready; what was not, is worked out at its turn.
 */
#ifndef EXFILD_SRC_DETECT_DNS_TUNNEL_QUESTION_H
#define EXFILD_SRC_DETECT_DNS_TUNNEL_QUESTION_H

#include "dns_tunnel.h"

#define READY_COUNT 128

struct question {
	const struct event_dns *e;
	uint64_t seq;     /* of the event: its memory is used again */
	const char *wire; /* the name as it came */
	size_t len, sub;  /* of the name; of what stands before the registered domain */
	uint64_t hash;    /* of the lower-case name */
	uint64_t key_hash;
	uint32_t n;
	uint32_t marks;
	struct pair_key key;
	char domain[DOMAIN_TEXT];
	char lower[EVENT_STR_MAX];
};

/* A message that says something of its asker. */
bool question_wanted(const struct event_dns *e);
/* The message taken apart; key_hash is its key's in a table with env->sketch_key. */
void question_read(struct question *q, const struct detect_env *env, const struct event_dns *e);

#endif
