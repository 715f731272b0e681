/*
 * detect/raw_channel.c - a long quiet conversation in no known protocol.
 *
 * Idea: a shell or an agent over plain TCP (T1095) keeps one connection open, says little, and
 * waits: small pieces both ways, less than a few a second, for minutes to hours, in bytes that
 * neither nDPI nor an inspector knows.  Alone that is context at most: games, cameras and trading
 * do so.  It becomes an alert where the same server had sent the client an executable, where the
 * port belongs to another protocol, or where the address has no name and the conversation comes
 * again. Evasion: TLS or HTTP around it (odd_tls, http_channel), a connection for each word
 * (beacon). False alarms: home-made protocols to bare addresses, which are context.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/base/table.h"
#include "exfild/event/keep.h"
#include "dest.h"
#include "protocol_mismatch/protocol_mismatch.h"
#include "step.h"

#define SECOND_NS 1000000000ull
#define TCP       6
#define PACKETS   8
#define SMALL     400 /* payload of a packet, on average */
#define RATE      3.0 /* packets a second of one side */
#define PIECES    8   /* packets of each side */
#define AGAIN     3

struct raw_params {
	uint64_t long_s, most_bytes;
};

struct raw_key {
	struct ipaddr src, dst;
	uint32_t tunnel_key;
	uint16_t port, pad;
};

struct raw_pair {
	struct raw_key key;
	uint64_t first_ns, last_ns, longest_ns;
	uint64_t up, down;
	uint32_t conversations, packets_up, packets_down;
	uint8_t told_severity, packet_count;
	bool is_inside, is_literal, is_foreign, has_delivered;
	uint64_t packets[PACKETS];
	struct event last;
};

struct raw_flow { /* that nothing knows */
	uint64_t id;
	uint64_t packet; /* that showed it */
	bool is_counted;
	uint8_t pad[7];
};

/* A client and a server that sent it an executable, by whatever port. */
struct delivery {
	struct ipaddr src, dst;
	uint64_t tunnel_key;
	uint64_t time_ns; /* steady */
};

struct state {
	const struct raw_params *params;
	struct table pairs, flows, deliveries;
	uint64_t findings;
};

static const struct param params[] = {
	{ "long", PARAM_DURATION, offsetof(struct raw_params, long_s), 30, 7 * 86400.0, 300, "",
	  "A conversation that lasts so long is judged" },
	{ "most_bytes", PARAM_UINT, offsetof(struct raw_params, most_bytes), 1000, 1e12, 4e6,
	  "bytes", "More than this in all is a transfer, no channel" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "raw_channel",
	.rule = "raw_channel",
	.title = "Command channel in no known protocol",
	.class = FINDING_C2,
	.techniques = { "T1095" },
	.tactic = "TA0011",
	.unseen = "what was said: the protocol is not known",
};

static uint32_t evidence(const void *entry)
{
	const struct raw_pair *p = entry;
	return p->told_severity * 1000u + p->conversations + p->has_delivered * 500u;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	uint32_t share = env->max_pairs / 128 ? env->max_pairs / 128 : 1;
	s->params = parameters;
	struct table_config config = { .capacity = share,
				       .entry_size = sizeof(struct raw_flow),
				       .key_size = sizeof(uint64_t),
				       .key = env->key };
	int err = table_init(&s->flows, &config);
	config.entry_size = sizeof(struct delivery);
	config.key_size = offsetof(struct delivery, time_ns);
	err = err ? err : table_init(&s->deliveries, &config);
	config.entry_size = sizeof(struct raw_pair);
	config.key_size = sizeof(struct raw_key);
	config.evidence = evidence;
	return err ? err : table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->flows);
	table_deinit(&s->deliveries);
}

struct judgement {
	double unknown, trickle, length, agent, nameless, foreign, delivered, again, inside, score;
};

static void judge(const struct raw_pair *p, const struct raw_params *limits, struct judgement *j)
{
	double seconds = fmax(1, (double)p->longest_ns / 1e9);
	double rate = fmax(p->packets_up, p->packets_down) / seconds;
	memset(j, 0, sizeof(*j));
	if (p->longest_ns < limits->long_s * SECOND_NS || p->up + p->down > limits->most_bytes)
		return;
	if (p->packets_up < PIECES || p->packets_down < PIECES || rate > RATE ||
	    p->up > (uint64_t)SMALL * p->packets_up || p->down > (uint64_t)SMALL * p->packets_down)
		return;
	j->unknown = 0.1;
	j->trickle = 0.1;
	j->length = 0.1 * fmin(1, seconds / (2.0 * (double)limits->long_s));
	if (p->up > p->down)
		j->agent = 0.05;
	if (p->is_literal && !p->is_inside)
		j->nameless = 0.1;
	if (p->is_foreign)
		j->foreign = 0.15;
	if (p->has_delivered)
		j->delivered = 0.3;
	if (p->conversations >= AGAIN)
		j->again = 0.05;
	if (p->is_inside)
		j->inside = -0.1;
	j->score = j->unknown + j->trickle + j->length + j->agent + j->nameless + j->foreign +
		   j->delivered + j->again + j->inside;
}

