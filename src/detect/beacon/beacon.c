/*
 * detect/beacon/beacon.c - a client that comes back to the same outside host like a clock.
 *
 * Idea: of each client, destination (by name where one is known) and port the begins and sizes of
 * TCP connections are kept, failed ones too.  Regularity is that of RITA 5 (Bowley skewness and
 * median deviation of gaps and sizes, histogram and duration over a day), and a fold that holds
 * where beacons are lost.  A rhythm alone is what programs of honest makers have: it is told where
 * nothing names the address, the name looks like dice, or no other host of a network goes there.
 * Evasion: jitter of half the period and more, with changing sizes; a destination that others use.
 * False alarms: clients of a server that is gone, by address.  Known services are silent, clear
 * HTTP is http_channel's, inside is not judged.
 */
#include "beacon.h"

#include <string.h>

#include "exfild/context/baseline.h"
#include "exfild/event/keep.h"
#include "../dga/lexical.h"
#include "../protocol_mismatch/protocol_mismatch.h"
#include "../step.h"

#define SECOND_NS 1000000000ull
#define MERGE_NS  SECOND_NS
#define TICK_NS   (600 * SECOND_NS)
#define TCP       6
#define TCP_SYN   2
#define TCP_ACK   16
#define RARE      0.02

struct beacon_flow {
	uint64_t id;
	struct beacon_key key;
};

struct state {
	const struct beacon_params *params;
	struct table pairs, flows, crowds;
	uint64_t dataset_first_ns; /* packet time of the first connection */
	uint64_t findings;
};

static const struct param params[] = {
	{ "connections", PARAM_UINT, offsetof(struct beacon_params, connections), 4, 1e6, 5, "",
	  "Connections from which a destination is judged" },
	{ "age", PARAM_DURATION, offsetof(struct beacon_params, age_s), 3600, 365 * 86400.0,
	  7 * 86400.0, "", "A destination that is known for so long is no news" },
	{ "hosts", PARAM_UINT, offsetof(struct beacon_params, hosts), 2, 1e6, 10, "",
	  "Inside hosts from which it says something that no other goes there" },
	{ "alone_score", PARAM_DOUBLE, offsetof(struct beacon_params, alone_score), 0, 1, 0.3, "",
	  "The most that a rhythm gives without any other mark" },
	PARAM_END
};

static uint32_t evidence(const void *entry)
{
	const struct beacon_pair *p = entry;
	return p->told_severity * 1000u + p->rhythm.count;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	uint32_t share = env->max_pairs / 32 ? env->max_pairs / 32 : 1;
	struct table_config config = { .capacity = 2 * share,
				       .entry_size = sizeof(struct beacon_flow),
				       .key_size = sizeof(uint64_t),
				       .key = env->key };
	int err = table_init(&s->flows, &config);
	config.capacity = share;
	config.entry_size = sizeof(struct dest_crowd);
	err = err ? err : table_init(&s->crowds, &config);
	config.entry_size = sizeof(struct beacon_pair);
	config.key_size = sizeof(struct beacon_key);
	config.evidence = evidence;
	return err ? err : table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->flows);
	table_deinit(&s->crowds);
}

static void look_around(struct state *s, const struct detect_env *env, struct beacon_pair *p,
			const struct ipaddr *client)
{
	struct context_stats stats;
	bool is_new;
	struct dest_crowd *crowd = table_get(&s->crowds, &p->key.dest, &is_new);
	if (!crowd)
		return;
	dest_crowd_add(crowd, env, client);
	p->is_new = context_is_new(env->context, context_destination_of(env->context, p->dest));
	context_stats(env->context, &stats);
	p->clients = crowd->count;
	p->is_old = env->steady_ns - crowd->first_ns > s->params->age_s * SECOND_NS;
	p->is_rare = stats.hosts >= s->params->hosts &&
		     (crowd->count == 1 || crowd->count <= RARE * (double)stats.hosts);
}

