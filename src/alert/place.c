/*
 * alert/place.c - what the context knows about both ends of an alert.
 */
#include "place.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/context/context.h"
#include "exfild/context/identity.h"
#include "duty.h"

static const struct context_zone *zone_of(const struct context *c, const struct finding *f,
					  const struct finding_end *end)
{
	return end->has_ip ? context_zone(c, &end->ip, f->tunnel_id, f->vlan) : NULL;
}

static bool is_inside(const struct context *c, const struct finding_end *end, uint32_t tunnel_id)
{
	return end->has_ip && context_is_inside(c, &end->ip, tunnel_id);
}

static const char *direction_of(const struct context *c, const struct finding *f)
{
	if (!c || !f->subject.has_ip || !f->peer.has_ip)
		return "unknown";
	bool to_inside = is_inside(c, &f->peer, f->tunnel_id);
	if (is_inside(c, &f->subject, f->tunnel_id))
		return to_inside ? "internal" : "outbound";
	return to_inside ? "inbound" : "external";
}

/* Is the peer an end of the flow that the finding names? */
static bool is_of_flow(const struct finding *f)
{
	return f->flow && f->peer.has_ip &&
	       (ipaddr_equal(&f->peer.ip, &f->flow_dst) || ipaddr_equal(&f->peer.ip, &f->flow_src));
}

/* What a learnt name said, or else a prefix of the service's own. */
static enum service_evidence evidence_of(const struct context *c, const struct service *s,
					 const struct ipaddr *a)
{
	const char *name = context_name_of(c, a);
	bool is_name = name && context_service_by_name(c, name, strlen(name)) == s;
	return is_name ? context_name_evidence(c, name, strlen(name)) : SERVICE_BY_PREFIX;
}

/* The service of the finding's name, else of the peer's address, else what nDPI took it for. */
static const struct service *find_service(const struct context *c, const struct finding *f,
					  enum service_evidence *ret)
{
	size_t len = strlen(f->domain);
	const struct service *s = len ? context_service_by_name(c, f->domain, len) : NULL;
	*ret = s ? context_name_evidence(c, f->domain, len) : SERVICE_BY_NOTHING;
	if (!s && f->peer.has_ip && !is_inside(c, &f->peer, f->tunnel_id)) {
		s = context_service_by_ip(c, &f->peer.ip);
		*ret = s ? evidence_of(c, s, &f->peer.ip) : SERVICE_BY_NDPI;
		if (!s && is_of_flow(f))
			s = context_service_by_flow(c, f->flow);
	}
	return s && f->service[0] && strcmp(f->service, s->name) != 0 ? NULL : s;
}

/* The name that the flow itself asked for, where the finding is about that flow and not a sum. */
static const char *own_name(const struct context *c, const struct finding *f,
			    const struct service *s)
{
	const char *name = is_of_flow(f) && !f->by_volume ? context_flow_name(c, f->flow) : NULL;
	return name && context_service_by_name(c, name, strlen(name)) == s ? name : NULL;
}

/*
 * Service, tenant, sanction; what policies ask for is this, too.  The flow's own name says whose
 * account it is.  A name that is no more than what was learnt for the address tells the tenant as
 * far as the address does.
 */
static const struct service *set_service(const struct context *c, struct finding *f,
					 enum service_sanction *ret)
{
	enum service_evidence by;
	const struct service *s = find_service(c, f, &by);
	if (!s)
		return NULL;
	bool by_name = f->domain[0] && context_service_by_name(c, f->domain, strlen(f->domain));
	const char *own = own_name(c, f, s);
	const char *learnt = f->peer.has_ip ? context_name_of(c, &f->peer.ip) : NULL;
	if (by == SERVICE_BY_NDPI) {
		/* a resemblance: no account is shown, and nothing is excused */
		*ret = s->standing == SANCTION_UNSANCTIONED ? SANCTION_UNSANCTIONED :
							      SANCTION_UNCLEAR;
		(void)context_tenant_of(c, s, NULL, 0, f->service_tenant);
	} else if (own) {
		by = context_name_evidence(c, own, strlen(own));
		*ret = context_sanction(c, s, own, strlen(own));
		(void)context_tenant_of(c, s, own, strlen(own), f->service_tenant);
	} else if (by_name && (!learnt || strcmp(learnt, f->domain) != 0)) {
		*ret = context_sanction(c, s, f->domain, strlen(f->domain));
		(void)context_tenant_of(c, s, f->domain, strlen(f->domain), f->service_tenant);
	} else {
		*ret = context_sanction_at(c, s, &f->peer.ip);
		(void)context_tenant_at(c, s, &f->peer.ip, f->service_tenant);
	}
	str_copy(f->service, sizeof(f->service), s->name);
	str_copy(f->service_by, sizeof(f->service_by), service_evidence_name(by));
	str_copy(f->service_category, sizeof(f->service_category), s->category);
	str_copy(f->service_sanction, sizeof(f->service_sanction), service_sanction_name(*ret));
	f->service_sanctioned = *ret == SANCTION_SANCTIONED;
	return s;
}

