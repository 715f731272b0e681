/*
 * sink/delivery.c - see include/exfild/sink/delivery.h
 */
#include "exfild/sink/delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "delivery_parts.h"

#define ROOM_FIRST 1024
#define STUCK_NS                                                                               \
 (30ull * 1000000000ull)               /* a replay waits so long for a sink that takes nothing \
					*/
#define DISK_NS (2ull * 1000000000ull) /* live, for a disk that is slow */

uint64_t delivery_now_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

void delivery_sleep(struct delivery *d, pthread_cond_t *cond, uint64_t until_ns)
{
	const struct timespec t = { .tv_sec = (time_t)(until_ns / 1000000000ull),
				    .tv_nsec = (long)(until_ns % 1000000000ull) };
	(void)pthread_cond_timedwait(cond, &d->lock, &t);
}

struct record *delivery_at(const struct delivery *d, uint64_t number)
{
	return d->ring[number & (d->room - 1)];
}

uint64_t delivery_taken(const struct delivery *d)
{
	uint64_t least = d->last;
	for (size_t i = 0; i < d->lane_count; i++)
		if (d->lanes[i]->taken < least)
			least = d->lanes[i]->taken;
	return least;
}

static void drop_oldest(struct delivery *d)
{
	struct record *r = delivery_at(d, d->base++);
	d->memory -= r->bytes;
	record_drop(r);
}

/* What everybody has, or what is on the disk and more than a little: it can be read from there. */
void delivery_trim(struct delivery *d)
{
	uint64_t taken = delivery_taken(d);
	while (d->base <= d->last && (d->base <= taken || (d->base <= d->safe && d->spool &&
							   d->memory > d->o.memory_bytes / 4)))
		drop_oldest(d);
}

/* --- its beginning ----------------------------------------------------------------------- */

static void init_locks(struct delivery *d)
{
	pthread_condattr_t steady;
	pthread_cond_t *const list[] = { &d->news, &d->ready, &d->moved, &d->halt };
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		pthread_cond_init(list[i], &steady);
	pthread_condattr_destroy(&steady);
	pthread_mutex_init(&d->lock, NULL);
	pthread_mutex_init(&d->db, NULL);
}

static void open_spool(struct delivery *d)
{
	char why[1024];
	const struct spool_options o = { .directory = d->directory, .max_bytes = d->o.max_bytes };
	if (!d->directory[0])
		return;
	if (spool_open(&o, &d->spool, why, sizeof(why))) {
		d->spool = NULL;
		d->is_failing = true;
		log_errorx("spool",
			   "%s: alerts go from memory, and those that no sink has are lost if "
			   "exfild ends",
			   why);
		d->o.trouble(d->o.arg, DELIVERY_DISK, "spool", 1, why);
		return;
	}
	if (spool_complaint(d->spool)[0]) {
		log_errorx("spool", "%s", spool_complaint(d->spool));
		d->o.trouble(d->o.arg, DELIVERY_DISK, "spool", 1, spool_complaint(d->spool));
	}
	d->last = d->safe = d->released = spool_last(d->spool);
	d->base = d->last + 1;
	d->before_count = spool_takers(d->spool, d->before);
	d->stats.bytes = spool_bytes(d->spool);
}

static void no_trouble(void *arg, enum delivery_trouble what, const char *sink, uint64_t count,
		       const char *text)
{
	(void)arg;
	(void)what;
	(void)sink;
	(void)count;
	(void)text;
}

int delivery_new(const struct delivery_options *o, struct delivery **ret)
{
	struct delivery *d = calloc(1, sizeof(*d));
	if (!d)
		return -EXF_E_NOMEM;
	d->o = *o;
	d->o.memory_bytes = o->memory_bytes ? o->memory_bytes : DELIVERY_MEMORY;
	d->o.trouble = o->trouble ? o->trouble : no_trouble;
	(void)snprintf(d->directory, sizeof(d->directory), "%s", o->directory ? o->directory : "");
	(void)snprintf(d->session, sizeof(d->session), "%s", o->session ? o->session : "");
	init_locks(d);
	d->base = 1;
	d->room = ROOM_FIRST;
	d->ring = calloc(d->room, sizeof(struct record *));
	if (!d->ring) {
		delivery_free(d);
		return -EXF_E_NOMEM;
	}
	open_spool(d);
	if (d->spool) {
		int err = delivery_thread(&d->disk, "spool", delivery_disk, d);
		if (err) {
			delivery_free(d);
			return err;
		}
		d->has_disk = true;
	}
	*ret = d;
	return 0;
}

