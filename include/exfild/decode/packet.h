/*
 * decode/packet.h - one decoded packet: views into its frame, nothing copied.
 *
 * What: the innermost IP packet (or ARP) of a frame, after link layer, VLAN, MPLS, PPPoE and up to
 * four tunnels.  Lengths named _len are what the headers say, _cap what was captured.
 * Ownership: pointers lead into `block` (the frame's, or a reassembled datagram's).
 * Threads: handed from the reader to one shard; read only there.
 */
#ifndef EXFILD_DECODE_PACKET_H
#define EXFILD_DECODE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/base/block.h"
#include "exfild/base/ipaddr.h"

#define DECODE_DEPTH_MAX 4

enum packet_kind { PACKET_IP, PACKET_ARP };

enum tunnel_type {
	TUNNEL_NONE,
	TUNNEL_GRE,
	TUNNEL_NVGRE,
	TUNNEL_ERSPAN,
	TUNNEL_VXLAN,
	TUNNEL_VXLAN_GPE,
	TUNNEL_GENEVE,
	TUNNEL_IPIP,
	TUNNEL_6IN4,
	TUNNEL_GTPU,
	TUNNEL__COUNT
};

enum packet_flag {
	PACKET_TRUNCATED = 1u << 0,   /* fewer bytes captured than the IP header says */
	PACKET_REASSEMBLED = 1u << 1, /* put together from fragments */
	PACKET_FRAGMENT = 1u << 2, /* fragments that were not put together: no ports, no payload */
	PACKET_BAD_CHECKSUM = 1u << 3, /* set by who asked packet_checksum_ok() and was told no */
	PACKET_NO_L4 = 1u << 4,        /* transport header missing or broken */
};

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20
};

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58, PROTO_SCTP = 132 };

struct packet {
	uint64_t number;    /* of its frame, in merged order */
	uint64_t time_ns;   /* packet time after the clock law */
	uint64_t pair_hash; /* keyed hash of the unordered address pair and tunnel key */
	/* pair_hash; of an unreachable (ICMP) that of the pair that it quotes */
	uint64_t route_hash;

	struct ipaddr src, dst; /* ARP: sender and target protocol address */
	/* TCP, UDP, SCTP; ICMP: type << 8 | code, and the echo identifier; ARP: operation, 0 */
	uint16_t sport, dport;
	uint8_t proto;      /* IP protocol of the transport header; 0 for ARP */
	uint8_t kind;       /* enum packet_kind */
	uint8_t ip_version; /* 4, 6; 0 for ARP */
	uint8_t ttl;
	uint16_t flags;      /* enum packet_flag */
	uint16_t vlan;       /* innermost 802.1Q id, 0 for none */
	uint8_t tunnel_type; /* innermost, enum tunnel_type */
	uint8_t tunnel_depth;
	uint8_t tcp_flags;
	uint8_t tos;
	uint32_t
		tunnel_id; /* as shown: VNI, key or session of the innermost carrier that has one */
	uint32_t tunnel_key; /* all carriers' ids folded; part of the flow key; 0 without tunnel */
	uint32_t tcp_seq, tcp_ack;
	uint16_t tcp_window;
	uint16_t icmp_seq; /* echo sequence number */

	/* IP header and payload by the header; GRO/TSO: by the capture; fragments: sum of all */
	uint32_t ip_len;
	uint32_t l3_cap;        /* captured bytes from l3 */
	uint32_t payload_len;   /* transport payload by the headers */
	uint32_t payload_cap;   /* captured part of it */
	uint16_t l4_offset;     /* of the transport header from l3; 0 where there is none */
	uint16_t frames;        /* IP packets that ip_len sums: 1, or the number of fragments */
	const uint8_t *l3;      /* IP (or ARP) header */
	const uint8_t *payload; /* NULL when payload_cap is 0 */
	/* 12 bytes: destination, source of the Ethernet just around l3; NULL if none */
	const uint8_t *mac;
	struct block *block;
	struct ipaddr outer_src, outer_dst; /* ends of the outermost carrier; zero without tunnel */
};

/* What an ICMP error says of the packet that it is about. */
struct packet_quote {
	struct ipaddr src, dst;
	uint16_t sport, dport;
	uint8_t proto;
	bool has_seq;
	uint32_t tcp_seq;
};

/* False when the packet is no ICMP unreachable, or what it quotes has no readable ports. */
bool packet_quoted(const struct packet *p, struct packet_quote *ret);

/*
 * True unless the TCP checksum is known to be wrong.  It is not known for other protocols, for
 * truncated packets and for those with a broken header.  Reads the whole payload: ask only where
 * it matters.  An offloading host writes wrong checksums on what it sends.
 */
bool packet_checksum_ok(const struct packet *p);
/* Fields that few ask for: the identification of IPv4, TCP's urgent pointer; 0 where there is none.
 */
uint16_t packet_ip_id(const struct packet *p);
uint16_t packet_urgent(const struct packet *p);

#endif
