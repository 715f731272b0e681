/*
 * detect/dns_tunnel/dns_tunnel.c - data that leaves in DNS names.
 *
 * Idea: a tunnel must ask for names that nobody asked before, and each can carry no more than its
 * length allows.  For each client and registered domain the information of distinct names is added
 * up over a day (Paxson et al., USENIX Security 2013: 4 kB a day); what is spread over many clients
 * of a domain, or over many domains by one client, is added up as well (spread.c).
 * Evasion: fewer bytes a day.  False alarms: reputation look-ups by DNS (services.yaml, capped),
 * reverse look-ups of many addresses (their limit is 16 times higher).
 */
#include "dns_tunnel.h"

#include <ctype.h>
#include <string.h>

#include "exfild/base/table.h"
#include "marks.h"
#include "question.h"
#include "spread.h"

#define DAY_NS        (86400ull * 1000000000ull)
#define HALF_LIFE_S   (3 * 86400.0)
#define TYPE_CNAME    5
#define TYPE_NULL     10
#define TYPE_MX       15
#define TYPE_TXT      16
#define TYPE_KEY      25
#define TYPE_SRV      33
#define TYPE_PRIVATE  65399
#define WEIGHTY_BYTES 10.0
#define COPY_NS       1000000ull

struct state {
	const struct dns_params *params;
	struct table newcomers, pairs;
	struct spread spread;
	struct question ready[READY_COUNT];
	uint64_t findings;
	const struct detect_env *env;
};

static const struct param params[] = {
	{ "daily_bytes", PARAM_UINT, offsetof(struct dns_params, daily_bytes), 256, 1e9, 4096,
	  "bytes", "New information that a client may send to one registered domain in a day" },
	{ "weekly_bytes", PARAM_UINT, offsetof(struct dns_params, weekly_bytes), 256, 1e9, 8192,
	  "bytes", "The same over a week (older days count less)" },
	{ "domain_daily_bytes", PARAM_UINT, offsetof(struct dns_params, domain_daily_bytes), 1024,
	  1e9, 65536, "bytes",
	  "New information that all clients together may send to one domain in a day" },
	{ "spread_daily_bytes", PARAM_UINT, offsetof(struct dns_params, spread_daily_bytes), 1024,
	  1e9, 16384, "bytes",
	  "New information that a client may spread over many rare domains in a day" },
	{ "min_names", PARAM_UINT, offsetof(struct dns_params, min_names), 1, 1000, 5, "names",
	  "Distinct names before anything is said, unless a tool has left its mark" },
	{ "alert_score", PARAM_DOUBLE, offsetof(struct dns_params, alert_score), 0.1, 1, 0.6, "",
	  "Score from which it is an alert" },
	PARAM_END
};

static uint32_t evidence(const void *entry)
{
	const struct pair *p = entry;
	return p->marks ? UINT32_MAX : (uint32_t)p->exact_info + p->weighty;
}

static void tell_totals(struct state *s, const struct detect_env *env, struct pair *p);

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
	/* newcomers are known by the hash of their pair alone: it has to outlive the process */
	struct table_config newcomers = { .capacity = env->max_pairs / 2 ? env->max_pairs / 2 : 1,
					  .entry_size = sizeof(struct newcomer),
					  .key_size = sizeof(uint64_t),
					  .key = env->sketch_key };
	struct table_config pairs = { .capacity = env->max_pairs / 8 ? env->max_pairs / 8 : 1,
				      .entry_size = sizeof(struct pair),
				      .key_size = sizeof(struct pair_key),
				      .key = env->sketch_key,
				      .evidence = evidence,
				      .on_evict = on_evict,
				      .arg = s };
	int err = table_init(&s->newcomers, &newcomers);
	if (!err)
		err = table_init(&s->pairs, &pairs);
	return err ? err : spread_init(&s->spread, s->params, env);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->newcomers);
	table_deinit(&s->pairs);
	spread_deinit(&s->spread);
}

