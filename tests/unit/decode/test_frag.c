/* decode/test_frag.c - fragments and their limits. */
#include "decoding.h"

/* A UDP datagram of 48 bytes that the tests cut: 40 bytes of payload. */
static uint8_t datagram[100];

struct part {
	uint32_t offset;
	size_t len;
	bool has_more;
};

static void make_datagram(struct decoding *t)
{
	build_payload(&t->b, 40, 'A');
	build_udp(&t->b, 1000, 2000);
	memcpy(datagram, build_data(&t->b), 48);
}

static void build_part(struct decoding *t, unsigned version, uint32_t id, struct part part)
{
	struct build *b = &t->b;
	b->start = BUILD_SIZE;
	build_bytes(b, datagram + part.offset, part.len);
	if (version == 6) {
		uint8_t *p = build_push(b, 8);
		p[0] = 17;
		put16(p + 2, part.offset | part.has_more);
		put32(p + 4, id);
		build_ipv6(b, 1, 2, 44);
		return;
	}
	build_ipv4(b, 1, 2, 17);
	put16(build_data(b) + 4, id);
	put16(build_data(b) + 6, part.offset / 8 | (part.has_more ? 0x2000 : 0));
}

static enum decode_result send(struct decoding *t, unsigned version, uint32_t id, struct part part)
{
	build_part(t, version, id, part);
	return decode_built(t, LINK_RAW);
}

static void assert_whole(const struct decoding *t, unsigned version)
{
	assert_sane(&t->p);
	assert_int_equal(t->p.ip_version, version);
	assert_int_equal(t->p.flags, PACKET_REASSEMBLED);
	assert_int_equal(t->p.sport, 1000);
	assert_int_equal(t->p.dport, 2000);
	assert_int_equal(t->p.payload_len, 40);
	assert_memory_equal(t->p.payload, "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefgh", 40);
}

static void three_pieces_in_every_order(void **state)
{
	struct decoding *t = *state;
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					  { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	static const struct part parts[3] = { { 0, 16, true }, { 16, 24, true }, { 40, 8, false } };
	make_datagram(t);
	for (unsigned version = 4; version <= 6; version += 2) {
		for (int o = 0; o < 6; o++) {
			uint32_t id = version * 100 + (uint32_t)o;
			assert_int_equal(send(t, version, id, parts[orders[o][0]]), DECODE_HELD);
			assert_int_equal(send(t, version, id, parts[orders[o][1]]), DECODE_HELD);
			assert_int_equal(send(t, version, id, parts[orders[o][2]]),
					 DECODE_REASSEMBLED);
			assert_whole(t, version);
			assert_int_equal(t->p.frames, 3);
			assert_int_equal(t->p.ip_len, version == 4 ? 3 * 20 + 48 : 3 * 48 + 48);
		}
	}
	assert_int_equal(counter(t, "fragment.reassembled"), 12);
	assert_false(decode_given_up(t->d, UINT64_MAX, &t->p));
}

static void header_is_mended(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	send(t, 4, 7, (struct part){ 0, 16, true });
	send(t, 4, 7, (struct part){ 16, 32, false });
	assert_memory_equal(t->p.l3 + 2, "\x00\x44", 2);
	assert_memory_equal(t->p.l3 + 6, "\x00\x00", 2);
	uint32_t sum = 0;
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)t->p.l3[i] << 8 | t->p.l3[i + 1];
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	send(t, 6, 7, (struct part){ 0, 16, true });
	send(t, 6, 7, (struct part){ 16, 32, false });
	assert_memory_equal(t->p.l3 + 4, "\x00\x30\x11", 3);
}

