/*
 * detect/scheduled_task.c - programs that are run on another host by its task scheduler.
 *
 * Idea: a task is registered from afar (MS-TSCH: SchRpcRegisterTask, NetrJobAdd), run, and deleted
 * again.  Tasks of a domain are registered by the host itself, from its policy: that they come over
 * the network is an administrator's act or an attacker's (schtasks /s, atexec, Cobalt Strike).
 * Evasion: SMB encryption; a task that exists already and is changed.  False alarms: an
 * administrator who does this for the first time; a habit of it lowers the score.
 */
#include "acts.h"

enum mark { MARK_REGISTERED, MARK_JOB, MARK_RUN, MARK_DELETED, MARK_INTERPRETER, MARK_REFUSED };

#define BIT(m) (1u << (m))

static const struct acts_mark marks[] = {
	[MARK_REGISTERED] = { "task_registered", 0.5, "a task was registered from afar",
			      "T1053.005" },
	[MARK_JOB] = { "job_added", 0.55, "a job of the old \"at\" service was added from afar",
		       "T1053.002" },
	[MARK_RUN] = { "task_run", 0.15, "it was run at once", NULL },
	[MARK_DELETED] = { "task_deleted", 0.15, "it was deleted again at once", NULL },
	[MARK_INTERPRETER] = { "interpreter", 0.25, "it starts a command interpreter or loads code",
			       NULL },
	[MARK_REFUSED] = { "refused", -0.2, "the host refused", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	if (a->object[0])
		finding_text(f->object, sizeof(f->object), "%s", a->object);
	finding_text(f->message, sizeof(f->message), "%s registered %s%s on %s%s%s%s", from,
		     a->marks & BIT(MARK_JOB) ? "a job" : "the task ",
		     a->marks & BIT(MARK_JOB) ? "" :
		     a->object[0]             ? a->object :
						"of a name not seen",
		     to, a->marks & BIT(MARK_RUN) ? " and ran it" : "", a->detail[0] ? ": " : "",
		     a->detail);
}

static const struct acts_rule rule = {
	.step = { .detector = "scheduled_task",
		  .rule = "scheduled_task",
		  .title = "Task registered on another host",
		  .class = FINDING_LATERAL,
		  .techniques = { NULL },
		  .tactic = "TA0002",
		  .unseen = "what the task did on the host",
		  .next_steps = { "On the target look at event 4698 (task created) and at the task's "
				  "XML under System32\\Tasks",
				  "Ask whose tool this was: the log-in just before it names the "
				  "account" } },
	.marks = marks,
	.habit = BIT(MARK_REGISTERED) | BIT(MARK_JOB),
	.not_harmless = "hosts get their tasks from policy and register them themselves: here "
			"another host did it over the network",
	.message = message,
};

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	static const char *const operations[] = { "SchRpcRegisterTask", "SchRpcRun",
						  "SchRpcDelete",       "NetrJobAdd",
						  "NetrJobDel",         NULL };
	const struct event_rpc *e = (const struct event_rpc *)event;
	if (!act_is_admin_try(event, "ITaskSchedulerService") && !act_is_admin_try(event, "atsvc"))
		return;
	int op = act_operation(e, operations);
	if (op < 0)
		return;
	bool is_new = op == 0 || op == 3;
	struct act *a =
		is_new ? acts_of(state, env, event, false) : acts_known(state, env, event, false);
	if (!a || (!is_new && !(a->marks & (BIT(MARK_REGISTERED) | BIT(MARK_JOB)))))
		return;
	uint32_t found = 0;
	if (is_new) {
		act_text(a, e);
		found = BIT(op == 0 ? MARK_REGISTERED : MARK_JOB);
		if (act_is_interpreter(a->detail))
			found |= BIT(MARK_INTERPRETER);
		if (act_is_refused(e))
			found |= BIT(MARK_REFUSED);
	} else if (e->act == RPC_FAULT) {
		return;
	} else {
		found = BIT(op == 1 ? MARK_RUN : MARK_DELETED);
	}
	acts_note(state, env, event, a, found);
}

ACTS_DETECTOR(scheduled_task, "Task registered on another host",
	      "Looks for tasks and jobs that a host registers with the scheduler of another, and "
	      "whether they run and vanish at once",
	      1ull << EVENT_RPC, on_event);