static void tell(struct state *s, const struct detect_env *env, struct beacon_pair *p)
{
	struct beacon_judgement j;
	/* clear HTTP is looked into by its own detector */
	if (p->rhythm.count < s->params->connections ||
	    (p->app == APP_HTTP && p->failed < p->ended))
		return;
	beacon_judge(p, s->params, s->dataset_first_ns, env->now_ns, &j);
	enum severity severity = step_severity(j.score);
	if (severity <= p->told_severity)
		return;
	p->told_severity = (uint8_t)severity;
	s->findings++;
	beacon_explain(p, s->params, env, &j);
}

static bool is_due(uint32_t count)
{
	return count <= 16 || (count & (count - 1)) == 0 || count % 64 == 0;
}

static bool is_connection(const struct detect_env *env, const struct event_flow *e)
{
	return e->e.proto == TCP && (e->syn_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	       !context_is_inside(env->context, &e->e.dst, e->e.tunnel_id) &&
	       !dest_is_nobody(env, &e->e);
}

static void on_start(struct state *s, const struct detect_env *env, const struct event_flow *e)
{
	struct dest d;
	bool is_new;
	if (!s->dataset_first_ns)
		s->dataset_first_ns = e->e.time_ns;
	if (!is_connection(env, e))
		return;
	dest_of(&d, env, &e->e, NULL, 0);
	if (dest_is_ordinary(d.service, d.sanction))
		return;
	struct beacon_key key = { .src = e->e.src,
				  .dest = d.key,
				  .tunnel_key = e->e.tunnel_key,
				  .port = e->e.dport };
	struct beacon_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_new) {
		p->first_ns = e->e.time_ns;
		p->is_literal = d.is_literal;
		p->is_random_name = !d.is_literal && lexical_is_random(env->context, d.text);
		p->is_odd_port = mismatch_of(APP_TLS, e->e.dport, TCP, false) == MISMATCH_ODD_PORT;
		memcpy(p->dest, d.text, sizeof(p->dest));
	}
	struct beacon_flow *f = table_get(&s->flows, &e->e.flow, &is_new);
	if (f)
		f->key = key;
	p->last_ns = e->e.time_ns;
	p->last = e->e;
	if (!rhythm_add(&p->rhythm, e->e.time_ns, MERGE_NS))
		return;
	rhythm_bins_add(&p->bins, s->dataset_first_ns, e->e.time_ns);
	if (p->packet_count < BEACON_PACKETS)
		p->packets[p->packet_count++] = e->e.packet;
	look_around(s, env, p, &e->e.src);
	if (is_due(p->rhythm.count))
		tell(s, env, p);
}

/* Who acknowledges what the other side said was answered, though only one direction is seen. */
static bool has_failed(const struct event_flow *e)
{
	bool is_silent = e->outcome == FLOW_OUTCOME_UNANSWERED && e->payload[1] == 0;
	return e->outcome == FLOW_OUTCOME_REFUSED || is_silent || e->payload[0] == 0;
}

static void on_finish(struct state *s, const struct event_flow *e)
{
	struct beacon_flow *f = table_find(&s->flows, &e->e.flow);
	if (!f)
		return;
	struct beacon_pair *p = table_find(&s->pairs, &f->key);
	if (p) {
		p->ended++;
		p->failed += has_failed(e);
		p->up += e->payload[0];
		p->down += e->payload[1];
		if (e->e.app != APP_UNKNOWN)
			p->app = e->e.app;
		rhythm_add_size(&p->rhythm, e->bytes[0]);
	}
	table_remove(&s->flows, f);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	if (e->kind == EVENT_FLOW_START)
		on_start(s, env, (const struct event_flow *)e);
	else
		on_finish(s, (const struct event_flow *)e);
}