static void next_header_is_mended_behind_extensions(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	for (int i = 0; i < 2; i++) {
		t->b.start = BUILD_SIZE;
		build_bytes(&t->b, datagram + i * 16, i == 0 ? 16 : 32);
		build_push(&t->b, 8)[0] = 17;
		put16(build_data(&t->b) + 2, i == 0 ? 1 : 16);
		build_bytes(&t->b, "\x2c\0\0\0\0\0\0\0", 8);
		build_ipv6(&t->b, 1, 2, 60);
		decode_built(t, LINK_RAW);
	}
	assert_whole(t, 6);
	assert_int_equal(t->p.l3[6], 60);
	assert_int_equal(t->p.l3[40], 17);
	assert_int_equal(t->p.l4_offset, 48);
}

static void mac_moves_into_the_new_block(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	build_part(t, 4, 1, (struct part){ 0, 16, true });
	build_ethernet(&t->b, 0x0800);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_HELD);
	build_part(t, 4, 1, (struct part){ 16, 32, false });
	build_ethernet(&t->b, 0x0800);
	assert_int_equal(decode_built(t, LINK_ETHERNET), DECODE_REASSEMBLED);
	assert_sane(&t->p);
	assert_int_equal(t->p.mac[11], 1);
}

static void first_copy_wins_where_two_overlap(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	send(t, 4, 1, (struct part){ 8, 16, true });
	memset(datagram + 8, 'X', 40);
	send(t, 4, 1, (struct part){ 16, 32, false });
	memset(datagram + 8, 'Y', 40);
	assert_int_equal(send(t, 4, 1, (struct part){ 0, 16, true }), DECODE_REASSEMBLED);
	assert_int_equal(t->p.payload_len, 40);
	assert_memory_equal(t->p.payload, "ABCDEFGHIJKLMNOPXXXXXXXXXXXXXXXXXXXXXXXX", 40);
	assert_int_equal(counter(t, "fragment.overlap"), 2);
	assert_int_equal(t->p.frames, 3);
}

static void a_fragment_may_fill_several_gaps(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	send(t, 4, 1, (struct part){ 8, 8, true });
	send(t, 4, 1, (struct part){ 24, 8, true });
	send(t, 4, 1, (struct part){ 40, 8, false });
	assert_int_equal(send(t, 4, 1, (struct part){ 0, 40, true }), DECODE_REASSEMBLED);
	assert_whole(t, 4);
}

static void teardrop_and_duplicates_are_counted_once_in_bytes(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	send(t, 4, 1, (struct part){ 0, 40, true });
	send(t, 4, 1, (struct part){ 24, 8, false }); /* ends inside the first */
	assert_int_equal(counter(t, "fragment.conflicting_end"), 1);
	send(t, 4, 1, (struct part){ 0, 40, true });
	assert_int_equal(counter(t, "fragment.duplicate"), 1);
	assert_int_equal(send(t, 4, 1, (struct part){ 40, 8, false }), DECODE_REASSEMBLED);
	assert_whole(t, 4);
	assert_int_equal(t->p.frames, 4);
	assert_int_equal(t->p.ip_len, 4 * 20 + 40 + 8 + 40 + 8);
}

static void nothing_may_lie_after_the_end(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	send(t, 4, 1, (struct part){ 32, 8, false });
	send(t, 4, 1, (struct part){ 40, 8, true });
	send(t, 4, 1, (struct part){ 40, 8, false });
	assert_int_equal(counter(t, "fragment.conflicting_end"), 2);
	assert_int_equal(send(t, 4, 1, (struct part){ 0, 32, true }), DECODE_REASSEMBLED);
	assert_int_equal(t->p.payload_len, 32);
}

static void ping_of_death_is_refused(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	build_part(t, 4, 1, (struct part){ 0, 48, false });
	put16(build_data(&t->b) + 6, 0x1fff);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_PACKET);
	assert_int_equal(t->p.flags, PACKET_FRAGMENT);
	assert_int_equal(t->p.ip_len, 68);
	assert_int_equal(t->p.sport, 0);
	assert_int_equal(counter(t, "fragment.too_long"), 1);
}

