/*
 * detect/header_channel/header_channel.c - letters in fields of headers that hold numbers.
 *
 * Idea: a channel in headers writes its message where a stack writes a number of its own: source
 * and destination ports, the sequence number of a SYN, the identification of IPv4, the window, the
 * urgent pointer, the time to live, the length of a ping (Rowland 1997, covert_tcp; Zander,
 * Armitage and Branch 2007 list the fields).  Such numbers count, repeat or are random; none
 * spells.  A run of values between two hosts, each of which is nothing but letters, that neither
 * count nor repeat, is a text.  Lengths and times to live of pings that take nearly every value are
 * bytes. Evasion: encrypted bytes in fields that are random anyway; fields of packets within a
 * flow. False alarms: counters go one way; constants have few letters; a random port is two letters
 * in one of ten, and twelve in a row are none of chance.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "../step.h"
#include "letters.h"

#define PROTO_ICMP   1
#define PROTO_TCP    6
#define PROTO_ICMPV6 58
#define ECHO         8
#define ECHO_V6      128
#define LONG         64 /* letters that leave no doubt */
#define WINDOW       64 /* values of which nearly all differ */
#define SCATTERED    48

enum field {
	FIELD_SPORT,
	FIELD_DPORT,
	FIELD_SEQ,
	FIELD_ACK,
	FIELD_IP_ID,
	FIELD_TCP_WINDOW,
	FIELD_URGENT,
	FIELD_TTL,
	FIELD_LENGTH,
	FIELD_ECHO_ID,
	FIELD_ECHO_SEQ,
	FIELDS
};

static const struct {
	const char *name;
	uint8_t bytes;
} fields[FIELDS] = {
	[FIELD_SPORT] = { "source ports", 2 },
	[FIELD_DPORT] = { "destination ports", 2 },
	[FIELD_SEQ] = { "first sequence numbers", 4 },
	[FIELD_ACK] = { "acknowledgement numbers", 4 },
	[FIELD_IP_ID] = { "identifications of IPv4", 2 },
	[FIELD_TCP_WINDOW] = { "windows", 2 },
	[FIELD_URGENT] = { "urgent pointers", 2 },
	[FIELD_TTL] = { "times to live", 1 },
	[FIELD_LENGTH] = { "lengths of pings", 2 },
	[FIELD_ECHO_ID] = { "identifiers of pings", 2 },
	[FIELD_ECHO_SEQ] = { "sequence numbers of pings", 2 },
};

struct header_params {
	uint64_t letters;
};

struct scatter { /* of values of one byte */
	uint64_t first_ns;
	uint64_t seen[4];
	uint32_t last;
	uint16_t values, turns;
	int8_t heading;
	uint8_t told;
};

struct header_pair {
	struct ipaddr src, dst;
	uint64_t proto;
	struct letters_run runs[FIELDS];
	struct scatter ttl, length;
	uint64_t running; /* a bit a field: its run goes on */
};

struct sample { /* of one packet */
	uint32_t value[FIELDS];
	uint32_t given, fits; /* a bit a field; fits: it is text */
	uint32_t odd;         /* of these, what may be a beginning */
};

struct header_state {
	const struct header_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "letters", PARAM_UINT, offsetof(struct header_params, letters), 12, 4096, 16, "letters",
	  "Letters in a row in one field that make a text" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "header_channel",
	.rule = "header_channel",
	.title = "Message hidden in headers",
	.class = FINDING_EXFIL,
	.techniques = { "T1048.003", "T1001" },
	.tactic = "TA0010",
	.unseen = "what else the message says, and fields of packets within a connection",
	.next_steps = { "Read the field of all packets of the filter in order: it spells",
			"Find the program that makes raw packets on the sender: it needs to be root",
			"Have the gateway rewrite what may be rewritten (scrub)" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct header_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 16 ? env->max_hosts / 16 : 1,
				       .entry_size = sizeof(struct header_pair),
				       .key_size = offsetof(struct header_pair, runs),
				       .key = env->key };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct header_state *s = state;
	table_deinit(&s->pairs);
}

static unsigned distinct(const uint64_t seen[4])
{
	unsigned n = 0;
	for (unsigned i = 0; i < 4; i++)
		n += (unsigned)__builtin_popcountll(seen[i]);
	return n;
}

/* ---- telling ---- */

static void add_place(struct finding *f, const struct detect_env *env, const struct event *e)
{
	bool is_out = context_is_inside(env->context, &e->src, e->tunnel_id) &&
		      !context_is_inside(env->context, &e->dst, e->tunnel_id);
	if (is_out)
		finding_feature(f, "outside", 1, NAN, NAN, 0.1, 0.1, "they went outside");
}