static void add(struct finding *f, const char *name, double value, double limit, double weight,
		double contribution, const char *text)
{
	if (fabs(contribution) > 1e-9)
		finding_feature(f, name, value, NAN, limit, weight, contribution, "%s", text);
}

static void add_features(struct finding *f, const struct raw_pair *p,
			 const struct raw_params *limits, const struct judgement *j)
{
	char text[96], span[32];
	uint64_t mean_up = p->up / p->packets_up, longest_s = p->longest_ns / SECOND_NS;
	str_duration(span, sizeof(span), p->longest_ns);
	add(f, "unknown_protocol", 1, NAN, 0.1, j->unknown, "no protocol that is known");
	finding_text(text, sizeof(text), "%u and %u packets, %llu and %llu bytes on average",
		     p->packets_up, p->packets_down, (unsigned long long)mean_up,
		     (unsigned long long)(p->down / p->packets_down));
	add(f, "trickle", (double)mean_up, SMALL, 0.1, j->trickle, text);
	finding_text(text, sizeof(text), "longest conversation %s", span);
	add(f, "duration", (double)longest_s, (double)limits->long_s, 0.1, j->length, text);
	add(f, "answers", (double)p->up, (double)p->down, 0.05, j->agent,
	    "the client answers more than it is told");
	add(f, "nameless", 1, NAN, 0.1, j->nameless,
	    "no DNS answer or server name gave the address");
	finding_text(text, sizeof(text), "port %u is for another protocol", p->key.port);
	add(f, "foreign_port", p->key.port, NAN, 0.15, j->foreign, text);
	add(f, "delivered_program", 1, NAN, 0.3, j->delivered,
	    "the same server had sent the client an executable");
	finding_text(text, sizeof(text), "%u such conversations", p->conversations);
	add(f, "comes_again", p->conversations, AGAIN, 0.05, j->again, text);
	add(f, "inside", 1, NAN, 0.1, j->inside, "both ends are inside");
}

static void explain(const struct raw_pair *p, const struct raw_params *limits,
		    const struct detect_env *env, const struct judgement *j)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[32], up[32], down[32];
	step_begin(&f, &rule, env, &p->last);
	if (p->is_foreign)
		finding_technique(&f, "T1571");
	if (p->has_delivered)
		finding_technique(&f, "T1105");
	f.visibility = VISIBILITY_OPAQUE;
	f.start_ns = p->first_ns;
	f.end_ns = p->last_ns;
	f.count = p->conversations;
	f.subject.bytes = p->up;
	f.peer.bytes = p->down;
	f.peer.port = p->key.port;
	finding_text(f.object, sizeof(f.object), "port %u", p->key.port);
	f.packet_count = 0;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	add_features(&f, p, limits, j);
	step_ends(&f, from, to);
	str_duration(span, sizeof(span), p->longest_ns);
	str_bytes(up, sizeof(up), (double)p->up);
	str_bytes(down, sizeof(down), (double)p->down);
	finding_text(
		f.message, sizeof(f.message),
		"%s keeps a quiet conversation with %s on port %u in no known protocol: %s, %s "
		"sent, %s received%s",
		from, to, p->key.port, span, up, down,
		p->has_delivered ? "; the same server had sent it an executable" : "");
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"neither nDPI nor exfild knows the protocol, and a transfer would be faster and "
		"larger");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu s, above %llu bytes, or in a known protocol",
		     (unsigned long long)limits->long_s, (unsigned long long)limits->most_bytes);
	finding_step(&f, "On %s: find the process that talks to %s port %u", from, to, p->key.port);
	finding_step(&f, "Read the bytes: the packets are in the evidence file");
	step_raise(&f, env);
}

static void tell(struct state *s, const struct detect_env *env, struct raw_pair *p)
{
	struct judgement j;
	judge(p, s->params, &j);
	enum severity severity = step_severity(j.score);
	if (severity <= p->told_severity)
		return;
	p->told_severity = (uint8_t)severity;
	s->findings++;
	explain(p, s->params, env, &j);
}

