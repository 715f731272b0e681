/*
 * detect/reverse_shell.c - command shells in the clear where none belongs.
 *
 * Idea: a connection of which the initiator answers like a shell, and the responder types, has
 * carried the shell out to somebody (reverse shell); one where the responder answers on a port that
 * is not made for it was left open (bind shell).  What only shells say is counted: banner, prompts,
 * the complaint about a missing terminal, output of id, commands that are typed.
 * Evasion: encryption, another protocol around it, a shell that says nothing of its own.
 * False alarms: consoles over raw TCP (serial servers, test rigs), teaching labs: except them.
 */
#include <math.h>
#include <string.h>

#include "exfild/base/str.h"
#include "step.h"

#define SURE_PART     0.35 /* of each mark that only a shell makes */
#define WEAK_PART     0.15
#define COMMANDS_PART 0.2
#define COMMANDS_FULL 3.0
#define BROUGHT_PART  0.3
#define OUTSIDE_PART  0.15
#define TELNET_PORT   23

struct shell_params {
	double alert_score;
};

struct shell_state {
	const struct shell_params *params;
	uint64_t findings;
};

static const struct param params[] = { { "alert_score", PARAM_DOUBLE,
					 offsetof(struct shell_params, alert_score), 0.1, 1, 0.5,
					 "", "Score from which it is an alert" },
				       PARAM_END };

static const struct step_rule reverse_rule = {
	.detector = "reverse_shell",
	.rule = "reverse_shell",
	.title = "Reverse shell",
	.class = FINDING_C2,
	.techniques = { "T1059", "T1095" },
	.tactic = "TA0011",
	.unseen = "what was typed before the first packet that was seen",
	.next_steps = { "Read the connection: what was typed and answered is in the clear",
			"Find the process that holds it at the host where the shell runs, and how it "
			"came there",
			"Look for connections of that host to others since then" },
};

static const struct step_rule bind_rule = {
	.detector = "reverse_shell",
	.rule = "bind_shell",
	.title = "Shell behind an open port",
	.class = FINDING_LATERAL,
	.techniques = { "T1059", "T1095" },
	.tactic = "TA0008",
	.unseen = "what was typed before the first packet that was seen",
	.next_steps = { "Read the connection: what was typed and answered is in the clear",
			"Find the process that listens at the host where the shell runs",
			"Look for what the initiator did to that host before" },
};

static int init(void *state, const void *parameters, const struct detect_env *env)
{
	struct shell_state *s = state;
	(void)env;
	s->params = parameters;
	return 0;
}

static void deinit(void *state)
{
	(void)state;
}

static const struct {
	uint8_t mark;
	bool is_sure;
	const char *name, *text;
} marks[] = {
	{ SHELL_BANNER, true, "banner", "the banner of cmd.exe" },
	{ SHELL_PROMPT, true, "prompt", "a prompt with a drive and a folder" },
	{ SHELL_PROMPT_UNIX, false, "prompt_unix", "a prompt that ends with $ or #" },
	{ SHELL_NO_TERMINAL, true, "no_terminal", "a shell's complaint that it has no terminal" },
	{ SHELL_ID, true, "id", "user and group numbers as id prints them" },
	{ SHELL_NOT_FOUND, true, "not_found", "a shell's word for a command that does not exist" },
	{ SHELL_LISTING, false, "listing", "the listing of a folder" },
};

static void score(struct finding *f, const struct event_shell *e, const struct detect_env *env)
{
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		double part = marks[i].is_sure ? SURE_PART : WEAK_PART;
		if (e->marks & marks[i].mark)
			finding_feature(f, marks[i].name, 1, NAN, NAN, part, part, "%s",
					marks[i].text);
	}
	if (e->commands) {
		double share = e->commands / COMMANDS_FULL;
		finding_feature(f, "commands", e->commands, NAN, COMMANDS_FULL, COMMANDS_PART,
				COMMANDS_PART * (share < 1 ? share : 1), "%u known commands typed",
				e->commands);
	}
	if (!e->at_initiator)
		return;
	finding_feature(f, "brought", 1, NAN, NAN, BROUGHT_PART, BROUGHT_PART,
			"the shell runs where the connection came from");
	if (context_is_inside(env->context, &e->e.src, e->e.tunnel_id) &&
	    !context_is_inside(env->context, &e->e.dst, e->e.tunnel_id))
		finding_feature(f, "outside", 1, NAN, NAN, OUTSIDE_PART, OUTSIDE_PART,
				"who types is outside");
}

/* "3 known commands came from there, first id". */
static void say_commands(char *dst, size_t size, const struct event_shell *e, const char *first)
{
	const char *where = e->at_initiator ? " from there" : "";
	if (e->commands)
		finding_text(dst, size, "%u known command%s came%s%s%s", e->commands,
			     e->commands == 1 ? "" : "s", where, *first ? ", first " : "", first);
	else
		finding_text(dst, size, "no known command came%s", where);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	struct shell_state *s = state;
	const struct event_shell *e = (const struct event_shell *)event;
	struct finding f;
	char from[IPADDR_TEXT_MAX], to[IPADDR_TEXT_MAX], command[16], known[64];

	step_begin(&f, e->at_initiator ? &reverse_rule : &bind_rule, env, event);
	score(&f, e, env);
	double sum = 0, least = 0;
	for (unsigned i = 0; i < f.feature_count; i++) {
		sum += f.features[i].contribution;
		if (f.features[i].contribution > least)
			least = f.features[i].contribution;
	}
	if (sum + 1e-9 < s->params->alert_score)
		return;
	step_ends(&f, from, to);
	step_string(command, sizeof(command), event, &e->command);
	f.visibility = VISIBILITY_CLEAR;
	finding_text(f.object, sizeof(f.object), "port %u", event->dport);
	finding_packet(&f, event->packet);
	say_commands(known, sizeof(known), e, command);
	if (e->at_initiator)
		finding_text(f.message, sizeof(f.message),
			     "%s has a command shell in a connection that it made to %s port %u; "
			     "%s",
			     from, to, event->dport, known);
	else
		finding_text(f.message, sizeof(f.message),
			     "%s is at a command shell of %s port %u; %s", from, to, event->dport,
			     known);
	finding_text(
		f.not_harmless, sizeof(f.not_harmless), "%s",
		e->at_initiator ?
			"administration goes to the machine that is administered, by SSH, WinRM or "
			"RDP; here the machine itself brought its shell to somebody" :
			"shells for administration listen on ports of SSH, Telnet or WinRM and ask "
			"who comes; here a bare shell answers");
	finding_text(f.counterfactual, sizeof(f.counterfactual),
		     "silent with fewer of these marks, together below %.2f",
		     s->params->alert_score);
	s->findings++;
	step_raise(&f, env);
}

static void counters(const void *state, struct detector_counters *ret)
{
	const struct shell_state *s = state;
	ret->findings = s->findings;
	ret->worst_case_bytes = sizeof(*s);
}

const struct detector reverse_shell_detector = {
	.name = "reverse_shell",
	.title = "Shells in the clear",
	.idea = "Knows a command shell by what only shells say, and by which side it runs on",
	.params = params,
	.params_size = sizeof(struct shell_params),
	.state_size = sizeof(struct shell_state),
	.wants = 1ull << EVENT_SHELL,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.counters = counters,
};
