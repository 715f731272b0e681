/*
 * context/private.h - the parts of a context, for the files of this folder.
 */
#ifndef EXFILD_CONTEXT_PRIVATE_H
#define EXFILD_CONTEXT_PRIVATE_H

#include "exfild/context/context.h"
#include "exfild/context/geo.h"
#include "baseline.h"
#include "flow_names.h"
#include "hosts.h"
#include "identity.h"
#include "managers.h"
#include "names.h"
#include "prefixes.h"
#include "services.h"
#include "suffix.h"

#define INSIDE_SLOTS 4096
#define V4_BLOCKS    65536

/* What context_is_inside() answered for an address; asked several times for every flow. */
struct inside_slot {
	struct ipaddr addr;
	uint32_t tunnel_id;
	uint8_t answer; /* 0: none yet, 1: outside, 2: inside */
};

struct context {
	struct context_zone *zones;
	void *zone_tags; /* what their tags point into */
	size_t zone_count;
	struct prefix_set by_zone;
	struct prefix_set by_vlan,
		tagged;           /* zones with a VLAN: by their tag, and by addresses alone */
	struct prefix_set ranges; /* built-in and --inside: inside, without a zone's name */
	size_t range_count;       /* of ranges that were configured */
	struct prefix *told;      /* by context_set_inside(), for after a change */
	size_t told_count;
	struct inside_slot *inside_slots; /* INSIDE_SLOTS, direct-mapped */
	uint8_t *v4_blocks;               /* V4_BLOCKS: what holds for an IPv4 /16 */
	struct services services;
	struct suffix *suffix;
	struct names names;
	struct flow_names flow_names;
	struct hosts hosts;
	struct identities identities;
	struct geo_set *geo; /* NULL: none */
	struct managers managers;
	struct baseline baseline;
	uint64_t now_ns; /* packet time of the newest event */
};

int zones_init(struct context *c, const struct context_options *o, char *ret_why,
	       size_t why_size) EXF_MUST_USE;
/* Exchanges what is configured; what was told of the inside holds on. */
void zones_take(struct context *c, struct context *fresh);
void zones_deinit(struct context *c);
/* What the event of a flow adds to what leaves: context_upload(). */
void upload_flow(struct context *c, const struct event_flow *f);

#endif
