/*
 * decode/walk.h - what a decoder works on: one frame on its way to a packet.
 *
 * What: a decoder reads its header from `c`, fills its part of `p` and ends by calling the next one
 * through decode_ether_type(), decode_ip_proto() or decode_tunnel(), or by walk_payload().
 * Ownership: a walk lives on the stack of decode_frame(); `owned` is the block of the datagram that
 * was put together last.
 * Limits: HOPS_MAX hand-overs a frame, so that no nesting of headers can go deep.
 */
#ifndef EXFILD_SRC_DECODE_WALK_H
#define EXFILD_SRC_DECODE_WALK_H

#include "exfild/base/cursor.h"
#include "exfild/decode/decode.h"

#define HOPS_MAX  40
#define STACK_MAX 8 /* VLAN tags, MPLS labels, IPv6 extension headers in a row */

enum ethertype {
	ETHERTYPE_MIN = 0x0600, /* below it the field is an 802.3 length */
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_BRIDGED = 0x6558,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_NSH = 0x894f
};

enum count {
#define COUNTER(name, text) COUNT_##name,
#include "counters.def"
#undef COUNTER
	COUNT__COUNT
};

struct frag_store;

struct decoder {
	struct hash_key key;
	struct frag_store *frags;
	struct decode_counter counters[COUNT__COUNT];
};

struct walk {
	struct decoder *d;
	struct packet *p;
	struct cursor c; /* captured bytes; its position is the next header */
	size_t wire;     /* where the bytes end by the headers, from c.data; never before c.end */
	uint64_t time_ns;
	struct block *owned; /* NULL while the bytes are the frame's */
	unsigned hops;
	uint8_t ext;       /* IPv6 extension headers met */
	bool has_wlan_pad; /* radiotap: the 802.11 header is filled up to four bytes */
};

typedef enum decode_result (*decode_fn)(struct walk *w);

/* A decoder of several numbers is declared several times. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
#define DECODER(name, space, number) enum decode_result name##_decode(struct walk *w);
#include "decoders.def"
#undef DECODER
#pragma GCC diagnostic pop

static inline void walk_count(struct walk *w, enum count which)
{
	w->d->counters[which].count++;
}

static inline enum decode_result walk_other(struct walk *w, enum count which)
{
	walk_count(w, which);
	return DECODE_OTHER;
}

/* Bytes from here to the end as the headers say; at least cursor_left(). */
static inline size_t walk_wire(const struct walk *w)
{
	return w->wire - cursor_offset(&w->c);
}

/* A header says that its bytes end `len` after `start`, which was read already. */
static inline void walk_limit(struct walk *w, const uint8_t *start, size_t len)
{
	if (len < (size_t)(w->c.end - start))
		w->c.end = start + len;
	w->wire = (size_t)(start - w->c.data) + len;
}

/* The last step: the next `len` bytes are what the transport carries. */
static inline enum decode_result walk_payload(struct walk *w, size_t len)
{
	struct packet *p = w->p;
	size_t cap = cursor_left(&w->c);
	if (cap > len)
		cap = len;
	p->payload_len = (uint32_t)len;
	p->payload_cap = (uint32_t)cap;
	p->payload = cap > 0 ? w->c.pos : NULL;
	return DECODE_PACKET;
}

/* The IP packet stands, its transport cannot be read. */
static inline enum decode_result walk_no_l4(struct walk *w, enum count which)
{
	walk_count(w, which);
	w->p->flags |= PACKET_NO_L4;
	return DECODE_PACKET;
}

/* Tries a tunnel from here; without a packet inside, the rest is plain payload. */
static inline enum decode_result walk_try(struct walk *w, decode_fn carrier)
{
	struct walk start = *w;
	enum decode_result result = carrier(w);
	if (result != DECODE_OTHER)
		return result;
	*w = start;
	return walk_payload(w, walk_wire(w));
}

/* Goes on with what `linktype` says; DECODE_OTHER when nobody knows it. */
enum decode_result decode_link(struct walk *w, uint32_t linktype);
enum decode_result decode_ether_type(struct walk *w, uint16_t type);
/* The transport or extension header of the IP packet in w->p; never DECODE_OTHER. */
enum decode_result decode_ip_proto(struct walk *w, uint8_t proto);
/* The same for IPv6, whose extension headers are stepped over. */
enum decode_result ipv6_next(struct walk *w, uint8_t next);
/* The decoder of a UDP port, or NULL. */
decode_fn decode_udp_port(uint16_t port);

void decode_pair_hash(const struct decoder *d, struct packet *p);

/*
 * A carrier and the id that it shows; ids that differ between the directions of a flow stay out of
 * the tunnel key.
 */
struct carrier {
	enum tunnel_type type;
	bool has_id;
	bool is_keyed; /* the id is part of the tunnel key */
	uint32_t id;
};

/*
 * Goes on inside a tunnel with an ethertype (ETHERTYPE_BRIDGED for Ethernet).  DECODE_OTHER when
 * no packet is in there, or too deep: then w->p is as it was before the call; walk_try() takes the
 * walk itself back.
 */
enum decode_result decode_tunnel(struct walk *w, const struct carrier *carrier, uint16_t type);

#endif
