/*
 * evidence/keep.c - see include/exfild/evidence/keep.h
 *
 * A flow's budget sits in a table of one place a hash: two flows that share a place take it from
 * each other and begin anew, which keeps too much, never too little; the ring bounds it all.
 * Whether a packet belongs to an alert that is followed is asked of a small bitmap first.
 */
#include "exfild/evidence/keep.h"

#include <stdlib.h>
#include <string.h>

#include "exfild/base/hash.h"
#include "exfild/base/pages.h"
#include "ring.h"

#define BUDGET_IDLE  (300ull * 1000000000ull)
#define FILTER_WORDS 64
#define EARLIER_NS   (10ull * 1000000000ull) /* an alert without peer: from so long before it */
#define PORTION      1024                    /* records looked at in a turn */
#define CUT_LEAST    64u                     /* bytes of a packet that are worth keeping */

struct budget {
	uint32_t flow; /* the rest of its hash */
	uint32_t used;
	uint64_t last_ns;
};

struct watch {
	struct keep_request asked;
	bool is_used, is_running;
	bool is_reading; /* of what is in memory, from here on: */
	uint64_t at;     /* in the ring */
	uint32_t mark;   /* what to look for there */
	uint64_t until_ns, touched;
	uint64_t last_number; /* packets up to this one have been looked at */
	struct keep_end end;
};

struct keep {
	struct keep_options o;
	struct ring ring;
	struct budget *budgets;
	struct watch watches[KEEP_WATCHES];
	uint32_t running;
	uint64_t filter[FILTER_WORDS]; /* addresses of subjects that are followed */
	uint64_t number, asks;
	struct keep_counts counts;
};

static size_t budget_bytes(const struct keep *k)
{
	return k->o.flow_places * sizeof(*k->budgets);
}

struct keep *keep_new(const struct keep_options *o)
{
	struct keep *k = calloc(1, sizeof(*k));
	if (!k)
		return NULL;
	k->o = *o;
	k->budgets = pages_map(budget_bytes(k));
	if (k->budgets && ring_init(&k->ring, o->memory_bytes)) {
		pages_advise(k->budgets, 0, budget_bytes(k));
		pages_touch(k->budgets, budget_bytes(k));
		return k;
	}
	pages_unmap(k->budgets, budget_bytes(k));
	free(k);
	return NULL;
}

/* --- who is followed --------------------------------------------------------------------- */

static unsigned filter_bit(const struct ipaddr *a)
{
	uint64_t mixed = (a->u.q[0] ^ a->u.q[1]) * 0x9e3779b97f4a7c15ull;
	return (unsigned)(mixed >> 52) % (64 * FILTER_WORDS);
}

static bool may_be_followed(const struct keep *k, const struct ipaddr *a)
{
	unsigned bit = filter_bit(a);
	return (k->filter[bit / 64] >> bit % 64 & 1) != 0;
}

static void make_filter(struct keep *k)
{
	memset(k->filter, 0, sizeof(k->filter));
	for (unsigned i = 0; i < KEEP_WATCHES; i++) {
		if (!k->watches[i].is_running)
			continue;
		unsigned bit = filter_bit(&k->watches[i].asked.subject);
		k->filter[bit / 64] |= 1ull << bit % 64;
	}
}

static bool concerns(const struct keep_request *r, const struct ipaddr *src,
		     const struct ipaddr *dst, uint32_t proto, uint32_t tunnel_key)
{
	bool is_src = ipaddr_equal(src, &r->subject);
	if (tunnel_key != r->tunnel_key || (!is_src && !ipaddr_equal(dst, &r->subject)))
		return false;
	return (!r->has_peer || ipaddr_equal(is_src ? dst : src, &r->peer)) &&
	       (!r->proto || r->proto == proto);
}

/* --- giving ------------------------------------------------------------------------------ */

/* False: there is no room for it now. */
static bool give(struct keep *k, struct watch *w, const struct frame *f)
{
	if (w->end.bytes + f->caplen > k->o.bytes_per_alert) {
		w->end.withheld++;
		k->counts.withheld++;
		return true;
	}
	if (!k->o.give(k->o.arg, w->asked.alert_id, f, NULL))
		return false;
	w->end.packets++;
	w->end.bytes += f->caplen;
	k->counts.given++;
	return true;
}

