/*
 * detect/rdp_attack.c - remote desktop connections that no person makes.
 *
 * Idea: four marks.  (1) A client that asks for the channel MS_T120, which only the server makes
 * inside: the way into CVE-2019-0708.  (2) With standard security the client's settings are in the
 * clear: a program that leaves its name empty, or asks for smart cards and drives alone (rdpdr)
 * without clipboard and sound, is no desktop client; exploits of the smart-card redirection
 * (CVE-2017-0176) look so.  (3) A session that logs in, sends more than it is shown, and ends
 * within a minute: a program types into it and does not look (SharpRDP).  (4) Two begins with the
 * same user and protocols within moments, the host that is asked by one being who asks in the
 * other: a program there passes the session on (netsh portproxy, socat, chisel), past what keeps
 * the two ends apart. Evasion: copy the settings of mstsc; a large screen that is drawn; a relay
 * that wraps the session on its way in.  False alarms: programs that check whether a desktop can be
 * reached (they do not type), home-made clients: except them; load balancers of a farm stay on the
 * port of RDP: silent.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"
#include "exfild/base/table.h"
#include "step.h"

#define INNER_PART     0.9
#define NAMELESS_PART  0.25
#define CHANNELS_PART  0.3
#define REPEAT_PART    0.15
#define RELAY_PART     0.3
#define RELAY_PORT     0.3
#define RELAY_OUTSIDE  0.2
#define RELAY_NS       200000000ull /* between the two answers */
#define PORT_RDP       3389
#define RECENT         32
#define BLIND_PART     0.5
#define BLIND_REPEAT   0.1
#define NS_PER_S       1000000000ull
#define BLIND_MIN_NS   (4 * NS_PER_S)
#define BLIND_MAX_NS   (60 * NS_PER_S)
#define BLIND_SENT_MIN 6000  /* bytes of payload: a log-in takes half of it */
#define BLIND_SHOWN    25000 /* a desktop that is drawn takes more */
#define PACKETS_MIN    80

struct rdp_params {
	double alert_score;
};

/* How often one source came to one target so. */
struct rdp_pair {
	struct ipaddr src, dst;
	uint32_t tunnel_key, pad;
	uint32_t odd, blind;
};

/* A begin of late, to find the other half of one that is passed on. */
struct rdp_begin {
	struct ipaddr src, dst;
	uint64_t steady_ns, user; /* as a hash, 0: none */
	uint32_t tunnel_key, requested, selected;
	uint16_t dport, sport;
};

struct rdp_state {
	const struct rdp_params *params;
	struct table pairs;
	struct rdp_begin recent[RECENT];
	unsigned next;
	uint64_t findings;
};

static const struct param params[] = { { "alert_score", PARAM_DOUBLE,
					 offsetof(struct rdp_params, alert_score), 0.1, 1, 0.35, "",
					 "Score from which it is an alert" },
				       PARAM_END };

static const struct step_rule exploit_rule = {
	.detector = "rdp_attack",
	.rule = "rdp_exploit",
	.title = "Attack on remote desktop",
	.class = FINDING_LATERAL,
	.techniques = { "T1210", "T1021.001" },
	.tactic = "TA0008",
	.unseen = "what was sent after the settings: it is encrypted",
	.next_steps = { "Check whether the target has the fixes for CVE-2019-0708 and CVE-2017-0176",
			"Look at the target for crashes and new processes since then",
			"Find out what runs at the source" },
};

static const struct step_rule blind_rule = {
	.detector = "rdp_attack",
	.rule = "rdp_blind_session",
	.title = "Remote desktop that nobody looks at",
	.class = FINDING_LATERAL,
	.techniques = { "T1021.001" },
	.tactic = "TA0008",
	.unseen = "what was typed: it is encrypted",
	.next_steps = { "Look at the target's log for the log-in (4624, type 10) and what was started by it",
			"Find out what runs at the source: a person at a desktop client, or a program" },
};

static const struct step_rule relay_rule = {
	.detector = "rdp_attack",
	.rule = "rdp_relayed",
	.title = "Remote desktop passed on by a host in between",
	.class = FINDING_LATERAL,
	.techniques = { "T1021.001", "T1090.001", "T1572" },
	.tactic = "TA0008",
	.unseen = "what was done in the session: it is encrypted",
	.next_steps = { "Look on the host in between for what listens on that port (netsh interface "
			"portproxy show all, socat, chisel, ssh)",
			"Ask whether the source may reach the target, and who has set this up" },
};