/* Nothing knows what it speaks. */
static void on_classified(struct state *s, const struct detect_env *env,
			  const struct event_classified *c)
{
	bool is_new;
	if (c->e.proto != TCP || dest_is_nobody(env, &c->e))
		return;
	struct raw_flow *f = table_find(&s->flows, &c->e.flow);
	if (c->confidence == 0 && c->e.app == APP_UNKNOWN) {
		f = table_get(&s->flows, &c->e.flow, &is_new);
		if (f)
			f->packet = c->e.packet;
	} else if (f) {
		table_remove(&s->flows, f);
	}
}

static struct delivery delivery_key(const struct event *e)
{
	struct delivery d;
	memset(&d, 0, sizeof(d));
	d.src = e->src;
	d.dst = e->dst;
	d.tunnel_key = e->tunnel_key;
	return d;
}

static void on_file(struct state *s, const struct detect_env *env, const struct event_file *f)
{
	bool is_new;
	if (f->type != FILE_EXECUTABLE || !f->e.from_server)
		return;
	struct delivery key = delivery_key(&f->e);
	struct delivery *d = table_get(&s->deliveries, &key, &is_new);
	if (d)
		d->time_ns = env->steady_ns;
}

static struct raw_pair *pair_of(struct state *s, const struct detect_env *env,
				const struct event_flow *e)
{
	struct raw_key key = { .src = e->e.src,
			       .dst = e->e.dst,
			       .tunnel_key = e->e.tunnel_key,
			       .port = e->e.dport };
	struct dest d;
	bool is_new;
	dest_of(&d, env, &e->e, NULL, 0);
	if (dest_is_ordinary(d.service, d.sanction))
		return NULL;
	struct raw_pair *p = table_get(&s->pairs, &key, &is_new);
	if (p && is_new) {
		p->first_ns = e->first_ns;
		p->is_inside = d.is_inside;
		p->is_literal = d.is_literal;
		p->is_foreign = mismatch_owner(e->e.dport) != NULL;
	}
	return p;
}

static void on_flow(struct state *s, const struct detect_env *env, const struct event_flow *e)
{
	struct raw_flow *f = table_find(&s->flows, &e->e.flow);
	if (!f)
		return;
	uint64_t age = e->last_ns > e->first_ns ? e->last_ns - e->first_ns : 0;
	bool is_talk = e->payload[0] && e->payload[1] && age >= s->params->long_s * SECOND_NS &&
		       e->outcome == FLOW_OUTCOME_ESTABLISHED;
	struct raw_pair *p = is_talk ? pair_of(s, env, e) : NULL;
	if (p) {
		if (!f->is_counted && f->packet && p->packet_count < PACKETS)
			p->packets[p->packet_count++] = f->packet;
		p->conversations += !f->is_counted;
		f->is_counted = true;
		p->longest_ns = age > p->longest_ns ? age : p->longest_ns;
		p->last_ns = e->last_ns;
		p->last = e->e;
		p->up = e->payload[0];
		p->down = e->payload[1];
		p->packets_up = e->packets[0];
		p->packets_down = e->packets[1];
		if (p->packet_count < PACKETS && e->e.packet)
			p->packets[p->packet_count++] = e->e.packet;
		struct delivery key = delivery_key(&e->e);
		p->has_delivered |= table_find(&s->deliveries, &key) != NULL;
		tell(s, env, p);
	}
	if (e->e.kind == EVENT_FLOW_END)
		table_remove(&s->flows, f);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	if (env->one_sided)
		return;
	if (e->kind == EVENT_CLASSIFIED)
		on_classified(s, env, (const struct event_classified *)e);
	else if (e->kind == EVENT_FILE)
		on_file(s, env, (const struct event_file *)e);
	else
		on_flow(s, env, (const struct event_flow *)e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct raw_pair)) +
		table_worst_case(s->flows.stats.capacity, sizeof(struct raw_flow)) +
		table_worst_case(s->deliveries.stats.capacity, sizeof(struct delivery));
}

const struct detector raw_channel_detector = {
	.name = "raw_channel",
	.title = "Command channel in no known protocol",
	.idea = "A long quiet conversation in bytes that nothing knows, with a server that sent a "
		"program, on another protocol's port, or without a name",
	.params = params,
	.params_size = sizeof(struct raw_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_CLASSIFIED | 1ull << EVENT_FILE | 1ull << EVENT_FLOW_PROGRESS |
		 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
