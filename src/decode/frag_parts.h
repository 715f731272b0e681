/*
 * decode/frag_parts.h - what the two files of the store of fragments share.
 *
 * Ownership: a datagram owns its pieces, the store its datagrams.
 * Threads: one decoder, one store.
 */
#ifndef EXFILD_SRC_DECODE_FRAG_PARTS_H
#define EXFILD_SRC_DECODE_FRAG_PARTS_H

#include "frag.h"
#include "walk.h"

#define FRAG_INDEX_SIZE 8192 /* a power of two */

struct frag_key {
	struct ipaddr src, dst;
	uint32_t id;
	uint32_t tunnel_key;
	uint32_t version;
	uint32_t proto; /* IPv4 only */
};

struct frag_piece {
	struct frag_piece *next; /* by offset; pieces never overlap */
	uint32_t offset, len;
	uint8_t data[];
};

struct frag_datagram {
	struct frag_key key;
	struct packet packet; /* of its first fragment; counts ip_len and frames of all */
	struct frag_datagram *next_in_index;
	struct frag_datagram *older, *newer;
	struct frag_piece *head; /* header of the fragment with offset 0; NULL until it came */
	struct frag_piece *pieces;
	uint64_t first_ns;
	uint32_t have, total; /* payload bytes held; of the datagram, 0 while unknown */
	uint32_t end;         /* highest end seen */
	uint32_t slot;        /* in the index */
	uint16_t piece_count;
	uint8_t proto;
	bool is_broken; /* counts only */
	bool has_mac;
	uint8_t mac[12];
};

struct frag_store {
	struct hash_key key;
	struct decode_counter *counters;
	struct frag_datagram *index[FRAG_INDEX_SIZE];
	struct frag_datagram *pool;
	struct frag_datagram *free_list; /* by newer */
	uint32_t pool_used;
	uint32_t active;
	struct frag_datagram *oldest, *newest;
	struct frag_datagram *given_up_first, *given_up_last; /* by newer */
	size_t bytes;
	uint64_t number, time_ns;
};

static inline void frag_count(struct frag_store *s, enum count which)
{
	s->counters[which].count++;
}

/* Keeps what of the fragment no piece holds yet; false when it cannot. */
bool frag_add_pieces(struct frag_store *s, struct frag_datagram *dg, const struct frag_input *in);
bool frag_add_head(struct frag_store *s, struct frag_datagram *dg, const struct frag_input *in);
/* Whether the ends agree: nothing may lie after the last fragment. */
bool frag_check_end(struct frag_datagram *dg, const struct frag_input *in);
/* One block of all; NULL when memory is exhausted. */
struct block *frag_join(const struct frag_datagram *dg);
void frag_drop_pieces(struct frag_store *s, struct frag_datagram *dg);

#endif
