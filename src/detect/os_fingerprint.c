/*
 * detect/os_fingerprint.c - probes by which tools tell what system a host runs.
 *
 * Idea: a few packets that ordinary programs do not send, to one host within a minute: a ping with
 * a code, requests for time stamp, address mask or information, TCP openings with flags that
 * contradict each other, UDP to a closed port.  Each alone has an explanation, several kinds have
 * one (xprobe: Arkin and Yarochkin 2002; nmap: Lyon 2006, "Remote OS Detection").
 * Evasion: one probe a minute; only ordinary packets, whose answers tell as much (p0f).
 * False alarms: vulnerability scanners and network inventory: except them.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/table.h"
#include "step.h"

#define WINDOW_NS (60 * 1000000000ull)
#define SCORE_MAX 0.65 /* it is a look from outside, no more */

enum {
	PROTO_ICMP = 1,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	ICMP_ECHO = 8,
	ICMP_TIMESTAMP = 13,
	ICMP_INFORMATION = 15,
	ICMP_MASK = 17,
	FLAG_FIN = 1,
	FLAG_SYN = 2,
	FLAG_RST = 4,
	FLAG_PSH = 8,
	FLAG_URG = 32,
};

enum probe_kind {
	PROBE_ECHO_CODE,
	PROBE_TIMESTAMP,
	PROBE_INFORMATION,
	PROBE_MASK,
	PROBE_NO_FLAGS,
	PROBE_CONTRADICTION,
	PROBE_CHRISTMAS,
	PROBE_CLOSED_UDP,
	PROBE__COUNT
};

/* Of these at least one: flags alone are those of a scan of ports. */
#define OF_ICMP \
 (1u << PROBE_ECHO_CODE | 1u << PROBE_TIMESTAMP | 1u << PROBE_INFORMATION | 1u << PROBE_MASK)

static const struct {
	const char *name, *text;
	double part;
} probes[PROBE__COUNT] = {
	[PROBE_ECHO_CODE] = { "echo_code", "a ping with a code, which must be 0", 0.3 },
	[PROBE_TIMESTAMP] = { "timestamp", "a request for a time stamp", 0.2 },
	[PROBE_INFORMATION] = { "information", "a request for information, obsolete", 0.25 },
	[PROBE_MASK] = { "mask", "a request for the address mask", 0.25 },
	[PROBE_NO_FLAGS] = { "no_flags", "TCP without any flag", 0.2 },
	[PROBE_CONTRADICTION] = { "contradiction", "TCP that opens and closes at once", 0.25 },
	[PROBE_CHRISTMAS] = { "christmas", "TCP with FIN, PSH and URG, out of nothing", 0.2 },
	[PROBE_CLOSED_UDP] = { "closed_udp", "UDP to a port that is closed", 0.1 },
};

struct os_params {
	uint64_t kinds;
};

struct os_pair {
	struct ipaddr src, dst;
	uint32_t tunnel_key, pad;
	uint64_t first_ns, first_steady_ns;
	uint32_t seen; /* bit n: enum probe_kind */
	uint32_t told; /* likewise, at the last finding */
	uint32_t count;
	uint32_t packet_count;
	uint64_t packets[PROBE__COUNT];
};

struct os_state {
	const struct os_params *params;
	struct table pairs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "kinds", PARAM_UINT, offsetof(struct os_params, kinds), 2, PROBE__COUNT, 2, "kinds",
	  "Different kinds of probes to one host within a minute from which it is an alert" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "os_fingerprint",
	.rule = "os_fingerprint",
	.title = "Operating system probed",
	.class = FINDING_RECON,
	.techniques = { "T1046", "T1595" },
	.tactic = "TA0007",
	.unseen = "what the answers told",
	.next_steps = { "Find out what runs at the source: a scanner of yours, or a tool",
			"Look at what the source did to the target after the probes" },
};

static uint32_t evidence(const void *entry)
{
	return ((const struct os_pair *)entry)->count;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct os_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 32 ? env->max_pairs / 32 : 1,
				       .entry_size = sizeof(struct os_pair),
				       .key_size = offsetof(struct os_pair, first_ns),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct os_state *s = state;
	table_deinit(&s->pairs);
}

static enum probe_kind kind_of_echo(const struct event_icmp *e)
{
	bool is_request = !e->is_reply && e->e.ip_version == 4 && e->type == ICMP_ECHO;
	return is_request && e->code ? PROBE_ECHO_CODE : PROBE__COUNT;
}

/* The flow of an ICMP message that is no echo has type and code for its source port. */
static enum probe_kind kind_of_icmp(const struct event_flow *f)
{
	if (f->e.kind != EVENT_FLOW_START)
		return PROBE__COUNT;
	switch (f->e.sport >> 8) {
	case ICMP_TIMESTAMP:
		return PROBE_TIMESTAMP;
	case ICMP_INFORMATION:
		return PROBE_INFORMATION;
	case ICMP_MASK:
		return PROBE_MASK;
	default:
		return PROBE__COUNT;
	}
}

