/*
 * alert/community.c - see include/exfild/alert/community.h
 *
 * https://github.com/corelight/community-id-spec, version 1:
 *   "1:" base64(SHA1(seed | address A | address B | protocol | 0 [| port A | port B])), big endian
 * A is the smaller end by (address, port).  ICMP has "ports": type and the type that answers it;
 * types without an answer use (type, code) and keep their direction.
 */
#include "exfild/alert/community.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <openssl/evp.h>

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58, PROTO_SCTP = 132 };

struct icmp_pair {
	uint8_t type, answer;
};

static const struct icmp_pair icmp4_pairs[] = {
	{ 8, 0 },   /* echo */
	{ 13, 14 }, /* timestamp */
	{ 15, 16 }, /* information */
	{ 10, 9 },  /* router solicitation, advertisement */
	{ 17, 18 }, /* address mask */
};

static const struct icmp_pair icmp6_pairs[] = {
	{ 128, 129 }, /* echo */
	{ 133, 134 }, /* router solicitation, advertisement */
	{ 135, 136 }, /* neighbour solicitation, advertisement */
	{ 130, 131 }, /* listener query, report */
	{ 139, 140 }, /* node information */
	{ 144, 145 }, /* home agent address discovery */
};

/* Sets the two "ports"; true when the message has no answering type. */
static bool icmp_ports(uint8_t proto, uint16_t type_code, uint16_t ret[2])
{
	const struct icmp_pair *pairs = proto == PROTO_ICMP ? icmp4_pairs : icmp6_pairs;
	size_t count = proto == PROTO_ICMP ? sizeof(icmp4_pairs) / sizeof(icmp4_pairs[0]) :
					     sizeof(icmp6_pairs) / sizeof(icmp6_pairs[0]);
	uint8_t type = (uint8_t)(type_code >> 8);

	ret[0] = type;
	for (size_t i = 0; i < count; i++) {
		if (type == pairs[i].type || type == pairs[i].answer) {
			ret[1] = type == pairs[i].type ? pairs[i].answer : pairs[i].type;
			return false;
		}
	}
	ret[1] = type_code & 0xff;
	return true;
}

static size_t put_address(uint8_t *dst, const struct ipaddr *a, bool is_v4)
{
	size_t skip = is_v4 ? 12 : 0;
	memcpy(dst, a->u.b + skip, 16 - skip);
	return 16 - skip;
}

static size_t put_be16(uint8_t *dst, uint16_t v)
{
	dst[0] = (uint8_t)(v >> 8);
	dst[1] = (uint8_t)v;
	return 2;
}

void community_id(const struct ipaddr *src, const struct ipaddr *dst, uint8_t proto, uint16_t sport,
		  uint16_t dport, char ret[COMMUNITY_ID_MAX])
{
	uint8_t text[2 + 16 + 16 + 2 + 4];
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	uint16_t port[2] = { sport, dport };
	bool is_v4 = ipaddr_is_v4(src);
	bool is_one_way = false;
	bool has_ports = proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;

	ret[0] = '\0';
	if (is_v4 != ipaddr_is_v4(dst))
		return;
	if (proto == PROTO_ICMP || proto == PROTO_ICMP6) {
		is_one_way = icmp_ports(proto, sport, port);
		has_ports = true;
	}
	int order = ipaddr_cmp(src, dst);
	bool swap = !is_one_way && (order > 0 || (order == 0 && has_ports && port[1] < port[0]));
	size_t n = put_be16(text, 0); /* the seed */
	n += put_address(text + n, swap ? dst : src, is_v4);
	n += put_address(text + n, swap ? src : dst, is_v4);
	text[n++] = proto;
	text[n++] = 0;
	if (has_ports) {
		n += put_be16(text + n, port[swap ? 1 : 0]);
		n += put_be16(text + n, port[swap ? 0 : 1]);
	}
	if (EVP_Digest(text, n, digest, &digest_len, EVP_sha1(), NULL) != 1 || digest_len != 20)
		return;
	ret[0] = '1';
	ret[1] = ':';
	EVP_EncodeBlock((unsigned char *)ret + 2, digest, 20); /* 28 characters and NUL */
}
