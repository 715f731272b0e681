/* pcapng files: sections, interfaces, clocks, skipped blocks, cuts and lies. */
#include "files.h"

static void both_orders_and_all_packet_blocks_are_read(void **state)
{
	(void)state;
	for (int big = 0; big < 2; big++) {
		struct file f = { .big = big };
		ng_section(&f, 1, 0);
		ng_interface(&f, 1, 65535, -1, 0);
		ng_interface(&f, 101, 6, 9, 0);
		ng_packet(&f, 0, 1600000000000001, 5, 60, 10);
		ng_packet(&f, 1, 1600000000000000002, 6, 6, 11);
		size_t at = ng_begin(&f, 2); /* obsolete Packet Block */
		file_u16(&f, 1);
		file_u16(&f, 77);
		uint64_t ticks = 1600000000000000003;
		file_u32(&f, ticks >> 32);
		file_u32(&f, (uint32_t)ticks);
		file_u32(&f, 7);
		file_u32(&f, 8);
		file_fill(&f, 12, 7);
		ng_end(&f, at);
		at = ng_begin(&f, 3); /* Simple Packet Block */
		file_u32(&f, 9);
		file_fill(&f, 13, 9);
		ng_end(&f, at);
		see_file(&f);
		assert_int_equal(seen.damage_count, 0);
		assert_int_equal(seen.count, 4);
		assert_true(seen.frames[0].time_ns == 1600000000000001000);
		assert_int_equal(seen.frames[0].caplen, 5);
		assert_int_equal(seen.frames[0].wirelen, 60);
		assert_int_equal(seen.frames[0].linktype, 1);
		assert_true(seen.frames[1].time_ns == 1600000000000000002);
		assert_int_equal(seen.frames[1].linktype, 101);
		assert_true(seen.frames[2].time_ns == 1600000000000000003);
		assert_int_equal(seen.frames[2].caplen, 7);
		assert_int_equal(seen.frames[2].wirelen, 8);
		/* No time of its own: the newest before it. */
		assert_true(seen.frames[3].time_ns == 1600000000000001000);
		assert_int_equal(seen.frames[3].caplen, 9);
		assert_int_equal(seen.frames[3].linktype, 1);
		for (unsigned n = 0; n < 4; n++)
			assert_int_equal(seen.first[n], fill_byte(10 + n, 0));
		file_free(&f);
	}
}

static void simple_packets_are_as_long_as_the_snaplen(void **state)
{
	(void)state;
	struct file f = { 0 };

	ng_section(&f, 1, 2);
	ng_interface(&f, 1, 6, -1, 0);
	size_t at = ng_begin(&f, 3);
	file_u32(&f, 1000);
	file_fill(&f, 1, 6);
	ng_end(&f, at);
	see_file(&f);
	assert_int_equal(seen.damage_count, 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.frames[0].caplen, 6);
	assert_int_equal(seen.frames[0].wirelen, 1000);
	file_free(&f);
}

static void clocks_of_all_resolutions_are_read(void **state)
{
	(void)state;
	static const struct {
		int resolution;
		int64_t offset_s;
		uint64_t ticks, ns;
	} cases[] = {
		{ -1, 0, 1500000, 1500000000 },
		{ 0, 0, 3, 3 * SECOND },
		{ 3, 0, 1500, 1500000000 },
		{ 6, 0, 1, 1000 },
		{ 9, 0, 7, 7 },
		{ 12, 0, 5999, 5 },
		{ 19, 0, 10000000000, 1 },
		{ 0x80, 0, 2, 2 * SECOND },
		{ 0x81, 0, 3, 1500000000 },
		{ 0x80 | 10, 0, 1536, 1500000000 },
		{ 0x80 | 32, 0, 3ull << 31, 1500000000 },
		{ 0x80 | 63, 0, 3ull << 62, 1500000000 },
		{ 9, 10, 5, 10 * SECOND + 5 },
		{ 9, -10, 12 * SECOND, 2 * SECOND },
		{ 9, -10, 5, 0 },                 /* before 1970 */
		{ 0, 0, UINT64_MAX, UINT64_MAX }, /* after 2554 */
		{ 0, INT64_MAX, UINT64_MAX, UINT64_MAX },
		{ 0, INT64_MIN, UINT64_MAX, UINT64_MAX },
		{ 9, INT64_MIN, UINT64_MAX, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file f = { .big = i % 2 };
		ng_section(&f, 1, 0);
		ng_interface(&f, 1, 0, cases[i].resolution, cases[i].offset_s);
		ng_packet(&f, 0, cases[i].ticks, 4, 4, 0);
		see_file(&f);
		assert_int_equal(seen.damage_count, 0);
		assert_int_equal(seen.count, 1);
		if (seen.frames[0].time_ns != cases[i].ns)
			fail_msg("case %zu: %llu ns", i,
				 (unsigned long long)seen.frames[0].time_ns);
		file_free(&f);
	}
}

static void impossible_clock_costs_its_packets_only(void **state)
{
	(void)state;
	static const int bad[] = { 20, 0x7f, 0x80 | 64, 0xff };

	for (size_t i = 0; i < 4; i++) {
		struct file f = { 0 };
		ng_section(&f, 1, 0);
		ng_interface(&f, 1, 0, bad[i], 0);
		ng_interface(&f, 1, 0, 9, 0);
		ng_packet(&f, 0, 1, 4, 4, 0);
		ng_packet(&f, 1, 2, 4, 4, 0);
		see_file(&f);
		assert_int_equal(seen.count, 1);
		assert_true(seen.frames[0].time_ns == 2);
		assert_int_equal(seen.damage_count, 2);
		file_free(&f);
	}
}

static void sections_have_their_own_order_and_interfaces(void **state)
{
	(void)state;
	struct file f = { .big = false };

	ng_section(&f, 1, 0);
	ng_interface(&f, 1, 0, 9, 0);
	ng_interface(&f, 113, 0, 9, 0);
	ng_packet(&f, 1, 1, 4, 4, 0);
	f.big = true;
	ng_section(&f, 1, 0);
	ng_interface(&f, 276, 0, 6, 0);
	ng_packet(&f, 0, 2, 4, 4, 0);
	ng_packet(&f, 1, 3, 4, 4, 0); /* of the section before: unknown here */
	f.big = false;
	ng_section(&f, 1, 0);
	ng_interface(&f, 0, 0, 9, 0);
	ng_packet(&f, 0, 4, 4, 4, 0);
	see_file(&f);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.frames[0].linktype, 113);
	assert_int_equal(seen.frames[1].linktype, 276);
	assert_true(seen.frames[1].time_ns == 2000);
	assert_int_equal(seen.frames[2].linktype, 0);
	assert_damaged("interface 1");
	file_free(&f);
}