static bool is_for(const struct watch *w, const struct kept *x)
{
	const struct keep_request *r = &w->asked;
	uint64_t since_ns = r->has_peer || r->start_ns < EARLIER_NS ? 0 : r->start_ns - EARLIER_NS;
	return x->number > w->last_number && x->time_ns >= since_ns &&
	       concerns(r, &x->src, &x->dst, x->proto, x->tunnel_key);
}

/* What memory still has for it, and never will be given. */
static void count_rest(struct keep *k, struct watch *w)
{
	const struct kept *x;
	while ((x = ring_next(&k->ring, &w->at, w->mark)) != NULL) {
		bool is_lost = is_for(w, x);
		w->end.lost += is_lost;
		k->counts.lost += is_lost;
	}
}

static void end_watch(struct keep *k, struct watch *w, uint64_t now_ns, bool is_early)
{
	if (w->is_reading)
		count_rest(k, w);
	w->is_running = w->is_reading = false;
	w->last_number = k->number;
	w->end.is_early = is_early;
	w->end.time_ns = now_ns;
	k->running--;
	k->counts.ended_early += is_early;
	make_filter(k);
	(void)k->o.give(k->o.arg, w->asked.alert_id, NULL, &w->end);
}

void keep_free(struct keep *k)
{
	if (!k)
		return;
	for (unsigned i = 0; i < KEEP_WATCHES; i++)
		if (k->watches[i].is_running)
			end_watch(k, &k->watches[i], k->watches[i].until_ns, true);
	ring_deinit(&k->ring);
	pages_unmap(k->budgets, budget_bytes(k));
	free(k);
}

/* Gives it to those who have caught up; true: others will find it in memory. */
static bool follow(struct keep *k, const struct frame *f, const struct packet *p)
{
	bool is_awaited = false;
	for (unsigned i = 0; i < KEEP_WATCHES; i++) {
		struct watch *w = &k->watches[i];
		if (!w->is_running ||
		    !concerns(&w->asked, &p->src, &p->dst, p->proto, p->tunnel_key))
			continue;
		if (w->is_reading) {
			is_awaited = true;
			continue;
		}
		struct frame g = *f;
		g.time_ns = p->time_ns;
		if (!give(k, w, &g)) {
			/* it goes through the memory, and so does what follows it */
			w->is_reading = is_awaited = true;
			w->at = k->ring.head;
		}
	}
	return is_awaited;
}

/* --- keeping ----------------------------------------------------------------------------- */

/* Ports in one order; the two directions of ICMP have none in common. */
static uint64_t flow_hash(const struct packet *p)
{
	bool is_icmp = p->proto == PROTO_ICMP || p->proto == PROTO_ICMPV6;
	uint16_t low = p->sport < p->dport ? p->sport : p->dport;
	uint16_t high = p->sport < p->dport ? p->dport : p->sport;
	uint64_t ports = is_icmp ? 0 : (uint64_t)high << 16 | low;
	return hash_mix(p->pair_hash, ports << 8 | p->proto);
}

/* How much of the packet its flow may still keep. */
static struct budget *budget_at(const struct keep *k, uint64_t hash)
{
	return &k->budgets[(uint32_t)hash * (uint64_t)k->o.flow_places >> 32];
}

void keep_ahead(const struct keep *k, const struct packet *p)
{
	__builtin_prefetch(budget_at(k, flow_hash(p)), 1);
}

static uint32_t take_budget(struct keep *k, const struct packet *p, uint32_t bytes)
{
	uint64_t hash = flow_hash(p);
	struct budget *b = budget_at(k, hash);
	uint32_t flow = (uint32_t)(hash >> 32);
	bool is_idle = p->time_ns > b->last_ns + BUDGET_IDLE;
	if (b->flow != flow || is_idle)
		*b = (struct budget){ .flow = flow };
	b->last_ns = p->time_ns;
	uint32_t left = k->o.bytes_per_flow - b->used;
	uint32_t most = bytes < left ? bytes : left;
	b->used += most;
	return most == bytes || most >= CUT_LEAST ? most : 0;
}

