/*
 * intel/guard.c - what no feed may call bad.
 *
 * One wrong line (a public resolver, a whole provider, a suffix under which half the world lives)
 * would make an alert of every host.  What the catalogue of services knows by itself, what the
 * public suffix list calls a suffix, and what is no address of one outside host is held back; what
 * lies below a service that gives names to its customers is not.
 */
#include "exfild/intel/guard.h"

#include <string.h>

#define V4_SHORTEST (96u + 8u)
#define V6_SHORTEST 16u

static const char *guard_address(const struct intel_guard *g, const struct ipaddr *a)
{
	const struct service *s;
	if (ipaddr_is_unspecified(a) || ipaddr_is_multicast(a))
		return "it is no address of a host";
	if (ipaddr_is_private(a) || ipaddr_is_link_local(a) || ipaddr_is_loopback(a))
		return "it is a private address";
	if (context_is_inside(g->context, a, 0))
		return "it is inside";
	s = context_service_by_ip(g->context, a);
	/* an address is everybody's who has an account there: its own tenants' as well */
	if (s && (s->class == SERVICE_RESOLVER || s->class == SERVICE_UPDATE ||
		  s->standing == SANCTION_SANCTIONED))
		return "it is a public resolver, an update server or a sanctioned service";
	return NULL;
}

static const char *guard_network(const struct intel_guard *g, const uint8_t value[17])
{
	static const char *const kept[] = { "10.0.0.0/8",  "172.16.0.0/12", "192.168.0.0/16",
					    "127.0.0.0/8", "224.0.0.0/4",   "fe80::/10",
					    "fc00::/7",    "ff00::/8" };
	struct prefix p;
	memset(&p, 0, sizeof(p));
	memcpy(p.addr.u.b, value, 16);
	p.bits = value[16];
	if (p.bits < (ipaddr_is_v4(&p.addr) ? V4_SHORTEST : V6_SHORTEST))
		return "a network so large is no indicator";
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		struct prefix k;
		if (prefix_parse(kept[i], &k) == 0 &&
		    (prefix_contains(&k, &p.addr) || prefix_contains(&p, &k.addr)))
			return "it holds private addresses";
	}
	return guard_address(g, &p.addr);
}

static bool is_suffix(const struct intel_guard *g, const char *name, size_t len)
{
	char below[2 + 253];
	const char *registered;
	size_t n;
	if (len > 253)
		return false;
	below[0] = 'x';
	below[1] = '.';
	memcpy(below + 2, name, len);
	(void)context_registered(g->context, below, len + 2, &registered, &n);
	return n == len + 2;
}

/* The service whose own domain this is; a name below one is its customer's, or may be. */
static const struct service *owner_of(const struct intel_guard *g, const char *name, size_t len)
{
	const struct service *s = context_service_by_name(g->context, name, len);
	const char *dot = memchr(name, '.', len);
	if (context_name_evidence(g->context, name, len) == SERVICE_BY_SNI)
		return NULL; /* a pattern is of many names, not one's own */
	if (!s || !dot)
		return s;
	const struct service *above =
		context_service_by_name(g->context, dot + 1, len - (size_t)(dot + 1 - name));
	return above == s ? NULL : s;
}

/* Of a sanctioned service, and not shown to be somebody else's account there. */
static bool is_ours(const struct intel_guard *g, const struct service *s, const char *name,
		    size_t len)
{
	return s->standing == SANCTION_SANCTIONED &&
	       context_sanction(g->context, s, name, len) != SANCTION_UNSANCTIONED;
}

static const char *guard_domain(const struct intel_guard *g, const char *name, size_t len)
{
	if (is_suffix(g, name, len))
		return "names of many owners end in it (public suffix list)";
	if (len > 4 && memcmp(name, "www.", 4) == 0) {
		name += 4;
		len -= 4;
	}
	const struct service *s = owner_of(g, name, len);
	if (s)
		return "it is the domain of a service that many use (services.yaml)";
	s = context_service_by_name(g->context, name, len);
	if (s && (s->class == SERVICE_UPDATE || s->class == SERVICE_RESOLVER ||
		  s->class == SERVICE_SECURITY || is_ours(g, s, name, len)))
		return "it belongs to a resolver, an update or look-up service, or a sanctioned one";
	return NULL;
}

static bool is_at_or_below(const char *name, size_t len, const char *domain)
{
	size_t n = strlen(domain);
	return len >= n && memcmp(name + len - n, domain, n) == 0 &&
	       (len == n || name[len - n - 1] == '.');
}

static bool is_allowed(const struct intel_guard *g, enum intel_kind kind, const void *value,
		       size_t len)
{
	for (size_t i = 0; i < g->allow_count; i++) {
		const struct intel_allow *allow = &g->allow[i];
		if (allow->domain ?
			    kind == INTEL_DOMAIN && is_at_or_below(value, len, allow->domain) :
			    (kind == INTEL_ADDRESS || kind == INTEL_PREFIX) &&
				    prefix_contains(&allow->prefix, value))
			return true;
	}
	return false;
}

const char *intel_guard(const void *arg, enum intel_kind kind, const void *value, size_t len)
{
	const struct intel_guard *g = arg;
	if (is_allowed(g, kind, value, len))
		return "intel.allow has it";
	switch (kind) {
	case INTEL_ADDRESS:
		return guard_address(g, value);
	case INTEL_PREFIX:
		return guard_network(g, value);
	case INTEL_DOMAIN:
		return guard_domain(g, value, len);
	default:
		return NULL;
	}
}
