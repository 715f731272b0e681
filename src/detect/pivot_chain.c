/*
 * detect/pivot_chain.c - from host to host to host (T1021, T1570).
 *
 * Idea: an administrator goes to a server and works there.  An intruder goes to a host, and on from
 * it to the next, while the first session lasts or soon after, takes programs along and has them
 * carried out.  For each act of administration from B to C the sessions that came into B within the
 * window are its possible causes; the chain A, B, C counts for little by itself, and for more with
 * each act on its path: commands, copies of programs, another user, a pair that is new to a sensor
 * that has learnt (Hopper, Ho et al., USENIX Security 2021: a switch of credentials on a new path).
 * Evasion: hours between the steps; tools that are on the hosts already.  False alarms: jump hosts
 * and management servers, which do so every day: a host with the role of a manager, and a pair that
 * did so on three days, are silent.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/context/admin.h"
#include "principal.h"
#include "step.h"

#define DAY_NS     (86400 * 1000000000ull)
#define LEARN_NS   (7 * DAY_NS)
#define QUIET_NS   (3600 * 1000000000ull)
#define CAUSES     4 /* inbound sessions of a host that are remembered */
#define HABIT_DAYS 3

struct pivot_params {
	uint64_t window_s;
};

/* What has come into a host from another. */
struct cause {
	struct ipaddr client; /* unspecified: none */
	uint64_t first_ns, last_ns;
	uint64_t user; /* hash, 0: not known */
	uint64_t packet;
	uint8_t protocol; /* enum admin_protocol, of the latest */
	bool is_exec, is_copy, is_new, pad[4];
};

struct inbound {
	struct client_key key; /* the host */
	struct cause causes[CAUSES];
};

struct pair {
	struct ipaddr client, server;
	uint32_t tunnel_key, pad;
	uint64_t last_day, told_ns;
	double told_score;
	uint8_t days, pad2[7];
};

struct start {
	uint64_t since_ns; /* steady, of the first event; 0: none yet */
};

struct state {
	const struct pivot_params *params;
	struct table hosts, pairs;
	struct start start;
	uint64_t findings;
};

static const struct param params[] = {
	{ "window", PARAM_DURATION, offsetof(struct pivot_params, window_s), 10, 86400, 600, "s",
	  "How long after the last sign of a session into a host one out of it may be its next step" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "pivot_chain",
	.rule = "pivot_chain",
	.title = "From host to host to host",
	.class = FINDING_LATERAL,
	.techniques = { "T1021", "T1570" },
	.tactic = "TA0008",
	.unseen = "whether one hand made both steps, and what was done on the host in the middle",
	.next_steps = { "Ask who worked on the host in the middle at that time, and from where",
			"Look at what was carried out and copied on each host of the path",
			"Cut the first host off if nobody knows" },
};

static bool is_used(const struct cause *c)
{
	return c->last_ns != 0;
}

static uint32_t inbound_evidence(const void *entry)
{
	const struct inbound *h = entry;
	uint32_t n = 0;
	for (unsigned i = 0; i < CAUSES; i++)
		n += is_used(&h->causes[i]) * (1u + h->causes[i].is_exec + h->causes[i].is_copy);
	return n;
}

static uint32_t pair_evidence(const void *entry)
{
	const struct pair *p = entry;
	return p->days + (p->told_ns ? 8u : 0u);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config hosts = { .capacity = env->max_hosts / 16 ? env->max_hosts / 16 : 1,
				      .entry_size = sizeof(struct inbound),
				      .key_size = sizeof(struct client_key),
				      .key = env->key,
				      .evidence = inbound_evidence };
	struct table_config pairs = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				      .entry_size = sizeof(struct pair),
				      .key_size = offsetof(struct pair, last_day),
				      .key = env->key,
				      .evidence = pair_evidence };
	int r = table_init(&s->hosts, &hosts);
	if (r == 0 && (r = table_init(&s->pairs, &pairs)) != 0)
		table_deinit(&s->hosts);
	return r;
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->hosts);
	table_deinit(&s->pairs);
}

static struct inbound *inbound_of(struct state *s, const struct ipaddr *a, uint32_t tunnel_key,
				  bool may_make)
{
	struct client_key key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.client = *a;
	key.tunnel_key = tunnel_key;
	return may_make ? table_get(&s->hosts, &key, &is_new) : table_find(&s->hosts, &key);
}

