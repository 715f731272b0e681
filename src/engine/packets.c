/*
 * engine/packets.c - see packets.h.
 */
#include "packets.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/content/sets.h"
#include "exfild/event/ring.h"
#include "exfild/sandbox/sandbox.h"
#include "confine.h"
#include "crew.h"
#include "hearsay.h"
#include "retain.h"

#define WAIT_MS     100
#define BEGIN_NS    2000000000ull
#define EVERY_NS    1000000000ull
#define PATIENT_NS  80000000ull  /* of each 100 ms, a ring that is full is waited for */
#define WHOLE_BYTES 1000000ull   /* of a flow, besides what evidence wants of it */
#define LAST_NS     600000000ull /* at the end, in all */

struct packets {
	const struct packets_options *o;
	struct live *live;
	struct crew *crew;
	struct retain *retain; /* NULL: no packets are kept */
	struct hearsay *board;
	struct tally tally;
	uint64_t turns, told_ns;
	const struct content_rules *rules;
	struct ipaddr own[LIVE_OWN]; /* being received */
	size_t own_count;
	bool has_begun, is_stopping;
	atomic_uint sums; /* digests of files that are wanted */
	struct wire message;
};

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* --- what is said to it -------------------------------------------------------------------- */

static void take_sockets(struct packets *p, struct wire *w)
{
	const struct wire_sockets *from = (const void *)w->body;
	struct sockets s = { .count = w->fd_count,
			     .index = from->index,
			     .linktype = from->linktype,
			     .is_loopback = from->is_loopback != 0,
			     .is_filtered = from->is_filtered != 0,
			     .block_size = from->block_size,
			     .block_count = from->block_count };
	memcpy(s.fds, w->fds, sizeof(s.fds[0]) * w->fd_count);
	if (live_set(p->live, from->place, from->name, &s) != 0)
		log_error("capture", "%s: its ring cannot be mapped", from->name);
}

static void take_own(struct packets *p, const struct wire_addresses *a)
{
	if (a->is_first)
		p->own_count = 0;
	for (uint32_t i = 0; i < a->count && i < WIRE_LIST && p->own_count < LIVE_OWN; i++)
		p->own[p->own_count++] = a->list[i];
	if (a->is_last)
		live_set_own(p->live, p->own, p->own_count);
}

/* The memory is sealed; core has read it already, and it is read as carefully again. */
static void take_sets(const struct packets *p, const struct wire *w)
{
	const struct wire_sets *from = (const void *)w->body;
	struct content_sets *sets = NULL;
	char why[256];
	if (from->len && w->fd_count == 1 && from->len <= SET_BYTES) {
		void *at = mmap(NULL, from->len, PROT_READ, MAP_SHARED, w->fds[0], 0);
		if (at == MAP_FAILED) {
			log_error("capture", "sets of prints cannot be mapped");
			return;
		}
		sets = content_sets_read(at, from->len, why, sizeof(why));
		(void)munmap(at, from->len);
		if (!sets)
			log_errorx("capture", "%s", why);
	}
	content_rules_take_sets(p->rules, sets);
}

static void stop(struct packets *p)
{
	p->is_stopping = true;
	ring_set_patience(p->o->ring, LAST_NS);
	live_stop(p->live);
}

static void take_message(struct packets *p, struct wire *w)
{
	switch (w->kind) {
	case WIRE_SOCKETS:
		take_sockets(p, w);
		return;
	case WIRE_UNSET:
		live_unset(p->live, ((const struct wire_unset *)(const void *)w->body)->place);
		break;
	case WIRE_OWN:
		take_own(p, (const void *)w->body);
		break;
	case WIRE_BEGIN:
		p->has_begun = true;
		break;
	case WIRE_STOP:
		stop(p);
		break;
	case WIRE_ASK:
		if (p->retain)
			retain_ask(p->retain, (const void *)w->body);
		break;
	case WIRE_SUMS:
		atomic_store(&p->sums, ((const struct wire_sums *)(const void *)w->body)->wanted);
		break;
	case WIRE_CONNECTIONS:
		crew_connections(p->crew, (const void *)w->body);
		break;
	case WIRE_SETS:
		take_sets(p, w);
		break;
	default:
		break;
	}
	wire_close_fds(w);
}

static void take_messages(struct packets *p)
{
	enum wire_got got;
	while ((got = wire_receive(p->o->parent, &p->message)) == WIRE_RECORD)
		take_message(p, &p->message);
	/* nobody would ever stop it, nor read what it says */
	if (got == WIRE_CLOSED && !p->is_stopping)
		stop(p);
	while (wire_receive(p->o->ask, &p->message) == WIRE_RECORD)
		take_message(p, &p->message);
}