static void missing_interface_is_said_once(void **state)
{
	(void)state;
	struct file f = { 0 };

	ng_section(&f, 1, 0);
	ng_interface(&f, 1, 0, 9, 0);
	size_t first = f.len;
	for (unsigned n = 0; n < 10; n++) {
		ng_packet(&f, 7 + n, n, 4, 4, 0);
		ng_packet(&f, 0, n, 4, 4, 0);
	}
	see_file(&f);
	assert_int_equal(seen.count, 10);
	assert_damaged("interface 7");
	assert_int_equal(seen.damage_offset, first);
	file_free(&f);
}

static void unknown_blocks_are_skipped(void **state)
{
	(void)state;
	struct file f = { 0 };

	ng_section(&f, 1, 0);
	size_t at = ng_begin(&f, 0x0bad);
	file_fill(&f, 0, 20 << 20); /* longer than any packet may be */
	ng_end(&f, at);
	ng_interface(&f, 1, 0, 9, 0);
	at = ng_begin(&f, 5);
	file_fill(&f, 0, 3000);
	ng_end(&f, at);
	ng_packet(&f, 0, 1, 4, 4, 0);
	at = ng_begin(&f, 10);
	ng_end(&f, at); /* the shortest block */
	ng_packet(&f, 0, 2, 4, 4, 0);
	see_file(&f);
	assert_int_equal(seen.damage_count, 0);
	assert_int_equal(seen.count, 2);
	file_free(&f);
}

static void bad_block_of_good_length_is_skipped(void **state)
{
	(void)state;
	struct file f = { 0 };

	ng_section(&f, 1, 0);
	ng_interface(&f, 1, 0, 9, 0);
	size_t at = ng_begin(&f, 1);
	file_u16(&f, 1); /* cut interface: it still counts */
	ng_end(&f, at);
	ng_interface(&f, 101, 0, 9, 0);
	at = ng_begin(&f, 6); /* cut packet */
	file_u32(&f, 0);
	ng_end(&f, at);
	size_t lie = f.len;
	ng_packet(&f, 0, 1, 4, 4, 0);
	f.data[lie + 8 + 12] = 200; /* longer than its block */
	at = ng_begin(&f, 3);
	file_u32(&f, 100); /* simple packet, likewise */
	ng_end(&f, at);
	at = ng_begin(&f, 6);
	file_fill(&f, 0, 18 << 20); /* too long at all */
	ng_end(&f, at);
	ng_packet(&f, 2, 3, 4, 4, 0);
	see_file(&f);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.frames[0].linktype, 101);
	assert_damaged("skipped");
	file_free(&f);
}

