/*
 * engine/joint.c - see joint.h.
 *
 * Ticks: each worker brings its own, with nearly the same times; the first that reaches a time goes
 * on, the others are passed over.  The same for leaps: the workers' clocks leap one by one, and the
 * outlet is told of as much as is new.
 */
#include "joint.h"

#include <pthread.h>
#include <stdlib.h>

#include "exfild/capture/live.h"

#define PORT_RUNS 64

struct run {
	struct event_log *log;
	struct mark *marks;
	size_t mark_count, mark_cap;
};

struct port {
	struct joint *joint;
	struct run runs[PORT_RUNS];
	/* under the lock: runs that were put, and merged; what is to come has at least `promise` */
	uint64_t put, merged;
	uint64_t promise;
	/* the merging thread's: within the run `merged` */
	uint64_t put_seen;
	const struct event *next;
	size_t mark;
	bool is_begun;
};

struct joint {
	struct outlet out;
	struct port ports[LIVE_WORKERS];
	unsigned count;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	pthread_cond_t more, room;
	/* the merging thread's */
	uint64_t tick_ns;
};

/* --- workers ----------------------------------------------------------------------------- */

struct port *joint_port(struct joint *j, unsigned worker)
{
	return &j->ports[worker];
}

static void raise_promise(struct port *p, uint64_t seq)
{
	if (seq > p->promise)
		p->promise = seq;
	pthread_cond_signal(&p->joint->more);
}

void port_put(struct port *p, struct merge *m, uint64_t seq)
{
	struct joint *j = p->joint;
	bool is_empty = !event_log_count(m->logs[0]) && !m->mark_count;
	pthread_mutex_lock(&j->lock);
	while (!is_empty && p->put - p->merged == PORT_RUNS)
		pthread_cond_wait(&j->room, &j->lock);
	if (!is_empty) {
		struct run *r = &p->runs[p->put % PORT_RUNS];
		struct mark *marks = r->marks;
		size_t cap = r->mark_cap;
		event_log_swap(m->logs[0], r->log);
		r->marks = m->marks;
		r->mark_count = m->mark_count;
		r->mark_cap = m->mark_cap;
		m->marks = marks;
		m->mark_cap = cap;
		m->mark_count = 0;
		p->put++;
	}
	raise_promise(p, seq);
	pthread_mutex_unlock(&j->lock);
}

void port_promise(struct port *p, uint64_t seq)
{
	pthread_mutex_lock(&p->joint->lock);
	raise_promise(p, seq);
	pthread_mutex_unlock(&p->joint->lock);
}

void port_close(struct port *p)
{
	port_promise(p, UINT64_MAX);
}

/* --- merging ----------------------------------------------------------------------------- */

/* Stands on the port's next event or tick; false: there is none yet. */
static bool stand(struct port *p)
{
	while (p->merged < p->put_seen) {
		struct run *r = &p->runs[p->merged % PORT_RUNS];
		if (!p->is_begun) {
			p->is_begun = true;
			p->mark = 0;
			p->next = event_log_next(r->log, NULL);
		}
		if (p->next || p->mark < r->mark_count)
			return true;
		event_log_reset(r->log);
		r->mark_count = 0;
		p->is_begun = false;
		pthread_mutex_lock(&p->joint->lock);
		p->merged++;
		pthread_cond_broadcast(&p->joint->room);
		pthread_mutex_unlock(&p->joint->lock);
	}
	return false;
}

static uint64_t seq_of(const struct port *p)
{
	const struct run *r = &p->runs[p->merged % PORT_RUNS];
	uint64_t seq = p->next ? p->next->seq : UINT64_MAX;
	return p->mark < r->mark_count && r->marks[p->mark].seq < seq ? r->marks[p->mark].seq : seq;
}

static void take_mark(struct joint *j, const struct mark *m)
{
	if (m->now_ns <= j->tick_ns)
		return;
	uint64_t step_ns = m->now_ns - j->tick_ns;
	uint64_t leap_ns = j->tick_ns && m->leap_ns > step_ns ? step_ns : m->leap_ns;
	j->tick_ns = m->now_ns;
	outlet_tick(&j->out, m->seq, m->now_ns, leap_ns);
}

