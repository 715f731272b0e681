/*
 * detect/brute_force/brute_force.c - passwords that are tried out.
 *
 * Idea: people mistype a few times and get in; a service with an old password repeats the same one
 * at its own pace; who guesses tries many secrets, many accounts, or both, faster than hands, and
 * mostly fails.  For each source, target and service the distinct pairs of account and secret are
 * counted where the protocol shows them, else the tries, which fade with a half-life of 20 minutes.
 * For each source (and each target) a sequential test over the first try of each account (each
 * source), as Threshold Random Walk does for scans (Jung et al. 2004), finds sprays that stay
 * below every limit for one account.  Remote desktop logs in inside TLS: there short connections
 * of like size count as refused.
 * Evasion: fewer tries than the limits; one try an hour where the secret is not seen looks like an
 * old password; a new source for each account.  False alarms: an old password in many programs at
 * once, a password checker, tests of an application: except them.
 */
#include "brute_force.h"

#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "../step.h"

#define WINDOW_NS      (24 * 3600ull * 1000000000ull) /* without a failure all is forgotten */
#define NS_PER_S       1e9
#define WEIGHT_HAND    0.5 /* of a try whose secret was not seen */
#define WEIGHT_MACHINE 0.75
#define WEIGHT_SAME    0.25 /* of another refusal on one connection at once: keys of an agent */
#define SAME_NS        (300 * 1000000ull)
#define GAP_SHARE      0.2     /* of a new gap in the moving mean */
#define WALK_FAILURE   1.5     /* ln(.9 / .2) */
#define WALK_SUCCESS   (-2.08) /* ln(.1 / .8) */
#define WALK_MAX       40

#define RDP_ASKED      500  /* bytes of payload that a log-in with NLA takes at least */
#define RDP_REFUSED    4096 /* ... and at most, when it is refused */
#define RDP_REFUSED_NS (30 * 1000000000ull) /* tools give a try up after 20 s */
#define RDP_SESSION    30000

static const struct param params[] = {
	{ "alert_score", PARAM_DOUBLE, offsetof(struct brute_params, alert_score), 0.1, 1, 0.35, "",
	  "Score from which it is an alert; medium from 0.5 on" },
	{ "accounts", PARAM_UINT, offsetof(struct brute_params, accounts), 3, 60, 8, "accounts",
	  "Accounts (or sources) whose first try may fail in a day before it is called a spray" },
	PARAM_END
};

static uint32_t evidence_of_pair(const void *entry)
{
	const struct brute_pair *p = entry;
	return p->told_severity ? UINT32_MAX : p->failures;
}

static uint32_t evidence_of_group(const void *entry)
{
	const struct brute_group *g = entry;
	return g->told_severity ? UINT32_MAX : g->failed;
}

static void deinit(void *state)
{
	struct brute_state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->groups);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct brute_state *s = state;
	s->params = parameters;
	struct table_config pairs = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				      .entry_size = sizeof(struct brute_pair),
				      .key_size = offsetof(struct brute_pair, first_ns),
				      .key = env->key,
				      .evidence = evidence_of_pair };
	struct table_config groups = { .capacity = env->max_hosts / 8 ? env->max_hosts / 8 : 1,
				       .entry_size = sizeof(struct brute_group),
				       .key_size = offsetof(struct brute_group, first_ns),
				       .key = env->key,
				       .evidence = evidence_of_group };
	int r = table_init(&s->pairs, &pairs);
	if (r == 0)
		r = table_init(&s->groups, &groups);
	return r;
}

bool brute_bit(uint8_t bits[BITS_BYTES], uint32_t hash)
{
	uint8_t mask = (uint8_t)(1u << (hash & 7));
	uint8_t *byte = &bits[hash >> 3 & (BITS_BYTES - 1)];
	bool is_new = !(*byte & mask);
	*byte |= mask;
	return is_new;
}

double brute_bits_count(const uint8_t bits[BITS_BYTES])
{
	unsigned set = 0;
	for (unsigned i = 0; i < BITS_BYTES; i++)
		set += (unsigned)__builtin_popcount(bits[i]);
	unsigned all = BITS_BYTES * 8;
	if (set < all / 8)
		return set;
	return set == all ? all * log(all) : -(double)all * log(1 - (double)set / all);
}

double brute_pair_tries(const struct brute_pair *p, uint64_t steady_ns)
{
	return brute_bits_count(p->secrets) + decayed_at(&p->unseen, steady_ns, FAST_HALF_S);
}

