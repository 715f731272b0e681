/* Evidence files: read back by our own reader and by libpcap. */
#include <errno.h>

#include <pcap/pcap.h>

#include "files.h"

static struct frame frame_of(const uint8_t *data, uint32_t caplen, uint64_t time_ns,
			     uint32_t linktype)
{
	return (struct frame){ .data = data,
			       .caplen = caplen,
			       .wirelen = 2000,
			       .time_ns = time_ns,
			       .linktype = linktype };
}

static void written_frames_are_read_back(void **state)
{
	(void)state;
	static const uint32_t linktypes[] = { 1, 113, 1, 276, 113 };
	const char *path = in_folder("evidence");
	struct capture_writer *w;
	uint8_t bytes[16];

	for (uint8_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0x40 + i;
	assert_int_equal(capture_writer_open(path, &w), 0);
	for (uint32_t n = 0; n < 5; n++) {
		struct frame f = frame_of(bytes + n, 6 + n, 1600000000123456789 + n, linktypes[n]);
		assert_int_equal(capture_writer_put(w, &f, n % 2 ? "alert 12\xc3\xa4" : NULL), 0);
	}
	assert_int_equal(capture_writer_close(w), 0);
	see_one(path);
	assert_int_equal(seen.damage_count, 0);
	assert_int_equal(seen.count, 5);
	for (unsigned n = 0; n < 5; n++) {
		assert_true(seen.frames[n].time_ns == 1600000000123456789ull + n);
		assert_int_equal(seen.frames[n].caplen, 6 + n);
		assert_int_equal(seen.frames[n].wirelen, 2000);
		assert_int_equal(seen.frames[n].linktype, linktypes[n]);
		assert_int_equal(seen.first[n], 0x40 + n);
	}
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void libpcap_reads_what_is_written(void **state)
{
	(void)state;
	const char *path = in_folder("for-libpcap");
	struct capture_writer *w;
	char error[PCAP_ERRBUF_SIZE];
	const uint8_t *data;
	struct pcap_pkthdr *head;

	assert_int_equal(capture_writer_open(path, &w), 0);
	for (uint32_t n = 0; n < 3; n++) {
		struct frame f =
			frame_of((const uint8_t *)"payload", 5 + n, 1600000000123456789 + n, 1);
		assert_int_equal(capture_writer_put(w, &f, &"0123456789"[n]), 0);
	}
	assert_int_equal(capture_writer_close(w), 0);
	pcap_t *p =
		pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	assert_non_null(p);
	assert_int_equal(pcap_datalink(p), DLT_EN10MB);
	for (uint32_t n = 0; n < 3; n++) {
		assert_int_equal(pcap_next_ex(p, &head, &data), 1);
		assert_int_equal(head->ts.tv_sec, 1600000000);
		assert_int_equal(head->ts.tv_usec, 123456789 + n);
		assert_int_equal(head->caplen, 5 + n);
		assert_int_equal(head->len, 2000);
		assert_memory_equal(data, "payload", 5 + n);
	}
	assert_int_equal(pcap_next_ex(p, &head, &data), PCAP_ERROR_BREAK);
	pcap_close(p);
}

/* The bytes of one comment, as the format lays them out. */
static void comment_is_an_option_of_the_packet(void **state)
{
	(void)state;
	const char *path = in_folder("comment");
	struct capture_writer *w;
	struct frame f = frame_of((const uint8_t *)"abcde", 5, 1, 1);
	static const uint8_t want[] = { 'a', 'b', 'c', 'd', 'e', 0,   0,   0, /* padded */
					1,   0,   3,   0,   'w', 'h', 'y', 0,
					0,   0,   0,   0,   52,  0,   0,   0 };
	uint8_t got[256];

	assert_int_equal(capture_writer_open(path, &w), 0);
	assert_int_equal(capture_writer_put(w, &f, "why"), 0);
	assert_int_equal(capture_writer_close(w), 0);
	FILE *in = fopen(path, "rb");
	size_t len = fread(got, 1, sizeof(got), in);
	fclose(in);
	assert_int_equal(len, 28 + 32 + 52);
	assert_memory_equal(got + len - sizeof(want), want, sizeof(want));
}

static void long_comment_is_cut_between_characters(void **state)
{
	(void)state;
	const char *path = in_folder("long");
	struct capture_writer *w;
	struct frame f = frame_of((const uint8_t *)"abcd", 4, 1, 1);
	char *comment = malloc(80001);

	/* One letter, then letters of two bytes: the limit falls inside one. */
	comment[0] = 'x';
	for (size_t i = 1; i < 80000; i += 2)
		memcpy(comment + i, "\xc3\xa4", 2);
	comment[80000] = '\0';
	comment[79999] = 'x';
	assert_int_equal(capture_writer_open(path, &w), 0);
	assert_int_equal(capture_writer_put(w, &f, comment), 0);
	assert_int_equal(capture_writer_put(w, &f, ""), 0);
	assert_int_equal(capture_writer_close(w), 0);
	see_one(path);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.damage_count, 0);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	/* 65531 bytes of comment, padded to 65532; none for the empty one */
	assert_int_equal(st.st_size, 28 + 32 + (36 + 4 + 65532 + 4) + 36);
	free(comment);
}

static void writer_refuses_what_it_cannot_hold(void **state)
{
	(void)state;
	struct capture_writer *w;
	struct frame f = frame_of((const uint8_t *)"abcd", 4, 1, 65536);

	assert_int_equal(capture_writer_open("-", &w), -EXF_E_INVALID);
	assert_int_equal(capture_writer_open(in_folder("none/file"), &w), -EXF_E_IO);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(capture_writer_open(in_folder("types"), &w), 0);
	assert_int_equal(capture_writer_put(w, &f, NULL), -EXF_E_RANGE);
	for (f.linktype = 0; f.linktype < 256; f.linktype++)
		assert_int_equal(capture_writer_put(w, &f, NULL), 0);
	assert_int_equal(capture_writer_put(w, &f, NULL), -EXF_E_LIMIT);
	assert_int_equal(capture_writer_close(w), 0);
	see_one(in_folder("types"));
	assert_int_equal(seen.count, 256);
	assert_int_equal(seen.frames[255].linktype, 255);
}

static void full_disk_is_said(void **state)
{
	(void)state;
	struct capture_writer *w;
	struct frame f = frame_of((const uint8_t *)"abcd", 4, 1, 1);

	assert_int_equal(capture_writer_open("/dev/full", &w), 0);
	assert_int_equal(capture_writer_put(w, &f, NULL), 0); /* in the buffer */
	assert_int_equal(capture_writer_close(w), -EXF_E_IO);
	assert_int_equal(capture_writer_close(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_frames_are_read_back),
		cmocka_unit_test(libpcap_reads_what_is_written),
		cmocka_unit_test(comment_is_an_option_of_the_packet),
		cmocka_unit_test(long_comment_is_cut_between_characters),
		cmocka_unit_test(writer_refuses_what_it_cannot_hold),
		cmocka_unit_test(full_disk_is_said),
	};
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
