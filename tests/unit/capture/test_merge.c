/* Many inputs: order, ties, folders, more files than may be open; times and filters. */
#include <sys/resource.h>

#include <zlib.h>

#include "files.h"

#define MICRO 0xa1b2c3d4

/* A file whose frames have these seconds. */
static const char *times_file(const char *name, const uint32_t *seconds, size_t count, uint8_t mark)
{
	struct file f = { 0 };
	pcap_head(&f, MICRO, 2, 4, 1);
	for (size_t i = 0; i < count; i++) {
		pcap_record(&f, seconds[i], 0, 1, 1, 0);
		f.data[f.len - 1] = mark;
	}
	const char *path = write_file(name, &f);
	file_free(&f);
	return path;
}

static void assert_order(const char *marks)
{
	char got[SEEN_MAX + 1] = "";
	for (unsigned i = 0; i < seen.count; i++)
		got[i] = (char)seen.first[i];
	assert_string_equal(got, marks);
}

static void files_are_merged_by_time(void **state)
{
	(void)state;
	const char *paths[] = {
		times_file("m1", (uint32_t[]){ 10, 30, 50 }, 3, 'a'),
		times_file("m2", (uint32_t[]){ 5, 20, 40, 60 }, 4, 'b'),
		times_file("m3", NULL, 0, 'c'), /* no packets: nothing wrong */
		times_file("m4", (uint32_t[]){ 55 }, 1, 'd'),
	};
	see(paths, 4);
	assert_order("bababadb");
	assert_int_equal(seen.damage_count, 0);
	assert_int_equal(seen.stats.inputs, 4);
	assert_int_equal(seen.stats.input_bytes, seen.stats.input_total);
	assert_int_equal(seen.frames[0].input, 1);
	assert_int_equal(seen.frames[1].input, 0);
}

static void ties_go_to_the_input_named_first(void **state)
{
	(void)state;
	const char *a = times_file("t1", (uint32_t[]){ 10, 10, 20 }, 3, 'a');
	const char *b = times_file("t2", (uint32_t[]){ 10, 20, 20 }, 3, 'b');
	const char *ab[] = { a, b };
	const char *ba[] = { b, a };

	see(ab, 2);
	assert_order("aababb");
	see(ba, 2);
	assert_order("baabba");
}

static void backward_time_reorders_nothing(void **state)
{
	(void)state;
	const char *paths[] = {
		times_file("b1", (uint32_t[]){ 10, 30, 5, 31 }, 4, 'a'),
		times_file("b2", (uint32_t[]){ 20, 30, 32 }, 3, 'b'),
	};
	see(paths, 2);
	assert_order("abaabab");
	assert_true(seen.frames[3].time_ns == 5 * SECOND);
}

static void folders_are_sorted_by_bytes(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in_folder("dir"), 0700), 0);
	assert_int_equal(mkdir(in_folder("dir/sub"), 0700), 0);
	assert_int_equal(mkdir(in_folder("dir/.hidden"), 0700), 0);
	assert_int_equal(mkdir(in_folder("dir/none"), 0700), 0);
	times_file("dir/sub/x", (uint32_t[]){ 7 }, 1, 'd');
	times_file("dir/sub.pcap", (uint32_t[]){ 7 }, 1, 'c'); /* '.' is before '/' */
	times_file("dir/Z", (uint32_t[]){ 7 }, 1, 'a');
	times_file("dir/a", (uint32_t[]){ 7 }, 1, 'b');
	times_file("dir/.dot", (uint32_t[]){ 7 }, 1, 'x');
	times_file("dir/.hidden/y", (uint32_t[]){ 7 }, 1, 'y');
	write_bytes("dir/README", "no capture", 10);
	assert_int_equal(symlink("..", in_folder("dir/loop")), 0);
	assert_int_equal(symlink("a", in_folder("dir/zlink")), 0);
	const char *paths[] = { in_folder("dir") };
	see(paths, 1);
	assert_order("abcdb");
	assert_int_equal(seen.stats.inputs, 6);
	assert_damaged("no capture");
	assert_string_equal(seen.damage_path, in_folder("dir/README"));

	see_one(in_folder("dir/none"));
	assert_damaged("holds no files");
	assert_int_equal(seen.count, 0);
}

