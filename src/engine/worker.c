/*
 * engine/worker.c - see worker.h.
 */
#include "worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "exfild/base/log.h"
#include "exfild/classify/classify.h"
#include "bulk.h"
#include "feed.h"
#include "hold.h"
#include "own.h"

#define LINK_RAW     101u
#define WAIT_MS      100
#define HAND_NS      100000000ull /* what was gathered is handed on at least this often */
#define NAP_MS       15
#define NAP_FRAMES   8192 /* that came at once at most: of a calm line some are gathered */
#define EVERY_NS     1000000000ull
#define QUIET_NS     50000000ull /* nothing came for so long: wall time moves on */
#define BEHIND_NS    20000000ull /* what the kernel may still hold back */
#define LOOK_FRAMES  256         /* frames between two looks at the clock */
#define BULK_FRAMES  32          /* the same for bulk: 2 MB of segments as long as they go */
#define HANDED_ONCE  64
#define RETAIN_TURNS 64     /* while nothing comes */
#define PAUSE_NS     200000 /* all blocks are held: others let them go */

struct worker {
	struct worker_options o;
	struct live_lane *lane;
	struct decoder *decoder;
	struct plane *plane;
	struct feed feed;
	struct leave *leave;
	struct hold *hold;
	struct bulk *bulk;
	struct own own;
	const struct frame *frame;    /* that is being decoded */
	const struct packet *waiting; /* its packet, to be kept when it was given on */
	bool is_several;              /* interfaces: a packet may come twice */
	uint64_t translated;
	uint64_t now_ns; /* monotonic */
	uint64_t came_ns, handed_ns, told_ns, shortened_ns;
	uint64_t frames, bytes, cut, handed_over;
	uint64_t waited_frames; /* when it last waited */
	uint64_t generation;    /* of the interfaces, when last looked at */
	bool has_refused_link, is_stopped;
	struct handed handed[HANDED_ONCE];
	/* for other threads */
	pthread_mutex_t lock;
	struct worker_counts told;
};

