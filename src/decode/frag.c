/*
 * decode/frag.c - the store of fragments.
 *
 * Datagrams live in a fixed pool, found through chains by keyed hash and kept in the order of their
 * first fragment: the head of that list is what times out or is pushed out next, so the same frames
 * always lose the same datagram.  A datagram that can no more become whole (too many pieces) drops
 * its bytes and stays only to count.  One that is given up waits in a second list for
 * decode_given_up().
 *
 * Overlap: systems disagree which copy wins; here it is the first, and the counter tells.
 */
#include "frag.h"

#include <stdlib.h>
#include <string.h>

#include "walk.h"

#define INDEX_SIZE 8192 /* a power of two */
#define POOL_SIZE  (FRAG_DATAGRAMS_MAX + FRAG_GIVEN_UP_MAX)

struct frag_key {
	struct ipaddr src, dst;
	uint32_t id;
	uint32_t tunnel_key;
	uint32_t version;
	uint32_t proto; /* IPv4 only */
};

struct piece {
	struct piece *next; /* by offset; pieces never overlap */
	uint32_t offset, len;
	uint8_t data[];
};

struct datagram {
	struct frag_key key;
	struct packet packet; /* of its first fragment; counts ip_len and frames of all */
	struct datagram *next_in_index;
	struct datagram *older, *newer;
	struct piece *head; /* header of the fragment with offset 0; NULL until it came */
	struct piece *pieces;
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
	struct datagram *index[INDEX_SIZE];
	struct datagram *pool;
	struct datagram *free_list; /* by newer */
	uint32_t pool_used;
	uint32_t active;
	struct datagram *oldest, *newest;
	struct datagram *given_up_first, *given_up_last; /* by newer */
	size_t bytes;
	uint64_t number, time_ns;
};

static void count(struct frag_store *s, enum count which)
{
	s->counters[which].count++;
}

static struct piece *piece_new(struct frag_store *s, struct cursor *from, uint32_t offset,
			       uint32_t len)
{
	struct piece *piece = malloc(sizeof(*piece) + len);
	if (!piece) {
		count(s, COUNT_FRAG_NO_MEMORY);
		return NULL;
	}
	piece->next = NULL;
	piece->offset = offset;
	piece->len = len;
	cursor_copy(from, piece->data, len);
	s->bytes += sizeof(*piece) + len;
	return piece;
}

static void piece_free(struct frag_store *s, struct piece *piece)
{
	if (piece)
		s->bytes -= sizeof(*piece) + piece->len;
	free(piece);
}

static void datagram_drop_bytes(struct frag_store *s, struct datagram *dg)
{
	piece_free(s, dg->head);
	dg->head = NULL;
	while (dg->pieces) {
		struct piece *next = dg->pieces->next;
		piece_free(s, dg->pieces);
		dg->pieces = next;
	}
}

/* Out of the index and the list of ages; its bytes go. */
static void datagram_unlink(struct frag_store *s, struct datagram *dg)
{
	struct datagram **at = &s->index[dg->slot];
	while (*at != dg)
		at = &(*at)->next_in_index;
	*at = dg->next_in_index;
	if (dg->older)
		dg->older->newer = dg->newer;
	else
		s->oldest = dg->newer;
	if (dg->newer)
		dg->newer->older = dg->older;
	else
		s->newest = dg->older;
	datagram_drop_bytes(s, dg);
	s->active--;
}

static void datagram_release(struct frag_store *s, struct datagram *dg)
{
	dg->newer = s->free_list;
	s->free_list = dg;
}

static struct datagram *given_up_pop(struct frag_store *s)
{
	struct datagram *dg = s->given_up_first;
	if (!dg)
		return NULL;
	s->given_up_first = dg->newer;
	if (!s->given_up_first)
		s->given_up_last = NULL;
	return dg;
}

static void datagram_give_up(struct frag_store *s, struct datagram *dg)
{
	datagram_unlink(s, dg);
	dg->newer = NULL;
	if (s->given_up_last)
		s->given_up_last->newer = dg;
	else
		s->given_up_first = dg;
	s->given_up_last = dg;
}

