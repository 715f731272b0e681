/*
 * detect/odd_tls/odd_tls.c - TLS that no public service would speak.
 *
 * Idea: remote access tools make their own certificate at first start, name no server, go to an
 * address that no DNS answer gave, on a port of their own, and keep one quiet conversation alive
 * for hours (T1573, T1571).  Each mark alone is common; together they are not.  Of each client,
 * address and port the certificate, the hellos, the times of connections and the pauses between
 * records are added up.  TLS 1.3 hides the certificate; there it counts who begins after a
 * silence: a shell that was brought out is asked by the server and answers at length.
 * Evasion: a certificate of a public authority, a name, port 443 and no rhythm: then beacon is
 * left; in TLS 1.3 a name, or an agent that asks for its orders.  False alarms: appliances and
 * remote help without a public certificate or a name, outside.  Inside is not judged; what nDPI
 * knows by name is left out, as is what began in the clear.
 */
#include "odd_tls.h"

#include <string.h>

#include "exfild/base/table.h"
#include "exfild/event/keep.h"
#include "../dest.h"
#include "../protocol_mismatch/protocol_mismatch.h"

#define MERGE_NS  (2 * ODD_TLS_SECOND)
#define LEAD      3   /* times as often as the client begins */
#define ASK_BYTES 256 /* an order has at the mean */
#define LONGER    2   /* times, than the orders, are the answers */
#define VARIED    4   /* times the shortest answer is the longest */

struct odd_flow {
	uint64_t id;
	struct odd_key key;
	uint64_t up, down;
};

struct state {
	const struct odd_params *params;
	struct table pairs, flows, crowds;
	uint64_t findings;
};

static const struct param params[] = { { "long", PARAM_DURATION,
					 offsetof(struct odd_params, long_s), 60, 7 * 86400.0, 600,
					 "", "A conversation of this length counts as a long one" },
				       PARAM_END };

static uint32_t evidence(const void *entry)
{
	const struct odd_pair *p = entry;
	return p->told_severity * 1000u + (p->is_self_signed || p->is_commanded) * 500u +
	       p->sessions;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	uint32_t share = env->max_pairs / 64 ? env->max_pairs / 64 : 1;
	s->params = parameters;
	struct table_config config = { .capacity = 2 * share,
				       .entry_size = sizeof(struct odd_flow),
				       .key_size = sizeof(uint64_t),
				       .key = env->key };
	int err = table_init(&s->flows, &config);
	config.capacity = share;
	config.entry_size = sizeof(struct dest_crowd);
	err = err ? err : table_init(&s->crowds, &config);
	config.entry_size = sizeof(struct odd_pair);
	config.key_size = sizeof(struct odd_key);
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

static void tell(struct state *s, const struct detect_env *env, struct odd_pair *p)
{
	struct odd_judgement j;
	/* without a certificate that is odd, all the rest is what a program without a name does */
	if (!p->is_self_signed && !p->is_mismatch && !(p->is_commanded && p->is_nameless))
		return;
	odd_tls_judge(p, s->params, &j);
	enum severity severity = step_severity(j.score);
	if (severity <= p->told_severity)
		return;
	p->told_severity = (uint8_t)severity;
	s->findings++;
	odd_tls_explain(p, env, &j);
}

static struct odd_key key_of(const struct event *e)
{
	struct odd_key key = { .src = e->src,
			       .dst = e->dst,
			       .tunnel_key = e->tunnel_key,
			       .port = e->dport };
	return key;
}

static void on_hello(struct state *s, const struct detect_env *env, const struct event_tls *t)
{
	const struct event *e = &t->e;
	bool is_new;
	if (t->is_server) {
		struct odd_key key = key_of(e);
		struct odd_pair *p = table_find(&s->pairs, &key);
		if (p)
			p->version = t->version;
		return;
	}
	if (dest_is_nobody(env, e) || context_is_inside(env->context, &e->dst, e->tunnel_id))
		return;
	struct dest d;
	const char *sni = (const char *)event_str_data(e, &t->sni);
	dest_of(&d, env, e, sni, t->sni.off ? t->sni.len : 0);
	if (dest_is_ordinary(d.service, d.sanction))
		return;
	struct odd_key key = key_of(e);
	struct odd_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_new) {
		p->first_ns = e->time_ns;
		p->is_odd_port = e->app == APP_TLS &&
				 mismatch_of(APP_TLS, e->dport, e->proto, false) != MISMATCH_NONE;
	}
	p->is_excused |= e->app != APP_TLS && e->app != APP_UNKNOWN; /* began in the clear */
	p->is_nameless = d.is_literal; /* an address is no name (RFC 6066, 3) */
	p->sessions++;
	(void)rhythm_add(&p->rhythm, e->time_ns, MERGE_NS);
	p->last = *e;
	p->last_ns = e->time_ns;
	step_string(p->sni, sizeof(p->sni), e, &t->sni);
	step_string(p->ja4, sizeof(p->ja4), e, &t->ja4);
	if (p->packet_count < ODD_TLS_PACKETS)
		p->packets[p->packet_count++] = e->packet;
	unsigned clients = dest_crowd_of(&s->crowds, env, d.key, &e->src);
	if (clients)
		p->clients = (uint8_t)clients;
	struct odd_flow *f = table_get(&s->flows, &e->flow, &is_new);
	if (f)
		f->key = key;
}

