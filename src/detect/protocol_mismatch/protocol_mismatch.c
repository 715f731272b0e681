/*
 * detect/protocol_mismatch/protocol_mismatch.c - a protocol where another one belongs.
 *
 * Idea: what a flow was seen to speak (by its bytes, never by port or address) is held against what
 * its port is for (ports.c).  A mismatch alone is context.  It becomes an alert with 10 MB sent or
 * an hour of conversation, or when the protocol carries others or steers a machine and hides on the
 * port of another protocol.
 * Evasion: a tunnel inside the right protocol (TLS on 443), or what inspection does not know.
 * False alarms: administrators who work around a firewall. A program that tries TLS first and is
 * answered in clear (registries of images, mail, directories) has asked and not spoken: as long as
 * the client sends no more than a hello and no hello comes back, nothing is told.
 */
#include "protocol_mismatch.h"

#include <string.h>

#include "exfild/event/keep.h"

#define DAY_NS        (86400ull * 1000000000ull)
#define SECOND_NS     1000000000ull
#define PROTO_TCP     6
#define BY_INSPECTION 4               /* event_classified.confidence */
#define RECORD_MAX    (5 + (1 << 14)) /* RFC 8446 5.1: a hello is a record at most */
#define GROWTH        4               /* told again when it is so many times as much */
#define MB            1000000.0
#define CONNECT_BIT   (1u << 8) /* of mismatch_key.kind */

/* A flow that speaks out of place, while it runs. */
struct mismatch_flow {
	uint64_t id;
	struct mismatch_key key;
	uint64_t up, down; /* payload counted so far */
	uint64_t packet;   /* that showed the protocol */
	uint8_t confidence;
	bool is_excused; /* the server said that it was a mistake, or it is a WebSocket */
	bool is_asked;   /* the client's hello of TLS was read, and the server's not yet */
	bool is_counted;
	char name[32];
};

struct state {
	const struct mismatch_params *params;
	struct table flows, pairs;
	uint64_t findings;
	const struct detect_env *env;
};

static const struct param params[] = {
	{ "upload_bytes", PARAM_UINT, offsetof(struct mismatch_params, upload_bytes), 1e4, 1e13,
	  10 * MB, "bytes", "Upload a day, out of place, from which it is an alert" },
	{ "long", PARAM_DURATION, offsetof(struct mismatch_params, long_s), 60, 7 * 86400.0, 3600,
	  "", "A conversation, out of place, that lasts so long is an alert" },
	{ "long_bytes", PARAM_UINT, offsetof(struct mismatch_params, long_bytes), 0, 1e13, 65536,
	  "bytes", "Upload that a long conversation must have" },
	{ "alert_score", PARAM_DOUBLE, offsetof(struct mismatch_params, alert_score), 0.1, 1, 0.6,
	  "", "Score from which it is an alert, below it is context" },
	PARAM_END
};

static uint32_t flow_evidence(const void *entry)
{
	const struct mismatch_flow *f = entry;
	return (uint32_t)((f->up >> 10) + f->key.kind);
}

static uint32_t pair_evidence(const void *entry)
{
	const struct mismatch_pair *p = entry;
	return p->told_severity + (uint32_t)(p->up >> 10);
}

static uint64_t sum_of(const struct mismatch_pair *p)
{
	return p->up + p->down + p->flows;
}

/* What was told and has grown since. */
static void tell_totals(const struct state *s, const struct detect_env *env,
			struct mismatch_pair *p)
{
	struct mismatch_judgement j = { .is_update = true };
	if (!p->told_severity || sum_of(p) == p->told_sum)
		return;
	p->told_sum = sum_of(p);
	bool to_outside = !context_is_inside(env->context, &p->key.dst, p->last.tunnel_id);
	mismatch_judge(p, s->params, to_outside, &j);
	mismatch_explain(p, s->params, env, &j, (enum severity)p->told_severity);
}