/* Hands on what the port has below `until`. */
static void drain(struct joint *j, struct port *p, uint64_t until)
{
	do {
		const struct run *r = &p->runs[p->merged % PORT_RUNS];
		uint64_t event_seq = p->next ? p->next->seq : UINT64_MAX;
		uint64_t mark_seq = p->mark < r->mark_count ? r->marks[p->mark].seq : UINT64_MAX;
		if (event_seq >= until && mark_seq >= until)
			return;
		if (mark_seq < event_seq) {
			take_mark(j, &r->marks[p->mark++]);
		} else {
			outlet_event(&j->out, p->next);
			p->next = event_log_next(r->log, p->next);
		}
	} while (stand(p));
}

/* The port whose turn it is; ret_until: when it is another one's, at most `until`. */
static struct port *first_of(struct joint *j, uint64_t until, uint64_t *ret_until)
{
	struct port *first = NULL;
	uint64_t lowest = until;
	*ret_until = until;
	for (unsigned i = 0; i < j->count; i++) {
		struct port *p = &j->ports[i];
		uint64_t seq = stand(p) ? seq_of(p) : UINT64_MAX;
		if (seq < lowest) {
			*ret_until = lowest;
			lowest = seq;
			first = p;
		} else if (seq < *ret_until) {
			*ret_until = seq;
		}
	}
	/* of two with the same number one goes first, and gets past it */
	if (first && *ret_until == lowest)
		(*ret_until)++;
	return first;
}

/* Under the lock: below which number all is there; whether all ports are closed. */
static bool look(struct joint *j, uint64_t *ret_until)
{
	*ret_until = UINT64_MAX;
	for (unsigned i = 0; i < j->count; i++) {
		struct port *p = &j->ports[i];
		p->put_seen = p->put;
		if (p->promise < *ret_until)
			*ret_until = p->promise;
	}
	return *ret_until == UINT64_MAX;
}

static void *merge_main(void *arg)
{
	struct joint *j = arg;
	uint64_t done = 0;
	for (bool is_closed = false; !is_closed;) {
		uint64_t until, turn;
		struct port *p;
		pthread_mutex_lock(&j->lock);
		while (is_closed = look(j, &until), until == done)
			pthread_cond_wait(&j->more, &j->lock);
		pthread_mutex_unlock(&j->lock);
		done = until;
		while ((p = first_of(j, until, &turn)) != NULL)
			drain(j, p, turn);
		outlet_flush(&j->out);
		outlet_idle(&j->out);
	}
	return NULL;
}

/* --- life -------------------------------------------------------------------------------- */

int joint_new(unsigned workers, const struct hash_key *key, const struct outlet *out,
	      struct joint **ret)
{
	struct joint *j = calloc(1, sizeof(*j));
	if (!j)
		return -EXF_E_NOMEM;
	j->out = *out;
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->more, NULL);
	pthread_cond_init(&j->room, NULL);
	bool ok = true;
	for (; ok && j->count < workers && j->count < LIVE_WORKERS; j->count++) {
		struct port *p = &j->ports[j->count];
		p->joint = j;
		for (unsigned i = 0; ok && i < PORT_RUNS; i++) {
			p->runs[i].log = event_log_new();
			ok = p->runs[i].log != NULL;
			if (ok)
				event_log_set_key(p->runs[i].log, key);
		}
	}
	j->has_thread = ok && pthread_create(&j->thread, NULL, merge_main, j) == 0;
	if (j->has_thread) {
		*ret = j;
		return 0;
	}
	joint_free(j);
	return -EXF_E_NOMEM;
}

void joint_finish(struct joint *j)
{
	for (unsigned i = 0; i < j->count; i++)
		port_close(&j->ports[i]);
	if (j->has_thread)
		(void)pthread_join(j->thread, NULL);
	j->has_thread = false;
}

void joint_free(struct joint *j)
{
	if (!j)
		return;
	joint_finish(j);
	for (unsigned i = 0; i < j->count; i++)
		for (unsigned k = 0; k < PORT_RUNS; k++) {
			event_log_free(j->ports[i].runs[k].log);
			free(j->ports[i].runs[k].marks);
		}
	pthread_cond_destroy(&j->room);
	pthread_cond_destroy(&j->more);
	pthread_mutex_destroy(&j->lock);
	free(j);
}
