/*
 * detect/compromise.c - small steps of one host that together are an infection.
 *
 * Idea: a loader's first hour has a shape: a program comes over clear HTTP, often under the name of
 * a picture; the host asks a service for its own address; then it speaks TLS to addresses without
 * names, with certificates of their own making, posts to a stranger with few headers, and tries
 * hosts that do not answer (T1105, T1016, T1071.001, T1573).  Each step is common; of each client
 * the kinds seen within an hour are added up, and only a step of each half makes an alert: one that
 * brings or asks (program, own address), one that talks (TLS, posts).
 * Evasion: longer than an hour, or all of it in TLS 1.3 with public certificates.
 * False alarms: a tester's machine, a torrent client that also fetches a program in the clear.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/table.h"
#include "dest.h"
#include "dga/lexical.h"
#include "step.h"

#define SECOND_NS 1000000000ull
#define TCP       6
#define TCP_SYN   2
#define FEW       6 /* headers */
#define FAILED    3
#define ADDRESSES 8
#define NOTE_MAX  64

enum kind {
	KIND_PROGRAM,  /* brings */
	KIND_IP_CHECK, /* asks */
	KIND_NAMELESS, /* talks, from here on */
	KIND_CERTIFICATE,
	KIND_POST,
	KIND_FAILED,
	KIND_RANDOM,
	KIND__COUNT
};

struct compromise_params {
	uint64_t window_s;
};

struct compromise_key {
	struct ipaddr src;
	uint64_t tunnel_key;
};

struct compromise_host {
	struct compromise_key key;
	uint64_t seen_ns[KIND__COUNT]; /* steady; 0: not */
	uint64_t first_ns, last_ns;    /* packet time */
	uint32_t failed[ADDRESSES];
	uint8_t failed_count, told_severity;
	bool is_disguised;
	char note[KIND__COUNT][NOTE_MAX];
	uint64_t packet[KIND__COUNT];
	struct event last; /* that talked */
};

struct state {
	const struct compromise_params *params;
	struct table hosts;
	uint64_t findings;
};

static const struct param params[] = {
	{ "window", PARAM_DURATION, offsetof(struct compromise_params, window_s), 60, 86400, 3600,
	  "", "Steps within so long of each other belong together" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "compromise",
	.rule = "compromise",
	.title = "Steps of an infection",
	.class = FINDING_C2,
	.techniques = { "T1071.001", "T1573", "T1105" },
	.tactic = "TA0011",
	.unseen = "what was said in TLS, and what happened on the host",
};

static const struct {
	const char *name;
	double weight;
} kinds[KIND__COUNT] = {
	[KIND_PROGRAM] = { "program", 0.2 },
	[KIND_IP_CHECK] = { "asked_own_address", 0.15 },
	[KIND_NAMELESS] = { "nameless_tls", 0.15 },
	[KIND_CERTIFICATE] = { "own_certificate", 0.15 },
	[KIND_POST] = { "bare_post", 0.15 },
	[KIND_FAILED] = { "dead_hosts", 0.1 },
	[KIND_RANDOM] = { "random_name", 0.1 },
};

static uint32_t evidence(const void *entry)
{
	const struct compromise_host *h = entry;
	uint32_t sum = h->told_severity * 100u;
	for (unsigned i = 0; i < KIND__COUNT; i++)
		sum += h->seen_ns[i] != 0;
	return sum;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 16 ? env->max_hosts / 16 : 1,
				       .entry_size = sizeof(struct compromise_host),
				       .key_size = sizeof(struct compromise_key),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->hosts, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->hosts);
}

static double weight_of(const struct compromise_host *h, unsigned kind, uint64_t now_ns,
			uint64_t window_ns)
{
	if (!h->seen_ns[kind] || now_ns - h->seen_ns[kind] > window_ns)
		return 0;
	return kinds[kind].weight + (kind == KIND_PROGRAM && h->is_disguised ? 0.1 : 0);
}

/* The sum, where both halves have a part; else none. */
static double judge(const struct compromise_host *h, uint64_t now_ns, uint64_t window_ns)
{
	double part[KIND__COUNT], sum = 0;
	unsigned count = 0;
	for (unsigned i = 0; i < KIND__COUNT; i++) {
		part[i] = weight_of(h, i, now_ns, window_ns);
		sum += part[i];
		count += part[i] > 0;
	}
	bool is_begun = part[KIND_PROGRAM] + part[KIND_IP_CHECK] > 0;
	bool is_talking = part[KIND_NAMELESS] + part[KIND_CERTIFICATE] + part[KIND_POST] > 0;
	return is_begun && is_talking && count >= 3 ? sum : 0;
}