static void odd_and_empty_pieces_are_refused(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	assert_int_equal(send(t, 4, 1, (struct part){ 0, 15, true }), DECODE_PACKET);
	assert_int_equal(send(t, 6, 1, (struct part){ 8, 0, true }), DECODE_PACKET);
	assert_int_equal(counter(t, "fragment.bad_length"), 2);
	assert_int_equal(t->p.flags, PACKET_FRAGMENT);
	assert_int_equal(t->p.proto, 17);
}

static void cut_pieces_are_reported_at_once(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	build_part(t, 4, 1, (struct part){ 0, 48, true });
	assert_int_equal(decode_bytes(t, LINK_RAW, build_data(&t->b), 60, 68), DECODE_PACKET);
	assert_int_equal(t->p.flags, PACKET_FRAGMENT | PACKET_TRUNCATED);
	assert_int_equal(t->p.ip_len, 68);
	build_part(t, 4, 1, (struct part){ 0, 48, true });
	assert_truncations(t, LINK_RAW);
	build_part(t, 6, 1, (struct part){ 0, 48, true });
	assert_truncations(t, LINK_RAW);
}

static void missing_piece_times_out(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	send(t, 4, 1, (struct part){ 0, 16, true });
	send(t, 4, 1, (struct part){ 16, 16, true });
	t->time_ns += 29 * SECOND;
	assert_false(decode_given_up(t->d, t->time_ns, &t->p));
	t->time_ns += SECOND;
	assert_true(decode_given_up(t->d, t->time_ns, &t->p));
	assert_int_equal(t->p.flags, PACKET_FRAGMENT);
	assert_int_equal(t->p.frames, 2);
	assert_int_equal(t->p.ip_len, 2 * 36);
	assert_int_equal(t->p.proto, 17);
	assert_int_equal(t->p.src.u.b[15], 1);
	assert_true(t->p.time_ns == t->time_ns);
	assert_int_equal(t->p.number, 2);
	assert_true(t->p.pair_hash != 0);
	assert_null(t->p.l3);
	assert_null(t->p.payload);
	assert_null(t->p.block);
	assert_false(decode_given_up(t->d, t->time_ns, &t->p));
	assert_int_equal(counter(t, "fragment.timeout"), 1);
	/* the last piece comes too late: another datagram */
	assert_int_equal(send(t, 4, 1, (struct part){ 32, 16, false }), DECODE_HELD);
	assert_true(decode_given_up(t->d, UINT64_MAX, &t->p));
	assert_int_equal(t->p.ip_len, 36);
	assert_true(t->p.time_ns == t->time_ns);
}

static void identifiers_protocols_and_tunnels_keep_apart(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	send(t, 4, 1, (struct part){ 0, 16, true });
	assert_int_equal(send(t, 4, 2, (struct part){ 16, 32, false }), DECODE_HELD);
	assert_int_equal(send(t, 6, 1, (struct part){ 16, 32, false }), DECODE_HELD);
	build_part(t, 4, 1, (struct part){ 16, 32, false });
	build_data(&t->b)[9] = 1;
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_HELD);
	build_part(t, 4, 1, (struct part){ 16, 32, false });
	build_ipv4(&t->b, 8, 9, 4);
	assert_int_equal(decode_built(t, LINK_RAW), DECODE_HELD);
	assert_int_equal(send(t, 4, 1, (struct part){ 16, 32, false }), DECODE_REASSEMBLED);
}

static void too_many_pieces_only_count(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	for (uint32_t i = 0; i < 70; i++) {
		build_part(t, 4, 1, (struct part){ 0, 8, true });
		put16(build_data(&t->b) + 6, 0x2000 | (2 * i + 2));
		assert_int_equal(decode_built(t, LINK_RAW), DECODE_HELD);
	}
	assert_int_equal(counter(t, "fragment.too_many_pieces"), 1);
	assert_true(decode_given_up(t->d, UINT64_MAX, &t->p));
	assert_int_equal(t->p.frames, 70);
	assert_int_equal(t->p.ip_len, 70 * 28);
}