static void on_evict(void *arg, void *entry)
{
	const struct state *s = arg;
	tell_totals(s, s->env, entry);
}

/* Every minute, and at the end. */
static void tell_all_totals(void *state, const struct detect_env *env)
{
	const struct state *s = state;
	for (void *p = table_next_marked(&s->pairs, NULL); p; p = table_next_marked(&s->pairs, p))
		tell_totals(s, env, p);
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	uint32_t share = env->max_pairs / 32 ? env->max_pairs / 32 : 1;
	s->params = parameters;
	s->env = env;
	struct table_config config = { .capacity = share,
				       .entry_size = sizeof(struct mismatch_flow),
				       .key_size = sizeof(uint64_t),
				       .key = env->key,
				       .evidence = flow_evidence };
	int err = table_init(&s->flows, &config);
	config.entry_size = sizeof(struct mismatch_pair);
	config.key_size = sizeof(struct mismatch_key);
	config.evidence = pair_evidence;
	config.on_evict = on_evict;
	config.arg = s;
	return err ? err : table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->flows);
	table_deinit(&s->pairs);
}

/*
 * Whether the mismatch is worth a word between these two.  What comes from outside is a scanner's
 * probe.  Inside, administrators put services where they like: only a tunnel on the port of a basic
 * service is context.
 */
static bool is_of_interest(const struct detect_env *env, const struct event *e, enum mismatch kind)
{
	if (ipaddr_is_multicast(&e->dst) || ipaddr_is_loopback(&e->dst) ||
	    ipaddr_is_unspecified(&e->dst))
		return false;
	bool to_inside = context_is_inside(env->context, &e->dst, e->tunnel_id);
	if (!to_inside)
		return true;
	return kind == MISMATCH_HIDDEN && context_is_inside(env->context, &e->src, e->tunnel_id);
}

static struct mismatch_flow *follow(struct state *s, const struct detect_env *env,
				    const struct event *e, enum app app, bool is_connect)
{
	enum mismatch kind = mismatch_of(app, e->dport, e->proto, is_connect);
	bool is_new;
	if (kind == MISMATCH_NONE || !is_of_interest(env, e, kind))
		return NULL;
	struct mismatch_flow *f = table_get(&s->flows, &e->flow, &is_new);
	if (!f)
		return NULL;
	f->key.src = e->src;
	f->key.dst = e->dst;
	f->key.tunnel_key = e->tunnel_key;
	f->key.port = e->dport;
	f->key.app = (uint16_t)app;
	f->key.kind = (uint64_t)kind | (is_connect ? CONNECT_BIT : 0);
	f->packet = e->packet;
	return f;
}

static void on_classified(struct state *s, const struct detect_env *env,
			  const struct event_classified *c)
{
	if (c->confidence < BY_INSPECTION)
		return; /* a guess by port or address would prove itself */
	struct mismatch_flow *f = follow(s, env, &c->e, (enum app)c->e.app, false);
	if (!f)
		return;
	f->confidence = c->confidence;
	f->is_asked = c->e.app == APP_TLS && c->e.proto == PROTO_TCP && !c->e.from_server;
	const char *name = (const char *)event_str_data(&c->e, &c->name);
	finding_text(f->name, sizeof(f->name), "%.*s", (int)c->name.len, c->name.len ? name : "");
}

static void on_tls(struct state *s, const struct event_tls *t)
{
	struct mismatch_flow *f = t->is_server ? table_find(&s->flows, &t->e.flow) : NULL;
	if (f)
		f->is_asked = false;
}

static bool is_method(const struct event_http *h, const char *method)
{
	size_t n = strlen(method);
	return h->method.len == n && memcmp(event_str_data(&h->e, &h->method), method, n) == 0;
}

