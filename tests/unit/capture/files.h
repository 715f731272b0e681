/*
 * unit/capture/files.h - builds capture files for the tests and reads them back.
 *
 * What: a growing buffer of file bytes in either byte order, the records of pcap and pcapng, a
 * folder that is removed at the end, and a summary of what a capture gives.
 */
#ifndef EXFILD_TEST_CAPTURE_FILES_H
#define EXFILD_TEST_CAPTURE_FILES_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/capture/capture.h"

#define SEEN_MAX 4096
#define SECOND   1000000000ull

struct file {
	uint8_t *data;
	size_t len, cap;
	bool big;
};

static inline void file_bytes(struct file *f, const void *data, size_t len)
{
	if (f->len + len > f->cap) {
		f->cap = 2 * (f->len + len) + 256;
		f->data = realloc(f->data, f->cap);
		assert_non_null(f->data);
	}
	if (len)
		memcpy(f->data + f->len, data, len);
	f->len += len;
}

static inline void file_u8(struct file *f, uint8_t v)
{
	file_bytes(f, &v, 1);
}

static inline void file_u16(struct file *f, uint16_t v)
{
	file_u8(f, f->big ? v >> 8 : v & 0xff);
	file_u8(f, f->big ? v & 0xff : v >> 8);
}

static inline void file_u32(struct file *f, uint32_t v)
{
	file_u16(f, f->big ? v >> 16 : v & 0xffff);
	file_u16(f, f->big ? v & 0xffff : v >> 16);
}

static inline void file_u64(struct file *f, uint64_t v)
{
	file_u32(f, f->big ? v >> 32 : v & 0xffffffff);
	file_u32(f, f->big ? v & 0xffffffff : v >> 32);
}

/* Bytes that tell where they come from. */
static inline uint8_t fill_byte(uint32_t seed, uint32_t i)
{
	return (uint8_t)(seed * 7 + i * 13 + (i >> 8));
}

static inline void file_fill(struct file *f, uint32_t seed, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		file_u8(f, fill_byte(seed, i));
}

static inline void file_free(struct file *f)
{
	free(f->data);
	*f = (struct file){ 0 };
}

/* pcap */
static inline void pcap_head(struct file *f, uint32_t magic, uint16_t major, uint16_t minor,
			     uint32_t linktype)
{
	file_u32(f, magic);
	file_u16(f, major);
	file_u16(f, minor);
	file_u64(f, 0);
	file_u32(f, 65535);
	file_u32(f, linktype);
}

static inline void pcap_record(struct file *f, uint32_t s, uint32_t fraction, uint32_t caplen,
			       uint32_t wirelen, uint32_t seed)
{
	file_u32(f, s);
	file_u32(f, fraction);
	file_u32(f, caplen);
	file_u32(f, wirelen);
	file_fill(f, seed, caplen);
}

/* pcapng: a block is begun, filled and ended */
static inline size_t ng_begin(struct file *f, uint32_t type)
{
	size_t at = f->len;
	file_u32(f, type);
	file_u32(f, 0);
	return at;
}

static inline void ng_end(struct file *f, size_t at)
{
	while (f->len % 4)
		file_u8(f, 0);
	uint32_t total = (uint32_t)(f->len + 4 - at);
	struct file len = { .big = f->big };
	file_u32(&len, total);
	memcpy(f->data + at + 4, len.data, 4);
	file_free(&len);
	file_u32(f, total);
}

static inline void ng_section(struct file *f, uint16_t major, uint16_t minor)
{
	size_t at = ng_begin(f, 0x0a0d0d0a);
	file_u32(f, 0x1a2b3c4d);
	file_u16(f, major);
	file_u16(f, minor);
	file_u64(f, UINT64_MAX);
	ng_end(f, at);
}

