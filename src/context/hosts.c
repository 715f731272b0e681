/*
 * context/hosts.c - what is known about an inside host: its name, link address and roles.
 *
 * A link address is a host's own only while few addresses stand behind it.  More than
 * LINK_ADDRESSES of them (an IPv4 address or an IPv6 /64 counts as one) make it a router, and
 * so do more than about 30 addresses of IPv6 within a day: privacy addresses are a handful.
 */
#include "hosts.h"

#include <string.h>

#include "names.h"

#define DAY_NS      (86400ull * 1000000000ull)
#define V6_BITS_MAX 24 /* of 64 set: about 30 distinct addresses */

struct link {
	uint64_t mac;
	uint64_t v6_bits; /* which hashes of IPv6 addresses were seen on v6_day */
	uint64_t v6_day;
	uint32_t seen[LINK_ADDRESSES];
	uint8_t count;
	bool is_router;
	char name[HOST_NAME_MAX_LEN + 1];
};

static uint32_t host_evidence(const void *entry)
{
	const struct host *h = entry;
	if (h->roles)
		return 3;
	return h->name[0] ? 2 : h->mac_source != 0;
}

static uint32_t link_evidence(const void *entry)
{
	const struct link *l = entry;
	return l->is_router ? 2 : l->name[0] != '\0';
}

int hosts_init(struct hosts *h, const struct hash_key *key, const struct hash_key *mark_key,
	       uint32_t capacity)
{
	struct table_config config = {
		.capacity = capacity,
		.entry_size = sizeof(struct host),
		.key_size = sizeof(struct ipaddr),
		.key = *key,
		.evidence = host_evidence,
	};
	h->mark_key = *mark_key;
	int r = table_init(&h->table, &config);
	if (r < 0)
		return r;
	config.entry_size = sizeof(struct link);
	config.key_size = sizeof(uint64_t);
	config.evidence = link_evidence;
	r = table_init(&h->links, &config);
	if (r < 0)
		table_deinit(&h->table);
	return r;
}

void hosts_deinit(struct hosts *h)
{
	table_deinit(&h->table);
	table_deinit(&h->links);
}

struct host *hosts_get(struct hosts *h, const struct ipaddr *a)
{
	bool is_new;
	return table_get(&h->table, a, &is_new);
}

const struct host *hosts_find(const struct hosts *h, const struct ipaddr *a)
{
	return table_find(&h->table, a);
}

void hosts_set_name(struct hosts *h, const struct ipaddr *a, enum host_source source,
		    const void *name, size_t len)
{
	struct host *host = hosts_get(h, a);
	if (!host || len == 0 || source < host->name_source)
		return;
	host->name_source = (uint8_t)source;
	name_text(host->name, sizeof(host->name), name, len);
}

static uint64_t link_key(const uint8_t mac[6])
{
	uint64_t key = 0;
	memcpy(&key, mac, 6);
	return key;
}

/* Group addresses and the zero address are nobody's. */
static bool is_own(const uint8_t mac[6])
{
	return !(mac[0] & 1) && link_key(mac) != 0;
}

/* Stands for an address, in this process and the next. */
static uint64_t mark_of(const struct hosts *h, const struct ipaddr *a)
{
	return hash_words(&h->mark_key, a, sizeof(*a) / 8);
}

static void link_add(struct hosts *h, struct link *l, const struct ipaddr *a, uint64_t now_ns)
{
	struct ipaddr part = *a;
	if (l->is_router)
		return;
	if (!ipaddr_is_v4(a)) {
		uint64_t day = now_ns / DAY_NS;
		if (l->v6_day != day) {
			l->v6_day = day;
			l->v6_bits = 0;
		}
		l->v6_bits |= 1ull << (mark_of(h, a) >> 58);
		if (__builtin_popcountll(l->v6_bits) > V6_BITS_MAX)
			l->is_router = true;
		part.u.q[1] = 0;
	}
	uint32_t hash = (uint32_t)mark_of(h, &part);
	for (unsigned i = 0; i < l->count; i++) {
		if (l->seen[i] == hash)
			return;
	}
	if (l->count == LINK_ADDRESSES)
		l->is_router = true;
	else
		l->seen[l->count++] = hash;
}