static uint64_t clock_ns(clockid_t which)
{
	struct timespec t = { 0 };
	(void)clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* --- whose a packet is ------------------------------------------------------------------- */

/* The owner by the innermost pair; a router's error goes where the flow is that it speaks of. */
static unsigned owner_of(const struct worker_shared *s, struct packet *p)
{
	struct packet_quote quote;
	const struct ipaddr *a = &p->src, *b = &p->dst;
	if (p->route_hash != p->pair_hash && packet_quoted(p, &quote)) {
		a = &quote.src;
		b = &quote.dst;
	}
	uint32_t hash = split_pair(&s->split, a, b);
	p->route_hash = (uint64_t)hash << 32 | (uint32_t)p->route_hash;
	return split_worker(split_shard(hash, s->shards), s->workers);
}

static void hand_over(struct worker *w, unsigned owner, const struct packet *p, uint32_t input)
{
	bool wake;
	(void)handover_give(w->o.shared->handovers[owner], p, input, &wake);
	w->handed_over++;
	if (wake)
		live_wake(live_lane(w->o.shared->live, owner));
}

/* Of one interface, or of two that see the same packet before and after translation. */
static enum nat_verdict look_for_twin(struct worker *w, uint32_t input, const struct packet *p,
				      bool is_last)
{
	if (!w->is_several || input == FEED_NO_INPUT)
		return NAT_JUDGE;
	enum nat_verdict v = nat_packet(w->o.shared->nat, input, p, own_has(&w->own, &p->src),
					own_has(&w->own, &p->dst), is_last);
	if (v == NAT_WAIT && !hold_put(w->hold, p, input, nat_flow(w->o.shared->nat, p)))
		return NAT_JUDGE;
	w->translated += v == NAT_LEAVE_OUT;
	if (v == NAT_LEAVE_OUT && bulk_concerns(p))
		(void)bulk_count(w->bulk, p, UINT64_MAX, false);
	return v;
}

static bool is_own_or_twice(struct worker *w, uint32_t input, const struct packet *p)
{
	return input != FEED_NO_INPUT && leave_packet(w->leave, input, p);
}

/* A packet that came another way than from the own rings; its block is released. */
static void take(struct worker *w, const struct handed *h, bool is_last)
{
	if (look_for_twin(w, h->input, &h->packet, is_last) == NAT_JUDGE &&
	    !is_own_or_twice(w, h->input, &h->packet))
		feed_packet(&w->feed, &h->packet);
	block_release(h->packet.block);
}

/* Those that have waited long enough, and with them the others of their flows. */
static void take_held(struct worker *w, uint64_t until_ns)
{
	struct handed h, next;
	while (hold_take(w->hold, until_ns, &h)) {
		uint64_t flow = nat_flow(w->o.shared->nat, &h.packet);
		take(w, &h, true);
		while (hold_take_flow(w->hold, flow, &next))
			take(w, &next, true);
	}
}

static void keep(struct worker *w, const struct frame *f, const struct packet *p)
{
	retain_packet(w->o.shared->retain, w->o.number, f, p);
}

/*
 * The worker that has the frame keeps it, whoever judges the packet, and when that is on its way:
 * until then memory has answered.  Of a datagram in fragments, whose frames are gone when its last
 * one comes, all of it is kept as it was put together, while it is there.
 */
static void keep_frame(struct worker *w, uint32_t input, const struct packet *p)
{
	if (!w->o.shared->retain || !w->frame || input == FEED_NO_INPUT)
		return;
	if (!(p->flags & PACKET_REASSEMBLED)) {
		w->waiting = p;
		retain_ahead(w->o.shared->retain, w->o.number, p);
		return;
	}
	struct frame whole = *w->frame;
	whole.data = p->l3;
	whole.caplen = whole.wirelen = p->l3_cap;
	whole.linktype = LINK_RAW;
	keep(w, &whole, p);
}

static bool is_left_out(void *arg, uint32_t input, struct packet *p)
{
	struct worker *w = arg;
	unsigned owner = w->o.shared->workers > 1 ? owner_of(w->o.shared, p) : 0;
	if (owner != w->o.number) {
		keep_frame(w, input, p);
		hand_over(w, owner, p, input);
		return true;
	}
	enum nat_verdict v = look_for_twin(w, input, p, false);
	bool is_out = v == NAT_JUDGE && is_own_or_twice(w, input, p);
	if (v != NAT_LEAVE_OUT && !is_out)
		keep_frame(w, input, p);
	return v != NAT_JUDGE || is_out;
}

static void take_handed(struct worker *w)
{
	size_t count;
	if (w->o.shared->workers < 2)
		return;
	do {
		count = handover_take(w->o.shared->handovers[w->o.number], w->handed, HANDED_ONCE);
		for (size_t i = 0; i < count; i++)
			take(w, &w->handed[i], false);
	} while (count == HANDED_ONCE);
}

/* --- the loop ---------------------------------------------------------------------------- */

static void tell(struct worker *w)
{
	const struct decode_counter *list;
	size_t count = decode_counters(w->decoder, &list);
	const struct clock_law *law = &w->feed.law;
	pthread_mutex_lock(&w->lock);
	struct worker_counts *t = &w->told;
	t->frames = w->frames;
	t->bytes = w->bytes;
	t->cut = w->cut;
	t->handed_over = w->handed_over;
	t->late = law->late;
	t->leaps = law->leaps;
	t->doubted = law->doubted;
	t->now_ns = law->now_ns;
	t->ahead_ns = law->ahead_ns;
	t->steps_back = law->steps_back;
	leave_counts(w->leave, &t->own, &t->twice);
	t->twice += w->translated;
	for (size_t i = 0; i < count && i < TALLY_DECODE; i++)
		t->decode[i] = list[i].count;
	pthread_mutex_unlock(&w->lock);
}

/* All that was taken is handed on; of what comes, nothing is older than now. */
static void hand_on(struct worker *w)
{
	plane_idle(w->plane);
	if (w->o.port)
		port_promise(w->o.port,
			     w->feed.seq > w->feed.law.now_ns ? w->feed.seq : w->feed.law.now_ns);
	w->handed_ns = w->now_ns;
}

static void look_around(struct worker *w)
{
	uint64_t generation = live_generation(w->o.shared->live);
	if (generation == w->generation)
		return;
	w->generation = generation;
	w->is_several = live_count(w->o.shared->live) > 1;
	own_refresh(&w->own, w->o.shared->live);
}

static void shorten(struct worker *w)
{
	struct shorten_flow list[SHORTEN_FLOWS];
	size_t count;
	if (w->now_ns - w->shortened_ns >= HAND_NS) {
		w->shortened_ns = w->now_ns;
		bulk_turn(w->bulk);
	}
	if (bulk_list(w->bulk, list, &count))
		live_shorten(w->lane, list, count);
}

static void look_after(struct worker *w)
{
	w->now_ns = clock_ns(CLOCK_MONOTONIC);
	look_around(w);
	take_handed(w);
	if (w->is_several)
		take_held(w, w->feed.law.now_ns - NAT_WAIT_NS);
	if (w->o.shared->retain)
		(void)retain_turn(w->o.shared->retain, w->o.number, w->feed.law.now_ns);
	shorten(w);
	if (w->now_ns - w->handed_ns >= HAND_NS) {
		hand_on(w);
		if (w->o.look)
			w->o.look(w->o.arg);
	}
	if (w->now_ns - w->told_ns >= EVERY_NS) {
		w->told_ns = w->now_ns;
		leave_refresh(w->leave);
		tell(w);
	}
}

/* Nothing else is to be done: what memory has of an alert is given faster. */
static void give_evidence(struct worker *w)
{
	for (unsigned i = 0; w->o.shared->retain && i < RETAIN_TURNS; i++)
		if (!retain_turn(w->o.shared->retain, w->o.number, w->feed.law.now_ns))
			return;
}

static void on_idle(struct worker *w)
{
	hand_on(w);
	give_evidence(w);
	if (w->o.look)
		w->o.look(w->o.arg);
	uint64_t came = w->frames - w->waited_frames;
	bool is_nap = came > 0 && came < NAP_FRAMES;
	w->waited_frames = w->frames;
	if (w->o.shared->workers < 2 || handover_sleep(w->o.shared->handovers[w->o.number]))
		live_wait(w->lane, is_nap,
			  live_is_stopping(w->lane) ? 5 :
			  is_nap                    ? NAP_MS :
						      WAIT_MS);
	if (clock_ns(CLOCK_MONOTONIC) - w->came_ns > QUIET_NS && !live_is_stopping(w->lane))
		feed_time(&w->feed, LIVE_INTERFACES, clock_ns(CLOCK_REALTIME) - BEHIND_NS);
}

static void on_busy(struct worker *w)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	plane_wait(w->plane);
	if (w->o.shared->workers > 1)
		(void)nanosleep(&pause, NULL);
}

