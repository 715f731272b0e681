/*
 * detect/wmi_exec.c - programs that are run on another host through WMI.
 *
 * Idea: IWbemServices::ExecMethod (MS-WMI 3.1.4.3.22) on Win32_Process runs a program; where the
 * arguments are in the clear the method and the command line are read.  Where they are encrypted
 * the shape tells: the definition of Win32_Process is the largest that management asks for (20 kB
 * and more), the parameters of its Create carry the class of their start-up information and are
 * longer than 1.6 kB, and its answer holds two numbers.  Instances that are put (event filters,
 * consumers) run something later.
 * Evasion: encryption of the whole connection; methods of other classes that run programs.
 * False alarms: management by WMI (inventory reads, and calls methods of StdRegProv, which are
 * short); who runs programs by it every day has a habit.
 */
#include <string.h>

#include "acts.h"

enum mark {
	MARK_PROCESS,
	MARK_INTERPRETER,
	MARK_OUTPUT,
	MARK_METHOD,
	MARK_SHAPE,
	MARK_CLASS,
	MARK_SUBSCRIPTION,
	MARK_SHADOW,
	MARK_ACTIVATED,
	MARK_REPEATED,
	MARK_SERVICE,
	MARK_SPACE,
	MARK_PUT,
	MARK_PLANTED,
};

#define BIT(m)        (1u << (m))
#define SHAPE_STUB    1600u /* least of Win32_Process.Create's parameters */
#define SHAPE_STUB_TO 12000u
#define SHAPE_ANSWER  1000u /* of two numbers in an instance, with its class */
#define SHAPE_TO      1500u
#define CLASS_ANSWER  15000u /* Win32_Process as a class */
#define WBEM_LOGIN    "8bc3f05e-d86b-11d0-a075-00c04fb68820"

static const struct acts_mark marks[] = {
	[MARK_PROCESS] = { "process_created", 0.55, "Win32_Process.Create ran a program", NULL },
	[MARK_INTERPRETER] = { "interpreter", 0.2, "it is a command interpreter or loads code",
			       "T1059" },
	[MARK_OUTPUT] = { "output_to_share", 0.2,
			  "its command line writes its output to a share to be read from afar",
			  NULL },
	[MARK_METHOD] = { "method_called", 0.1, "a method was called", NULL },
	[MARK_SHAPE] = { "shape_of_create", 0.3,
			 "an encrypted method call as long as Win32_Process.Create, with its answer",
			 NULL },
	[MARK_CLASS] = { "shape_of_class", 0.15,
			 "before it a class definition as large as Win32_Process was read", NULL },
	[MARK_SUBSCRIPTION] = { "subscription", 0.55,
				"an event filter or consumer was put there: it runs something later",
				"T1546.003" },
	[MARK_SHADOW] = { "shadow_copy", 0.3, "a shadow copy was made: files in use can be read",
			  "T1003.003" },
	[MARK_ACTIVATED] = { "activated", 0.05, "the host was asked for WMI just before", NULL },
	[MARK_REPEATED] = { "repeated", 0.1, "several such calls one after the other", NULL },
	[MARK_SERVICE] = { "object_created", 0.5,
			   "an object that runs a program was made: a service, a driver, a job",
			   "T1543.003" },
	[MARK_SPACE] = { "subscription_space", 0.25,
			 "the namespace of event subscriptions was opened", "T1546.003" },
	[MARK_PUT] = { "instances_put", 0.3, "and instances were put there, encrypted", NULL },
	[MARK_PLANTED] = { "library_planted", 0.5,
			   "a program was written into WMI's own folder just before", "T1570" },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	if (a->marks & (BIT(MARK_SUBSCRIPTION) | BIT(MARK_PUT)))
		finding_text(f->message, sizeof(f->message),
			     "%s put an event subscription on %s through WMI%s%s", from, to,
			     a->detail[0] ? ": " : "", a->detail);
	else if (a->marks & BIT(MARK_PLANTED))
		finding_text(f->message, sizeof(f->message),
			     "%s wrote a program into the folder of WMI on %s%s", from, to,
			     a->marks & BIT(MARK_ACTIVATED) ? ", and used WMI" : "");
	else if (a->marks & BIT(MARK_PROCESS))
		finding_text(f->message, sizeof(f->message),
			     "%s ran a program on %s through WMI%s%s", from, to,
			     a->detail[0] ? ": " : "", a->detail);
	else
		finding_text(f->message, sizeof(f->message),
			     "%s called a method on %s through WMI: %s", from, to,
			     a->object[0] ? a->object :
					    "its arguments are encrypted, its size is that of "
					    "Win32_Process.Create");
}

static const struct acts_rule rule = {
	.step = { .detector = "wmi_exec",
		  .rule = "wmi_exec",
		  .title = "Program run through WMI",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1047" },
		  .tactic = "TA0002",
		  .unseen = "what the program did on the host",
		  .next_steps = { "On the target look for children of WmiPrvSE.exe at this time "
				  "(event 4688, Sysmon 1)",
				  "Ask whose tool this was: the log-in just before it names the "
				  "account" } },
	.marks = marks,
	.habit = BIT(MARK_PROCESS) | BIT(MARK_SHAPE) | BIT(MARK_METHOD),
	.not_harmless =
		"inventory and monitoring read classes and the registry through WMI; here a "
		"method that acts was called",
	.message = message,
};