static void roll_window(struct pair *p, uint64_t steady_ns)
{
	if (steady_ns - p->window_ns < DAY_NS)
		return;
	double info = p->is_many ? hll_count(&p->info) : p->exact_info;
	decayed_add(&p->week, steady_ns, HALF_LIFE_S, info + p->edns_info);
	p->previous_info = steady_ns - p->window_ns < 2 * DAY_NS ? (float)info : 0;
	p->window_ns = steady_ns;
	p->exact_info = 0;
	p->edns_info = 0;
	p->name_count = 0;
	p->is_many = false;
	memset(&p->info, 0, sizeof(p->info));
	p->raised_info = 0;
	p->raised_severity = 0;
}

/* Whether the name is new in the window; then it is counted with its weight. */
static bool count_name(struct pair *p, uint64_t hash, double weight)
{
	uint32_t mark = (uint32_t)(hash >> 32) | 1;
	unsigned units = (unsigned)(weight + 0.5);
	for (unsigned i = 0; i < p->name_count; i++)
		if (p->names[i] == mark)
			return false;
	hll_add_weighted(&p->info, hash, units ? units : 1);
	if (p->name_count == EXACT_NAMES) {
		p->is_many = true;
		/* from here on the list holds the latest names: a repeat is still told from a new
		 * one */
		p->names[p->questions % EXACT_NAMES] = mark;
		return true;
	}
	p->names[p->name_count++] = mark;
	p->exact_info += weight;
	return true;
}

/* A client subnet or the like comes with every question: only what changes can carry data. */
static void count_edns(struct pair *p, const struct event_dns *e)
{
	if (!e->edns_option_len)
		return;
	for (unsigned i = 0; i < EDNS_KNOWN; i++)
		if (p->edns_seen[i] == e->edns_hash)
			return;
	p->edns_seen[p->edns_next++ % EDNS_KNOWN] = e->edns_hash;
	p->edns_info += e->edns_option_len;
}

static void count_type(struct pair *p, uint16_t qtype)
{
	if (qtype == TYPE_NULL || qtype == TYPE_KEY || qtype == TYPE_PRIVATE)
		p->rare_types++;
	else if (qtype == TYPE_TXT || qtype == TYPE_CNAME || qtype == TYPE_MX || qtype == TYPE_SRV)
		p->odd_types++;
	p->last_type = qtype;
}

static void on_answer(struct pair *p, const struct event_dns *e)
{
	p->answers++;
	for (unsigned i = 0; i < RECENT_ANSWERS; i++)
		if (p->recent_answers[i] == e->rdata_hash)
			return;
	p->recent_answers[p->answers % RECENT_ANSWERS] = e->rdata_hash;
	p->answer_info += e->rdata_len;
}

static void decide(struct state *s, const struct detect_env *env, struct pair *p)
{
	struct judgement j = { .is_update = false };
	/* the sum over all questions bounds what the distinct ones can carry: most pairs end here
	 */
	if (!p->marks && (p->name_count < s->params->min_names ||
			  p->weight_sum + (double)p->previous_info + p->edns_info < LEAST_BYTES))
		return;
	double info = pair_info(p, env->steady_ns);
	if (p->raised_severity && info < 2 * p->raised_info)
		return;
	if (domain_is_reverse(p->domain) && info < REVERSE_TIMES * (double)s->params->daily_bytes)
		return;
	pair_judge(p, s->params, env, &j);
	if (j.score < s->params->alert_score)
		return;
	/* a resolver repeats what its clients ask: they are the ones to name */
	if ((context_roles(env->context, &p->key.client) & ROLE_RESOLVER) &&
	    spread_has_other_client(&s->spread, p->key.domain_hash, &p->key.client))
		return;
	enum severity severity = j.score >= 0.8 ? SEVERITY_HIGH : SEVERITY_MEDIUM;
	p->raised_severity = (uint8_t)severity;
	p->raised_info = info;
	p->told_events = (uint64_t)p->questions + p->answers;
	p->told_server = p->last.dst;
	table_mark(&s->pairs, p);
	s->findings++;
	pair_explain(p, s->params, env, &j, severity);
}