static void tell_text(struct header_state *s, const struct detect_env *env, struct letters_run *r,
		      enum field field, const struct event *e)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48];
	const char *name = fields[field].name;
	double amount = fmin(1, (double)r->letters / LONG);
	struct finding f;
	step_begin(&f, &rule, env, e);
	step_ends(&f, from, to);
	f.start_ns = r->first_ns;
	f.count = r->values;
	finding_text(f.object, sizeof(f.object), "%s", name);
	finding_feature(&f, "letters", r->letters, NAN, (double)s->params->letters, 0.35, 0.35,
			"%u %s are letters, %u different: \"%s%s\"", r->values, name,
			letters_distinct(r), r->text, r->letters > LETTERS_SHOWN ? "..." : "");
	finding_feature(&f, "turns", (double)r->turns / r->values, NAN, LETTERS_TURNS, 0.15, 0.15,
			"they neither count nor repeat: %.0f %% go the other way than before",
			100.0 * r->turns / r->values);
	finding_feature(&f, "amount", r->letters, NAN, LONG, 0.15, 0.15 * amount,
			"%u letters of the %d that leave no doubt", r->letters, LONG);
	if (field == FIELD_SPORT && r->form == LETTERS_LAST)
		finding_feature(&f, "low_ports", r->last, NAN, 128, 0.1, 0.1,
				"ports below 128 belong to servers, not to clients");
	add_place(&f, env, e);
	finding_text(f.message, sizeof(f.message),
		     "%s spelt a text of %u letters in the %s of %u packets to %s %s", from,
		     r->letters, name, r->values, to,
		     finding_span(span, sizeof(span), f.end_ns - f.start_ns));
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "A stack counts in this field, repeats it or takes it at random; a random "
		     "value is nothing but letters once in %d, and here were %u in a row",
		     fields[field].bytes == 4 ? 86 :
		     fields[field].bytes == 2 ? 9 :
						3,
		     r->values);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu letters in a row, with fewer than %d different ones, or if "
		     "they counted",
		     (unsigned long long)s->params->letters, LETTERS_DISTINCT);
	if (step_severity(step_score(&f)) <= (enum severity)r->told)
		return;
	r->told = (uint8_t)step_severity(step_score(&f));
	s->findings++;
	step_raise(&f, env);
}

static void tell_scatter(struct header_state *s, const struct detect_env *env, struct scatter *c,
			 enum field field, const struct event *e)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48];
	const char *name = fields[field].name;
	unsigned different = distinct(c->seen);
	struct finding f;
	step_begin(&f, &rule, env, e);
	step_ends(&f, from, to);
	f.start_ns = c->first_ns;
	f.count = c->values;
	finding_text(f.object, sizeof(f.object), "%s", name);
	finding_feature(&f, "scattered", different, NAN, SCATTERED, 0.35, 0.35,
			"%u different %s in %u pings", different, name, c->values);
	finding_feature(&f, "turns", (double)c->turns / c->values, NAN, LETTERS_TURNS, 0.15, 0.15,
			"up and down: %.0f %% go the other way than before",
			100.0 * c->turns / c->values);
	add_place(&f, env, e);
	finding_text(f.message, sizeof(f.message),
		     "%s pinged %s %u times %s with %u different %s, up and down: a byte each",
		     from, to, c->values, finding_span(span, sizeof(span), f.end_ns - f.start_ns),
		     different, name);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "A ping has one length and one time to live; a search for the largest packet "
		     "and a traced way go up step by step, to 30 or so");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent with fewer than %d different values in %d pings, or if they went one "
		     "way",
		     SCATTERED, WINDOW);
	c->told = 1;
	s->findings++;
	step_raise(&f, env);
}

/* ---- events ---- */

static void add_scatter(struct header_state *s, const struct detect_env *env, struct scatter *c,
			enum field field, uint32_t value, const struct event *e)
{
	if (c->told)
		return;
	if (c->values == WINDOW)
		memset(c, 0, sizeof(*c));
	if (!c->values)
		c->first_ns = e->time_ns;
	c->turns += letters_turn(&c->last, &c->heading, value);
	c->seen[value / 64 % 4] |= 1ull << value % 64;
	c->values++;
	if (c->values == WINDOW && distinct(c->seen) >= SCATTERED &&
	    c->turns >= LETTERS_TURNS * WINDOW)
		tell_scatter(s, env, c, field, e);
}

/* NULL where there is nothing to add to. */
static struct header_pair *pair_of(struct header_state *s, const struct event *e, bool is_wanted)
{
	struct header_pair key;
	bool is_new;
	key.src = e->src;
	key.dst = e->dst;
	key.proto = e->proto;
	return is_wanted ? table_get(&s->pairs, &key, &is_new) : table_find(&s->pairs, &key);
}