const atomic_bool *delivery_stop_flag(const struct delivery *d)
{
	return &d->stop;
}

void delivery_session(struct delivery *d, const char *session)
{
	pthread_mutex_lock(&d->lock);
	(void)snprintf(d->session, sizeof(d->session), "%s", session);
	pthread_mutex_unlock(&d->lock);
}

/* --- a record comes ---------------------------------------------------------------------- */

static bool make_room(struct delivery *d)
{
	uint64_t count = d->last + 1 - d->base;
	if (count < d->room)
		return true;
	struct record **ring = calloc(d->room * 2, sizeof(struct record *));
	if (!ring)
		return false;
	for (uint64_t n = d->base; n <= d->last; n++)
		ring[n & (d->room * 2 - 1)] = delivery_at(d, n);
	free(d->ring);
	d->ring = ring;
	d->room *= 2;
	return true;
}

/* So much at once that it is told once, not for each. */
static void lose_oldest(struct delivery *d)
{
	uint64_t goal = d->o.memory_bytes - d->o.memory_bytes / 16, from = d->base;
	while (d->memory > goal && d->base < d->last)
		drop_oldest(d);
	for (size_t i = 0; i < d->lane_count; i++) {
		lane_lose(d->lanes[i], from, d->base,
			  "neither the sink nor the disk takes them, and memory is full");
	}
}

/* How long it is worth to wait for room: for a disk that works, and in a replay for a sink too. */
static uint64_t patience_ns(const struct delivery *d)
{
	bool has_disk = d->spool && !d->is_failing;
	return d->o.may_block ? STUCK_NS : has_disk ? DISK_NS : 0;
}

/* What does not fit is waited for, or goes. */
static void bound_memory(struct delivery *d)
{
	delivery_trim(d);
	uint64_t since_ns = delivery_now_ns();
	while (d->memory > d->o.memory_bytes && d->base < d->last) {
		uint64_t moved_ns = d->moved_ns > since_ns ? d->moved_ns : since_ns;
		uint64_t until_ns = moved_ns + patience_ns(d);
		if (delivery_now_ns() < until_ns)
			delivery_sleep(d, &d->moved, until_ns);
		else
			lose_oldest(d);
		delivery_trim(d);
	}
}

void delivery_put(struct delivery *d, struct record *r)
{
	pthread_mutex_lock(&d->lock);
	if (d->lane_count == 0 || !make_room(d)) {
		d->lost += d->lane_count;
		pthread_mutex_unlock(&d->lock);
		record_drop(r);
		return;
	}
	r->number = ++d->last;
	d->ring[r->number & (d->room - 1)] = r;
	d->memory += r->bytes;
	if (d->spool)
		pthread_cond_signal(&d->news);
	if (!d->spool || d->is_failing) {
		d->released = d->last;
		pthread_cond_broadcast(&d->ready);
	}
	bound_memory(d);
	pthread_mutex_unlock(&d->lock);
}

bool delivery_is_safe(struct delivery *d)
{
	pthread_mutex_lock(&d->lock);
	bool is_safe = !d->spool || d->is_failing || d->safe >= d->last;
	pthread_mutex_unlock(&d->lock);
	return is_safe;
}

/* --- again ------------------------------------------------------------------------------- */

struct again {
	uint64_t from, to, next;
	const char *session;
	struct record *list[LANE_BATCH];
	size_t count;
};

static bool take_again(void *arg, uint64_t number, const void *data, size_t len)
{
	struct again *a = arg;
	struct record *r = NULL;
	a->next = number + 1;
	if (!data || record_read(data, len, &r))
		return true;
	if (r->sequence < a->from || r->sequence > a->to ||
	    strcmp(r->text[RECORD_SESSION].data, a->session) != 0) {
		record_drop(r);
		return true;
	}
	a->list[a->count++] = r;
	return true;
}

