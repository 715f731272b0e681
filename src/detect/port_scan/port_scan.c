/*
 * detect/port_scan/port_scan.c - who looks for hosts and services.
 *
 * Idea: who knows where to go is mostly answered, who searches is mostly not.  First contacts that
 * fail and that succeed move a random walk for each source along two lines: the ports of one host,
 * and the hosts of one port (walk.c: Jung et al. 2004).  Slow scans are seen as fast ones, since a
 * walk lasts for days.  Scans by flags, IP protocols, ping and ARP are contacts like any other.
 * Evasion: one new target in over four hours; known good targets mixed in; many sources.
 * False alarms: peers that have gone (lighter, or none when BitTorrent was seen), dead web sites
 * (none when they were looked up by name), gateways that ask ARP for whomever outside calls.
 */
#include "port_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARP_REQUEST   1
#define ARP_REPLY     2
#define ARP_ANSWER_NS 1000000000ull
#define TICK_NS       1000000000ull

static const struct param params[] = {
	{ "theta0", PARAM_DOUBLE, offsetof(struct scan_params, theta0), 0.55, 0.99, 0.8, "",
	  "Share of first contacts of a harmless client that succeed" },
	{ "theta1", PARAM_DOUBLE, offsetof(struct scan_params, theta1), 0.01, 0.45, 0.2, "",
	  "Share of first contacts of a scanner that succeed" },
	{ "alpha", PARAM_DOUBLE, offsetof(struct scan_params, alpha), 1e-9, 0.1, 1e-5, "",
	  "Accepted chance that a harmless walk ends as a scanner" },
	{ "beta", PARAM_DOUBLE, offsetof(struct scan_params, beta), 0.5, 0.9999, 0.99, "",
	  "Wanted chance that a scanner's walk ends as one" },
	{ "memory", PARAM_DURATION, offsetof(struct scan_params, memory_s), 600, 30 * 86400.0,
	  86400, "", "Half-life of a walk: how slow a scan may be" },
	{ "min_targets", PARAM_UINT, offsetof(struct scan_params, min_targets), 2, 1000, 5,
	  "targets", "Distinct targets that failed before anything is said" },
	{ "inbound_targets", PARAM_UINT, offsetof(struct scan_params, inbound_targets), 1, 1e9,
	  4096, "targets", "Targets from which a scan from outside is of medium severity" },
	{ "high_targets", PARAM_UINT, offsetof(struct scan_params, high_targets), 1, 1e9, 64,
	  "hosts", "Hosts from which a sweep of administration ports is of high severity" },
	PARAM_END
};

static uint32_t track_evidence(const void *entry)
{
	const struct track *t = entry;
	double walk = t->walk.value > 0 ? t->walk.value : 0;
	return t->is_hot ? UINT32_MAX : (uint32_t)(100 * (walk < 1e6 ? walk : 1e6));
}

static uint32_t scanner_evidence(const void *entry)
{
	const struct scanner *w = entry;
	return w->kinds ? UINT32_MAX : (uint32_t)distinct_count(&w->targets);
}

static void retune(void *state)
{
	struct scan_state *s = state;
	const struct scan_params *p = s->params;
	s->step_fail = log((1 - p->theta1) / (1 - p->theta0));
	s->step_good = log(p->theta1 / p->theta0);
	s->limit = log(p->beta / p->alpha);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct scan_state *s = state;
	s->params = parameters;
	s->env = env;
	retune(s);
	struct table_config tracks = { .capacity = env->max_pairs / 4 ? env->max_pairs / 4 : 1,
				       .entry_size = sizeof(struct track),
				       .key_size = sizeof(struct track_key),
				       .key = env->key,
				       .evidence = track_evidence,
				       .on_evict = totals_of_track,
				       .arg = s };
	struct table_config scanners = { .capacity = env->max_hosts / 8 ? env->max_hosts / 8 : 1,
					 .entry_size = sizeof(struct scanner),
					 .key_size = sizeof(struct scanner_key),
					 .key = env->key,
					 .evidence = scanner_evidence,
					 .on_evict = totals_of_scanner,
					 .arg = s };
	s->good = calloc(GOOD_PAIRS, sizeof(*s->good));
	if (!s->good)
		return -EXF_E_NOMEM;
	int err = table_init(&s->tracks, &tracks);
	if (!err)
		err = table_init(&s->scanners, &scanners);
	return err ? err : routers_init(&s->routers, env);
}

static void deinit(void *state)
{
	struct scan_state *s = state;
	table_deinit(&s->tracks);
	table_deinit(&s->scanners);
	table_deinit(&s->routers);
	free(s->good);
	s->good = NULL;
}

/* ---- ARP: a question is a failure when nobody has answered it in a second ---- */

static struct arp_question *waiting_at(struct scan_state *s, uint32_t i)
{
	return &s->waiting[(s->waiting_head + i) % ARP_WAITING];
}

