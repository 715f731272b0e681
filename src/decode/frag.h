/*
 * decode/frag.h - fragments of IPv4 and IPv6 datagrams.
 *
 * What: keeps fragments until their datagram is whole.  Where two overlap, the bytes that came
 * first stay.  Every fragment's IP length is counted exactly once: in the whole datagram, or in a
 * packet without payload when the datagram is given up.
 * Ownership: pieces are copies; a whole datagram is a new block.
 * Threads: one decoder, one store.
 * Limits: below; the oldest datagram goes first when one is reached.
 */
#ifndef EXFILD_SRC_DECODE_FRAG_H
#define EXFILD_SRC_DECODE_FRAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/decode/decode.h"

#define FRAG_DATAGRAMS_MAX 4096
#define FRAG_PIECES_MAX    64
#define FRAG_BYTES_MAX     (16u << 20)
#define FRAG_TIMEOUT_NS    (30ull * 1000000000)
#define FRAG_GIVEN_UP_MAX  1024 /* datagrams that wait for decode_given_up() */

struct walk;
struct frag_store;

/* What an IP header says of a fragment; its bytes are the rest of the walk. */
struct fragment {
	uint32_t id;
	uint32_t header; /* bytes from l3 that belong to every fragment */
	uint32_t offset;
	bool has_more;
	uint8_t proto; /* first header of the datagram */
};

/* Keeps a fragment, or goes on with the datagram that it completes; never DECODE_OTHER. */
enum decode_result frag_decode(struct walk *w, const struct fragment *f);

/* Bytes and accounts of one fragment; p is its packet. */
struct frag_input {
	const struct packet *p;
	const struct fragment *f;
	const uint8_t *data;
	size_t len;
};

/* A datagram that is whole: block data is 12 bytes of MAC, 4 unused, header, payload. */
#define FRAG_BLOCK_L3 16
struct frag_whole {
	struct block *block;
	uint32_t header, payload;
	uint32_t ip_len; /* sum over its fragments */
	uint16_t frames;
	uint8_t proto;
	bool has_mac;
};

struct frag_store *frag_store_new(const struct hash_key *key, struct decode_counter *counters);
void frag_store_free(struct frag_store *s);
/* True when the datagram is whole: *ret is filled and the block is the caller's. */
bool frag_store_add(struct frag_store *s, const struct frag_input *in, struct frag_whole *ret);
/* Moves the clock; datagrams over their time are given up. */
void frag_advance(struct frag_store *s, uint64_t number, uint64_t time_ns);
bool frag_given_up(struct frag_store *s, uint64_t time_ns, struct packet *ret);

#endif
