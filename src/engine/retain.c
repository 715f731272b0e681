/*
 * engine/retain.c - see retain.h.
 */
#include "retain.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FOLLOW_NS   (60ull * 1000000000ull)
#define SHARE_LEAST (512u << 10) /* of a worker: the largest frame must have room */
#define PLACES_OF   32           /* a part for the flows' budgets, the rest packets */
#define PLACE_BYTES 16
#define TELL_NS     1000000000ull
#define GIVE_TURNS  65536
#define END_TRIES   10
#define GIVE_NS     200000000ull /* at the end: so long for what is left */

struct lane { /* of one worker */
	int parcels;
	struct keep *keep;
	uint8_t message[RETAIN_MESSAGE]; /* parcels that go in one system call */
	size_t message_len;
	uint64_t told_ns;
	/* for other threads */
	pthread_mutex_t lock;
	struct keep_request asked[RETAIN_ASKED];
	unsigned asked_count;
	_Atomic bool has_asked;
	uint64_t not_asked;
	struct keep_counts told;
};

struct retain {
	unsigned workers;
	struct lane lanes[LIVE_WORKERS];
};

/* --- a worker's -------------------------------------------------------------------------- */

/* False: there is no room, and nothing has gone. */
static bool send_message(struct lane *l)
{
	if (l->message_len &&
	    write(l->parcels, l->message, l->message_len) != (ssize_t)l->message_len)
		return false;
	l->message_len = 0;
	return true;
}

