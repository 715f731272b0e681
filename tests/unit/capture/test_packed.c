/* gzip and zstd by their first bytes, nested, cut and damaged; pipes and standard input. */
#include <fcntl.h>

#include <zlib.h>
#include <zstd.h>

#include "files.h"

#define MICRO 0xa1b2c3d4
#define COUNT 40

static struct file gzip(const struct file *f)
{
	struct file out = { 0 };
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t bound = deflateBound(&z, f->len) + 64;
	uint8_t *packed = malloc(bound);
	z.next_in = f->data;
	z.avail_in = (uInt)f->len;
	z.next_out = packed;
	z.avail_out = (uInt)bound;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	file_bytes(&out, packed, bound - z.avail_out);
	deflateEnd(&z);
	free(packed);
	return out;
}

static struct file zstd(const struct file *f)
{
	struct file out = { 0 };
	ZSTD_CCtx *ctx = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(ctx, ZSTD_c_checksumFlag, 1);
	size_t bound = ZSTD_compressBound(f->len);
	uint8_t *packed = malloc(bound);
	size_t len = ZSTD_compress2(ctx, packed, bound, f->data, f->len);
	assert_false(ZSTD_isError(len));
	file_bytes(&out, packed, len);
	ZSTD_freeCCtx(ctx);
	free(packed);
	return out;
}

static struct file plain(void)
{
	struct file f = { 0 };
	pcap_head(&f, MICRO, 2, 4, 1);
	for (unsigned n = 0; n < COUNT; n++)
		pcap_record(&f, n, 0, 30 + n, 100, n);
	return f;
}

static void assert_whole(void)
{
	assert_int_equal(seen.damage_count, 0);
	assert_int_equal(seen.count, COUNT);
	for (unsigned n = 0; n < COUNT; n++) {
		assert_true(seen.frames[n].time_ns == n * SECOND);
		assert_int_equal(seen.first[n], fill_byte(n, 0));
	}
	assert_int_equal(seen.stats.input_bytes, seen.stats.input_total);
}

static void packed_files_are_found_by_their_bytes(void **state)
{
	(void)state;
	struct file f = plain();
	struct file g = gzip(&f), z = zstd(&f);
	struct file gz = gzip(&z), zg = zstd(&g), gg = gzip(&g);
	struct file zgz = zstd(&gz), gzgz = gzip(&zgz);

	see_one(write_file("a.pcap", &g)); /* the name says nothing */
	assert_whole();
	see_one(write_file("a.gz", &z));
	assert_whole();
	see_one(write_file("a.txt", &gz));
	assert_whole();
	see_one(write_file("b", &zg));
	assert_whole();
	see_one(write_file("c", &gg));
	assert_whole();
	see_one(write_file("d", &zgz));
	assert_whole();
	see_one(write_file("e", &gzgz));
	assert_damaged("packed more than 3 times");
	file_free(&f);
	file_free(&g);
	file_free(&z);
	file_free(&gz);
	file_free(&zg);
	file_free(&gg);
	file_free(&zgz);
	file_free(&gzgz);
}

/* Members and frames in a row, as `cat a.gz b.gz` makes, are one file. */
static void members_in_a_row_are_one_file(void **state)
{
	(void)state;
	struct file f = plain();

	for (int kind = 0; kind < 2; kind++) {
		struct file all = { 0 };
		for (size_t at = 0; at < f.len; at += 1000) {
			size_t left = f.len - at;
			struct file part = { .data = f.data + at,
					     .len = left < 1000 ? left : 1000 };
			struct file packed = kind ? zstd(&part) : gzip(&part);
			file_bytes(&all, packed.data, packed.len);
			file_free(&packed);
		}
		if (kind == 1)
			file_bytes(&all, "\x50\x2a\x4d\x18\x04\0\0\0skip", 12);
		see_one(write_file("members", &all));
		assert_whole();
		if (kind == 0) {
			file_bytes(&all, "\0\0\0\0\0\0", 6); /* a tape's padding */
			see_one(write_file("members", &all));
			assert_int_equal(seen.damage_count, 0);
		}
		file_bytes(&all, "garbage", 7);
		see_one(write_file("members", &all));
		assert_int_equal(seen.count, COUNT);
		if (kind == 1)
			assert_damaged("the zstd data is damaged");
		file_free(&all);
	}
	struct file g = gzip(&f);
	file_bytes(&g, "garbage", 7);
	see_one(write_file("garbage", &g));
	assert_int_equal(seen.count, COUNT);
	assert_damaged("other bytes follow");
	assert_int_equal(seen.damage_offset, f.len);
	file_free(&g);
	file_free(&f);
}

