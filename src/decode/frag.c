/*
 * decode/frag.c - the store of fragments.
 *
 * Datagrams live in a fixed pool, found through chains by keyed hash and kept in the order of their
 * first fragment: the head of that list is what times out or is pushed out next, so the same frames
 * always lose the same datagram.  A datagram that can no more become whole (too many pieces) drops
 * its bytes and stays only to count.  One that is given up waits in a second list for
 * decode_given_up().
 */
#include "frag.h"

#include <stdlib.h>
#include <string.h>

#include "frag_parts.h"

#define POOL_SIZE (FRAG_DATAGRAMS_MAX + FRAG_GIVEN_UP_MAX)

/* Out of the index and the list of ages; its bytes go. */
static void datagram_unlink(struct frag_store *s, struct frag_datagram *dg)
{
	struct frag_datagram **at = &s->index[dg->slot];
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
	frag_drop_pieces(s, dg);
	s->active--;
}

static void datagram_release(struct frag_store *s, struct frag_datagram *dg)
{
	dg->newer = s->free_list;
	s->free_list = dg;
}

static struct frag_datagram *given_up_pop(struct frag_store *s)
{
	struct frag_datagram *dg = s->given_up_first;
	if (!dg)
		return NULL;
	s->given_up_first = dg->newer;
	if (!s->given_up_first)
		s->given_up_last = NULL;
	return dg;
}

static void datagram_give_up(struct frag_store *s, struct frag_datagram *dg)
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
static struct frag_datagram *datagram_alloc(struct frag_store *s)
{
	if (s->active >= FRAG_DATAGRAMS_MAX) {
		frag_count(s, COUNT_FRAG_EVICTED);
		datagram_give_up(s, s->oldest);
	}
	struct frag_datagram *dg = s->free_list;
	if (dg) {
		s->free_list = dg->newer;
	} else if (s->pool_used < POOL_SIZE) {
		dg = &s->pool[s->pool_used++];
	} else {
		frag_count(s, COUNT_FRAG_LOST);
		dg = given_up_pop(s);
	}
	memset(dg, 0, sizeof(*dg));
	return dg;
}

static struct frag_datagram *datagram_get(struct frag_store *s, const struct frag_input *in)
{
	const struct packet *p = in->p;
	struct frag_key key = { .src = p->src,
				.dst = p->dst,
				.id = in->f->id,
				.tunnel_key = p->tunnel_key,
				.version = p->ip_version,
				.proto = p->ip_version == 4 ? in->f->proto : 0 };
	uint64_t hash = hash_bytes(&s->key, &key, sizeof(key));
	uint32_t slot = (uint32_t)hash & (FRAG_INDEX_SIZE - 1);
	struct frag_datagram *dg = s->index[slot];
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
static bool make_room(struct frag_store *s, const struct frag_datagram *dg, size_t need)
{
	while (s->bytes + need > FRAG_BYTES_MAX) {
		const struct frag_datagram *victim = s->oldest;
		frag_count(s, COUNT_FRAG_EVICTED);
		datagram_give_up(s, s->oldest);
		if (victim == dg)
			return false;
	}
	return true;
}

bool frag_store_add(struct frag_store *s, const struct frag_input *in, struct frag_whole *ret)
{
	struct frag_datagram *dg = datagram_get(s, in);
	dg->packet.ip_len += in->p->ip_len;
	dg->packet.frames++;
	if (dg->packet.frames == UINT16_MAX) {
		frag_count(s, COUNT_FRAG_EVICTED);
		datagram_give_up(s, dg);
		return false;
	}
	if (dg->is_broken)
		return false;
	if (!frag_check_end(dg, in)) {
		frag_count(s, COUNT_FRAG_CONFLICTING_END);
		return false;
	}
	size_t need = in->len + in->f->header + 2 * sizeof(struct frag_piece);
	if (!make_room(s, dg, need))
		return false;
	bool is_kept = frag_add_pieces(s, dg, in);
	if (is_kept && in->f->offset == 0 && !dg->head)
		is_kept = frag_add_head(s, dg, in);
	if (!is_kept) {
		dg->is_broken = true;
		frag_drop_pieces(s, dg);
		return false;
	}
	if (dg->total == 0 || dg->have != dg->total || !dg->head)
		return false;

	struct block *b = NULL;
	if (dg->head->len + dg->total > UINT16_MAX)
		frag_count(s, COUNT_FRAG_TOO_LONG);
	else if (!(b = frag_join(dg)))
		frag_count(s, COUNT_FRAG_NO_MEMORY);
	if (!b) {
		datagram_give_up(s, dg);
		return false;
	}
	frag_count(s, COUNT_FRAG_REASSEMBLED);
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
		frag_count(s, COUNT_FRAG_TIMEOUT);
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
	struct frag_datagram *dg = given_up_pop(s);
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