/* What a log-in was, of whichever kind the event is. */
struct attempt {
	const struct event *e;
	enum login_outcome outcome;
	uint32_t service, user;
	uint8_t secret_mark;
	bool is_inferred;
	char name[SERVICE_TEXT];
};

static uint32_t hash_of(const struct detect_env *env, const void *data, size_t len)
{
	return (uint32_t)(hash_bytes(&env->sketch_key, data, len) >> 32);
}

static struct brute_pair *pair_of(struct brute_state *s, const struct detect_env *env,
				  const struct attempt *a)
{
	struct brute_pair key;
	bool is_new;
	memset(&key, 0, offsetof(struct brute_pair, first_ns));
	key.src = a->e->src;
	key.dst = a->e->dst;
	key.service = a->service;
	key.tunnel_key = a->e->tunnel_key;
	struct brute_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return NULL;
	if (is_new)
		p->last_steady_ns = env->steady_ns;
	else if (env->steady_ns - p->last_steady_ns > WINDOW_NS)
		memset((uint8_t *)p + offsetof(struct brute_pair, first_ns), 0,
		       sizeof(*p) - offsetof(struct brute_pair, first_ns));
	if (!p->failures && a->outcome != LOGIN_SUCCESS) {
		p->first_ns = env->now_ns;
		p->last_steady_ns = env->steady_ns;
		memcpy(p->name, a->name, sizeof(p->name));
	}
	return p;
}

/* How regular the failures come. */
static void learn_gap(struct brute_pair *p, uint64_t gap_ns)
{
	double gap = (double)gap_ns / NS_PER_S;
	if (p->failures <= 2) {
		p->gap_s = gap;
		p->gap_deviation_s = 0;
		return;
	}
	p->gap_deviation_s += GAP_SHARE * (fabs(gap - p->gap_s) - p->gap_deviation_s);
	p->gap_s += GAP_SHARE * (gap - p->gap_s);
}

/* The end of a flow may be a timer's, which has no packet: then its first one. */
static uint64_t packet_of(const struct event *e)
{
	return e->packet || e->kind != EVENT_FLOW_END ?
		       e->packet :
		       ((const struct event_flow *)e)->first_packet;
}

static void failed(struct brute_pair *p, const struct detect_env *env, const struct attempt *a)
{
	uint64_t gap = env->steady_ns - p->last_steady_ns;
	bool is_other_flow = p->last_flow != a->e->flow;
	bool is_at_once = p->failures && is_other_flow && gap <= AT_ONCE_NS;
	p->failures++;
	p->streak++;
	p->at_once += is_at_once;
	if (!p->together || env->now_ns - p->together_ns > TOGETHER_NS) {
		p->together = 1;
		p->together_ns = env->now_ns;
	} else if (is_other_flow) {
		p->together++;
	}
	if (p->success_ns && env->now_ns - p->success_ns <= TOGETHER_NS && p->together > p->mixed)
		p->mixed = p->together;
	if (p->failures > 1)
		learn_gap(p, gap);
	brute_bit(p->users, a->user);
	if (a->secret_mark) {
		brute_bit(p->secrets, a->user * 2654435761u + a->secret_mark);
	} else {
		double weight = is_at_once                       ? WEIGHT_MACHINE :
				!is_other_flow && gap <= SAME_NS ? WEIGHT_SAME :
								   WEIGHT_HAND;
		decayed_add(&p->unseen, env->steady_ns, FAST_HALF_S, weight);
	}
	p->inferred += a->is_inferred;
	p->user = a->user;
	p->last_flow = a->e->flow;
	p->last_ns = env->now_ns;
	p->last_steady_ns = env->steady_ns;
	p->last = *a->e;
	uint64_t packet = packet_of(a->e);
	if (p->packet_count < PAIR_PACKETS && packet)
		p->packets[p->packet_count++] = packet;
}

static void succeeded(struct brute_pair *p, const struct detect_env *env, const struct attempt *a)
{
	bool is_among = p->failures && env->now_ns - p->together_ns <= TOGETHER_NS;
	p->successes++;
	p->success_ns = env->now_ns;
	if (is_among && p->together > p->mixed && p->last_flow != a->e->flow)
		p->mixed = p->together;
	if (p->streak >= STREAK_TYPOS) {
		p->success_after = p->streak;
		p->last = *a->e;
	} else if (a->user == p->user && p->mixed < STREAK_TYPOS / 2) {
		/* somebody who has found the right one */
		memset(p->secrets, 0, sizeof(p->secrets));
		memset(p->users, 0, sizeof(p->users));
		memset(&p->unseen, 0, sizeof(p->unseen));
		p->failures = p->at_once = p->together = 0;
		p->told_tries = 0;
	}
	p->streak = 0;
}

