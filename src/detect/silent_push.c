/*
 * detect/silent_push.c - data that is pushed outside and that nobody ever answers.
 *
 * Idea: whoever talks by UDP or another protocol without connections gets answers, or gives up.  A
 * program that has been told where to send writes its datagrams to an address that nothing has
 * named and needs no word back.  Tens of kilobytes in full datagrams between two hosts of which the
 * outer one has not sent a single packet are that; in an IP protocol whose number nobody has been
 * given (RFC 5237: 143 to 254) all the more.
 * Evasion: an answer now and then; a name asked first; TCP (upload_volume, raw_exfil); the protocol
 * numbers of IPsec.
 * False alarms: flow exports, logs, metrics and streams are sent like that: their ports are left
 * out, and receivers with a name or a service; tries of VPNs and meetings are small.  Where only
 * one side of the traffic is seen nothing is told.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "step.h"

#define PROTO_ICMP   1
#define PROTO_TCP    6
#define PROTO_UDP    17
#define PROTO_ESP    50
#define PROTO_AH     51
#define PROTO_ICMPV6 58
#define UNASSIGNED   143
#define EXPERIMENTAL 254  /* 253 and 254: for tests; 255 is reserved */
#define SMALLEST     1000 /* payload of a flow that begins a push */
#define FULL         200  /* bytes a datagram: what carries data is not small */
#define PACKETS      8    /* that prove it */
#define FILTER       1024 /* bits: most pairs of hosts push nothing */
#define LASTS_NS     (5 * 1000000000ull)

struct push_params {
	uint64_t min_bytes;
};

struct push_pair {
	struct ipaddr src, dst;
	uint64_t tunnel;
	uint64_t first_ns, bytes, flows;
	uint64_t packets[PACKETS];
	uint8_t packet_count;
	bool is_answered, is_told;
	uint8_t pad[5];
};

struct push_state {
	const struct push_params *params;
	struct table pairs;
	uint64_t pushing[FILTER / 64]; /* a bit for the addresses of each pair, in any order */
	uint64_t findings;
};

static const struct param params[] = {
	{ "min_bytes", PARAM_UINT, offsetof(struct push_params, min_bytes), 4096, 1e9, 32768,
	  "bytes", "Bytes that nobody answers, from which they are told" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "silent_push",
	.rule = "silent_push",
	.title = "Data pushed outside that nobody answers",
	.class = FINDING_EXFIL,
	.techniques = { "T1048.003", "T1095" },
	.tactic = "TA0010",
	.unseen = "what the datagrams hold, and whether they arrived",
	.next_steps = { "Look at the datagrams in the evidence: does each begin alike, or are they noise?",
			"Find the program that sends on the sender",
			"Let such traffic out to known receivers only" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct push_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_hosts / 8 ? env->max_hosts / 8 : 1,
				       .entry_size = sizeof(struct push_pair),
				       .key_size = offsetof(struct push_pair, first_ns),
				       .key = env->key };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct push_state *s = state;
	table_deinit(&s->pairs);
}

/* Flow exports, logs, metrics, traps, and what calls and streams use when nobody listens. */
static bool is_collecting(uint16_t port)
{
	static const uint16_t known[] = { 67,   68,   69,    123,   161,   162,  443,  514,
					  601,  1514, 1812,  1813,  2055,  2056, 3702, 4500,
					  4739, 5004, 5060,  5353,  6343,  6514, 8125, 8649,
					  9995, 9996, 12201, 25826, 37008, 51820 };
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == port)
			return true;
	return false;
}

