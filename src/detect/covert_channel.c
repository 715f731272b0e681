/*
 * detect/covert_channel.c - pings that speak by when they come, or by whom they ask.
 *
 * Idea: a channel in time uses two or three gaps between packets where a program of good faith has
 * one: the gaps of one ping (pair of hosts and identifier) are put into classes; two classes that
 * both come often, in an order without a period, are bits (Cabuk, Brodley, Shields 2004 call it
 * regularity).  A channel in addresses pings hosts that nobody has, once each, with a counter in
 * one byte of the address and letters in another.
 * Evasion: gaps drawn from the distribution of real traffic; other fields (header_channel); slower
 * than ten seconds a symbol.
 * False alarms: lost packets double a gap: whole multiples need a larger share.  Traceroutes and
 * monitors repeat a pattern: periods up to 24 packets are taken out.  Sweeps count up in the last
 * byte alone.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "step.h"

#define CLASSES     5
#define SYMBOLS     96 /* gaps that are remembered in order */
#define PERIOD_MAX  24
#define GAP_MAX_NS  10000000000ull
#define GAP_MIN_NS  5000000ull /* below, the network decides */
#define NEAR        0.06       /* of a gap: the same class */
#define TARGETS     32
#define ICMP_ECHO   8
#define REQUEST_V6  128
#define SHARE_MIN   0.2
#define SHARE_WHOLE 0.35 /* of a multiple, which losses make too */

struct covert_params {
	uint64_t gaps;
	uint64_t targets;
};

struct covert_ping { /* one program's pings of one host */
	struct ipaddr src, dst;
	uint64_t id;
	uint64_t last_ns, first_ns, packets;
	double mean[CLASSES];
	uint32_t count[CLASSES];
	uint32_t others, gaps, replies;
	uint16_t next; /* place in symbols */
	uint8_t told;
	uint8_t symbols[SYMBOLS];
	uint8_t pad[5];
};

struct covert_walk { /* whom a host pings, in order */
	struct ipaddr src;
	uint64_t first_ns, replies;
	uint8_t targets[TARGETS][4]; /* IPv4 */
	uint32_t next, count;
	uint8_t told;
	uint8_t pad[7];
};

struct covert_state {
	const struct covert_params *params;
	struct table pings, walks;
	uint64_t findings;
};