/* Adds the fields of `given`, lowest first; those that neither are text nor were cost nothing. */
static void take(struct header_state *s, const struct detect_env *env, struct header_pair *p,
		 const struct sample *x, const struct event *e)
{
	uint32_t todo = x->given & (x->odd | (uint32_t)p->running);
	p->running = (p->running & ~(uint64_t)x->given) | (todo & x->fits);
	for (; todo; todo &= todo - 1) {
		enum field field = (enum field)__builtin_ctz(todo);
		struct letters_run *r = &p->runs[field];
		unsigned bytes = fields[field].bytes;
		letters_add(r, x->value[field], bytes, e->time_ns);
		if (letters_are_text(r, bytes, s->params->letters))
			tell_text(s, env, r, field, e);
	}
}

static void put(struct sample *x, enum field field, uint32_t value)
{
	x->value[field] = value;
	x->given |= 1u << field;
	if (letters_form(value, fields[field].bytes) != LETTERS_NONE)
		x->fits |= 1u << field;
}

/* A service that everybody asks; its number is a letter by chance. */
static bool is_usual_port(uint32_t port)
{
	static const uint8_t usual[] = { 53, 67, 68, 69, 80, 88, 110, 111, 119, 123 };
	return port < 128 && memchr(usual, (int)port, sizeof(usual));
}

/* A little below where stacks begin. */
static bool is_usual_ttl(uint32_t ttl)
{
	return ttl < 64 ? ttl <= 32 || ttl >= 50 : ttl >= 96;
}

/* What may be a beginning: all else is only held against one. */
static uint32_t odd_of(const struct sample *x)
{
	uint32_t usual = 0;
	if (is_usual_port(x->value[FIELD_SPORT]))
		usual |= 1u << FIELD_SPORT;
	if (is_usual_port(x->value[FIELD_DPORT]))
		usual |= 1u << FIELD_DPORT;
	if (is_usual_ttl(x->value[FIELD_TTL]))
		usual |= 1u << FIELD_TTL;
	if ((x->value[FIELD_TCP_WINDOW] & 0xff) == 0) /* 8192 begins with a space */
		usual |= 1u << FIELD_TCP_WINDOW;
	return x->fits & ~usual;
}

/* The head of an event whose packet came from the responder, as that is guessed by ports. */
static struct event turned(const struct event *e)
{
	struct event back = *e;
	back.src = e->dst;
	back.dst = e->src;
	back.sport = e->dport;
	back.dport = e->sport;
	return back;
}

static void on_start(struct header_state *s, const struct detect_env *env,
		     const struct event_flow *f)
{
	bool is_ping = f->e.proto == PROTO_ICMP || f->e.proto == PROTO_ICMPV6;
	bool is_midstream = f->outcome == FLOW_OUTCOME_MIDSTREAM;
	if (is_ping || (is_midstream && f->e.proto == PROTO_TCP))
		return;
	struct event e = is_midstream ? turned(&f->e) : f->e;
	struct sample x;
	x.given = x.fits = 0;
	put(&x, FIELD_TTL, f->first_ttl);
	put(&x, FIELD_IP_ID, f->first_ip_id);
	put(&x, FIELD_SPORT, e.sport);
	put(&x, FIELD_DPORT, e.dport);
	put(&x, FIELD_SEQ, f->first_seq);
	put(&x, FIELD_ACK, f->first_ack);
	put(&x, FIELD_TCP_WINDOW, f->first_window);
	put(&x, FIELD_URGENT, f->first_urgent);
	x.odd = odd_of(&x);
	struct header_pair *p = pair_of(s, &e, x.odd != 0);
	if (p)
		take(s, env, p, &x, &e);
}

static void on_ping(struct header_state *s, const struct detect_env *env,
		    const struct event_icmp *i)
{
	if (i->is_reply || (i->type != ECHO && i->type != ECHO_V6))
		return;
	struct header_pair *p = pair_of(s, &i->e, true);
	struct sample x;
	if (!p)
		return;
	x.given = x.fits = 0;
	put(&x, FIELD_TTL, i->ttl);
	put(&x, FIELD_IP_ID, i->ip_id);
	put(&x, FIELD_LENGTH, i->payload_len);
	put(&x, FIELD_ECHO_ID, i->id);
	put(&x, FIELD_ECHO_SEQ, i->icmp_seq);
	x.odd = x.fits;
	take(s, env, p, &x, &i->e);
	add_scatter(s, env, &p->ttl, FIELD_TTL, i->ttl, &i->e);
	add_scatter(s, env, &p->length, FIELD_LENGTH, i->payload_len, &i->e);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	if (e->kind == EVENT_ICMP)
		on_ping(state, env, (const struct event_icmp *)e);
	else
		on_start(state, env, (const struct event_flow *)e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct header_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pairs.stats.capacity, sizeof(struct header_pair));
}

const struct detector header_channel_detector = {
	.name = "header_channel",
	.title = "Message hidden in headers",
	.idea = "Ports, sequence numbers, identifications, times to live or lengths that are nothing "
		"but letters, in a row",
	.params = params,
	.params_size = sizeof(struct header_params),
	.state_size = sizeof(struct header_state),
	.wants = 1ull << EVENT_ICMP | 1ull << EVENT_FLOW_START,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
