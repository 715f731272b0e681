/*
 * Which interfaces are watched, and the lanes that read them (lane.c).  Each interface has a place,
 * the same in every lane, which it keeps while it is gone.
 */
#include "exfild/capture/live.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "lane.h"
#include "network.h"
#include "pick.h"

#define RETRY_NS 1000000000ull /* between two tries to open an interface */

struct place {
	char name[SOCKETS_NAME];
	unsigned index; /* of the interface while it is open */
	bool is_open;
	bool is_said; /* that it cannot be opened */
	uint64_t opened;
};

struct live {
	struct live_options options;
	struct live_interface named[LIVE_INTERFACES];
	char names[LIVE_INTERFACES][SOCKETS_NAME];
	char *filter;

	pthread_mutex_t network_lock;
	struct network *network;
	struct pick pick;
	uint64_t generation;

	struct live_lane *lanes[LIVE_WORKERS];
	struct place places[LIVE_INTERFACES];
	atomic_size_t place_count; /* grows only */
	uint64_t retry_ns;         /* monotonic */
	bool is_stopping;
};

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

struct live_lane *live_lane(struct live *l, unsigned worker)
{
	return l->lanes[worker];
}

static struct place *place_of(struct live *l, const char *name)
{
	for (size_t i = 0; i < l->place_count; i++)
		if (strcmp(l->places[i].name, name) == 0)
			return &l->places[i];
	if (l->place_count == LIVE_INTERFACES)
		return NULL;
	struct place *p = &l->places[l->place_count];
	str_copy(p->name, sizeof(p->name), name);
	l->place_count++;
	return p;
}

static void close_place(struct live *l, struct place *p, const char *why)
{
	if (!p->is_open)
		return;
	for (unsigned i = 0; i < l->options.workers; i++)
		lane_unset(l->lanes[i], (size_t)(p - l->places));
	p->is_open = false;
	log_warnx("capture", "%s: closed: %s", p->name, why);
}

static int hand_out(struct live *l, struct place *p, struct sockets *s, char *why, size_t size)
{
	int err = 0;
	for (unsigned i = 0; i < l->options.workers; i++) {
		int one = lane_set(l->lanes[i], (size_t)(p - l->places), s);
		if (one && !err) {
			err = one;
			(void)snprintf(why, size, "cannot map the ring of %s: %s", p->name,
				       strerror(errno));
		}
	}
	for (unsigned i = 0; err && i < l->options.workers; i++)
		lane_unset(l->lanes[i], (size_t)(p - l->places));
	return err;
}

static int open_place(struct live *l, struct place *p, const char *extra_filter, char *why,
		      size_t size)
{
	struct sockets s;
	size_t shares = (l->pick.count ? l->pick.count : 1) * l->options.workers;
	struct sockets_options o = {
		.name = p->name,
		.workers = l->options.workers,
		.ring_bytes = l->options.buffer_bytes / shares,
		.filter = l->filter,
		.extra_filter = extra_filter,
		.split = l->options.split,
	};
	int err = l->options.open ? l->options.open(l->options.open_arg, &o, &s, why, size) :
				    sockets_open(&o, &s, why, size);
	if (err)
		return err;
	err = hand_out(l, p, &s, why, size);
	if (err)
		return err;
	p->is_open = true;
	p->index = s.index;
	p->opened++;
	log_info("capture", "%s: listening%s", p->name, p->opened > 1 ? " again" : "");
	return 0;
}

/* Closes what is gone or was made anew. */
static void check_place(struct live *l, struct place *p)
{
	unsigned index = p->is_open ? network_index(l->network, p->name) : 0;
	if (!p->is_open || index == p->index)
		return;
	close_place(l, p,
		    index ? "it was made anew" : "it is gone; it is opened again when it returns");
	p->is_said = true; /* that it is gone has been said */
}

/* Opens what is to be watched and is there; closes what is not any more. */
static void follow(struct live *l)
{
	char why[512];
	for (size_t i = 0; i < l->place_count; i++)
		if (!pick_find(&l->pick, l->places[i].name))
			close_place(l, &l->places[i], "it is not to be watched any more");
	for (size_t i = 0; i < l->pick.count; i++) {
		const struct picked *picked = &l->pick.list[i];
		struct place *p = place_of(l, picked->name);
		if (!p)
			continue;
		check_place(l, p);
		if (p->is_open)
			continue;
		int err = open_place(l, p, picked->filter, why, sizeof(why));
		if (err && !p->is_said)
			log_warnx("capture", "%s", why);
		p->is_said = err != 0;
	}
}

void live_follow(struct live *l)
{
	uint64_t now_ns = monotonic_ns();
	if (l->is_stopping)
		return;
	pthread_mutex_lock(&l->network_lock);
	bool changed = network_read(l->network);
	pthread_mutex_unlock(&l->network_lock);
	if (changed) {
		pick_make(&l->pick, network_state(l->network), l->named,
			  l->options.interface_count);
		l->generation++;
	}
	if (changed || now_ns >= l->retry_ns)
		follow(l);
	if (now_ns >= l->retry_ns)
		l->retry_ns = now_ns + RETRY_NS;
}