/* The place of this client, else the one that is idle for longest. */
static struct cause *cause_of(struct inbound *h, const struct ipaddr *client)
{
	struct cause *oldest = &h->causes[0];
	for (unsigned i = 0; i < CAUSES; i++) {
		struct cause *c = &h->causes[i];
		if (is_used(c) && ipaddr_equal(&c->client, client))
			return c;
		if (c->last_ns < oldest->last_ns)
			oldest = c;
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->client = *client;
	return oldest;
}

static struct cause *note(struct state *s, const struct detect_env *env, const struct event *e,
			  const struct admin_act *act, bool is_new)
{
	struct inbound *h = inbound_of(s, &act->server, e->tunnel_key, true);
	if (!h)
		return NULL;
	struct cause *c = cause_of(h, &act->client);
	if (!is_used(c) || env->steady_ns - c->last_ns > s->params->window_s * 1000000000ull) {
		*c = (struct cause){ .client = act->client, .first_ns = env->steady_ns };
		c->is_new = is_new;
	}
	c->last_ns = env->steady_ns;
	c->packet = e->packet;
	if (act->protocol)
		c->protocol = act->protocol;
	c->is_exec |= act->is_exec;
	c->is_copy |= act->is_copy;
	if (act->user.off)
		c->user = principal_hash(env, e, &act->user);
	return c;
}

static void add_features(struct finding *f, const struct cause *in, const struct cause *out,
			 bool has_learnt)
{
	finding_feature(f, "chain", 2, NAN, NAN, 0.2, 0.2,
			"a step on within the window of one that came in");
	if (in->is_exec)
		finding_feature(f, "first_commands", 1, NAN, NAN, 0.2, 0.2,
				"the first step had something carried out (%s)",
				admin_protocol_name((enum admin_protocol)in->protocol));
	if (out->is_exec)
		finding_feature(f, "next_commands", 1, NAN, NAN, 0.25, 0.25,
				"the next step had something carried out (%s)",
				admin_protocol_name((enum admin_protocol)out->protocol));
	if (in->is_copy)
		finding_feature(f, "first_program", 1, NAN, NAN, 0.15, 0.15,
				"a program was copied with the first step");
	if (out->is_copy)
		finding_feature(f, "next_program", 1, NAN, NAN, 0.25, 0.25,
				"a program was copied with the next step");
	if (in->user && out->user && in->user != out->user)
		finding_feature(f, "other_user", 1, NAN, NAN, 0.2, 0.2,
				"the next step logged in as another user");
	if (has_learnt && out->is_new)
		finding_feature(f, "new_pair", 1, NAN, NAN, 0.15, 0.15,
				"the next step goes where the host has never gone before");
}

static void tell(struct state *s, const struct detect_env *env, const struct event *e,
		 const struct admin_act *act, const struct cause *in, const struct cause *out,
		 struct pair *p)
{
	struct finding f;
	char a[IPADDR_TEXT_MAX], b[IPADDR_TEXT_MAX], c[IPADDR_TEXT_MAX], span[32];
	struct event ends = *e;
	bool has_learnt = env->steady_ns - s->start.since_ns >= LEARN_NS;
	ends.src = act->client;
	ends.dst = act->server;
	step_begin(&f, &rule, env, &ends);
	add_features(&f, in, out, has_learnt);
	double score = step_score(&f);
	if (p->told_ns && env->steady_ns - p->told_ns < QUIET_NS && score <= p->told_score + 1e-9)
		return;
	p->told_ns = env->steady_ns;
	p->told_score = score;
	/* who began is the subject; the host in the middle is related */
	f.subject.ip = in->client;
	finding_related(&f, &act->client);
	ipaddr_print(&in->client, a, sizeof(a));
	ipaddr_print(&act->client, b, sizeof(b));
	ipaddr_print(&act->server, c, sizeof(c));
	finding_text(f.object, sizeof(f.object), "%s > %s > %s", a, b, c);
	finding_text(f.message, sizeof(f.message),
		     "%s went to %s by %s, and from there on to %s by %s, %s after it had come in",
		     a, b, admin_protocol_name((enum admin_protocol)in->protocol), c,
		     admin_protocol_name((enum admin_protocol)out->protocol),
		     str_duration(span, sizeof(span), env->steady_ns - in->first_ns));
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "an administrator works where they have logged in; jump hosts and managers do "
		     "the same every day: %s is not known as one",
		     b);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent for two log-ins alone, over %llu s after the first, had the pair done "
		     "so on %u days, or did the host in the middle administer several hosts on "
		     "several days",
		     (unsigned long long)s->params->window_s, (unsigned)HABIT_DAYS);
	finding_text(f.filter, sizeof(f.filter),
		     "%s.addr == %s && (%s.addr == %s || %s.addr == %s)",
		     e->ip_version == 6 ? "ipv6" : "ip", b, e->ip_version == 6 ? "ipv6" : "ip", a,
		     e->ip_version == 6 ? "ipv6" : "ip", c);
	f.learning = !has_learnt;
	f.count = 2;
	finding_packet(&f, in->packet);
	finding_packet(&f, e->packet);
	s->findings++;
	step_raise(&f, env);
}

