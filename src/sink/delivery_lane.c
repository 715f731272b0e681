/*
 * sink/delivery_lane.c - the thread of one sink: what it has not yet, in order, until it has it.
 *
 * A sink that takes nothing is tried again after a while that doubles, with a part of it drawn by
 * lot, so that many sensors do not come back to a server at the same moment.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/hash.h"
#include "exfild/base/log.h"
#include "delivery_parts.h"

#define COMPLAIN_NS      (5ull * 1000000000ull) /* a sink that fails for so long is told */
#define COMPLAIN_MORE_NS (60ull * 1000000000ull)
#define HANG_NS          (2ull * 1000000000ull) /* a disk that works for so long is not waited for */
#define DEAF_S           3600u

struct lane_batch {
	struct record *list[LANE_BATCH];
	size_t count;
	uint64_t bytes;
	uint64_t damaged, upto; /* the last number that was looked at */
	uint64_t safe;
};

static bool is_ending(const struct lane *l)
{
	return l->is_over || atomic_load(&l->d->stop);
}

static void forget_batch(struct lane_batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		record_drop(b->list[i]);
	b->count = 0;
	b->bytes = 0;
}

/* --- what comes next --------------------------------------------------------------------- */

static bool take_row(void *arg, uint64_t number, const void *data, size_t len)
{
	struct lane_batch *b = arg;
	struct record *r = NULL;
	if (number > b->safe)
		return false;
	b->upto = number;
	if (!data || record_read(data, len, &r)) {
		b->damaged++;
		return true;
	}
	r->number = number;
	b->list[b->count++] = r;
	b->bytes += r->bytes;
	return b->count < LANE_BATCH && b->bytes < LANE_BYTES;
}

/* With the lock, which is let go meanwhile. */
static void fetch_from_disk(struct lane *l, struct lane_batch *b)
{
	struct delivery *d = l->d;
	uint64_t from = l->taken + 1, base = d->base;
	b->safe = d->safe < base ? d->safe : base - 1;
	b->damaged = 0;
	b->upto = 0;
	pthread_mutex_unlock(&d->lock);
	pthread_mutex_lock(&d->db);
	int n = d->spool ? spool_read(d->spool, from, LANE_BATCH, take_row, b) : -EXF_E_IO;
	pthread_mutex_unlock(&d->db);
	pthread_mutex_lock(&d->lock);
	if (b->damaged) {
		l->lost += b->damaged;
		d->lost += b->damaged;
		d->o.trouble(d->o.arg, DELIVERY_LOST, l->type->name, b->damaged,
			     "the spool is damaged");
	}
	if (b->count == 0) /* nothing of it is there: given up, and counted by whoever did */
		l->taken = n >= 0 && b->upto > l->taken ? b->upto : base - 1;
}

static void fetch_from_memory(struct lane *l, struct lane_batch *b, uint64_t upto)
{
	for (uint64_t n = l->taken + 1; n <= upto && b->count < LANE_BATCH && b->bytes < LANE_BYTES;
	     n++) {
		struct record *r = record_hold(delivery_at(l->d, n));
		b->list[b->count++] = r;
		b->bytes += r->bytes;
	}
}

static uint64_t released(const struct delivery *d)
{
	bool hangs = d->busy_ns && delivery_now_ns() - d->busy_ns > HANG_NS;
	return hangs ? d->last : d->released;
}

static void fetch(struct lane *l, struct lane_batch *b)
{
	struct delivery *d = l->d;
	uint64_t upto = released(d);
	if (l->taken >= upto)
		return;
	if (l->taken + 1 < d->base && d->spool)
		fetch_from_disk(l, b);
	else if (l->taken + 1 < d->base)
		l->taken = d->base - 1;
	if (b->count == 0 && l->taken + 1 >= d->base)
		fetch_from_memory(l, b, upto);
}

/* --- what the limits take ----------------------------------------------------------------- */

static void count_lost(struct lane *l, uint64_t from, uint64_t below, const char *why)
{
	struct delivery *d = l->d;
	if (from <= l->taken)
		from = l->taken + 1;
	if (from >= below)
		return;
	l->lost += below - from;
	d->lost += below - from;
	d->o.trouble(d->o.arg, DELIVERY_LOST, l->type->name, below - from, why);
}

void lane_lose(struct lane *l, uint64_t from, uint64_t below, const char *why)
{
	uint64_t flown = below <= l->flight ? below : l->flight + 1;
	if (from < flown) {
		l->owed_from = l->owed_below ? l->owed_from : from;
		l->owed_below = flown;
		l->owed_why = why;
		from = flown;
	}
	count_lost(l, from, below, why);
}

