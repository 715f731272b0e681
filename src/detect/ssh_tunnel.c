/*
 * detect/ssh_tunnel.c - SSH connections that are used the other way round.
 *
 * Idea: who opens an SSH connection is its client and types.  Three things turn that round and let
 * somebody at the far end reach the host that connected: the initiator plays the SSH server (the
 * numbers of the key exchange's messages say so, RFC 4253, 8), keys come from the server's side and
 * the client's side echoes them, or the server's side asks for connections to be passed on (ssh -R;
 * the sizes of question and answer say so, RFC 4254, 7.2).  Connections that are passed on the
 * usual way (-L, -D) are context. Evasion: fewer connections, or all in a session with commands;
 * padding and delay.  False alarms: NETCONF call home (RFC 8071) turns roles by design: on its
 * port, between inside hosts, it is context only.  Support tools that connect back.
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
#define BACK_PART     0.5
#define FORTH_PART    0.4 /* what people do who may: context, no more */
#define FORTH_OUTSIDE 0.05

struct tunnel_params {
	uint64_t keys;
	uint64_t connections;
};

struct tunnel_state {
	const struct tunnel_params *params;
	uint64_t findings;
};

static const struct param params[] = {
	{ "keys", PARAM_UINT, offsetof(struct tunnel_params, keys), 5, 500, 12, "keys",
	  "Keys from the server's side from which it is an alert" },
	{ "connections", PARAM_UINT, offsetof(struct tunnel_params, connections), 2, 100, 3,
	  "connections", "Connections passed on through SSH from which it is told" },
	PARAM_END
};

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

static const struct step_rule passed_back_rule = {
	.detector = "ssh_tunnel",
	.rule = "ssh_forwarded_back",
	.title = "Connections come back through SSH",
	.class = FINDING_C2,
	.techniques = { "T1572", "T1090.001" },
	.tactic = "TA0011",
	.unseen = "which port of which host they lead to, and what goes through: it is encrypted",
	.next_steps = { "Look for ssh -R or a like option at the source, and where its port leads",
			"Look for connections from the source to inside hosts meanwhile",
			"Find out who uses the destination" },
};

static const struct step_rule passed_rule = {
	.detector = "ssh_tunnel",
	.rule = "ssh_forwarded",
	.title = "Connections go out through SSH",
	.class = FINDING_LATERAL,
	.techniques = { "T1572", "T1090.001" },
	.tactic = "TA0011",
	.unseen = "where they lead, and what goes through: it is encrypted",
	.next_steps = { "Ask whether the source's user may reach what is behind the destination",
			"Look for connections from the destination to other hosts meanwhile" },
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

static void add_outside(struct finding *f, const struct event *e, const struct detect_env *env,
			double part)
{
	if (context_is_inside(env->context, &e->src, e->tunnel_id) &&
	    !context_is_inside(env->context, &e->dst, e->tunnel_id))
		finding_feature(f, "outside", 1, NAN, NAN, part, part,
				part < OUTSIDE_PART ? "the far end is outside" :
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
		add_outside(&f, e, env, OUTSIDE_PART);
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
	add_outside(&f, e, env, OUTSIDE_PART);
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

static void tell_passed(struct tunnel_state *s, const struct detect_env *env,
			const struct event_session *x, bool is_back)
{
	struct finding f;
	const struct event *e = &x->e;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX];
	double part = is_back ? BACK_PART : FORTH_PART;
	unsigned count = x->opened[is_back];

	step_begin(&f, is_back ? &passed_back_rule : &passed_rule, env, e);
	finding_feature(&f, "connections", count, x->opened[!is_back],
			(double)s->params->connections, part, part,
			"%u connections asked for by the %s's side and granted", count,
			is_back ? "server" : "client");
	add_outside(&f, e, env, is_back ? OUTSIDE_PART : FORTH_OUTSIDE);
	step_ends(&f, from, to);
	finding_text(f.message, sizeof(f.message),
		     is_back ?
			     "%u connections came to %s from %s through an SSH connection that "
			     "%s made: a port is forwarded back" :
			     "%u connections from %s went on behind %s through one SSH connection, "
			     "as ssh -L or -D of %s makes them",
		     count, from, to, from);
	finding_text(f.not_harmless, sizeof(f.not_harmless), "%s",
		     is_back ? "shells, copies, git and backups have the client ask; only a port "
			       "that is forwarded back has the server ask" :
			       "shells, copies, git and backups pass no connections on; people who "
			       "may reach what is behind do, so this is context");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent below %llu connections that were passed on",
		     (unsigned long long)s->params->connections);
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
	for (unsigned side = 0; side < 2; side++)
		if (x->opened[side] >= s->params->connections)
			tell_passed(s, env, x, side == 1);
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
	.wants = 1ull << EVENT_SESSION,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