static void judge_pair(struct brute_state *s, const struct detect_env *env, const struct attempt *a)
{
	struct brute_pair *p = pair_of(s, env, a);
	if (!p)
		return;
	uint32_t after = p->success_after, mixed = p->mixed;
	if (a->outcome == LOGIN_SUCCESS) {
		succeeded(p, env, a);
		if (p->success_after == after && p->mixed == mixed)
			return;
	} else {
		failed(p, env, a);
	}
	double tries = brute_pair_tries(p, env->steady_ns);
	bool is_news = !p->told_severity || tries >= 2 * p->told_tries || p->success_after != after;
	enum severity told = brute_tell_pair(p, s->params, env, is_news);
	if (!told)
		return;
	if (told > p->told_severity)
		p->told_severity = (uint8_t)told;
	p->told_tries = tries;
	s->findings++;
}

static struct brute_group *group_of(struct brute_state *s, const struct detect_env *env,
				    const struct attempt *a, enum brute_side side)
{
	struct brute_group key;
	bool is_new;
	memset(&key, 0, offsetof(struct brute_group, first_ns));
	key.address = side == SIDE_SOURCE ? a->e->src : a->e->dst;
	key.service = a->service;
	key.tunnel_key = a->e->tunnel_key;
	key.side = side;
	struct brute_group *g = table_get(&s->groups, &key, &is_new);
	if (!g)
		return NULL;
	if (!is_new && env->steady_ns - g->last_steady_ns > WINDOW_NS)
		memset((uint8_t *)g + offsetof(struct brute_group, first_ns), 0,
		       sizeof(*g) - offsetof(struct brute_group, first_ns));
	if (!g->first_ns) {
		g->first_ns = env->now_ns;
		g->last_steady_ns = env->steady_ns;
		memcpy(g->name, a->name, sizeof(g->name));
	}
	return g;
}

static struct brute_member *member_of(struct brute_group *g, uint32_t hash, bool *ret_new)
{
	*ret_new = false;
	for (uint32_t i = 0; i < g->member_count; i++)
		if (g->members[i].hash == hash)
			return &g->members[i];
	if (g->member_count == MEMBERS_MAX) {
		g->beyond++;
		return NULL;
	}
	*ret_new = true;
	struct brute_member *m = &g->members[g->member_count++];
	m->hash = hash;
	return m;
}

static void count_member(struct brute_group *g, const struct attempt *a, uint32_t hash)
{
	bool is_new, is_success = a->outcome == LOGIN_SUCCESS;
	struct brute_member *m = member_of(g, hash, &is_new);
	if (!m)
		return;
	if (is_new) {
		g->walk += is_success ? WALK_SUCCESS : WALK_FAILURE;
		g->failed += !is_success;
	} else if (is_success && !m->has_succeeded && m->failures && m->failures <= STREAK_TYPOS) {
		g->walk += WALK_SUCCESS - WALK_FAILURE; /* it was a typing mistake */
		g->failed -= g->failed > 0;
	}
	if (g->walk < 0)
		g->walk = 0;
	if (g->walk > WALK_MAX)
		g->walk = WALK_MAX;
	m->has_succeeded |= is_success;
	if (!is_success && m->failures < UINT8_MAX)
		m->failures++;
	if (a->secret_mark)
		m->secret_mark = a->secret_mark;
}

static void judge_group(struct brute_state *s, const struct detect_env *env,
			const struct attempt *a, enum brute_side side)
{
	uint32_t source = hash_of(env, &a->e->src, sizeof(a->e->src));
	uint32_t target = hash_of(env, &a->e->dst, sizeof(a->e->dst));
	if (side == SIDE_SOURCE && !a->user)
		return;
	struct brute_group *g = group_of(s, env, a, side);
	if (!g)
		return;
	uint32_t before = g->failed;
	bool is_success = a->outcome == LOGIN_SUCCESS;
	g->successes += is_success;
	g->failures += !is_success;
	count_member(g, a, side == SIDE_SOURCE ? a->user : source);
	brute_bit(g->others, side == SIDE_SOURCE ? target : a->user);
	if (!is_success) {
		g->last_ns = env->now_ns;
		g->last_steady_ns = env->steady_ns;
		g->last = *a->e;
	}
	if (g->failed <= before || g->failed < s->params->accounts ||
	    (g->told_severity && g->failed < g->told_failed + g->told_failed / 2))
		return;
	enum severity told = brute_tell_group(g, s->params, env);
	if (!told)
		return;
	if (told > g->told_severity)
		g->told_severity = (uint8_t)told;
	g->told_failed = g->failed;
	s->findings++;
}