static const struct param params[] = {
	{ "gaps", PARAM_UINT, offsetof(struct covert_params, gaps), 32, 10000, 80, "gaps",
	  "Gaps between pings that must be seen before they are judged" },
	{ "targets", PARAM_UINT, offsetof(struct covert_params, targets), 12, TARGETS, 20, "hosts",
	  "Hosts pinged in a row that must be seen before their addresses are judged" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "covert_channel",
	.rule = "covert_channel",
	.title = "Message hidden in pings",
	.class = FINDING_EXFIL,
	.techniques = { "T1048.003", "T1001" },
	.tactic = "TA0010",
	.unseen = "what the message says, if it is encrypted",
	.next_steps = { "Read the gaps (or the last bytes of the addresses) as bits or letters",
			"Find the program that pings on the sender",
			"Let pings out from monitoring hosts only" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct covert_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 8 ? env->max_hosts / 8 : 1,
				       .entry_size = sizeof(struct covert_ping),
				       .key_size = offsetof(struct covert_ping, last_ns),
				       .key = env->key };
	int err = table_init(&s->pings, &config);
	if (err)
		return err;
	config.entry_size = sizeof(struct covert_walk);
	config.key_size = sizeof(struct ipaddr);
	return table_init(&s->walks, &config);
}

static void deinit(void *state)
{
	struct covert_state *s = state;
	table_deinit(&s->pings);
	table_deinit(&s->walks);
}

/* ---- time ---- */

/* The class of a gap, made if there is room; CLASSES: none. */
static unsigned class_of(struct covert_ping *p, double gap)
{
	for (unsigned i = 0; i < CLASSES; i++) {
		if (!p->count[i]) {
			p->mean[i] = gap;
			return i;
		}
		if (fabs(gap - p->mean[i]) <= NEAR * p->mean[i])
			return i;
	}
	return CLASSES;
}

static void add_gap(struct covert_ping *p, uint64_t gap_ns)
{
	double gap = (double)gap_ns / 1e9;
	unsigned class = class_of(p, gap);
	p->gaps++;
	if (class == CLASSES) {
		p->others++;
	} else {
		p->count[class]++;
		p->mean[class] += (gap - p->mean[class]) / p->count[class];
	}
	p->symbols[p->next] = (uint8_t) class;
	p->next = (uint16_t)((p->next + 1u) % SYMBOLS);
}

/* The best share of symbols that are as they were so many before: 1 for a strict period. */
static double period(const struct covert_ping *p)
{
	unsigned kept = p->gaps < SYMBOLS ? p->gaps : SYMBOLS;
	double best = 0;
	for (unsigned lag = 1; lag <= PERIOD_MAX && lag < kept; lag++) {
		unsigned same = 0;
		for (unsigned i = lag; i < kept; i++) {
			unsigned at = (p->next + SYMBOLS - 1u - i) % SYMBOLS;
			same += p->symbols[at] == p->symbols[(at + lag) % SYMBOLS];
		}
		double share = (double)same / (kept - lag);
		best = share > best ? share : best;
	}
	return best;
}

struct bits { /* two classes of gaps that both come often */
	double share[2], gap[2];
	double known; /* share of gaps in any class that comes often */
	double period;
};

static bool find_bits(const struct covert_ping *p, struct bits *b)
{
	unsigned first = 0, second = CLASSES;
	memset(b, 0, sizeof(*b));
	for (unsigned i = 1; i < CLASSES; i++)
		first = p->count[i] > p->count[first] ? i : first;
	for (unsigned i = 0; i < CLASSES; i++) {
		if (i != first && (second == CLASSES || p->count[i] > p->count[second]))
			second = i;
		if ((double)p->count[i] >= 0.05 * p->gaps)
			b->known += (double)p->count[i] / p->gaps;
	}
	b->share[0] = (double)p->count[first] / p->gaps;
	b->share[1] = (double)p->count[second] / p->gaps;
	b->gap[0] = p->mean[first];
	b->gap[1] = p->mean[second];
	double low = fmin(b->gap[0], b->gap[1]), high = fmax(b->gap[0], b->gap[1]);
	if (low * 1e9 < (double)GAP_MIN_NS)
		return false;
	double ratio = high / low;
	bool is_whole = fabs(ratio - round(ratio)) < NEAR * ratio;
	if (b->share[1] < (is_whole ? SHARE_WHOLE : SHARE_MIN) || b->known < 0.8)
		return false;
	b->period = period(p);
	return b->period < 0.85;
}

static void tell_time(struct covert_state *s, const struct detect_env *env, struct covert_ping *p,
		      const struct event *e, const struct bits *b)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48];
	struct finding f;
	step_begin(&f, &rule, env, e);
	step_ends(&f, from, to);
	f.start_ns = p->first_ns;
	f.count = p->packets;
	finding_text(f.object, sizeof(f.object), "time");
	finding_feature(&f, "two_gaps", b->share[1], NAN, SHARE_MIN, 0.35, 0.35,
			"gaps of %.3g s (%.0f %%) and %.3g s (%.0f %%)", b->gap[0],
			b->share[0] * 100, b->gap[1], b->share[1] * 100);
	finding_feature(&f, "no_period", b->period, NAN, 0.85, 0.15, 0.15,
			"in an order that does not repeat: at best %.0f %% of it does",
			b->period * 100);
	finding_feature(&f, "sharp", b->known, NAN, 0.8, 0.05, 0.05,
			"%.0f %% of the gaps are of so few lengths", b->known * 100);
	if (!p->replies)
		finding_feature(&f, "unanswered", 0, NAN, NAN, 0.1, 0.1,
				"no ping was answered, and it went on");
	finding_text(f.message, sizeof(f.message),
		     "%s pinged %s %llu times %s in two rhythms without a period: bits in the gaps",
		     from, to, (unsigned long long)p->packets,
		     finding_span(span, sizeof(span), f.end_ns - f.start_ns));
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"Programs ping at one pace; losses double it and traceroutes repeat. Two sharp "
		"paces in an order of their own are made by somebody");
	finding_text(
		f.counterfactual, sizeof(f.counterfactual),
		"silent below %llu gaps, with one pace, or if 85 %% of the order repeated (it is "
		"%.0f %%)",
		(unsigned long long)s->params->gaps, b->period * 100);
	p->told = 1;
	s->findings++;
	step_raise(&f, env);
}

static void on_ping(struct covert_state *s, const struct detect_env *env,
		    const struct event_icmp *i)
{
	struct covert_ping key;
	struct bits b;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.src = i->e.src;
	key.dst = i->e.dst;
	key.id = i->id;
	if (i->is_reply) {
		struct covert_ping *p = table_find(&s->pings, &key);
		if (p)
			p->replies++;
		return;
	}
	struct covert_ping *p = table_get(&s->pings, &key, &is_new);
	if (!p)
		return;
	if (is_new)
		p->first_ns = i->e.time_ns;
	uint64_t gap = i->e.time_ns > p->last_ns ? i->e.time_ns - p->last_ns : 0;
	if (!is_new && gap && gap <= GAP_MAX_NS)
		add_gap(p, gap);
	p->last_ns = i->e.time_ns;
	p->packets++;
	if (!p->told && p->gaps >= s->params->gaps && p->gaps % 16 == 0 && find_bits(p, &b))
		tell_time(s, env, p, &i->e, &b);
}

/* ---- addresses ---- */

struct letters {
	unsigned counter;  /* which byte counts up; 4: none */
	unsigned letter;   /* which byte holds letters */
	double counts;     /* share of steps by one */
	double printable;  /* share of letters */
	unsigned distinct; /* of letters */
	double turns;      /* share of steps at which they go up and then down, or back */
};

static const uint8_t *target_at(const struct covert_walk *w, unsigned n)
{
	return w->targets[(w->next + TARGETS - w->count + n) % TARGETS];
}

