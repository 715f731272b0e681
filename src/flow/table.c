/*
 * flow/table.c - flows come, count and go.
 *
 * A flow has one timer.  Packets never touch it: when it fires it looks at what has happened
 * since and arms itself again, so that the work per packet is the key look-up and its counters.
 */
#include "exfild/flow/table.h"

#include <stdlib.h>

#include "exfild/decode/decode.h"
#include "key.h"
#include "tcp.h"
#include "tell.h"

#define TICK_NS        100000000ull
#define SECOND_NS      1000000000ull
#define HOUR_NS        (3600 * SECOND_NS)
#define FRESH_MAX      (1u << 31)      /* then it is told, whatever else there is to tell */
#define ANSWER_NS      (3 * SECOND_NS) /* a SYN is answered within this, or the attempt has failed */
#define PROGRESS_FIRST (256u * 1024)
#define PROGRESS_STEP  (8u * 1024 * 1024)

const struct flow_limits flow_limits_default = {
	.max_flows = 131072,
	.tcp_idle_s = 300,
	.udp_idle_s = 60,
	.dns_idle_s = 10,
	.other_idle_s = 30,
	.pending_idle_s = 30,
	.closed_idle_s = 5,
	.active_s = 60,
	.hard_s = 86400,
};

struct flow_table {
	struct table table;
	struct wheel wheel;
	struct flow_limits limits;
	struct event_log *log;
	flow_release_fn release;
	void *arg;
	uint64_t seq, now_ns;
	uint64_t hour_ns; /* when the hour of now_ns began */
	uint64_t next_id;
	uint64_t checksums_good, checksums_bad; /* of packets that would advance TCP state */
	uint32_t quiet;                         /* told at the end */
	struct flow_counts counts;
};

static uint64_t tick_of(uint64_t ns)
{
	return ns / TICK_NS;
}

static void emit(struct flow_table *t, struct flow *f, enum event_kind kind, const struct packet *p,
		 unsigned interim, enum flow_end_reason reason)
{
	struct event_flow *e = event_log_begin(t->log, kind, sizeof(*e), t->seq);
	flow_event_head(f, &e->e, p ? p->number : 0, t->now_ns, f->client);
	flow_tell(f, e, interim == 2 || kind == EVENT_FLOW_END);
	e->end = (uint8_t)reason;
	e->is_interim = (uint8_t)interim;
	if (kind == EVENT_FLOW_START)
		flow_tell_headers(e, p);
	event_log_commit(t->log);
}

static void end_flow(struct flow_table *t, struct flow *f, enum flow_end_reason reason)
{
	if (f->outcome == FLOW_OUTCOME_PENDING)
		f->outcome = FLOW_OUTCOME_UNANSWERED;
	if (reason == FLOW_END_IDLE && (f->flags & FLOW_CLOSED))
		reason = f->flags & FLOW_RESET ? FLOW_END_RESET : FLOW_END_CLOSED;
	if (f->key.proto == PROTO_TCP && (f->first_tcp_flags & TCP_SYN)) {
		t->counts.syns++;
		t->counts.syns_one_sided += !f->packets[0] || !f->packets[1];
	}
	t->release(t->arg, f, t->seq, t->now_ns);
	emit(t, f, EVENT_FLOW_END, NULL, 0, reason);
	timer_disarm(&t->wheel, &f->timer);
}

static void on_evict(void *arg, void *entry)
{
	end_flow(arg, entry, FLOW_END_EVICTED);
}

/* A flood of openings must not push out conversations. */
static uint32_t evidence(const void *entry)
{
	const struct flow *f = entry;
	if (f->outcome == FLOW_OUTCOME_PENDING || f->outcome == FLOW_OUTCOME_UNANSWERED ||
	    f->outcome == FLOW_OUTCOME_REFUSED)
		return 0;
	if (f->flags & FLOW_CLOSED)
		return 0;
	uint64_t total = f->payload[0] + f->payload[1];
	return total ? 2 + (uint32_t)(63 - __builtin_clzll(total)) : 1;
}

struct flow_table *flow_table_new(const struct flow_limits *limits, const struct hash_key *key,
				  unsigned shard, struct event_log *log, flow_release_fn release,
				  void *arg)
{
	struct flow_table *t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	struct table_config config = {
		.capacity = limits->max_flows,
		.entry_size = sizeof(struct flow),
		.key_size = sizeof(struct flow_key),
		.key = *key,
		.evidence = evidence,
		.on_evict = on_evict,
		.arg = t,
	};
	if (table_init(&t->table, &config)) {
		free(t);
		return NULL;
	}
	t->limits = *limits;
	t->log = log;
	t->release = release;
	t->arg = arg;
	t->next_id = (uint64_t)shard << 56 | 1;
	wheel_init(&t->wheel, 0);
	wheel_set_owner(&t->wheel, offsetof(struct flow, timer), sizeof(struct flow));
	return t;
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	for (void *f = table_next(&t->table, NULL); f; f = table_next(&t->table, f))
		t->release(t->arg, f, 0, 0);
	table_deinit(&t->table);
	free(t);
}