int64_t delivery_resend(struct delivery *d, uint64_t from, uint64_t to)
{
	char session[40];
	struct again a = { .from = from, .to = to, .session = session };
	int64_t sent = 0;
	int n;
	if (!d->spool)
		return -EXF_E_UNSUPPORTED;
	pthread_mutex_lock(&d->lock);
	memcpy(session, d->session, sizeof(session));
	uint64_t end = d->last; /* what comes meanwhile is new */
	pthread_mutex_unlock(&d->lock);
	do {
		a.count = 0;
		pthread_mutex_lock(&d->db);
		n = spool_read(d->spool, a.next, LANE_BATCH, take_again, &a);
		pthread_mutex_unlock(&d->db);
		for (size_t i = 0; i < a.count; i++)
			delivery_put(d, a.list[i]);
		sent += (int64_t)a.count;
	} while (n == LANE_BATCH && a.next <= end);
	return sent;
}

/* --- its end ----------------------------------------------------------------------------- */

bool delivery_wait(struct delivery *d, uint64_t patience_ms)
{
	uint64_t patience_ns = patience_ms * 1000000ull;
	pthread_mutex_lock(&d->lock);
	d->moved_ns = delivery_now_ns();
	while (delivery_taken(d) < d->last && delivery_now_ns() - d->moved_ns < patience_ns)
		delivery_sleep(d, &d->moved, d->moved_ns + patience_ns);
	bool is_done = delivery_taken(d) >= d->last;
	pthread_mutex_unlock(&d->lock);
	return is_done;
}

static bool tell_rest(struct delivery *d)
{
	bool is_kept = d->spool && !d->is_failing && d->safe >= d->last;
	bool good = true;
	for (size_t i = 0; i < d->lane_count; i++) {
		const struct lane *l = d->lanes[i];
		uint64_t waiting = d->last - l->taken, lost = l->lost + (is_kept ? 0 : waiting);
		if (waiting && is_kept)
			log_info(l->type->name,
				 "%llu alerts wait in %s and are sent at the next start",
				 (unsigned long long)waiting, d->directory);
		if (lost)
			log_errorx(l->type->name, "%llu alerts were not taken: %s",
				   (unsigned long long)lost,
				   l->health.error[0] ? l->health.error :
							"nothing more could be kept");
		good = good && !lost;
	}
	return good;
}

bool delivery_stop(struct delivery *d)
{
	atomic_store(&d->stop, true);
	for (size_t i = 0; i < d->lane_count; i++)
		delivery_end_lane(d->lanes[i]);
	pthread_mutex_lock(&d->lock);
	d->disk_ends = true;
	pthread_cond_broadcast(&d->news);
	pthread_mutex_unlock(&d->lock);
	if (d->has_disk)
		(void)pthread_join(d->disk, NULL);
	d->has_disk = false;
	return tell_rest(d);
}

void delivery_free(struct delivery *d)
{
	if (!d)
		return;
	if (!atomic_load(&d->stop))
		(void)delivery_stop(d);
	for (size_t i = 0; i < d->lane_count; i++)
		delivery_free_lane(d->lanes[i]);
	for (uint64_t n = d->base; d->ring && n <= d->last; n++)
		record_drop(delivery_at(d, n));
	free(d->ring);
	spool_close(d->spool);
	pthread_cond_t *const list[] = { &d->news, &d->ready, &d->moved, &d->halt };
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		pthread_cond_destroy(list[i]);
	pthread_mutex_destroy(&d->lock);
	pthread_mutex_destroy(&d->db);
	free(d);
}

/* --- how it is --------------------------------------------------------------------------- */

size_t delivery_health(struct delivery *d, struct delivery_health *list, size_t most)
{
	pthread_mutex_lock(&d->lock);
	size_t count = d->lane_count < most ? d->lane_count : most;
	for (size_t i = 0; i < count; i++) {
		const struct lane *l = d->lanes[i];
		list[i] = (struct delivery_health){ .name = l->type->name,
						    .sink = l->health,
						    .waiting = d->last - l->taken,
						    .lost = l->lost,
						    .is_failing = l->failures > 0 };
	}
	pthread_mutex_unlock(&d->lock);
	return count;
}

void delivery_stats(struct delivery *d, struct delivery_stats *ret)
{
	pthread_mutex_lock(&d->lock);
	*ret = d->stats;
	ret->has_spool = d->directory[0] != '\0';
	ret->is_failing = d->is_failing;
	ret->depth = d->last - delivery_taken(d);
	ret->max_bytes = d->o.max_bytes;
	ret->memory_bytes = d->memory;
	ret->lost = d->lost;
	pthread_mutex_unlock(&d->lock);
}