/* What was told and has grown since. */
static void tell_totals(struct state *s, const struct detect_env *env, struct pair *p)
{
	struct judgement j = { .is_update = true };
	uint64_t events = (uint64_t)p->questions + p->answers;
	if (!p->raised_severity || events == p->told_events)
		return;
	p->told_events = events;
	pair_judge(p, s->params, env, &j);
	if (j.score >= 0.8 && p->raised_severity < SEVERITY_HIGH) {
		j.is_update = false;
		p->raised_severity = SEVERITY_HIGH;
		p->raised_info = j.info;
		p->told_server = p->last.dst;
		s->findings++;
	}
	pair_explain(p, s->params, env, &j, (enum severity)p->raised_severity);
}

static void tell_all_totals(struct state *s, const struct detect_env *env)
{
	spread_tell(&s->spread);
	for (void *p = table_next_marked(&s->pairs, NULL); p; p = table_next_marked(&s->pairs, p))
		tell_totals(s, env, p);
}

static void on_tick(void *state, const struct detect_env *env)
{
	tell_all_totals(state, env);
}

#define DNSCAT_RUN 4

static void find_session(struct pair *p, const struct question *q)
{
	uint16_t session;
	if (!dns_dnscat_session(q->wire, q->sub, &session))
		return;
	p->cat_run = session == p->cat_session ? (uint16_t)(p->cat_run + 1) : 1;
	p->cat_session = session;
	if (p->cat_run >= DNSCAT_RUN)
		p->marks |= MARK_DNSCAT;
}

static void spread_name(struct state *s, const struct question *q, double before, double weight)
{
	struct spread_item item = {
		.client = q->key.client,
		.tunnel_key = q->key.tunnel_key,
		.domain_hash = q->key.domain_hash,
		.domain = q->domain,
		.event = &q->e->e,
		.before = before,
	};
	if (!domain_is_reverse(q->domain))
		spread_add(&s->spread, &item, q->hash, weight);
}

static void note_example(struct pair *p, const struct question *q)
{
	size_t n = q->len < EXAMPLE_TEXT - 1 ? q->len : EXAMPLE_TEXT - 1;
	if (p->packet_count < FIRST_PACKETS)
		p->packets[p->packet_count++] = q->e->e.packet;
	for (size_t i = 0; i < n; i++)
		p->example[i] = isprint((unsigned char)q->lower[i]) ? q->lower[i] : '?';
	p->example[n] = '\0';
}

/* Of a mirror port that gives every packet twice: nobody asks again within so short a time. */
static bool is_copy(const struct pair *p, const struct question *q)
{
	const struct event *e = &q->e->e;
	return q->hash == p->last_hash && q->e->qtype == p->last_type &&
	       e->sport == p->last.sport && e->time_ns - p->last.time_ns < COPY_NS;
}

static void on_question(struct state *s, const struct detect_env *env, struct pair *p,
			const struct question *q)
{
	double weight = information_bytes(q->lower, q->sub, &p->labels);
	if (env->steady_ns - p->window_ns >= DAY_NS)
		tell_totals(s, env, p);
	roll_window(p, env->steady_ns);
	if (is_copy(p, q))
		return;
	double before = p->weight_sum < LEAST_BYTES ? p->exact_info : pair_info(p, env->steady_ns);
	p->questions++;
	p->last_hash = q->hash;
	p->weight_sum += weight;
	p->weighty += weight >= WEIGHTY_BYTES;
	p->last_ns = env->now_ns;
	p->last = q->e->e;
	count_type(p, q->e->qtype);
	p->marks |= q->marks;
	find_session(p, q);
	bool is_new = count_name(p, q->hash, weight);
	count_edns(p, q->e);
	if (is_new && weight >= WEIGHTY_BYTES)
		note_example(p, q);
	if (is_new)
		spread_name(s, q, before, weight);
	decide(s, env, p);
}

