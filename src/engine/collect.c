/*
 * engine/collect.c - see collect.h.
 */
#include "collect.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "retain.h"
#include "wire.h"

#define DAY_S      86400ull
#define PARCEL_MAX (sizeof(struct retain_parcel) + 262144)
#define ONCE       8 /* messages between two looks at the rest */
#define LINK_MAX   65535u
#define LAST_NS    500000000ull

struct asked { /* an alert whose packets may come */
	char alert_id[KEEP_ID_MAX];
	uint64_t touched;
	uint64_t bytes; /* that came */
};

struct collector {
	uint64_t bytes_per_alert;
	int wake_fd;
	uint8_t *message;     /* the thread's: parcels */
	int parcels;          /* the thread's; -1: none */
	pthread_mutex_t lock; /* of what follows */
	int next_parcels;     /* to take the place of `parcels`; -1: none */
	struct asked asked[COLLECT_ALERTS];
	struct asked *recent; /* found last */
	uint64_t asks;
	uint64_t not_asked, unasked;
	struct vault *vault;
	bool is_stopping, has_thread;
	pthread_t thread;
	int ask; /* the analysis's */
};

static uint64_t wall_s(void)
{
	return (uint64_t)time(NULL);
}

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* --- to the files ------------------------------------------------------------------------ */

static struct asked *find_asked(struct collector *c, const char *alert_id)
{
	struct asked *a = c->recent;
	if (a && a->touched && strcmp(a->alert_id, alert_id) == 0)
		return a;
	for (size_t i = 0; i < COLLECT_ALERTS; i++)
		if (c->asked[i].touched && strcmp(c->asked[i].alert_id, alert_id) == 0)
			return c->recent = &c->asked[i];
	return NULL;
}

/* False: nobody has asked for it. */
static bool put_parcel(struct collector *c, const struct retain_parcel *parcel, const uint8_t *data)
{
	struct retain_parcel p = *parcel;
	p.alert_id[KEEP_ID_MAX - 1] = '\0';
	struct asked *a = find_asked(c, p.alert_id);
	if (!a || p.linktype > LINK_MAX)
		return false;
	if (p.is_end) {
		const struct keep_end end = { .packets = p.packets,
					      .bytes = p.bytes,
					      .withheld = p.withheld,
					      .lost = p.lost,
					      .reach_ns = p.reach_ns,
					      .is_short = p.is_short != 0,
					      .is_early = p.is_early != 0,
					      .time_ns = p.time_ns };
		vault_end(c->vault, a->alert_id, &end, wall_s());
		return true;
	}
	const struct frame f = { .data = data,
				 .caplen = p.caplen,
				 .wirelen = p.wirelen < p.caplen ? p.caplen : p.wirelen,
				 .linktype = p.linktype,
				 .time_ns = p.time_ns };
	a->bytes += p.caplen;
	if (a->bytes > c->bytes_per_alert)
		return false;
	vault_packet(c->vault, a->alert_id, &f, wall_s());
	return true;
}

/* What is cut short, or longer than its message, is as if nobody had asked for it. */
static void put_message(struct collector *c, size_t len)
{
	size_t at = 0;
	while (at < len) {
		struct retain_parcel p;
		bool is_whole = len - at >= sizeof(p);
		if (is_whole) {
			memcpy(&p, c->message + at, sizeof(p));
			at += sizeof(p);
			is_whole = p.caplen <= len - at;
		}
		c->unasked += !is_whole || !put_parcel(c, &p, c->message + at);
		at = is_whole ? at + p.caplen : len;
	}
}

/* Under the lock.  False: there are no more now. */
static bool read_parcels(struct collector *c)
{
	for (unsigned i = 0; i < ONCE; i++) {
		ssize_t got = c->parcels < 0 ?
				      -1 :
				      recv(c->parcels, c->message, PARCEL_MAX, MSG_DONTWAIT);
		if (got == 0 && c->parcels >= 0) {
			(void)close(c->parcels);
			c->parcels = -1;
		}
		if (got <= 0)
			return false;
		put_message(c, (size_t)got);
	}
	return true;
}

static void read_all(struct collector *c)
{
	uint64_t until_ns = monotonic_ns() + LAST_NS;
	while (read_parcels(c) && monotonic_ns() < until_ns)
		;
}

static void change_socket(struct collector *c)
{
	if (c->next_parcels < 0)
		return;
	read_all(c);
	if (c->parcels >= 0)
		(void)close(c->parcels);
	c->parcels = c->next_parcels;
	c->next_parcels = -1;
}

static void wait_for_parcels(struct collector *c)
{
	uint64_t calls;
	struct pollfd fds[2] = { { .fd = c->wake_fd, .events = POLLIN },
				 { .fd = c->parcels, .events = POLLIN } };
	(void)poll(fds, 2, 1000);
	if (fds[0].revents && read(c->wake_fd, &calls, sizeof(calls)) < 0)
		return; /* it is quiet all the same */
}

