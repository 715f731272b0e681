#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unpack.h"

#define PEEK_SIZE    4096
#define LAYER_BUFFER (64u * 1024)
#define WAIT_MS      250 /* for bytes, until it is looked whether to stop */

static volatile sig_atomic_t is_interrupted;

/* One decompressor and the packed bytes that wait for it. */
struct layer {
	struct unpack *unpack;
	uint8_t *buffer;
	size_t pos, len;
	bool source_ended;
	bool ended;
	int error; /* stays */
};

struct stream {
	int fd;
	bool is_stdin;
	bool is_regular;
	bool may_block; /* bytes come when others send them */
	bool was_interrupted;
	uint64_t raw_offset;
	unsigned layer_count;
	struct layer layers[STREAM_LAYERS];
	uint8_t peek[PEEK_SIZE]; /* read to find the format, not yet given out */
	size_t peek_pos, peek_len;
	int raw_error; /* stays */
	char reason[128];
};

void stream_interrupt(bool on)
{
	is_interrupted = on;
}

bool stream_was_interrupted(const struct stream *s)
{
	return s->was_interrupted;
}

/*
 * Waits until there is something to read; false: it shall not be waited any longer.  A signal that
 * comes just before poll() is seen when that times out.
 */
static bool wait_for_bytes(struct stream *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	while (!is_interrupted) {
		if (poll(&p, 1, WAIT_MS) > 0)
			return true;
	}
	s->was_interrupted = true;
	return false;
}

static int raw_read(struct stream *s, uint8_t *dst, size_t size, size_t *ret_got)
{
	ssize_t n;

	if (s->raw_error)
		return s->raw_error;
	do {
		if (s->may_block && !wait_for_bytes(s)) {
			*ret_got = 0;
			return 0;
		}
		n = read(s->fd, dst, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		char text[64];
		(void)snprintf(s->reason, sizeof(s->reason), "it cannot be read: %s",
			       strerror_r(errno, text, sizeof(text)));
		return s->raw_error = -EXF_E_IO;
	}
	s->raw_offset += (uint64_t)n;
	*ret_got = (size_t)n;
	return 0;
}

static int depth_read(struct stream *s, unsigned depth, uint8_t *dst, size_t size, size_t *ret_got);

static int layer_fill(struct stream *s, unsigned depth)
{
	struct layer *l = &s->layers[depth - 1];
	size_t got = 0;

	int r = depth_read(s, depth - 1, l->buffer, LAYER_BUFFER, &got);
	if (r < 0)
		return r;
	l->pos = 0;
	l->len = got;
	l->source_ended = got == 0;
	return 0;
}

static int layer_read(struct stream *s, unsigned depth, uint8_t *dst, size_t size, size_t *ret_got)
{
	struct layer *l = &s->layers[depth - 1];

	*ret_got = 0;
	while (!l->ended) {
		if (l->error)
			return l->error;
		int r = 0;
		if (l->pos == l->len && !l->source_ended && (r = layer_fill(s, depth)) < 0)
			return r;
		struct unpack_io io = { l->buffer + l->pos, l->len - l->pos, dst, size };
		r = unpack_run(l->unpack, &io);
		bool moved = io.in_len < l->len - l->pos;
		l->pos = l->len - io.in_len;
		*ret_got = size - io.out_len;
		if (r == -EXF_E_NOMEM)
			return l->error = r;
		if (r < 0) {
			(void)snprintf(s->reason, sizeof(s->reason), "the %s data is damaged: %s",
				       unpack_name(l->unpack), unpack_reason(l->unpack));
			l->error = r;
			return *ret_got ? 0 : r; /* what came out before is good */
		}
		l->ended = r == UNPACK_END;
		if (*ret_got)
			return 0;
		if (moved || !l->source_ended || l->ended)
			continue;
		if (unpack_is_inside(l->unpack)) {
			(void)snprintf(s->reason, sizeof(s->reason), "the %s data ends too early",
				       unpack_name(l->unpack));
			return l->error = -EXF_E_TRUNCATED;
		}
		l->ended = true;
	}
	return 0;
}

static int depth_read(struct stream *s, unsigned depth, uint8_t *dst, size_t size, size_t *ret_got)
{
	return depth ? layer_read(s, depth, dst, size, ret_got) : raw_read(s, dst, size, ret_got);
}

/* Fills peek from the topmost layer until the format can be told. */
static int fill_peek(struct stream *s)
{
	size_t got = 1;

	s->peek_pos = s->peek_len = 0;
	while (s->peek_len < UNPACK_HEAD && got) {
		int r = depth_read(s, s->layer_count, s->peek + s->peek_len,
				   sizeof(s->peek) - s->peek_len, &got);
		if (r == -EXF_E_NOMEM)
			return r;
		if (r < 0)
			break;
		s->peek_len += got;
	}
	return 0;
}

static int push_layer(struct stream *s, enum unpack_codec codec)
{
	struct layer *l = &s->layers[s->layer_count];

	l->buffer = malloc(LAYER_BUFFER);
	if (!l->buffer)
		return -EXF_E_NOMEM;
	int r = unpack_new(codec, &l->unpack);
	if (r < 0) {
		free(l->buffer);
		l->buffer = NULL;
		return r;
	}
	memcpy(l->buffer, s->peek, s->peek_len);
	l->len = s->peek_len;
	s->layer_count++;
	return 0;
}

static int peel_layers(struct stream *s)
{
	for (;;) {
		int r = fill_peek(s);
		if (r < 0)
			return r;
		enum unpack_codec codec = unpack_detect(s->peek, s->peek_len);
		if (codec == UNPACK_NONE || s->layer_count == STREAM_LAYERS)
			return 0;
		r = push_layer(s, codec);
		if (r < 0)
			return r;
	}
}

int stream_open(const char *path, struct stream **ret)
{
	struct stat st;
	struct stream *s = calloc(1, sizeof(*s));
	if (!s)
		return -EXF_E_NOMEM;
	s->is_stdin = strcmp(path, "-") == 0;
	s->fd = s->is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &st) < 0) {
		int saved = errno;
		stream_close(s);
		errno = saved;
		return -EXF_E_IO;
	}
	/* Standard input is read on from where it stands and cannot be opened again. */
	s->is_regular = !s->is_stdin && S_ISREG(st.st_mode);
	s->may_block = !S_ISREG(st.st_mode);
	int r = peel_layers(s);
	if (r < 0) {
		stream_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->layer_count; i++) {
		unpack_free(s->layers[i].unpack);
		free(s->layers[i].buffer);
	}
	if (!s->is_stdin && s->fd >= 0)
		(void)close(s->fd);
	free(s);
}