static void judge_questions(struct scan_state *s, const struct detect_env *env, uint64_t age_ns)
{
	while (s->waiting_count > 0) {
		struct arp_question *q = waiting_at(s, 0);
		struct contact c;
		if (env->steady_ns < q->time_ns + age_ns)
			return;
		s->waiting_head = (s->waiting_head + 1) % ARP_WAITING;
		s->waiting_count--;
		contact_from_arp(s, env, q, &c);
		walk_contact(s, env, &c);
	}
}

static void on_arp(struct scan_state *s, const struct detect_env *env, const struct event_arp *a)
{
	const struct event *e = &a->e;
	if (ipaddr_is_unspecified(&e->src) || a->gratuitous || ipaddr_is_link_local(&e->dst) ||
	    ipaddr_is_multicast(&e->dst) || ipaddr_is_unspecified(&e->dst))
		return;
	judge_questions(s, env, ARP_ANSWER_NS);
	if (a->operation == ARP_REPLY) {
		for (uint32_t i = 0; i < s->waiting_count; i++) {
			struct arp_question *q = waiting_at(s, i);
			if (ipaddr_equal(&q->e.e.dst, &e->src))
				q->is_answered = true;
		}
		return;
	}
	/* a full queue forgets the question: unknown, not failed */
	if (a->operation != ARP_REQUEST || s->waiting_count == ARP_WAITING)
		return;
	struct arp_question *q = waiting_at(s, s->waiting_count++);
	q->time_ns = env->steady_ns;
	q->is_answered = false;
	q->e = *a;
}

/* ---- flows ---- */

static struct flow_first *first_of(struct scan_state *s, uint64_t flow)
{
	return &s->starts[hash_mix(s->tracks.key.k[0], flow) % STARTS];
}

static void on_flow(struct scan_state *s, const struct detect_env *env, const struct event_flow *f)
{
	struct contact c;
	if (f->e.kind == EVENT_FLOW_START) {
		*first_of(s, f->e.flow) = (struct flow_first){ f->e.flow, f->e.packet };
		routers_note(&s->routers, env, f);
		return;
	}
	/* where answers go another way, silence means nothing */
	if (env->one_sided || !contact_from_flow(env, f, &c))
		return;
	const struct flow_first *first = first_of(s, f->e.flow);
	c.packet = first->flow == f->e.flow ? first->packet : f->e.packet;
	walk_contact(s, env, &c);
}

static void on_classified(struct scan_state *s, const struct detect_env *env, const struct event *e)
{
	if (e->app != APP_BITTORRENT)
		return;
	struct scanner *w = walk_scanner(s, env, e, &e->src, GOAL_SERVICES, true);
	if (w)
		w->p2p_ns = env->steady_ns ? env->steady_ns : 1;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	if (e->kind == EVENT_ARP)
		on_arp(state, env, (const struct event_arp *)e);
	else if (e->kind == EVENT_CLASSIFIED)
		on_classified(state, env, e);
	else
		on_flow(state, env, (const struct event_flow *)e);
}

static void on_tick(void *state, const struct detect_env *env)
{
	struct scan_state *s = state;
	judge_questions(s, env, ARP_ANSWER_NS);
	if (env->steady_ns < s->totals_ns)
		return;
	s->totals_ns = env->steady_ns + DETECT_TOTALS_NS;
	totals_of_all(s);
}

static void on_end(void *state, const struct detect_env *env)
{
	judge_questions(state, env, ARP_ANSWER_NS / 4);
	totals_of_all(state);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct scan_state *s = state;
	ret->entries = s->tracks.stats.entries + s->scanners.stats.entries;
	ret->evictions = s->tracks.stats.evictions + s->scanners.stats.evictions;
	ret->evicted_with_evidence =
		s->tracks.stats.evicted_with_evidence + s->scanners.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->tracks.stats.capacity, sizeof(struct track)) +
		table_worst_case(s->scanners.stats.capacity, sizeof(struct scanner)) +
		GOOD_PAIRS * sizeof(*s->good);
}

const struct detector port_scan_detector = {
	.name = "port_scan",
	.title = "Scan of hosts or ports",
	.idea = "A random walk over first contacts: who searches mostly fails, who knows mostly succeeds",
	.params = params,
	.params_size = sizeof(struct scan_params),
	.state_size = sizeof(struct scan_state),
	.wants = 1ull << EVENT_FLOW_START | 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END |
		 1ull << EVENT_CLASSIFIED | 1ull << EVENT_ARP,
	.tick_ns = TICK_NS,
	.init = init,
	.retune = retune,
	.deinit = deinit,
	.on_event = on_event,
	.on_tick = on_tick,
	.on_end = on_end,
	.keep = scan_keep,
	.counters = counters,
};
