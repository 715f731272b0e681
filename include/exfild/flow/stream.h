/*
 * flow/stream.h - bounded in-order reassembly of one direction of a TCP flow.
 *
 * What: in-order segments are handed on without a copy; early ones wait in a window of 16 KiB
 * after the next byte expected.  First copy wins on overlap.  Bytes that a reader leaves unread
 * are kept and come again in front of the next.
 * Ownership: buffers come from a capped pool; stream_reset gives them back.
 * Threads: one shard.
 * Limits: STREAM_WINDOW bytes a direction, 8 waiting pieces; past them the stream is `lost`.  When
 * the pool is empty, the stream that has waited longest without a segment is lost for its buffer.
 */
#ifndef EXFILD_FLOW_STREAM_H
#define EXFILD_FLOW_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#define STREAM_WINDOW 16384u
#define STREAM_PIECES 8

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
	bool started; /* base_seq is known */
	bool lost;    /* a gap could not be filled: no more data */
	struct {
		uint32_t off, len;
	} piece[STREAM_PIECES]; /* sorted, after `ready` */
};

/*
 * The reader gets contiguous bytes and says how many it used; the rest comes again with more.
 * Returning a count above len is a bug (asserted).
 */
typedef uint32_t (*stream_read_fn)(void *arg, const uint8_t *data, uint32_t len);

/* `seq` of data[0]; `cap` bytes were captured of `len`: a cut segment ends the stream after it. */
void stream_segment(struct stream *s, struct stream_pool *pool, uint32_t seq, const uint8_t *data,
		    uint32_t cap, uint32_t len, stream_read_fn read, void *arg);
/*
 * Bytes that the other side has acknowledged and that never came: they will not.  Moves past the
 * first gap that `acked` covers; *ret_dropped are the bytes left out, those before the gap that the
 * reader had left unread among them.  What waits behind it goes to the reader by stream_offer().
 * False: there is no such gap.
 */
bool stream_skip(struct stream *s, struct stream_pool *pool, uint32_t acked, uint32_t *ret_dropped);
/* Offers the bytes that wait. */
void stream_offer(struct stream *s, struct stream_pool *pool, stream_read_fn read, void *arg);
void stream_reset(struct stream *s, struct stream_pool *pool);

#endif
