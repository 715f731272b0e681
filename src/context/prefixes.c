/*
 * context/prefixes.c - the longest prefix of an address.
 *
 * Entries of one length stand together, sorted; a look-up masks the address once a length that
 * occurs, longest first, and searches that group.  A configuration has few lengths, so this beats a
 * trie in size and is as fast.
 */
#include "prefixes.h"

#define WALK_MAX 8

#include <stdlib.h>
#include <string.h>

void prefix_set_deinit(struct prefix_set *s)
{
	free(s->entries);
	memset(s, 0, sizeof(*s));
}

static struct ipaddr masked(const struct ipaddr *a, unsigned bits)
{
	struct ipaddr m = *a;
	unsigned byte = bits / 8;
	if (byte < 16) {
		m.u.b[byte] = (uint8_t)(m.u.b[byte] & (0xff00u >> (bits % 8)));
		memset(m.u.b + byte + 1, 0, 15 - byte);
	}
	return m;
}

int prefix_set_add(struct prefix_set *s, const struct prefix_entry *entry)
{
	if (entry->prefix.bits > 128)
		return -EXF_E_RANGE;
	if (s->count == s->room) {
		size_t room = s->room ? s->room * 2 : 32;
		struct prefix_entry *grown = realloc(s->entries, room * sizeof(*grown));
		if (!grown)
			return -EXF_E_NOMEM;
		s->entries = grown;
		s->room = room;
	}
	s->entries[s->count] = *entry;
	s->entries[s->count].prefix.addr = masked(&entry->prefix.addr, entry->prefix.bits);
	s->count++;
	return 0;
}

/* Within one length: by address, those of a virtual network first, by its number. */
static int compare_within(const struct prefix_entry *a, const struct prefix_entry *b)
{
	int order = ipaddr_cmp(&a->prefix.addr, &b->prefix.addr);
	if (order)
		return order;
	if (a->has_vni != b->has_vni)
		return a->has_vni ? -1 : 1;
	if (a->has_vni && a->vni != b->vni)
		return a->vni < b->vni ? -1 : 1;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct prefix_entry *a = left, *b = right;
	if (a->prefix.bits != b->prefix.bits)
		return a->prefix.bits > b->prefix.bits ? -1 : 1;
	int order = compare_within(a, b);
	if (order)
		return order;
	/* Twice the same: the first one given wins, whatever qsort does. */
	return a->value < b->value ? -1 : a->value > b->value;
}

void prefix_set_seal(struct prefix_set *s)
{
	s->group_count = 0;
	if (s->count == 0)
		return;
	qsort(s->entries, s->count, sizeof(*s->entries), compare);
	for (size_t i = 0; i < s->count; i++) {
		uint8_t bits = s->entries[i].prefix.bits;
		if (i == 0 || bits != s->entries[i - 1].prefix.bits) {
			s->groups[s->group_count].bits = bits;
			s->groups[s->group_count].first = i;
			s->groups[s->group_count].count = 0;
			s->groups[s->group_count].has_vni = false;
			const struct ipaddr ones = { .u.q = { UINT64_MAX, UINT64_MAX } };
			const struct ipaddr mask = masked(&ones, bits);
			s->groups[s->group_count].mask[0] = mask.u.q[0];
			s->groups[s->group_count].mask[1] = mask.u.q[1];
			s->group_count++;
		}
		s->groups[s->group_count - 1].count++;
		s->groups[s->group_count - 1].has_vni |= s->entries[i].has_vni;
	}
}

static const struct prefix_entry *search(const struct prefix_entry *entries, size_t count,
					 const struct prefix_entry *wanted)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_within(&entries[middle], wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < count && compare_within(&entries[low], wanted) == 0)
		return &entries[low];
	return NULL;
}

/* A handful of entries is walked faster than searched. */
static const struct prefix_entry *walk(const struct prefix_entry *entries, size_t count,
				       const struct ipaddr *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (ipaddr_equal(&entries[i].prefix.addr, wanted))
			return &entries[i];
	return NULL;
}

const struct prefix_entry *prefix_set_find(const struct prefix_set *s, const struct ipaddr *a,
					   uint32_t vni)
{
	for (unsigned i = 0; i < s->group_count; i++) {
		struct prefix_entry wanted = { .vni = vni, .has_vni = true };
		const struct prefix_entry *group = s->entries + s->groups[i].first;
		const struct prefix_entry *found = NULL;
		wanted.prefix.addr.u.q[0] = a->u.q[0] & s->groups[i].mask[0];
		wanted.prefix.addr.u.q[1] = a->u.q[1] & s->groups[i].mask[1];
		if (!s->groups[i].has_vni && s->groups[i].count <= WALK_MAX) {
			found = walk(group, s->groups[i].count, &wanted.prefix.addr);
		} else {
			found = search(group, s->groups[i].count, &wanted);
			wanted.has_vni = false;
			if (!found)
				found = search(group, s->groups[i].count, &wanted);
		}
		if (found)
			return found;
	}
	return NULL;
}