static void blocks_that_disagree_end_the_file(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct file f = { 0 };
		ng_section(&f, 1, 0);
		ng_interface(&f, 1, 0, 9, 0);
		ng_packet(&f, 0, 1, 4, 4, 0);
		size_t bad = f.len;
		ng_packet(&f, 0, 2, 4, 4, 0);
		if (i == 0)
			f.data[f.len - 4] ^= 4; /* the two lengths differ */
		else if (i == 1)
			f.data[bad + 4] = 8; /* too short to be a block */
		else if (i == 2)
			f.data[bad + 7] = 1; /* longer than the file */
		else
			f.data[bad] = 0x99, f.data[f.len - 4] ^= 4; /* unknown, differing */
		ng_packet(&f, 0, 3, 4, 4, 0);
		see_file(&f);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.damage_count, 1);
		assert_int_equal(seen.damage_offset, bad);
		file_free(&f);
	}
}

static void unaligned_block_is_read_and_said(void **state)
{
	(void)state;
	struct file f = { 0 };

	ng_section(&f, 1, 0);
	ng_interface(&f, 1, 0, 9, 0);
	size_t at = f.len;
	file_u32(&f, 6);
	file_u32(&f, 12 + 20 + 5);
	file_u32(&f, 0);
	file_u64(&f, 0);
	file_u32(&f, 5);
	file_u32(&f, 5);
	file_fill(&f, 1, 5);
	file_u32(&f, 12 + 20 + 5);
	ng_packet(&f, 0, 3, 4, 4, 0);
	see_file(&f);
	assert_int_equal(seen.count, 2);
	assert_damaged("multiple of four");
	assert_int_equal(seen.damage_offset, at);
	file_free(&f);
}

static void foreign_sections_are_refused(void **state)
{
	(void)state;
	static const struct {
		uint16_t major, minor;
	} versions[] = { { 0, 1 }, { 1, 1 }, { 2, 0 } };

	for (size_t i = 0; i < 3; i++) {
		struct file f = { 0 };
		ng_section(&f, versions[i].major, versions[i].minor);
		see_file(&f);
		assert_int_equal(seen.count, 0);
		assert_damaged("version");
		file_free(&f);
	}
	struct file f = { 0 };
	ng_section(&f, 1, 0);
	f.data[8] = 0;
	see_file(&f);
	assert_damaged("byte order");
	file_free(&f);
}

/* Cut anywhere: the whole packets come, and all but a cut between blocks is said. */
static void every_cut_is_said(void **state)
{
	(void)state;
	struct file f = { 0 };
	size_t ends[8];
	unsigned packets[8];
	unsigned blocks = 0;

	ng_section(&f, 1, 0);
	ends[blocks] = f.len, packets[blocks++] = 0;
	ng_interface(&f, 1, 0, 9, 0);
	ends[blocks] = f.len, packets[blocks++] = 0;
	for (unsigned n = 0; n < 3; n++) {
		ng_packet(&f, 0, n, 7 * n, 100, n);
		ends[blocks] = f.len, packets[blocks++] = n + 1;
	}
	size_t at = ng_begin(&f, 5);
	file_fill(&f, 0, 40);
	ng_end(&f, at);
	ends[blocks] = f.len, packets[blocks++] = 3;
	for (size_t len = 0; len <= f.len; len++) {
		see_one(write_bytes("cut", f.data, len));
		unsigned want = 0;
		size_t begin = 0;
		for (unsigned n = 0; n < blocks; n++) {
			if (len < ends[n])
				break;
			want = packets[n];
			begin = ends[n];
		}
		assert_int_equal(seen.count, want);
		assert_int_equal(seen.damage_count, len && len == begin ? 0 : 1);
		if (len != begin)
			assert_int_equal(seen.damage_offset, begin);
	}
	file_free(&f);
}

static void interfaces_have_a_limit(void **state)
{
	(void)state;
	enum { COUNT = 65536 };
	struct file f = { 0 };

	ng_section(&f, 1, 0);
	for (unsigned n = 0; n <= COUNT; n++) {
		size_t at = ng_begin(&f, 1);
		file_u32(&f, 1 + n % 2);
		file_u32(&f, 0);
		ng_end(&f, at);
	}
	ng_packet(&f, COUNT - 1, 1, 4, 4, 0);
	see_file(&f);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.frames[0].linktype, 2);
	assert_damaged("too many interfaces");
	file_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_orders_and_all_packet_blocks_are_read),
		cmocka_unit_test(simple_packets_are_as_long_as_the_snaplen),
		cmocka_unit_test(clocks_of_all_resolutions_are_read),
		cmocka_unit_test(impossible_clock_costs_its_packets_only),
		cmocka_unit_test(sections_have_their_own_order_and_interfaces),
		cmocka_unit_test(missing_interface_is_said_once),
		cmocka_unit_test(unknown_blocks_are_skipped),
		cmocka_unit_test(bad_block_of_good_length_is_skipped),
		cmocka_unit_test(blocks_that_disagree_end_the_file),
		cmocka_unit_test(unaligned_block_is_read_and_said),
		cmocka_unit_test(foreign_sections_are_refused),
		cmocka_unit_test(every_cut_is_said),
		cmocka_unit_test(interfaces_have_a_limit),
	};
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
