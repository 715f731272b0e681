/*
 * fuzz/fuzz_decode.c - frames of every link type through one decoder.
 *
 * What: the first byte chooses the link type; then come frames, each behind two bytes: 14 bits of
 * length, 0x4000 for 31 s later (fragments expire), 0x8000 for a capture that cut the frame.
 * Checks that whatever comes out lies inside its block and that its bytes can be read.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/cursor.h"
#include "exfild/decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static bool is_inside(const struct packet *p, const uint8_t *at, size_t len)
{
	const uint8_t *end = p->block->data + p->block->size;
	return at >= p->block->data && at <= end && len <= (size_t)(end - at);
}

static void check_packet(const struct packet *p)
{
	require(p->l3 && is_inside(p, p->l3, p->l3_cap));
	require(p->payload_cap <= p->payload_len);
	require(!p->payload == (p->payload_cap == 0));
	require(!p->payload || is_inside(p, p->payload, p->payload_cap));
	require(!p->mac || is_inside(p, p->mac, 12));
	require(p->l4_offset <= p->l3_cap);
	require(p->frames >= 1 && p->tunnel_depth <= DECODE_DEPTH_MAX);
	require((p->tunnel_depth == 0) == (p->tunnel_key == 0));
	(void)hash_bytes(&hash_key_fixed, p->l3, p->l3_cap);
	(void)hash_bytes(&hash_key_fixed, p->payload, p->payload_cap);
	(void)packet_checksum_ok(p);
}

static void feed(struct decoder *d, struct frame *f, struct cursor bytes)
{
	struct block *b = block_new(f->caplen);
	require(b != NULL);
	cursor_copy(&bytes, b->data, f->caplen);
	f->data = b->data;
	f->block = b;
	struct packet p;
	enum decode_result result = decode_frame(d, f, f->time_ns, &p);
	if (result == DECODE_PACKET || result == DECODE_REASSEMBLED)
		check_packet(&p);
	if (result == DECODE_REASSEMBLED)
		block_release(p.block);
	block_release(b);
	while (decode_given_up(d, f->time_ns, &p))
		require(p.frames >= 1 && !p.payload && !p.block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t links[] = { 1,   0,   8,   9,   10,  12,  50,  51,  100, 101,
					  104, 105, 107, 108, 113, 119, 127, 228, 239, 276 };
	struct cursor c = cursor_make(data, size);
	struct frame f = { .linktype = links[cursor_u8(&c) % (sizeof(links) / sizeof(links[0]))] };
	struct decoder *d = decoder_new(&hash_key_fixed);
	require(d != NULL);
	while (cursor_left(&c) >= 2) {
		uint16_t word = cursor_be16(&c);
		size_t len = word & 0x3fff;
		if (len > cursor_left(&c))
			len = cursor_left(&c);
		f.number++;
		f.time_ns += word & 0x4000 ? 31000000000ull : 1000;
		f.caplen = (uint32_t)len;
		f.wirelen = (uint32_t)(word & 0x8000 ? len * 2 : len);
		feed(d, &f, cursor_sub(&c, len));
	}
	struct packet p;
	while (decode_given_up(d, UINT64_MAX, &p))
		require(p.frames >= 1);
	decoder_free(d);
	return 0;
}
