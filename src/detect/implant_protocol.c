/*
 * detect/implant_protocol.c - conversations in the protocols that implants have for themselves.
 *
 * Idea: remote access tools and bots are built once and used by thousands, and their frames stay as
 * they are: a prefix, two lengths and zlib; a length in figures before fields; a hello of four
 * bytes and two to keep it alive.  The inspectors know them by structure on both sides, not by a
 * name that is changed in a minute.  Where they go to counts as well: an address that nobody named,
 * a port of another protocol (T1095, T1571). Evasion: TLS around it (odd_tls), another layout: what
 * is left is raw_channel. False alarms: a program of one's own with such frames; with a name and a
 * port it stays low.
 */
#include "dest.h"
#include "protocol_mismatch/protocol_mismatch.h"
#include "step_pair.h"

struct implant_params {
	double alert_score;
};

struct state {
	const struct implant_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = { { "alert_score", PARAM_DOUBLE,
					 offsetof(struct implant_params, alert_score), 0.35, 1,
					 0.35, "", "Score from which it is told" },
				       PARAM_END };

static const struct step_rule rule = {
	.detector = "implant_protocol",
	.rule = "implant_protocol",
	.title = "Protocol of a remote access tool or bot",
	.class = FINDING_C2,
	.techniques = { "T1095" },
	.tactic = "TA0011",
	.unseen = "what was said: the form of the frames alone is judged",
	.next_steps = { "Find the process that holds the connection, and how it came to the host",
			"Read the bytes: the packets are in the evidence file",
			"Look for other hosts that talk to that address" },
};

/* What a family's form is worth, and what makes it more. */
static const struct {
	const char *name, *text;
	double form, answered, goes_on, order;
} families[IMPLANT__COUNT] = {
	[IMPLANT_PACKED] = { "packed_frames", "frames of a prefix, two lengths and zlib", 0.4, 0.2,
			     0.05, 0 },
	[IMPLANT_NUMBERED] = { "numbered_frames", "frames that begin with their length in figures",
			       0.3, 0.05, 0.05, 0 },
	[IMPLANT_MARKED] = { "marked_frames", "frames of the mark 24 04 ff 00 and a length", 0.4,
			     0.15, 0.05, 0 },
	[IMPLANT_KEPT_ALIVE] = { "hello_of_four", "a hello of 00 00 00 01, then pairs of zeros",
				 0.3, 0, 0.15, 0.3 },
	[IMPLANT_WORDS] = { "bare_words", "bare words, PING and PONG, or orders, line by line", 0.2,
			    0, 0.1, 0.35 },
	[IMPLANT_FIGURES] = { "figures",
			      "both sides say figures of base 16 and nothing else, the "
			      "server first",
			      0.3, 0.05, 0.1, 0 },
	[IMPLANT_FRAMED] = { "framed", "frames that begin with their length, of no known protocol",
			     0.1, 0, 0.05, 0 },
	[IMPLANT_REPORTED] = { "reports", "reports of its system, name and guards in fields", 0.4,
			       0, 0.1, 0 },
	[IMPLANT_NET_TCP] = { "net_tcp", "messages of .NET in the clear (net.tcp)", 0.25, 0, 0, 0 },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	return step_pair_init(&s->pairs, env, sizeof(struct step_pair), 256);
}

static void deinit(void *state)
{
	table_deinit(&((struct state *)state)->pairs);
}

static void add_form(struct finding *f, const struct event_implant *e)
{
	char text[96];
	unsigned k = e->family;
	step_part(f, families[k].name, 1, families[k].form, families[k].text);
	if (e->marks & IMPLANT_ANSWERED)
		step_part(f, "both_sides", 1, families[k].answered, "both sides speak so");
	finding_text(text, sizeof(text), "it goes on: %u and %u frames, %u words kept it alive",
		     e->frames[0], e->frames[1], e->pings);
	if (e->marks & IMPLANT_GOES_ON)
		step_part(f, "goes_on", 1, families[k].goes_on, text);
	finding_text(text, sizeof(text), "%u order%s by the server", e->orders,
		     e->orders == 1 ? "" : "s");
	if (e->marks & IMPLANT_ORDER)
		step_part(f, "orders", e->orders, families[k].order, text);
	if (e->marks & IMPLANT_FIELDS)
		step_part(f, "fields", 1, 0.2, "the first one has fields between the same marks");
	if (e->marks & IMPLANT_BY_ADDRESS)
		step_part(f, "by_address", 1, 0.15, "the server is called by its address");
	if (e->marks & IMPLANT_SEALED)
		step_part(f, "sealed", 1, 0.1, "what the frames hold has no order at all");
	if (e->marks & IMPLANT_BLOCKS)
		step_part(f, "blocks", 1, 0.1, "their lengths are those of a block cipher");
	if (e->marks & IMPLANT_RHYTHM)
		step_part(f, "rhythm", e->pings, 0.05, "a small frame comes again like a clock");
	if (e->marks & IMPLANT_NAMED)
		step_part(f, "names", 1, 0.3, "what is called has names of RedLine's contract");
}

static void add_place(struct finding *f, const struct event_implant *e, const struct dest *d)
{
	char text[96];
	/* net.tcp says the address itself: that is counted there */
	if (d->is_literal && !d->is_inside && !(e->marks & IMPLANT_BY_ADDRESS))
		step_part(f, "nameless", 1, 0.1, "no DNS answer gave the address");
	finding_text(text, sizeof(text), "port %u is for another protocol", e->e.dport);
	if (mismatch_owner(e->e.dport)) {
		step_part(f, "foreign_port", e->e.dport, 0.1, text);
		finding_technique(f, "T1571");
	}
	if (d->is_inside)
		step_part(f, "inside", 1, -0.1, "both ends are inside");
}

static void explain(struct finding *f, const struct event_implant *e, const struct step_pair *p,
		    double least)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], prefix[20];
	step_ends(f, from, to);
	step_string(prefix, sizeof(prefix), &e->e, &e->prefix);
	f->visibility = VISIBILITY_OPAQUE;
	step_pair_prove(p, f);
	f->count = 1 + e->orders;
	finding_text(f->object, sizeof(f->object), "%s on port %u", families[e->family].name,
		     e->e.dport);
	finding_text(f->message, sizeof(f->message),
		     "%s speaks with %s port %u as implants do: %s%s%s%s", from, to, e->e.dport,
		     families[e->family].text, *prefix ? " (\"" : "", prefix, *prefix ? "\")" : "");
	finding_text(
		f->not_harmless, sizeof(f->not_harmless),
		"programs that people install speak protocols that are published, or TLS; %s, and "
		"no known service is behind the address",
		e->family == IMPLANT_FRAMED ?
			"this one has frames and a seal of its own" :
			"frames of this form are those of remote access tools and bots");
	finding_text(f->counterfactual, sizeof(f->counterfactual),
		     "silent if the lengths did not fit what follows, or below %.2f", least);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_implant *e = (const struct event_implant *)event;
	struct dest d;
	struct finding f;
	if (e->family == IMPLANT_NONE || e->family >= IMPLANT__COUNT || dest_is_nobody(env, event))
		return;
	dest_of(&d, env, event, NULL, 0);
	if (dest_is_ordinary(d.service, d.sanction))
		return;
	struct step_pair *p = step_pair_note(&s->pairs, event, e->family);
	if (!p)
		return;
	step_begin(&f, &rule, env, event);
	add_form(&f, e);
	add_place(&f, e, &d);
	if (!step_pair_is_news(p, &f, s->params->alert_score))
		return;
	s->findings++;
	explain(&f, e, p, s->params->alert_score);
	step_raise(&f, env);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct step_pair));
}

const struct detector implant_protocol_detector = {
	.name = "implant_protocol",
	.title = "Protocol of a remote access tool or bot",
	.idea = "Frames whose structure on both sides is that of implants, to an address that nobody "
		"named",
	.params = params,
	.params_size = sizeof(struct implant_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_IMPLANT,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
