/*
 * engine/crew.c - see crew.h.
 */
#include "crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "worker.h"

/* Of each shard, when exfild is stopped in a flood: its forged openings would take a second. */
#define QUIET_AT_END 4096

struct crew {
	struct worker_shared shared;
	struct worker *workers[LIVE_WORKERS];
	struct joint *joint; /* of several */
	pthread_t threads[LIVE_WORKERS];
	unsigned thread_count; /* besides the caller's */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned reading; /* workers whose rings are not at their end */
};

struct member {
	struct crew *crew;
	struct worker *worker;
};

int crew_new(const struct crew_options *o, struct crew **ret)
{
	struct crew *c = calloc(1, sizeof(*c));
	if (!c)
		return -EXF_E_NOMEM;
	struct worker_options w = {
		.shared = &c->shared,
		.limits = o->limits,
		.key = *o->key,
		.event_key = *o->event_key,
		.start_ns = o->start_ns,
		.whole_bytes = o->whole_bytes,
		.out = o->out,
	};
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->changed, NULL);
	c->shared.live = o->live;
	c->shared.split = o->split;
	c->shared.retain = o->retain;
	pthread_mutex_init(&c->shared.connections.lock, NULL);
	c->shared.nat = nat_new(o->key);
	c->shared.workers = live_workers(o->live);
	w.limits.quiet_at_end = QUIET_AT_END;
	c->shared.shards = w.limits.shards = split_shards(c->shared.workers);
	bool is_one = c->shared.workers == 1;
	int err = !c->shared.nat ? -EXF_E_NOMEM :
		  is_one         ? 0 :
				   joint_new(c->shared.workers, o->event_key, &o->out, &c->joint);
	for (unsigned i = 0; !err && i < c->shared.workers; i++) {
		w.number = i;
		w.port = is_one ? NULL : joint_port(c->joint, i);
		c->shared.handovers[i] = is_one ? NULL : handover_new();
		c->workers[i] = worker_new(&w);
		if (!c->workers[i] || (!is_one && !c->shared.handovers[i]))
			err = -EXF_E_NOMEM;
	}
	if (!err) {
		*ret = c;
		return 0;
	}
	crew_free(c);
	return err;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	joint_free(c->joint);
	for (unsigned i = 0; i < LIVE_WORKERS; i++) {
		worker_free(c->workers[i]);
		handover_free(c->shared.handovers[i]);
	}
	nat_free(c->shared.nat);
	pthread_mutex_destroy(&c->shared.connections.lock);
	pthread_cond_destroy(&c->changed);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* As long as one worker reads, it may hand packets to this one. */
static void wait_for_others(struct crew *c, struct worker *w)
{
	pthread_mutex_lock(&c->lock);
	c->reading--;
	pthread_cond_broadcast(&c->changed);
	while (c->reading) {
		struct timespec soon = { 0 };
		(void)clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_nsec += 1000000;
		if (soon.tv_nsec >= 1000000000) {
			soon.tv_nsec -= 1000000000;
			soon.tv_sec++;
		}
		(void)pthread_cond_timedwait(&c->changed, &c->lock, &soon);
		pthread_mutex_unlock(&c->lock);
		worker_wait(w);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
}

static void work(struct crew *c, struct worker *w)
{
	worker_read(w);
	wait_for_others(c, w);
	worker_finish(w);
}

static void *thread_main(void *arg)
{
	struct member *m = arg;
	work(m->crew, m->worker);
	return NULL;
}

/* Signals are the caller's: its waits end by them. */
static int start_threads(struct crew *c, struct member *members)
{
	sigset_t all, before;
	bool ok = true;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (unsigned i = 1; ok && i < c->shared.workers; i++) {
		members[i] = (struct member){ c, c->workers[i] };
		ok = pthread_create(&c->threads[i], NULL, thread_main, &members[i]) == 0;
		c->thread_count += ok;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ok ? 0 : -EXF_E_LIMIT;
}

int crew_run(struct crew *c, void (*look)(void *arg), void *arg)
{
	struct member members[LIVE_WORKERS];
	worker_set_look(c->workers[0], look, arg);
	c->reading = c->shared.workers;
	int err = start_threads(c, members);
	if (err) {
		/* those that run end at once; the others have never begun */
		pthread_mutex_lock(&c->lock);
		c->reading -= c->shared.workers - 1 - c->thread_count;
		pthread_mutex_unlock(&c->lock);
		live_stop(c->shared.live);
	}
	work(c, c->workers[0]);
	for (unsigned i = 1; i <= c->thread_count; i++)
		(void)pthread_join(c->threads[i], NULL);
	if (c->joint)
		joint_finish(c->joint);
	return err;
}

void crew_connections(struct crew *c, const struct wire_connections *list)
{
	connections_set(&c->shared.connections, list);
}

static void add_counts(struct tally *t, const struct worker_counts *w)
{
	t->frames += w->frames;
	t->bytes += w->bytes;
	t->cut += w->cut;
	t->late += w->late;
	t->leaps += w->leaps;
	t->doubted += w->doubted;
	t->own += w->own;
	t->twice += w->twice;
	/* the clocks are one and the same: the furthest stands for all */
	t->now_ns = w->now_ns > t->now_ns ? w->now_ns : t->now_ns;
	t->ahead_ns = w->ahead_ns > t->ahead_ns ? w->ahead_ns : t->ahead_ns;
	t->steps_back = w->steps_back > t->steps_back ? w->steps_back : t->steps_back;
	for (size_t i = 0; i < TALLY_DECODE; i++)
		t->decode[i] += w->decode[i];
}

void crew_tally(struct crew *c, struct tally *t, bool is_end)
{
	*t = (struct tally){ .worker_count = c->shared.workers };
	for (unsigned i = 0; i < c->shared.workers; i++) {
		struct shard_counts shards[SHARDS];
		struct worker_counts counts;
		struct live_counts live;
		worker_told(c->workers[i], &counts);
		worker_shards(c->workers[i], is_end, shards);
		live_worker_counts(c->shared.live, i, &live);
		add_counts(t, &counts);
		tally_add_plane(&t->plane, shards);
		t->workers[i] = (struct tally_worker){
			.frames = live.frames,
			.bytes = live.bytes,
			.drops = live.drops,
			.handed_over = counts.handed_over,
			.not_taken = c->joint ? handover_refused(c->shared.handovers[i]) : 0,
		};
		t->drops += live.drops + t->workers[i].not_taken;
	}
	if (c->shared.retain)
		retain_tally(c->shared.retain, &t->evidence);
	tally_add_links(t, c->shared.live);
}
