/*
 * A look (fetch) merges by time what waits in the rings, and copies it into blocks.  The copy costs
 * less than a cache miss would: the bytes have just been written, and without it the packets that
 * the plane holds back (solo.c) would hold the kernel's ring.  The lock is taken once a look: who
 * opens and closes interfaces comes seldom.
 */
#include "lane.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "handle.h"

#define BLOCK_SIZE    262144u
#define LOOK_BYTES    1048576u /* a look takes no more: what it has copied is still in the caches */
#define LINE_BYTES_MS 1250000u /* 10 Gbit/s */
#define DRAIN_NS      200000000ull /* at most, after lane_stop() */
#define RETIRE_NS     30000000ull  /* the kernel has given a block back after SOCKETS_RETIRE_MS */

struct pool_block {
	struct block *block;
	uint64_t fetch; /* in which it was written last */
};

struct live_lane {
	unsigned worker;
	int wake_fd;
	int wakers[LIVE_WAKERS]; /* -1: none */
	pthread_mutex_t lock;    /* of the rings */
	struct handle handles[LIVE_INTERFACES];
	size_t handle_count; /* places that were ever used */

	struct frame queue[LIVE_FRAMES];
	size_t queue_at, queue_count, queue_bytes;
	uint64_t number;
	struct pool_block pool[LIVE_BLOCKS];
	size_t pool_at;
	struct block *block; /* being filled */
	size_t block_used;
	uint64_t fetch;
	bool is_busy; /* a frame found no block */

	atomic_ullong stopped_ns; /* monotonic; 0: goes on */
};

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

struct live_lane *lane_new(unsigned worker)
{
	struct live_lane *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->worker = worker;
	for (size_t i = 0; i < LIVE_WAKERS; i++)
		l->wakers[i] = -1;
	for (size_t i = 0; i < LIVE_INTERFACES; i++)
		handle_init(&l->handles[i]);
	pthread_mutex_init(&l->lock, NULL);
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->wake_fd >= 0)
		return l;
	lane_free(l);
	return NULL;
}

void lane_free(struct live_lane *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < LIVE_INTERFACES; i++)
		handle_close(&l->handles[i]);
	for (size_t i = 0; i < LIVE_BLOCKS; i++)
		block_release(l->pool[i].block);
	if (l->wake_fd >= 0)
		(void)close(l->wake_fd);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* --- blocks ------------------------------------------------------------------------------ */

static bool is_free(const struct live_lane *l, const struct pool_block *p)
{
	return !p->block || (block_refs(p->block) == 1 && p->fetch != l->fetch);
}

/*
 * A block that nobody holds and that this fetch has not written to.  From the first on, and new
 * ones are made in that order: few are ever made where few are held, and those are in the caches.
 */
static bool next_block(struct live_lane *l)
{
	size_t at = 0;
	while (at < LIVE_BLOCKS && !is_free(l, &l->pool[at]))
		at++;
	struct pool_block *p = &l->pool[at];
	if (at == LIVE_BLOCKS || (!p->block && !(p->block = block_new(BLOCK_SIZE))))
		return false;
	l->pool_at = at;
	p->fetch = l->fetch;
	l->block = p->block;
	l->block_used = 0;
	return true;
}

/* Room for one frame of the greatest length at least: otherwise the ring keeps the rest. */
static bool has_room(const struct live_lane *l)
{
	for (size_t i = 0; i < LIVE_BLOCKS; i++)
		if (is_free(l, &l->pool[i]))
			return true;
	return false;
}

/* --- frames ------------------------------------------------------------------------------ */

static void copy_frame(uint8_t *to, const struct tpacket_frame *f)
{
	if (f->tag_len) {
		memcpy(to, f->head, f->head_len);
		memcpy(to + f->head_len, f->tag, f->tag_len);
		to += f->head_len + f->tag_len;
	}
	memcpy(to, f->data, f->data_len);
}

/* False: there is no room; the frame stays in its ring. */
static bool take_frame(struct live_lane *l, const struct handle *h, const struct tpacket_frame *f)
{
	uint32_t caplen = f->head_len + f->tag_len + f->data_len;
	if (l->queue_count == LIVE_FRAMES || l->queue_bytes >= LOOK_BYTES || caplen > BLOCK_SIZE)
		return false;
	if ((!l->block || BLOCK_SIZE - l->block_used < caplen) && !next_block(l)) {
		l->is_busy = true;
		return false;
	}
	uint8_t *at = l->block->data + l->block_used;
	copy_frame(at, f);
	l->block_used += caplen;
	l->queue_bytes += caplen;
	l->pool[l->pool_at].fetch = l->fetch;
	l->queue[l->queue_count++] = (struct frame){
		.data = at,
		.caplen = caplen,
		.wirelen = f->wirelen,
		.time_ns = f->time_ns,
		.linktype = h->linktype,
		.input = (uint32_t)(h - l->handles),
		.block = l->block,
	};
	return true;
}

struct first { /* what waits first in a ring */
	struct handle *handle;
	struct tpacket_frame frame;
};

static size_t earliest(const struct first *list, size_t count)
{
	size_t found = 0;
	for (size_t i = 1; i < count; i++)
		if (list[i].frame.time_ns < list[found].frame.time_ns)
			found = i;
	return found;
}

/*
 * One by one from the ring whose first frame is the oldest: under load one ring may be seconds
 * behind another, and time must not jump between them.
 */
