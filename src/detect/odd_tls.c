/*
 * detect/odd_tls.c - TLS that no public service would speak.
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
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/base/table.h"
#include "exfild/event/keep.h"
#include "dest.h"
#include "protocol_mismatch/protocol_mismatch.h"
#include "rhythm.h"
#include "step.h"

#define SECOND_NS    1000000000ull
#define MERGE_NS     (2 * SECOND_NS)
#define PAUSES       4    /* from which they have a rhythm */
#define STEADY       0.25 /* of the median pause */
#define PAUSE_MS     1000
#define AGAIN        4 /* connections */
#define ABSURD_DAYS  7300
#define ASKS         5   /* of the server, from which it gives orders */
#define LEAD         3   /* times as often as the client begins */
#define ASK_BYTES    256 /* an order has at the mean */
#define LONGER       2   /* times, than the orders, are the answers */
#define VARIED       4   /* times the shortest answer is the longest */
#define PACKETS      8
#define TLS_1_1      0x0302
#define NAME_MAX_LEN 64

struct odd_params {
	uint64_t long_s;
};

struct odd_key {
	struct ipaddr src, dst;
	uint32_t tunnel_key;
	uint16_t port, pad;
};

struct odd_pair {
	struct odd_key key;
	uint64_t first_ns, last_ns, longest_ns;
	uint64_t up, down;
	struct rhythm rhythm; /* of connections */
	uint32_t sessions, pauses, pause_ms, pause_spread_ms;
	uint32_t validity_days;
	uint16_t version;
	uint8_t packet_count, told_severity, clients;
	bool has_certificate, is_self_signed, is_mismatch, is_nameless, is_plain_subject;
	bool is_odd_port, is_excused, is_commanded;
	uint32_t asks, asked_bytes, reply_bytes;
	uint64_t packets[PACKETS];
	struct event last;
	char subject[NAME_MAX_LEN], sni[NAME_MAX_LEN], ja4[40];
};

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

static const struct step_rule rule = {
	.detector = "odd_tls",
	.rule = "odd_tls",
	.title = "TLS of no public service",
	.class = FINDING_C2,
	.techniques = { "T1573" },
	.tactic = "TA0011",
	.unseen = "what was said: it is encrypted",
};

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

struct judgement {
	double self_signed, commanded, server, subject, port, validity, version, pauses, again,
		rhythm, length, crowd, score;
	struct rhythm_score r;
};

static void judge(const struct odd_pair *p, const struct odd_params *limits, struct judgement *j)
{
	memset(j, 0, sizeof(*j));
	rhythm_judge(&p->rhythm, NULL, p->first_ns, p->last_ns, &j->r);
	if (p->is_excused)
		return;
	if (p->is_self_signed)
		j->self_signed = 0.2;
	if (p->is_commanded)
		j->commanded = 0.35;
	if (p->is_mismatch)
		j->server = 0.2;
	else if (p->is_nameless)
		j->server = 0.15;
	if (p->is_self_signed && p->is_plain_subject)
		j->subject = 0.1;
	if (p->is_odd_port)
		j->port = p->is_plain_subject ? 0.15 :
						0.1; /* IRC and others have ports of their own */
	if (p->is_self_signed && p->validity_days >= ABSURD_DAYS)
		j->validity = 0.05;
	if (p->version && p->version <= TLS_1_1)
		j->version = 0.05;
	if (p->pauses >= PAUSES && p->pause_ms >= PAUSE_MS &&
	    p->pause_spread_ms <= STEADY * p->pause_ms)
		j->pauses = 0.1;
	if (p->sessions >= AGAIN)
		j->again = 0.05;
	if (rhythm_gaps(&p->rhythm) >= AGAIN && j->r.median_s >= 5)
		j->rhythm = 0.1 * fmin(1, fmax(0, (fmax(j->r.ts, j->r.fold) - 0.7) / 0.25));
	if (p->longest_ns >= limits->long_s * SECOND_NS)
		j->length = 0.05;
	if (p->clients >= 3)
		j->crowd = -0.2;
	j->score = j->self_signed + j->commanded + j->server + j->subject + j->port + j->validity +
		   j->version + j->pauses + j->again + j->rhythm + j->length + j->crowd;
}

static void add(struct finding *f, const char *name, double value, double limit, double weight,
		double contribution, const char *text)
{
	if (fabs(contribution) > 1e-9)
		finding_feature(f, name, value, NAN, limit, weight, contribution, "%s", text);
}