static bool is_icmp(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

/* IPsec between gateways, whose way back may be another line (RFC 4301, 4.1: one way each). */
static bool is_vpn(uint8_t proto)
{
	return proto == PROTO_ESP || proto == PROTO_AH;
}

static bool is_unassigned(uint8_t proto)
{
	return proto >= UNASSIGNED && proto <= EXPERIMENTAL;
}

/* Whether the flow is a part of such a push, were it not answered elsewhere. */
static bool is_push(const struct detect_env *env, const struct event_flow *f)
{
	const struct event *e = &f->e;
	if (e->proto == PROTO_TCP || is_icmp(e->proto) || is_vpn(e->proto) || f->packets[1] ||
	    !f->packets[0] || f->payload[0] < SMALLEST || f->payload[0] / f->packets[0] < FULL)
		return false;
	bool is_guess = e->app == APP_UNKNOWN || e->app == APP_DNS; /* no question is that long */
	bool is_known = e->proto == PROTO_UDP && (!is_guess || is_collecting(e->dport));
	return !is_known && !ipaddr_is_multicast(&e->dst) &&
	       context_is_inside(env->context, &e->src, e->tunnel_id) &&
	       !context_is_inside(env->context, &e->dst, e->tunnel_id);
}

static unsigned filter_bit(const struct event *e)
{
	uint64_t both = e->src.u.q[0] ^ e->src.u.q[1] ^ e->dst.u.q[0] ^ e->dst.u.q[1];
	return (unsigned)(both * 0x9e3779b97f4a7c15ull >> 32) % FILTER;
}

static struct push_pair *pair_of(struct push_state *s, const struct event *e, bool is_back,
				 bool is_wanted)
{
	struct push_pair key;
	bool is_new;
	key.src = is_back ? e->dst : e->src;
	key.dst = is_back ? e->src : e->dst;
	key.tunnel = e->tunnel_key;
	return is_wanted ? table_get(&s->pairs, &key, &is_new) : table_find(&s->pairs, &key);
}

static void tell(struct push_state *s, const struct detect_env *env, struct push_pair *p,
		 const struct event *e)
{
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[48], how[40];
	struct finding f;
	step_begin(&f, &rule, env, e);
	step_ends(&f, from, to);
	f.start_ns = p->first_ns;
	f.subject.bytes = p->bytes;
	f.count = p->flows ? p->flows : 1; /* one that goes on */
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	finding_text(how, sizeof(how), e->proto == PROTO_UDP ? "UDP" : "IP protocol %u", e->proto);
	finding_feature(&f, "unanswered", (double)p->bytes, NAN, (double)s->params->min_bytes, 0.35,
			0.35, "%llu bytes went, not a packet came back",
			(unsigned long long)p->bytes);
	finding_feature(&f, "nameless", 1, NAN, NAN, 0.1, 0.1,
			"no name was ever asked for that address");
	finding_feature(&f, "outside", 1, NAN, NAN, 0.1, 0.1, "the receiver is outside");
	if (is_unassigned(e->proto))
		finding_feature(&f, "unassigned_protocol", e->proto, NAN, UNASSIGNED, 0.2, 0.2,
				"IP protocol %u is nobody's", e->proto);
	finding_text(f.message, sizeof(f.message),
		     "%s pushed %.0f kB by %s to %s %s, and nothing came back", from,
		     (double)p->bytes / 1000, how, to,
		     finding_span(span, sizeof(span), e->time_ns - p->first_ns));
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"Programs ask for a name, get answers or give up. This one knew the address and "
		"went on in full datagrams without a word from there");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu bytes, with one packet from there, or with a name for it",
		     (unsigned long long)s->params->min_bytes);
	p->is_told = true;
	s->findings++;
	step_raise(&f, env);
}

static void add(struct push_state *s, const struct detect_env *env, struct push_pair *p,
		const struct event_flow *f)
{
	const struct event *e = &f->e;
	if (!p->first_ns)
		p->first_ns = f->first_ns;
	p->bytes += f->fresh[0] + f->earlier[0];
	p->flows += e->kind == EVENT_FLOW_END;
	uint64_t packet = e->packet ? e->packet : f->first_packet;
	if (packet && p->packet_count < PACKETS)
		p->packets[p->packet_count++] = packet;
	if (p->bytes >= s->params->min_bytes && f->last_ns >= p->first_ns + LASTS_NS &&
	    !context_name_of(env->context, &e->dst) &&
	    !context_service_by_ip(env->context, &e->dst))
		tell(s, env, p, e);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct push_state *s = state;
	const struct event_flow *f = (const struct event_flow *)e;
	struct push_pair *p;
	unsigned bit = filter_bit(e);
	if (is_push(env, f)) {
		s->pushing[bit / 64] |= 1ull << bit % 64;
		p = pair_of(s, e, false, true);
		if (p && !p->is_answered && !p->is_told && !env->one_sided)
			add(s, env, p, f);
		return;
	}
	/* a word from there, in whatever protocol, is an answer; an error of ICMP is none */
	if (!(s->pushing[bit / 64] >> bit % 64 & 1) || is_icmp(e->proto))
		return;
	p = pair_of(s, e, false, false);
	if (p)
		p->is_answered |= f->packets[1] > 0;
	p = pair_of(s, e, true, false);
	if (p)
		p->is_answered |= f->packets[0] > 0;
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct push_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(s->pairs.stats.capacity, sizeof(struct push_pair));
}

const struct detector silent_push_detector = {
	.name = "silent_push",
	.title = "Data pushed outside that nobody answers",
	.idea = "Tens of kilobytes in full datagrams to an outside address that has no name and never "
		"sends a packet",
	.params = params,
	.params_size = sizeof(struct push_params),
	.state_size = sizeof(struct push_state),
	.wants = 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
