/*
 * decode/decode.c - the dispatch of decoders, tunnels, and the life of a decoder.
 *
 * decoders.def becomes four switches: the compiler makes the fastest search of them, and a number
 * that is claimed twice does not compile.  A tunnel is tried: when no packet is found inside, the
 * packet that carries it is reported as it was, so that a stray port number costs nothing.
 */
#include "exfild/decode/decode.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "frag.h"
#include "walk.h"

#define SPACE_CASE(name, number) \
 case number:                    \
  return name##_decode(w);
#define SPACE_NONE(name, number)

enum decode_result decode_link(struct walk *w, uint32_t linktype)
{
	if (++w->hops > HOPS_MAX)
		return walk_other(w, COUNT_LINK_TOO_MANY_HEADERS);
	switch (linktype) {
#define DECODER(name, space, number) DECODER_##space(name, number)
#define DECODER_LINK                 SPACE_CASE
#define DECODER_ETHER                SPACE_NONE
#define DECODER_IP                   SPACE_NONE
#define DECODER_UDP                  SPACE_NONE
#include "decoders.def"
#undef DECODER_LINK
#undef DECODER_ETHER
	default:
		(void)walk_other(w, COUNT_LINK_UNKNOWN);
		return DECODE_NO_LINK;
	}
}

enum decode_result decode_ether_type(struct walk *w, uint16_t type)
{
	if (++w->hops > HOPS_MAX)
		return walk_other(w, COUNT_LINK_TOO_MANY_HEADERS);
	switch (type) {
#define DECODER_LINK  SPACE_NONE
#define DECODER_ETHER SPACE_CASE
#include "decoders.def"
#undef DECODER_ETHER
#undef DECODER_IP
	default:
		return walk_other(w, COUNT_ETHER_OTHER_TYPE);
	}
}

enum decode_result decode_ip_proto(struct walk *w, uint8_t proto)
{
	w->p->proto = proto;
	w->p->l4_offset = (uint16_t)(w->c.pos - w->p->l3);
	if (++w->hops > HOPS_MAX)
		return walk_no_l4(w, COUNT_LINK_TOO_MANY_HEADERS);
	switch (proto) {
#define DECODER_ETHER SPACE_NONE
#define DECODER_IP    SPACE_CASE
#include "decoders.def"
#undef DECODER_IP
#undef DECODER_UDP
	default:
		return walk_payload(w, walk_wire(w));
	}
}

#undef SPACE_CASE
#define SPACE_CASE(name, number) \
 case number:                    \
  return name##_decode;

decode_fn decode_udp_port(uint16_t port)
{
	switch (port) {
#define DECODER_IP  SPACE_NONE
#define DECODER_UDP SPACE_CASE
#include "decoders.def"
	default:
		return NULL;
	}
}

/* In two halves: of the whole gcc makes a "rep stos", which takes a third of a frame's time. */
static inline void packet_clear(struct packet *p)
{
	const size_t half = 96;
	_Static_assert(sizeof(*p) > 96 && sizeof(*p) <= 96 + 128, "halves do not fit any more");
	memset(p, 0, half);
	memset((uint8_t *)p + half, 0, sizeof(*p) - half);
}

/* What of a packet survives the step into a tunnel. */
static void packet_enter(struct packet *p, const struct packet *outer,
			 const struct carrier *carrier)
{
	packet_clear(p);
	p->number = outer->number;
	p->time_ns = outer->time_ns;
	p->block = outer->block;
	p->vlan = outer->vlan;
	p->tunnel_type = (uint8_t)carrier->type;
	p->tunnel_depth = (uint8_t)(outer->tunnel_depth + 1);
	p->tunnel_id = carrier->has_id ? carrier->id : outer->tunnel_id;
	p->outer_src = outer->tunnel_depth ? outer->outer_src : outer->src;
	p->outer_dst = outer->tunnel_depth ? outer->outer_dst : outer->dst;

	/* No secret in it: stored state knows hosts by this key. */
	uint64_t word = (uint64_t)carrier->type << 32 | (carrier->is_keyed ? carrier->id : 0);
	uint64_t mixed = hash_mix(outer->tunnel_key, word);
	p->tunnel_key = (uint32_t)(mixed ^ mixed >> 32);
	if (p->tunnel_key == 0)
		p->tunnel_key = 1;
}

enum decode_result decode_tunnel(struct walk *w, const struct carrier *carrier, uint16_t type)
{
	if (w->p->tunnel_depth >= DECODE_DEPTH_MAX)
		return walk_other(w, COUNT_TUNNEL_TOO_DEEP);
	struct packet outer = *w->p;
	packet_enter(w->p, &outer, carrier);
	w->ext = 0;
	enum decode_result result = decode_ether_type(w, type);
	if (result == DECODE_OTHER) {
		walk_count(w, COUNT_TUNNEL_NOTHING_INSIDE);
		*w->p = outer;
	}
	return result;
}

