/*
 * inspect/http/chunks.h - passing over a chunked body (RFC 9112, 7.1).
 *
 * What: counts, keeps nothing; may be fed in any portions.
 * Threads: values.
 * Limits: 4 KiB of extensions a chunk, 16 KiB of trailers.
 */
#ifndef EXFILD_INSPECT_HTTP_CHUNKS_H
#define EXFILD_INSPECT_HTTP_CHUNKS_H

#include <stdint.h>

enum http_chunk_phase {
	HTTP_CHUNK_SIZE, /* 0: a zeroed struct begins a body */
	HTTP_CHUNK_EXTENSION,
	HTTP_CHUNK_DATA,
	HTTP_CHUNK_DATA_END,
	HTTP_CHUNK_TRAILER_START,
	HTTP_CHUNK_TRAILER,
	HTTP_CHUNK_DONE,   /* the body is at its end */
	HTTP_CHUNK_BROKEN, /* these are no chunks */
};

struct http_chunks {
	uint64_t left;   /* bytes of the chunk */
	uint32_t passed; /* bytes of extension or trailers */
	uint8_t phase;   /* enum http_chunk_phase */
	uint8_t digits;
};

/* Gets the bytes of the body, piece by piece. */
typedef void (*http_chunks_fn)(void *arg, const uint8_t *data, uint32_t len);

/* Returns the bytes used: all, up to the end of the body or to where it breaks. body: may be NULL.
 */
uint32_t http_chunks_pass(struct http_chunks *k, const uint8_t *data, uint32_t len,
			  http_chunks_fn body, void *arg);

#endif