static void *write_main(void *arg)
{
	struct collector *c = arg;
	pthread_mutex_lock(&c->lock);
	while (!c->is_stopping) {
		change_socket(c);
		bool more = read_parcels(c);
		vault_turn(c->vault, wall_s());
		pthread_mutex_unlock(&c->lock);
		if (!more)
			wait_for_parcels(c);
		pthread_mutex_lock(&c->lock);
	}
	read_all(c);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static void wake(const struct collector *c)
{
	const uint64_t one = 1;
	ssize_t done = write(c->wake_fd, &one, sizeof(one));
	(void)done; /* full: it is awake */
}

/* --- others' ----------------------------------------------------------------------------- */

void collector_connect(struct collector *c, int parcels, int ask)
{
	if (c->ask >= 0)
		(void)close(c->ask);
	c->ask = ask;
	pthread_mutex_lock(&c->lock);
	if (c->next_parcels >= 0)
		(void)close(c->next_parcels);
	c->next_parcels = parcels;
	pthread_mutex_unlock(&c->lock);
	wake(c);
}

/* Its place, a free one, or that of the alert that was asked for longest ago. */
static void note_asked(struct collector *c, const char *alert_id)
{
	struct asked *a = find_asked(c, alert_id);
	if (!a) {
		a = &c->asked[0];
		for (size_t i = 1; i < COLLECT_ALERTS; i++)
			if (c->asked[i].touched < a->touched)
				a = &c->asked[i];
		*a = (struct asked){ 0 };
		memcpy(a->alert_id, alert_id, strnlen(alert_id, KEEP_ID_MAX - 1));
	}
	a->touched = ++c->asks;
}

void collector_ask(struct collector *c, const struct alert *a)
{
	const struct finding *f = &a->finding;
	struct keep_request r;
	if (!f->subject.has_ip)
		return;
	memset(&r, 0, sizeof(r));
	r.has_peer = f->peer.has_ip;
	r.proto = f->proto;
	r.tunnel_key = f->tunnel_key;
	r.subject = f->subject.ip;
	r.peer = f->peer.ip;
	r.start_ns = f->start_ns;
	memcpy(r.alert_id, a->alert_id, strnlen(a->alert_id, KEEP_ID_MAX - 1));
	pthread_mutex_lock(&c->lock);
	note_asked(c, r.alert_id);
	pthread_mutex_unlock(&c->lock);
	if (c->ask < 0 || !wire_send(c->ask, WIRE_ASK, &r, sizeof(r), NULL, 0)) {
		pthread_mutex_lock(&c->lock);
		c->not_asked++;
		pthread_mutex_unlock(&c->lock);
	}
}

bool collector_find(struct collector *c, const char *alert_id, struct vault_found *ret)
{
	pthread_mutex_lock(&c->lock);
	bool is_there = vault_find(c->vault, alert_id, ret);
	pthread_mutex_unlock(&c->lock);
	return is_there;
}

void collector_counts(struct collector *c, struct collect_counts *ret)
{
	*ret = (struct collect_counts){ 0 };
	pthread_mutex_lock(&c->lock);
	ret->not_asked = c->not_asked;
	ret->unasked = c->unasked;
	vault_counts(c->vault, &ret->vault);
	pthread_mutex_unlock(&c->lock);
}

/* --- life -------------------------------------------------------------------------------- */

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

static int open_vault(struct collector *c, const struct config *config, uint64_t disk_bytes,
		      unsigned workers)
{
	char why[512];
	const struct vault_options o = { .directory = config->evidence.directory,
					 .max_bytes = disk_bytes,
					 .keep_s = config->privacy.evidence_days * DAY_S,
					 .givers = workers };
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
	c->bytes_per_alert = config->evidence.kb_per_flow * 1024 * RETAIN_PER_ALERT * workers;
	c->parcels = c->next_parcels = c->ask = -1;
	pthread_mutex_init(&c->lock, NULL);
	c->message = malloc(PARCEL_MAX);
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int err = open_vault(c, config, sizes->evidence_disk, workers);
	if (!err && c->message && c->wake_fd >= 0 && start_thread(c)) {
		*ret = c;
		return 0;
	}
	collector_free(c);
	return err == -EXF_E_IO ? 0 : -EXF_E_NOMEM;
}

static void close_one(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

void collector_free(struct collector *c)
{
	if (!c)
		return;
	if (c->has_thread) {
		pthread_mutex_lock(&c->lock);
		c->is_stopping = true;
		pthread_mutex_unlock(&c->lock);
		wake(c);
		(void)pthread_join(c->thread, NULL);
		/* one that was given and never begun */
		change_socket(c);
		read_all(c);
	}
	vault_close(c->vault);
	close_one(c->parcels);
	close_one(c->next_parcels);
	close_one(c->ask);
	close_one(c->wake_fd);
	free(c->message);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