/* resolution -1: no option; offset_s 0: no option */
static inline void ng_interface(struct file *f, uint16_t linktype, uint32_t snaplen, int resolution,
				int64_t offset_s)
{
	size_t at = ng_begin(f, 1);
	file_u16(f, linktype);
	file_u16(f, 0);
	file_u32(f, snaplen);
	file_u16(f, 2); /* if_name, not a multiple of four */
	file_u16(f, 5);
	file_bytes(f, "eth10\0\0", 8);
	if (resolution >= 0) {
		file_u16(f, 9);
		file_u16(f, 1);
		file_u8(f, (uint8_t)resolution);
		file_bytes(f, "\0\0", 3);
	}
	if (offset_s) {
		file_u16(f, 14);
		file_u16(f, 8);
		file_u64(f, (uint64_t)offset_s);
	}
	file_u32(f, 0);
	ng_end(f, at);
}

static inline void ng_packet(struct file *f, uint32_t id, uint64_t ticks, uint32_t caplen,
			     uint32_t wirelen, uint32_t seed)
{
	size_t at = ng_begin(f, 6);
	file_u32(f, id);
	file_u32(f, ticks >> 32);
	file_u32(f, (uint32_t)ticks);
	file_u32(f, caplen);
	file_u32(f, wirelen);
	file_fill(f, seed, caplen);
	ng_end(f, at);
}

/* The folder of the test. */
static char folder[64];

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline int folder_setup(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/exfild-capture-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int folder_teardown(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A path in the folder; up to 16 are alive at once. */
static inline const char *in_folder(const char *name)
{
	static char paths[16][160];
	static unsigned turn;
	char *path = paths[turn++ % 16];
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static inline const char *write_bytes(const char *name, const void *data, size_t len)
{
	const char *path = in_folder(name);
	FILE *out = fopen(path, "wb");
	assert_non_null(out);
	if (len)
		assert_int_equal(fwrite(data, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
	return path;
}

static inline const char *write_file(const char *name, const struct file *f)
{
	return write_bytes(name, f->data, f->len);
}

struct seen {
	unsigned count;
	struct frame frames[SEEN_MAX]; /* data is gone; first byte kept below */
	uint8_t first[SEEN_MAX];
	unsigned damage_count;
	char damage_path[160];
	uint64_t damage_offset;
	char damage[160]; /* the first */
	struct capture_stats stats;
};

static struct seen seen;

static inline void see_options(const struct capture_options *options)
{
	struct capture *c = NULL;
	struct frame f;
	char why[256];
	int r;

	seen = (struct seen){ 0 };
	assert_int_equal(capture_open(options, &c, why, sizeof(why)), 0);
	while ((r = capture_next(c, &f)) == 0) {
		assert_true(seen.count < SEEN_MAX);
		assert_int_equal(f.number, seen.count + 1);
		assert_non_null(f.block);
		seen.first[seen.count] = f.caplen ? f.data[0] : 0;
		seen.frames[seen.count++] = f;
	}
	assert_int_equal(r, CAPTURE_END);
	assert_int_equal(capture_next(c, &f), CAPTURE_END);
	seen.damage_count = (unsigned)capture_damage_count(c);
	if (seen.damage_count) {
		const struct capture_damage *d = capture_damage(c, 0);
		snprintf(seen.damage_path, sizeof(seen.damage_path), "%s", d->path);
		snprintf(seen.damage, sizeof(seen.damage), "%s", d->reason);
		seen.damage_offset = d->offset;
	}
	seen.stats = *capture_stats(c);
	assert_int_equal(seen.stats.frames, seen.count);
	capture_close(c);
}

static inline void see(const char *const *paths, size_t count)
{
	const struct capture_options options = { .paths = paths, .path_count = count };
	see_options(&options);
}

static inline void see_one(const char *path)
{
	see(&path, 1);
}

static inline void see_file(const struct file *f)
{
	see_one(write_file("capture", f));
}

/* How many frames wait until the first damage, and that it says so. */
#define assert_damaged(text)                                    \
 do {                                                           \
  assert_int_equal(seen.damage_count, 1);                       \
  if (!strstr(seen.damage, text))                               \
   fail_msg("damage is \"%s\", not \"%s\"", seen.damage, text); \
 } while (0)

#endif
