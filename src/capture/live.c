/*
 * Frames of interfaces.  A look (fetch) asks each open handle for what waits, copies it into blocks
 * and sorts it by time where it came from more than one.  The copy costs less than a cache miss
 * would: the bytes have just been written, and without it the packets that the plane holds back
 * (solo.c, rounds.c) would hold the kernel's ring.
 */
#include "exfild/capture/live.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "handle.h"
#include "network.h"
#include "pick.h"

#define BLOCK_SIZE  HANDLE_SNAPLEN
#define RETRY_NS    1000000000ull /* between two tries to open an interface */
#define DRAIN_NS    300000000ull  /* at most, after live_stop() */
#define RETIRE_NS   30000000ull   /* the kernel has given a block back after HANDLE_TIMEOUT_MS */
#define NETWORK_FDS 1

struct pool_block {
	struct block *block;
	uint64_t fetch; /* in which it was written last */
};

struct live {
	struct live_options options;
	struct live_interface named[LIVE_INTERFACES];
	char names[LIVE_INTERFACES][HANDLE_NAME];
	char *filter;

	struct network *network;
	struct pick pick;
	uint64_t generation;

	struct handle handles[LIVE_INTERFACES];
	size_t handle_count;
	uint64_t retry_ns; /* monotonic */

	struct frame queue[LIVE_FRAMES];
	size_t queue_at, queue_count;
	uint64_t number;
	struct pool_block pool[LIVE_BLOCKS];
	size_t pool_at;
	struct block *block; /* being filled */
	size_t block_used;
	uint64_t fetch;
	bool is_busy; /* a frame found no block */

	bool is_stopping;
	uint64_t stopped_ns; /* monotonic */
};

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* A block that nobody holds and that this fetch has not written to. */
static bool next_block(struct live *l)
{
	for (size_t i = 0; i < LIVE_BLOCKS; i++) {
		struct pool_block *p = &l->pool[(l->pool_at + i) % LIVE_BLOCKS];
		if (!p->block)
			p->block = block_new(BLOCK_SIZE);
		else if (block_refs(p->block) != 1 || p->fetch == l->fetch)
			continue;
		if (!p->block)
			return false;
		l->pool_at = (l->pool_at + i) % LIVE_BLOCKS;
		p->fetch = l->fetch;
		l->block = p->block;
		l->block_used = 0;
		return true;
	}
	return false;
}

/* Room for one frame of the greatest length at least: otherwise the ring keeps the rest. */
static bool has_room(struct live *l)
{
	size_t free_blocks = 0;
	for (size_t i = 0; i < LIVE_BLOCKS && free_blocks < 1; i++) {
		const struct pool_block *p = &l->pool[i];
		free_blocks += !p->block || (block_refs(p->block) == 1 && p->fetch != l->fetch);
	}
	return free_blocks > 0;
}

static bool take_frame(void *arg, const struct handle *h, const struct handle_frame *f)
{
	struct live *l = arg;
	if (l->queue_count == LIVE_FRAMES)
		return false;
	if ((!l->block || BLOCK_SIZE - l->block_used < f->caplen) && !next_block(l)) {
		l->is_busy = true;
		return false;
	}
	uint8_t *at = l->block->data + l->block_used;
	memcpy(at, f->data, f->caplen);
	l->block_used += f->caplen;
	l->pool[l->pool_at].fetch = l->fetch;
	l->queue[l->queue_count++] = (struct frame){
		.data = at,
		.caplen = f->caplen,
		.wirelen = f->wirelen > f->caplen ? f->wirelen : f->caplen,
		.time_ns = f->time_ns,
		.linktype = h->linktype,
		.input = (uint32_t)(h - l->handles),
		.block = l->block,
	};
	return true;
}

static int by_time(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	/* within one interface as they came: data rises, but for a change of block */
	return x->number < y->number ? -1 : x->number > y->number;
}

static void fetch(struct live *l)
{
	size_t sources = 0;
	l->queue_at = l->queue_count = 0;
	l->is_busy = false;
	l->fetch++;
	if (!l->handle_count || !has_room(l)) {
		l->is_busy = l->handle_count != 0;
		return;
	}
	size_t share = LIVE_FRAMES / l->handle_count;
	for (size_t i = 0; i < l->handle_count; i++) {
		size_t before = l->queue_count;
		handle_read(&l->handles[i], (int)share, take_frame, l);
		sources += l->queue_count > before;
	}
	for (size_t i = 0; i < l->queue_count; i++)
		l->queue[i].number = i;
	if (sources > 1)
		qsort(l->queue, l->queue_count, sizeof(l->queue[0]), by_time);
}