static void on_http(struct state *s, const struct detect_env *env, const struct event_http *h)
{
	if (h->is_response) {
		/* 400: a server of TLS was asked in clear; 101: a WebSocket */
		struct mismatch_flow *f = NULL;
		if (h->status == 400 || h->status == 101 || h->status == 497)
			f = table_find(&s->flows, &h->e.flow);
		if (f && f->key.app == APP_HTTP)
			f->is_excused = true;
		return;
	}
	if (!is_method(h, "CONNECT"))
		return;
	struct mismatch_flow *f = follow(s, env, &h->e, APP_HTTP, true);
	if (!f)
		return;
	f->confidence = BY_INSPECTION + 1;
	finding_text(f->name, sizeof(f->name), "http connect");
}

static struct mismatch_pair *count(struct state *s, const struct detect_env *env,
				   struct mismatch_flow *f, const struct event_flow *e)
{
	bool is_new;
	struct mismatch_pair *p = table_get(&s->pairs, &f->key, &is_new);
	if (!p)
		return NULL;
	if (is_new || env->steady_ns - p->window_ns >= DAY_NS) {
		tell_totals(s, env, p);
		p->first_ns = is_new ? e->first_ns : env->now_ns;
		p->flows = f->is_counted;
		p->window_ns = env->steady_ns;
		p->up = 0;
		p->down = 0;
		p->longest_ns = 0;
		p->is_long = false;
		p->told_up = 0;
		p->told_severity = 0;
	}
	p->up += e->payload[0] > f->up ? e->payload[0] - f->up : 0;
	p->down += e->payload[1] > f->down ? e->payload[1] - f->down : 0;
	f->up = e->payload[0];
	f->down = e->payload[1];
	uint64_t age_ns = e->last_ns > e->first_ns ? e->last_ns - e->first_ns : 0;
	if (age_ns > p->longest_ns)
		p->longest_ns = age_ns;
	if (age_ns >= s->params->long_s * SECOND_NS && f->up >= s->params->long_bytes)
		p->is_long = true;
	if (!f->is_counted) {
		f->is_counted = true;
		p->flows++;
		if (p->packet_count < PAIR_PACKETS)
			p->packets[p->packet_count++] = f->packet;
	}
	p->is_connect = (f->key.kind & CONNECT_BIT) != 0;
	p->confidence = f->confidence;
	memcpy(p->name, f->name, sizeof(p->name));
	p->last_ns = e->last_ns > p->last_ns ? e->last_ns : p->last_ns;
	p->last = e->e;
	p->last.app = f->key.app;
	return p;
}

static void tell(struct state *s, const struct detect_env *env, struct mismatch_pair *p)
{
	struct mismatch_judgement j = { .is_update = false };
	bool to_outside = !context_is_inside(env->context, &p->key.dst, p->last.tunnel_id);
	mismatch_judge(p, s->params, to_outside, &j);
	bool is_alert = j.score >= s->params->alert_score && to_outside;
	enum severity severity = is_alert ? SEVERITY_MEDIUM : SEVERITY_LOW;
	if (p->told_severity >= (uint8_t)severity && p->up < GROWTH * (p->told_up + 1024))
		return;
	p->told_severity = (uint8_t)severity;
	p->told_up = p->up;
	p->told_sum = sum_of(p);
	table_mark(&s->pairs, p);
	s->findings++;
	mismatch_explain(p, s->params, env, &j, severity);
}

/* A conversation that began before the capture may begin with anything: its bytes prove little. */
static bool is_credible(const struct mismatch_flow *f, const struct event_flow *e)
{
	if (e->e.proto == PROTO_TCP && e->outcome == FLOW_OUTCOME_MIDSTREAM)
		return f->confidence > BY_INSPECTION;
	return e->outcome == FLOW_OUTCOME_ESTABLISHED || e->outcome == FLOW_OUTCOME_MIDSTREAM ||
	       e->one_sided;
}

/* A hello of TLS that something else has answered, and no more: it was a question. */
static bool is_refused(const struct mismatch_flow *f, const struct event_flow *e)
{
	return f->is_asked && e->outcome == FLOW_OUTCOME_ESTABLISHED && e->payload[0] <= RECORD_MAX;
}

