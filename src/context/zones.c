/*
 * context/zones.c - inside or outside, and which zone.
 *
 * Inside is what the configured zones say; without zones the private ranges of both families.
 * --inside adds to either.  Besides these, what cannot leave a link or is no host counts as inside
 * always: link-local, loopback, multicast, broadcast and unspecified addresses are nobody's outside
 * peer, and a detector that asks "does this leave?" must hear no.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define V4_BLOCK_BITS (96 + 16)
#define NO_ZONE       UINT32_MAX

enum { BLOCK_UNKNOWN, BLOCK_OUTSIDE, BLOCK_INSIDE, BLOCK_MIXED };

static const char *const private_ranges[] = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
					      "100.64.0.0/10", "fc00::/7" };

static int add_range(struct context *c, const struct prefix *p)
{
	struct prefix_entry entry = { .prefix = *p, .value = (uint32_t)c->ranges.count };
	return prefix_set_add(&c->ranges, &entry);
}

static int add_private_ranges(struct context *c)
{
	for (size_t i = 0; i < sizeof(private_ranges) / sizeof(private_ranges[0]); i++) {
		struct prefix p;
		int r = prefix_parse(private_ranges[i], &p);
		if (r < 0)
			return r;
		r = add_range(c, &p);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One block: the pointers of all zones, and behind them their texts. */
static int copy_tags(struct context *c)
{
	size_t count = 0, bytes = 0;
	for (size_t i = 0; i < c->zone_count; i++) {
		count += c->zones[i].tag_count;
		for (size_t k = 0; k < c->zones[i].tag_count; k++)
			bytes += strlen(c->zones[i].tags[k]) + 1;
	}
	const char **list = malloc(count * sizeof(*list) + bytes + 1);
	if (!list)
		return -EXF_E_NOMEM;
	c->zone_tags = list;
	char *text = (char *)(list + count);
	for (size_t i = 0; i < c->zone_count; i++) {
		struct context_zone *z = &c->zones[i];
		const char *const *from = z->tags;
		z->tags = list;
		for (size_t k = 0; k < z->tag_count; k++) {
			size_t size = strlen(from[k]) + 1;
			*list++ = memcpy(text, from[k], size);
			text += size;
		}
	}
	return 0;
}

/* Two VLANs with equal addresses: without a tag nobody knows which of them is meant. */
static bool is_ambiguous(const struct context *c, const struct context_zone *z)
{
	for (size_t i = 0; i < c->zone_count; i++) {
		const struct context_zone *other = &c->zones[i];
		if (other->vlan && other->vlan != z->vlan && other->prefix.bits == z->prefix.bits &&
		    ipaddr_equal(&other->prefix.addr, &z->prefix.addr))
			return true;
	}
	return false;
}

static int add_tagged(struct context *c, uint32_t zone)
{
	const struct context_zone *z = &c->zones[zone];
	struct prefix_entry with_tag = { z->prefix, z->vlan, true, zone };
	struct prefix_entry without = { z->prefix, 0, false, is_ambiguous(c, z) ? NO_ZONE : zone };
	int r = prefix_set_add(&c->by_vlan, &with_tag);
	return r < 0 ? r : prefix_set_add(&c->tagged, &without);
}

static int add_zones(struct context *c, const struct context_options *o)
{
	if (o->zone_count == 0)
		return add_private_ranges(c);
	c->zones = calloc(o->zone_count, sizeof(*c->zones));
	if (!c->zones)
		return -EXF_E_NOMEM;
	memcpy(c->zones, o->zones, o->zone_count * sizeof(*c->zones));
	c->zone_count = o->zone_count;
	for (size_t i = 0; i < o->zone_count; i++) {
		const struct context_zone *z = &c->zones[i];
		struct prefix_entry entry = { z->prefix, z->vni, z->has_vni, (uint32_t)i };
		int r = z->vlan ? add_tagged(c, (uint32_t)i) : prefix_set_add(&c->by_zone, &entry);
		if (r < 0)
			return r;
	}
	return copy_tags(c);
}

int zones_init(struct context *c, const struct context_options *o, char *ret_why, size_t why_size)
{
	c->inside_slots = calloc(INSIDE_SLOTS, sizeof(*c->inside_slots));
	c->v4_blocks = calloc(V4_BLOCKS, sizeof(*c->v4_blocks));
	int r = c->inside_slots && c->v4_blocks ? add_zones(c, o) : -EXF_E_NOMEM;
	for (size_t i = 0; r == 0 && i < o->inside_count; i++)
		r = add_range(c, &o->inside[i]);
	if (r < 0) {
		snprintf(ret_why, why_size, "zones: %s", exf_strerror(r));
		return r;
	}
	prefix_set_seal(&c->by_zone);
	prefix_set_seal(&c->by_vlan);
	prefix_set_seal(&c->tagged);
	prefix_set_seal(&c->ranges);
	c->range_count = c->ranges.count;
	return 0;
}

