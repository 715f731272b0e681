/* pcap files: byte orders, clocks, variants, cuts and lies. */
#include "files.h"

#define MICRO    0xa1b2c3d4
#define NANO     0xa1b23c4d
#define MODIFIED 0xa1b2cd34

static void both_orders_and_clocks_are_read(void **state)
{
	(void)state;
	static const uint32_t magics[] = { MICRO, NANO, MODIFIED };

	for (unsigned i = 0; i < 6; i++) {
		uint32_t magic = magics[i / 2];
		struct file f = { .big = i % 2 };
		pcap_head(&f, magic, 2, 4, 113);
		for (unsigned n = 0; n < 3; n++) {
			file_u32(&f, 1600000000 + n);
			file_u32(&f, 123456);
			file_u32(&f, 5);
			file_u32(&f, 50 + n);
			if (magic == MODIFIED)
				file_u64(&f, 0x0102030405060708);
			file_fill(&f, 40 + n, 5);
		}
		see_file(&f);
		assert_int_equal(seen.damage_count, 0);
		assert_int_equal(seen.count, 3);
		for (unsigned n = 0; n < 3; n++) {
			const struct frame *frame = &seen.frames[n];
			uint64_t fraction = magic == NANO ? 123456 : 123456000;
			assert_true(frame->time_ns == (1600000000 + n) * SECOND + fraction);
			assert_int_equal(frame->caplen, 5);
			assert_int_equal(frame->wirelen, 50 + n);
			assert_int_equal(frame->linktype, 113);
			assert_int_equal(frame->input, 0);
			assert_int_equal(seen.first[n], fill_byte(40 + n, 0));
		}
		assert_int_equal(seen.stats.bytes, 15);
		assert_int_equal(seen.stats.input_bytes, f.len);
		assert_int_equal(seen.stats.input_total, f.len);
		file_free(&f);
	}
}

static void every_cut_is_said(void **state)
{
	(void)state;
	struct file f = { 0 };

	pcap_head(&f, MICRO, 2, 4, 1);
	size_t ends[4] = { f.len };
	for (unsigned n = 0; n < 3; n++) {
		pcap_record(&f, 100 + n, 0, 10 * n, 100, n);
		ends[n + 1] = f.len;
	}
	for (size_t len = 0; len <= f.len; len++) {
		see_one(write_bytes("cut", f.data, len));
		unsigned whole = 0;
		bool is_clean = len == ends[0];
		for (unsigned n = 1; n < 4; n++) {
			if (len >= ends[n])
				whole = n;
			is_clean = is_clean || len == ends[n];
		}
		assert_int_equal(seen.count, whole);
		assert_int_equal(seen.damage_count, is_clean ? 0 : 1);
		if (!is_clean && len >= 24)
			assert_int_equal(seen.damage_offset, ends[whole]);
		if (!is_clean)
			assert_true(strlen(seen.damage) > 10);
	}
	file_free(&f);
}

static void impossible_length_ends_the_file(void **state)
{
	(void)state;
	struct file f = { 0 };

	pcap_head(&f, MICRO, 2, 4, 1);
	pcap_record(&f, 1, 0, 4, 4, 0);
	size_t at = f.len;
	file_u64(&f, 0);
	file_u32(&f, (16 << 20) + 1);
	file_u32(&f, (16 << 20) + 1);
	file_fill(&f, 0, 1000);
	see_file(&f);
	assert_int_equal(seen.count, 1);
	assert_damaged("cannot have the 16777217 bytes");
	assert_int_equal(seen.damage_offset, at);

	/* Possible, but longer than the file. */
	f.data[at + 8] = 0;
	see_file(&f);
	assert_int_equal(seen.count, 1);
	assert_damaged("ends inside a packet");
	file_free(&f);
}

static void lengths_of_old_versions_are_swapped(void **state)
{
	(void)state;
	static const struct {
		uint16_t major, minor;
		uint32_t first, second;
		bool swapped;
	} cases[] = {
		{ 2, 2, 60, 8, true },  { 2, 3, 60, 8, true },   { 2, 3, 8, 60, false },
		{ 2, 4, 8, 60, false }, { 543, 0, 60, 8, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct file f = { 0 };
		pcap_head(&f, MICRO, cases[i].major, cases[i].minor, 1);
		file_u64(&f, 0);
		file_u32(&f, cases[i].first);
		file_u32(&f, cases[i].second);
		file_fill(&f, 0, 8);
		see_file(&f);
		assert_int_equal(seen.damage_count, 0);
		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.frames[0].caplen, 8);
		assert_int_equal(seen.frames[0].wirelen, 60);
		file_free(&f);
	}
}

static void foreign_headers_are_refused(void **state)
{
	(void)state;
	static const struct {
		uint16_t major, minor;
	} versions[] = { { 1, 4 }, { 2, 5 }, { 3, 0 }, { 543, 1 } };

	for (size_t i = 0; i < 4; i++) {
		struct file f = { 0 };
		pcap_head(&f, MICRO, versions[i].major, versions[i].minor, 1);
		see_file(&f);
		assert_int_equal(seen.count, 0);
		assert_damaged("version");
		file_free(&f);
	}
	see_one(write_bytes("empty", "", 0));
	assert_damaged("empty");
	see_one(write_bytes("short", "abc", 3));
	assert_damaged("no capture file");
	see_one(write_bytes("text", "this is a text of some length, not a capture", 44));
	assert_damaged("no capture file");
	assert_string_equal(seen.damage_path, in_folder("text"));
	see_one(in_folder("absent"));
	assert_damaged("No such file");
}

