/*
 * Evidence: a pcapng file with one section.  An interface block comes before the first packet of
 * its link type; times are nanoseconds, in the machine's byte order, which the section tells.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/capture/capture.h"

#define BLOCK_SECTION    0x0a0d0d0au
#define BLOCK_INTERFACE  1u
#define BLOCK_STATISTICS 5u
#define BLOCK_PACKET     6u
#define BLOCK_FRAME      12u
#define OPTION_COMMENT   1u
#define OPTION_TSRESOL   9u
#define COMMENT_MAX      65532u
#define LINKTYPES_MAX    256

struct capture_writer {
	FILE *file;
	bool has_failed;
	unsigned linktype_count;
	uint16_t linktypes[LINKTYPES_MAX];
};

static void put(struct capture_writer *w, const void *data, size_t len)
{
	if (len && fwrite(data, 1, len, w->file) != len)
		w->has_failed = true;
}

static void put_u32(struct capture_writer *w, uint32_t v)
{
	put(w, &v, sizeof(v));
}

/* Two 16-bit numbers, the first one first. */
static void put_u16s(struct capture_writer *w, uint16_t a, uint16_t b)
{
	const uint16_t both[2] = { a, b };
	put(w, both, sizeof(both));
}

static uint32_t padding(uint32_t len)
{
	return (4 - len % 4) % 4;
}

static void put_padded(struct capture_writer *w, const void *data, uint32_t len)
{
	static const uint8_t zeros[4];
	put(w, data, len);
	put(w, zeros, padding(len));
}

static void put_section(struct capture_writer *w)
{
	const uint32_t total = BLOCK_FRAME + 16;
	put_u32(w, BLOCK_SECTION);
	put_u32(w, total);
	put_u32(w, 0x1a2b3c4du);
	put_u16s(w, 1, 0);
	put_u32(w, UINT32_MAX); /* section length: not told */
	put_u32(w, UINT32_MAX);
	put_u32(w, total);
}

static void put_interface(struct capture_writer *w, uint16_t linktype)
{
	static const uint8_t nanoseconds = 9;
	const uint32_t total = BLOCK_FRAME + 8 + 8 + 4;
	put_u32(w, BLOCK_INTERFACE);
	put_u32(w, total);
	put_u16s(w, linktype, 0);
	put_u32(w, 0); /* snaplen: no limit */
	put_u16s(w, OPTION_TSRESOL, 1);
	put_padded(w, &nanoseconds, 1);
	put_u32(w, 0); /* end of options */
	put_u32(w, total);
}

int capture_writer_open_fd(int fd, struct capture_writer **ret)
{
	struct capture_writer *w = calloc(1, sizeof(*w));
	if (!w)
		return -EXF_E_NOMEM;
	w->file = fdopen(fd, "wb");
	if (!w->file) {
		int saved = errno;
		free(w);
		errno = saved;
		return -EXF_E_IO;
	}
	put_section(w);
	*ret = w;
	return 0;
}

int capture_writer_open(const char *path, struct capture_writer **ret)
{
	if (strcmp(path, "-") == 0)
		return -EXF_E_INVALID;
	/* Packets are personal data: for the owner only. */
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return -EXF_E_IO;
	int err = capture_writer_open_fd(fd, ret);
	if (err) {
		int saved = errno;
		(void)close(fd);
		errno = saved;
	}
	return err;
}

/* The interface of a link type, made when it is new; negative: an error. */
static int find_interface(struct capture_writer *w, uint32_t linktype)
{
	if (linktype > UINT16_MAX)
		return -EXF_E_RANGE;
	for (unsigned i = 0; i < w->linktype_count; i++) {
		if (w->linktypes[i] == linktype)
			return (int)i;
	}
	if (w->linktype_count == LINKTYPES_MAX)
		return -EXF_E_LIMIT;
	w->linktypes[w->linktype_count] = (uint16_t)linktype;
	put_interface(w, (uint16_t)linktype);
	return (int)w->linktype_count++;
}

/* The length of a comment that fits, not cut inside a character. */
static uint32_t comment_length(const char *comment)
{
	size_t len = strnlen(comment, COMMENT_MAX + 1);
	if (len <= COMMENT_MAX)
		return (uint32_t)len;
	len = COMMENT_MAX;
	while (len && ((uint8_t)comment[len] & 0xc0) == 0x80)
		len--;
	return (uint32_t)len;
}

int capture_writer_put(struct capture_writer *w, const struct frame *f, const char *comment)
{
	int id = find_interface(w, f->linktype);
	if (id < 0)
		return id;
	uint32_t comment_len = comment ? comment_length(comment) : 0;
	uint32_t options = comment_len ? 4 + comment_len + padding(comment_len) + 4 : 0;
	uint64_t body = 20ull + f->caplen + padding(f->caplen) + options;
	if (body + BLOCK_FRAME > UINT32_MAX)
		return -EXF_E_RANGE;
	uint32_t total = (uint32_t)body + BLOCK_FRAME;
	put_u32(w, BLOCK_PACKET);
	put_u32(w, total);
	put_u32(w, (uint32_t)id);
	put_u32(w, (uint32_t)(f->time_ns >> 32));
	put_u32(w, (uint32_t)f->time_ns);
	put_u32(w, f->caplen);
	put_u32(w, f->wirelen);
	put_padded(w, f->data, f->caplen);
	if (options) {
		put_u16s(w, OPTION_COMMENT, (uint16_t)comment_len);
		put_padded(w, comment, comment_len);
		put_u32(w, 0); /* end of options */
	}
	put_u32(w, total);
	return w->has_failed ? -EXF_E_IO : 0;
}

int capture_writer_note(struct capture_writer *w, uint64_t time_ns, const char *comment)
{
	int id = w->linktype_count ? 0 : find_interface(w, 1);
	if (id < 0)
		return id;
	uint32_t len = comment_length(comment);
	uint32_t total = BLOCK_FRAME + 12 + 4 + len + padding(len) + 4;
	put_u32(w, BLOCK_STATISTICS);
	put_u32(w, total);
	put_u32(w, (uint32_t)id);
	put_u32(w, (uint32_t)(time_ns >> 32));
	put_u32(w, (uint32_t)time_ns);
	put_u16s(w, OPTION_COMMENT, (uint16_t)len);
	put_padded(w, comment, len);
	put_u32(w, 0); /* end of options */
	put_u32(w, total);
	return w->has_failed ? -EXF_E_IO : 0;
}

int capture_writer_flush(struct capture_writer *w)
{
	if (fflush(w->file) != 0)
		w->has_failed = true;
	return w->has_failed ? -EXF_E_IO : 0;
}

int capture_writer_close(struct capture_writer *w)
{
	if (!w)
		return 0;
	bool has_failed = w->has_failed;
	if (fclose(w->file) != 0)
		has_failed = true;
	free(w);
	return has_failed ? -EXF_E_IO : 0;
}
