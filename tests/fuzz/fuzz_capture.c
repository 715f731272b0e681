/*
 * fuzz/fuzz_capture.c - any bytes as a capture file.
 *
 * What: the bytes are one file (so packed files are reached too); all frames are read and their
 * bytes touched, first as the only input, then merged with itself, with every block held a while.
 * Both ways must give the same frames.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exfild/capture/capture.h"

#define FRAMES_MAX 100000 /* a small packed file can hold very many */
#define HELD       4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t touch(const struct frame *f)
{
	uint32_t sum = f->linktype;
	for (uint32_t i = 0; i < f->caplen; i++)
		sum = sum * 31 + f->data[i];
	return sum;
}

static uint64_t read_all(const char *const *paths, size_t count)
{
	const struct capture_options options = { .paths = paths, .path_count = count };
	struct block *held[HELD] = { 0 };
	struct capture *c;
	struct frame f;
	char why[64];
	uint64_t frames = 0;
	uint32_t sum = 0;

	if (capture_open(&options, &c, why, sizeof(why)) < 0)
		return 0;
	while (frames < FRAMES_MAX * count && capture_next(c, &f) == 0) {
		assert(f.number == ++frames);
		assert(f.caplen <= f.wirelen && f.caplen <= 16u << 20);
		assert(f.data >= f.block->data);
		assert(f.data + f.caplen <= f.block->data + f.block->size);
		sum += touch(&f);
		block_release(held[frames % HELD]);
		held[frames % HELD] = f.block;
		block_hold(f.block);
	}
	for (size_t i = 0; i < capture_damage_count(c); i++)
		assert(capture_damage(c, i)->reason[0]);
	capture_close(c);
	for (size_t i = 0; i < HELD; i++)
		block_release(held[i]);
	return frames << 32 | sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];

	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (size && write(fd, data, size) != (ssize_t)size)
		abort();
	const char *const paths[2] = { path, path };
	uint64_t alone = read_all(paths, 1);
	uint64_t twice = read_all(paths, 2);
	if (alone >> 32 < FRAMES_MAX) {
		assert(twice >> 32 == 2 * (alone >> 32));
		assert((uint32_t)twice == 2 * (uint32_t)alone);
	}
	close(fd);
	return 0;
}
