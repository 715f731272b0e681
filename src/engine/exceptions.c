/*
 * engine/exceptions.c - see exceptions.h.
 */
#include "exceptions.h"

#include <string.h>
#include <strings.h>

/* example.com takes itself and every name below it. */
static bool is_below(const char *name, const char *domain)
{
	size_t n = strlen(name), d = strlen(domain);
	if (n < d || strcasecmp(name + n - d, domain) != 0)
		return false;
	return n == d || name[n - d - 1] == '.';
}

static bool is_in_zone(const struct context *context, const struct exception_case *k,
		       const struct finding_end *end, const char *name)
{
	const struct context_zone *z =
		end->has_ip ? context_zone(context, &end->ip, k->tunnel_id, k->vlan) : NULL;
	return z && strcmp(z->name, name) == 0;
}

static bool peer_matches(const struct config_peer *p, const struct context *context,
			 const struct exception_case *k, const struct finding_end *end,
			 const char *domain)
{
	switch (p->kind) {
	case CONFIG_PEER_ANY:
		return true;
	case CONFIG_PEER_PREFIX:
		return end->has_ip && prefix_contains(&p->prefix, &end->ip);
	case CONFIG_PEER_ZONE:
		return is_in_zone(context, k, end, p->name);
	case CONFIG_PEER_DOMAIN: {
		const char *learnt = end->has_ip ? context_name_of(context, &end->ip) : NULL;
		return is_below(domain, p->name) || (learnt && is_below(learnt, p->name));
	}
	}
	return false;
}

struct exception_case exceptions_case(const struct finding *f)
{
	return (struct exception_case){ .rule = f->rule,
					.domain = f->domain,
					.subject = &f->subject,
					.peer = &f->peer,
					.tunnel_id = f->tunnel_id,
					.vlan = f->vlan };
}

int exceptions_find(const struct config *config, const struct context *context,
		    const struct exception_case *k, uint64_t time_ns)
{
	for (size_t i = 0; i < config->exception_count; i++) {
		const struct config_exception *x = &config->exceptions[i];
		if (time_ns >= x->expires.ns || (x->rule[0] && strcmp(x->rule, k->rule) != 0) ||
		    (x->port && x->port != k->peer->port))
			continue;
		if (peer_matches(&x->source, context, k, k->subject, "") &&
		    peer_matches(&x->destination, context, k, k->peer, k->domain))
			return (int)i;
	}
	return -1;
}