void keep_packet(struct keep *k, const struct frame *f, const struct packet *p)
{
	bool is_awaited = false;
	k->number++;
	if (k->running && (may_be_followed(k, &p->src) || may_be_followed(k, &p->dst)))
		is_awaited = follow(k, f, p);
	uint32_t bytes = is_awaited ? f->caplen : take_budget(k, p, f->caplen);
	if (!bytes)
		return;
	struct kept head = { .caplen = bytes,
			     .wirelen = f->wirelen,
			     .linktype = f->linktype,
			     .input = f->input,
			     .tunnel_key = p->tunnel_key,
			     .time_ns = p->time_ns,
			     .number = k->number,
			     .src = p->src,
			     .dst = p->dst,
			     .proto = p->proto };
	k->counts.too_large += !ring_add(&k->ring, &head, f->data);
}

/* --- being asked ------------------------------------------------------------------------- */

/* Its own place, a free one, or that of the alert that was asked for longest ago. */
static struct watch *place_for(struct keep *k, const char *alert_id, uint64_t now_ns)
{
	struct watch *oldest_over = NULL;
	struct watch *first_to_end = &k->watches[0];
	for (unsigned i = 0; i < KEEP_WATCHES; i++) {
		struct watch *w = &k->watches[i];
		if (w->is_used && strcmp(w->asked.alert_id, alert_id) == 0)
			return w;
		if (!w->is_running && (!oldest_over || w->touched < oldest_over->touched))
			oldest_over = w;
		if (w->until_ns < first_to_end->until_ns)
			first_to_end = w;
	}
	struct watch *w = oldest_over ? oldest_over : first_to_end;
	if (w->is_running)
		end_watch(k, w, now_ns, true);
	memset(w, 0, sizeof(*w));
	return w;
}

void keep_ask(struct keep *k, const struct keep_request *r, uint64_t now_ns)
{
	struct watch *w = place_for(k, r->alert_id, now_ns);
	w->touched = ++k->asks;
	if (w->is_running)
		return;
	uint64_t at = 0;
	const struct kept *oldest = ring_next(&k->ring, &at, 0);
	w->asked = *r;
	w->mark = ring_mark(&r->subject, r->has_peer ? &r->peer : NULL);
	w->at = 0;
	w->until_ns = now_ns + k->o.follow_ns;
	w->is_used = w->is_running = w->is_reading = true;
	w->end = (struct keep_end){ .bytes = w->end.bytes };
	w->end.reach_ns = oldest ? oldest->time_ns : 0;
	w->end.is_short = k->ring.overwritten && (!oldest || oldest->time_ns > r->start_ns);
	k->running++;
	make_filter(k);
}

static bool give_kept(struct keep *k, struct watch *w, const struct kept *x)
{
	const struct frame f = { .data = kept_data(x),
				 .caplen = x->caplen,
				 .wirelen = x->wirelen,
				 .time_ns = x->time_ns,
				 .number = x->number,
				 .linktype = x->linktype,
				 .input = x->input };
	return give(k, w, &f);
}

/* Up to *portion records; false: there is no room for what it has found. */
static bool read_on(struct keep *k, struct watch *w, unsigned *portion)
{
	/* what was overwritten since the last turn is missing */
	if (w->at && w->at < k->ring.tail)
		w->end.is_short = true;
	while (*portion) {
		uint64_t at = w->at;
		const struct kept *x = ring_next(&k->ring, &at, w->mark);
		if (!x) {
			w->is_reading = false;
			return true;
		}
		if (is_for(w, x) && !give_kept(k, w, x))
			return false;
		w->at = at;
		(*portion)--;
	}
	return true;
}

bool keep_turn(struct keep *k, uint64_t now_ns)
{
	unsigned portion = PORTION;
	bool has_room = true;
	for (unsigned i = 0; k->running && i < KEEP_WATCHES; i++) {
		struct watch *w = &k->watches[i];
		if (w->is_running && w->is_reading && has_room)
			has_room = read_on(k, w, &portion);
		if (w->is_running && !w->is_reading && now_ns >= w->until_ns)
			end_watch(k, w, now_ns, false);
	}
	return has_room && !portion;
}

void keep_counts(const struct keep *k, struct keep_counts *ret)
{
	*ret = k->counts;
	ret->packets = k->ring.packets;
	ret->bytes = k->ring.head - k->ring.tail;
	ret->capacity = k->ring.capacity;
	ret->overwritten = k->ring.overwritten;
	ret->watches = k->running;
}