/* A subject that is no host name, or what tools write when nobody fills it in. */
static bool is_plain(const char *subject)
{
	static const char *const defaults[] = { "example.com", "localhost",
						"localhost.localdomain" };
	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (strcmp(subject, defaults[i]) == 0)
			return true;
	return strchr(subject, '.') == NULL;
}

static void on_cert(struct state *s, const struct event_cert *c)
{
	struct odd_key key = key_of(&c->e);
	struct odd_pair *p = table_find(&s->pairs, &key);
	if (!p)
		return;
	p->has_certificate = true;
	p->validity_days = c->validity_days;
	step_string(p->subject, sizeof(p->subject), &c->e, &c->subject);
	p->is_plain_subject = is_plain(p->subject);
	/* authorities of the public write alternative names (CA/Browser Forum, since 2012) */
	p->is_self_signed = c->is_self_signed || (c->names == 0 && p->is_plain_subject);
	p->is_mismatch = c->sni_match == 2 && p->is_self_signed;
}

static struct odd_pair *pair_of_flow(struct state *s, uint64_t id, struct odd_flow **ret)
{
	struct odd_flow *f = table_find(&s->flows, &id);
	*ret = f;
	return f ? table_find(&s->pairs, &f->key) : NULL;
}

/*
 * The server gives orders: it begins, in short words of different length, and the answers are long,
 * and differ much more, which those of a thing that is polled do not.
 */
static bool gives_orders(const struct event_tls_shape *t)
{
	return t->begun[1] >= ODD_TLS_ASKS && t->begun[1] >= LEAD * t->begun[0] &&
	       t->answered * 2ull >= t->begun[1] && t->ask_most > t->ask_least &&
	       t->asked_bytes <= ASK_BYTES * (uint64_t)t->begun[1] &&
	       t->reply_bytes >= LONGER * (uint64_t)t->asked_bytes &&
	       t->reply_most >= VARIED * (uint64_t)t->reply_least;
}

static void on_shape(struct state *s, const struct detect_env *env, const struct event_tls_shape *t)
{
	struct odd_flow *f;
	struct odd_pair *p = pair_of_flow(s, t->e.flow, &f);
	if (!p)
		return;
	if (t->pauses >= p->pauses) {
		p->pauses = t->pauses;
		p->pause_ms = t->pause_ms;
		p->pause_spread_ms = t->pause_spread_ms;
	}
	if (gives_orders(t)) {
		p->is_commanded = true;
		p->asks = t->begun[1];
		p->asked_bytes = t->asked_bytes;
		p->reply_bytes = t->reply_bytes;
	}
	tell(s, env, p);
}

static void on_flow(struct state *s, const struct detect_env *env, const struct event_flow *e)
{
	struct odd_flow *f;
	struct odd_pair *p = pair_of_flow(s, e->e.flow, &f);
	if (p) {
		uint64_t age = e->last_ns > e->first_ns ? e->last_ns - e->first_ns : 0;
		p->up += e->payload[0] > f->up ? e->payload[0] - f->up : 0;
		p->down += e->payload[1] > f->down ? e->payload[1] - f->down : 0;
		f->up = e->payload[0];
		f->down = e->payload[1];
		p->longest_ns = age > p->longest_ns ? age : p->longest_ns;
		p->last_ns = e->last_ns > p->last_ns ? e->last_ns : p->last_ns;
		tell(s, env, p);
	}
	if (f && e->e.kind == EVENT_FLOW_END)
		table_remove(&s->flows, f);
}