static void explain(const struct compromise_host *h, const struct compromise_params *p,
		    const struct detect_env *env)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48], steps[256] = "";
	size_t used = 0;
	step_begin(&f, &rule, env, &h->last);
	f.start_ns = h->first_ns;
	f.end_ns = h->last_ns;
	f.peer.port = h->last.dport;
	f.packet_count = 0;
	finding_text(f.object, sizeof(f.object), "infection");
	for (unsigned i = 0; i < KIND__COUNT; i++) {
		double part = weight_of(h, i, env->steady_ns, p->window_s * SECOND_NS);
		if (part <= 0)
			continue;
		finding_feature(&f, kinds[i].name, 1, NAN, NAN, kinds[i].weight, part, "%s",
				h->note[i]);
		finding_packet(&f, h->packet[i]);
		if (used < sizeof(steps)) {
			finding_text(steps + used, sizeof(steps) - used, "%s%s", used ? "; " : "",
				     h->note[i]);
			used = strlen(steps);
		}
	}
	f.count = f.feature_count;
	step_ends(&f, from, to);
	finding_span(span, sizeof(span), h->last_ns - h->first_ns);
	finding_text(f.message, sizeof(f.message), "%s took %u steps of an infection %s: %s", from,
		     f.feature_count, span, steps);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "each step is common; together within %llu min they are how loaders begin",
		     (unsigned long long)p->window_s / 60);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent with fewer than three kinds of steps within %llu min, or without one "
		     "that talks",
		     (unsigned long long)p->window_s / 60);
	finding_step(&f, "Cut %s off and look for what was started on it in that time", from);
	finding_step(&f, "Look who else talks to %s", to);
	step_raise(&f, env);
}

static void note(struct state *s, const struct detect_env *env, const struct event *e,
		 enum kind kind, const char *text)
{
	struct compromise_key key = { .src = e->src, .tunnel_key = e->tunnel_key };
	bool is_new;
	struct compromise_host *h = table_get(&s->hosts, &key, &is_new);
	if (!h)
		return;
	if (is_new || env->now_ns - h->last_ns > s->params->window_s * SECOND_NS)
		h->first_ns = e->time_ns;
	h->seen_ns[kind] = env->steady_ns;
	h->packet[kind] = e->packet;
	h->last_ns = e->time_ns;
	finding_text(h->note[kind], NOTE_MAX, "%s", text);
	if (kind >= KIND_NAMELESS && kind <= KIND_POST)
		h->last = *e;
	double score = judge(h, env->steady_ns, s->params->window_s * SECOND_NS);
	enum severity severity = step_severity(score);
	if (severity < SEVERITY_MEDIUM || severity <= h->told_severity)
		return;
	h->told_severity = (uint8_t)severity;
	s->findings++;
	explain(h, s->params, env);
}

static void on_file(struct state *s, const struct detect_env *env, const struct event_file *f)
{
	char name[40], text[NOTE_MAX];
	if (f->type != FILE_EXECUTABLE || !f->e.from_server || !step_is(&f->e, &f->carrier, "http"))
		return;
	struct dest d;
	dest_of(&d, env, &f->e, NULL, 0);
	if (d.is_inside || dest_is_ordinary(d.service, d.sanction))
		return;
	step_string(name, sizeof(name), &f->e, &f->name);
	const char *dot = strrchr(name, '.');
	bool is_disguised = dot && (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".jpg") == 0 ||
				    strcasecmp(dot, ".gif") == 0 || strcasecmp(dot, ".txt") == 0);
	struct compromise_key key = { .src = f->e.src, .tunnel_key = f->e.tunnel_key };
	bool is_new;
	struct compromise_host *h = table_get(&s->hosts, &key, &is_new);
	if (h)
		h->is_disguised |= is_disguised;
	finding_text(text, sizeof(text), "a program came by HTTP%s: %s",
		     is_disguised ? " as another kind" : "", name);
	note(s, env, &f->e, KIND_PROGRAM, text);
}

static void on_named(struct state *s, const struct detect_env *env, const struct event *e,
		     const struct dest *d)
{
	char text[NOTE_MAX];
	if (d->service && d->service->class == SERVICE_IP_CHECK) {
		finding_text(text, sizeof(text), "it asked %.30s for its own address", d->text);
		note(s, env, e, KIND_IP_CHECK, text);
	} else if (!d->is_literal && !d->service && lexical_is_random(env->context, d->text)) {
		finding_text(text, sizeof(text), "a name like dice: %.40s", d->text);
		note(s, env, e, KIND_RANDOM, text);
	}
}