static uint32_t evidence(const void *entry)
{
	const struct rdp_pair *p = entry;
	return p->odd + p->blind;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct rdp_state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = env->max_pairs / 64 ? env->max_pairs / 64 : 1,
				       .entry_size = sizeof(struct rdp_pair),
				       .key_size = offsetof(struct rdp_pair, odd),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->pairs, &config);
}

static void deinit(void *state)
{
	struct rdp_state *s = state;
	table_deinit(&s->pairs);
}

static struct rdp_pair *pair_of(struct rdp_state *s, const struct event *e)
{
	struct rdp_pair key;
	bool is_new;
	memset(&key, 0, sizeof(key));
	key.src = e->src;
	key.dst = e->dst;
	key.tunnel_key = e->tunnel_key;
	return table_get(&s->pairs, &key, &is_new);
}

static void finish(struct rdp_state *s, struct finding *f, const struct event *e,
		   const struct detect_env *env)
{
	double sum = 0;
	for (unsigned i = 0; i < f->feature_count; i++)
		sum += f->features[i].contribution;
	if (sum + 1e-9 < s->params->alert_score)
		return;
	finding_text(f->object, sizeof(f->object), "%s", f->rule);
	if (e->packet)
		finding_packet(f, e->packet);
	s->findings++;
	step_raise(f, env);
}

static void on_begin(struct rdp_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_rdp *r = (const struct event_rdp *)e;
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	bool is_nameless = r->has_settings && !r->client_name.off;
	bool is_odd = r->channel_count == 1 && step_is(e, &r->channels, "rdpdr");
	if (!r->has_inner && !(is_nameless && is_odd))
		return;
	struct rdp_pair *p = pair_of(s, e);
	uint32_t times = p ? ++p->odd : 1;

	step_begin(&f, &exploit_rule, env, e);
	f.visibility = VISIBILITY_CLEAR;
	if (r->has_inner)
		finding_feature(&f, "inner_channel", 1, NAN, NAN, INNER_PART, INNER_PART,
				"the client asks for the channel MS_T120");
	if (is_nameless)
		finding_feature(&f, "nameless", 1, NAN, NAN, NAMELESS_PART, NAMELESS_PART,
				"the client leaves its name empty");
	if (is_odd)
		finding_feature(&f, "channels", r->channel_count, NAN, NAN, CHANNELS_PART,
				CHANNELS_PART, "devices (rdpdr) are the only channel asked for");
	if (times > 1)
		finding_feature(&f, "again", times, NAN, 2, REPEAT_PART, REPEAT_PART,
				"seen %u times", times);
	step_ends(&f, from, to);
	finding_text(f.message, sizeof(f.message), "%s opened remote desktop at %s as %s do: %s",
		     from, to,
		     r->has_inner ? "exploits of CVE-2019-0708" :
				    "exploits of the smart-card redirection",
		     r->has_inner ? "it asks for a channel that only servers make" :
				    "no name, and no channel but that of devices");
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"desktop clients send their computer's name and ask for clipboard and sound as "
		"well; none asks for MS_T120");
	finding_text(f.counterfactual, sizeof(f.counterfactual), "silent %s",
		     r->has_inner ? "without the channel MS_T120" :
				    "with a client's name, or with another channel");
	finish(s, &f, e, env);
}

/* `in` comes to the host from which `out` goes on. */
static void tell_relay(struct rdp_state *s, const struct detect_env *env, const struct event *e,
		       const struct rdp_begin *in, const struct rdp_begin *out)
{
	struct finding f;
	struct event event = *e;
	char from[IPADDR_TEXT_MAX], by[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	event.src = in->src;
	event.dst = in->dst;
	event.sport = in->sport;
	event.dport = in->dport;
	bool is_outside = !context_is_inside(env->context, &in->src, event.tunnel_id);
	step_begin(&f, &relay_rule, env, &event);
	finding_feature(&f, "relay", 1, NAN, NAN, RELAY_PART, RELAY_PART,
			"two sessions begin within moments with the same user and protocols");
	if (in->dport != PORT_RDP)
		finding_feature(&f, "port", in->dport, NAN, PORT_RDP, RELAY_PORT, RELAY_PORT,
				"it comes in on port %u, which is not that of remote desktop",
				in->dport);
	if (is_outside)
		finding_feature(&f, "outside", 1, NAN, NAN, RELAY_OUTSIDE, RELAY_OUTSIDE,
				"it comes from outside");
	step_ends(&f, from, by);
	ipaddr_print(&out->dst, to, sizeof(to));
	finding_related(&f, &out->dst);
	finding_text(f.message, sizeof(f.message),
		     "%s reached the remote desktop of %s through a program on %s (port %u)", from,
		     to, by, in->dport);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "who may use a desktop connects to it, or to a gateway by HTTPS; a relay on a "
		     "host gets past what keeps the two ends apart");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent on port %d from inside, or more than %d ms apart", PORT_RDP,
		     (int)(RELAY_NS / 1000000));
	finish(s, &f, e, env);
}

