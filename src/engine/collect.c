/*
 * engine/collect.c - see collect.h.
 */
#include "collect.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "exfild/capture/live.h"
#include "exfild/evidence/outbox.h"

#define FOLLOW_NS   (60ull * 1000000000ull)
#define SHARE_LEAST (512u << 10) /* of a worker: the largest frame must have room */
#define OUTBOX_OF   4            /* a worker's share: a quarter on the way to the disk, */
#define PLACES_OF   8            /* an eighth for the flows' budgets, the rest packets */
#define PLACE_BYTES 16
#define DAY_S       86400ull
#define TELL_NS     1000000000ull
#define PER_ALERT   16 /* an alert's packets: so many times what a flow may keep */

struct lane { /* of one worker */
	struct collector *collector;
	struct keep *keep;
	struct outbox *outbox;
	uint64_t told_ns;
	/* for other threads */
	pthread_mutex_t lock;
	struct keep_request asked[COLLECT_ASKED];
	unsigned asked_count;
	_Atomic bool has_asked;
	uint64_t not_asked;
	struct keep_counts told;
};

struct collector {
	unsigned workers;
	struct lane lanes[LIVE_WORKERS];
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	struct vault *vault;
	bool has_parcels, is_stopping, has_thread;
	pthread_t thread;
};

static uint64_t wall_s(void)
{
	return (uint64_t)time(NULL);
}

/* --- to the files ------------------------------------------------------------------------ */

static void put_parcel(void *arg, const struct parcel *p)
{
	struct collector *c = arg;
	if (p->frame)
		vault_packet(c->vault, p->alert_id, p->frame, wall_s());
	else
		vault_end(c->vault, p->alert_id, p->end, wall_s());
}

/* Under the lock: a packet's worker has its outbox's own lock only. */
static void write_parcels(struct collector *c)
{
	for (unsigned i = 0; i < c->workers; i++)
		(void)outbox_read(c->lanes[i].outbox, put_parcel, c);
	vault_turn(c->vault, wall_s());
}