void hosts_set_mac(struct hosts *h, const struct ipaddr *a, enum mac_source source,
		   const uint8_t mac[6], uint64_t now_ns)
{
	bool is_new;
	uint64_t key = link_key(mac);
	if (!is_own(mac))
		return;
	const struct host *known = hosts_find(h, a);
	if (known && known->mac_source == source && memcmp(known->mac, mac, 6) == 0)
		return; /* told again */
	struct link *l = table_get(&h->links, &key, &is_new);
	if (!l)
		return;
	link_add(h, l, a, now_ns);
	struct host *host = hosts_get(h, a);
	if (!host || source < host->mac_source)
		return;
	if (l->is_router && source == MAC_BY_ARP)
		host->roles |= ROLE_GATEWAY; /* it answers for the router's link address */
	host->mac_source = (uint8_t)source;
	memcpy(host->mac, mac, 6);
}

bool hosts_is_router(const struct hosts *h, const uint8_t mac[6])
{
	uint64_t key = link_key(mac);
	const struct link *l = table_find(&h->links, &key);
	return l && l->is_router;
}

bool hosts_mac_of(const struct hosts *h, const struct ipaddr *a, uint8_t ret_mac[6])
{
	const struct host *host = hosts_find(h, a);
	if (!host || !host->mac_source)
		return false;
	if (hosts_is_router(h, host->mac))
		return false;
	memcpy(ret_mac, host->mac, 6);
	return true;
}

void hosts_set_link_name(struct hosts *h, const uint8_t mac[6], const void *name, size_t len)
{
	bool is_new;
	uint64_t key = link_key(mac);
	if (!is_own(mac) || len == 0)
		return;
	struct link *l = table_get(&h->links, &key, &is_new);
	if (l)
		name_text(l->name, sizeof(l->name), name, len);
}

const char *hosts_link_name(const struct hosts *h, const uint8_t mac[6])
{
	uint64_t key = link_key(mac);
	const struct link *l = table_find(&h->links, &key);
	return l && l->name[0] ? l->name : NULL;
}

void hosts_add_client(struct hosts *h, const struct ipaddr *server, const struct ipaddr *client)
{
	struct host *host = hosts_get(h, server);
	if (!host || host->roles & ROLE_SERVER)
		return;
	uint32_t hash = (uint32_t)mark_of(h, client);
	for (unsigned i = 0; i < host->client_count; i++) {
		if (host->clients[i] == hash)
			return;
	}
	host->clients[host->client_count++] = hash;
	if (host->client_count == HOST_CLIENTS)
		host->roles |= ROLE_SERVER;
}

static const struct keep_field host_fields[] = {
	KEEP(U8, struct host, address),
	KEEP(U32, struct host, roles),
	KEEP_TO(U8, struct host, name_source, HOST_BY_DHCP),
	KEEP_TO(U8, struct host, mac_source, MAC_BY_ARP),
	KEEP(U8, struct host, mac),
	KEEP(BOOL, struct host, answers_dns),
	KEEP(BOOL, struct host, asks_dns),
	KEEP_TO(U8, struct host, client_count, HOST_CLIENTS),
	KEEP(U32, struct host, clients),
	KEEP(TEXT, struct host, name),
	KEEP_LAST,
};

static const struct keep_field link_fields[] = {
	KEEP(U64, struct link, mac),
	KEEP(U64, struct link, v6_bits),
	KEEP(U64, struct link, v6_day),
	KEEP(U32, struct link, seen),
	KEEP_TO(U8, struct link, count, LINK_ADDRESSES),
	KEEP(BOOL, struct link, is_router),
	KEEP(TEXT, struct link, name),
	KEEP_LAST,
};

static bool took_host(void *owner, void *entry)
{
	struct host *host = entry;
	(void)owner;
	if (host->client_count == HOST_CLIENTS)
		host->roles |= ROLE_SERVER; /* no more are counted of one */
	return true;
}

void hosts_keep(struct hosts *h, struct keep_list *list)
{
	const struct keep_part hosts = { .name = "context.hosts",
					 .version = 1,
					 .table = &h->table,
					 .fields = host_fields,
					 .took = took_host };
	const struct keep_part links = { .name = "context.links",
					 .version = 1,
					 .table = &h->links,
					 .fields = link_fields };
	keep_add(list, &hosts);
	keep_add(list, &links);
}