/* Sessions into the client that this step may go on from. */
static void look_back(struct state *s, const struct detect_env *env, const struct event *e,
		      const struct admin_act *act, const struct cause *out, struct pair *p)
{
	struct inbound *h = inbound_of(s, &act->client, e->tunnel_key, false);
	const struct cause *best = NULL;
	uint64_t window_ns = s->params->window_s * 1000000000ull;
	for (unsigned i = 0; h && i < CAUSES; i++) {
		const struct cause *c = &h->causes[i];
		if (!is_used(c) || !c->protocol || ipaddr_equal(&c->client, &act->server) ||
		    c->first_ns > out->first_ns)
			continue;
		/* it lasts still, or has ended within the window */
		if (c->last_ns < out->first_ns && out->first_ns - c->last_ns > window_ns)
			continue;
		if (!best || c->is_exec + c->is_copy > best->is_exec + best->is_copy)
			best = c;
	}
	if (best)
		tell(s, env, e, act, best, out, p);
}

static struct pair *pair_of(struct state *s, const struct event *e, const struct admin_act *act,
			    bool *ret_new)
{
	struct pair key;
	memset(&key, 0, sizeof(key));
	key.client = act->client;
	key.server = act->server;
	key.tunnel_key = e->tunnel_key;
	return table_get(&s->pairs, &key, ret_new);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	struct admin_act act;
	bool is_new;
	if (!s->start.since_ns)
		s->start.since_ns = env->steady_ns;
	if (!admin_act_read(event, &act) ||
	    !context_is_inside(env->context, &act.client, event->tunnel_id) ||
	    !context_is_inside(env->context, &act.server, event->tunnel_id))
		return;
	struct pair *p = pair_of(s, event, &act, &is_new);
	if (!p)
		return;
	uint64_t day = env->steady_ns / DAY_NS + 1;
	bool is_habit = p->days >= HABIT_DAYS;
	if (p->last_day != day) {
		p->last_day = day;
		if (p->days < UINT8_MAX)
			p->days++;
	}
	const struct cause *noted = note(s, env, event, &act, is_new);
	if (!noted || is_habit || context_roles(env->context, &act.client) & ROLE_MANAGER)
		return;
	struct cause out = *noted; /* looking for another host may move it */
	look_back(s, env, event, &act, &out, p);
}

static const struct keep_field pair_fields[] = {
	KEEP(U8, struct pair, client),      KEEP(U8, struct pair, server),
	KEEP(U32, struct pair, tunnel_key), KEEP(U64, struct pair, last_day),
	KEEP(U8, struct pair, days),        KEEP_LAST,
};

static const struct keep_field start_fields[] = { KEEP(U64, struct start, since_ns), KEEP_LAST };

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part pairs = { .name = "pivot_chain.pairs",
					 .version = 1,
					 .owner = s,
					 .table = &s->pairs,
					 .fields = pair_fields };
	const struct keep_part start = { .name = "pivot_chain.start",
					 .version = 1,
					 .owner = &s->start,
					 .fields = start_fields };
	keep_add(list, &pairs);
	keep_add(list, &start);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->hosts.stats.entries + s->pairs.stats.entries;
	ret->evictions = s->hosts.stats.evictions + s->pairs.stats.evictions;
	ret->evicted_with_evidence =
		s->hosts.stats.evicted_with_evidence + s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->hosts.stats.capacity, sizeof(struct inbound)) +
				table_worst_case(s->pairs.stats.capacity, sizeof(struct pair));
}

const struct detector pivot_chain_detector = {
	.name = "pivot_chain",
	.title = "From host to host to host",
	.idea = "Joins a session into a host with one out of it to the next, and weighs commands, "
		"copies of programs, another user and new pairs on the path",
	.params = params,
	.params_size = sizeof(struct pivot_params),
	.state_size = sizeof(struct state),
	.wants = ADMIN_WANTS,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
