/*
 * detect/port_scan/routers.c - whose link address stands for many outside addresses.
 *
 * Context learns routers of inside addresses (ROLE_GATEWAY); the one to the outside shows itself
 * by the outside addresses behind its link address, from the first connections on.
 */
#include <string.h>

#include "port_scan.h"

#define ROUTERS 256
#define BEHIND  3 /* outside addresses that make a router */

struct router {
	uint8_t mac[8];
	uint32_t behind[BEHIND];
	uint32_t count;
};

static void key_of(const uint8_t mac[6], uint8_t key[8])
{
	memset(key, 0, 8);
	memcpy(key, mac, 6);
}

static uint32_t router_evidence(const void *entry)
{
	return ((const struct router *)entry)->count;
}

int routers_init(struct table *t, const struct detect_env *env)
{
	struct table_config config = { .capacity = ROUTERS,
				       .entry_size = sizeof(struct router),
				       .key_size = 8,
				       .key = env->key,
				       .evidence = router_evidence };
	return table_init(t, &config);
}

void routers_note(struct table *t, const struct detect_env *env, const struct event_flow *f)
{
	static const uint8_t none[6];
	uint8_t key[8];
	bool is_new;
	if (!f->has_mac)
		return;
	for (unsigned side = 0; side < 2; side++) {
		const struct ipaddr *a = side ? &f->e.dst : &f->e.src;
		if (ipaddr_is_multicast(a) || ipaddr_is_unspecified(a) ||
		    memcmp(f->mac[side], none, 6) == 0 || (f->mac[side][0] & 1) ||
		    context_is_inside(env->context, a, f->e.tunnel_id))
			continue;
		key_of(f->mac[side], key);
		struct router *r = table_get(t, key, &is_new);
		uint32_t mark = (uint32_t)hash_bytes(&env->sketch_key, a, sizeof(*a)) | 1;
		uint32_t i = 0;
		while (r && i < r->count && r->behind[i] != mark)
			i++;
		if (r && i == r->count && i < BEHIND)
			r->behind[r->count++] = mark;
	}
}

bool routers_has(const struct table *t, const uint8_t mac[6])
{
	uint8_t key[8];
	key_of(mac, key);
	const struct router *r = table_find(t, key);
	return r && r->count >= BEHIND;
}

static const struct keep_field router_fields[] = {
	KEEP(U8, struct router, mac),
	KEEP(U32, struct router, behind),
	KEEP_TO(U32, struct router, count, BEHIND),
	KEEP_LAST,
};

void routers_keep(struct table *t, struct keep_list *list)
{
	const struct keep_part routers = { .name = "port_scan.routers",
					   .version = 1,
					   .table = t,
					   .fields = router_fields };
	keep_add(list, &routers);
}