void live_stop(struct live *l)
{
	for (unsigned i = 0; !l->is_stopping && i < l->options.workers; i++)
		lane_stop(l->lanes[i]);
	l->is_stopping = true;
}

/* --- opening ----------------------------------------------------------------------------- */

static int copy_options(struct live *l, const struct live_options *o, char *why, size_t size)
{
	l->options = *o;
	l->options.workers = o->workers < 1            ? 1 :
			     o->workers > LIVE_WORKERS ? LIVE_WORKERS :
							 o->workers;
	if (o->interface_count > LIVE_INTERFACES) {
		(void)snprintf(why, size, "at most %d interfaces can be watched", LIVE_INTERFACES);
		return -EXF_E_LIMIT;
	}
	for (size_t i = 0; i < o->interface_count; i++) {
		if (strlen(o->interfaces[i].name) >= SOCKETS_NAME) {
			(void)snprintf(why, size,
				       "%s is no name of an interface: at most %d characters",
				       o->interfaces[i].name, SOCKETS_NAME - 1);
			return -EXF_E_INVALID;
		}
		str_copy(l->names[i], SOCKETS_NAME, o->interfaces[i].name);
		l->named[i] = (struct live_interface){ l->names[i], o->interfaces[i].side };
	}
	l->filter = o->filter && *o->filter ? strdup(o->filter) : NULL;
	return o->filter && *o->filter && !l->filter ? -EXF_E_NOMEM : 0;
}

/* The first time everything that was named must work, and something must be there. */
static int open_first(struct live *l, char *why, size_t size)
{
	pick_make(&l->pick, network_state(l->network), l->named, l->options.interface_count);
	l->generation++;
	if (l->pick.count == 0) {
		(void)snprintf(why, size,
			       "no interface to watch: none is up; name one with -i, for example "
			       "-i eth1");
		return -EXF_E_INVALID;
	}
	for (size_t i = 0; i < l->pick.count; i++) {
		struct place *p = place_of(l, l->pick.list[i].name);
		int err = p ? open_place(l, p, l->pick.list[i].filter, why, size) : 0;
		if (err)
			return err;
	}
	return 0;
}

int live_open(const struct live_options *o, struct live **ret, char *ret_why, size_t why_size)
{
	struct live *l = calloc(1, sizeof(*l));
	if (!l)
		return -EXF_E_NOMEM;
	pthread_mutex_init(&l->network_lock, NULL);
	int err = copy_options(l, o, ret_why, why_size);
	for (unsigned i = 0; !err && i < l->options.workers; i++)
		if (!(l->lanes[i] = lane_new(i)))
			err = -EXF_E_NOMEM;
	if (!err)
		err = network_open(&l->network, ret_why, why_size);
	if (!err)
		err = open_first(l, ret_why, why_size);
	if (err) {
		live_close(l);
		return err;
	}
	l->retry_ns = monotonic_ns() + RETRY_NS;
	*ret = l;
	return 0;
}

void live_close(struct live *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < LIVE_WORKERS; i++)
		lane_free(l->lanes[i]);
	pick_deinit(&l->pick);
	network_close(l->network);
	pthread_mutex_destroy(&l->network_lock);
	free(l->filter);
	free(l);
}

/* --- what is told ------------------------------------------------------------------------ */

void live_update_counts(struct live *l)
{
	for (unsigned i = 0; i < l->options.workers; i++)
		lane_update_counts(l->lanes[i]);
}

size_t live_count(const struct live *l)
{
	return l->place_count;
}

unsigned live_workers(const struct live *l)
{
	return l->options.workers;
}

void live_counts(struct live *l, size_t i, struct live_counts *ret)
{
	const struct place *p = &l->places[i];
	*ret = (struct live_counts){
		.name = p->name,
		.is_open = p->is_open,
		.opened = p->opened,
	};
	for (unsigned worker = 0; worker < l->options.workers; worker++)
		lane_add_counts(l->lanes[worker], i, ret);
}

void live_worker_counts(struct live *l, unsigned worker, struct live_counts *ret)
{
	*ret = (struct live_counts){ .is_open = true };
	for (size_t i = 0; i < l->place_count; i++)
		lane_add_counts(l->lanes[worker], i, ret);
}

uint64_t live_generation(const struct live *l)
{
	return l->generation;
}

const struct prefix *live_inside(const struct live *l, size_t *ret_count)
{
	*ret_count = l->pick.inside_count;
	return l->pick.inside;
}

bool live_is_own(struct live *l, const struct ipaddr *a)
{
	pthread_mutex_lock(&l->network_lock);
	bool is_own = network_is_own(network_state(l->network), a);
	pthread_mutex_unlock(&l->network_lock);
	return is_own;
}

size_t live_own(struct live *l, struct ipaddr *ret, size_t most)
{
	pthread_mutex_lock(&l->network_lock);
	const struct network_state *s = network_state(l->network);
	size_t count = s->address_count < most ? s->address_count : most;
	for (size_t i = 0; i < count; i++)
		ret[i] = s->addresses[i].address;
	pthread_mutex_unlock(&l->network_lock);
	return count;
}
