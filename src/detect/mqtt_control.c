/*
 * detect/mqtt_control.c - a program that is led over MQTT.
 *
 * Idea: things tell what they measure and are switched; an agent subscribes to a topic, is told
 * command lines of an operating system, and publishes what they print (T1071.005).  Both are known
 * by their form, in the clear, in JSON or in base64.  One connection or one for each message: they
 * are added up by client and broker.
 * Evasion: TLS around it (8883), messages that are encrypted one by one, words of one's own.
 * False alarms: things that are administered by commands in messages: except their broker.
 */
#include "dest.h"
#include "step_pair.h"

#define MANY      3 /* commands */
#define OBEY_NS   (10ull * 1000000000ull)
#define PORT_MQTT 1883

struct mqtt_params {
	double alert_score;
};

struct mqtt_pair {
	struct step_pair pair;
	uint64_t order_ns;
	uint32_t marks; /* enum chat_mark, of all connections */
	uint32_t orders, obeyed;
	uint32_t pad;
};

struct state {
	const struct mqtt_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = { { "alert_score", PARAM_DOUBLE,
					 offsetof(struct mqtt_params, alert_score), 0.35, 1, 0.35,
					 "", "Score from which it is told" },
				       PARAM_END };

static const struct step_rule rule = {
	.detector = "mqtt_control",
	.rule = "mqtt_control",
	.title = "Program led over MQTT",
	.class = FINDING_C2,
	.techniques = { "T1071.005", "T1059" },
	.tactic = "TA0011",
	.unseen = "who publishes the commands: the broker stands in between",
	.next_steps = { "Read the connection: commands and answers are in the clear",
			"Find the process that holds it, and how it came to the host",
			"Look for other hosts that talk to that broker" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	return step_pair_init(&s->pairs, env, sizeof(struct mqtt_pair), 256);
}

static void deinit(void *state)
{
	table_deinit(&((struct state *)state)->pairs);
}

static void score(struct finding *f, const struct mqtt_pair *p, const struct dest *d)
{
	char text[96];
	if (p->marks & CHAT_OUTPUT)
		step_part(f, "output", 1, 0.3, "it publishes what commands print");
	finding_text(text, sizeof(text), "%u command line%s came to it", p->orders,
		     p->orders == 1 ? "" : "s");
	if (p->marks & CHAT_ORDER)
		step_part(f, "commands", p->orders, p->orders >= MANY ? 0.3 : 0.25, text);
	if (p->obeyed)
		step_part(f, "obeyed", p->obeyed, 0.1, "it publishes within seconds of a command");
	if (p->marks & CHAT_VEILED)
		step_part(f, "veiled", 1, 0.1, "commands or output are in base64");
	if (d->is_literal)
		step_part(f, "nameless", 1, 0.1, "no DNS answer gave the address");
	finding_text(text, sizeof(text), "port %u is not MQTT's", p->pair.key.port);
	if (p->pair.key.port != PORT_MQTT) {
		step_part(f, "odd_port", p->pair.key.port, 0.05, text);
		finding_technique(f, "T1571");
	}
}

static void explain(struct finding *f, const struct event_chat *c, const struct mqtt_pair *p,
		    double least)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], order[64], topic[56], client[40];
	step_ends(f, from, to);
	step_string(client, sizeof(client), &c->e, &c->nick);
	step_string(order, sizeof(order), &c->e, &c->order);
	step_string(topic, sizeof(topic), &c->e, &c->channel);
	f->visibility = VISIBILITY_CLEAR;
	step_pair_prove(&p->pair, f);
	f->count = p->orders ? p->orders : 1;
	finding_text(f->object, sizeof(f->object), "MQTT on port %u", p->pair.key.port);
	if (p->orders)
		finding_text(
			f->message, sizeof(f->message),
			"%s (%s) is led over MQTT by way of %s port %u: %u command line%s%s%s%s%s%s",
			from, *client ? client : "no name", to, p->pair.key.port, p->orders,
			p->orders == 1 ? "" : "s", *order ? ", first " : "", order,
			*topic ? " by topic " : "", topic,
			p->marks & CHAT_OUTPUT ? "; it publishes what commands print" : "");
	else
		finding_text(f->message, sizeof(f->message),
			     "%s (%s) publishes what commands print by way of %s port %u", from,
			     *client ? client : "no name", to, p->pair.key.port);
	finding_text(f->not_harmless, sizeof(f->not_harmless),
		     "things publish what they measure and are switched by words of their own; "
		     "command lines of an operating system, and what they print, are a shell");
	finding_text(f->counterfactual, sizeof(f->counterfactual),
		     "silent below %.2f: with commands or output alone, at a broker with a name",
		     least);
}

/* Each connection counts for itself; what one was told another may answer. */
static void note(struct mqtt_pair *p, const struct event_chat *c)
{
	bool is_order = c->marks & CHAT_ORDER && c->orders >= p->orders;
	bool is_late = !p->order_ns || c->e.time_ns - p->order_ns >= OBEY_NS;
	if (c->marks & CHAT_OUTPUT && !is_late && !p->obeyed)
		p->obeyed = 1;
	p->marks |= c->marks;
	p->obeyed = c->obeyed > p->obeyed ? c->obeyed : p->obeyed;
	p->orders = c->orders > p->orders ? c->orders : p->orders;
	if (is_order)
		p->order_ns = c->e.time_ns;
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct state *s = state;
	const struct event_chat *c = (const struct event_chat *)e;
	struct dest d;
	struct finding f;
	if (e->app != APP_MQTT || dest_is_nobody(env, e))
		return;
	dest_of(&d, env, e, NULL, 0);
	if (d.is_inside || dest_is_ordinary(d.service, d.sanction))
		return;
	struct mqtt_pair *p = (struct mqtt_pair *)step_pair_note(&s->pairs, e, 0);
	if (!p)
		return;
	note(p, c);
	step_begin(&f, &rule, env, e);
	score(&f, p, &d);
	if (!step_pair_is_news(&p->pair, &f, s->params->alert_score))
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
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct mqtt_pair));
}

const struct detector mqtt_control_detector = {
	.name = "mqtt_control",
	.title = "Program led over MQTT",
	.idea = "Command lines of an operating system that come by MQTT, and what they print that goes "
		"back",
	.params = params,
	.params_size = sizeof(struct mqtt_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_CHAT,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