static void a_bad_input_does_not_stop_the_others(void **state)
{
	(void)state;
	struct file cut = { 0 };

	pcap_head(&cut, MICRO, 2, 4, 1);
	pcap_record(&cut, 15, 0, 1, 1, 0);
	pcap_record(&cut, 16, 0, 100, 100, 0);
	cut.len -= 50;
	const char *paths[] = {
		in_folder("missing"),
		write_file("broken", &cut),
		times_file("good", (uint32_t[]){ 10, 20 }, 2, 'g'),
		write_bytes("empty", "", 0),
		times_file("good2", (uint32_t[]){ 17 }, 1, 'h'),
	};
	see(paths, 5);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.damage_count, 3);
	assert_int_equal(seen.first[3], 'g');
	assert_int_equal(seen.frames[1].input, 1);
	file_free(&cut);
}

static void nothing_named_is_nothing_read(void **state)
{
	(void)state;
	see(NULL, 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(seen.damage_count, 0);
}

/* All of them overlap: file n holds the seconds n, 1000 + n, 2000 + n. */
enum { MANY = 600 };

static void write_many(const char *dir, bool packed)
{
	char name[64];

	assert_int_equal(mkdir(in_folder(dir), 0700), 0);
	for (uint32_t n = 0; n < MANY; n++) {
		snprintf(name, sizeof(name), "%s/%03u", dir, n);
		times_file(name, (uint32_t[]){ n, 1000 + n, 2000 + n }, 3, (uint8_t)n);
		if (!packed)
			continue;
		uint8_t bytes[256];
		FILE *in = fopen(in_folder(name), "rb");
		size_t len = fread(bytes, 1, sizeof(bytes), in);
		fclose(in);
		gzFile out = gzopen(in_folder(name), "wb1");
		assert_int_equal(gzwrite(out, bytes, (unsigned)len), len);
		gzclose(out);
	}
}

static void assert_many(void)
{
	assert_int_equal(seen.damage_count, 0);
	assert_int_equal(seen.count, 3 * MANY);
	for (uint32_t n = 0; n < 3 * MANY; n++) {
		assert_int_equal(seen.frames[n].input, n % MANY);
		assert_true(seen.frames[n].time_ns == (n / MANY * 1000 + n % MANY) * SECOND);
		assert_int_equal(seen.first[n], (uint8_t)(n % MANY));
	}
	assert_int_equal(seen.stats.input_bytes, seen.stats.input_total);
}

static void more_files_overlap_than_may_be_open(void **state)
{
	(void)state;
	write_many("many", false);
	see_one(in_folder("many"));
	assert_many();
	write_many("many.gz", true);
	see_one(in_folder("many.gz"));
	assert_many();
}

static void few_file_descriptors_are_enough(void **state)
{
	(void)state;
	struct rlimit saved, few;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &saved), 0);
	few = saved;
	few.rlim_cur = 24;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	see_one(in_folder("many"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &saved), 0);
	assert_many();
}

static void since_and_until_cut_the_time(void **state)
{
	(void)state;
	const char *path = times_file("s", (uint32_t[]){ 10, 20, 30, 15, 40 }, 5, 's');
	struct capture_options options = { .paths = &path,
					   .path_count = 1,
					   .since_ns = 15 * SECOND,
					   .until_ns = 30 * SECOND };

	see_options(&options);
	assert_int_equal(seen.count, 2);
	assert_true(seen.frames[0].time_ns == 20 * SECOND);
	assert_true(seen.frames[1].time_ns == 15 * SECOND);
	assert_int_equal(seen.stats.out_of_time, 3);
	options.until_ns = 0;
	see_options(&options);
	assert_int_equal(seen.count, 4);
	options = (struct capture_options){ &path, 1, 0, 15 * SECOND, NULL };
	see_options(&options);
	assert_int_equal(seen.count, 1);
}

