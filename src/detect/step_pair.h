/*
 * detect/step_pair.h - two ends whose acts add up, and are told again only when they weigh more.
 *
 * What: a conversation that goes on (orders over a chat, frames of an implant) tells of itself in
 * many events, over one connection or several.  A detector keeps one entry for client, server, port
 * and kind: when it began, its first packets, the severity told so far.  Its own fields follow, in
 * a struct whose first member this is. Ownership: the detector owns the table.  Threads: analysis
 * plane. Limits: STEP_PAIR_PACKETS packets an entry.
 */
#ifndef EXFILD_DETECT_STEP_PAIR_H
#define EXFILD_DETECT_STEP_PAIR_H

#include "exfild/base/table.h"
#include "step.h"

#define STEP_PAIR_PACKETS 8

struct step_pair_key {
	struct ipaddr src, dst;
	uint32_t tunnel_key;
	uint16_t port, kind;
};

struct step_pair {
	struct step_pair_key key;
	uint64_t first_ns;
	uint64_t packets[STEP_PAIR_PACKETS];
	uint8_t told, packet_count; /* enum severity; of packets */
	uint8_t pad[6];
};

/* A table of entries of entry_size bytes, one for each "pairs_a_place" of the pairs' limit; errno.
 */
int step_pair_init(struct table *pairs, const struct detect_env *env, size_t entry_size,
		   uint32_t pairs_a_place);

/*
 * The entry of an event's initiator, responder, tunnel and responder's port, made if there is none
 * yet, with the event's packet kept; NULL: the table gives none.
 */
struct step_pair *step_pair_note(struct table *pairs, const struct event *e, uint16_t kind);

/*
 * Whether the features of f weigh at least this much, and more than what was told of the entry:
 * then it counts as told.
 */
bool step_pair_is_news(struct step_pair *p, const struct finding *f, double least);

/* The finding begins with the entry, and its packets are the entry's. */
void step_pair_prove(const struct step_pair *p, struct finding *f);

/* A feature that is worth its weight, below 0 against; none that weighs nothing. */
void step_part(struct finding *f, const char *name, double value, double weight, const char *text);

#endif
