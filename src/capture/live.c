/*
 * The lanes that read (lane.c) and the places of interfaces, the same in every lane: an interface
 * keeps its place while it is gone.
 */
#include "exfild/capture/live.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "lane.h"

struct place {
	char name[SOCKETS_NAME];
	bool is_open;
	uint64_t opened;
};

struct live {
	unsigned workers;
	struct live_lane *lanes[LIVE_WORKERS];
	struct place places[LIVE_INTERFACES];
	atomic_size_t place_count; /* grows only */
	bool is_stopping;
	atomic_ullong generation;
	pthread_mutex_t own_lock;
	struct ipaddr own[LIVE_OWN];
	size_t own_count;
};

struct live *live_new(unsigned workers)
{
	struct live *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	pthread_mutex_init(&l->own_lock, NULL);
	l->workers = workers < 1 ? 1 : workers > LIVE_WORKERS ? LIVE_WORKERS : workers;
	bool ok = true;
	for (unsigned i = 0; ok && i < l->workers; i++)
		ok = (l->lanes[i] = lane_new(i)) != NULL;
	if (ok)
		return l;
	live_close(l);
	return NULL;
}

void live_close(struct live *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < LIVE_WORKERS; i++)
		lane_free(l->lanes[i]);
	pthread_mutex_destroy(&l->own_lock);
	free(l);
}

struct live_lane *live_lane(struct live *l, unsigned worker)
{
	return l->lanes[worker];
}

void live_set_wakers(struct live *l, const int fds[LIVE_WAKERS])
{
	lane_set_wakers(l->lanes[0], fds);
}

int live_wake_fd(const struct live *l, unsigned worker)
{
	return lane_wake_fd(l->lanes[worker]);
}

/* --- places ------------------------------------------------------------------------------ */

int live_set(struct live *l, size_t place, const char *name, struct sockets *s)
{
	if (place >= LIVE_INTERFACES || s->count != l->workers) {
		sockets_close(s);
		return -EXF_E_RANGE;
	}
	struct place *p = &l->places[place];
	int err = 0;
	str_copy(p->name, sizeof(p->name), name);
	for (unsigned i = 0; i < l->workers; i++) {
		lane_unset(l->lanes[i], place);
		int one = lane_set(l->lanes[i], place, s);
		err = err ? err : one;
	}
	for (unsigned i = 0; err && i < l->workers; i++)
		lane_unset(l->lanes[i], place);
	p->is_open = !err;
	p->opened += !err;
	if (place >= l->place_count)
		l->place_count = place + 1;
	l->generation++;
	return err;
}

void live_unset(struct live *l, size_t place)
{
	for (unsigned i = 0; place < LIVE_INTERFACES && i < l->workers; i++)
		lane_unset(l->lanes[i], place);
	if (place < LIVE_INTERFACES)
		l->places[place].is_open = false;
}

void live_stop(struct live *l)
{
	for (unsigned i = 0; !l->is_stopping && i < l->workers; i++)
		lane_stop(l->lanes[i]);
	l->is_stopping = true;
}

/* --- what is told ------------------------------------------------------------------------ */

void live_update_counts(struct live *l)
{
	for (unsigned i = 0; i < l->workers; i++)
		lane_update_counts(l->lanes[i]);
}

size_t live_count(const struct live *l)
{
	return l->place_count;
}

unsigned live_workers(const struct live *l)
{
	return l->workers;
}

void live_counts(struct live *l, size_t i, struct live_counts *ret)
{
	const struct place *p = &l->places[i];
	*ret = (struct live_counts){
		.name = p->name,
		.is_open = p->is_open,
		.opened = p->opened,
	};
	for (unsigned worker = 0; worker < l->workers; worker++)
		lane_add_counts(l->lanes[worker], i, ret);
}

void live_worker_counts(struct live *l, unsigned worker, struct live_counts *ret)
{
	*ret = (struct live_counts){ .is_open = true };
	for (size_t i = 0; i < l->place_count; i++)
		lane_add_counts(l->lanes[worker], i, ret);
}

/* --- this machine's addresses ------------------------------------------------------------- */

void live_set_own(struct live *l, const struct ipaddr *list, size_t count)
{
	pthread_mutex_lock(&l->own_lock);
	l->own_count = count < LIVE_OWN ? count : LIVE_OWN;
	for (size_t i = 0; i < l->own_count; i++)
		l->own[i] = list[i];
	pthread_mutex_unlock(&l->own_lock);
	l->generation++;
}

bool live_is_own(struct live *l, const struct ipaddr *a)
{
	bool is_own = false;
	pthread_mutex_lock(&l->own_lock);
	for (size_t i = 0; !is_own && i < l->own_count; i++)
		is_own = ipaddr_equal(&l->own[i], a);
	pthread_mutex_unlock(&l->own_lock);
	return is_own;
}

uint64_t live_generation(const struct live *l)
{
	return atomic_load(&l->generation);
}

size_t live_own(struct live *l, struct ipaddr *ret, size_t most)
{
	pthread_mutex_lock(&l->own_lock);
	size_t count = l->own_count < most ? l->own_count : most;
	for (size_t i = 0; i < count; i++)
		ret[i] = l->own[i];
	pthread_mutex_unlock(&l->own_lock);
	return count;
}
