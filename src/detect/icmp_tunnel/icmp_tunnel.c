/*
 * detect/icmp_tunnel/icmp_tunnel.c - data that leaves in pings.
 *
 * Idea: a ping carries a fixed pattern and its reply the same bytes.  Distinct payload that follows
 * no known pattern is added up for each pair of hosts over a day; replies that differ from their
 * requests, replies without a request, many sizes and marks of tools (ptunnel's magic number, an IP
 * packet inside) add to it.
 * Evasion: fewer bytes a day; payload that looks like a known pattern; timing.  False alarms:
 * monitoring that fills its packets at random (each payload is then new: exempt it).
 */
#include "icmp_tunnel.h"

#include <string.h>

#include "exfild/base/table.h"
#include "exfild/event/keep.h"

#define DAY_NS        (86400ull * 1000000000ull)
#define PTUNNEL_MAGIC 0xD5200880u
#define MESSAGES_MIN  5
#define INFO_MIN      4 /* bytes: less is a counter or a time stamp of an unknown ping */

struct state {
	const struct icmp_params *params;
	struct table pairs;
	uint64_t findings;
	const struct detect_env *env;
};

static const struct param params[] = {
	{ "daily_bytes", PARAM_UINT, offsetof(struct icmp_params, daily_bytes), 256, 1e9, 4096,
	  "bytes", "Payload without a known pattern that two hosts may exchange in a day" },
	{ "alert_score", PARAM_DOUBLE, offsetof(struct icmp_params, alert_score), 0.1, 1, 0.6, "",
	  "Score from which it is an alert" },
	PARAM_END
};

static uint32_t evidence(const void *entry)
{
	const struct icmp_pair *p = entry;
	return p->marks ? UINT32_MAX : (uint32_t)p->exact_info;
}

static void tell_totals(struct state *s, const struct detect_env *env, struct icmp_pair *p);

static void on_evict(void *arg, void *entry)
{
	struct state *s = arg;
	tell_totals(s, s->env, entry);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	s->env = env;
	struct table_config config = { .capacity = env->max_pairs / 8 ? env->max_pairs / 8 : 1,
				       .entry_size = sizeof(struct icmp_pair),
				       .key_size = 40,
				       .key = env->key,
				       .evidence = evidence,
				       .on_evict = on_evict,
				       .arg = s };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->pairs);
}

static void roll_window(struct icmp_pair *p, uint64_t steady_ns)
{
	if (steady_ns - p->window_ns < DAY_NS)
		return;
	p->previous_info =
		steady_ns - p->window_ns < 2 * DAY_NS ? icmp_pair_info(p, p->window_ns) : 0;
	p->window_ns = steady_ns;
	p->exact_info = 0;
	p->sum_info = 0;
	p->payload_count = 0;
	p->is_many = false;
	p->raised_info = 0;
	p->raised_severity = 0;
	memset(&p->info, 0, sizeof(p->info));
}

static bool count_payload(struct icmp_pair *p, const struct event_icmp *e)
{
	uint32_t mark = (uint32_t)(e->payload_hash >> 32) | 1;
	for (unsigned i = 0; i < p->payload_count; i++)
		if (p->payloads[i] == mark)
			return false;
	hll_add_weighted(&p->info, e->payload_hash, (e->info_bytes + UNIT_BYTES - 1) / UNIT_BYTES);
	if (p->payload_count == EXACT_PAYLOADS) {
		p->is_many = true;
		return true;
	}
	p->payloads[p->payload_count++] = mark;
	p->exact_info += e->info_bytes;
	return true;
}

static void count_size(struct icmp_pair *p, uint16_t size)
{
	for (unsigned i = 0; i < p->size_count; i++)
		if (p->sizes[i] == size)
			return;
	if (p->size_count < SIZES_KNOWN)
		p->sizes[p->size_count++] = size;
}