/* Two IPv4 addresses are one word. */
static uint64_t hash_pair_v4(const struct decoder *d, const struct ipaddr *a,
			     const struct ipaddr *b, uint32_t tunnel_key)
{
	uint32_t x, y;
	memcpy(&x, a->u.b + 12, 4);
	memcpy(&y, b->u.b + 12, 4);
	bool in_order = be32toh(x) <= be32toh(y);
	uint64_t words[2] = { in_order ? (uint64_t)x << 32 | y : (uint64_t)y << 32 | x,
			      tunnel_key };
	return hash_words(&d->key, words, 2);
}

/* The same for both directions, and for all fragments and connections of a pair. */
static uint64_t hash_pair(const struct decoder *d, const struct ipaddr *a, const struct ipaddr *b,
			  uint32_t tunnel_key)
{
	if (ipaddr_is_v4(a) && ipaddr_is_v4(b))
		return hash_pair_v4(d, a, b, tunnel_key);
	size_t i = a->u.q[0] == b->u.q[0];
	bool in_order = be64toh(a->u.q[i]) <= be64toh(b->u.q[i]);
	const struct ipaddr *low = in_order ? a : b;
	const struct ipaddr *high = in_order ? b : a;
	uint64_t words[5] = { low->u.q[0], low->u.q[1], high->u.q[0], high->u.q[1], tunnel_key };
	return hash_words(&d->key, words, 5);
}

/* A router's error goes where the flow is that it speaks of. */
void decode_pair_hash(const struct decoder *d, struct packet *p)
{
	struct packet_quote quote;
	p->pair_hash = hash_pair(d, &p->src, &p->dst, p->tunnel_key);
	p->route_hash = p->pair_hash;
	if ((p->proto == PROTO_ICMP || p->proto == PROTO_ICMPV6) && packet_quoted(p, &quote))
		p->route_hash = hash_pair(d, &quote.src, &quote.dst, p->tunnel_key);
}

enum decode_result decode_frame(struct decoder *d, const struct frame *f, uint64_t time_ns,
				struct packet *ret)
{
	size_t wire = f->wirelen > f->caplen ? f->wirelen : f->caplen;
	struct walk w = { .d = d,
			  .p = ret,
			  .c = cursor_make(f->data, f->caplen),
			  .wire = wire,
			  .time_ns = time_ns };
	packet_clear(ret);
	ret->number = f->number;
	ret->time_ns = time_ns;
	ret->block = f->block;
	frag_advance(d->frags, f->number, time_ns);
	enum decode_result result = decode_link(&w, f->linktype);
	if (result != DECODE_PACKET)
		return result;
	ret->frames = ret->frames ? ret->frames : 1;
	decode_pair_hash(d, ret);
	return w.owned ? DECODE_REASSEMBLED : DECODE_PACKET;
}

bool decode_given_up(struct decoder *d, uint64_t time_ns, struct packet *ret)
{
	return frag_given_up(d->frags, time_ns, ret);
}

static const char *const counter_names[COUNT__COUNT] = {
#define COUNTER(name, text) text,
#include "counters.def"
#undef COUNTER
};

const char *decode_counter_name(size_t i)
{
	return i < COUNT__COUNT ? counter_names[i] : NULL;
}

struct decoder *decoder_new(const struct hash_key *key)
{
	struct decoder *d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->key = *key;
	d->frags = frag_store_new(key, d->counters);
	if (!d->frags) {
		free(d);
		return NULL;
	}
	for (size_t i = 0; i < COUNT__COUNT; i++)
		d->counters[i].name = counter_names[i];
	return d;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	frag_store_free(d->frags);
	free(d);
}

size_t decode_counters(const struct decoder *d, const struct decode_counter **ret)
{
	*ret = d->counters;
	return COUNT__COUNT;
}

const char *tunnel_name(enum tunnel_type type)
{
	static const char *const names[TUNNEL__COUNT] = {
		[TUNNEL_NONE] = "none",     [TUNNEL_GRE] = "gre",
		[TUNNEL_NVGRE] = "nvgre",   [TUNNEL_ERSPAN] = "erspan",
		[TUNNEL_VXLAN] = "vxlan",   [TUNNEL_VXLAN_GPE] = "vxlan-gpe",
		[TUNNEL_GENEVE] = "geneve", [TUNNEL_IPIP] = "ipip",
		[TUNNEL_6IN4] = "6in4",     [TUNNEL_GTPU] = "gtp-u",
	};
	return (unsigned)type < TUNNEL__COUNT ? names[type] : "unknown";
}
