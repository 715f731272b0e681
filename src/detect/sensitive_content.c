/*
 * detect/sensitive_content.c - what must not leave, sent outside in the clear.
 *
 * Idea: the packet plane finds card and account numbers, numbers of persons, keys, markings and
 * canaries in clear text, and has validated each.  Here they are counted by sender and receiver:
 * one number is somebody's order or form, many are a list.  A key opens something from the first
 * on; a canary has no innocent reason at all. Of the customer's own documents and tables, which
 * the packet plane knows by sets of prints, it counts how much has left. Evasion: encryption,
 * compression, pictures, another coding than base64 and hex. False alarms: shops, payrolls and tax
 * offices are fed lists of such numbers, though not in the clear; name them as sanctioned services,
 * or except them.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "step.h"
#include "text.h"

#define OTHER      0.05 /* what another kind next to the strongest adds */
#define SHARE_SOME 10   /* percent of a document */
#define SHARE_HALF 50

struct sensitive_params {
	uint64_t list;
};

struct sensitive_pair {
	struct ipaddr sender, receiver;
	uint64_t first_ns, count;
	uint32_t kinds[CONTENT__COUNT];
	uint32_t coded;
	uint32_t seen, of; /* of the document that most was seen of */
	uint8_t told;
	char document[64], table[64];
};

struct sensitive_state {
	const struct sensitive_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "list", PARAM_UINT, offsetof(struct sensitive_params, list), 2, 1e6, 5, "numbers",
	  "Numbers of cards or persons from which they are a list; of accounts four times as many" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "sensitive_content",
	.rule = "sensitive_content",
	.title = "Sensitive content sent out in the clear",
	.class = FINDING_EXFIL,
	.techniques = { "T1048.003", "T1567" },
	.tactic = "TA0010",
	.unseen = "what is encrypted, compressed or a picture; what went before the flow was seen",
	.next_steps = { "Look at the packets of the alert: they hold what was found",
			"Ask the owner of the sender what sends it, and to whom",
			"Withdraw keys that were sent; tell who answers for the data" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct sensitive_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 16 ? env->max_pairs / 16 : 1,
				       .entry_size = sizeof(struct sensitive_pair),
				       .key_size = 2 * sizeof(struct ipaddr),
				       .key = env->key };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	table_deinit(&((struct sensitive_state *)state)->pairs);
}

static unsigned share_of(const struct sensitive_pair *p)
{
	return p->of ? (unsigned)((uint64_t)p->seen * 100 / p->of) : 0;
}

static double document_weight(const struct sensitive_pair *p)
{
	unsigned share = share_of(p);
	return share >= SHARE_HALF ? 0.65 : share >= SHARE_SOME ? 0.55 : 0.4;
}

/* What so many of a kind say. */
static double weight_of(const struct sensitive_params *p, const struct sensitive_pair *pair,
			enum content_kind kind)
{
	uint64_t n = pair->kinds[kind];
	uint64_t list = kind == CONTENT_IBAN ? 4 * p->list : p->list;
	if (!n)
		return 0;
	switch (kind) {
	case CONTENT_CANARY:
		return 0.75;
	case CONTENT_KEY:
		return n >= 3 ? 0.6 : 0.5;
	case CONTENT_CARD:
	case CONTENT_NATIONAL:
	case CONTENT_IBAN:
		return n >= 20 * list ? 0.65 : n >= 4 * list ? 0.55 : n >= list ? 0.45 : 0.15;
	case CONTENT_MARKING:
		return n >= 3 ? 0.35 : 0.25;
	case CONTENT_DOCUMENT:
		return document_weight(pair);
	case CONTENT_TABLE: /* each row is a person or a thing of the customer's own */
		return n >= 4 * list ? 0.65 : n >= list ? 0.55 : 0.25;
	default:
		return 0.1;
	}
}