static void on_classified(struct state *s, const struct event_classified *c)
{
	struct odd_flow *f;
	struct odd_pair *p = pair_of_flow(s, c->e.flow, &f);
	enum app app = (enum app)c->e.app;
	/* remote help, a VPN, Tor: known by name, and told of elsewhere */
	if (p && app != APP_TLS && app != APP_UNKNOWN && app != APP_OTHER)
		p->is_excused = true;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	if (env->one_sided)
		return;
	if (e->kind == EVENT_TLS)
		on_hello(s, env, (const struct event_tls *)e);
	else if (e->kind == EVENT_CERT)
		on_cert(s, (const struct event_cert *)e);
	else if (e->kind == EVENT_TLS_SHAPE)
		on_shape(s, env, (const struct event_tls_shape *)e);
	else if (e->kind == EVENT_CLASSIFIED)
		on_classified(s, (const struct event_classified *)e);
	else
		on_flow(s, env, (const struct event_flow *)e);
}

static const struct keep_field pair_fields[] = {
	KEEP(U8, struct odd_pair, key.src),
	KEEP(U8, struct odd_pair, key.dst),
	KEEP(U32, struct odd_pair, key.tunnel_key),
	KEEP(U16, struct odd_pair, key.port),
	KEEP(U64, struct odd_pair, first_ns),
	KEEP(U64, struct odd_pair, last_ns),
	KEEP(U64, struct odd_pair, longest_ns),
	KEEP(U64, struct odd_pair, up),
	KEEP(U64, struct odd_pair, down),
	KEEP(U64, struct odd_pair, rhythm.last_ns),
	KEEP(U32, struct odd_pair, rhythm.count),
	KEEP(U32, struct odd_pair, rhythm.sizes),
	KEEP(U32, struct odd_pair, rhythm.gap_ms),
	KEEP(U32, struct odd_pair, rhythm.size),
	KEEP(U32, struct odd_pair, sessions),
	KEEP(U32, struct odd_pair, pauses),
	KEEP(U32, struct odd_pair, pause_ms),
	KEEP(U32, struct odd_pair, pause_spread_ms),
	KEEP(U32, struct odd_pair, validity_days),
	KEEP(U16, struct odd_pair, version),
	KEEP(U8, struct odd_pair, told_severity),
	KEEP(U8, struct odd_pair, clients),
	KEEP(BOOL, struct odd_pair, has_certificate),
	KEEP(BOOL, struct odd_pair, is_self_signed),
	KEEP(BOOL, struct odd_pair, is_mismatch),
	KEEP(BOOL, struct odd_pair, is_nameless),
	KEEP(BOOL, struct odd_pair, is_plain_subject),
	KEEP(BOOL, struct odd_pair, is_odd_port),
	KEEP(BOOL, struct odd_pair, is_excused),
	KEEP_EVENT(struct odd_pair, last),
	KEEP(TEXT, struct odd_pair, subject),
	KEEP(TEXT, struct odd_pair, sni),
	KEEP(TEXT, struct odd_pair, ja4),
	KEEP_LAST,
};

static bool took_pair(void *owner, void *entry)
{
	const struct odd_pair *p = entry;
	(void)owner;
	return severity_is_known(p->told_severity);
}

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	const struct keep_part pairs = { .name = "odd_tls.pairs",
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
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct odd_pair)) +
		table_worst_case(s->flows.stats.capacity, sizeof(struct odd_flow)) +
		table_worst_case(s->crowds.stats.capacity, sizeof(struct dest_crowd));
}

const struct detector odd_tls_detector = {
	.name = "odd_tls",
	.title = "TLS of no public service",
	.idea = "A certificate of its own making, no name, an odd port, one quiet long conversation: "
		"together they are no public service",
	.params = params,
	.params_size = sizeof(struct odd_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_TLS | 1ull << EVENT_CERT | 1ull << EVENT_TLS_SHAPE |
		 1ull << EVENT_CLASSIFIED | 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = counters,
};
