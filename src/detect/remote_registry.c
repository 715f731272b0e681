/*
 * detect/remote_registry.c - the registry of another host is changed, or searched.
 *
 * Idea: MS-RRP lets who may administer a host read and write its registry.  Reading is what
 * inventory and monitoring do all day.  Writing is rare, and worth a look where the key starts
 * programs (Run, Services, Winlogon, debuggers) or weakens the host (clear-text passwords in
 * memory, restricted administration, remote desktop, the filter of remote tokens).
 * Evasion: encryption; the registry through WMI.  False alarms: an administrator's script.
 */
#include <string.h>

#include "acts.h"

enum mark { MARK_SET, MARK_STARTS, MARK_WEAKENS, MARK_INTERPRETER, MARK_DELETED, MARK_MANY };

#define BIT(m)    (1u << (m))
#define MANY_KEYS 60u

static const struct acts_mark marks[] = {
	[MARK_SET] = { "value_set", 0.3, "a value of the registry was set from afar", "T1112" },
	[MARK_STARTS] = { "starts_programs", 0.3, "its key starts programs", "T1547.001" },
	[MARK_WEAKENS] = { "weakens", 0.35, "it makes the host easier to take over", "T1562" },
	[MARK_INTERPRETER] = { "interpreter", 0.2,
			       "it names a command interpreter or a loader of code", NULL },
	[MARK_DELETED] = { "deleted", 0.1, "keys or values were deleted from afar", "T1112" },
	[MARK_MANY] = { "many_keys", 0.35, "more than sixty keys were opened from afar", "T1012" },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	if (a->marks & (BIT(MARK_SET) | BIT(MARK_DELETED)))
		finding_text(f->message, sizeof(f->message),
			     "%s changed the registry of %s: %s%s%s", from, to, a->detail,
			     a->object[0] ? ", value " : "", a->object);
	else
		finding_text(f->message, sizeof(f->message),
			     "%s read %u keys of the registry of %s, the last: %s", from, a->number,
			     to, a->detail);
}

static const struct acts_rule rule = {
	.step = { .detector = "remote_registry",
		  .rule = "remote_registry",
		  .title = "Registry changed from afar",
		  .class = FINDING_LATERAL,
		  .techniques = { NULL },
		  .tactic = "TA0005",
		  .unseen = "changes that were made on the host itself",
		  .next_steps = { "Compare the key with a host of the same kind and set it back",
				  "Stop the service RemoteRegistry where nobody needs it" } },
	.marks = marks,
	.habit = BIT(MARK_SET) | BIT(MARK_DELETED) | BIT(MARK_MANY),
	.not_harmless = "policy writes the registry on the host itself; inventory and monitoring "
			"read it: a host that writes another's, or searches all of it, is neither",
	.message = message,
};

static uint32_t marks_of_key(const struct act *a)
{
	static const char *const starts[] = { "currentversion\\run",
					      "\\services\\",
					      "winlogon",
					      "image file execution options",
					      "appinit_dlls",
					      "silentprocessexit",
					      "userinit",
					      "imagepath",
					      "servicedll",
					      NULL };
	static const char *const weakens[] = { "uselogoncredential",
					       "disablerestrictedadmin",
					       "lmcompatibilitylevel",
					       "runasppl",
					       "fdenytsconnections",
					       "localaccounttokenfilterpolicy",
					       "enablelua",
					       "disableantispyware",
					       "disablerealtimemonitoring",
					       "requiresecuritysignature",
					       NULL };
	uint32_t found = 0;
	if (act_has_word(a->detail, starts) || act_has_word(a->object, starts))
		found |= BIT(MARK_STARTS);
	if (act_has_word(a->detail, weakens) || act_has_word(a->object, weakens))
		found |= BIT(MARK_WEAKENS);
	return found;
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	static const char *const operations[] = { "BaseRegOpenKey",
						  "BaseRegCreateKey",
						  "BaseRegSetValue",
						  "BaseRegDeleteKey",
						  "BaseRegDeleteKeyEx",
						  "BaseRegDeleteValue",
						  NULL };
	const struct event_rpc *e = (const struct event_rpc *)event;
	char text[ACTS_DETAIL];
	if (!act_is_admin_call(event, "winreg"))
		return;
	int op = act_operation(e, operations);
	struct act *a = op < 0 ? NULL : acts_of(state, env, event, false);
	if (!a)
		return;
	a->is_sealed |= e->is_sealed;
	if (op <= 1) {
		if (e->object.off)
			(void)step_string(a->detail, sizeof(a->detail), event, &e->object);
		if (++a->number == MANY_KEYS)
			acts_note(state, env, event, a, BIT(MARK_MANY));
		else
			a->steady_ns = env->steady_ns;
		return;
	}
	if (e->is_answered && !e->is_sealed && e->status)
		return; /* nothing has changed */
	(void)step_string(a->object, sizeof(a->object), event, &e->object);
	uint32_t found = BIT(op == 2 ? MARK_SET : MARK_DELETED);
	if (op == 2) {
		found |= marks_of_key(a);
		if (act_is_interpreter(step_string(text, sizeof(text), event, &e->detail)))
			found |= BIT(MARK_INTERPRETER);
	}
	acts_note(state, env, event, a, found);
}

ACTS_DETECTOR(remote_registry, "Registry changed from afar",
	      "Looks for values that a host sets in the registry of another, and for searches "
	      "through all of it",
	      1ull << EVENT_RPC, on_event);