static void judge(struct brute_state *s, const struct detect_env *env, const struct attempt *a)
{
	if (a->outcome == LOGIN_UNKNOWN)
		return;
	judge_pair(s, env, a);
	judge_group(s, env, a, SIDE_SOURCE);
	judge_group(s, env, a, SIDE_TARGET);
}

/*
 * What a page answers to a form is not in a number.  Another secret for the same account right
 * after says that the last one was wrong; one that is the same again says nothing.
 */
static void judge_form(struct brute_state *s, const struct detect_env *env, struct attempt *a)
{
	struct brute_pair *p = a->outcome == LOGIN_UNKNOWN ? pair_of(s, env, a) : NULL;
	if (p) {
		bool is_again =
			p->form_secret && p->form_secret != a->secret_mark && p->user == a->user;
		p->form_secret = a->secret_mark;
		p->user = a->user;
		if (is_again)
			a->outcome = LOGIN_FAILURE;
	}
	judge(s, env, a);
}

static void on_login(struct brute_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_login *l = (const struct event_login *)e;
	struct attempt a = { .e = e,
			     .outcome = (enum login_outcome)l->outcome,
			     .secret_mark = l->secret_mark,
			     .is_inferred = l->is_inferred };
	size_t len = l->service.len < SERVICE_TEXT - 1 ? l->service.len : SERVICE_TEXT - 1;
	if (!l->service.off || l->method == LOGIN_NONE)
		return; /* anonymous: nothing is guessed */
	if (l->outcome == LOGIN_NO_USER && step_is(e, &l->service, "kerberos"))
		return; /* told before any secret was shown: kerberos_enumeration's */
	memcpy(a.name, event_str_data(e, &l->service), len);
	a.service = hash_of(env, a.name, len);
	if (l->user.off && l->user.len)
		a.user = hash_of(env, event_str_data(e, &l->user), l->user.len) | 1;
	if (step_is(e, &l->service, "http-form"))
		judge_form(s, env, &a);
	else
		judge(s, env, &a);
}

/* Network level authentication goes through TLS: only how long it takes is seen. */
static void on_flow_end(struct brute_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_flow *f = (const struct event_flow *)e;
	struct attempt a = { .e = e, .name = "rdp", .is_inferred = true };
	if (e->app != APP_RDP || f->outcome != FLOW_OUTCOME_ESTABLISHED ||
	    f->payload[0] < RDP_ASKED || f->payload[1] < RDP_ASKED)
		return;
	if (f->payload[1] >= RDP_SESSION)
		a.outcome = LOGIN_SUCCESS;
	else if (f->payload[0] <= RDP_REFUSED && f->payload[1] <= RDP_REFUSED &&
		 f->last_ns - f->first_ns <= RDP_REFUSED_NS)
		a.outcome = LOGIN_FAILURE;
	a.service = hash_of(env, a.name, strlen(a.name));
	judge(s, env, &a);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	if (e->kind == EVENT_LOGIN)
		on_login(state, env, e);
	else if (e->kind == EVENT_FLOW_END)
		on_flow_end(state, env, e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct brute_state *s = state;
	const struct table_stats *p = &s->pairs.stats, *g = &s->groups.stats;
	ret->entries = p->entries + g->entries;
	ret->evictions = p->evictions + g->evictions;
	ret->evicted_with_evidence = p->evicted_with_evidence + g->evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(p->capacity, sizeof(struct brute_pair)) +
				table_worst_case(g->capacity, sizeof(struct brute_group));
}

const struct detector brute_force_detector = {
	.name = "brute_force",
	.title = "Passwords tried out",
	.idea = "Counts distinct secrets and accounts that fail, for each source, target and "
		"service, and tests the first try of each account for sprays",
	.params = params,
	.params_size = sizeof(struct brute_params),
	.state_size = sizeof(struct brute_state),
	.wants = 1ull << EVENT_LOGIN | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = brute_keep,
	.counters = counters,
};