static void read_handles(struct live_lane *l)
{
	struct first waiting[LIVE_INTERFACES];
	size_t count = 0;
	for (size_t i = 0; i < l->handle_count; i++)
		if (handle_peek(&l->handles[i], &waiting[count].frame))
			waiting[count++].handle = &l->handles[i];
	l->is_busy = count && !has_room(l);
	while (count && !l->is_busy) {
		struct first *w = &waiting[earliest(waiting, count)];
		if (!take_frame(l, w->handle, &w->frame))
			return;
		handle_done(w->handle, &w->frame);
		if (!handle_peek(w->handle, &w->frame))
			*w = waiting[--count];
	}
}

static void fetch(struct live_lane *l)
{
	l->queue_at = l->queue_count = l->queue_bytes = 0;
	l->is_busy = false;
	l->fetch++;
	pthread_mutex_lock(&l->lock);
	read_handles(l);
	pthread_mutex_unlock(&l->lock);
}

int live_next(struct live_lane *l, struct frame *ret)
{
	if (l->queue_at == l->queue_count) {
		uint64_t stopped_ns = atomic_load(&l->stopped_ns);
		uint64_t since = stopped_ns ? monotonic_ns() - stopped_ns : 0;
		if (since > DRAIN_NS)
			return LIVE_END;
		fetch(l);
		if (l->queue_count == 0)
			return l->is_busy ? LIVE_BUSY : since > RETIRE_NS ? LIVE_END : LIVE_IDLE;
	}
	*ret = l->queue[l->queue_at++];
	ret->number = ++l->number;
	return 0;
}

/* --- waiting ----------------------------------------------------------------------------- */

/* So long a nap may last, in ms: a line that wakes up then has filled half of the least ring. */
static int longest_nap(const struct live_lane *l)
{
	uint64_t longest = INT_MAX;
	for (size_t i = 0; i < l->handle_count; i++) {
		const struct tpacket *t = &l->handles[i].ring;
		uint64_t ms = t->block_size * t->block_count / 2 / LINE_BYTES_MS;
		if (handle_is_open(&l->handles[i]) && ms < longest)
			longest = ms;
	}
	return (int)longest;
}

void live_wait(struct live_lane *l, bool is_nap, int timeout_ms)
{
	struct pollfd fds[LIVE_INTERFACES + LIVE_WAKERS + 1];
	nfds_t count = 0;
	uint64_t calls;
	fds[count++] = (struct pollfd){ .fd = l->wake_fd, .events = POLLIN };
	for (size_t i = 0; i < LIVE_WAKERS; i++)
		fds[count++] = (struct pollfd){ .fd = l->wakers[i], .events = POLLIN };
	pthread_mutex_lock(&l->lock);
	int longest = is_nap ? longest_nap(l) : 0;
	is_nap = longest > 0;
	if (is_nap && timeout_ms > longest)
		timeout_ms = longest;
	for (size_t i = 0; !is_nap && i < l->handle_count; i++)
		if (handle_is_open(&l->handles[i]))
			fds[count++] =
				(struct pollfd){ .fd = l->handles[i].ring.fd, .events = POLLIN };
	pthread_mutex_unlock(&l->lock);
	/* one that is closed meanwhile ends the wait at most */
	(void)poll(fds, count, timeout_ms);
	if (fds[0].revents && read(l->wake_fd, &calls, sizeof(calls)) < 0)
		return;
	for (nfds_t i = LIVE_WAKERS + 1; i < count; i++) {
		int error;
		socklen_t len = sizeof(error);
		/* that an interface went down is told once, by this; it comes back by itself */
		if (fds[i].revents & POLLERR)
			(void)getsockopt(fds[i].fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
}

void live_wake(struct live_lane *l)
{
	const uint64_t one = 1;
	/* the counter is full only when it is about to be read */
	ssize_t done = write(l->wake_fd, &one, sizeof(one));
	(void)done;
}

void lane_set_wakers(struct live_lane *l, const int fds[LIVE_WAKERS])
{
	memcpy(l->wakers, fds, sizeof(l->wakers));
}

int lane_wake_fd(const struct live_lane *l)
{
	return l->wake_fd;
}

bool live_is_stopping(const struct live_lane *l)
{
	return atomic_load(&l->stopped_ns) != 0;
}

void lane_stop(struct live_lane *l)
{
	atomic_store(&l->stopped_ns, monotonic_ns());
	live_wake(l);
}

/* --- rings that come and go -------------------------------------------------------------- */

int lane_set(struct live_lane *l, size_t place, struct sockets *s)
{
	pthread_mutex_lock(&l->lock);
	int err = handle_open(&l->handles[place], s, l->worker);
	if (place >= l->handle_count)
		l->handle_count = place + 1;
	pthread_mutex_unlock(&l->lock);
	live_wake(l);
	return err;
}

void lane_unset(struct live_lane *l, size_t place)
{
	pthread_mutex_lock(&l->lock);
	handle_close(&l->handles[place]);
	pthread_mutex_unlock(&l->lock);
}

void live_shorten(struct live_lane *l, const struct shorten_flow *list, size_t count)
{
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < l->handle_count; i++)
		handle_shorten(&l->handles[i], list, count);
	pthread_mutex_unlock(&l->lock);
}

void lane_update_counts(struct live_lane *l)
{
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < l->handle_count; i++)
		handle_update_counts(&l->handles[i]);
	pthread_mutex_unlock(&l->lock);
}

void lane_add_counts(struct live_lane *l, size_t place, struct live_counts *to)
{
	pthread_mutex_lock(&l->lock);
	const struct handle *h = &l->handles[place];
	to->frames += h->frames;
	to->bytes += h->bytes;
	to->drops += h->drops;
	to->waiting += h->waiting;
	pthread_mutex_unlock(&l->lock);
}