static void on_flow(struct state *s, const struct detect_env *env, const struct event_flow *e)
{
	struct mismatch_flow *f = table_find(&s->flows, &e->e.flow);
	if (!f)
		return;
	/* a question without an answer is a probe, not a conversation */
	bool is_spoken = !f->is_excused && !is_refused(f, e);
	if (is_spoken && e->payload[0] && e->payload[1] && is_credible(f, e)) {
		struct mismatch_pair *p = count(s, env, f, e);
		if (p)
			tell(s, env, p);
	}
	if (e->e.kind == EVENT_FLOW_END)
		table_remove(&s->flows, f);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	if (e->kind == EVENT_CLASSIFIED)
		on_classified(s, env, (const struct event_classified *)e);
	else if (e->kind == EVENT_HTTP)
		on_http(s, env, (const struct event_http *)e);
	else if (e->kind == EVENT_TLS)
		on_tls(s, (const struct event_tls *)e);
	else
		on_flow(s, env, (const struct event_flow *)e);
}

static const struct keep_field pair_fields[] = {
	KEEP(U8, struct mismatch_pair, key.src),
	KEEP(U8, struct mismatch_pair, key.dst),
	KEEP(U32, struct mismatch_pair, key.tunnel_key),
	KEEP(U16, struct mismatch_pair, key.port),
	KEEP_TO(U16, struct mismatch_pair, key.app, APP__COUNT - 1),
	KEEP_TO(U64, struct mismatch_pair, key.kind, CONNECT_BIT | MISMATCH_HIDDEN),
	KEEP(U64, struct mismatch_pair, window_ns),
	KEEP(U64, struct mismatch_pair, first_ns),
	KEEP(U64, struct mismatch_pair, last_ns),
	KEEP(U64, struct mismatch_pair, up),
	KEEP(U64, struct mismatch_pair, down),
	KEEP(U64, struct mismatch_pair, longest_ns),
	KEEP(U64, struct mismatch_pair, told_up),
	KEEP(U64, struct mismatch_pair, told_sum),
	KEEP(U32, struct mismatch_pair, flows),
	KEEP(U8, struct mismatch_pair, told_severity),
	KEEP(U8, struct mismatch_pair, confidence),
	KEEP(BOOL, struct mismatch_pair, is_connect),
	KEEP(BOOL, struct mismatch_pair, is_long),
	KEEP_EVENT(struct mismatch_pair, last),
	KEEP(TEXT, struct mismatch_pair, name),
	KEEP_LAST,
};

static bool took_pair(void *owner, void *entry)
{
	struct state *s = owner;
	const struct mismatch_pair *p = entry;
	if (p->told_severity)
		table_mark(&s->pairs, entry);
	return severity_is_known(p->told_severity) &&
	       (p->key.kind & ~(uint64_t)CONNECT_BIT) <= MISMATCH_HIDDEN;
}

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part pairs = { .name = "protocol_mismatch.pairs",
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
	ret->entries = s->pairs.stats.entries + s->flows.stats.entries;
	ret->evictions = s->pairs.stats.evictions + s->flows.stats.evictions;
	ret->evicted_with_evidence =
		s->pairs.stats.evicted_with_evidence + s->flows.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct mismatch_pair)) +
		table_worst_case(s->flows.stats.capacity, sizeof(struct mismatch_flow));
}

const struct detector protocol_mismatch_detector = {
	.name = "protocol_mismatch",
	.title = "Protocol on a foreign port",
	.idea = "Holds what a flow was seen to speak against what its port is for; volume, duration "
		"and tunnels make it an alert",
	.params = params,
	.params_size = sizeof(struct mismatch_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_CLASSIFIED | 1ull << EVENT_HTTP | 1ull << EVENT_TLS |
		 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.tick_ns = DETECT_TOTALS_NS,
	.on_event = on_event,
	.on_tick = tell_all_totals,
	.on_end = tell_all_totals,
	.keep = keep,
	.counters = counters,
};
