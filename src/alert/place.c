/*
 * alert/place.c - what the context knows about both ends of an alert.
 */
#include "place.h"

#include "exfild/base/str.h"
#include "exfild/context/context.h"

static void zone_name(const struct context *c, const struct finding_end *end, uint32_t tunnel_id,
		      char *dst, size_t size)
{
	const struct context_zone *z =
		c && end->has_ip ? context_zone(c, &end->ip, tunnel_id) : NULL;
	str_copy(dst, size, z ? z->name : "");
}

static const char *direction_of(const struct context *c, const struct finding *f)
{
	if (!c || !f->subject.has_ip || !f->peer.has_ip)
		return "unknown";
	bool from_inside = context_is_inside(c, &f->subject.ip, f->tunnel_id);
	bool to_inside = context_is_inside(c, &f->peer.ip, f->tunnel_id);
	if (from_inside)
		return to_inside ? "internal" : "outbound";
	return to_inside ? "inbound" : "external";
}

/* Who answers for the subject: the owner of its zone, with the zone's model. */
static void set_responsibility(struct alert *a, const struct context_zone *z)
{
	a->responsibility[0] = '\0';
	if (z && z->owner[0] && z->model[0])
		finding_text(a->responsibility, sizeof(a->responsibility), "%s (%s)", z->owner,
			     z->model);
	else if (z)
		str_copy(a->responsibility, sizeof(a->responsibility), z->owner);
}

void place_alert(struct alert *a, const struct context *c)
{
	const struct finding *f = &a->finding;
	const char *name;

	a->direction = direction_of(c, f);
	if (!c)
		return;
	zone_name(c, &f->subject, f->tunnel_id, a->source_zone, sizeof(a->source_zone));
	zone_name(c, &f->peer, f->tunnel_id, a->destination_zone, sizeof(a->destination_zone));
	if (f->subject.has_ip) {
		set_responsibility(a, context_zone(c, &f->subject.ip, f->tunnel_id));
		name = context_host_name(c, &f->subject.ip);
		str_copy(a->source_name, sizeof(a->source_name), name ? name : "");
	}
	if (f->peer.has_ip) {
		name = context_host_name(c, &f->peer.ip);
		if (!name)
			name = context_name_of(c, &f->peer.ip);
		str_copy(a->destination_name, sizeof(a->destination_name), name ? name : "");
	}
}