static void measure_letters(const struct covert_walk *w, unsigned byte, struct letters *l)
{
	bool seen[256] = { false };
	unsigned printable = 0, turns = 0;
	int last = 0;
	l->distinct = 0;
	for (unsigned n = 0; n < w->count; n++) {
		uint8_t v = target_at(w, n)[byte];
		printable += v >= 0x20 && v < 0x7f;
		l->distinct += !seen[v];
		seen[v] = true;
		if (n == 0)
			continue;
		int step = (int)v - target_at(w, n - 1)[byte];
		turns += (step > 0 && last < 0) || (step < 0 && last > 0);
		last = step ? step : last;
	}
	l->letter = byte;
	l->printable = (double)printable / w->count;
	l->turns = (double)turns / w->count;
}

static bool find_letters(const struct covert_walk *w, struct letters *l)
{
	for (unsigned byte = 0; byte < 4; byte++) {
		unsigned steps = 0;
		for (unsigned n = 1; n < w->count; n++)
			steps += target_at(w, n)[byte] == (uint8_t)(target_at(w, n - 1)[byte] + 1);
		l->counts = (double)steps / (w->count - 1);
		l->counter = byte;
		if (l->counts < 0.85)
			continue;
		for (unsigned other = 0; other < 4; other++) {
			if (other == byte)
				continue;
			measure_letters(w, other, l);
			if (l->printable >= 0.95 && l->distinct >= 6 && l->turns >= 0.25)
				return true;
		}
	}
	return false;
}

static void tell_letters(struct covert_state *s, const struct detect_env *env,
			 struct covert_walk *w, const struct event *e, const struct letters *l)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48];
	struct finding f;
	step_begin(&f, &rule, env, e);
	step_ends(&f, from, to);
	f.start_ns = w->first_ns;
	f.count = w->count;
	finding_text(f.object, sizeof(f.object), "addresses");
	finding_feature(&f, "counter", l->counts, NAN, 0.85, 0.25, 0.25,
			"byte %u of the addresses counts up by one in %.0f %% of the steps",
			l->counter + 1, l->counts * 100);
	finding_feature(&f, "letters", l->printable, NAN, 0.95, 0.3, 0.3,
			"byte %u holds %u different printable letters, up and down", l->letter + 1,
			l->distinct);
	if (!w->replies)
		finding_feature(&f, "unanswered", 0, NAN, NAN, 0.1, 0.1, "none of them answered");
	finding_text(
		f.message, sizeof(f.message),
		"%s pinged %u addresses in a row %s that count up in one byte and hold letters in "
		"another, the last one %s",
		from, w->count, finding_span(span, sizeof(span), f.end_ns - f.start_ns), to);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"A sweep counts in the last byte and nothing else, a monitor asks hosts that are "
		"there; here one byte is a place and another a letter");
	finding_text(
		f.counterfactual, sizeof(f.counterfactual),
		"silent below %llu addresses in a row, or if under 95 %% of byte %u were letters",
		(unsigned long long)s->params->targets, l->letter + 1);
	w->told = 1;
	s->findings++;
	step_raise(&f, env);
}

static void on_target(struct covert_state *s, const struct detect_env *env,
		      const struct event_icmp *i)
{
	struct letters l;
	bool is_new;
	if (!ipaddr_is_v4(&i->e.dst) || ipaddr_is_multicast(&i->e.dst))
		return;
	struct covert_walk *w = table_get(&s->walks, &i->e.src, &is_new);
	if (!w)
		return;
	if (i->is_reply) {
		w->replies++;
		return;
	}
	const uint8_t *to = i->e.dst.u.b + 12; /* an IPv4 address, mapped */
	if (is_new)
		w->first_ns = i->e.time_ns;
	if (w->count && memcmp(target_at(w, w->count - 1), to, 4) == 0)
		return;
	memcpy(w->targets[w->next], to, 4);
	w->next = (w->next + 1) % TARGETS;
	if (w->count < TARGETS)
		w->count++;
	if (!w->told && w->count >= s->params->targets && find_letters(w, &l))
		tell_letters(s, env, w, &i->e, &l);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	const struct event_icmp *i = (const struct event_icmp *)e;
	if (i->type != ICMP_ECHO && i->type != REQUEST_V6 && !i->is_reply)
		return;
	on_ping(state, env, i);
	on_target(state, env, i);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct covert_state *s = state;
	ret->entries = s->pings.stats.entries + s->walks.stats.entries;
	ret->evictions = s->pings.stats.evictions + s->walks.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		table_worst_case(s->pings.stats.capacity, sizeof(struct covert_ping)) +
		table_worst_case(s->walks.stats.capacity, sizeof(struct covert_walk));
}

const struct detector covert_channel_detector = {
	.name = "covert_channel",
	.title = "Message hidden in pings",
	.idea = "Pings in two rhythms whose order has no period, or to addresses that count in one byte "
		"and hold letters in another",
	.params = params,
	.params_size = sizeof(struct covert_params),
	.state_size = sizeof(struct covert_state),
	.wants = 1ull << EVENT_ICMP,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