/* 45 00, and a total length that is the payload's: a packet in a packet. */
static bool is_inner_ip(const struct event_icmp *e)
{
	const uint8_t *h = e->head;
	if (e->captured_len < 20)
		return false;
	unsigned total = (unsigned)(h[2] << 8 | h[3]);
	if (h[0] == 0x45 && total >= 20 && total <= e->payload_len && e->payload_len - total < 16)
		return h[9] == 6 || h[9] == 17 || h[9] == 1;
	/* some tools put a head of four bytes before it */
	total = (unsigned)(h[6] << 8 | h[7]);
	return h[4] == 0x45 && total >= 20 && total + 4 == e->payload_len &&
	       (h[13] == 6 || h[13] == 17 || h[13] == 1);
}

static bool is_echo(const struct event_icmp *e)
{
	return e->e.ip_version == 6 ? e->type == 128 || e->type == 129 :
				      e->type == 8 || e->type == 0;
}

static void count_message(struct icmp_pair *p, const struct event_icmp *e)
{
	p->bytes[e->is_reply] += e->payload_len;
	if (e->is_reply) {
		p->replies++;
		p->paired += e->paired;
		p->differing += e->differs;
		/* by number: the inspector pairs only the latest requests of a burst */
		if (p->replies > p->requests && p->replies - p->requests > p->unsolicited)
			p->unsolicited = p->replies - p->requests;
	} else {
		p->requests++;
	}
	if (e->info_bytes > INFO_MIN) {
		p->informative++;
		p->informative_bytes += e->payload_len;
		count_size(p, e->payload_len);
	}
	if (e->magic == PTUNNEL_MAGIC)
		p->marks |= ICMP_MARK_PTUNNEL;
	if (is_inner_ip(e))
		p->marks |= ICMP_MARK_INNER_IP;
	if (!is_echo(e) && e->info_bytes >= 64)
		p->marks |= ICMP_MARK_OTHER_TYPE;
}

static void decide(struct state *s, const struct detect_env *env, struct icmp_pair *p)
{
	struct icmp_judgement j = { .is_update = false };
	double info = icmp_pair_info(p, env->steady_ns);
	if (p->informative < MESSAGES_MIN || (p->raised_severity && info < 2 * p->raised_info))
		return;
	icmp_pair_judge(p, s->params, env, &j);
	if (j.score < s->params->alert_score)
		return;
	enum severity severity = j.score >= 0.8 ? SEVERITY_HIGH : SEVERITY_MEDIUM;
	p->raised_severity = (uint8_t)severity;
	p->raised_info = info;
	p->told_messages = (uint64_t)p->requests + p->replies;
	table_mark(&s->pairs, p);
	s->findings++;
	icmp_pair_explain(p, s->params, env, &j, severity);
}

/* What was told and has grown since. */
static void tell_totals(struct state *s, const struct detect_env *env, struct icmp_pair *p)
{
	struct icmp_judgement j = { .is_update = true };
	uint64_t messages = (uint64_t)p->requests + p->replies;
	if (!p->raised_severity || messages == p->told_messages)
		return;
	p->told_messages = messages;
	icmp_pair_judge(p, s->params, env, &j);
	if (j.score >= 0.8 && p->raised_severity < SEVERITY_HIGH) {
		j.is_update = false;
		p->raised_severity = SEVERITY_HIGH;
		p->raised_info = j.info;
		s->findings++;
	}
	icmp_pair_explain(p, s->params, env, &j, (enum severity)p->raised_severity);
}