static void look_at_all(void *state, const struct detect_env *env)
{
	struct state *s = state;
	for (void *p = table_next(&s->pairs, NULL); p; p = table_next(&s->pairs, p))
		tell(s, env, p);
}

static const struct keep_field pair_fields[] = {
	KEEP(U8, struct beacon_pair, key.src),
	KEEP(U64, struct beacon_pair, key.dest),
	KEEP(U32, struct beacon_pair, key.tunnel_key),
	KEEP(U16, struct beacon_pair, key.port),
	KEEP(U64, struct beacon_pair, first_ns),
	KEEP(U64, struct beacon_pair, last_ns),
	KEEP(U64, struct beacon_pair, up),
	KEEP(U64, struct beacon_pair, down),
	KEEP(U64, struct beacon_pair, rhythm.last_ns),
	KEEP(U32, struct beacon_pair, rhythm.count),
	KEEP(U32, struct beacon_pair, rhythm.sizes),
	KEEP(U32, struct beacon_pair, rhythm.gap_ms),
	KEEP(U32, struct beacon_pair, rhythm.size),
	KEEP(U64, struct beacon_pair, bins.start_ns),
	KEEP_TO(U32, struct beacon_pair, bins.width_s, 3840),
	KEEP(U32, struct beacon_pair, bins.count),
	KEEP(U32, struct beacon_pair, failed),
	KEEP(U32, struct beacon_pair, ended),
	KEEP_TO(U16, struct beacon_pair, app, APP__COUNT - 1),
	KEEP(U8, struct beacon_pair, told_severity),
	KEEP(U8, struct beacon_pair, clients),
	KEEP(BOOL, struct beacon_pair, is_literal),
	KEEP(BOOL, struct beacon_pair, is_random_name),
	KEEP(BOOL, struct beacon_pair, is_odd_port),
	KEEP(BOOL, struct beacon_pair, is_old),
	KEEP(BOOL, struct beacon_pair, is_rare),
	KEEP(BOOL, struct beacon_pair, is_new),
	KEEP_EVENT(struct beacon_pair, last),
	KEEP(TEXT, struct beacon_pair, dest),
	KEEP_LAST,
};

static const struct keep_field crowd_fields[] = {
	KEEP(U64, struct dest_crowd, key),
	KEEP(U64, struct dest_crowd, first_ns),
	KEEP(U32, struct dest_crowd, clients),
	KEEP_TO(U8, struct dest_crowd, count, DEST_CLIENTS),
	KEEP_LAST,
};

static bool took_pair(void *owner, void *entry)
{
	struct state *s = owner;
	const struct beacon_pair *p = entry;
	if (!s->dataset_first_ns || p->first_ns < s->dataset_first_ns)
		s->dataset_first_ns = p->first_ns;
	return severity_is_known(p->told_severity);
}

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part pairs = { .name = "beacon.pairs",
					 .version = 2,
					 .owner = s,
					 .table = &s->pairs,
					 .fields = pair_fields,
					 .took = took_pair };
	const struct keep_part crowds = { .name = "beacon.crowds",
					  .version = 1,
					  .owner = s,
					  .table = &s->crowds,
					  .fields = crowd_fields };
	keep_add(list, &pairs);
	keep_add(list, &crowds);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct beacon_pair)) +
		table_worst_case(s->flows.stats.capacity, sizeof(struct beacon_flow)) +
		table_worst_case(s->crowds.stats.capacity, sizeof(struct dest_crowd));
}

const struct detector beacon_detector = {
	.name = "beacon",
	.title = "Beacon",
	.idea = "A client comes back to one outside host like a clock: RITA's score, and a fold for "
		"lost beacons, with what makes the host nobody's",
	.params = params,
	.params_size = sizeof(struct beacon_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_FLOW_START | 1ull << EVENT_FLOW_END,
	.tick_ns = TICK_NS,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.on_tick = look_at_all,
	.on_end = look_at_all,
	.keep = keep,
	.counters = counters,
};