static uint64_t idle_tcp(const struct flow_table *t, const struct flow *f)
{
	if (f->flags & FLOW_CLOSED)
		return t->limits.closed_idle_s;
	if (f->outcome != FLOW_OUTCOME_ESTABLISHED && f->outcome != FLOW_OUTCOME_MIDSTREAM)
		return t->limits.pending_idle_s;
	return t->limits.tcp_idle_s;
}

static uint64_t idle_ns(const struct flow_table *t, const struct flow *f)
{
	uint64_t s = t->limits.other_idle_s;
	if (f->key.proto == PROTO_TCP)
		s = idle_tcp(t, f);
	else if (f->key.proto == PROTO_UDP)
		/* resolvers take a new port for each question: such flows end with their answer */
		s = f->key.port[0] == 53 || f->key.port[1] == 53 ? t->limits.dns_idle_s :
								   t->limits.udp_idle_s;
	return s * SECOND_NS;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A flow at rest waits for its idle time-out only; the next packet wakes it. */
static void arm(struct flow_table *t, struct flow *f)
{
	uint64_t due =
		sooner(f->last_ns + idle_ns(t, f), f->first_ns + t->limits.hard_s * SECOND_NS);
	if (f->key.proto == PROTO_TCP && f->outcome == FLOW_OUTCOME_PENDING)
		due = sooner(due, f->first_ns + ANSWER_NS);
	if (f->last_ns > f->reported_ns)
		due = sooner(due, f->reported_ns + t->limits.active_s * SECOND_NS);
	else
		f->flags |= FLOW_AT_REST;
	timer_arm(&t->wheel, &f->timer, tick_of(due) + 1);
}

static void progress(struct flow_table *t, struct flow *f, const struct packet *p, unsigned why)
{
	f->unreported = 0;
	f->reported_ns = t->now_ns;
	emit(t, f, EVENT_FLOW_PROGRESS, p, why, FLOW_END_NONE);
}

static void outcome_known(struct flow_table *t, struct flow *f, const struct packet *p)
{
	f->flags |= FLOW_OUTCOME_SENT;
	emit(t, f, EVENT_FLOW_PROGRESS, p, 1, FLOW_END_NONE);
}

static void fire(void *arg, struct timer *timer)
{
	struct flow_table *t = arg;
	struct flow *f = (struct flow *)(void *)((uint8_t *)timer - offsetof(struct flow, timer));
	uint64_t now = t->now_ns;
	if (f->key.proto == PROTO_TCP && f->outcome == FLOW_OUTCOME_PENDING &&
	    now >= f->first_ns + ANSWER_NS) {
		f->outcome = FLOW_OUTCOME_UNANSWERED;
		outcome_known(t, f, NULL);
	}
	enum flow_end_reason reason = FLOW_END_NONE;
	if (now >= f->last_ns + idle_ns(t, f))
		reason = FLOW_END_IDLE;
	else if (now >= f->first_ns + t->limits.hard_s * SECOND_NS)
		reason = FLOW_END_HARD;
	if (reason != FLOW_END_NONE) {
		end_flow(t, f, reason);
		table_remove(&t->table, f);
		return;
	}
	if (f->last_ns > f->reported_ns && now >= f->reported_ns + t->limits.active_s * SECOND_NS)
		progress(t, f, NULL, 2);
	arm(t, f);
}

void flow_table_tick(struct flow_table *t, uint64_t seq, uint64_t now_ns)
{
	t->seq = seq;
	t->now_ns = now_ns;
	wheel_advance(&t->wheel, tick_of(now_ns), fire, t);
}

void flow_table_leap(struct flow_table *t, uint64_t delta_ns)
{
	for (struct flow *f = table_next(&t->table, NULL); f; f = table_next(&t->table, f)) {
		f->first_ns += delta_ns;
		f->last_ns += delta_ns;
		f->reported_ns += delta_ns;
	}
	t->now_ns += delta_ns;
	wheel_shift(&t->wheel, delta_ns / TICK_NS);
}

static void begin_flow(struct flow_table *t, struct flow *f, const struct packet *p, unsigned side)
{
	f->id = t->next_id++;
	f->first_ns = t->now_ns;
	f->first_packet = p->number;
	f->last_ns = t->now_ns;
	f->reported_ns = t->now_ns - 1; /* nothing was told yet */
	f->tunnel_id = p->tunnel_id;
	f->tunnel_type = p->tunnel_type;
	f->vlan = p->vlan;
	f->ip_version = p->ip_version;
	f->client = (uint8_t)flow_guess_client(p, side);
	f->first_tcp_flags = p->tcp_flags;
	f->outcome = FLOW_OUTCOME_PENDING;
	if (p->proto == PROTO_TCP) {
		if (p->tcp_flags & TCP_SYN)
			f->flags |= FLOW_CLIENT_KNOWN;
		else if (p->tcp_flags & (TCP_ACK | TCP_RST))
			f->outcome = FLOW_OUTCOME_MIDSTREAM;
	} else if (side != f->client) {
		f->outcome = FLOW_OUTCOME_MIDSTREAM;
	}
	if (f->outcome == FLOW_OUTCOME_MIDSTREAM)
		f->flags |= FLOW_MIDSTREAM;
	if (p->mac) {
		memcpy(f->mac[side], p->mac + 6, 6);
		memcpy(f->mac[!side], p->mac, 6);
		f->flags |= FLOW_HAS_MAC;
	}
	t->counts.flows++;
	emit(t, f, EVENT_FLOW_START, p, 0, FLOW_END_NONE);
}

/* The quoted segment must be one that the side can have sent just now. */
static bool quote_fits(const struct flow *f, const struct packet_quote *quote, unsigned side)
{
	if (side != f->client)
		return false;
	if (f->key.proto != PROTO_TCP)
		return true;
	return quote->has_seq && (f->flags & (side ? FLOW_SEQ_KNOWN1 : FLOW_SEQ_KNOWN0)) &&
	       f->next_seq[side] - quote->tcp_seq <= UINT16_MAX;
}

/* Anyone can forge an error: it marks a flow that waits for an answer, and makes none. */
static void refused_by_icmp(struct flow_table *t, const struct packet *p)
{
	struct packet_quote quote;
	struct flow_key key;
	unsigned side;
	if (!flow_key_quoted(p, &quote, &key, &side))
		return;
	struct flow *f = table_find_hashed(&t->table, &key, flow_key_hash(p->route_hash, &key));
	if (!f || (f->outcome != FLOW_OUTCOME_PENDING && f->outcome != FLOW_OUTCOME_UNANSWERED))
		return;
	if (!quote_fits(f, &quote, side))
		return;
	f->outcome = FLOW_OUTCOME_REFUSED;
	f->flags |= FLOW_REFUSED_ICMP;
	outcome_known(t, f, p);
}

/* Forged or damaged control segments do not move the state, but for offloading senders. */
static bool control_is_credible(struct flow_table *t, const struct packet *p)
{
	if (!(p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		return true;
	if (packet_checksum_ok(p)) {
		t->checksums_good++;
		return true;
	}
	t->checksums_bad++;
	return t->checksums_bad * 4 > t->checksums_good;
}

/* Something moves again: from now on there is a progress event a minute. */
static void wake(struct flow_table *t, struct flow *f)
{
	f->flags &= ~(uint32_t)FLOW_AT_REST;
	if (f->flags & FLOW_CLOSED)
		return;
	f->reported_ns = t->now_ns - 1;
	arm(t, f);
}

/* What the kernel kept of a thin flow since the side's packet before. */
static void count_between(struct flow *f, const struct packet *p, const struct flow_step *step)
{
	unsigned side = step->side;
	struct tcp_between b = tcp_between(f, p, step);
	uint32_t bytes = b.payload + b.packets * (p->ip_len - p->payload_len);
	f->packets[side] += b.packets;
	f->bytes[side] += bytes;
	f->fresh[side] += bytes;
	f->payload[side] += b.payload;
	f->unreported += b.payload;
}

static void count_packet(struct flow_table *t, struct flow *f, const struct packet *p,
			 struct flow_step *step)
{
	unsigned side = step->side;
	if (f->last_ns < t->hour_ns)
		flow_begin_hour(f);
	uint32_t again = 0;
	bool known = false;
	if (p->proto == PROTO_TCP && !(p->flags & (PACKET_FRAGMENT | PACKET_NO_L4))) {
		if (!control_is_credible(t, p)) {
			again = p->ip_len; /* counted apart, and it moves nothing */
			step->fresh_len = 0;
		} else {
			bool was_closed = (f->flags & FLOW_CLOSED) != 0;
			again = tcp_account(f, p, step);
			if (f->flags & FLOW_THIN)
				count_between(f, p, step);
			known = tcp_follow(f, p, side);
			if (!was_closed && (f->flags & FLOW_CLOSED))
				timer_arm(&t->wheel, &f->timer,
					  tick_of(t->now_ns + t->limits.closed_idle_s * SECOND_NS) +
						  1);
		}
	} else {
		step->fresh_len = p->payload_len;
		if (side != f->client &&
		    (f->outcome == FLOW_OUTCOME_PENDING || f->outcome == FLOW_OUTCOME_UNANSWERED))
			f->outcome = FLOW_OUTCOME_ESTABLISHED;
	}
	f->packets[side]++;
	f->retransmitted[side] += again;
	f->bytes[side] += p->ip_len - again;
	f->fresh[side] += p->ip_len;
	f->payload[side] += step->fresh_len;
	f->last_ns = t->now_ns;
	if (f->flags & FLOW_AT_REST)
		wake(t, f);
	if (known)
		outcome_known(t, f, p);
	f->unreported += step->fresh_len;
	uint64_t reported = f->payload[0] + f->payload[1] - f->unreported;
	uint64_t step_size = reported < PROGRESS_FIRST ? PROGRESS_FIRST :
			     reported < PROGRESS_STEP  ? reported :
							 PROGRESS_STEP;
	if (f->unreported >= step_size || f->fresh[side] >= FRESH_MAX)
		progress(t, f, p, 2);
}

void flow_table_prefetch(const struct flow_table *t, const struct packet *p, unsigned stage)
{
	if (p->kind != PACKET_IP)
		return;
	uint64_t hash = flow_packet_hash(p);
	if (stage == 0)
		table_prefetch_index(&t->table, hash);
	else
		table_prefetch_entry(&t->table, hash);
}

void flow_table_packet(struct flow_table *t, const struct packet *p, uint64_t seq,
		       struct flow_step *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (p->kind != PACKET_IP)
		return;
	t->seq = seq;
	t->now_ns = p->time_ns;
	if (t->now_ns - t->hour_ns >= HOUR_NS)
		t->hour_ns = t->now_ns - t->now_ns % HOUR_NS;
	t->counts.packets += p->frames;
	t->counts.bytes += p->ip_len;
	if (p->proto == PROTO_ICMP || p->proto == PROTO_ICMPV6)
		refused_by_icmp(t, p);
	struct flow_key key;
	unsigned side = flow_key_make(p, &key);
	uint64_t hash = flow_packet_hash(p);
	struct flow *f = table_get_hashed(&t->table, &key, hash, &ret->is_new);
	if (!f)
		return;
	if (!ret->is_new && p->proto == PROTO_TCP && tcp_reopens(f, p, side)) {
		end_flow(t, f, FLOW_END_IDLE);
		table_remove(&t->table, f);
		f = table_get_hashed(&t->table, &key, hash, &ret->is_new);
	}
	ret->flow = f;
	ret->side = side;
	if (ret->is_new) {
		begin_flow(t, f, p, side);
		arm(t, f);
	}
	count_packet(t, f, p, ret);
	ret->from_client = side == f->client;
}

/* Its start was told, and with it all that there is to tell. */
static bool is_quiet(const struct flow *f)
{
	return (f->outcome == FLOW_OUTCOME_PENDING || f->outcome == FLOW_OUTCOME_UNANSWERED) &&
	       f->packets[0] + f->packets[1] <= 1;
}

static void end_at_end(struct flow_table *t, struct flow *f)
{
	if (t->limits.quiet_at_end && is_quiet(f) && ++t->quiet > t->limits.quiet_at_end) {
		t->counts.untold++;
		t->release(t->arg, f, 0, 0);
		timer_disarm(&t->wheel, &f->timer);
		return;
	}
	end_flow(t, f, FLOW_END_INPUT);
}

bool flow_table_flush(struct flow_table *t, uint64_t seq, uint64_t now_ns, uint32_t max)
{
	t->seq = seq;
	t->now_ns = now_ns;
	struct flow *f = table_next(&t->table, NULL);
	for (; f && max > 0; f = table_next(&t->table, f), max--) {
		end_at_end(t, f);
		table_remove(&t->table, f);
	}
	/* what the flows' ends make others remember takes their place */
	table_give_back(&t->table, f);
	return f != NULL;
}

void flow_table_counts(const struct flow_table *t, struct flow_counts *ret)
{
	*ret = t->counts;
	ret->table = t->table.stats;
	ret->worst_case_bytes = table_worst_case(t->limits.max_flows, sizeof(struct flow));
}