/* A node for a new datagram; someone makes room when the store is full. */
static struct datagram *datagram_alloc(struct frag_store *s)
{
	if (s->active >= FRAG_DATAGRAMS_MAX) {
		count(s, COUNT_FRAG_EVICTED);
		datagram_give_up(s, s->oldest);
	}
	struct datagram *dg = s->free_list;
	if (dg) {
		s->free_list = dg->newer;
	} else if (s->pool_used < POOL_SIZE) {
		dg = &s->pool[s->pool_used++];
	} else {
		count(s, COUNT_FRAG_LOST);
		dg = given_up_pop(s);
	}
	memset(dg, 0, sizeof(*dg));
	return dg;
}

static struct datagram *datagram_get(struct frag_store *s, const struct frag_input *in)
{
	const struct packet *p = in->p;
	struct frag_key key = { .src = p->src,
				.dst = p->dst,
				.id = in->f->id,
				.tunnel_key = p->tunnel_key,
				.version = p->ip_version,
				.proto = p->ip_version == 4 ? in->f->proto : 0 };
	uint64_t hash = hash_bytes(&s->key, &key, sizeof(key));
	uint32_t slot = (uint32_t)hash & (INDEX_SIZE - 1);
	struct datagram *dg = s->index[slot];
	while (dg && memcmp(&dg->key, &key, sizeof(key)) != 0)
		dg = dg->next_in_index;
	if (dg)
		return dg;

	dg = datagram_alloc(s);
	dg->key = key;
	dg->slot = slot;
	dg->next_in_index = s->index[slot];
	s->index[slot] = dg;
	dg->older = s->newest;
	if (s->newest)
		s->newest->newer = dg;
	else
		s->oldest = dg;
	s->newest = dg;
	s->active++;

	dg->first_ns = s->time_ns;
	dg->packet = *p;
	dg->packet.ip_len = 0;
	dg->packet.frames = 0;
	dg->packet.flags = PACKET_FRAGMENT;
	dg->packet.block = NULL;
	dg->packet.l3 = NULL;
	dg->packet.mac = NULL;
	dg->packet.l3_cap = 0;
	return dg;
}

/* Makes room for `need` more bytes; false when it took the datagram itself. */
static bool make_room(struct frag_store *s, const struct datagram *dg, size_t need)
{
	while (s->bytes + need > FRAG_BYTES_MAX) {
		const struct datagram *victim = s->oldest;
		count(s, COUNT_FRAG_EVICTED);
		datagram_give_up(s, s->oldest);
		if (victim == dg)
			return false;
	}
	return true;
}

/* Keeps what of the fragment no piece holds yet; false when it cannot. */
static bool add_pieces(struct frag_store *s, struct datagram *dg, const struct frag_input *in)
{
	struct cursor data = cursor_make(in->data, in->len);
	uint32_t offset = in->f->offset;
	uint32_t added = 0;
	bool has_overlap = false;
	struct piece **at = &dg->pieces;
	while (cursor_left(&data) > 0) {
		uint32_t len = (uint32_t)cursor_left(&data);
		while (*at && (*at)->offset + (*at)->len <= offset)
			at = &(*at)->next;
		if (*at && (*at)->offset <= offset) {
			uint32_t covered = (*at)->offset + (*at)->len - offset;
			covered = covered < len ? covered : len;
			cursor_skip(&data, covered);
			offset += covered;
			has_overlap = true;
			continue;
		}
		if (*at && (*at)->offset - offset < len)
			len = (*at)->offset - offset;
		if (dg->piece_count >= FRAG_PIECES_MAX) {
			count(s, COUNT_FRAG_TOO_MANY_PIECES);
			return false;
		}
		struct piece *piece = piece_new(s, &data, offset, len);
		if (!piece)
			return false;
		piece->next = *at;
		*at = piece;
		at = &piece->next;
		dg->piece_count++;
		offset += len;
		added += len;
	}
	dg->have += added;
	if (has_overlap)
		count(s, added == 0 ? COUNT_FRAG_DUPLICATE : COUNT_FRAG_OVERLAP);
	return true;
}

static bool add_head(struct frag_store *s, struct datagram *dg, const struct frag_input *in)
{
	struct cursor l3 = cursor_make(in->p->l3, in->f->header);
	dg->head = piece_new(s, &l3, 0, in->f->header);
	dg->proto = in->f->proto;
	if (in->p->mac) {
		struct cursor mac = cursor_make(in->p->mac, 12);
		cursor_copy(&mac, dg->mac, 12);
		dg->has_mac = true;
	}
	return dg->head != NULL;
}

