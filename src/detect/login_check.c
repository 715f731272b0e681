/*
 * detect/login_check.c - passwords that are found right, and then not used (T1110).
 *
 * Idea: who logs in wants something: a shell, a listing, at least to say good-bye.  A tool that
 * tries passwords wants to know only whether one is right: once it is let in it says not a byte
 * more and closes (Hydra, Medusa, Ncrack, checks of stolen lists).  So a single right guess, which
 * no count of refusals can find, has a shape of its own.  Only services that give a person or
 * program a session of its own are looked at: web pages, mail and directories are asked for a yes
 * by programs that check their own users. Evasion: a command, or a good-bye, before closing.  False
 * alarms: monitors that try a password and hang up: the same pair again and again is a habit, and
 * managers (context) are silent.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/base/table.h"
#include "step.h"

#define SECOND_NS    1000000000ull
#define DAY_NS       (86400 * SECOND_NS)
#define TCP_FIN      1u
#define TCP_RST      4u
#define FLOWS        4096u
#define SERVICE_TEXT 12
#define DAYS         3 /* on which the same pair did so: a habit */
#define UNUSED_PART  0.4
#define ALONE_PART   0.15
#define HABIT_PART   (-0.3)

struct check_params {
	uint64_t seconds;
};

/* A flow that was let in, until it ends. */
struct flow {
	uint64_t id;
	uint64_t said, steady_ns, time_ns, packet;
	char service[SERVICE_TEXT];
};

/* Log-ins of a source to a target. */
struct pair {
	struct ipaddr src, dst;
	uint32_t service, tunnel_key;
	uint32_t used; /* after which something was said */
	uint32_t days, last_day;
	uint8_t is_told;
	uint8_t pad[3];
};

struct state {
	const struct check_params *params;
	struct table flows, pairs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "seconds", PARAM_UINT, offsetof(struct check_params, seconds), 1, 60, 5, "s",
	  "Within so long after it was let in a log-in has to be closed" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "login_check",
	.rule = "login_check",
	.title = "A password was checked and not used",
	.class = FINDING_LATERAL,
	.techniques = { "T1110.001", "T1078" },
	.tactic = "TA0006",
	.unseen = "how the password was come by, and tries that went past the sensor",
	.next_steps = { "Look into the target's log for the account that was let in, and change "
			"its password",
			"Find out which program at the source did it; a monitor or an audit is an "
			"exception",
			"Look what the account does from now on" },
};

static const char *const services[] = { "ssh", "ftp", "telnet" };

static uint32_t evidence_of_flow(const void *entry)
{
	(void)entry;
	return 0;
}

static uint32_t evidence_of_pair(const void *entry)
{
	const struct pair *p = entry;
	return p->is_told + p->days + (p->used > 0);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config flows = { .capacity = FLOWS,
				      .entry_size = sizeof(struct flow),
				      .key_size = sizeof(uint64_t),
				      .key = env->key,
				      .evidence = evidence_of_flow };
	struct table_config pairs = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				      .entry_size = sizeof(struct pair),
				      .key_size = offsetof(struct pair, used),
				      .key = env->key,
				      .evidence = evidence_of_pair };
	int r = table_init(&s->flows, &flows);
	if (r == 0 && (r = table_init(&s->pairs, &pairs)) != 0)
		table_deinit(&s->flows);
	return r;
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->flows);
	table_deinit(&s->pairs);
}

static const struct keep_field fields[] = {
	KEEP(U8, struct pair, src),
	KEEP(U8, struct pair, dst),
	KEEP(U32, struct pair, service),
	KEEP(U32, struct pair, tunnel_key),
	KEEP(U32, struct pair, used),
	KEEP(U32, struct pair, days),
	KEEP(U32, struct pair, last_day),
	KEEP(U8, struct pair, is_told),
	KEEP_LAST,
};

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part part = { .name = "login_check.pairs",
					.version = 1,
					.owner = s,
					.table = &s->pairs,
					.fields = fields };
	keep_add(list, &part);
}

