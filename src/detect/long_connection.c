/*
 * detect/long_connection.c - one conversation with the outside that lasts for hours.
 *
 * Idea: an agent that keeps its connection never beacons: RITA and AC-Hunter list connections by
 * their length (1, 4, 8, 12 hours).  Length alone is what chats, mail and calls have; it weighs by
 * what is known of the other end: no name, no known protocol, nobody else who goes there, first
 * used after the sensor had learnt.
 * Evasion: a new connection every hour (beacon); a name that others use.
 * False alarms: appliances that keep one connection to their maker's bare address: context.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/base/table.h"
#include "exfild/context/baseline.h"
#include "dest.h"
#include "step.h"

#define SECOND_NS 1000000000ull
#define HOUR_NS   (3600 * SECOND_NS)
#define TCP       6
#define LEVELS    4
#define MANY      4
#define PIECES    8 /* packets of each side */
#define AGAIN_NS  (60 * SECOND_NS)
#define SILENT_NS (7500 * SECOND_NS) /* TCP asks after two hours: RFC 1122 section 4.2.3.6 */
#define CLOSING   0x05u              /* FIN, RST */

struct long_params {
	uint64_t hosts;
};

struct long_key {
	struct ipaddr src, dst;
	uint32_t tunnel_key;
	uint16_t port, pad;
};

/* What is known of one conversation from all its flows: the later ones show neither its handshake
 * nor the name that it asked for. */
struct long_past {
	uint64_t length_ns, last_ns;
	uint64_t payload[2]; /* by side, as the packets */
	uint32_t packets[2];
	uint16_t sport;
	bool after_silence; /* ended by the idle time-out */
	bool is_named, is_known;
};

struct long_pair {
	struct long_key key;
	struct long_past past; /* length 0: none */
	double told;
};

struct state {
	const struct long_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "hosts", PARAM_UINT, offsetof(struct long_params, hosts), 2, 1e6, 10, "",
	  "Inside hosts from which it says something that no other goes there" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "long_connection",
	.rule = "long_connection",
	.title = "Connection that lasts for hours",
	.class = FINDING_C2,
	.techniques = { "T1071" },
	.tactic = "TA0011",
	.unseen = "what was said",
	.next_steps = { "On the client: find the program that holds the connection",
			"Who owns the address, and does anybody expect it?" },
};

static const struct {
	unsigned hours;
	double weight;
} levels[LEVELS] = { { 12, 0.25 }, { 8, 0.2 }, { 4, 0.15 }, { 1, 0.1 } };

static uint32_t evidence(const void *entry)
{
	const struct long_pair *p = entry;
	return (uint32_t)(p->past.length_ns / SECOND_NS / 60) + (p->told > 0) * 100000u;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 32 ? env->max_pairs / 32 : 1,
				       .entry_size = sizeof(struct long_pair),
				       .key_size = sizeof(struct long_key),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	table_deinit(&((struct state *)state)->pairs);
}

static double by_length(uint64_t ns, unsigned *ret_hours)
{
	for (unsigned i = 0; i < LEVELS; i++) {
		*ret_hours = levels[i].hours;
		if (ns >= levels[i].hours * HOUR_NS)
			return levels[i].weight;
	}
	return 0;
}

static void add_features(struct finding *f, const struct state *s, const struct detect_env *env,
			 const struct context_upload *u, const struct long_past *all)
{
	struct context_stats stats;
	char text[32];
	unsigned hours;
	uint32_t senders = u->to ? u->to->sender_count : 1;
	bool is_raw = u->flow->e.proto == TCP && !all->is_known;
	context_stats(env->context, &stats);
	double length = by_length(all->length_ns, &hours);
	finding_feature(f, "duration", (double)all->length_ns / 1e9, NAN, hours * 3600.0, 0.25,
			length, "one conversation of %s",
			str_duration(text, sizeof(text), all->length_ns));
	if (!all->is_named)
		finding_feature(f, "nameless", 1, NAN, NAN, 0.15, 0.15,
				"neither DNS nor TLS named the address");
	if (is_raw)
		finding_feature(f, "unknown_protocol", 1, NAN, NAN, 0.1, 0.1,
				"in no protocol that is known");
	if (context_is_new(env->context, u->to))
		finding_feature(f, "new_destination", 1, NAN, NAN, 0.15, 0.15,
				"first used after the sensor had learnt for a week");
	if (senders >= MANY)
		finding_feature(f, "senders", senders, NAN, MANY, 0.2, -0.2,
				"four hosts of this network or more go there");
	else if (senders == 1 && stats.hosts >= s->params->hosts)
		finding_feature(f, "rare", 1, NAN, NAN, 0.05, 0.05,
				"no other inside host goes there");
}

