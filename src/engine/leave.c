/*
 * engine/leave.c - see leave.h.
 */
#include "leave.h"

#include <stdlib.h>

struct leave {
	struct live *live;
	struct connections *shared;
	struct twice *twice;
	struct wire_connections own; /* a copy, looked at without a lock */
	uint64_t own_count, seen_twice;
};

struct leave *leave_new(struct live *live, struct connections *shared, const struct hash_key *key)
{
	struct leave *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->live = live;
	l->shared = shared;
	l->twice = twice_new(key);
	if (!l->twice) {
		free(l);
		return NULL;
	}
	return l;
}

void leave_free(struct leave *l)
{
	if (!l)
		return;
	twice_free(l->twice);
	free(l);
}

void leave_refresh(struct leave *l)
{
	pthread_mutex_lock(&l->shared->lock);
	l->own = l->shared->list;
	pthread_mutex_unlock(&l->shared->lock);
}

void connections_set(struct connections *c, const struct wire_connections *list)
{
	const uint32_t peers = sizeof(list->peers) / sizeof(list->peers[0]);
	const uint32_t sockets = sizeof(list->sockets) / sizeof(list->sockets[0]);
	pthread_mutex_lock(&c->lock);
	c->list = *list;
	if (c->list.peer_count > peers)
		c->list.peer_count = peers;
	if (c->list.socket_count > sockets)
		c->list.socket_count = sockets;
	pthread_mutex_unlock(&c->lock);
}

static bool is_end(const struct wire_end *e, const struct ipaddr *ip, uint16_t port)
{
	return e->port == port && ipaddr_equal(&e->ip, ip);
}

static bool is_own(const struct leave *l, const struct packet *p)
{
	for (uint32_t i = 0; i < l->own.peer_count; i++) {
		const struct wire_end *e = &l->own.peers[i];
		if ((is_end(e, &p->dst, p->dport) && live_is_own(l->live, &p->src)) ||
		    (is_end(e, &p->src, p->sport) && live_is_own(l->live, &p->dst)))
			return true;
	}
	for (uint32_t i = 0; i < l->own.socket_count; i++) {
		const struct wire_end *here = &l->own.sockets[i].here;
		const struct wire_end *there = &l->own.sockets[i].there;
		if ((is_end(here, &p->src, p->sport) && is_end(there, &p->dst, p->dport)) ||
		    (is_end(here, &p->dst, p->dport) && is_end(there, &p->src, p->sport)))
			return true;
	}
	return false;
}

bool leave_packet(struct leave *l, uint32_t input, const struct packet *p)
{
	if ((p->proto == PROTO_TCP || p->proto == PROTO_UDP) && is_own(l, p)) {
		l->own_count++;
		return true;
	}
	if (live_count(l->live) > 1 && twice_seen(l->twice, input, p)) {
		l->seen_twice++;
		return true;
	}
	return false;
}

void leave_counts(const struct leave *l, uint64_t *ret_own, uint64_t *ret_twice)
{
	*ret_own = l->own_count;
	*ret_twice = l->seen_twice;
}