/* With the lock: the sink has answered, and l->taken says so. */
static void settle(struct lane *l)
{
	l->flight = 0;
	count_lost(l, l->owed_from, l->owed_below, l->owed_why);
	l->owed_from = l->owed_below = 0;
}

/* --- giving it --------------------------------------------------------------------------- */

static uint64_t backoff_ns(unsigned failures)
{
	uint64_t ms = (uint64_t)BACKOFF_MIN << (failures < 10 ? failures : 10);
	uint64_t lot = hash_mix(delivery_now_ns(), failures);
	if (ms > BACKOFF_MAX)
		ms = BACKOFF_MAX;
	return (ms / 2 + lot % (ms / 2)) * 1000000ull;
}

static void complain(struct lane *l)
{
	struct delivery *d = l->d;
	uint64_t now_ns = delivery_now_ns();
	uint64_t waiting = d->last - l->taken;
	bool is_first = l->complained_ns < l->failing_ns;
	if (now_ns - l->failing_ns < COMPLAIN_NS ||
	    (!is_first && now_ns - l->complained_ns < COMPLAIN_MORE_NS))
		return;
	l->complained_ns = now_ns;
	if (is_first)
		log_warnx(l->type->name, "%s; %llu alerts wait, and are sent when it is mended",
			  l->health.error, (unsigned long long)waiting);
	d->o.trouble(d->o.arg, DELIVERY_SINK, l->type->name, waiting, l->health.error);
}

/* With the lock. */
static void note_success(struct lane *l)
{
	if (l->complained_ns && l->complained_ns >= l->failing_ns && l->failures)
		log_info(l->type->name, "it takes alerts again");
	l->failures = 0;
}

/* With the lock: the sink has taken n of them. */
static void note_taken(struct lane *l, struct lane_batch *b, size_t n)
{
	struct delivery *d = l->d;
	if (n) {
		l->taken = b->list[n - 1]->number;
		d->moved_ns = delivery_now_ns();
		d->is_dirty = true;
		delivery_trim(d);
		pthread_cond_signal(&d->news);
		pthread_cond_broadcast(&d->moved);
	}
	settle(l);
	l->type->health(l->sink, &l->health);
	if (n) { /* what it did not take comes at once: it will say whether it is in trouble */
		note_success(l);
		return;
	}
	if (l->failures++ == 0)
		l->failing_ns = delivery_now_ns();
	complain(l);
	uint64_t until_ns = delivery_now_ns() + backoff_ns(l->failures - 1);
	while (!is_ending(l) && delivery_now_ns() < until_ns)
		delivery_sleep(d, &d->halt, until_ns);
}

static void look_back(struct lane *l)
{
	uint64_t from = l->type->rewind ? l->type->rewind(l->sink) : 0;
	if (from && from <= l->taken) {
		log_warnx(l->type->name, "another server answers: the last %llu alerts go again",
			  (unsigned long long)(l->taken - from + 1));
		l->taken = from - 1;
	}
}

/* With the lock, which is let go meanwhile. */
static void beat(struct lane *l)
{
	struct delivery *d = l->d;
	struct sink_beat b = { .spool_depth = d->last - l->taken };
	if (!l->type->beat || !d->o.beat)
		return;
	pthread_mutex_unlock(&d->lock);
	d->o.beat(d->o.arg, &b);
	(void)l->type->beat(l->sink, &b);
	pthread_mutex_lock(&d->lock);
	l->type->health(l->sink, &l->health);
	if (l->health.unheard_s >= DEAF_S)
		d->o.trouble(d->o.arg, DELIVERY_DEAF, l->type->name, l->health.unheard_s,
			     "no subscriber has heard an alert for an hour");
}

void *delivery_lane(void *lane)
{
	struct lane *l = lane;
	struct delivery *d = l->d;
	struct lane_batch b = { .count = 0 };
	uint64_t beat_ns = 0;
	pthread_mutex_lock(&d->lock);
	while (!is_ending(l)) {
		uint64_t now_ns = delivery_now_ns();
		if (now_ns >= beat_ns) {
			beat(l);
			beat_ns = delivery_now_ns() + BEAT_NS;
		}
		fetch(l, &b);
		if (b.count == 0) {
			bool waits = d->last > l->taken; /* for the disk */
			delivery_sleep(d, &d->ready, waits ? now_ns + HANG_NS / 4 : beat_ns);
			continue;
		}
		l->flight = b.list[b.count - 1]->number;
		pthread_mutex_unlock(&d->lock);
		size_t n = l->type->put(l->sink, b.list, b.count);
		pthread_mutex_lock(&d->lock);
		note_taken(l, &b, n);
		look_back(l);
		forget_batch(&b);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}