static void every_cut_is_said(void **state)
{
	(void)state;
	struct file f = plain();

	for (int kind = 0; kind < 2; kind++) {
		struct file packed = kind ? zstd(&f) : gzip(&f);
		unsigned before = 0;
		for (size_t len = 0; len < packed.len; len++) {
			see_one(write_bytes("cut", packed.data, len));
			assert_true(seen.count <= COUNT && seen.count >= before);
			before = seen.count;
			assert_int_equal(seen.damage_count, 1);
			if (len > 10)
				assert_damaged("ends too early");
		}
		file_free(&packed);
	}
	file_free(&f);
}

static void every_flipped_byte_is_survived(void **state)
{
	(void)state;
	struct file f = plain();

	for (int kind = 0; kind < 2; kind++) {
		struct file packed = kind ? zstd(&f) : gzip(&f);
		unsigned harmless = 0;
		for (size_t at = 0; at < packed.len; at++) {
			packed.data[at] ^= 0x10;
			see_one(write_bytes("flip", packed.data, packed.len));
			/* Some bits mean nothing, the time of packing for one. */
			if (seen.damage_count == 0)
				assert_whole();
			assert_true(seen.damage_count <= 1);
			packed.data[at] ^= 0x10;
			harmless += seen.damage_count == 0;
		}
		assert_true(harmless < 16);
		file_free(&packed);
	}
	file_free(&f);
}

static void other_packers_are_named(void **state)
{
	(void)state;
	static const struct {
		const char *bytes, *name;
	} cases[] = {
		{ "BZh91AY&SY", "bzip2" },
		{ "\xfd"
		  "7zXZ",
		  "xz" },
		{ "PK\3\4....", "zip" },
		{ "7z\xbc\xaf'\x1c..", "7z" },
		{ "\4\"M\x18....", "lz4" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		see_one(write_bytes("packed", cases[i].bytes, strlen(cases[i].bytes)));
		assert_damaged(cases[i].name);
	}
}

/* Bytes come through a pipe in small pieces. */
static pid_t feed(const struct file *f, int fds[2], size_t piece)
{
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[0]);
		for (size_t at = 0; at < f->len; at += piece) {
			size_t len = f->len - at < piece ? f->len - at : piece;
			if (write(fds[1], f->data + at, len) != (ssize_t)len)
				_exit(1);
		}
		_exit(0);
	}
	close(fds[1]);
	return child;
}

static void standard_input_is_read(void **state)
{
	(void)state;
	struct file f = plain();
	struct file g = gzip(&f);
	int saved = dup(STDIN_FILENO);

	for (int i = 0; i < 3; i++) {
		int fds[2];
		(void)feed(i == 2 ? &g : &f, fds, i == 0 ? 1 : 777);
		assert_true(dup2(fds[0], STDIN_FILENO) >= 0);
		close(fds[0]);
		see_one("-");
		assert_int_equal(seen.damage_count, 0);
		assert_int_equal(seen.count, COUNT);
		assert_int_equal(seen.stats.input_total, 0);
		assert_int_equal(seen.stats.input_bytes, i == 2 ? g.len : f.len);
	}
	/* Merged with a file, and from a file. */
	int fd = open(write_file("stdin", &f), O_RDONLY);
	assert_true(dup2(fd, STDIN_FILENO) >= 0);
	close(fd);
	const char *paths[] = { "-", in_folder("stdin") };
	see(paths, 2);
	assert_int_equal(seen.damage_count, 0);
	assert_int_equal(seen.count, 2 * COUNT);
	for (unsigned n = 0; n < 2 * COUNT; n++)
		assert_int_equal(seen.frames[n].input, n % 2);
	if (saved >= 0) {
		dup2(saved, STDIN_FILENO);
		close(saved);
	}
	file_free(&g);
	file_free(&f);
}

static void named_pipes_are_read(void **state)
{
	(void)state;
	struct file f = plain();
	char paths_text[2][64];
	const char *paths[2] = { paths_text[0], paths_text[1] };
	int fds[2][2];

	for (int i = 0; i < 2; i++) {
		(void)feed(&f, fds[i], 100);
		snprintf(paths_text[i], sizeof(paths_text[i]), "/proc/self/fd/%d", fds[i][0]);
	}
	see(paths, 2);
	assert_int_equal(seen.damage_count, 0);
	assert_int_equal(seen.count, 2 * COUNT);
	close(fds[0][0]);
	close(fds[1][0]);
	file_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_files_are_found_by_their_bytes),
		cmocka_unit_test(members_in_a_row_are_one_file),
		cmocka_unit_test(every_cut_is_said),
		cmocka_unit_test(every_flipped_byte_is_survived),
		cmocka_unit_test(other_packers_are_named),
		cmocka_unit_test(standard_input_is_read),
		cmocka_unit_test(named_pipes_are_read),
	};
	return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
