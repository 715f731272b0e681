/*
 * detect/ssh_tunnel.c - SSH connections that are used the other way round.
 *
 * Idea: who opens an SSH connection is its client and types.  Two things turn that round and let
 * somebody at the far end command the host that connected: the initiator plays the SSH server (the
 * numbers of the key exchange's messages say so, RFC 4253, 8), or keys come from the server's side
 * and the client's side echoes them, as through a port that was forwarded back (ssh -R).
 * Evasion: a forwarded port that carries no typed session; padding and delay; another protocol
 * within.  False alarms: NETCONF call home (RFC 8071) turns roles by design: on its port, between
 * inside hosts, it is context only.  Support tools that connect back.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "step.h"

#define REVERSED_PART 0.75
#define CALL_HOME     4334 /* RFC 8071, 3.1 */
#define KNOWN_SCORE   0.4
#define KEYS_PART     0.6
#define KEYS_BASE     0.35
#define KEYS_EACH     0.015
#define OUTSIDE_PART  0.15

struct tunnel_params {
	uint64_t keys;
};

struct tunnel_state {
	const struct tunnel_params *params;
	uint64_t findings;
};

static const struct param params[] = { { "keys", PARAM_UINT, offsetof(struct tunnel_params, keys),
					 5, 500, 12, "keys",
					 "Keys from the server's side from which it is an alert" },
				       PARAM_END };

static const struct step_rule reversed_rule = {
	.detector = "ssh_tunnel",
	.rule = "ssh_reversed",
	.title = "SSH server at the end that connected",
	.class = FINDING_C2,
	.techniques = { "T1572", "T1021.004" },
	.tactic = "TA0011",
	.unseen = "what is typed and sent: it is encrypted",
	.next_steps = { "Find the process that holds the connection at the source, and what started it",
			"Look for what reached other hosts from the source while it was open",
			"Block the destination until it is explained" },
};

static const struct step_rule typed_rule = {
	.detector = "ssh_tunnel",
	.rule = "ssh_typed_back",
	.title = "Keys come back through SSH",
	.class = FINDING_C2,
	.techniques = { "T1572", "T1021.004" },
	.tactic = "TA0011",
	.unseen = "what is typed and where the forwarded port leads: it is encrypted",
	.next_steps = { "Look for ssh -R or a like option at the source",
			"Look for connections from the source to inside hosts while keys came",
			"Find out who uses the destination" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct tunnel_state *s = state;
	(void)env;
	s->params = parameters;
	return 0;
}

static void deinit(void *state)
{
	(void)state;
}

static void add_outside(struct finding *f, const struct event *e, const struct detect_env *env)
{
	if (context_is_inside(env->context, &e->src, e->tunnel_id) &&
	    !context_is_inside(env->context, &e->dst, e->tunnel_id))
		finding_feature(f, "outside", 1, NAN, NAN, OUTSIDE_PART, OUTSIDE_PART,
				"who commands is outside");
}

static void finish(struct tunnel_state *s, struct finding *f, const struct event *e,
		   const struct detect_env *env)
{
	f->visibility = VISIBILITY_OPAQUE;
	finding_text(f->object, sizeof(f->object), "port %u", e->dport);
	if (e->packet)
		finding_packet(f, e->packet);
	s->findings++;
	step_raise(f, env);
}

static void tell_reversed(struct tunnel_state *s, const struct detect_env *env,
			  const struct event *e)
{
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	bool goes_out = !context_is_inside(env->context, &e->dst, e->tunnel_id);
	bool is_call_home = e->dport == CALL_HOME && !goes_out;
	double part = is_call_home ? KNOWN_SCORE : REVERSED_PART;

	step_begin(&f, &reversed_rule, env, e);
	finding_feature(
		&f, "roles", 1, NAN, NAN, REVERSED_PART, part, "%s",
		is_call_home ?
			"the initiator plays the SSH server, on the port of NETCONF call home" :
			"the initiator plays the SSH server");
	if (!is_call_home)
		add_outside(&f, e, env);
	step_ends(&f, from, to);
	finding_text(
		f.message, sizeof(f.message),
		"%s connected to %s port %u and plays the SSH server there: the far end logs in "
		"and gives the commands",
		from, to, e->dport);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"ssh, scp, git and backups are clients of whom they connect to; only call home "
		"of network devices and tools to be reached behind a firewall turn that round");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent if the responder had answered the key exchange as server");
	finish(s, &f, e, env);
}

static void tell_typed(struct tunnel_state *s, const struct detect_env *env,
		       const struct event_session *x)
{
	struct finding f;
	const struct event *e = &x->e;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	double part = KEYS_BASE + KEYS_EACH * x->keys[1];

	step_begin(&f, &typed_rule, env, e);
	finding_feature(
		&f, "keys", x->keys[1], x->keys[0], (double)s->params->keys, KEYS_PART,
		part < KEYS_PART ? part : KEYS_PART,
		"%u keys from the server's side that the client's side echoed, %u the usual "
		"way",
		x->keys[1], x->keys[0]);
	add_outside(&f, e, env);
	step_ends(&f, from, to);
	f.count = x->keys[1];
	finding_text(f.message, sizeof(f.message),
		     "keys came to %s from %s through an SSH connection that %s made, and were "
		     "echoed: somebody works at or behind it from the far end",
		     from, to, from);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless),
		"a session has its keys come from the client, a copy has none, keep-alives come "
		"at long and even times");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu keys from the server's side, or with as many of the client",
		     (unsigned long long)s->params->keys);
	finish(s, &f, e, env);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	struct tunnel_state *s = state;
	const struct event_session *x = (const struct event_session *)e;

	if (x->is_reversed) {
		if (!x->is_end)
			tell_reversed(s, env, e);
		return;
	}
	if (x->keys[1] >= s->params->keys && x->keys[0] * 4 < x->keys[1])
		tell_typed(s, env, x);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct tunnel_state *s = state;
	ret->findings = s->findings;
	ret->worst_case_bytes = sizeof(*s);
}

const struct detector ssh_tunnel_detector = {
	.name = "ssh_tunnel",
	.title = "SSH used the other way round",
	.idea = "Sees by the key exchange who plays the server, and by sizes and times who types",
	.params = params,
	.params_size = sizeof(struct tunnel_params),
	.state_size = sizeof(struct tunnel_state),
	.wants = 1u << EVENT_SESSION,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
