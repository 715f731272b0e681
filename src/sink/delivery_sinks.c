/*
 * sink/delivery_sinks.c - the sinks of a delivery and their threads, exchanged while it runs.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery_parts.h"

/* Signals are the main thread's.  The name is for top -H. */
int delivery_thread(pthread_t *thread, const char *name, void *(*fn)(void *), void *arg)
{
	char text[16];
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)snprintf(text, sizeof(text), "sink %.10s", name);
	if (!err)
		(void)pthread_setname_np(*thread, text);
	return err ? -EXF_E_NOMEM : 0;
}

void delivery_end_lane(struct lane *l)
{
	struct delivery *d = l->d;
	pthread_mutex_lock(&d->lock);
	l->is_over = true;
	pthread_cond_broadcast(&d->ready);
	pthread_cond_broadcast(&d->halt);
	pthread_mutex_unlock(&d->lock);
	if (l->has_thread)
		(void)pthread_join(l->thread, NULL);
	l->has_thread = false;
}

static struct lane *find_lane(const struct delivery *d, const struct sink_type *type)
{
	for (size_t i = 0; i < d->lane_count; i++)
		if (d->lanes[i]->type == type)
			return d->lanes[i];
	return NULL;
}

static uint64_t taken_before(const struct delivery *d, const char *name)
{
	for (size_t i = 0; i < d->before_count; i++)
		if (strcmp(d->before[i].name, name) == 0 && d->before[i].number < d->last)
			return d->before[i].number;
	return d->last;
}

static struct lane *make_lane(struct delivery *d, const struct delivery_sink *s,
			      const struct lane *old)
{
	struct lane *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->d = d;
	l->type = s->type;
	l->sink = s->sink;
	l->taken = old ? old->taken : taken_before(d, s->type->name);
	l->lost = old ? old->lost : 0;
	return l;
}

void delivery_free_lane(struct lane *l)
{
	if (!l)
		return;
	l->type->close(l->sink);
	free(l);
}

/* With the lock: the list as it will be; `old` gets those that have no place in it. */
static int exchange(struct delivery *d, const struct delivery_sink *list, size_t count,
		    struct lane **old, size_t *old_count)
{
	struct lane *fresh[DELIVERY_SINKS] = { NULL };
	size_t n = 0;
	for (size_t i = 0; i < count; i++) {
		struct lane *there = find_lane(d, list[i].type);
		struct lane *l = list[i].sink ? make_lane(d, &list[i], there) : there;
		if (!l) {
			for (size_t k = 0; k < n; k++)
				if (fresh[k] != find_lane(d, list[k].type))
					free(fresh[k]); /* its sink stays the caller's */
			return -EXF_E_NOMEM;
		}
		fresh[n++] = l;
	}
	*old_count = 0;
	for (size_t i = 0; i < d->lane_count; i++) {
		bool stays = false;
		for (size_t k = 0; k < n; k++)
			stays = stays || fresh[k] == d->lanes[i];
		if (!stays)
			old[(*old_count)++] = d->lanes[i];
	}
	memcpy(d->lanes, fresh, sizeof(fresh));
	d->lane_count = n;
	d->is_dirty = true;
	delivery_trim(d);
	pthread_cond_broadcast(&d->news);
	pthread_cond_broadcast(&d->moved);
	return 0;
}

int delivery_sinks(struct delivery *d, const struct delivery_sink *list, size_t count)
{
	struct lane *old[DELIVERY_SINKS];
	size_t old_count = 0;
	if (count > DELIVERY_SINKS)
		return -EXF_E_LIMIT;
	for (size_t i = 0; i < d->lane_count; i++) {
		bool stays = false;
		for (size_t k = 0; k < count; k++)
			stays = stays || (list[k].type == d->lanes[i]->type && !list[k].sink);
		if (!stays)
			delivery_end_lane(d->lanes[i]); /* what it had taken is known now */
	}
	pthread_mutex_lock(&d->lock);
	int err = exchange(d, list, count, old, &old_count);
	for (size_t i = 0; i < d->lane_count && !err; i++) {
		struct lane *l = d->lanes[i];
		if (!l->has_thread)
			err = delivery_thread(&l->thread, l->type->name, delivery_lane, l);
		l->has_thread = l->has_thread || !err;
	}
	pthread_mutex_unlock(&d->lock);
	for (size_t i = 0; i < old_count; i++)
		delivery_free_lane(old[i]);
	return err;
}
