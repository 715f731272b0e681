/*
 * capture/stream.h - the bytes of one input, decompressed.
 *
 * What: a file, or standard input ("-"), read from its beginning; layers of gzip and zstd are
 * found by their first bytes, whatever the name, and peeled off.
 * Threads: one owner.
 * Limits: at most STREAM_LAYERS layers; what is packed deeper is handed on packed.
 */
#ifndef EXFILD_CAPTURE_STREAM_H
#define EXFILD_CAPTURE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

#define STREAM_LAYERS 3

struct stream;

/* -EXF_E_IO (errno says why) or -EXF_E_NOMEM. */
int stream_open(const char *path, struct stream **ret) EXF_MUST_USE;
void stream_close(struct stream *s);
/*
 * The next bytes, at most size; *ret_got 0 is the end.  -EXF_E_NOMEM, or -EXF_E_IO and
 * -EXF_E_FORMAT, for which stream_reason has the sentence; errors stay.
 */
int stream_read(struct stream *s, uint8_t *dst, size_t size, size_t *ret_got) EXF_MUST_USE;
/* Moves forward to an absolute offset of the decompressed bytes; short inputs end there. */
int stream_seek(struct stream *s, uint64_t offset) EXF_MUST_USE;
/* True when the input can be opened again and read from its beginning. */
bool stream_is_regular(const struct stream *s);
bool stream_is_packed(const struct stream *s);
/*
 * From now on streams that wait for others (pipes, terminals) end where they are; may be called
 * from a signal's handler.  False takes it back.
 */
void stream_interrupt(bool on);
/* True when it has ended because of stream_interrupt(). */
bool stream_was_interrupted(const struct stream *s);
/* Bytes taken from the file itself. */
uint64_t stream_raw_offset(const struct stream *s);
const char *stream_reason(const struct stream *s);
size_t stream_memory(const struct stream *s);

#endif