static void find_relay(struct rdp_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_rdp *r = (const struct event_rdp *)e;
	const struct rdp_begin mine = { .src = e->src,
					.dst = e->dst,
					.steady_ns = env->steady_ns,
					.user = r->cookie.hash,
					.tunnel_key = e->tunnel_key,
					.requested = r->requested,
					.selected = r->selected,
					.dport = e->dport,
					.sport = e->sport };
	for (unsigned i = 0; i < RECENT; i++) {
		const struct rdp_begin *other = &s->recent[i];
		if (!other->steady_ns || env->steady_ns - other->steady_ns > RELAY_NS ||
		    other->user != mine.user || other->tunnel_key != mine.tunnel_key ||
		    other->requested != mine.requested || other->selected != mine.selected)
			continue;
		if (ipaddr_equal(&other->src, &mine.dst))
			tell_relay(s, env, e, &mine, other);
		else if (ipaddr_equal(&other->dst, &mine.src))
			tell_relay(s, env, e, other, &mine);
	}
	s->recent[s->next++ % RECENT] = mine;
}

static void on_flow_end(struct rdp_state *s, const struct detect_env *env, const struct event *e)
{
	const struct event_flow *x = (const struct event_flow *)e;
	uint64_t ns = x->last_ns - x->first_ns;
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], span[32];
	if (e->app != APP_RDP || x->outcome != FLOW_OUTCOME_ESTABLISHED || ns < BLIND_MIN_NS ||
	    ns > BLIND_MAX_NS || x->payload[0] < BLIND_SENT_MIN || x->payload[1] > BLIND_SHOWN ||
	    x->payload[0] <= x->payload[1] || x->packets[0] < PACKETS_MIN ||
	    x->end == FLOW_END_HARD)
		return;
	struct rdp_pair *p = pair_of(s, e);
	uint32_t times = p ? ++p->blind : 1;

	step_begin(&f, &blind_rule, env, e);
	f.visibility = VISIBILITY_OPAQUE;
	f.start_ns = x->first_ns;
	f.end_ns = x->last_ns;
	finding_feature(&f, "sent_over_shown", (double)x->payload[0], (double)x->payload[1],
			(double)BLIND_SHOWN, BLIND_PART, BLIND_PART,
			"%llu bytes sent, %llu shown: keys without a picture",
			(unsigned long long)x->payload[0], (unsigned long long)x->payload[1]);
	if (times > 1)
		finding_feature(&f, "again", times, NAN, 2, BLIND_REPEAT, BLIND_REPEAT,
				"seen %u times", times);
	step_ends(&f, from, to);
	finding_span(span, sizeof(span), ns);
	finding_text(
		f.message, sizeof(f.message),
		"%s logged in to %s by remote desktop, sent more than it was shown and left %s: "
		"a program typed",
		from, to, span);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "a person's desktop is drawn, which takes hundreds of kilobytes; a refused "
		     "log-in or a check whether the port answers sends less");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent above %d bytes shown, or after more than 60 s", BLIND_SHOWN);
	finish(s, &f, e, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	if (e->kind == EVENT_RDP) {
		on_begin(state, env, e);
		find_relay(state, env, e);
	} else if (e->kind == EVENT_FLOW_END)
		on_flow_end(state, env, e);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct rdp_state *s = state;
	ret->entries = s->pairs.stats.entries;
	ret->evictions = s->pairs.stats.evictions;
	ret->evicted_with_evidence = s->pairs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes =
		sizeof(*s) + table_worst_case(s->pairs.stats.capacity, sizeof(struct rdp_pair));
}

const struct detector rdp_attack_detector = {
	.name = "rdp_attack",
	.title = "Attacks by remote desktop",
	.idea = "Looks at what a client asks for, and for sessions that send more than they are shown",
	.params = params,
	.params_size = sizeof(struct rdp_params),
	.state_size = sizeof(struct rdp_state),
	.wants = 1ull << EVENT_RDP | 1ull << EVENT_FLOW_END,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