static void as_many_pieces_as_allowed_are_put_together(void **state)
{
	struct decoding *t = *state;
	for (uint32_t n = 64; n <= 65; n++) {
		enum decode_result result = DECODE_OTHER;
		for (uint32_t i = 0; i < n; i++) {
			build_payload(&t->b, 8, 0);
			build_ipv4(&t->b, 1, 2, 17);
			put16(build_data(&t->b) + 4, n);
			put16(build_data(&t->b) + 6, (i + 1 < n ? 0x2000 : 0) | i);
			result = decode_built(t, LINK_RAW);
		}
		assert_int_equal(result, n == 64 ? DECODE_REASSEMBLED : DECODE_HELD);
	}
}

static void oldest_datagram_makes_room(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	for (uint32_t id = 0; id < 4096; id++)
		assert_int_equal(send(t, 6, id, (struct part){ 0, 8 + 8 * (id == 0), true }),
				 DECODE_HELD);
	assert_int_equal(counter(t, "fragment.evicted"), 0);
	assert_int_equal(send(t, 6, 5000, (struct part){ 0, 8, true }), DECODE_HELD);
	assert_int_equal(counter(t, "fragment.evicted"), 1);
	assert_true(decode_given_up(t->d, t->time_ns, &t->p));
	assert_int_equal(t->p.ip_len, 64);
	assert_false(decode_given_up(t->d, t->time_ns, &t->p));
}

static void nobody_fetching_what_was_given_up_loses_it(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	for (uint32_t id = 0; id < 4096 + 1024 + 3; id++)
		send(t, 6, id, (struct part){ 0, 8, true });
	assert_int_equal(counter(t, "fragment.lost"), 3);
	unsigned fetched = 0;
	while (decode_given_up(t->d, t->time_ns, &t->p))
		fetched++;
	assert_int_equal(fetched, 1024);
	while (decode_given_up(t->d, UINT64_MAX, &t->p))
		fetched++;
	assert_int_equal(fetched, 1024 + 4096);
	send(t, 6, 1, (struct part){ 0, 16, true });
	assert_int_equal(send(t, 6, 1, (struct part){ 16, 32, false }), DECODE_REASSEMBLED);
}

static void bytes_held_are_bounded(void **state)
{
	struct decoding *t = *state;
	uint64_t sum = 0;
	for (uint32_t id = 0; id < 600; id++) {
		build_payload(&t->b, 60000, 0);
		build_ipv4(&t->b, 1, 2, 17);
		put16(build_data(&t->b) + 4, id);
		put16(build_data(&t->b) + 6, 0x2000);
		assert_int_equal(decode_built(t, LINK_RAW), DECODE_HELD);
	}
	uint64_t evicted = counter(t, "fragment.evicted");
	assert_in_range(evicted, 600 - (16 << 20) / 60000, 600 - (16 << 20) / 60000 + 10);
	while (decode_given_up(t->d, UINT64_MAX, &t->p))
		sum += t->p.ip_len;
	assert_int_equal(sum, 600 * 60020);
}

static void one_datagram_cannot_count_for_ever(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	uint64_t sum = 0;
	for (uint32_t i = 0; i < 70000; i++) {
		send(t, 4, 1, (struct part){ 0, 8, true });
		while (decode_given_up(t->d, t->time_ns, &t->p))
			sum += t->p.frames;
	}
	assert_int_equal(sum, 65535);
	while (decode_given_up(t->d, UINT64_MAX, &t->p))
		sum += t->p.frames;
	assert_int_equal(sum, 70000);
}