/* --- what it says -------------------------------------------------------------------------- */

static void tell(struct packets *p, bool is_end)
{
	struct rusage used;
	live_update_counts(p->live);
	crew_tally(p->crew, &p->tally, is_end);
	p->tally.turns = ++p->turns;
	if (getrusage(RUSAGE_SELF, &used) == 0)
		p->tally.memory_bytes = (uint64_t)used.ru_maxrss * 1024;
	hearsay_tell(p->board, &p->tally);
}

static void look(void *arg)
{
	struct packets *p = arg;
	uint64_t now_ns = monotonic_ns();
	take_messages(p);
	if (!p->is_stopping)
		ring_set_patience(p->o->ring, PATIENT_NS);
	if (now_ns - p->told_ns >= EVERY_NS) {
		p->told_ns = now_ns;
		tell(p, false);
	}
}

/* --- life ---------------------------------------------------------------------------------- */

static int make(struct packets *p, char *why, size_t why_size)
{
	const struct packets_options *o = p->o;
	const struct hash_key key = hash_key_random();
	const int wakers[LIVE_WAKERS] = { o->parent, o->ask };
	struct crew_options crew = {
		.live = p->live = live_new(o->plan->workers),
		.limits = o->plan->limits,
		.key = &key,
		.event_key = &o->plan->event_key,
		.start_ns = o->plan->start_ns,
		.split = o->split,
		.whole_bytes = WHOLE_BYTES + o->plan->bytes_per_flow,
		.out = { .ring = o->ring },
	};
	const struct retain_options retain = { .evidence_bytes = o->plan->evidence_bytes,
					       .bytes_per_flow = o->plan->bytes_per_flow,
					       .workers = o->plan->workers,
					       .parcels = o->parcels };
	if (!p->live)
		return -EXF_E_NOMEM;
	crew.limits.content = content_rules_new(o->rules, o->rules_len, why, why_size);
	crew.limits.sums = &p->sums;
	if (!crew.limits.content)
		return -EXF_E_INVALID;
	p->rules = crew.limits.content;
	if (o->plan->evidence_bytes && !(crew.retain = p->retain = retain_new(&retain)))
		return -EXF_E_NOMEM;
	p->board = hearsay_attach(o->board);
	live_set_wakers(p->live, wakers);
	return p->board ? crew_new(&crew, &p->crew) : -EXF_E_NOMEM;
}

/* It writes to these descriptors and no other. */
static int give_up(const struct packets *p, char *why, size_t why_size)
{
	struct sandbox_capture s = { .user = p->o->user, .is_sanitized = confine_is_sanitized() };
	s.writes[s.write_count++] = STDERR_FILENO;
	s.writes[s.write_count++] = p->o->parcels;
	s.writes[s.write_count++] = ring_fds(p->o->ring).wake;
	for (unsigned i = 0; i < live_workers(p->live); i++)
		s.writes[s.write_count++] = live_wake_fd(p->live, i);
	s.keeps[s.keep_count++] = p->o->parent;
	s.keeps[s.keep_count++] = p->o->ask;
	return sandbox_enter_capture(&s, why, why_size);
}

/* Interfaces and addresses are there before the first packet is judged. */
static void wait_for_begin(struct packets *p)
{
	uint64_t until_ns = monotonic_ns() + BEGIN_NS;
	while (!p->has_begun && !p->is_stopping && monotonic_ns() < until_ns) {
		struct pollfd fd = { .fd = p->o->parent, .events = POLLIN };
		(void)poll(&fd, 1, WAIT_MS);
		take_messages(p);
	}
}

int packets_run(const struct packets_options *o)
{
	char why[512] = "";
	struct packets *p = calloc(1, sizeof(*p));
	if (!p)
		return 1;
	p->o = o;
	(void)prctl(PR_SET_NAME, "exfild-capture");
	int err = make(p, why, sizeof(why));
	if (!err)
		err = give_up(p, why, sizeof(why));
	if (!err)
		wait_for_begin(p);
	if (!err)
		err = crew_run(p->crew, look, p);
	if (err) {
		log_errorx("capture", "%s", why[0] ? why : exf_strerror(err));
		free(p);
		return 1;
	}
	tell(p, true);
	retain_free(p->retain);
	return 0; /* the end of the process frees the rest */
}
