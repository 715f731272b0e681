/*
 * flow/key.c - direction-free keys.
 *
 * The lower (address, port) is side 0.  An ICMP query and its reply share one flow by their
 * identifier (RFC 792, RFC 4443), every other ICMP message has its type and code as port.
 */
#include "key.h"

#include <string.h>

#include "exfild/base/hash.h"

struct icmp_pair {
	uint8_t query, reply;
};

static const struct icmp_pair pairs_v4[] = { { 8, 0 }, { 13, 14 }, { 15, 16 }, { 17, 18 } };

bool flow_icmp_is_query(const struct packet *p)
{
	unsigned type = p->sport >> 8;
	if (p->proto == PROTO_ICMPV6)
		return type == 128;
	for (size_t i = 0; i < sizeof(pairs_v4) / sizeof(pairs_v4[0]); i++)
		if (pairs_v4[i].query == type)
			return true;
	return false;
}

bool flow_icmp_is_reply(const struct packet *p)
{
	unsigned type = p->sport >> 8;
	if (p->proto == PROTO_ICMPV6)
		return type == 129;
	for (size_t i = 0; i < sizeof(pairs_v4) / sizeof(pairs_v4[0]); i++)
		if (pairs_v4[i].reply == type)
			return true;
	return false;
}

static bool is_icmp(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

static uint16_t icmp_query_type(const struct packet *p)
{
	unsigned type = p->sport >> 8;
	if (p->proto == PROTO_ICMPV6)
		return 128;
	for (size_t i = 0; i < sizeof(pairs_v4) / sizeof(pairs_v4[0]); i++)
		if (pairs_v4[i].query == type || pairs_v4[i].reply == type)
			return pairs_v4[i].query;
	return (uint16_t)type;
}

static unsigned key_order(struct flow_key *k, const struct ipaddr *src, const struct ipaddr *dst,
			  uint16_t sport, uint16_t dport)
{
	int order = ipaddr_cmp(src, dst);
	unsigned side = order > 0 || (order == 0 && sport > dport);
	k->addr[side] = *src;
	k->addr[!side] = *dst;
	k->port[side] = sport;
	k->port[!side] = dport;
	return side;
}

unsigned flow_key_make(const struct packet *p, struct flow_key *ret)
{
	uint16_t sport = p->sport;
	uint16_t dport = p->dport;
	if (is_icmp(p->proto)) {
		sport = 0;
		dport = 0;
	}
	unsigned side = key_order(ret, &p->src, &p->dst, sport, dport);
	if (is_icmp(p->proto)) {
		bool echo = flow_icmp_is_query(p) || flow_icmp_is_reply(p);
		ret->port[0] = echo ? p->dport : 0;
		ret->port[1] = (uint16_t)(echo ? icmp_query_type(p) << 8 : p->sport);
	}
	ret->proto = p->proto;
	memset(ret->pad, 0, sizeof(ret->pad));
	ret->tunnel_key = p->tunnel_key;
	ret->pad2 = 0;
	return side;
}

/* Ports where one listens although they are above 1023. */
static bool is_service_port(uint16_t port)
{
	static const uint16_t high[] = { 1194, 1433, 1521, 1812,  1883, 1900, 2049, 3128,
					 3268, 3306, 3389, 3478,  4443, 4500, 5060, 5353,
					 5355, 5432, 5900, 5985,  5986, 6379, 8000, 8080,
					 8443, 8888, 9200, 27017, 51820 };
	if (port < 1024)
		return port != 0;
	for (size_t i = 0; i < sizeof(high) / sizeof(high[0]); i++)
		if (high[i] == port)
			return true;
	return false;
}

unsigned flow_guess_client(const struct packet *p, unsigned side)
{
	if (is_icmp(p->proto))
		return flow_icmp_is_reply(p) ? !side : side;
	if (p->proto == PROTO_TCP && (p->tcp_flags & TCP_SYN))
		return p->tcp_flags & TCP_ACK ? !side : side;
	bool from_service = is_service_port(p->sport);
	bool to_service = is_service_port(p->dport);
	if (from_service && !to_service)
		return !side;
	return side;
}

bool flow_key_quoted(const struct packet *p, struct packet_quote *quote, struct flow_key *ret,
		     unsigned *ret_side)
{
	if (!packet_quoted(p, quote) || !ipaddr_equal(&p->dst, &quote->src))
		return false;
	memset(ret, 0, sizeof(*ret));
	*ret_side = key_order(ret, &quote->src, &quote->dst, quote->sport, quote->dport);
	ret->proto = quote->proto;
	ret->tunnel_key = p->tunnel_key;
	return true;
}

static uint64_t ports_hash(uint64_t pair_hash, uint16_t a, uint16_t b, uint8_t proto)
{
	uint64_t low = a < b ? a : b;
	uint64_t high = a < b ? b : a;
	return hash_mix(pair_hash, high << 32 | low << 8 | proto);
}

uint64_t flow_packet_hash(const struct packet *p)
{
	if (!is_icmp(p->proto))
		return ports_hash(p->pair_hash, p->sport, p->dport, p->proto);
	bool echo = flow_icmp_is_query(p) || flow_icmp_is_reply(p);
	return ports_hash(p->pair_hash, echo ? p->dport : 0, 0, p->proto);
}

uint64_t flow_key_hash(uint64_t pair_hash, const struct flow_key *k)
{
	if (is_icmp(k->proto))
		return ports_hash(pair_hash, k->port[0], 0, k->proto);
	return ports_hash(pair_hash, k->port[0], k->port[1], k->proto);
}
