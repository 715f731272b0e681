/*
 * detect/rogue_dhcp/families.c - a server of IPv6 beside what IPv4 told the same host.
 *
 * A network that has both families has both from the same machines: whoever gives IPv6 and names
 * itself as the resolver is also the router, the server or the resolver of IPv4.  Machines are
 * compared by their link addresses.  Who may be the router, whose link address stands for many, is
 * left alone.
 */
#include <math.h>
#include <string.h>

#include "rogue_dhcp.h"

#define MAC_LEN 6

static const uint8_t no_mac[MAC_LEN];

int families_init(struct table *leases, const struct detect_env *env)
{
	struct table_config config = { .capacity = GIVEN,
				       .entry_size = sizeof(struct dhcp_given),
				       .key_size = offsetof(struct dhcp_given, steady_ns),
				       .key = env->key };
	return table_init(leases, &config);
}

static struct dhcp_given key_of(const struct event_dhcp *e)
{
	struct dhcp_given key = { .tunnel_key = e->e.tunnel_key, .vlan = e->e.vlan };
	memcpy(key.mac, e->mac, MAC_LEN);
	return key;
}

void families_note(struct table *leases, const struct detect_env *env, const struct event_dhcp *e)
{
	struct dhcp_given key = key_of(e);
	bool is_new;
	if (!ipaddr_is_v4(&e->server) || memcmp(e->mac, no_mac, MAC_LEN) == 0)
		return;
	struct dhcp_given *given = table_get(leases, &key, &is_new);
	if (!given)
		return;
	given->steady_ns = env->steady_ns;
	given->server = e->server;
	given->router = e->router;
	given->resolver = e->resolver;
	memcpy(given->sender_mac, e->sender_mac, MAC_LEN);
}

const struct dhcp_given *families_find(const struct table *leases, const struct event_dhcp *e)
{
	struct dhcp_given key = key_of(e);
	return table_find(leases, &key);
}

static bool has_mac(const struct detect_env *env, const struct ipaddr *a, const uint8_t *mac)
{
	uint8_t known[MAC_LEN];
	return context_mac_of(env->context, a, known) && memcmp(known, mac, MAC_LEN) == 0;
}

/* The resolver is the server: its address, or one that ends like it, or one of its link address. */
static bool names_itself(const struct detect_env *env, const struct event_dhcp *e)
{
	return !ipaddr_is_unspecified(&e->resolver) &&
	       (memcmp(e->resolver.u.b + 8, e->server.u.b + 8, 8) == 0 ||
		has_mac(env, &e->resolver, e->sender_mac));
}

/* Where the router's link address is not known, one that stands for a single host is not his. */
static bool may_be_router(const struct dhcp_given *given, const struct detect_env *env,
			  const struct event_dhcp *e)
{
	uint8_t mac[MAC_LEN];
	if (ipaddr_equal(&given->router, &given->server))
		return memcmp(given->sender_mac, e->sender_mac, MAC_LEN) == 0;
	if (context_mac_of(env->context, &given->router, mac))
		return memcmp(mac, e->sender_mac, MAC_LEN) == 0;
	return !has_mac(env, &e->server, e->sender_mac);
}

bool families_differ(const struct dhcp_given *given, const struct detect_env *env,
		     const struct event_dhcp *e)
{
	if (!ipaddr_is_link_local(&e->server) || memcmp(e->sender_mac, no_mac, MAC_LEN) == 0 ||
	    memcmp(given->sender_mac, no_mac, MAC_LEN) == 0)
		return false; /* relayed, or seen without its link */
	bool is_server = memcmp(given->sender_mac, e->sender_mac, MAC_LEN) == 0;
	return names_itself(env, e) && !is_server && !may_be_router(given, env, e) &&
	       !has_mac(env, &given->resolver, e->sender_mac);
}

void families_explain(const struct dhcp_given *given, struct finding *f)
{
	char server[IPADDR_TEXT_MAX], resolver[IPADDR_TEXT_MAX];
	ipaddr_print(&given->server, server, sizeof(server));
	ipaddr_print(&given->resolver, resolver, sizeof(resolver));
	finding_feature(f, "stranger", 1, NAN, NAN, 0.35, 0.35,
			"%s gave the host its IPv4 and the resolver %s: this is another", server,
			resolver);
	finding_related(f, &given->server);
}