static void on_http(struct state *s, const struct detect_env *env, const struct event_http *h)
{
	struct dest d;
	char text[NOTE_MAX];
	const char *host = (const char *)event_str_data(&h->e, &h->host);
	if (h->is_response || dest_is_nobody(env, &h->e))
		return;
	dest_of(&d, env, &h->e, host, h->host.off ? h->host.len : 0);
	if (d.is_inside)
		return;
	on_named(s, env, &h->e, &d);
	if (dest_is_ordinary(d.service, d.sanction) || !step_is(&h->e, &h->method, "POST") ||
	    h->referrer.len || h->header_count > FEW + 1)
		return;
	finding_text(text, sizeof(text), "a post of %u headers to %.30s", h->header_count, d.text);
	note(s, env, &h->e, KIND_POST, text);
}

static void on_hello(struct state *s, const struct detect_env *env, const struct event_tls *t)
{
	struct dest d;
	char text[NOTE_MAX];
	const char *sni = (const char *)event_str_data(&t->e, &t->sni);
	if (t->is_server || dest_is_nobody(env, &t->e))
		return;
	dest_of(&d, env, &t->e, sni, t->sni.off ? t->sni.len : 0);
	if (d.is_inside)
		return;
	on_named(s, env, &t->e, &d);
	if (t->has_sni || !d.is_literal || d.service || t->e.app != APP_TLS)
		return;
	finding_text(text, sizeof(text), "TLS to %.40s, without a name", d.text);
	note(s, env, &t->e, KIND_NAMELESS, text);
}

static void on_cert(struct state *s, const struct detect_env *env, const struct event_cert *c)
{
	char subject[32], text[NOTE_MAX];
	if (!c->is_self_signed || dest_is_nobody(env, &c->e) ||
	    context_is_inside(env->context, &c->e.dst, c->e.tunnel_id))
		return;
	step_string(subject, sizeof(subject), &c->e, &c->subject);
	finding_text(text, sizeof(text), "a certificate of its own making: %s", subject);
	note(s, env, &c->e, KIND_CERTIFICATE, text);
}

/* Hosts without a name that do not answer, one after the other. */
static void on_end_of_flow(struct state *s, const struct detect_env *env,
			   const struct event_flow *e)
{
	struct compromise_key key = { .src = e->e.src, .tunnel_key = e->e.tunnel_key };
	struct compromise_host *h = table_find(&s->hosts, &key);
	if (!h || e->e.proto != TCP || !(e->syn_flags & TCP_SYN) ||
	    (e->outcome != FLOW_OUTCOME_REFUSED && e->outcome != FLOW_OUTCOME_UNANSWERED))
		return;
	if (dest_is_nobody(env, &e->e) || context_name_of(env->context, &e->e.dst) ||
	    context_is_inside(env->context, &e->e.dst, e->e.tunnel_id))
		return;
	uint32_t mark = (uint32_t)(hash_bytes(&env->sketch_key, &e->e.dst, sizeof(e->e.dst)) >> 32);
	for (unsigned i = 0; i < h->failed_count; i++)
		if (h->failed[i] == mark)
			return;
	if (h->failed_count < ADDRESSES)
		h->failed[h->failed_count++] = mark;
	if (h->failed_count >= FAILED)
		note(s, env, &e->e, KIND_FAILED, "three hosts without a name did not answer");
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	if (env->one_sided)
		return;
	if (e->kind == EVENT_FILE)
		on_file(s, env, (const struct event_file *)e);
	else if (e->kind == EVENT_HTTP)
		on_http(s, env, (const struct event_http *)e);
	else if (e->kind == EVENT_TLS)
		on_hello(s, env, (const struct event_tls *)e);
	else if (e->kind == EVENT_CERT)
		on_cert(s, env, (const struct event_cert *)e);
	else
		on_end_of_flow(s, env, (const struct event_flow *)e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->hosts.stats.entries;
	ret->evictions = s->hosts.stats.evictions;
	ret->evicted_with_evidence = s->hosts.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->hosts.stats.capacity, sizeof(struct compromise_host));
}

const struct detector compromise_detector = {
	.name = "compromise",
	.title = "Steps of an infection",
	.idea = "A program by HTTP or a look-up of the own address, then nameless TLS, certificates of "
		"their own making, bare posts, dead hosts: within an hour of one host",
	.params = params,
	.params_size = sizeof(struct compromise_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_FILE | 1ull << EVENT_HTTP | 1ull << EVENT_TLS | 1ull << EVENT_CERT |
		 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
