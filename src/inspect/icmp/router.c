/*
 * inspect/icmp/router.c - advertisements of routers (RFC 4861, 4.2; RFC 4191, 2.2; RFC 8106, 5.1).
 *
 *   | type 1 | code 1 | checksum 2 | hop limit 1 | flags 1 | lifetime 2 | reachable 4 | again 4 |
 *   option: | type 1 | length 1, in eight bytes | value |
 *     1  link address of the sender 6
 *     3  prefix: | bits 1 | flags 1 | valid 4 | preferred 4 | reserved 4 | prefix 16 |
 *     25 resolvers: | reserved 2 | lifetime 4 | address 16 ... |
 */
#include "router.h"

#include "exfild/base/cursor.h"

#define MAC_LEN         6
#define PREFERENCE_AT   3 /* bit of the flags */
#define PREFERENCE_MASK 3

enum option { OPTION_LINK = 1, OPTION_PREFIX = 3, OPTION_RESOLVERS = 25 };

struct advertisement {
	uint8_t mac[MAC_LEN];
	uint8_t preference;
	uint16_t lifetime_s;
	struct ipaddr prefix, resolver;
};

static void read_address(struct cursor *c, struct ipaddr *ret)
{
	const uint8_t *bytes = cursor_take(c, 16);

	if (bytes && ipaddr_is_unspecified(ret))
		*ret = ipaddr_v6(bytes);
}

static void read_option(struct advertisement *a, uint8_t type, struct cursor c)
{
	switch (type) {
	case OPTION_LINK:
		cursor_copy(&c, a->mac, MAC_LEN);
		break;
	case OPTION_PREFIX:
		cursor_skip(&c, 14);
		read_address(&c, &a->prefix);
		break;
	case OPTION_RESOLVERS:
		cursor_skip(&c, 6);
		read_address(&c, &a->resolver);
		break;
	default:
		break;
	}
}

static bool read_advertisement(const struct packet *p, struct advertisement *ret)
{
	struct cursor c = cursor_make(p->l3, p->l3 ? p->l3_cap : 0);

	memset(ret, 0, sizeof(*ret));
	cursor_skip(&c, p->l4_offset);
	cursor_skip(&c, 5);
	ret->preference = cursor_u8(&c) >> PREFERENCE_AT & PREFERENCE_MASK;
	ret->lifetime_s = cursor_be16(&c);
	cursor_skip(&c, 8);
	if (!cursor_ok(&c))
		return false;
	while (cursor_left(&c)) {
		uint8_t type = cursor_u8(&c);
		uint8_t eights = cursor_u8(&c);
		if (!cursor_ok(&c) || eights == 0)
			break;
		struct cursor value = cursor_sub(&c, eights * 8u - 2);
		if (!cursor_ok(&c))
			break;
		read_option(ret, type, value);
	}
	if (p->mac) /* the frame's says who sent it, the option what he calls himself */
		memcpy(ret->mac, p->mac + MAC_LEN, MAC_LEN);
	return true;
}

void icmp_router(struct inspection *in)
{
	const struct packet *p = in->packet;
	struct advertisement a;

	if (!read_advertisement(p, &a))
		return;
	struct event_dhcp *e = inspect_event(in, EVENT_DHCP, sizeof(*e));
	e->message_type = ICMP6_ROUTER_ADVERTISEMENT;
	e->is_advertisement = true;
	e->preference = a.preference;
	e->lifetime_s = a.lifetime_s;
	memcpy(e->mac, a.mac, MAC_LEN);
	e->assigned = a.prefix;
	e->server = p->src;
	if (a.lifetime_s)
		e->router = p->src;
	e->resolver = a.resolver;
	event_log_commit(in->log);
}