/* A full pair, with what the newcomer knew. */
static struct pair *make_pair(struct state *s, const struct detect_env *env,
			      const struct question *q, struct newcomer *n)
{
	bool is_new;
	struct pair *p = table_get_hashed(&s->pairs, &q->key, q->key_hash, &is_new);
	if (!p || !is_new)
		return p;
	memcpy(p->domain, q->domain, strlen(q->domain) + 1);
	p->window_ns = newcomer_window_ns(n, env->steady_ns);
	p->first_ns = n->first_ns;
	for (unsigned i = 0; i < n->name_count; i++) {
		double weight = newcomer_weight(n, i);
		count_name(p, n->names[i], weight);
		p->weighty += weight >= WEIGHTY_BYTES;
	}
	/* this one is counted by on_question(); one with a mark was not counted before */
	bool is_counted = !n->is_full && !q->marks && n->questions;
	p->questions = n->questions - is_counted;
	p->weight_sum = newcomer_info(n);
	n->is_full = true;
	n->name_count = 0;
	return p;
}

static void take_question(struct state *s, const struct detect_env *env, const struct question *q)
{
	struct label_memory none = { .count = 0 };
	bool is_new;
	struct newcomer *n = table_get_hashed(&s->newcomers, &q->key_hash, q->key_hash, &is_new);
	if (!n)
		return;
	if (is_new)
		newcomer_begin(n, env->now_ns, env->steady_ns);
	if (!n->is_full && !q->marks) {
		double before = newcomer_info(n);
		double weight = information_bytes(q->lower, q->sub, &none);
		enum newcomer_step step = newcomer_name(n, env->steady_ns, q->hash, weight);
		if (step == NEWCOMER_NEW)
			spread_name(s, q, before, weight);
		if (step != NEWCOMER_FULL && !q->e->edns_option_len)
			return;
	}
	struct pair *p = make_pair(s, env, q, n);
	if (p)
		on_question(s, env, p, q);
}

static const struct question *ready_question(struct state *s, const struct detect_env *env,
					     const struct event_dns *e)
{
	struct question *q = &s->ready[(uintptr_t)e / 64 % READY_COUNT];
	if (q->e != e || q->seq != e->e.seq || q->n != e->e.n)
		question_read(q, env, e);
	return q;
}

static void ahead(void *state, const struct detect_env *env, const struct event *event,
		  unsigned stage)
{
	struct state *s = state;
	const struct event_dns *e = (const struct event_dns *)event;
	if (!question_wanted(e))
		return;
	const struct question *q = ready_question(s, env, e);
	if (stage == 0) {
		table_prefetch_index(e->is_response ? &s->pairs : &s->newcomers, q->key_hash);
	} else if (!e->is_response) {
		table_prefetch_entry(&s->newcomers, q->key_hash);
		spread_prefetch(&s->spread, q->key.domain_hash);
	}
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_dns *e = (const struct event_dns *)event;
	if (!question_wanted(e))
		return;
	const struct question *q = ready_question(s, env, e);
	if (!e->is_response) {
		take_question(s, env, q);
		return;
	}
	struct pair *known = table_find_hashed(&s->pairs, &q->key, q->key_hash);
	if (known)
		on_answer(known, e);
}

/* Answers come after the questions they make suspicious: look once more. */
static void on_end(void *state, const struct detect_env *env)
{
	struct state *s = state;
	for (void *p = table_next(&s->pairs, NULL); p; p = table_next(&s->pairs, p))
		decide(s, env, p);
	tell_all_totals(s, env);
}

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	pairs_keep(&s->newcomers, &s->pairs, list);
	spread_keep(&s->spread, list);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->newcomers.stats.entries + s->pairs.stats.entries;
	ret->evictions = s->newcomers.stats.evictions + s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings + s->spread.findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct pair)) +
		table_worst_case(s->newcomers.stats.capacity, sizeof(struct newcomer)) +
		spread_bytes(&s->spread);
}

const struct detector dns_tunnel_detector = {
	.name = "dns_tunnel",
	.title = "Data in DNS names",
	.idea = "Adds up the information of names never asked before, for each client and registered "
		"domain, against what ordinary use needs in a day",
	.params = params,
	.params_size = sizeof(struct dns_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_DNS,
	.init = init,
	.deinit = deinit,
	.ahead = ahead,
	.on_event = on_event,
	.tick_ns = DETECT_TOTALS_NS,
	.on_tick = on_tick,
	.on_end = on_end,
	.keep = keep,
	.counters = counters,
};
