/*
 * responder/ruleset.c - see ruleset.h.
 *
 * Place: priority -200 is before any filter of others and before their fast paths for established
 * connections; a drop is final there, and nothing that we do not drop is decided.  In `input` a
 * host may still ask for an address (DHCP) and find its neighbours (RFC 4861), or it would look
 * broken instead of cut off.
 */
#include "ruleset.h"

#include <stdio.h>

static const char *const families[] = { "inet", "bridge" };

static void add_set(struct buf *out, const char *name, const char *type, uint32_t size)
{
	buf_printf(out, "  set %s { type %s; flags timeout; size %u; }\n", name, type, size);
}

static void add_sets(struct buf *out, uint32_t max)
{
	uint32_t size = max * RULESET_TIMES;
	add_set(out, "host4", "ipv4_addr", size);
	add_set(out, "host6", "ipv6_addr", size);
	add_set(out, "hostmac", "ether_addr", size);
	add_set(out, "pair4", "ipv4_addr . ipv4_addr", size);
	add_set(out, "pair6", "ipv6_addr . ipv6_addr", size);
	add_set(out, "slow4", "ipv4_addr", size);
	add_set(out, "slow6", "ipv6_addr", size);
	buf_printf(out,
		   "  set rate4 { type ipv4_addr; flags dynamic,timeout; timeout 1m; size %u; }\n"
		   "  set rate6 { type ipv6_addr; flags dynamic,timeout; timeout 1m; size %u; }\n",
		   size, size);
}

static void add_look(struct buf *out)
{
	buf_str(out, "  chain stop { counter drop; }\n"
		     "  chain look {\n"
		     "    ip saddr @host4 goto stop\n"
		     "    ip daddr @host4 goto stop\n"
		     "    ip6 saddr @host6 goto stop\n"
		     "    ip6 daddr @host6 goto stop\n"
		     "    ether saddr @hostmac goto stop\n"
		     "    ip saddr . ip daddr @pair4 goto stop\n"
		     "    ip daddr . ip saddr @pair4 goto stop\n"
		     "    ip6 saddr . ip6 daddr @pair6 goto stop\n"
		     "    ip6 daddr . ip6 saddr @pair6 goto stop\n"
		     "    ip saddr @slow4 update @rate4 { ip saddr limit rate over " RULESET_SLOW
		     " } goto stop\n"
		     "    ip6 saddr @slow6 update @rate6 { ip6 saddr limit rate over " RULESET_SLOW
		     " } goto stop\n"
		     "  }\n");
}

void ruleset_create(struct buf *out, uint32_t max, bool has_bridge)
{
	ruleset_remove(out, has_bridge);
	buf_str(out, "table inet " RULESET_TABLE " {\n");
	add_sets(out, max);
	add_look(out);
	buf_str(out,
		"  chain forward { type filter hook forward priority -200; policy accept; "
		"jump look; }\n"
		"  chain input { type filter hook input priority -200; policy accept;\n"
		"    udp sport 68 udp dport 67 accept\n"
		"    udp sport 546 udp dport 547 accept\n"
		"    icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } "
		"accept\n"
		"    jump look\n"
		"  }\n"
		"}\n");
	if (!has_bridge)
		return;
	buf_str(out, "table bridge " RULESET_TABLE " {\n");
	add_sets(out, max);
	add_look(out);
	buf_str(out, "  chain forward { type filter hook forward priority -200; policy accept; "
		     "jump look; }\n"
		     "}\n");
}

void ruleset_remove(struct buf *out, bool has_bridge)
{
	/* a table that is added before it is deleted need not be there */
	for (size_t i = 0; i < 1u + has_bridge; i++)
		buf_printf(out, "table %s " RULESET_TABLE "\ndelete table %s " RULESET_TABLE "\n",
			   families[i], families[i]);
}

struct element {
	const char *set;
	char key[2 * IPADDR_TEXT_MAX + 4];
};

static void put_element(struct buf *out, const struct element *x, uint64_t ttl_s, bool has_bridge)
{
	for (size_t i = 0; i < 1u + has_bridge; i++) {
		/* the kernel keeps the old end of an element that is added again: out and in, in
		 * one transaction; and one that is not there cannot be deleted: in first */
		buf_printf(out, "add element %s " RULESET_TABLE " %s { %s timeout 1h }\n",
			   families[i], x->set, x->key);
		buf_printf(out, "delete element %s " RULESET_TABLE " %s { %s }\n", families[i],
			   x->set, x->key);
		buf_printf(out, "add element %s " RULESET_TABLE " %s { %s timeout %llus }\n",
			   families[i], x->set, x->key, (unsigned long long)ttl_s);
	}
}

static void put_address(struct buf *out, const char *set4, const char *set6, const struct ipaddr *a,
			uint64_t ttl_s, bool has_bridge)
{
	struct element x = { .set = ipaddr_is_v4(a) ? set4 : set6 };
	(void)ipaddr_print(a, x.key, sizeof(x.key));
	put_element(out, &x, ttl_s, has_bridge);
}

static void put_mac(struct buf *out, const uint8_t mac[6], uint64_t ttl_s, bool has_bridge)
{
	struct element x = { .set = "hostmac" };
	(void)snprintf(x.key, sizeof(x.key), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
		       mac[2], mac[3], mac[4], mac[5]);
	put_element(out, &x, ttl_s, has_bridge);
}

static void put_pair(struct buf *out, const struct quarantine_entry *e, uint64_t ttl_s,
		     bool has_bridge)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	struct element x = { .set = ipaddr_is_v4(&e->host) ? "pair4" : "pair6" };
	(void)snprintf(x.key, sizeof(x.key), "%s . %s", ipaddr_print(&e->host, from, sizeof(from)),
		       ipaddr_print(&e->peer, to, sizeof(to)));
	put_element(out, &x, ttl_s, has_bridge);
}

void ruleset_add(struct buf *out, const struct quarantine_entry *e, const struct host_names *names,
		 uint64_t now_s, bool has_bridge)
{
	uint64_t ttl_s = e->until_s > now_s ? e->until_s - now_s : 1;
	switch (e->kind) {
	case QUARANTINE_PAIR:
		put_pair(out, e, ttl_s, has_bridge);
		break;
	case QUARANTINE_SLOW:
		put_address(out, "slow4", "slow6", &e->host, ttl_s, has_bridge);
		break;
	case QUARANTINE_HOST:
		if (e->has_mac)
			put_mac(out, e->mac, ttl_s, has_bridge);
		for (size_t i = 0; names && i < names->count; i++)
			put_address(out, "host4", "host6", &names->addresses[i], ttl_s, has_bridge);
		put_address(out, "host4", "host6", &e->host, ttl_s, has_bridge);
		break;
	default:
		put_address(out, "host4", "host6", &e->host, ttl_s, has_bridge);
		break;
	}
}

void ruleset_empty(struct buf *out, bool has_bridge)
{
	static const char *const sets[] = { "host4", "host6", "hostmac", "pair4",
					    "pair6", "slow4", "slow6" };
	for (size_t i = 0; i < 1u + has_bridge; i++)
		for (size_t k = 0; k < sizeof(sets) / sizeof(sets[0]); k++)
			buf_printf(out, "flush set %s " RULESET_TABLE " %s\n", families[i],
				   sets[k]);
}