static void on_login(struct state *s, const struct detect_env *env, const struct event_login *l)
{
	bool is_new;
	if (l->outcome != LOGIN_SUCCESS || l->method == LOGIN_NONE || !l->e.flow)
		return;
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		if (!step_is(&l->e, &l->service, services[i]))
			continue;
		struct flow *f = table_get(&s->flows, &l->e.flow, &is_new);
		if (!f)
			return;
		f->said = l->said;
		f->steady_ns = env->steady_ns;
		f->time_ns = l->e.time_ns;
		f->packet = l->e.packet;
		(void)str_copy(f->service, sizeof(f->service), services[i]);
	}
}

static struct pair *pair_of(struct state *s, const struct detect_env *env, const struct event *e,
			    const char *service)
{
	struct pair key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.src = e->src;
	key.dst = e->dst;
	key.service = (uint32_t)(hash_bytes(&env->sketch_key, service, strlen(service)) >> 32);
	key.tunnel_key = e->tunnel_key;
	return table_get(&s->pairs, &key, &is_new);
}

static void tell(struct state *s, const struct detect_env *env, const struct event_flow *e,
		 const struct flow *flow, struct pair *p)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[32];
	step_begin(&f, &rule, env, &e->e);
	step_ends(&f, from, to);
	f.start_ns = e->first_ns;
	f.end_ns = e->last_ns;
	finding_span(span, sizeof(span), e->last_ns - flow->time_ns);
	finding_feature(&f, "unused", 1, NAN, NAN, UNUSED_PART, UNUSED_PART,
			"let in, it said nothing more and closed %s", span);
	if (!p->used)
		finding_feature(&f, "alone", 1, NAN, NAN, ALONE_PART, ALONE_PART,
				"the source has not worked there by %s before", flow->service);
	if (p->days >= DAYS)
		finding_feature(&f, "habit", p->days, NAN, DAYS, 0, HABIT_PART,
				"the same was done on %u earlier days", p->days);
	finding_text(f.object, sizeof(f.object), "%s", flow->service);
	finding_text(f.message, sizeof(f.message),
		     "%s was let in by %s at %s, said nothing more and closed %s: the password was "
		     "checked, not used",
		     from, flow->service, to, span);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "who logs in asks for something, or says good-bye; only a check of the "
		     "password is done when it is accepted");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent with one byte of the client after it was let in, or if it had stayed "
		     "for more than %llu s",
		     (unsigned long long)s->params->seconds);
	f.visibility = strcmp(flow->service, "ssh") == 0 ? VISIBILITY_OPAQUE : VISIBILITY_CLEAR;
	f.packet_count = 0;
	finding_packet(&f, flow->packet);
	step_raise(&f, env);
	if (f.severity == SEVERITY_NONE)
		return;
	p->is_told = 1;
	s->findings++;
}

static void on_end_of_flow(struct state *s, const struct detect_env *env,
			   const struct event_flow *e)
{
	struct flow *known = table_find(&s->flows, &e->e.flow);
	if (!known)
		return;
	struct flow flow = *known;
	table_remove(&s->flows, known);
	struct pair *p = pair_of(s, env, &e->e, flow.service);
	if (!p)
		return;
	if (e->payload[0] > flow.said) {
		p->used++;
		return;
	}
	bool is_closed = (e->tcp_flags[0] & (TCP_FIN | TCP_RST)) && !e->one_sided;
	bool is_soon = e->last_ns - flow.time_ns <= s->params->seconds * SECOND_NS;
	if (!is_closed || !is_soon || context_roles(env->context, &e->e.src) & ROLE_MANAGER)
		return;
	uint32_t day = (uint32_t)(env->steady_ns / DAY_NS);
	if (!p->is_told || p->last_day != day)
		tell(s, env, e, &flow, p);
	if (p->last_day != day)
		p->days++;
	p->last_day = day;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	if (env->one_sided)
		return;
	if (e->kind == EVENT_LOGIN)
		on_login(state, env, (const struct event_login *)e);
	else
		on_end_of_flow(state, env, (const struct event_flow *)e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(FLOWS, sizeof(struct flow)) +
				table_worst_case(s->pairs.stats.capacity, sizeof(struct pair));
}

const struct detector login_check_detector = {
	.name = "login_check",
	.title = "A password was checked and not used",
	.idea = "A log-in that is accepted, after which the client says nothing and closes",
	.params = params,
	.params_size = sizeof(struct check_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_LOGIN | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