/* Every minute, and at the end. */
static void tell_all_totals(void *state, const struct detect_env *env)
{
	struct state *s = state;
	for (void *p = table_next_marked(&s->pairs, NULL); p; p = table_next_marked(&s->pairs, p))
		tell_totals(s, env, p);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_icmp *e = (const struct event_icmp *)event;
	struct icmp_pair key;
	bool is_new;
	memset(&key, 0, 40);
	key.client = event->src;
	key.server = event->dst;
	key.tunnel_key = event->tunnel_key;
	if (ipaddr_is_multicast(&key.server))
		return;
	struct icmp_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_new) {
		p->window_ns = env->steady_ns;
		p->first_ns = env->now_ns;
	}
	if (env->steady_ns - p->window_ns >= DAY_NS)
		tell_totals(s, env, p);
	roll_window(p, env->steady_ns);
	p->last_ns = env->now_ns;
	p->last = *event;
	count_message(p, e);
	/* a faithful reply repeats its request: it carries nothing of its own */
	bool repeats = e->is_reply && e->paired && !e->differs;
	if (e->info_bytes > INFO_MIN && !repeats) {
		p->sum_info += e->info_bytes;
		if (count_payload(p, e) && p->packet_count < PAIR_PACKETS)
			p->packets[p->packet_count++] = event->packet;
	}
	decide(s, env, p);
}

static const struct keep_field pair_fields[] = {
	KEEP(U8, struct icmp_pair, client),
	KEEP(U8, struct icmp_pair, server),
	KEEP(U32, struct icmp_pair, tunnel_key),
	KEEP(U64, struct icmp_pair, window_ns),
	KEEP(U64, struct icmp_pair, first_ns),
	KEEP(U64, struct icmp_pair, last_ns),
	KEEP(F64, struct icmp_pair, exact_info),
	KEEP(F64, struct icmp_pair, previous_info),
	KEEP(F64, struct icmp_pair, sum_info),
	KEEP(U8, struct icmp_pair, info),
	KEEP(U32, struct icmp_pair, payloads),
	KEEP_TO(U8, struct icmp_pair, payload_count, EXACT_PAYLOADS),
	KEEP(BOOL, struct icmp_pair, is_many),
	KEEP(U8, struct icmp_pair, raised_severity),
	KEEP_TO(U8, struct icmp_pair, size_count, SIZES_KNOWN),
	KEEP(U16, struct icmp_pair, sizes),
	KEEP(U32, struct icmp_pair, requests),
	KEEP(U32, struct icmp_pair, replies),
	KEEP(U32, struct icmp_pair, paired),
	KEEP(U32, struct icmp_pair, differing),
	KEEP(U32, struct icmp_pair, unsolicited),
	KEEP(U32, struct icmp_pair, informative),
	KEEP(U64, struct icmp_pair, informative_bytes),
	KEEP(U64, struct icmp_pair, bytes),
	KEEP(F64, struct icmp_pair, raised_info),
	KEEP(U64, struct icmp_pair, told_messages),
	KEEP(F64, struct icmp_pair, entropy_sum),
	KEEP(U32, struct icmp_pair, marks),
	KEEP_EVENT(struct icmp_pair, last),
	KEEP_LAST,
};

static bool took_pair(void *owner, void *entry)
{
	struct state *s = owner;
	const struct icmp_pair *p = entry;
	if (p->raised_severity)
		table_mark(&s->pairs, entry);
	return severity_is_known(p->raised_severity);
}

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part pairs = { .name = "icmp_tunnel.pairs",
					 .version = 1,
					 .owner = s,
					 .table = &s->pairs,
					 .fields = pair_fields,
					 .took = took_pair };
	keep_add(list, &pairs);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct icmp_pair));
}

const struct detector icmp_tunnel_detector = {
	.name = "icmp_tunnel",
	.title = "Data in ICMP messages",
	.idea = "Adds up payload that follows no ping program's pattern, for each pair of hosts, and "
		"looks for replies that are not their request's echo",
	.params = params,
	.params_size = sizeof(struct icmp_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_ICMP,
	.init = init,
	.deinit = deinit,
	.tick_ns = DETECT_TOTALS_NS,
	.on_event = on_event,
	.on_tick = tell_all_totals,
	.on_end = tell_all_totals,
	.keep = keep,
	.counters = counters,
};
