/*
 * decode/decoding.h - what the tests of decoders share.
 *
 * What: each test works in a struct decoding, made by setup; frames are copied to buffers of their
 * exact size, so that the address sanitizer sees one byte too far.
 */
#ifndef EXFILD_TEST_DECODING_H
#define EXFILD_TEST_DECODING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/decode/decode.h"
#include "support/frame_build.h"

#define DECODING_TEST(name) cmocka_unit_test_setup_teardown(name, decoding_setup, decoding_teardown)

#define SECOND 1000000000ull

enum { LINK_NULL = 0, LINK_ETHERNET = 1, LINK_RAW = 101 };

struct decoding {
	struct decoder *d;
	struct build b;
	struct packet p;
	struct block *block; /* of the last frame, or of the last datagram */
	uint64_t number;
	uint64_t time_ns;
};

static inline int decoding_setup(void **state)
{
	struct decoding *t = calloc(1, sizeof(*t));
	assert_non_null(t);
	t->d = decoder_new(&hash_key_fixed);
	assert_non_null(t->d);
	t->time_ns = 1000 * SECOND;
	t->b.start = BUILD_SIZE;
	*state = t;
	return 0;
}

static inline int decoding_teardown(void **state)
{
	struct decoding *t = *state;
	block_release(t->block);
	decoder_free(t->d);
	free(t);
	return 0;
}

static inline enum decode_result decode_bytes(struct decoding *t, uint32_t linktype,
					      const void *bytes, size_t caplen, size_t wirelen)
{
	struct block *frame_block = block_new(caplen);
	assert_non_null(frame_block);
	if (caplen > 0)
		memcpy(frame_block->data, bytes, caplen);
	struct frame f = { .data = frame_block->data,
			   .caplen = (uint32_t)caplen,
			   .wirelen = (uint32_t)wirelen,
			   .time_ns = t->time_ns,
			   .number = ++t->number,
			   .linktype = linktype,
			   .block = frame_block };
	enum decode_result result = decode_frame(t->d, &f, t->time_ns, &t->p);
	block_release(t->block);
	t->block = frame_block;
	if (result == DECODE_REASSEMBLED) {
		block_release(frame_block);
		t->block = t->p.block;
	}
	return result;
}

/* The frame that was built. */
static inline enum decode_result decode_built(struct decoding *t, uint32_t linktype)
{
	return decode_bytes(t, linktype, build_data(&t->b), build_len(&t->b), build_len(&t->b));
}

static inline uint64_t counter(const struct decoding *t, const char *name)
{
	const struct decode_counter *counters;
	size_t n = decode_counters(t->d, &counters);
	for (size_t i = 0; i < n; i++)
		if (strcmp(counters[i].name, name) == 0)
			return counters[i].count;
	fail_msg("no counter %s", name);
	return 0;
}

static inline uint64_t counter_sum(const struct decoding *t)
{
	const struct decode_counter *counters;
	uint64_t sum = 0;
	size_t n = decode_counters(t->d, &counters);
	for (size_t i = 0; i < n; i++)
		sum += counters[i].count;
	return sum;
}

/* It is the packet of build_inner(). */
static inline void assert_inner(const struct decoding *t)
{
	const struct packet *p = &t->p;
	assert_int_equal(p->kind, PACKET_IP);
	assert_int_equal(p->ip_version, 4);
	assert_int_equal(p->proto, PROTO_TCP);
	assert_memory_equal(p->src.u.b + 12, "\x0a\x00\x00\x01", 4);
	assert_memory_equal(p->dst.u.b + 12, "\x0a\x00\x00\x02", 4);
	assert_int_equal(p->sport, 1000);
	assert_int_equal(p->dport, 80);
	assert_int_equal(p->ip_len, 44);
	assert_int_equal(p->l3_cap, 44);
	assert_int_equal(p->l4_offset, 20);
	assert_int_equal(p->frames, 1);
	assert_int_equal(p->payload_len, 4);
	assert_int_equal(p->payload_cap, 4);
	assert_memory_equal(p->payload, "abcd", 4);
	assert_int_equal(p->flags, 0);
	assert_true(p->pair_hash != 0);
}

static inline void assert_inner6(const struct decoding *t)
{
	const struct packet *p = &t->p;
	assert_int_equal(p->ip_version, 6);
	assert_int_equal(p->proto, PROTO_TCP);
	assert_int_equal(p->src.u.b[15], 1);
	assert_int_equal(p->dst.u.b[15], 2);
	assert_int_equal(p->sport, 1000);
	assert_int_equal(p->dport, 80);
	assert_memory_equal(p->payload, "abcd", 4);
	assert_int_equal(p->flags, 0);
}

static inline bool is_inside(const struct packet *p, const uint8_t *at, size_t len)
{
	return at >= p->block->data && at + len <= p->block->data + p->block->size;
}

/* Whatever came out stays inside its block and agrees with itself. */
static inline void assert_sane(const struct packet *p)
{
	assert_non_null(p->block);
	assert_non_null(p->l3);
	assert_true(is_inside(p, p->l3, p->l3_cap));
	assert_true(p->payload_cap <= p->payload_len);
	assert_true((p->payload != NULL) == (p->payload_cap > 0));
	if (p->payload)
		assert_true(is_inside(p, p->payload, p->payload_cap));
	if (p->mac)
		assert_true(is_inside(p, p->mac, 12));
	assert_true(p->l4_offset <= p->l3_cap);
	assert_true(p->frames >= 1);
	assert_true(p->tunnel_depth <= DECODE_DEPTH_MAX);
	assert_true((p->tunnel_depth == 0) == (p->tunnel_key == 0));
	(void)packet_checksum_ok(p);
}

/*
 * Every shorter capture of the built frame, both as the capture's cut (the wire had more) and as a
 * short frame: refused by name, or a packet that says what it lacks.
 */
static inline void assert_truncations(struct decoding *t, uint32_t linktype)
{
	size_t len = build_len(&t->b);
	for (size_t cap = 0; cap < len; cap++) {
		for (int is_short = 0; is_short < 2; is_short++) {
			uint64_t before = counter_sum(t);
			enum decode_result result = decode_bytes(t, linktype, build_data(&t->b),
								 cap, is_short ? cap : len);
			assert_true(result != DECODE_REASSEMBLED);
			bool is_counted = counter_sum(t) > before;
			if (result == DECODE_OTHER) {
				assert_true(is_counted);
				continue;
			}
			assert_int_equal(result, DECODE_PACKET);
			assert_sane(&t->p);
			assert_true(is_counted || (t->p.flags & PACKET_TRUNCATED));
		}
	}
}

#endif
