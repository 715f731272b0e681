/*
 * detect/ntlm_relay.c - a log-in that is passed on to another host (T1557.001).
 *
 * Idea: NTLM's answer proves to know a password for one challenge of one server, made anew each
 * time (MS-NLMP 3.3).  The same answer in two sessions is one answer passed on: a host that is
 * logged in to takes the log-in to another (ntlmrelayx, Responder's MultiRelay, Inveigh).  Where
 * the two sessions are of different protocols, nothing harmless does that.
 * Evasion: relays outside of what the sensor sees; encryption of one side (HTTPS, LDAPS).
 * False alarms: load balancers and reverse proxies pass log-ins on, to the same service by the same
 * protocol; address translation shows one session twice.
 */
#include <math.h>
#include <string.h>

#include "step.h"

#define SECOND_NS 1000000000ull
#define PROOFS    2048u

struct proof {
	uint64_t value;
	uint32_t tunnel_key, pad;
	uint64_t steady_ns;
	uint64_t packet, time_ns;
	struct ipaddr src, dst;
	uint16_t sport, dport;
	bool is_told;
	uint8_t pad2[3];
	char service[16];
};

struct relay_params {
	uint64_t held_s;
};

struct state {
	const struct relay_params *params;
	struct table proofs;
	uint64_t findings;
};

static const struct param params[] = {
	{ "held", PARAM_DURATION, offsetof(struct relay_params, held_s), 10, 86400, 600, "",
	  "How long the answer of a log-in is remembered, to see it again" },
	PARAM_END
};

static const struct step_rule rule = {
	.detector = "ntlm_relay",
	.rule = "ntlm_relay",
	.title = "Log-in passed on to another host",
	.class = FINDING_LATERAL,
	.techniques = { "T1557.001" },
	.tactic = "TA0006",
	.unseen = "relays to services that are encrypted, and what was done in the session",
	.next_steps = { "Find what the relaying host is, and take it off the network",
			"Look what was done in the session at the target under the victim's account",
			"Require signing of SMB and LDAP, and channel binding of HTTP and LDAPS" },
};

static uint32_t evidence(const void *entry)
{
	return ((const struct proof *)entry)->is_told;
}

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct state *s = state;
	s->params = parameters;
	struct table_config config = { .capacity = PROOFS,
				       .entry_size = sizeof(struct proof),
				       .key_size = offsetof(struct proof, steady_ns),
				       .key = env->key,
				       .evidence = evidence };
	return table_init(&s->proofs, &config);
}

static void deinit(void *state)
{
	struct state *s = state;
	table_deinit(&s->proofs);
}

/*
 * first: the victim's session, with the relay; second: the relay's, with the target.  Which of them
 * ended first says nothing; the relay is the server of one and the client of the other.
 */
static void tell(struct state *s, const struct detect_env *env, const struct proof *p,
		 const struct event_login *e)
{
	struct finding f;
	struct event event = e->e;
	char victim[IPADDR_TEXT_MAX], relay[IPADDR_TEXT_MAX], target[IPADDR_TEXT_MAX];
	char service[16], user[96];
	bool is_turned = ipaddr_equal(&p->src, &event.dst);
	bool is_joined = is_turned || ipaddr_equal(&p->dst, &event.src);
	if (is_turned) { /* the earlier event is that of the target */
		event.src = p->src;
		event.dst = p->dst;
		event.dport = p->dport;
		event.flow = 0;
	}
	const struct ipaddr *from = is_turned ? &e->e.src : &p->src;
	step_string(service, sizeof(service), &e->e, &e->service);
	step_string(user, sizeof(user), &e->e, &e->user);
	bool is_crossed = strcmp(service, p->service) != 0;
	step_begin(&f, &rule, env, &event);
	finding_feature(&f, "same_answer", 2, 1, NAN, 0.4, 0.4,
			"the same answer to a challenge in two sessions with different hosts");
	if (is_joined)
		finding_feature(&f, "in_between", 1, NAN, NAN, 0.25, 0.25,
				"the server of one session is the client of the other");
	if (is_crossed)
		finding_feature(&f, "crossed", 1, NAN, NAN, 0.3, 0.3,
				"it came by %s and went on by %s", is_turned ? service : p->service,
				is_turned ? p->service : service);
	else if (strcmp(service, "smb") == 0)
		finding_feature(&f, "file_service", 1, NAN, NAN, 0.15, 0.15,
				"both are of SMB, which nothing passes on");
	else
		finding_feature(&f, "same_service", 1, NAN, NAN, 0.3, -0.3,
				"both are of one protocol, as with a balancer");
	if (e->outcome == LOGIN_SUCCESS && !is_turned)
		finding_feature(&f, "accepted", 1, NAN, NAN, 0.1, 0.1, "the target took it");
	step_ends(&f, relay, target);
	ipaddr_print(from, victim, sizeof(victim));
	finding_text(f.message, sizeof(f.message),
		     "%s passed the log-in of %s%s%s on to %s: the same NTLM answer in both", relay,
		     victim, user[0] ? " as " : "", user, target);
	finding_text(f.not_harmless, sizeof(f.not_harmless),
		     "each server makes a new challenge for each log-in, so that no two answers "
		     "are the same; a balancer passes on to one service by one protocol, and does "
		     "so all day");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent if the two answers differed in their first eight bytes");
	finding_related(&f, from);
	finding_packet(&f, p->packet);
	if (e->e.packet)
		finding_packet(&f, e->e.packet);
	f.start_ns = p->time_ns;
	f.count = 2;
	step_raise(&f, env);
	s->findings += f.severity != SEVERITY_NONE;
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct state *s = state;
	const struct event_login *e = (const struct event_login *)event;
	if (!e->proof)
		return;
	struct proof key = { .value = e->proof, .tunnel_key = event->tunnel_key };
	bool is_new;
	struct proof *p = table_get(&s->proofs, &key, &is_new);
	if (!p)
		return;
	bool is_old = env->steady_ns - p->steady_ns >= s->params->held_s * SECOND_NS;
	if (!is_new && !is_old) {
		/* the same flow tells an answer once more; an address translated keeps its target,
		 * or its client */
		bool is_same =
			ipaddr_equal(&p->dst, &event->dst) || ipaddr_equal(&p->src, &event->src);
		if (!is_same && !p->is_told) {
			p->is_told = true;
			tell(s, env, p, e);
		}
		return;
	}
	p->steady_ns = env->steady_ns;
	p->packet = event->packet;
	p->time_ns = event->time_ns;
	p->src = event->src;
	p->dst = event->dst;
	p->sport = event->sport;
	p->dport = event->dport;
	p->is_told = false;
	step_string(p->service, sizeof(p->service), event, &e->service);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct state *s = state;
	ret->entries = s->proofs.stats.entries;
	ret->evictions = s->proofs.stats.evictions;
	ret->evicted_with_evidence = s->proofs.stats.evicted_with_evidence;
	ret->findings = s->findings;
	ret->worst_case_bytes = table_worst_case(PROOFS, sizeof(struct proof));
}

const struct detector ntlm_relay_detector = {
	.name = "ntlm_relay",
	.title = "Log-in passed on to another host",
	.idea = "Looks for the same answer to an NTLM challenge in two sessions",
	.params = params,
	.params_size = sizeof(struct relay_params),
	.state_size = sizeof(struct state),
	.wants = 1ull << EVENT_LOGIN,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