int live_next(struct live *l, struct frame *ret)
{
	if (l->queue_at == l->queue_count) {
		uint64_t since = l->is_stopping ? monotonic_ns() - l->stopped_ns : 0;
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

void live_stop(struct live *l)
{
	if (l->is_stopping)
		return;
	l->is_stopping = true;
	l->stopped_ns = monotonic_ns();
}

static struct handle *find_handle(struct live *l, const char *name)
{
	for (size_t i = 0; i < l->handle_count; i++)
		if (strcmp(l->handles[i].name, name) == 0)
			return &l->handles[i];
	return NULL;
}

static struct handle_options handle_options_of(const struct live *l, const char *extra)
{
	size_t count = l->pick.count ? l->pick.count : 1;
	return (struct handle_options){
		.buffer_bytes = l->options.buffer_bytes / count,
		.filter = l->filter,
		.extra_filter = extra,
	};
}

/* Opens what is to be watched and is there; closes what is not any more. */
static void follow(struct live *l, bool is_start)
{
	char why[512];
	for (size_t i = 0; i < l->handle_count; i++)
		if (!pick_find(&l->pick, l->handles[i].name))
			handle_close(&l->handles[i], "it is not inside any more");
	for (size_t i = 0; i < l->pick.count; i++) {
		const struct picked *p = &l->pick.list[i];
		struct handle *h = find_handle(l, p->name);
		if (!h) {
			if (l->handle_count == LIVE_INTERFACES)
				continue;
			h = &l->handles[l->handle_count++];
			handle_init(h, p->name);
		}
		handle_check(h);
		if (h->pcap)
			continue;
		struct handle_options o = handle_options_of(l, p->filter);
		int err = handle_open(h, &o, why, sizeof(why));
		if (!err)
			log_info("capture", "%s: listening%s", h->name,
				 h->opened > 1 ? " again" : "");
		else if (!h->is_said)
			log_warnx("capture", "%s", why);
		h->is_said = err != 0 && !is_start;
	}
}

static void take_network(struct live *l, bool is_start)
{
	pick_make(&l->pick, network_state(l->network), l->named, l->options.interface_count);
	l->generation++;
	follow(l, is_start);
}

void live_wait(struct live *l, int timeout_ms)
{
	struct pollfd fds[LIVE_INTERFACES + NETWORK_FDS];
	nfds_t count = 0;
	if (l->network && !l->is_stopping)
		fds[count++] = (struct pollfd){ .fd = network_fd(l->network), .events = POLLIN };
	for (size_t i = 0; i < l->handle_count; i++)
		if (l->handles[i].pcap)
			fds[count++] = (struct pollfd){ .fd = l->handles[i].fd, .events = POLLIN };
	(void)poll(fds, count, timeout_ms);
	if (l->is_stopping)
		return;
	bool changed = l->network && network_read(l->network);
	uint64_t now_ns = monotonic_ns();
	if (changed)
		take_network(l, false);
	else if (now_ns >= l->retry_ns)
		follow(l, false);
	if (now_ns >= l->retry_ns)
		l->retry_ns = now_ns + RETRY_NS;
}

static int copy_options(struct live *l, const struct live_options *o, char *why, size_t size)
{
	l->options = *o;
	if (o->interface_count > LIVE_INTERFACES) {
		(void)snprintf(why, size, "at most %d interfaces can be watched", LIVE_INTERFACES);
		return -EXF_E_LIMIT;
	}
	for (size_t i = 0; i < o->interface_count; i++) {
		if (strlen(o->interfaces[i].name) >= HANDLE_NAME) {
			(void)snprintf(why, size,
				       "%s is no name of an interface: at most %d characters",
				       o->interfaces[i].name, HANDLE_NAME - 1);
			return -EXF_E_INVALID;
		}
		str_copy(l->names[i], HANDLE_NAME, o->interfaces[i].name);
		l->named[i] = (struct live_interface){ l->names[i], o->interfaces[i].side };
	}
	l->filter = o->filter && *o->filter ? strdup(o->filter) : NULL;
	return o->filter && *o->filter && !l->filter ? -EXF_E_NOMEM : 0;
}

/* The first time everything that was named must work, and something must be there. */
static int open_first(struct live *l, char *why, size_t size)
{
	if (l->pick.count == 0) {
		(void)snprintf(why, size,
			       "no interface to watch: none is up; name one with -i, for example "
			       "-i eth1");
		return -EXF_E_INVALID;
	}
	for (size_t i = 0; i < l->pick.count; i++) {
		struct handle *h = &l->handles[l->handle_count++];
		struct handle_options o = handle_options_of(l, l->pick.list[i].filter);
		handle_init(h, l->pick.list[i].name);
		int err = handle_open(h, &o, why, size);
		if (err)
			return err;
		log_info("capture", "%s: listening", h->name);
	}
	return 0;
}

int live_open(const struct live_options *o, struct live **ret, char *ret_why, size_t why_size)
{
	struct live *l = calloc(1, sizeof(*l));
	if (!l)
		return -EXF_E_NOMEM;
	int err = copy_options(l, o, ret_why, why_size);
	if (!err)
		err = network_open(&l->network, ret_why, why_size);
	if (!err) {
		pick_make(&l->pick, network_state(l->network), l->named,
			  l->options.interface_count);
		l->generation++;
		err = open_first(l, ret_why, why_size);
	}
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
	for (size_t i = 0; i < l->handle_count; i++)
		handle_close(&l->handles[i], NULL);
	for (size_t i = 0; i < LIVE_BLOCKS; i++)
		block_release(l->pool[i].block);
	pick_deinit(&l->pick);
	network_close(l->network);
	free(l->filter);
	free(l);
}

uint64_t live_update_counts(struct live *l)
{
	uint64_t drops = 0;
	for (size_t i = 0; i < l->handle_count; i++)
		drops += handle_update_counts(&l->handles[i]);
	return drops;
}

size_t live_count(const struct live *l)
{
	return l->handle_count;
}

void live_counts(const struct live *l, size_t i, struct live_counts *ret)
{
	const struct handle *h = &l->handles[i];
	*ret = (struct live_counts){
		.name = h->name,
		.is_open = h->pcap != NULL,
		.frames = h->frames,
		.bytes = h->bytes,
		.drops = h->drops,
		.waiting = h->waiting,
		.opened = h->opened,
	};
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

bool live_is_own(const struct live *l, const struct ipaddr *a)
{
	return network_is_own(network_state(l->network), a);
}