/* Whether the ranges of the start hold the whole prefix. */
static bool is_covered(const struct prefix_set *s, const struct prefix *p)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->entries[i].prefix.bits <= p->bits &&
		    prefix_contains(&s->entries[i].prefix, &p->addr))
			return true;
	return false;
}

static bool is_same_set(const struct prefix_set *a, const struct prefix_set *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->entries[i].prefix.bits != b->entries[i].prefix.bits ||
		    !ipaddr_equal(&a->entries[i].prefix.addr, &b->entries[i].prefix.addr))
			return false;
	return true;
}

static void note_told(struct context *c, const struct prefix *list, size_t count)
{
	struct prefix *copy = count ? malloc(count * sizeof(*copy)) : NULL;
	if (copy)
		memcpy(copy, list, count * sizeof(*copy));
	free(c->told);
	c->told = copy;
	c->told_count = copy ? count : 0;
}

/* What was answered before is wrong now. */
static void forget_answers(struct context *c)
{
	memset(c->inside_slots, 0, INSIDE_SLOTS * sizeof(*c->inside_slots));
	memset(c->v4_blocks, BLOCK_UNKNOWN, V4_BLOCKS * sizeof(*c->v4_blocks));
}

/* The told ranges behind those that are configured. */
static bool apply_told(struct context *c, const struct prefix *list, size_t count)
{
	struct prefix_set fresh = { 0 };
	bool ok = c->zone_count == 0;
	/* the first range_count ranges by value are those of the start */
	for (size_t i = 0; ok && i < c->ranges.count; i++)
		if (c->ranges.entries[i].value < c->range_count)
			ok = prefix_set_add(&fresh, &c->ranges.entries[i]) == 0;
	for (size_t i = 0; ok && i < count; i++) {
		struct prefix_entry entry = { .prefix = list[i], .value = (uint32_t)fresh.count };
		if (!is_covered(&fresh, &list[i]))
			ok = prefix_set_add(&fresh, &entry) == 0;
	}
	if (ok)
		prefix_set_seal(&fresh);
	if (!ok || is_same_set(&fresh, &c->ranges)) {
		prefix_set_deinit(&fresh);
		return false;
	}
	prefix_set_deinit(&c->ranges);
	c->ranges = fresh;
	forget_answers(c);
	return true;
}

bool context_set_inside(struct context *c, const struct prefix *list, size_t count)
{
	note_told(c, list, count);
	return apply_told(c, list, count);
}

void zones_take(struct context *c, struct context *fresh)
{
	struct context old = *c;
	c->zones = fresh->zones;
	c->zone_tags = fresh->zone_tags;
	c->zone_count = fresh->zone_count;
	c->by_zone = fresh->by_zone;
	c->by_vlan = fresh->by_vlan;
	c->tagged = fresh->tagged;
	c->ranges = fresh->ranges;
	c->range_count = fresh->range_count;
	fresh->zones = old.zones;
	fresh->zone_tags = old.zone_tags;
	fresh->zone_count = old.zone_count;
	fresh->by_zone = old.by_zone;
	fresh->by_vlan = old.by_vlan;
	fresh->tagged = old.tagged;
	fresh->ranges = old.ranges;
	forget_answers(c);
	(void)apply_told(c, c->told, c->told_count);
}

void zones_deinit(struct context *c)
{
	free(c->told);
	c->told = NULL;
	free(c->inside_slots);
	c->inside_slots = NULL;
	free(c->v4_blocks);
	c->v4_blocks = NULL;
	free(c->zones);
	c->zones = NULL;
	free(c->zone_tags);
	c->zone_tags = NULL;
	prefix_set_deinit(&c->by_zone);
	prefix_set_deinit(&c->by_vlan);
	prefix_set_deinit(&c->tagged);
	prefix_set_deinit(&c->ranges);
}

const struct context_zone *context_zone(const struct context *c, const struct ipaddr *a,
					uint32_t tunnel_id, uint16_t vlan)
{
	const struct prefix_entry *entry = prefix_set_find(&c->by_zone, a, tunnel_id);
	if (c->by_vlan.count) {
		const struct prefix_entry *other = prefix_set_find(&c->tagged, a, 0);
		bool is_longer = other && (!entry || other->prefix.bits > entry->prefix.bits);
		entry = is_longer && other->value != NO_ZONE ? other : entry;
		other = prefix_set_find(&c->by_vlan, a, vlan);
		entry = other && (!entry || other->prefix.bits >= entry->prefix.bits) ? other :
											entry;
	}
	return entry ? &c->zones[entry->value] : NULL;
}