static void fragmented_carrier_is_entered(void **state)
{
	struct decoding *t = *state;
	build_inner(&t->b);
	build_ethernet(&t->b, 0x0800);
	build_bytes(&t->b, "\x08\0\0\0\0\0\x07\0", 8);
	build_udp(&t->b, 50000, 4789);
	size_t len = build_len(&t->b);
	assert_int_equal(len, 74);
	memcpy(datagram, build_data(&t->b), len);
	assert_int_equal(send(t, 4, 1, (struct part){ 0, 32, true }), DECODE_HELD);
	assert_int_equal(send(t, 4, 1, (struct part){ 32, 42, false }), DECODE_REASSEMBLED);
	assert_inner(t);
	assert_sane(&t->p);
	assert_int_equal(t->p.tunnel_id, 7);
}

static void carrier_and_inside_may_both_be_fragmented(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	enum decode_result result = DECODE_OTHER;
	for (int inner = 0; inner < 2; inner++) {
		build_part(t, 4, 1, (struct part){ inner ? 16u : 0, inner ? 32 : 16, inner == 0 });
		uint8_t held[200];
		size_t len = build_len(&t->b);
		memcpy(held, build_data(&t->b), len);
		for (int outer = 0; outer < 2; outer++) {
			t->b.start = BUILD_SIZE;
			build_bytes(&t->b, held + outer * 16, outer ? len - 16 : 16);
			build_ipv4(&t->b, 8, 9, 4);
			put16(build_data(&t->b) + 4, 77 + (size_t)inner);
			put16(build_data(&t->b) + 6, outer ? 2 : 0x2000);
			result = decode_built(t, LINK_RAW);
			if (!inner || !outer)
				assert_int_equal(result, DECODE_HELD);
		}
	}
	assert_int_equal(result, DECODE_REASSEMBLED);
	assert_whole(t, 4);
	assert_int_equal(t->p.tunnel_type, TUNNEL_IPIP);
	assert_int_equal(t->p.frames, 2);
}

static void nonsense_in_a_whole_carrier_leaves_the_carrier(void **state)
{
	struct decoding *t = *state;
	make_datagram(t);
	memset(datagram, 0, sizeof(datagram));
	for (int i = 0; i < 2; i++) {
		build_part(t, 4, 1, (struct part){ i ? 16u : 0, i ? 32 : 16, i == 0 });
		build_data(&t->b)[9] = 4;
		decode_built(t, LINK_RAW);
	}
	assert_sane(&t->p);
	assert_int_equal(t->p.proto, 4);
	assert_int_equal(t->p.payload_len, 48);
	assert_int_equal(t->p.flags, PACKET_REASSEMBLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DECODING_TEST(three_pieces_in_every_order),
		DECODING_TEST(header_is_mended),
		DECODING_TEST(next_header_is_mended_behind_extensions),
		DECODING_TEST(mac_moves_into_the_new_block),
		DECODING_TEST(first_copy_wins_where_two_overlap),
		DECODING_TEST(a_fragment_may_fill_several_gaps),
		DECODING_TEST(teardrop_and_duplicates_are_counted_once_in_bytes),
		DECODING_TEST(nothing_may_lie_after_the_end),
		DECODING_TEST(ping_of_death_is_refused),
		DECODING_TEST(odd_and_empty_pieces_are_refused),
		DECODING_TEST(cut_pieces_are_reported_at_once),
		DECODING_TEST(missing_piece_times_out),
		DECODING_TEST(identifiers_protocols_and_tunnels_keep_apart),
		DECODING_TEST(too_many_pieces_only_count),
		DECODING_TEST(as_many_pieces_as_allowed_are_put_together),
		DECODING_TEST(oldest_datagram_makes_room),
		DECODING_TEST(nobody_fetching_what_was_given_up_loses_it),
		DECODING_TEST(bytes_held_are_bounded),
		DECODING_TEST(one_datagram_cannot_count_for_ever),
		DECODING_TEST(fragmented_carrier_is_entered),
		DECODING_TEST(carrier_and_inside_may_both_be_fragmented),
		DECODING_TEST(nonsense_in_a_whole_carrier_leaves_the_carrier),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