static void add_features(struct finding *f, const struct odd_pair *p, const struct judgement *j)
{
	char text[96], span[32];
	finding_text(text, sizeof(text), "a certificate of its own making: %s",
		     *p->subject ? p->subject : "no subject");
	add(f, "self_signed", 1, NAN, 0.2, j->self_signed, text);
	finding_text(text, sizeof(text),
		     "after silences the server began %u times, with %u bytes in all, and was "
		     "answered by %u",
		     p->asks, p->asked_bytes, p->reply_bytes);
	add(f, "commanded", p->asks, ASKS, 0.35, j->commanded, text);
	if (p->is_mismatch)
		finding_text(text, sizeof(text), "%s was asked for, the certificate is not for it",
			     p->sni);
	else
		finding_text(text, sizeof(text), "%s",
			     *p->sni ? "the server name is an address" :
				       "no server name, and no DNS answer gave the address");
	add(f, "unnamed_server", 1, NAN, 0.2, j->server, text);
	add(f, "plain_subject", 1, NAN, 0.1, j->subject,
	    "the certificate's subject is no host name, or a tool's default");
	finding_text(text, sizeof(text), "port %u belongs to nobody", p->key.port);
	add(f, "odd_port", p->key.port, NAN, 0.15, j->port, text);
	finding_text(text, sizeof(text), "valid for %u years", p->validity_days / 365);
	add(f, "validity", p->validity_days, ABSURD_DAYS, 0.05, j->validity, text);
	add(f, "old_version", p->version, TLS_1_1, 0.05, j->version, "TLS 1.1 or older");
	finding_text(text, sizeof(text), "pauses of %.1f s, half of them within %.1f s of it",
		     p->pause_ms / 1000.0, p->pause_spread_ms / 1000.0);
	add(f, "keep_alive", p->pauses, PAUSES, 0.1, j->pauses, text);
	finding_text(text, sizeof(text), "%u connections", p->sessions);
	add(f, "comes_again", p->sessions, AGAIN, 0.05, j->again, text);
	str_duration(span, sizeof(span), (uint64_t)(j->r.median_s * 1e9));
	finding_text(text, sizeof(text), "a connection every %s (RITA's ts %.2f)", span, j->r.ts);
	add(f, "rhythm", j->r.ts, 0.7, 0.1, j->rhythm, text);
	str_duration(span, sizeof(span), p->longest_ns);
	finding_text(text, sizeof(text), "longest conversation %s", span);
	uint64_t longest_s = p->longest_ns / SECOND_NS;
	add(f, "duration", (double)longest_s, NAN, 0.05, j->length, text);
	add(f, "crowd", p->clients, 3, 0.2, j->crowd, "several clients come to it");
}

static void say_why(struct finding *f, const struct odd_pair *p)
{
	bool is_shape = !p->is_self_signed && !p->is_mismatch;
	finding_text(
		f->not_harmless, sizeof(f->not_harmless), "%s",
		is_shape ? "a client asks and a server answers; here the server asks in short "
			   "words and the host answers at length, as a shell does, and nothing "
			   "has named the server" :
			   "a public service has a certificate of an authority for the name it is "
			   "asked by; this one has not, and its address is of no service that is "
			   "known");
	finding_text(f->counterfactual, sizeof(f->counterfactual), "%s",
		     is_shape ? "silent where the client begins, or a name was asked for" :
				"context below a score of 0.5: with a certificate of an authority "
				"for a name that was asked for it is silent");
}

static void explain(const struct odd_pair *p, const struct detect_env *env,
		    const struct judgement *j)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48], up[32];
	step_begin(&f, &rule, env, &p->last);
	if (p->is_odd_port)
		finding_technique(&f, "T1571");
	f.visibility = VISIBILITY_OPAQUE;
	f.start_ns = p->first_ns;
	f.end_ns = p->last_ns;
	f.count = p->sessions;
	f.subject.bytes = p->up;
	f.peer.bytes = p->down;
	f.peer.port = p->key.port;
	finding_text(f.object, sizeof(f.object), "TLS on port %u", p->key.port);
	if (*p->sni && !p->is_nameless)
		finding_text(f.domain, sizeof(f.domain), "%s", p->sni);
	f.packet_count = 0;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	add_features(&f, p, j);
	step_ends(&f, from, to);
	finding_span(span, sizeof(span), p->last_ns - p->first_ns);
	str_bytes(up, sizeof(up), (double)p->up);
	finding_text(f.message, sizeof(f.message),
		     "%s speaks TLS with %s on port %u, which is no public service: %s, %u "
		     "connection%s, %s sent %s",
		     from, to, p->key.port,
		     p->is_self_signed ? p->subject :
		     p->is_mismatch    ? "certificate not for its name" :
					 "its end asks, and is answered",
		     p->sessions, p->sessions == 1 ? "" : "s", up, span);
	say_why(&f, p);
	finding_step(&f, "On %s: find the process that talks to %s port %u", from, to, p->key.port);
	finding_step(&f, "Look for other clients of the same certificate or JA4 %s",
		     *p->ja4 ? p->ja4 : "(none read)");
	finding_step(&f, "Who runs %s? If it is an appliance of yours, except it", to);
	step_raise(&f, env);
}

static void tell(struct state *s, const struct detect_env *env, struct odd_pair *p)
{
	struct judgement j;
	/* without a certificate that is odd, all the rest is what a program without a name does */
	if (!p->is_self_signed && !p->is_mismatch && !(p->is_commanded && p->is_nameless))
		return;
	judge(p, s->params, &j);
	enum severity severity = step_severity(j.score);
	if (severity <= p->told_severity)
		return;
	p->told_severity = (uint8_t)severity;
	s->findings++;
	explain(p, env, &j);
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
	if (p->packet_count < PACKETS)
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
	return t->begun[1] >= ASKS && t->begun[1] >= LEAD * t->begun[0] &&
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