static void on_frame(struct worker *w, const struct frame *f)
{
	w->frames++;
	w->bytes += f->wirelen;
	w->cut += f->caplen < f->wirelen;
	w->came_ns = w->now_ns;
	w->frame = f;
	bool is_read = feed_frame(&w->feed, f);
	if (w->waiting)
		keep(w, f, w->waiting);
	w->waiting = NULL;
	w->frame = NULL;
	if (!is_read && !w->has_refused_link) {
		w->has_refused_link = true;
		log_warnx("capture",
			  "link type %u of an interface is not one that can be read; "
			  "its packets are left out",
			  f->linktype);
	}
}

void worker_read(struct worker *w)
{
	struct frame f;
	int got;
	classifier_begin_thread();
	w->now_ns = w->came_ns = w->handed_ns = clock_ns(CLOCK_MONOTONIC);
	look_around(w);
	while ((got = live_next(w->lane, &f)) != LIVE_END) {
		if (got == 0)
			on_frame(w, &f);
		if (got != 0 || w->frames % LOOK_FRAMES == 0)
			look_after(w);
		else if (w->frames % BULK_FRAMES == 0)
			shorten(w);
		if (got == LIVE_IDLE)
			on_idle(w);
		else if (got == LIVE_BUSY)
			on_busy(w);
	}
}

/*
 * Others may still have much to read, and their events wait for this one's promise: without it they
 * would find no room, and all would wait for each other.
 */
void worker_wait(struct worker *w)
{
	take_handed(w);
	feed_time(&w->feed, LIVE_INTERFACES, clock_ns(CLOCK_REALTIME) - BEHIND_NS);
	hand_on(w);
}

void worker_finish(struct worker *w)
{
	take_handed(w);
	take_held(w, UINT64_MAX);
	feed_finish(&w->feed);
	tell(w);
	if (w->o.port)
		port_close(w->o.port);
}

/* --- life -------------------------------------------------------------------------------- */

struct worker *worker_new(const struct worker_options *o)
{
	struct worker *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	struct outlet out = o->out;
	if (o->port)
		out = (struct outlet){ .port = o->port };
	w->o = *o;
	w->lane = live_lane(o->shared->live, o->number);
	pthread_mutex_init(&w->lock, NULL);
	w->decoder = decoder_new(&o->key);
	w->plane = plane_new_part(o->number, o->shared->workers, &o->limits, &o->key, &o->event_key,
				  &out);
	w->hold = hold_new();
	w->bulk = bulk_new(o->whole_bytes);
	w->leave = leave_new(o->shared->live, &o->shared->connections, &o->key);
	if (!w->decoder || !w->plane || !w->leave || !w->hold || !w->bulk) {
		worker_free(w);
		return NULL;
	}
	plane_set_bulk(w->plane, w->bulk);
	feed_init(&w->feed, w->decoder, w->plane);
	w->feed.is_left_out = is_left_out;
	w->feed.arg = w;
	w->feed.law.follows_back = true;
	w->feed.law.now_ns = o->start_ns;
	w->feed.seq_is_time = o->port != NULL;
	return w;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	feed_deinit(&w->feed);
	plane_free(w->plane);
	decoder_free(w->decoder);
	leave_free(w->leave);
	hold_free(w->hold);
	bulk_free(w->bulk);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void worker_set_look(struct worker *w, void (*look)(void *arg), void *arg)
{
	w->o.look = look;
	w->o.arg = arg;
}

void worker_told(struct worker *w, struct worker_counts *ret)
{
	pthread_mutex_lock(&w->lock);
	*ret = w->told;
	pthread_mutex_unlock(&w->lock);
}

void worker_shards(struct worker *w, bool is_end, struct shard_counts ret[SHARDS])
{
	if (is_end)
		plane_counts(w->plane, ret);
	else
		plane_told(w->plane, ret);
}