static void *write_main(void *arg)
{
	struct collector *c = arg;
	pthread_mutex_lock(&c->lock);
	while (!c->is_stopping) {
		struct timespec soon = { 0 };
		(void)clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_sec++;
		if (!c->has_parcels)
			(void)pthread_cond_timedwait(&c->wake, &c->lock, &soon);
		c->has_parcels = false;
		write_parcels(c);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* --- a worker's -------------------------------------------------------------------------- */

/* The writer sleeps while all outboxes are empty; trylock: it is awake, and will look again. */
static void wake_writer(struct collector *c)
{
	if (pthread_mutex_trylock(&c->lock) != 0)
		return;
	c->has_parcels = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

static bool give(void *arg, const char *alert_id, const struct frame *f, const struct keep_end *end)
{
	struct lane *l = arg;
	bool was_empty;
	bool has_room = outbox_put(l->outbox, alert_id, f, end, &was_empty);
	if (was_empty || !has_room)
		wake_writer(l->collector);
	return has_room;
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

void collector_packet(struct collector *c, unsigned worker, const struct frame *f,
		      const struct packet *p)
{
	keep_packet(c->lanes[worker].keep, f, p);
}

bool collector_turn(struct collector *c, unsigned worker, uint64_t now_ns)
{
	struct lane *l = &c->lanes[worker];
	take_asked(l, now_ns);
	bool more = keep_turn(l->keep, now_ns);
	if (now_ns - l->told_ns >= TELL_NS) {
		l->told_ns = now_ns;
		pthread_mutex_lock(&l->lock);
		keep_counts(l->keep, &l->told);
		pthread_mutex_unlock(&l->lock);
	}
	return more;
}

/* --- others' ----------------------------------------------------------------------------- */

static void ask_lane(struct lane *l, const struct keep_request *r)
{
	pthread_mutex_lock(&l->lock);
	unsigned i = 0;
	while (i < l->asked_count && strcmp(l->asked[i].alert_id, r->alert_id) != 0)
		i++;
	if (i < COLLECT_ASKED) {
		l->asked[i] = *r;
		l->asked_count += i == l->asked_count;
		atomic_store(&l->has_asked, true);
	} else {
		l->not_asked++;
	}
	pthread_mutex_unlock(&l->lock);
}

void collector_ask(struct collector *c, const struct alert *a)
{
	const struct finding *f = &a->finding;
	struct keep_request r = {
		.has_peer = f->peer.has_ip,
		.proto = f->proto,
		.tunnel_key = f->tunnel_key,
		.subject = f->subject.ip,
		.peer = f->peer.ip,
		.start_ns = f->start_ns,
	};
	if (!f->subject.has_ip)
		return;
	memcpy(r.alert_id, a->alert_id, strnlen(a->alert_id, KEEP_ID_MAX - 1));
	for (unsigned i = 0; i < c->workers; i++)
		ask_lane(&c->lanes[i], &r);
}

bool collector_find(struct collector *c, const char *alert_id, struct vault_found *ret)
{
	pthread_mutex_lock(&c->lock);
	bool is_there = vault_find(c->vault, alert_id, ret);
	pthread_mutex_unlock(&c->lock);
	return is_there;
}

static void add_counts(struct keep_counts *sum, const struct keep_counts *k)
{
	sum->packets += k->packets;
	sum->bytes += k->bytes;
	sum->capacity += k->capacity;
	sum->overwritten += k->overwritten;
	sum->too_large += k->too_large;
	sum->given += k->given;
	sum->withheld += k->withheld;
	sum->lost += k->lost;
	sum->ended_early += k->ended_early;
	sum->watches = k->watches > sum->watches ? k->watches : sum->watches;
}

void collector_counts(struct collector *c, struct collect_counts *ret)
{
	*ret = (struct collect_counts){ 0 };
	for (unsigned i = 0; i < c->workers; i++) {
		struct lane *l = &c->lanes[i];
		pthread_mutex_lock(&l->lock);
		add_counts(&ret->keep, &l->told);
		ret->not_asked += l->not_asked;
		pthread_mutex_unlock(&l->lock);
	}
	pthread_mutex_lock(&c->lock);
	vault_counts(c->vault, &ret->vault);
	pthread_mutex_unlock(&c->lock);
}

/* --- life -------------------------------------------------------------------------------- */

static bool start_lane(struct lane *l, size_t share, uint32_t bytes_per_flow)
{
	const struct keep_options o = {
		.memory_bytes = share - share / OUTBOX_OF - share / PLACES_OF,
		.flow_places = (uint32_t)(share / PLACES_OF / PLACE_BYTES),
		.bytes_per_flow = bytes_per_flow,
		.bytes_per_alert = (uint64_t)bytes_per_flow * PER_ALERT,
		.follow_ns = FOLLOW_NS,
		.give = give,
		.arg = l,
	};
	l->outbox = outbox_new(share / OUTBOX_OF);
	l->keep = keep_new(&o);
	return l->outbox && l->keep;
}

/* Signals are the main thread's. */
static bool start_thread(struct collector *c)
{
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	c->has_thread = pthread_create(&c->thread, NULL, write_main, c) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return c->has_thread;
}

static int open_vault(struct collector *c, const struct config *config, uint64_t disk_bytes)
{
	char why[512];
	const struct vault_options o = { .directory = config->evidence.directory,
					 .max_bytes = disk_bytes,
					 .keep_s = config->privacy.evidence_days * DAY_S,
					 .givers = c->workers };
	int err = vault_open(&o, &c->vault, why, sizeof(why));
	if (err == -EXF_E_IO)
		log_errorx("evidence", "%s", why);
	return err;
}

int collector_new(const struct config *config, const struct sizes *sizes, unsigned workers,
		  struct collector **ret)
{
	*ret = NULL;
	if (!sizes->evidence_bytes)
		return 0;
	struct collector *c = calloc(1, sizeof(*c));
	if (!c)
		return -EXF_E_NOMEM;
	size_t share = sizes->evidence_bytes / workers;
	uint32_t bytes_per_flow = (uint32_t)config->evidence.kb_per_flow * 1024;
	c->workers = workers;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	for (unsigned i = 0; i < LIVE_WORKERS; i++) {
		c->lanes[i].collector = c;
		pthread_mutex_init(&c->lanes[i].lock, NULL);
	}
	int err = open_vault(c, config, sizes->evidence_disk);
	bool ok = !err;
	for (unsigned i = 0; ok && i < workers; i++)
		ok = start_lane(&c->lanes[i], share < SHARE_LEAST ? SHARE_LEAST : share,
				bytes_per_flow);
	if (ok && start_thread(c)) {
		*ret = c;
		return 0;
	}
	collector_free(c);
	return err == -EXF_E_IO ? 0 : -EXF_E_NOMEM;
}

/* Nobody else is there any more: what memory has is given as far as it goes. */
static void give_rest(struct collector *c, struct lane *l)
{
	bool more = true;
	take_asked(l, l->told_ns);
	for (unsigned turns = 0; more && turns < 65536; turns++) {
		more = keep_turn(l->keep, l->told_ns);
		write_parcels(c);
	}
	keep_free(l->keep);
	l->keep = NULL;
	write_parcels(c);
}

void collector_free(struct collector *c)
{
	if (!c)
		return;
	if (c->has_thread) {
		pthread_mutex_lock(&c->lock);
		c->is_stopping = true;
		pthread_cond_signal(&c->wake);
		pthread_mutex_unlock(&c->lock);
		(void)pthread_join(c->thread, NULL);
		for (unsigned i = 0; i < c->workers; i++)
			give_rest(c, &c->lanes[i]);
	}
	vault_close(c->vault);
	for (unsigned i = 0; i < LIVE_WORKERS; i++) {
		keep_free(c->lanes[i].keep);
		outbox_free(c->lanes[i].outbox);
		pthread_mutex_destroy(&c->lanes[i].lock);
	}
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