/* Whether the ends agree: nothing may lie after the last fragment. */
static bool check_end(struct datagram *dg, const struct frag_input *in)
{
	uint32_t end = in->f->offset + (uint32_t)in->len;
	if (dg->total != 0 && (end > dg->total || (!in->f->has_more && end != dg->total)))
		return false;
	if (!in->f->has_more) {
		if (end < dg->end)
			return false;
		dg->total = end;
	}
	if (end > dg->end)
		dg->end = end;
	return true;
}

/* One block of all; NULL when memory is exhausted. */
static struct block *datagram_join(const struct datagram *dg)
{
	struct block *b = block_new(FRAG_BLOCK_L3 + dg->head->len + dg->total);
	if (!b)
		return NULL;
	memset(b->data, 0, FRAG_BLOCK_L3);
	memcpy(b->data, dg->mac, sizeof(dg->mac));
	memcpy(b->data + FRAG_BLOCK_L3, dg->head->data, dg->head->len);
	for (const struct piece *piece = dg->pieces; piece; piece = piece->next)
		memcpy(b->data + FRAG_BLOCK_L3 + dg->head->len + piece->offset, piece->data,
		       piece->len);
	return b;
}

bool frag_store_add(struct frag_store *s, const struct frag_input *in, struct frag_whole *ret)
{
	struct datagram *dg = datagram_get(s, in);
	dg->packet.ip_len += in->p->ip_len;
	dg->packet.frames++;
	if (dg->packet.frames == UINT16_MAX) {
		count(s, COUNT_FRAG_EVICTED);
		datagram_give_up(s, dg);
		return false;
	}
	if (dg->is_broken)
		return false;
	if (!check_end(dg, in)) {
		count(s, COUNT_FRAG_CONFLICTING_END);
		return false;
	}
	size_t need = in->len + in->f->header + 2 * sizeof(struct piece);
	if (!make_room(s, dg, need))
		return false;
	bool is_kept = add_pieces(s, dg, in);
	if (is_kept && in->f->offset == 0 && !dg->head)
		is_kept = add_head(s, dg, in);
	if (!is_kept) {
		dg->is_broken = true;
		datagram_drop_bytes(s, dg);
		return false;
	}
	if (dg->total == 0 || dg->have != dg->total || !dg->head)
		return false;

	struct block *b = NULL;
	if (dg->head->len + dg->total > UINT16_MAX)
		count(s, COUNT_FRAG_TOO_LONG);
	else if (!(b = datagram_join(dg)))
		count(s, COUNT_FRAG_NO_MEMORY);
	if (!b) {
		datagram_give_up(s, dg);
		return false;
	}
	count(s, COUNT_FRAG_REASSEMBLED);
	*ret = (struct frag_whole){ .block = b,
				    .header = dg->head->len,
				    .payload = dg->total,
				    .ip_len = dg->packet.ip_len,
				    .frames = dg->packet.frames,
				    .proto = dg->proto,
				    .has_mac = dg->has_mac };
	datagram_unlink(s, dg);
	datagram_release(s, dg);
	return true;
}

static void expire(struct frag_store *s, uint64_t time_ns)
{
	while (s->oldest &&
	       (time_ns == UINT64_MAX || s->oldest->first_ns + FRAG_TIMEOUT_NS <= time_ns)) {
		count(s, COUNT_FRAG_TIMEOUT);
		datagram_give_up(s, s->oldest);
	}
}

void frag_advance(struct frag_store *s, uint64_t number, uint64_t time_ns)
{
	s->number = number;
	s->time_ns = time_ns;
	if (s->oldest)
		expire(s, time_ns);
}

bool frag_given_up(struct frag_store *s, uint64_t time_ns, struct packet *ret)
{
	expire(s, time_ns);
	struct datagram *dg = given_up_pop(s);
	if (!dg)
		return false;
	*ret = dg->packet;
	ret->number = s->number;
	ret->time_ns = time_ns != UINT64_MAX && time_ns > s->time_ns ? time_ns : s->time_ns;
	datagram_release(s, dg);
	return true;
}

struct frag_store *frag_store_new(const struct hash_key *key, struct decode_counter *counters)
{
	struct frag_store *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->key = *key;
	s->counters = counters;
	s->pool = calloc(POOL_SIZE, sizeof(*s->pool));
	if (!s->pool) {
		free(s);
		return NULL;
	}
	return s;
}

void frag_store_free(struct frag_store *s)
{
	if (!s)
		return;
	while (s->oldest)
		datagram_unlink(s, s->oldest);
	free(s->pool);
	free(s);
}