static void link_type_loses_its_upper_bits(void **state)
{
	(void)state;
	struct file f = { 0 };

	pcap_head(&f, MICRO, 2, 4, 0xf4000001); /* four words of checksum are there */
	pcap_record(&f, 1, 0, 4, 4, 0);
	see_file(&f);
	assert_int_equal(seen.frames[0].linktype, 1);
	file_free(&f);
	pcap_head(&f, MICRO, 2, 4, 12);
	pcap_record(&f, 1, 0, 4, 4, 0);
	see_file(&f);
	assert_int_equal(seen.frames[0].linktype, 101);
	file_free(&f);
}

static void odd_times_and_lengths_are_put_right(void **state)
{
	(void)state;
	struct file f = { 0 };

	pcap_head(&f, MICRO, 2, 4, 1);
	pcap_record(&f, 100, (uint32_t)-6000, 4, 4, 0); /* not normalised */
	pcap_record(&f, 0, (uint32_t)-6000, 4, 4, 0);
	pcap_record(&f, UINT32_MAX, 1999999, 4, 4, 0);
	pcap_record(&f, 1, 0, 40, 4, 0); /* shorter on the wire than captured */
	see_file(&f);
	assert_true(seen.frames[0].time_ns == 99994000000);
	assert_true(seen.frames[1].time_ns == 0);
	assert_true(seen.frames[2].time_ns == UINT32_MAX * SECOND + 1999999000);
	assert_int_equal(seen.frames[3].caplen, 40);
	assert_int_equal(seen.frames[3].wirelen, 40);
	file_free(&f);
}

static void check_bytes(const struct frame *f, uint32_t seed)
{
	for (uint32_t i = 0; i < f->caplen; i++) {
		if (f->data[i] != fill_byte(seed, i))
			fail_msg("frame %u differs at byte %u", seed, i);
	}
}

/* Records of all sizes across many blocks, read once bare and once with the last ones held. */
static void held_blocks_keep_their_bytes(void **state)
{
	(void)state;
	enum { COUNT = 400, HELD = 50 };
	static struct frame held[HELD];
	struct file f = { 0 };

	pcap_head(&f, MICRO, 2, 4, 1);
	for (uint32_t n = 0; n < COUNT; n++) {
		uint32_t len = n % 97 == 5 ? 700000 : n * 7919 % 5000;
		pcap_record(&f, n, 0, len, len, n);
	}
	const char *path = write_file("large", &f);
	file_free(&f);
	for (int hold = 0; hold < 2; hold++) {
		const struct capture_options options = { .paths = &path, .path_count = 1 };
		struct capture *c;
		struct frame frame;
		char why[8];
		uint32_t n = 0;
		assert_int_equal(capture_open(&options, &c, why, sizeof(why)), 0);
		for (; capture_next(c, &frame) == 0; n++) {
			check_bytes(&frame, n);
			if (!hold)
				continue;
			struct frame *old = &held[n % HELD];
			if (n >= HELD) {
				check_bytes(old, n - HELD);
				block_release(old->block);
			}
			*old = frame;
			block_hold(frame.block);
		}
		assert_int_equal(n, COUNT);
		assert_int_equal(capture_damage_count(c), 0);
		capture_close(c);
		for (uint32_t i = 0; hold && i < HELD; i++) {
			check_bytes(&held[(n + i) % HELD], n - HELD + i);
			block_release(held[(n + i) % HELD].block);
		}
	}
}

/* A file that loses its end while it is read is a cut file, not a signal. */
static void shrinking_file_is_damage(void **state)
{
	(void)state;
	struct file f = { 0 };

	pcap_head(&f, MICRO, 2, 4, 1);
	for (uint32_t n = 0; n < 1000; n++)
		pcap_record(&f, n, 0, 1000, 1000, n);
	const char *path = write_file("shrinks", &f);
	const struct capture_options options = { .paths = &path, .path_count = 1 };
	struct capture *c;
	struct frame frame;
	char why[8];
	assert_int_equal(capture_open(&options, &c, why, sizeof(why)), 0);
	assert_int_equal(capture_next(c, &frame), 0);
	assert_int_equal(truncate(path, 500000), 0);
	unsigned n = 1;
	while (capture_next(c, &frame) == 0)
		n++;
	assert_true(n < 1000);
	assert_int_equal(capture_damage_count(c), 1);
	capture_close(c);
	file_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_orders_and_clocks_are_read),
		cmocka_unit_test(every_cut_is_said),
		cmocka_unit_test(impossible_length_ends_the_file),
		cmocka_unit_test(lengths_of_old_versions_are_swapped),
		cmocka_unit_test(foreign_headers_are_refused),
		cmocka_unit_test(link_type_loses_its_upper_bits),
		cmocka_unit_test(odd_times_and_lengths_are_put_right),
		cmocka_unit_test(held_blocks_keep_their_bytes),
		cmocka_unit_test(shrinking_file_is_damage),
	};
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