/* 60 bytes of IPv4 and UDP to a port, behind head bytes of link layer. */
static void udp_frame(struct file *f, uint32_t id, uint16_t port, unsigned head)
{
	uint8_t bytes[60] = { 0 };
	if (head == 14)
		bytes[12] = 8;
	uint8_t *ip = bytes + head;
	ip[0] = 0x45;
	ip[3] = 40;
	ip[8] = 64;
	ip[9] = 17;
	ip[22] = (uint8_t)(port >> 8);
	ip[23] = (uint8_t)port;
	size_t at = ng_begin(f, 6);
	file_u32(f, id);
	file_u64(f, 0);
	file_u32(f, 60);
	file_u32(f, 60);
	file_bytes(f, bytes, 60);
	ng_end(f, at);
}

static void filters_judge_every_link_type(void **state)
{
	(void)state;
	struct file f = { 0 };

	ng_section(&f, 1, 0);
	ng_interface(&f, 1, 0, 9, 0);
	ng_interface(&f, 101, 0, 9, 0);
	udp_frame(&f, 0, 53, 14);
	udp_frame(&f, 0, 54, 14);
	udp_frame(&f, 1, 54, 0);
	udp_frame(&f, 1, 53, 0);
	const char *path = write_file("mixed", &f);
	struct capture_options options = { .paths = &path,
					   .path_count = 1,
					   .filter = "udp port 53" };
	see_options(&options);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.damage_count, 0);
	assert_int_equal(seen.frames[0].linktype, 1);
	assert_int_equal(seen.frames[1].linktype, 101);
	assert_int_equal(seen.stats.filtered, 2);

	/* Raw IP has no Ethernet addresses: said, and its packets do not pass. */
	options.filter = "ether host 00:00:00:00:00:00";
	see_options(&options);
	assert_int_equal(seen.count, 2);
	assert_damaged("cannot be applied to link type 101");

	options.filter = "";
	see_options(&options);
	assert_int_equal(seen.count, 4);
	options.filter = "wlan type mgt"; /* for another link than Ethernet: valid */
	see_options(&options);
	assert_int_equal(seen.count, 0);
	file_free(&f);
}

static void bad_filter_is_refused_with_its_reason(void **state)
{
	(void)state;
	const char *path = in_folder("mixed");
	const struct capture_options options = { &path, 1, 0, 0, "udp prot 53" };
	struct capture *c = NULL;
	char why[128];

	assert_int_equal(capture_open(&options, &c, why, sizeof(why)), -EXF_E_INVALID);
	assert_null(c);
	assert_true(strlen(why) > 5);
}

static void accessors_stay_inside(void **state)
{
	(void)state;
	const char *path = in_folder("s");
	const struct capture_options options = { .paths = &path, .path_count = 1 };
	struct capture *c;
	char why[8];

	assert_int_equal(capture_open(&options, &c, why, sizeof(why)), 0);
	assert_string_equal(capture_input_path(c, 0), path);
	assert_null(capture_input_path(c, 1));
	assert_null(capture_damage(c, 0));
	capture_close(c);
	capture_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_merged_by_time),
		cmocka_unit_test(ties_go_to_the_input_named_first),
		cmocka_unit_test(backward_time_reorders_nothing),
		cmocka_unit_test(folders_are_sorted_by_bytes),
		cmocka_unit_test(a_bad_input_does_not_stop_the_others),
		cmocka_unit_test(nothing_named_is_nothing_read),
		cmocka_unit_test(more_files_overlap_than_may_be_open),
		cmocka_unit_test(few_file_descriptors_are_enough),
		cmocka_unit_test(since_and_until_cut_the_time),
		cmocka_unit_test(filters_judge_every_link_type),
		cmocka_unit_test(bad_filter_is_refused_with_its_reason),
		cmocka_unit_test(accessors_stay_inside),
	};
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