static uint32_t marks_of_method(struct act *a, const struct event_rpc *e)
{
	static const char *const process[] = { "win32_process", NULL };
	static const char *const shadow[] = { "win32_shadowcopy", NULL };
	static const char *const vss[] = { "vssadmin", "ntdsutil", "shadow", NULL };
	static const char *const makers[] = { "service.create", "driver.create",   "job.create",
					      "share.create",   "product.install", NULL };
	/* an answer that was not seen says nothing against it */
	bool is_answered = (e->answer_len >= SHAPE_ANSWER && e->answer_len <= SHAPE_TO) ||
			   (!e->is_answered && (a->marks & BIT(MARK_CLASS)));
	act_text(a, e);
	if (e->is_sealed || !a->object[0])
		return e->stub_len >= SHAPE_STUB && e->stub_len <= SHAPE_STUB_TO && is_answered ?
			       BIT(MARK_SHAPE) | BIT(MARK_METHOD) :
			       0;
	if (act_has_word(a->object, shadow))
		return BIT(MARK_SHADOW) | BIT(MARK_METHOD);
	if (act_has_word(a->object, makers))
		return BIT(MARK_SERVICE) |
		       (act_is_interpreter(a->detail) ? BIT(MARK_INTERPRETER) : 0);
	if (!act_has_word(a->object, process))
		return 0; /* methods of management */
	uint32_t found = BIT(MARK_PROCESS);
	if (act_is_interpreter(a->detail))
		found |= BIT(MARK_INTERPRETER);
	if (act_writes_to_share(a->detail))
		found |= BIT(MARK_OUTPUT);
	if (act_has_word(a->detail, vss))
		found |= BIT(MARK_SHADOW);
	return found;
}

static uint32_t marks_of_instance(struct act *a, const struct event_rpc *e)
{
	static const char *const words[] = { "consumer", "__eventfilter", "eventconsumer",
					     "filtertoconsumer", NULL };
	if (e->is_sealed || !e->detail.off)
		return a->marks & BIT(MARK_SPACE) ? BIT(MARK_PUT) : 0;
	act_text(a, e);
	return act_has_word(a->detail, words) ? BIT(MARK_SUBSCRIPTION) : 0;
}

static void on_services(struct acts *s, const struct detect_env *env, const struct event_rpc *e)
{
	static const char *const operations[] = { "ExecMethod",  "ExecMethodAsync",
						  "PutInstance", "PutInstanceAsync",
						  "GetObject",   NULL };
	int op = act_operation(e, operations);
	struct act *a = op < 0 ? NULL : acts_of(s, env, &e->e, false);
	if (!a)
		return;
	uint32_t found = 0;
	if (op <= 1)
		found = marks_of_method(a, e);
	else if (op <= 3)
		found = marks_of_instance(a, e);
	else if (e->answer_len >= CLASS_ANSWER)
		found = BIT(MARK_CLASS);
	if (!found)
		return;
	if (op <= 1 && ++a->number == 2)
		found |= BIT(MARK_REPEATED);
	acts_note(s, env, &e->e, a, found);
}

/* The log-in to a namespace, or the activation before it. */
static void on_login(struct acts *s, const struct detect_env *env, const struct event_rpc *e)
{
	static const char *const spaces[] = { "\\subscription", "/subscription", NULL };
	char name[ACTS_OBJECT];
	struct act *a = acts_of(s, env, &e->e, false);
	if (!a)
		return;
	uint32_t found = BIT(MARK_ACTIVATED);
	if (act_has_word(step_string(name, sizeof(name), &e->e, &e->object), spaces))
		found |= BIT(MARK_SPACE);
	if ((a->marks & found) != found)
		acts_note(s, env, &e->e, a, found);
}

/* A library that the next query of WMI will load. */
static void on_smb(struct acts *s, const struct detect_env *env, const struct event_smb *e)
{
	static const char *const folders[] = { "system32\\wbem\\", NULL };
	char name[160];
	if ((e->act != SMB_WRITE && e->act != SMB_CLOSE) || !e->written ||
	    (e->file_type != FILE_EXECUTABLE && e->file_type != FILE_SCRIPT) ||
	    !act_has_word(step_string(name, sizeof(name), &e->e, &e->name), folders))
		return;
	struct act *a = acts_of(s, env, &e->e, false);
	if (a && !(a->marks & BIT(MARK_PLANTED)))
		acts_note(s, env, &e->e, a, BIT(MARK_PLANTED));
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	const struct event_rpc *e = (const struct event_rpc *)event;
	if (event->kind == EVENT_SMB)
		on_smb(state, env, (const struct event_smb *)event);
	else if (act_is_call(event, "IWbemServices"))
		on_services(state, env, e);
	else if (act_is_call(event, "IWbemLevel1Login") ||
		 (act_is_call(event, "ISystemActivator") && step_is(event, &e->object, WBEM_LOGIN)))
		on_login(state, env, e);
}

ACTS_DETECTOR(wmi_exec, "Program run through WMI",
	      "Looks for method calls of WMI that run programs, by their arguments, or by their "
	      "size where these are encrypted, and for event subscriptions",
	      1ull << EVENT_RPC | 1ull << EVENT_SMB, on_event);
