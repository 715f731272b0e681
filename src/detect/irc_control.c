/*
 * detect/irc_control.c - a program that is led over IRC.
 *
 * Idea: people talk on IRC; a bot joins and waits.  What tells it is on the wire: an order by its
 * form (a sign, a verb of attacks or loaders, and whom to do it to) in a topic or said to it, the
 * output of a shell that it says back, a nickname made of country, system and number, a server that
 * tells nothing of itself, on a port that is not IRC's, by no name.  Each alone is seen among
 * people; together they are no chat (T1071).
 * Evasion: TLS around it, orders that are encrypted one by one, words of one's own for verbs.
 * False alarms: bots that people run for themselves and that take such orders: except them.
 */
#include "dest.h"
#include "step_pair.h"

#define HERD  3   /* inside hosts with such names in one channel */
#define MANY  3   /* orders */
#define PLACE 128 /* pairs of the limit a place in the tables */
#define TALK  8   /* messages of the client that nobody asked for */

struct irc_params {
	double alert_score;
};

struct state {
	const struct irc_params *params;
	struct table pairs, herds;
	uint64_t findings;
};

static const struct param params[] = { { "alert_score", PARAM_DOUBLE,
					 offsetof(struct irc_params, alert_score), 0.35, 1, 0.35,
					 "", "Score from which it is told" },
				       PARAM_END };

static const struct step_rule rule = {
	.detector = "irc_control",
	.rule = "irc_control",
	.title = "Program led over IRC",
	.class = FINDING_C2,
	.techniques = { "T1071" },
	.tactic = "TA0011",
	.unseen = "what was said before the first packet that was seen",
	.next_steps = { "Read the connection: orders and answers are in the clear",
			"Find the process that holds it, and how it came to the host",
			"Look for other hosts that talk to that server, and for what the orders name" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	uint32_t share = env->max_pairs / PLACE;
	const struct table_config herds = { .capacity = share ? share : 1,
					    .entry_size = sizeof(struct dest_crowd),
					    .key_size = sizeof(uint64_t),
					    .key = env->key };
	s->params = parameters;
	int err = step_pair_init(&s->pairs, env, sizeof(struct step_pair), PLACE);
	return err ? err : table_init(&s->herds, &herds);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->pairs);
	table_deinit(&s->herds);
}

/* Ports on which IRC is served (RFC 7194, and what networks have added), plain or as TLS. */
static bool is_usual_port(uint16_t port)
{
	return port == 194 || port == 529 || port == 994 || (port >= 6660 && port <= 6670) ||
	       port == 6679 || port == 6697 || port == 7000 || port == 8000 || port == 8067;
}

/* Hosts inside whose names are made the same way, in one channel of one server. */
static unsigned herd_of(struct state *s, const struct detect_env *env, const struct event_chat *c)
{
	if (!(c->marks & CHAT_MADE_NAME) || !c->channel.off || !c->channel.len)
		return 0;
	uint64_t key = hash_mix(hash_bytes(&env->sketch_key, &c->e.dst, sizeof(c->e.dst)),
				c->channel.hash);
	return dest_crowd_of(&s->herds, env, key, &c->e.src);
}

static void add_orders(struct finding *f, const struct event_chat *c)
{
	char text[96], order[64];
	if (!(c->marks & CHAT_ORDER))
		return;
	step_string(order, sizeof(order), &c->e, &c->order);
	finding_text(text, sizeof(text), "%u order%s, first: %s", c->orders,
		     c->orders == 1 ? "" : "s", order);
	step_part(f, "orders", c->orders, c->orders >= MANY ? 0.3 : 0.25, text);
	if (c->marks & CHAT_TOPIC)
		step_part(f, "topic", 1, 0.1, "the channel's topic is an order");
	if (c->obeyed)
		step_part(f, "obeyed", c->obeyed, 0.1, "it speaks within seconds of an order");
}

static void add_place(struct finding *f, const struct event_chat *c, const struct dest *d,
		      unsigned herd)
{
	char text[96];
	if (c->marks & CHAT_BARE)
		step_part(f, "bare_server", 1, 0.1,
			  "the server tells neither what it is nor its rules");
	if (!is_usual_port(c->e.dport)) {
		finding_text(text, sizeof(text), "port %u is not IRC's", c->e.dport);
		step_part(f, "odd_port", c->e.dport, 0.1, text);
		finding_technique(f, "T1571");
	}
	if (d->is_literal && !d->is_inside)
		step_part(f, "nameless", 1, 0.1, "no DNS answer gave the address");
	finding_text(text, sizeof(text), "%u hosts inside with such names are in the channel",
		     herd);
	if (herd >= HERD)
		step_part(f, "herd", herd, 0.2, text);
}