static const char *words_of(enum content_kind kind)
{
	static const char *const words[CONTENT__COUNT] = {
		[CONTENT_CARD] = "numbers of payment cards, their check digits right",
		[CONTENT_IBAN] = "numbers of bank accounts, their check digits right",
		[CONTENT_NATIONAL] = "numbers of persons, next to words that say so",
		[CONTENT_KEY] = "keys in their makers' form",
		[CONTENT_TOKEN] = "tokens in their makers' form",
		[CONTENT_MARKING] = "markings of the configuration",
		[CONTENT_CANARY] = "canaries",
	};
	return words[kind];
}

/* To a service that the organisation uses on purpose it is less, to nobody's name more. */
static void add_destination(struct finding *f, const struct detect_env *env,
			    const struct event_found *e)
{
	const char *host = (const char *)event_str_data(&e->e, &e->host);
	size_t len = e->host.len ? text_host_len(&e->e, &e->host) : 0;
	const struct service *s = len ? context_service_by_name(env->context, host, len) : NULL;
	enum service_sanction sanction = context_sanction(env->context, s, host, len);
	if (!s) {
		s = context_service_by_ip(env->context, &f->peer.ip);
		sanction = context_sanction_at(env->context, s, &f->peer.ip);
	}
	if (s && sanction == SANCTION_SANCTIONED)
		finding_feature(f, "sanctioned", 1, NAN, NAN, 0.2, -0.2,
				"to %s, which is used on purpose", s->title);
	else if (s && (s->class == SERVICE_PASTE || s->class == SERVICE_FILE_DROP ||
		       s->class == SERVICE_CHAT))
		finding_feature(f, "drop", 1, NAN, NAN, 0.1, 0.1, "to %s (%s)", s->title,
				s->class_name);
	else if (!s)
		finding_feature(f, "unknown", 1, NAN, NAN, 0.05, 0.05,
				"no service list knows the receiver");
}

static void add_kind(struct finding *f, const struct sensitive_state *s,
		     const struct sensitive_pair *p, enum content_kind kind, bool is_most)
{
	const char *name = content_kind_name(kind);
	double gives = is_most ? weight_of(s->params, p, kind) : OTHER;
	if (kind == CONTENT_DOCUMENT)
		finding_feature(f, name, p->seen, NAN, p->of, 0.75, gives,
				"%u of %u marks of your document '%s' (%u %%)", p->seen, p->of,
				p->document, share_of(p));
	else if (kind == CONTENT_TABLE)
		finding_feature(f, name, p->kinds[kind], NAN, (double)s->params->list, 0.75, gives,
				"%u rows of your table '%s'", p->kinds[kind], p->table);
	else
		finding_feature(f, name, p->kinds[kind], NAN, (double)s->params->list, 0.75, gives,
				"%u %s", p->kinds[kind], words_of(kind));
}

static void add_features(struct finding *f, const struct sensitive_state *s,
			 const struct detect_env *env, const struct sensitive_pair *p,
			 const struct event_found *e)
{
	unsigned most = 0;
	for (unsigned k = 1; k < CONTENT__COUNT; k++)
		if (weight_of(s->params, p, (enum content_kind)k) >
		    weight_of(s->params, p, (enum content_kind)most))
			most = k;
	/* the columns of one list: its strongest speaks, the others add little */
	for (unsigned k = 0; k < CONTENT__COUNT; k++)
		if (p->kinds[k])
			add_kind(f, s, p, (enum content_kind)k, k == most);
	if (p->coded)
		finding_feature(f, "coded", p->coded, NAN, 1, 0.1, 0.1,
				"%u of them in base64 or hex within the text", p->coded);
	add_destination(f, env, e);
}