int stream_read(struct stream *s, uint8_t *dst, size_t size, size_t *ret_got)
{
	size_t peeked = s->peek_len - s->peek_pos;

	*ret_got = 0;
	if (peeked) {
		size_t n = peeked < size ? peeked : size;
		memcpy(dst, s->peek + s->peek_pos, n);
		s->peek_pos += n;
		*ret_got = n;
		return 0;
	}
	return depth_read(s, s->layer_count, dst, size, ret_got);
}

int stream_seek(struct stream *s, uint64_t offset)
{
	if (!s->layer_count && s->is_regular) {
		s->peek_pos = s->peek_len = 0;
		if (lseek(s->fd, (off_t)offset, SEEK_SET) < 0)
			return -EXF_E_IO;
		s->raw_offset = offset;
		return 0;
	}
	uint8_t *scratch = malloc(LAYER_BUFFER);
	if (!scratch)
		return -EXF_E_NOMEM;
	int r = 0;
	while (offset) {
		size_t got, want = offset < LAYER_BUFFER ? (size_t)offset : LAYER_BUFFER;
		r = stream_read(s, scratch, want, &got);
		if (r < 0 || !got)
			break;
		offset -= got;
	}
	free(scratch);
	return r;
}

bool stream_is_regular(const struct stream *s)
{
	return s->is_regular;
}

bool stream_is_packed(const struct stream *s)
{
	return s->layer_count > 0;
}

uint64_t stream_raw_offset(const struct stream *s)
{
	return s->raw_offset;
}

const char *stream_reason(const struct stream *s)
{
	return s->reason;
}

size_t stream_memory(const struct stream *s)
{
	size_t sum = sizeof(*s);
	for (unsigned i = 0; i < s->layer_count; i++)
		sum += LAYER_BUFFER + unpack_memory(s->layers[i].unpack);
	return sum;
}
