/*
 * decode/quote.c - the packet that an ICMP unreachable is about (RFC 792, RFC 4443 3.1).
 *
 *   ICMP:   type 3, code | unused 4 | IPv4 header, at least 8 bytes of the transport's
 *   ICMPv6: type 1, code | unused 4 | IPv6 header, as much of the packet as fits
 *
 * "Fragmentation needed" (type 3, code 4) refuses nothing and is left out.  Extension headers of a
 * quoted IPv6 packet are not passed over: who sends them with the first packet of a connection is
 * told of by silence.
 */
#include "exfild/base/cursor.h"
#include "exfild/decode/packet.h"

#define UNREACHABLE   3
#define FRAG_NEEDED   4
#define UNREACHABLE_6 1
#define IPV4_HEAD     20
#define FRAG_OFFSET   0x1fff

static bool is_unreachable(const struct packet *p)
{
	unsigned type = p->sport >> 8;

	if (p->flags & (PACKET_NO_L4 | PACKET_FRAGMENT))
		return false;
	if (p->proto == PROTO_ICMPV6)
		return type == UNREACHABLE_6;
	return p->proto == PROTO_ICMP && type == UNREACHABLE && (p->sport & 0xff) != FRAG_NEEDED;
}

static bool read_v4(struct cursor *c, struct packet_quote *ret)
{
	uint8_t first = cursor_u8(c);
	if (first >> 4 != 4 || (first & 15) < 5)
		return false;
	cursor_skip(c, 5);
	uint16_t fragment = cursor_be16(c);
	cursor_skip(c, 1);
	ret->proto = cursor_u8(c);
	cursor_skip(c, 2);
	const uint8_t *addrs = cursor_take(c, 8);
	cursor_skip(c, (size_t)(first & 15) * 4 - IPV4_HEAD);
	if (!addrs || (fragment & FRAG_OFFSET))
		return false;
	ret->src = ipaddr_v4(addrs);
	ret->dst = ipaddr_v4(addrs + 4);
	return true;
}

static bool read_v6(struct cursor *c, struct packet_quote *ret)
{
	if (cursor_u8(c) >> 4 != 6)
		return false;
	cursor_skip(c, 5);
	ret->proto = cursor_u8(c);
	cursor_skip(c, 1);
	const uint8_t *addrs = cursor_take(c, 32);
	if (!addrs)
		return false;
	ret->src = ipaddr_v6(addrs);
	ret->dst = ipaddr_v6(addrs + 16);
	return true;
}

bool packet_quoted(const struct packet *p, struct packet_quote *ret)
{
	if (!is_unreachable(p))
		return false;
	struct cursor c = cursor_make(p->payload, p->payload ? p->payload_cap : 0);
	if (!(p->proto == PROTO_ICMP ? read_v4(&c, ret) : read_v6(&c, ret)))
		return false;
	if (ret->proto != PROTO_TCP && ret->proto != PROTO_UDP && ret->proto != PROTO_SCTP)
		return false;
	ret->sport = cursor_be16(&c);
	ret->dport = cursor_be16(&c);
	if (!cursor_ok(&c))
		return false;
	ret->tcp_seq = ret->proto == PROTO_TCP ? cursor_be32(&c) : 0;
	ret->has_seq = ret->proto == PROTO_TCP && cursor_ok(&c);
	return true;
}
