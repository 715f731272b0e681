/*
 * decode/reassemble.c - from a fragment to the datagram that it completes.
 *
 * The datagram gets one header, that of its first fragment without the traces of fragmentation, so
 * that whoever reads the packet from l3 sees a plain one.  Only ip_len differs from that header: it
 * is the sum over the fragments, since that is what crossed the wire.
 */
#include "frag.h"
#include "walk.h"

#define IPV6_HEADER   40
#define IPV6_FRAGMENT 44

static void put_be16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void mend_ipv4(uint8_t *l3, size_t header, size_t total)
{
	put_be16(l3 + 2, total);
	put_be16(l3 + 6, 0);
	put_be16(l3 + 10, 0);
	uint32_t sum = 0;
	struct cursor c = cursor_make(l3, header);
	while (cursor_left(&c) >= 2)
		sum += cursor_be16(&c);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	put_be16(l3 + 10, ~sum & 0xffff);
}

/* The next-header field that named the fragment header now names what followed it. */
static void mend_ipv6(uint8_t *l3, size_t header, size_t total, uint8_t proto)
{
	size_t field = 6;
	size_t at = IPV6_HEADER;
	put_be16(l3 + 4, total - IPV6_HEADER);
	while (l3[field] != IPV6_FRAGMENT && at + 8 <= header) {
		field = at;
		at += ((size_t)l3[at + 1] + 1) * 8;
	}
	l3[field] = proto;
}

static enum decode_result decode_whole(struct walk *w, const struct frag_whole *whole)
{
	struct packet *p = w->p;
	struct block *before = w->owned;
	uint8_t *l3 = whole->block->data + FRAG_BLOCK_L3;
	size_t total = (size_t)whole->header + whole->payload;

	if (p->ip_version == 4)
		mend_ipv4(l3, whole->header, total);
	else
		mend_ipv6(l3, whole->header, total, whole->proto);
	p->block = whole->block;
	p->l3 = l3;
	p->mac = whole->has_mac ? whole->block->data : NULL;
	p->l3_cap = (uint32_t)total;
	p->ip_len = whole->ip_len;
	p->frames = whole->frames;
	p->flags |= PACKET_REASSEMBLED;
	w->c = cursor_make(l3, total);
	cursor_skip(&w->c, whole->header);
	w->wire = total;
	w->owned = whole->block;

	enum decode_result result =
		p->ip_version == 4 ? decode_ip_proto(w, whole->proto) : ipv6_next(w, whole->proto);
	if (result == DECODE_PACKET) {
		block_release(before);
		return result;
	}
	/* Held again inside, and so the end of the walk: nothing points into this block. */
	block_release(whole->block);
	return result;
}

/* Cannot be kept: it is reported at once, by its addresses alone. */
static enum decode_result refuse(struct walk *w, enum count why)
{
	walk_count(w, why);
	w->p->flags |= PACKET_FRAGMENT;
	return DECODE_PACKET;
}

enum decode_result frag_decode(struct walk *w, const struct fragment *f)
{
	size_t len = walk_wire(w);
	w->p->proto = f->proto;
	if (cursor_left(&w->c) < len)
		return refuse(w, COUNT_FRAG_TRUNCATED);
	if (len == 0 || (f->has_more && len % 8 != 0))
		return refuse(w, COUNT_FRAG_BAD_LENGTH);
	if (f->header + f->offset + len > UINT16_MAX)
		return refuse(w, COUNT_FRAG_TOO_LONG);

	struct frag_input in = { .p = w->p, .f = f, .data = w->c.pos, .len = len };
	struct frag_whole whole;
	decode_pair_hash(w->d, w->p);
	if (!frag_store_add(w->d->frags, &in, &whole))
		return DECODE_HELD;
	return decode_whole(w, &whole);
}