static void score(struct finding *f, const struct event_chat *c, const struct dest *d,
		  unsigned herd)
{
	char text[96], nick[40];
	add_orders(f, c);
	step_string(nick, sizeof(nick), &c->e, &c->nick);
	finding_text(text, sizeof(text), "its name is made of parts: %s", nick);
	if (c->marks & CHAT_MADE_NAME)
		step_part(f, "made_name", 1, 0.2, text);
	if (c->marks & CHAT_CODED)
		step_part(f, "coded_topic", 1, 0.1, "the channel's topic is one encoded word");
	if (c->marks & CHAT_OUTPUT) {
		step_part(f, "output", 1, 0.4, "it says what shells print");
		finding_technique(f, "T1059");
	}
	if (c->marks & CHAT_KEYED)
		step_part(f, "keyed", 1, 0.05, "the channel asks for a word");
	add_place(f, c, d, herd);
	if (c->said[0] >= TALK + 2 * c->orders)
		step_part(f, "talks", c->said[0], -0.15, "it says more than it was ordered to");
}

static void explain(struct finding *f, const struct event_chat *c, const struct step_pair *p,
		    double least)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], order[64], channel[56], nick[40];
	step_ends(f, from, to);
	step_string(nick, sizeof(nick), &c->e, &c->nick);
	step_string(order, sizeof(order), &c->e, &c->order);
	step_string(channel, sizeof(channel), &c->e, &c->channel);
	f->visibility = VISIBILITY_CLEAR;
	step_pair_prove(p, f);
	f->count = c->orders ? c->orders : 1;
	finding_text(f->object, sizeof(f->object), "IRC on port %u", c->e.dport);
	if (c->orders)
		finding_text(f->message, sizeof(f->message),
			     "%s is led over IRC by %s port %u%s%s: %u order%s, first %s; %u "
			     "message%s back",
			     from, to, c->e.dport, *channel ? ", channel " : "", channel, c->orders,
			     c->orders == 1 ? "" : "s", order, c->said[0],
			     c->said[0] == 1 ? "" : "s");
	else if (c->marks & CHAT_OUTPUT)
		finding_text(f->message, sizeof(f->message),
			     "%s says on IRC, as %s at %s port %u%s%s, what command shells print",
			     from, nick, to, c->e.dport, *channel ? ", channel " : "", channel);
	else
		finding_text(f->message, sizeof(f->message),
			     "%s waits on IRC as %s at %s port %u%s%s; %u message%s so far", from,
			     nick, to, c->e.dport, *channel ? ", channel " : "", channel,
			     c->said[0], c->said[0] == 1 ? "" : "s");
	finding_text(f->not_harmless, sizeof(f->not_harmless),
		     "people choose names for people, and talk; on the servers where they do, a "
		     "client is told whose these are, and nobody orders it what to scan or load");
	finding_text(f->counterfactual, sizeof(f->counterfactual),
		     "silent below %.2f: without orders, with a name of a person's choice, at a "
		     "named server on IRC's ports",
		     least);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	const struct event_chat *c = (const struct event_chat *)e;
	struct dest d;
	struct finding f;
	if (e->app != APP_IRC || dest_is_nobody(env, e))
		return;
	dest_of(&d, env, e, NULL, 0);
	if (dest_is_ordinary(d.service, d.sanction))
		return;
	struct step_pair *p = step_pair_note(&s->pairs, e, 0);
	if (!p)
		return;
	step_begin(&f, &rule, env, e);
	score(&f, c, &d, herd_of(s, env, c));
	if (!step_pair_is_news(p, &f, s->params->alert_score))
		return;
	s->findings++;
	explain(&f, c, p, s->params->alert_score);
	step_raise(&f, env);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct step_pair)) +
		table_worst_case(s->herds.stats.capacity, sizeof(struct dest_crowd));
}

const struct detector irc_control_detector = {
	.name = "irc_control",
	.title = "Program led over IRC",
	.idea = "Orders by their form, names made of parts and servers that say nothing of "
		"themselves tell a program that waits from people who talk",
	.params = params,
	.params_size = sizeof(struct irc_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_CHAT,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