static void append(struct alert *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void append(struct alert *a, const char *fmt, ...)
{
	size_t len = strlen(a->responsibility), size = sizeof(a->responsibility);
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(a->responsibility + len, size - len, fmt, args);
	va_end(args);
}

/* "it-team (private)"; without a zone's owner it is whoever reads it. */
static void append_owner(struct alert *a, const struct context_zone *z, enum duty_model m)
{
	append(a, "%s (%s)", z && z->owner[0] ? z->owner : "you", duty_model_name(m));
}

/* Who does what, and whose records are missing: of the zones concerned, then of the service. */
static void set_responsibility(struct alert *a, const struct context *c, const struct service *s,
			       enum service_sanction sanction)
{
	const struct finding *f = &a->finding;
	const struct context_zone *from = zone_of(c, f, &f->subject);
	const struct context_zone *to = zone_of(c, f, &f->peer);
	const struct context_zone *z = from ? from : to;
	a->responsibility[0] = '\0';
	bool is_upload = s && f->class == FINDING_EXFIL && is_inside(c, &f->subject, f->tunnel_id);
	if (!z && !is_upload)
		return; /* who runs it was not configured */
	enum duty_model m = duty_model_of(z ? z->model : "");
	const struct duty *d = duty_of(m, f->class);
	append_owner(a, z, m);
	append(a, ": the data is yours: %s", d->customer);
	if (d->records[0])
		append(a, "; ask the provider for: %s", d->records);
	if (from && to && strcmp(from->owner, to->owner) != 0) {
		enum duty_model other = duty_model_of(to->model);
		append(a, "; with ");
		append_owner(a, to, other);
	}
	if (is_upload) {
		enum duty_model theirs = duty_model_of_service(s);
		append(a, "; ask %s (%s) for: %s", s->title, duty_model_name(theirs),
		       duty_of_service(theirs, sanction));
	}
}

static void set_user(char *dst, size_t size, const struct context *c, const struct finding_end *end)
{
	const char *user = end->has_ip ? context_user_of(c, &end->ip) : NULL;
	str_copy(dst, size, user ? user : "");
}

static void set_geo(struct geo *g, const struct context *c, const struct finding_end *end,
		    uint32_t tunnel_id)
{
	*g = (struct geo){ .as_number = 0 };
	if (end->has_ip)
		(void)context_geo_of(c, &end->ip, tunnel_id, g);
}

static enum service_sanction set_context(struct alert *a, const struct context *c)
{
	struct finding *f = &a->finding;
	enum service_sanction sanction = SANCTION_UNSANCTIONED;
	const struct context_zone *z;
	const char *name;

	a->direction = direction_of(c, f);
	a->service = NULL;
	if (!c)
		return sanction;
	z = zone_of(c, f, &f->subject);
	str_copy(a->source_zone, sizeof(a->source_zone), z ? z->name : "");
	z = zone_of(c, f, &f->peer);
	str_copy(a->destination_zone, sizeof(a->destination_zone), z ? z->name : "");
	a->service = set_service(c, f, &sanction);
	set_geo(&a->source_geo, c, &f->subject, f->tunnel_id);
	set_geo(&a->destination_geo, c, &f->peer, f->tunnel_id);
	set_user(a->source_user, sizeof(a->source_user), c, &f->subject);
	set_user(a->destination_user, sizeof(a->destination_user), c, &f->peer);
	if (f->subject.has_ip) {
		name = context_host_name(c, &f->subject.ip);
		str_copy(a->source_name, sizeof(a->source_name), name ? name : "");
	}
	if (f->peer.has_ip) {
		name = context_host_name(c, &f->peer.ip);
		if (!name)
			name = context_name_of(c, &f->peer.ip);
		str_copy(a->destination_name, sizeof(a->destination_name), name ? name : "");
	}
	return sanction;
}

void alert_place(struct alert *a, const struct context *c)
{
	(void)set_context(a, c);
}

void place_alert(struct alert *a, const struct context *c)
{
	enum service_sanction sanction = set_context(a, c);
	if (c)
		set_responsibility(a, c, a->service, sanction);
}
