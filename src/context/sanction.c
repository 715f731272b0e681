/*
 * context/sanction.c - what the organisation says of a service, and of a tenant of it.
 *
 * A sanctioned service of which own tenants are named is sanctioned for those alone.  Where the
 * wire does not show the tenant it is unclear, which excuses nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/config/config.h"
#include "private.h"

static const char *const names[SANCTION__COUNT] = {
	[SANCTION_UNSANCTIONED] = "unsanctioned",
	[SANCTION_TOLERATED] = "tolerated",
	[SANCTION_SANCTIONED] = "sanctioned",
	[SANCTION_UNCLEAR] = SERVICE_TENANT_UNKNOWN,
};

const char *service_evidence_name(enum service_evidence e)
{
	static const char *const evidence[SERVICE_BY__COUNT] = { "", "domain", "sni", "prefix",
								 "ndpi" };
	return (unsigned)e < SERVICE_BY__COUNT ? evidence[e] : "";
}

const char *service_sanction_name(enum service_sanction s)
{
	return (unsigned)s < SANCTION__COUNT ? names[s] : "";
}

static struct service *find(struct services *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->list[i].name, name) == 0)
			return &s->list[i];
	return NULL;
}

static int refuse_name(const struct services *s, const char *where, const char *name, char *why,
		       size_t size)
{
	const char *nearest = services_nearest(s, name);
	snprintf(why, size, "%s: no service is named \"%.64s\"%s%s%s", where, name,
		 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
	return -EXF_E_INVALID;
}

static int mark(struct services *s, const char *key, const char *const *list, size_t count,
		enum service_sanction standing, char *why, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		struct service *service = find(s, list[i]);
		if (!service)
			return refuse_name(s, key, list[i], why, size);
		if (service->standing != SANCTION_UNSANCTIONED && service->standing != standing) {
			snprintf(why, size, "%s: \"%s\" is in services.sanctioned as well", key,
				 service->name);
			return -EXF_E_INVALID;
		}
		service->standing = (uint8_t)standing;
	}
	return 0;
}

/* "acme.sharepoint.com" or "acme": the tenant that the service's names would show. */
static int add_tenant(struct services *s, struct service *service, const char *place,
		      const char *text, char *why, size_t size)
{
	struct own_tenant *own = &s->own[s->own_count];
	size_t len = strlen(text);
	const struct service *of = services_by_name(s, text, len);
	bool is_known = of ? of == service && services_tenant(s, service, text, len, own->text) :
			     services_is_tenant(s, service, text, own->text);
	if (!is_known) {
		snprintf(why, size,
			 of == service ?
				 "%s: services.tenants.%s: \"%.80s\" is a name that its tenants "
				 "share" :
			 of ? "%s: services.tenants.%s: \"%.80s\" is a name of another service" :
			      "%s: services.tenants.%s: \"%.80s\" is no tenant's name there: one "
			      "writes acme, or its host name as the service gives it out",
			 place, service->name, text);
		return -EXF_E_INVALID;
	}
	own->service = (uint32_t)(service - s->list);
	service->own_tenants++;
	s->own_count++;
	return 0;
}

static int add_tenants(struct services *s, const struct config_tenants *t, char *why, size_t size)
{
	char where[512];
	struct service *service = find(s, t->service);
	(void)snprintf(where, sizeof(where), "%s: services.tenants", t->place);
	if (!service)
		return refuse_name(s, where, t->service, why, size);
	if (service->tenancy == TENANCY_NO) {
		snprintf(why, size,
			 "%s: the wire does not show the tenants of \"%s\" (tenant_visible: no)",
			 where, service->name);
		return -EXF_E_INVALID;
	}
	if (service->standing == SANCTION_UNSANCTIONED) {
		snprintf(why, size,
			 "%s: \"%s\" has tenants of yours, but is neither in services.sanctioned "
			 "nor in services.tolerated",
			 where, service->name);
		return -EXF_E_INVALID;
	}
	for (size_t i = 0; i < t->name_count; i++) {
		int r = add_tenant(s, service, t->place, t->names[i], why, size);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_room(struct services *s, const struct context_options *o, char *why, size_t size)
{
	size_t count = 0;
	for (size_t i = 0; i < o->tenant_count; i++)
		count += o->tenants[i].name_count;
	if (count > OWN_TENANTS_MAX) {
		snprintf(why, size, "services.tenants: more than %u tenants", OWN_TENANTS_MAX);
		return -EXF_E_LIMIT;
	}
	s->own = calloc(count ? count : 1, sizeof(*s->own));
	if (s->own)
		return 0;
	snprintf(why, size, "services.tenants: memory is exhausted");
	return -EXF_E_NOMEM;
}

int services_sanction(struct services *s, const struct context_options *o, char *ret_why,
		      size_t why_size)
{
	int r = make_room(s, o, ret_why, why_size);
	if (r == 0)
		r = mark(s, "services.sanctioned", o->sanctioned, o->sanctioned_count,
			 SANCTION_SANCTIONED, ret_why, why_size);
	if (r == 0)
		r = mark(s, "services.tolerated", o->tolerated, o->tolerated_count,
			 SANCTION_TOLERATED, ret_why, why_size);
	for (size_t i = 0; r == 0 && i < o->tenant_count; i++)
		r = add_tenants(s, &o->tenants[i], ret_why, why_size);
	for (size_t i = 0; r == 0 && i < s->count; i++)
		s->list[i].sanctioned =
			s->list[i].standing == SANCTION_SANCTIONED && s->list[i].own_tenants == 0;
	return r;
}

static bool is_own(const struct services *s, const struct service *service, const char *tenant)
{
	uint32_t index = (uint32_t)(service - s->list);
	for (size_t i = 0; i < s->own_count; i++)
		if (s->own[i].service == index && strcmp(s->own[i].text, tenant) == 0)
			return true;
	return false;
}

bool context_tenant_at(const struct context *c, const struct service *s, const struct ipaddr *a,
		       char dst[SERVICE_TENANT_MAX])
{
	const struct name_entry *e = names_find(&c->names, a, c->now_ns);
	bool is_told = e && e->shared_until_ns <= c->now_ns;
	return context_tenant_of(c, s, is_told ? e->text : NULL, is_told ? strlen(e->text) : 0,
				 dst);
}

enum service_sanction context_sanction_at(const struct context *c, const struct service *s,
					  const struct ipaddr *a)
{
	if (!s || s->standing == SANCTION_UNSANCTIONED || !s->own_tenants)
		return context_sanction(c, s, NULL, 0);
	const struct name_entry *e = names_find(&c->names, a, c->now_ns);
	bool is_told = e && e->shared_until_ns <= c->now_ns;
	return context_sanction(c, s, is_told ? e->text : NULL, is_told ? strlen(e->text) : 0);
}

enum service_sanction context_sanction(const struct context *c, const struct service *s,
				       const char *name, size_t len)
{
	char tenant[SERVICE_TENANT_MAX];
	if (!s || s->standing == SANCTION_UNSANCTIONED)
		return SANCTION_UNSANCTIONED;
	if (!s->own_tenants)
		return (enum service_sanction)s->standing;
	if (!context_tenant_of(c, s, name, len, tenant))
		return SANCTION_UNCLEAR;
	return is_own(&c->services, s, tenant) ? (enum service_sanction)s->standing :
						 SANCTION_UNSANCTIONED;
}
