/*
 * flow/stream.h - bounded in-order reassembly of one direction of a TCP flow.
 *
 * What: in-order segments are handed on without a copy; early ones wait in a window of 16 KiB
 * after the next byte expected.  First copy wins on overlap.  Bytes that a reader leaves unread
 * are kept and come again in front of the next.
 * Bytes that will not come any more (not captured, cut off by the capture, past the window, or
 * acknowledged by the other side while later ones wait) are a gap: a reader that can go on behind
 * it is told how long it is, for another one the stream is lost.
 * Ownership: buffers come from a capped pool; stream_reset gives them back.
 * Threads: one shard.
 * Limits: STREAM_WINDOW bytes a direction, 8 waiting pieces; past them there is a gap.  When the
 * pool is empty, the stream that has waited longest without a segment gives its buffer, and what
 * is in it: it is lost, or has a gap.  A segment more than STREAM_FAR bytes ahead is taken for
 * forged until STREAM_FAR_MIN came one after the other.
 */
#ifndef EXFILD_FLOW_STREAM_H
#define EXFILD_FLOW_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#define STREAM_WINDOW  16384u
#define STREAM_PIECES  8
#define STREAM_FAR     (1 << 24)
#define STREAM_FAR_MIN 4

struct stream_pool; /* buffers of STREAM_WINDOW bytes */

struct stream_pool *stream_pool_new(uint32_t max_buffers);
void stream_pool_free(struct stream_pool *p);
uint32_t stream_pool_used(const struct stream_pool *p);
uint64_t stream_pool_refused(const struct stream_pool *p);
/* Streams that were lost so that another could have their buffer. */
uint64_t stream_pool_evicted(const struct stream_pool *p);

struct stream {
	uint8_t *buf;                 /* NULL: nothing waits */
	struct stream *older, *newer; /* in the pool's list of those that hold a buffer */
	uint32_t base_seq;            /* sequence number of buf[0], the first byte unread */
	uint32_t ready;               /* contiguous bytes in buf */
	uint16_t piece_count;
	bool started;  /* base_seq is known */
	bool lost;     /* a gap could not be filled: no more data */
	bool survives; /* its reader goes on behind a gap */
	uint8_t far;   /* segments in a row that were too far ahead */
	struct {
		uint16_t off, len;
	} piece[STREAM_PIECES]; /* sorted, after `ready`; within the window */
};

/*
 * The reader gets contiguous bytes and says how many it used; the rest comes again with more.
 * Returning a count above len is a bug (asserted).
 */
typedef uint32_t (*stream_read_fn)(void *arg, const uint8_t *data, uint32_t len);

/*
 * `len` bytes that the reader has left unread are the last before `missing` bytes which will never
 * come.  They are gone when it returns; false: it cannot go on, the stream is lost.
 */
typedef bool (*stream_gap_fn)(void *arg, const uint8_t *data, uint32_t len, uint32_t missing);

struct stream_reader {
	stream_read_fn read;
	stream_gap_fn gap; /* NULL: a gap ends the stream */
	void *arg;
};

/* `seq` of data[0]; `cap` bytes were captured of `len`: the rest of a cut segment is a gap. */
void stream_segment(struct stream *s, struct stream_pool *pool, uint32_t seq, const uint8_t *data,
		    uint32_t cap, uint32_t len, const struct stream_reader *r);
/* The other side has acknowledged all before `seq`: a hole before it will not be filled. */
void stream_acknowledged(struct stream *s, struct stream_pool *pool, uint32_t seq,
			 const struct stream_reader *r);
void stream_reset(struct stream *s, struct stream_pool *pool);

#endif