/* An end tells that packets are missing: for that one it is worth to wait a bit. */
static bool send_in_time(struct lane *l)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	for (unsigned tries = END_TRIES; tries; tries--) {
		if (send_message(l))
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

static struct retain_parcel parcel_of(const char *alert_id, const struct frame *f,
				      const struct keep_end *end)
{
	struct retain_parcel parcel;
	memset(&parcel, 0, sizeof(parcel));
	memcpy(parcel.alert_id, alert_id, strnlen(alert_id, KEEP_ID_MAX - 1));
	parcel.is_end = !f;
	if (end) {
		parcel.is_short = end->is_short;
		parcel.is_early = end->is_early;
		parcel.time_ns = end->time_ns;
		parcel.packets = end->packets;
		parcel.bytes = end->bytes;
		parcel.withheld = end->withheld;
		parcel.lost = end->lost;
		parcel.reach_ns = end->reach_ns;
	}
	if (f) {
		parcel.caplen = f->caplen;
		parcel.wirelen = f->wirelen;
		parcel.linktype = f->linktype;
		parcel.time_ns = f->time_ns;
	}
	return parcel;
}

static bool give(void *arg, const char *alert_id, const struct frame *f, const struct keep_end *end)
{
	struct lane *l = arg;
	struct retain_parcel parcel = parcel_of(alert_id, f, end);
	size_t size = sizeof(parcel) + parcel.caplen;
	if (l->message_len + size > sizeof(l->message) && !(f ? send_message(l) : send_in_time(l)))
		return false;
	if (size > sizeof(l->message)) {
		struct iovec parts[2] = { { &parcel, sizeof(parcel) },
					  { (void *)(uintptr_t)f->data, parcel.caplen } };
		return writev(l->parcels, parts, 2) == (ssize_t)size;
	}
	memcpy(l->message + l->message_len, &parcel, sizeof(parcel));
	if (f)
		memcpy(l->message + l->message_len + sizeof(parcel), f->data, parcel.caplen);
	l->message_len += size;
	return true;
}

static void take_asked(struct lane *l, uint64_t now_ns)
{
	if (!atomic_load_explicit(&l->has_asked, memory_order_acquire))
		return;
	pthread_mutex_lock(&l->lock);
	for (unsigned i = 0; i < l->asked_count; i++)
		keep_ask(l->keep, &l->asked[i], now_ns);
	l->asked_count = 0;
	atomic_store(&l->has_asked, false);
	pthread_mutex_unlock(&l->lock);
}

void retain_ahead(const struct retain *r, unsigned worker, const struct packet *p)
{
	keep_ahead(r->lanes[worker].keep, p);
}

void retain_packet(struct retain *r, unsigned worker, const struct frame *f, const struct packet *p)
{
	keep_packet(r->lanes[worker].keep, f, p);
}

bool retain_turn(struct retain *r, unsigned worker, uint64_t now_ns)
{
	struct lane *l = &r->lanes[worker];
	take_asked(l, now_ns);
	bool more = keep_turn(l->keep, now_ns);
	(void)send_message(l); /* without room it goes with the next turn's */
	if (now_ns - l->told_ns >= TELL_NS) {
		l->told_ns = now_ns;
		pthread_mutex_lock(&l->lock);
		keep_counts(l->keep, &l->told);
		pthread_mutex_unlock(&l->lock);
	}
	return more;
}

/* --- others' ----------------------------------------------------------------------------- */

static void ask_lane(struct lane *l, const struct keep_request *request)
{
	pthread_mutex_lock(&l->lock);
	unsigned i = 0;
	while (i < l->asked_count && strcmp(l->asked[i].alert_id, request->alert_id) != 0)
		i++;
	if (i < RETAIN_ASKED) {
		l->asked[i] = *request;
		l->asked_count += i == l->asked_count;
		atomic_store(&l->has_asked, true);
	} else {
		l->not_asked++;
	}
	pthread_mutex_unlock(&l->lock);
}

void retain_ask(struct retain *r, const struct keep_request *request)
{
	for (unsigned i = 0; i < r->workers; i++)
		ask_lane(&r->lanes[i], request);
}

void retain_tally(struct retain *r, struct tally_evidence *ret)
{
	*ret = (struct tally_evidence){ 0 };
	for (unsigned i = 0; i < r->workers; i++) {
		struct lane *l = &r->lanes[i];
		pthread_mutex_lock(&l->lock);
		const struct keep_counts *k = &l->told;
		ret->packets += k->packets;
		ret->bytes += k->bytes;
		ret->capacity += k->capacity;
		ret->overwritten += k->overwritten;
		ret->too_large += k->too_large + l->not_asked;
		ret->given += k->given;
		ret->withheld += k->withheld;
		ret->lost += k->lost;
		ret->watches = k->watches > ret->watches ? k->watches : ret->watches;
		pthread_mutex_unlock(&l->lock);
	}
}

/* --- life -------------------------------------------------------------------------------- */

static bool start_lane(struct lane *l, size_t share, uint32_t bytes_per_flow)
{
	const struct keep_options o = {
		.memory_bytes = share - share / PLACES_OF,
		.flow_places = (uint32_t)(share / PLACES_OF / PLACE_BYTES),
		.bytes_per_flow = bytes_per_flow,
		.bytes_per_alert = (uint64_t)bytes_per_flow * RETAIN_PER_ALERT,
		.follow_ns = FOLLOW_NS,
		.give = give,
		.arg = l,
	};
	l->keep = keep_new(&o);
	return l->keep != NULL;
}

struct retain *retain_new(const struct retain_options *o)
{
	struct retain *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	size_t share = o->evidence_bytes / o->workers;
	bool ok = true;
	r->workers = o->workers;
	for (unsigned i = 0; i < LIVE_WORKERS; i++) {
		r->lanes[i].parcels = o->parcels;
		pthread_mutex_init(&r->lanes[i].lock, NULL);
	}
	for (unsigned i = 0; ok && i < r->workers; i++)
		ok = start_lane(&r->lanes[i], share < SHARE_LEAST ? SHARE_LEAST : share,
				(uint32_t)o->bytes_per_flow);
	if (ok)
		return r;
	retain_free(r);
	return NULL;
}

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* The workers are gone: what memory has is given as far as it goes, and as fast as it is read. */
static void give_rest(struct lane *l, uint64_t until_ns)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	if (!l->keep)
		return;
	take_asked(l, l->told_ns);
	for (unsigned turns = 0; turns < GIVE_TURNS && monotonic_ns() < until_ns; turns++) {
		if (!keep_turn(l->keep, l->told_ns))
			break;
		if (turns % 64 == 63)
			(void)nanosleep(&pause, NULL);
	}
	keep_free(l->keep);
	(void)send_in_time(l);
}

void retain_free(struct retain *r)
{
	if (!r)
		return;
	uint64_t until_ns = monotonic_ns() + GIVE_NS;
	for (unsigned i = 0; i < LIVE_WORKERS; i++) {
		give_rest(&r->lanes[i], until_ns);
		pthread_mutex_destroy(&r->lanes[i].lock);
	}
	free(r);
}
