/*
 * detect/remote_service.c - programs that are run on another host as a service.
 *
 * Idea: the service control manager is reached from afar (MS-SCMR), a service is made or its
 * program exchanged, and started.  What makes it worse: its program is a command interpreter, was
 * just written to an administrative share, the service is deleted again at once, or never reports
 * that it runs.  PsExec, its many copies, Impacket's psexec and smbexec, CrackMapExec, Metasploit
 * and SharpNoPSExec do this; so does software deployment, which has a habit of it.
 * Evasion: SMB encryption; a service that is only started; waiting between the steps.
 * False alarms: the first deployment by a new management server.
 */
#include <string.h>

#include "acts.h"

enum mark {
	MARK_CREATED,
	MARK_CHANGED,
	MARK_STARTED,
	MARK_DELETED,
	MARK_INTERPRETER,
	MARK_OUTPUT,
	MARK_TIMEOUT,
	MARK_REFUSED,
	MARK_FILE,
	MARK_PIPE,
	MARK_TOOL,
};

#define BIT(m)                  (1u << (m))
#define SERVICE_REQUEST_TIMEOUT 1053
#define SERVICE_ALREADY_RUNS    1056
#define CHANGED_KEPT            4 /* bytes of a path that tell that it is a path */

static const struct acts_mark marks[] = {
	[MARK_CREATED] = { "service_created", 0.35, "a service was made from afar", "T1543.003" },
	[MARK_CHANGED] = { "program_exchanged", 0.35, "a service's program was exchanged from afar",
			   "T1543.003" },
	[MARK_STARTED] = { "service_started", 0.2, "a service was started from afar", NULL },
	[MARK_DELETED] = { "service_deleted", 0.15, "the service was deleted again at once", NULL },
	[MARK_INTERPRETER] = { "interpreter", 0.3,
			       "the service's program is a command interpreter or loads code",
			       NULL },
	[MARK_OUTPUT] = { "output_to_share", 0.2,
			  "its command line writes its output to a share to be read from afar",
			  NULL },
	[MARK_TIMEOUT] = { "no_service", 0.1,
			   "the program never reported that it runs: it is no service", NULL },
	[MARK_REFUSED] = { "refused", -0.2, "the host refused", NULL },
	[MARK_FILE] = { "program_written", 0.3,
			"a program was written to the host's share just before", "T1570" },
	[MARK_PIPE] = { "remote_shell_pipe", 0.4, "a pipe of a known remote shell was opened",
			NULL },
	[MARK_TOOL] = { "tool_name", 0.15, "the service has the name of a known tool", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	bool is_refused = (a->marks & BIT(MARK_REFUSED)) != 0;
	const char *did =
		a->marks & BIT(MARK_CREATED) ? (is_refused ? "tried to make" : "made") :
		a->marks & BIT(MARK_CHANGED) ? (is_refused ? "tried to exchange the program of" :
							     "exchanged the program of") :
					       "used";
	bool has_started = (a->marks & BIT(MARK_STARTED)) != 0;
	if (a->object[0])
		finding_text(f->object, sizeof(f->object), "%s", a->object);
	finding_text(f->message, sizeof(f->message), "%s %s the service %s on %s%s%s%s", from, did,
		     a->object[0] ? a->object : "of a name not seen", to,
		     has_started ? " and started it" : "", a->detail[0] ? ": " : "", a->detail);
}

static const struct acts_rule rule = {
	.step = { .detector = "remote_service",
		  .rule = "remote_service",
		  .title = "Program run as a remote service",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1569.002", "T1021.002" },
		  .tactic = "TA0008",
		  .unseen = "what the program did on the host",
		  .next_steps = { "Ask whose tool this was: the log-in just before it names the "
				  "account (Windows event 4624, type 3)",
				  "On the target look at event 7045 (service installed) and at the "
				  "file that the service names" } },
	.marks = marks,
	.habit = BIT(MARK_CREATED) | BIT(MARK_CHANGED),
	.not_harmless = "looking at services needs no new service and no exchanged program; who "
			"manages software does it day after day from the same host",
	.message = message,
};

static bool is_tool(const char *name)
{
	static const char *const words[] = { "psexesvc", "remcom", "winexe", "btobto",  "paexec",
					     "csexec",   "cmexec", "xcmd",   "smbexec", NULL };
	return act_has_word(name, words);
}

static uint32_t marks_of_text(const struct act *a)
{
	uint32_t found = is_tool(a->object) ? BIT(MARK_TOOL) : 0;
	static const char *const output[] = { "127.0.0.1\\", "localhost\\", "%computername%\\",
					      NULL };
	if (act_is_interpreter(a->detail))
		found |= BIT(MARK_INTERPRETER);
	if (strchr(a->detail, '>') && act_has_word(a->detail, output))
		found |= BIT(MARK_OUTPUT);
	return found;
}

static void on_call(struct acts *s, const struct detect_env *env, const struct event_rpc *e)
{
	static const char *const operations[] = { "RCreateServiceW",
						  "RCreateServiceA",
						  "RCreateServiceWOW64W",
						  "RCreateWowService",
						  "RCreateServiceWOW64A",
						  "RChangeServiceConfigW",
						  "RChangeServiceConfigA",
						  "RStartServiceW",
						  "RStartServiceA",
						  "RDeleteService",
						  NULL };
	int op = act_operation(e, operations);
	if (op < 0)
		return;
	struct act *a = acts_of(s, env, &e->e, false);
	if (!a)
		return;
	bool is_refused = act_is_refused(e) && e->status != SERVICE_REQUEST_TIMEOUT;
	uint32_t found = is_refused ? BIT(MARK_REFUSED) : 0;
	if (op <= 4) {
		act_text(a, e);
		found |= BIT(MARK_CREATED) | marks_of_text(a);
		if (!is_refused)
			a->marks &= ~BIT(MARK_REFUSED); /* the next try went through */
	} else if (op <= 6) {
		/* a change without a program leaves that as it is */
		if (!e->is_sealed && (!e->detail.off || e->detail.len < CHANGED_KEPT))
			return;
		act_text(a, e);
		found |= BIT(MARK_CHANGED) | marks_of_text(a);
	} else if (op <= 8) {
		if (is_refused && e->status != SERVICE_ALREADY_RUNS)
			return;
		found = BIT(MARK_STARTED);
		if (e->status == SERVICE_REQUEST_TIMEOUT)
			found |= BIT(MARK_TIMEOUT);
	} else if (a->marks & BIT(MARK_CREATED)) {
		found |= BIT(MARK_DELETED);
	} else {
		return;
	}
	acts_note(s, env, &e->e, a, found);
}

static bool is_admin_share(const struct event_smb *e)
{
	const uint8_t *share = event_str_data(&e->e, &e->share);
	return step_is(&e->e, &e->share, "ADMIN$") ||
	       (e->share.off && e->share.len == 2 && share[1] == '$');
}

static void on_smb(struct acts *s, const struct detect_env *env, const struct event_smb *e)
{
	static const char *const pipes[] = { "remcom_", "psexesvc",  "paexec",
					     "csexec",  "winexesvc", NULL };
	uint32_t found = 0;
	char name[64];
	if (e->is_pipe && e->act == SMB_OPEN && e->status == 0) {
		(void)step_string(name, sizeof(name), &e->e, &e->name);
		found = act_has_word(name, pipes) ? BIT(MARK_PIPE) : 0;
	} else if ((e->act == SMB_WRITE || e->act == SMB_CLOSE) && !e->is_pipe && e->written &&
		   (e->status == 0 || e->status == SMB_NO_ANSWER) && is_admin_share(e) &&
		   (e->file_type == FILE_EXECUTABLE || e->file_type == FILE_SCRIPT)) {
		found = BIT(MARK_FILE);
	}
	struct act *a = found ? acts_of(s, env, &e->e, false) : NULL;
	if (a && (a->marks & found) != found)
		acts_note(s, env, &e->e, a, found);
}

static void on_event(void *state, const struct detect_env *env, const struct event *e)
{
	if (e->kind == EVENT_SMB)
		on_smb(state, env, (const struct event_smb *)e);
	else if (act_is_admin_try(e, "svcctl"))
		on_call(state, env, (const struct event_rpc *)e);
}

ACTS_DETECTOR(remote_service, "Program run as a remote service",
	      "Follows what a host does with the services of another: makes one or exchanges its "
	      "program, starts it, deletes it, and what was put there before",
	      1ull << EVENT_RPC | 1ull << EVENT_SMB, on_event);