static enum probe_kind kind_of_tcp(const struct event_flow *f)
{
	uint32_t flags = f->syn_flags & 0x3f;
	if (f->e.kind != EVENT_FLOW_START)
		return PROBE__COUNT;
	if (flags == 0)
		return PROBE_NO_FLAGS;
	if ((flags & FLAG_SYN) && (flags & (FLAG_FIN | FLAG_RST)))
		return PROBE_CONTRADICTION;
	return flags == (FLAG_FIN | FLAG_PSH | FLAG_URG) ? PROBE_CHRISTMAS : PROBE__COUNT;
}

static enum probe_kind kind_of(const struct event *e)
{
	const struct event_flow *f = (const struct event_flow *)e;
	if (e->kind == EVENT_ICMP)
		return kind_of_echo((const struct event_icmp *)e);
	if (e->proto == PROTO_ICMP)
		return kind_of_icmp(f);
	if (e->proto == PROTO_TCP)
		return kind_of_tcp(f);
	bool is_closed = e->proto == PROTO_UDP && e->kind == EVENT_FLOW_END &&
			 f->outcome == FLOW_OUTCOME_REFUSED && f->packets[1] == 0;
	return is_closed ? PROBE_CLOSED_UDP : PROBE__COUNT;
}

static void tell(struct os_state *s, const struct detect_env *env, struct os_pair *p,
		 const struct event *e)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[32];
	double sum = 0;
	unsigned kinds = 0;

	step_begin(&f, &rule, env, e);
	for (unsigned i = 0; i < PROBE__COUNT; i++) {
		if (!(p->seen & 1u << i))
			continue;
		double part = probes[i].part < SCORE_MAX - sum ? probes[i].part : SCORE_MAX - sum;
		sum += part;
		kinds++;
		finding_feature(&f, probes[i].name, 1, NAN, NAN, probes[i].part, part, "%s",
				probes[i].text);
	}
	if (!step_severity(sum))
		return;
	step_ends(&f, from, to);
	f.peer.port = 0;
	f.start_ns = p->first_ns;
	f.end_ns = env->now_ns;
	f.count = p->count;
	f.visibility = VISIBILITY_CLEAR;
	for (unsigned i = 0; i < p->packet_count; i++)
		finding_packet(&f, p->packets[i]);
	finding_span(span, sizeof(span), f.end_ns - f.start_ns);
	finding_text(
		f.message, sizeof(f.message),
		"%s sent %s %u kinds of packets %s by which tools tell operating systems apart",
		from, to, kinds, span);
	finding_text(f.filter, sizeof(f.filter), "ip.addr == %s && ip.addr == %s", from, to);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"each of them may come from a faulty program; no program but a tool for this sends "
		"%u kinds within a minute",
		kinds);
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu kinds of probes a minute, or a score of 0.35",
		     (unsigned long long)s->params->kinds);
	p->told = p->seen;
	s->findings++;
	step_raise(&f, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct os_state *s = state;
	struct os_pair key, *p;
	bool is_new;
	enum probe_kind kind = kind_of(e);
	if (kind == PROBE__COUNT || ipaddr_is_multicast(&e->dst))
		return;
	memset(&key, 0, offsetof(struct os_pair, first_ns));
	key.src = e->src;
	key.dst = e->dst;
	key.tunnel_key = e->tunnel_key;
	p = table_get(&s->pairs, &key, &is_new);
	if (!p)
		return;
	if (is_new || env->steady_ns - p->first_steady_ns > WINDOW_NS) {
		memset((uint8_t *)p + offsetof(struct os_pair, first_ns), 0,
		       sizeof(*p) - offsetof(struct os_pair, first_ns));
		p->first_ns = env->now_ns;
		p->first_steady_ns = env->steady_ns;
	}
	p->count++;
	if (!(p->seen & 1u << kind) && e->packet)
		p->packets[p->packet_count++] = e->packet;
	p->seen |= 1u << kind;
	if ((p->seen & OF_ICMP) && p->seen != p->told &&
	    (unsigned)__builtin_popcount(p->seen) >= s->params->kinds)
		tell(s, env, p, e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct os_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		sizeof(*s) + table_worst_case(s->pairs.stats.capacity, sizeof(struct os_pair));
}

const struct detector os_fingerprint_detector = {
	.name = "os_fingerprint",
	.title = "Operating system probed",
	.idea = "Counts kinds of packets to one host that only tools for fingerprinting send",
	.params = params,
	.params_size = sizeof(struct os_params),
	.state_size = sizeof(struct os_state),
	.wants = 1ull << EVENT_ICMP | 1ull << EVENT_FLOW_START | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
