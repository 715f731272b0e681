/*
 * context/prefixes.h - the longest prefix of an address.
 *
 * What: a sealed list of prefixes, each with a number of its owner; zones, inside ranges and
 * services all look up here.
 * Ownership: embedded; prefix_set_deinit frees.
 * Threads: read by any after prefix_set_seal.
 * Limits: none of its own; the configuration files that fill it are bounded.
 */
#ifndef EXFILD_CONTEXT_PREFIXES_H
#define EXFILD_CONTEXT_PREFIXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/ipaddr.h"

struct prefix_entry {
	struct prefix prefix; /* bits behind the prefix are zero */
	uint32_t vni;
	bool has_vni; /* only within this virtual network */
	uint32_t value;
};

struct prefix_set {
	struct prefix_entry *entries; /* sealed: longest first, then by address */
	size_t count, room;
	struct {
		size_t first, count;
		uint64_t mask[2]; /* of an address, in its own byte order */
		uint8_t bits;
		bool has_vni; /* some entry of it holds in one virtual network only */
	} groups[129];
	unsigned group_count;
};

void prefix_set_deinit(struct prefix_set *s);
int prefix_set_add(struct prefix_set *s, const struct prefix_entry *entry) EXF_MUST_USE;
/* Sorts; call once after the last add. */
void prefix_set_seal(struct prefix_set *s);
/* The entry with the longest prefix that holds a; of equal ones that of the virtual network. */
const struct prefix_entry *prefix_set_find(const struct prefix_set *s, const struct ipaddr *a,
					   uint32_t vni);

#endif
