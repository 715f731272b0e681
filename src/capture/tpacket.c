/*
 * The kernel writes the ring, and is believed in what it counts; every offset is still held against
 * the block that it leads into.
 */
#include "tpacket.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAC_BYTES (2u * ETH_ALEN)
/* where the kernel puts the address of a frame */
#define FROM_AT \
 ((sizeof(struct tpacket3_hdr) + (TPACKET_ALIGNMENT - 1u)) & ~(size_t)(TPACKET_ALIGNMENT - 1u))

int tpacket_open(struct tpacket *t, int fd, const struct tpacket_geometry *g)
{
	*t = (struct tpacket){ .fd = fd,
			       .block_size = g->block_size,
			       .block_count = g->block_count,
			       .is_raw = g->is_raw,
			       .is_loopback = g->is_loopback };
	void *map = mmap(NULL, t->block_size * t->block_count, PROT_READ | PROT_WRITE, MAP_SHARED,
			 fd, 0);
	if (map == MAP_FAILED) {
		(void)close(fd);
		t->fd = -1;
		return -EXF_E_IO;
	}
	t->map = map;
	return 0;
}

void tpacket_close(struct tpacket *t)
{
	if (t->fd < 0)
		return;
	(void)munmap(t->map, t->block_size * t->block_count);
	(void)close(t->fd);
	*t = (struct tpacket){ .fd = -1 };
}

static struct tpacket_block_desc *block_of(const struct tpacket *t)
{
	return (struct tpacket_block_desc *)(void *)(t->map + t->at * t->block_size);
}

static void give_back(struct tpacket *t)
{
	__atomic_store_n(&block_of(t)->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	t->at = (t->at + 1) % t->block_count;
	t->is_begun = false;
	t->left = 0;
}

/* Stands on a frame; false: the kernel still has the next block. */
static bool find_frame(struct tpacket *t)
{
	for (size_t tried = 0; tried < t->block_count; tried++) {
		const struct tpacket_block_desc *b = block_of(t);
		if (!t->is_begun) {
			uint32_t status =
				__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE);
			if (!(status & TP_STATUS_USER))
				return false;
			t->is_begun = true;
			t->left = b->hdr.bh1.num_pkts;
			t->place = b->hdr.bh1.offset_to_first_pkt;
		}
		if (t->left && t->place + sizeof(struct tpacket3_hdr) <= t->block_size)
			return true;
		give_back(t);
	}
	return false;
}

static const struct tpacket3_hdr *header_of(const struct tpacket *t)
{
	return (const struct tpacket3_hdr *)(const void *)(t->map + t->at * t->block_size +
							   t->place);
}

static bool is_wanted(const struct tpacket *t, const struct tpacket3_hdr *h)
{
	const struct sockaddr_ll *from =
		(const struct sockaddr_ll *)(const void *)((const uint8_t *)h + FROM_AT);
	if (t->is_loopback && from->sll_pkttype == PACKET_OUTGOING)
		return false;
	return !t->is_raw || from->sll_protocol == htons(ETH_P_IP) ||
	       from->sll_protocol == htons(ETH_P_IPV6);
}

static void put_tag(struct tpacket_frame *f, const struct tpacket3_hdr *h)
{
	uint16_t kind = h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid : 0;
	uint16_t tci = (uint16_t)h->hv1.tp_vlan_tci;
	kind = kind ? kind : ETH_P_8021Q;
	f->tag_len = sizeof(f->tag);
	f->tag[0] = (uint8_t)(kind >> 8);
	f->tag[1] = (uint8_t)kind;
	f->tag[2] = (uint8_t)(tci >> 8);
	f->tag[3] = (uint8_t)tci;
	f->head = f->data;
	f->head_len = MAC_BYTES;
	f->data += MAC_BYTES;
	f->data_len -= MAC_BYTES;
	f->wirelen += f->tag_len;
}

bool tpacket_peek(struct tpacket *t, struct tpacket_frame *ret)
{
	while (find_frame(t)) {
		const struct tpacket3_hdr *h = header_of(t);
		size_t begin = t->place + h->tp_mac;
		if (begin > t->block_size || h->tp_snaplen > t->block_size - begin ||
		    !is_wanted(t, h)) {
			t->passed++;
			tpacket_done(t);
			continue;
		}
		*ret = (struct tpacket_frame){
			.data = (const uint8_t *)h + h->tp_mac,
			.data_len = h->tp_snaplen,
			.wirelen = h->tp_len > h->tp_snaplen ? h->tp_len : h->tp_snaplen,
			.time_ns = (uint64_t)h->tp_sec * 1000000000ull + h->tp_nsec,
		};
		bool is_tagged = (h->tp_status & TP_STATUS_VLAN_VALID) != 0 || h->hv1.tp_vlan_tci;
		if (is_tagged && !t->is_raw && ret->data_len >= MAC_BYTES)
			put_tag(ret, h);
		return true;
	}
	return false;
}

void tpacket_done(struct tpacket *t)
{
	uint32_t next = header_of(t)->tp_next_offset;
	t->left--;
	t->place += next;
	if (!t->left || !next)
		give_back(t);
}

bool tpacket_statistics(struct tpacket *t, uint32_t *ret_in, uint32_t *ret_dropped)
{
	struct tpacket_stats_v3 s = { 0 };
	socklen_t len = sizeof(s);
	if (t->fd < 0 || getsockopt(t->fd, SOL_PACKET, PACKET_STATISTICS, &s, &len) != 0)
		return false;
	*ret_in = s.tp_packets;
	*ret_dropped = s.tp_drops;
	return true;
}