bool context_zone_has_tag(const struct context_zone *z, const char *tag)
{
	for (size_t i = 0; i < z->tag_count; i++)
		if (strcmp(z->tags[i], tag) == 0)
			return true;
	return false;
}

static bool find_inside(const struct context *c, const struct ipaddr *a, uint32_t tunnel_id)
{
	return prefix_set_find(&c->ranges, a, tunnel_id) ||
	       prefix_set_find(&c->by_zone, a, tunnel_id) || prefix_set_find(&c->tagged, a, 0) ||
	       ipaddr_is_link_local(a) || ipaddr_is_loopback(a) || ipaddr_is_multicast(a) ||
	       ipaddr_is_unspecified(a);
}

/* Whether the same answer holds for all addresses of an IPv4 /16, whatever the tunnel. */
static bool is_uniform(const struct prefix_set *s, const struct ipaddr *a)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct prefix *p = &s->entries[i].prefix;
		struct prefix block = { p->addr, V4_BLOCK_BITS };
		if (s->entries[i].has_vni ||
		    (p->bits > V4_BLOCK_BITS && prefix_contains(&block, a)))
			return false;
	}
	return true;
}

static uint8_t judge_block(const struct context *c, const struct ipaddr *a)
{
	unsigned first = a->u.b[12], second = a->u.b[13];
	bool holds_special = (first == 0 && second == 0) || (first == 255 && second == 255);
	if (holds_special || !is_uniform(&c->ranges, a) || !is_uniform(&c->by_zone, a) ||
	    !is_uniform(&c->tagged, a))
		return BLOCK_MIXED;
	return find_inside(c, a, 0) ? BLOCK_INSIDE : BLOCK_OUTSIDE;
}

static bool slot_is_inside(const struct context *c, const struct ipaddr *a, uint32_t tunnel_id)
{
	uint64_t mixed = (a->u.q[0] ^ a->u.q[1] * 0x9e3779b97f4a7c15ull) * 0xe7037ed1a0b428dbull;
	struct inside_slot *slot = &c->inside_slots[(mixed >> 40) % INSIDE_SLOTS];
	if (!slot->answer || slot->tunnel_id != tunnel_id || !ipaddr_equal(&slot->addr, a)) {
		slot->addr = *a;
		slot->tunnel_id = tunnel_id;
		slot->answer = find_inside(c, a, tunnel_id) ? 2 : 1;
	}
	return slot->answer == 2;
}

/* Most addresses are IPv4, and most answers hold for a whole /16: a byte each. */
bool context_is_inside(const struct context *c, const struct ipaddr *a, uint32_t tunnel_id)
{
	if (ipaddr_is_v4(a)) {
		uint8_t *block = &c->v4_blocks[(unsigned)a->u.b[12] << 8 | a->u.b[13]];
		if (*block == BLOCK_UNKNOWN)
			*block = judge_block(c, a);
		if (*block != BLOCK_MIXED)
			return *block == BLOCK_INSIDE;
	}
	return slot_is_inside(c, a, tunnel_id);
}

struct list {
	char *dst;
	size_t size, len;
	size_t left_out;
};

static void list_add(struct list *l, const struct prefix *p)
{
	char text[PREFIX_TEXT_MAX];
	size_t need;
	prefix_print(p, text, sizeof(text));
	need = strlen(text) + (l->len ? 2 : 0);
	/* Room stays for the word about what is left out. */
	if (l->left_out || l->len + need + 24 > l->size) {
		l->left_out++;
		return;
	}
	l->len += (size_t)snprintf(l->dst + l->len, l->size - l->len, "%s%s", l->len ? ", " : "",
				   text);
}

void context_describe_inside(const struct context *c, char *dst, size_t size)
{
	struct list l = { .dst = dst, .size = size };
	if (size == 0)
		return;
	dst[0] = '\0';
	/* Zones as they were configured, ranges as they were given. */
	for (size_t i = 0; i < c->zone_count; i++) {
		bool is_repeated =
			i > 0 && c->zones[i].prefix.bits == c->zones[i - 1].prefix.bits &&
			ipaddr_equal(&c->zones[i].prefix.addr, &c->zones[i - 1].prefix.addr);
		if (!is_repeated)
			list_add(&l, &c->zones[i].prefix);
	}
	for (uint32_t value = 0; value < c->ranges.count; value++) {
		for (size_t i = 0; i < c->ranges.count; i++) {
			if (c->ranges.entries[i].value == value)
				list_add(&l, &c->ranges.entries[i].prefix);
		}
	}
	if (l.left_out)
		snprintf(dst + l.len, size - l.len, "%s%zu more", l.len ? " and " : "", l.left_out);
}