static void judge(struct state *s, const struct detect_env *env, const struct context_upload *u,
		  struct long_pair *p, const struct long_past *all)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], length[32];
	step_begin(&f, &rule, env, &u->flow->e);
	add_features(&f, s, env, u, all);
	double score = step_score(&f);
	if (score <= p->told || step_severity(score) == SEVERITY_NONE)
		return;
	p->told = score;
	s->findings++;
	step_ends(&f, from, to);
	f.subject.bytes = all->payload[0];
	f.peer.bytes = all->payload[1];
	f.start_ns = env->now_ns - all->length_ns;
	finding_packet(&f, u->flow->first_packet);
	finding_packet(&f, u->flow->e.packet);
	f.learning = context_learning_left_ns(env->context) > 0;
	if (!all->is_known)
		finding_technique(&f, "T1095");
	f.visibility = all->is_named ? VISIBILITY_NAME : VISIBILITY_OPAQUE;
	(void)str_duration(length, sizeof(length), all->length_ns);
	finding_text(f.object, sizeof(f.object), "%s", u->dest);
	if (u->name)
		finding_text(f.domain, sizeof(f.domain), "%s", u->name);
	finding_text(f.message, sizeof(f.message),
		     "%s has held a connection to %s on port %u for %s", from,
		     u->name ? u->name : to, u->port, length);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "chats, mail and calls keep connections to services that have a name and that "
		     "others use as well; no list knows this one%s",
		     all->is_named ? "" : ", and it has no name");
	double others = score - f.features[0].contribution;
	unsigned least = levels[0].hours;
	for (unsigned i = 0; i < LEVELS; i++)
		if (step_severity(others + levels[i].weight) != SEVERITY_NONE)
			least = levels[i].hours;
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %u h, all else as seen", least);
	step_raise(&f, env);
}

/* It ends here for the flow table only: the next packet of it begins another flow. */
static bool goes_on(const struct event_flow *f)
{
	if (f->e.kind != EVENT_FLOW_END)
		return false;
	bool is_open = f->e.proto == TCP && ((f->tcp_flags[0] | f->tcp_flags[1]) & CLOSING) == 0;
	return f->end == FLOW_END_HARD || (f->end == FLOW_END_IDLE && is_open);
}

/* Whoever spoke last before a silence is asked by TCP whether he is there, and begins no other
 * conversation from the same port. */
static bool is_continued(const struct long_past *past, const struct event_flow *f)
{
	uint64_t gap_ns = past->after_silence ? SILENT_NS : AGAIN_NS;
	return past->length_ns && past->sport == f->e.sport &&
	       f->first_ns <= past->last_ns + gap_ns &&
	       (!past->after_silence || !f->initiator_known);
}

static uint32_t add_capped(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* The flow, with what went before it.  In its middle nDPI guesses: the first one counts. */
static struct long_past sum_up(const struct long_past *past, const struct event_flow *f,
			       bool is_named)
{
	struct long_past all = { .is_known = f->e.app != APP_UNKNOWN };
	if (is_continued(past, f))
		all = *past;
	if (all.length_ns && f->first_ns > all.last_ns)
		all.length_ns += f->first_ns - all.last_ns;
	all.length_ns += f->last_ns > f->first_ns ? f->last_ns - f->first_ns : 1;
	all.last_ns = f->last_ns;
	for (unsigned i = 0; i < 2; i++) {
		all.packets[i] = add_capped(all.packets[i], f->packets[i]);
		all.payload[i] += f->payload[i];
	}
	all.sport = f->e.sport;
	all.after_silence = f->end == FLOW_END_IDLE;
	all.is_named |= is_named;
	return all;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	static const struct long_past none;
	struct state *s = state;
	const struct context_upload *u = context_upload(env->context);
	const struct event_flow *f = (const struct event_flow *)e;
	if (!u || u->side || dest_is_ordinary(u->service, (enum service_sanction)u->sanction))
		return;
	struct long_key key = { .src = u->src,
				.dst = u->dst,
				.tunnel_key = e->tunnel_key,
				.port = u->port };
	struct long_pair *p = table_find(&s->pairs, &key);
	struct long_past all = sum_up(p ? &p->past : &none, f, u->name != NULL);
	bool is_told =
		all.length_ns >= HOUR_NS && all.packets[0] >= PIECES && all.packets[1] >= PIECES;
	bool is_new;
	if (!is_told && !goes_on(f))
		return;
	if (!p)
		p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_told)
		judge(s, env, u, p, &all);
	if (goes_on(f))
		p->past = all;
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct long_pair));
}

const struct detector long_connection_detector = {
	.name = "long_connection",
	.title = "Connection that lasts for hours",
	.idea = "One conversation of 1, 4, 8 or 12 hours weighs by what is known of the other end",
	.params = params,
	.params_size = sizeof(struct long_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
