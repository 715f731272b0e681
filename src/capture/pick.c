/*
 * A route shorter than /8 (IPv4) or /7 (IPv6) counts as a default route as well: that is how VPN
 * clients take all traffic (0.0.0.0/1 and 128.0.0.0/1, 2000::/3).
 */
#include "pick.h"

#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"

static bool is_default(const struct prefix *p)
{
	return ipaddr_is_v4(&p->addr) && p->bits >= 96 ? p->bits < 96 + 8 : p->bits < 7;
}

static bool holds_default(const struct network_state *s, uint32_t index)
{
	for (size_t i = 0; i < s->route_count; i++)
		if (s->routes[i].index == index && is_default(&s->routes[i].destination))
			return true;
	return false;
}

static enum live_side named_side(const struct net_link *l, const struct live_interface *named,
				 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(named[i].name, l->name) == 0)
			return named[i].side;
	return LIVE_SIDE_AUTO;
}

static bool is_worth(const struct prefix *p)
{
	return !is_default(p) && !ipaddr_is_multicast(&p->addr) && !ipaddr_is_loopback(&p->addr) &&
	       !ipaddr_is_link_local(&p->addr) && !ipaddr_is_unspecified(&p->addr);
}

static void add_inside(struct pick *p, const struct prefix *prefix)
{
	if (!is_worth(prefix))
		return;
	for (size_t i = 0; i < p->inside_count; i++)
		if (p->inside[i].bits <= prefix->bits &&
		    prefix_contains(&p->inside[i], &prefix->addr))
			return;
	if (p->inside_count == p->inside_room) {
		size_t room = p->inside_room ? 2 * p->inside_room : 64;
		struct prefix *more =
			room <= PICK_PREFIXES ? realloc(p->inside, room * sizeof(*more)) : NULL;
		if (!more)
			return;
		p->inside = more;
		p->inside_room = room;
	}
	p->inside[p->inside_count++] = *prefix;
}

static void add_prefixes_of(struct pick *p, const struct network_state *s, uint32_t index)
{
	for (size_t i = 0; i < s->address_count; i++)
		if (s->addresses[i].index == index)
			add_inside(p, &s->addresses[i].prefix);
	for (size_t i = 0; i < s->route_count; i++)
		if (s->routes[i].index == index)
			add_inside(p, &s->routes[i].destination);
}

static bool has_address(const struct network_state *s, uint32_t index)
{
	for (size_t i = 0; i < s->address_count; i++)
		if (s->addresses[i].index == index &&
		    !ipaddr_is_link_local(&s->addresses[i].address))
			return true;
	return false;
}

/* Has the link VLANs of its own on it? */
static bool is_trunk(const struct network_state *s, uint32_t index)
{
	for (size_t i = 0; i < s->link_count; i++)
		if (s->links[i].parent == index && s->links[i].is_up &&
		    strcmp(s->links[i].kind, "vlan") == 0)
			return true;
	return false;
}

/* A port of a bridge or bond, whose master shows its packets; members of a VRF stand for
 * themselves. */
static bool is_port(const struct network_state *s, const struct net_link *l)
{
	const struct net_link *master = l->master ? network_link(s, l->master) : NULL;
	return master && strcmp(master->kind, "vrf") != 0;
}

static bool can_be_watched(const struct network_state *s, const struct net_link *l)
{
	return l->is_up && !l->is_loopback && l->name[0] && !is_port(s, l) &&
	       strcmp(l->kind, "vrf") != 0 && strcmp(l->kind, "ifb") != 0;
}

static void add_picked(struct pick *p, const char *name, const char *filter)
{
	if (p->count == LIVE_INTERFACES || pick_find(p, name))
		return;
	struct picked *to = &p->list[p->count++];
	str_copy(to->name, sizeof(to->name), name);
	to->filter = filter;
}

static void choose(struct pick *p, const struct network_state *s)
{
	for (size_t i = 0; i < s->link_count; i++) {
		const struct net_link *l = &s->links[i];
		if (can_be_watched(s, l) && has_address(s, l->index) && !holds_default(s, l->index))
			add_picked(p, l->name, is_trunk(s, l->index) ? "not vlan" : NULL);
	}
	p->is_fallback = p->count == 0;
	for (size_t i = 0; p->is_fallback && i < s->link_count; i++) {
		const struct net_link *l = &s->links[i];
		if (can_be_watched(s, l) && holds_default(s, l->index))
			add_picked(p, l->name, NULL);
	}
}

void pick_make(struct pick *p, const struct network_state *s, const struct live_interface *named,
	       size_t named_count)
{
	p->count = p->inside_count = 0;
	p->is_fallback = false;
	for (size_t i = 0; i < named_count; i++)
		add_picked(p, named[i].name, NULL);
	if (!named_count)
		choose(p, s);
	for (size_t i = 0; i < s->link_count; i++) {
		const struct net_link *l = &s->links[i];
		enum live_side side = named_side(l, named, named_count);
		if (side == LIVE_SIDE_INSIDE ||
		    (side == LIVE_SIDE_AUTO && !holds_default(s, l->index)))
			add_prefixes_of(p, s, l->index);
	}
}

void pick_deinit(struct pick *p)
{
	free(p->inside);
	*p = (struct pick){ 0 };
}

const struct picked *pick_find(const struct pick *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->list[i].name, name) == 0)
			return &p->list[i];
	return NULL;
}
