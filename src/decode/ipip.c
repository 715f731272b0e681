/*
 * decode/ipip.c - IP in IP: IPv4 inside (RFC 2003, RFC 2473) and IPv6 inside (RFC 4213).
 */
#include "walk.h"

static enum decode_result enter(struct walk *w)
{
	bool is_ipv4 = w->p->proto == 4;
	struct carrier carrier = { .type = is_ipv4 ? TUNNEL_IPIP : TUNNEL_6IN4 };
	return decode_tunnel(w, &carrier, is_ipv4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
}

enum decode_result ipip_decode(struct walk *w)
{
	return walk_try(w, enter);
}