static void say(struct finding *f, const struct sensitive_pair *p, const struct event_found *e)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], host[96], label[64], sample[64],
		carrier[16];
	step_ends(f, from, to);
	step_string(host, sizeof(host), &e->e, &e->host);
	step_string(label, sizeof(label), &e->e, &e->label);
	step_string(sample, sizeof(sample), &e->e, &e->sample);
	step_string(carrier, sizeof(carrier), &e->e, &e->carrier);
	if (*host && !text_is_address(&e->e, &e->host))
		finding_text(f->domain, sizeof(f->domain), "%s", host);
	finding_text(f->message, sizeof(f->message),
		     "%s sent %s what must not leave, in clear text by %s: %llu found, the last is "
		     "%s %s (%s)",
		     from, *host ? host : to, carrier, (unsigned long long)p->count,
		     content_kind_name((enum content_kind)e->kind), label, sample);
	finding_text(
		f->not_harmless, sizeof(f->not_harmless),
		"Forms carry one number of their sender; this is %s, in the clear, on its way "
		"to the outside",
		p->kinds[CONTENT_CANARY] ? "a text that was planted for nobody to send" :
		p->kinds[CONTENT_KEY] ? "what opens something, and anybody on the way can read it" :
		p->kinds[CONTENT_DOCUMENT] || p->kinds[CONTENT_TABLE] ?
					"your own data, of which a set of prints was made" :
					"more, each validated by check digits, form and words");
}

static void tell(struct sensitive_state *s, const struct detect_env *env, struct sensitive_pair *p,
		 const struct event_found *e)
{
	struct finding f;
	step_begin(&f, &rule, env, &e->e);
	if (e->e.from_server) {
		struct finding_end other = f.subject;
		f.subject = f.peer;
		f.peer = other;
	}
	add_features(&f, s, env, p, e);
	double score = step_score(&f);
	uint8_t severity = (uint8_t)step_severity(score);
	bool is_own = e->kind == CONTENT_DOCUMENT || e->kind == CONTENT_TABLE;
	/* how much of one's own has gone is told to its end, without an alert for each part */
	f.is_update = severity && severity == p->told && is_own;
	if (severity <= p->told && !f.is_update)
		return;
	p->told = severity > p->told ? severity : p->told;
	s->findings++;
	f.start_ns = p->first_ns;
	f.count = p->count;
	finding_packet(&f, e->e.packet);
	say(&f, p, e);
	text_counterfactual(&f);
	step_raise(&f, env);
}

/* Of a document what most was seen of counts: the same one may be sent in several texts. */
static void count(struct sensitive_pair *p, const struct event_found *e)
{
	char label[64];
	step_string(label, sizeof(label), &e->e, &e->label);
	p->count += e->weight;
	p->kinds[e->kind] += e->weight;
	p->coded += e->is_coded ? e->weight : 0;
	if (e->kind == CONTENT_DOCUMENT && e->of &&
	    (!p->of || (uint64_t)e->count * p->of > (uint64_t)p->seen * e->of)) {
		p->seen = e->count;
		p->of = e->of;
		memcpy(p->document, label, sizeof(label));
	} else if (e->kind == CONTENT_TABLE) {
		memcpy(p->table, label, sizeof(label));
	}
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct sensitive_state *s = state;
	const struct event_found *e = (const struct event_found *)event;
	struct sensitive_pair key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.sender = event->from_server ? event->dst : event->src;
	key.receiver = event->from_server ? event->src : event->dst;
	if (!context_is_inside(env->context, &key.sender, event->tunnel_id) ||
	    context_is_inside(env->context, &key.receiver, event->tunnel_id))
		return;
	struct sensitive_pair *p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_new)
		p->first_ns = event->time_ns;
	count(p, e);
	tell(s, env, p, e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct sensitive_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct sensitive_pair));
}

const struct detector sensitive_content_detector = {
	.name = "sensitive_content",
	.title = "Sensitive content sent out in the clear",
	.idea = "Counts validated numbers, keys, markings and canaries in clear text by sender and "
		"receiver",
	.params = params,
	.params_size = sizeof(struct sensitive_params),
	.state_size = sizeof(struct sensitive_state),
	.wants = 1ull << EVENT_CONTENT,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
