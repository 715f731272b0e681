/*
 * detect/log_clearing.c - event logs that are cleared from afar.
 *
 * Idea: the operations that clear a log (MS-EVEN ElfrClearELFW, MS-EVEN6 EvtRpcClearLog) have no
 * use in every day's work; who collects logs reads them.  With a file to save to it is at least a
 * copy first.  Evasion: clearing on the host itself, SMB encryption.  False alarms: an
 * administrator who cleans up by hand.
 */
#include "acts.h"

enum mark { MARK_CLEARED, MARK_SECURITY, MARK_MANY, MARK_REFUSED };

#define BIT(m)    (1u << (m))
#define MANY_LOGS 3

static const struct acts_mark marks[] = {
	[MARK_CLEARED] = { "log_cleared", 0.7, "an event log was cleared from afar", NULL },
	[MARK_SECURITY] = { "security_log", 0.2, "it was the security log", NULL },
	[MARK_MANY] = { "many_logs", 0.15, "several logs one after the other", NULL },
	[MARK_REFUSED] = { "refused", -0.2, "the host refused", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	finding_text(f->message, sizeof(f->message), "%s cleared the event log %s of %s%s", from,
		     a->object[0] ? a->object : "(its name was not seen)", to,
		     a->marks & BIT(MARK_MANY) ? ", and others" : "");
}

static const struct acts_rule rule = {
	.step = { .detector = "log_clearing",
		  .rule = "log_clearing",
		  .title = "Event log cleared from afar",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1070.001" },
		  .tactic = "TA0005",
		  .unseen = "what the log held; logs that were cleared on the host itself",
		  .next_steps = { "Look for the copies of the log at your collector: what it held "
				  "before this time is what was to be hidden",
				  "On the target event 1102 or 104 names the account" } },
	.marks = marks,
	.not_harmless = "collectors read logs and do not clear them; a full log overwrites its "
			"oldest records by itself",
	.message = message,
};

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	static const char *const operations[] = { "ElfrClearELFW", "ElfrClearELFA",
						  "EvtRpcClearLog", NULL };
	const struct event_rpc *e = (const struct event_rpc *)event;
	if (!act_is_admin_try(event, "eventlog") && !act_is_admin_try(event, "IEventService"))
		return;
	if (act_operation(e, operations) < 0)
		return;
	struct act *a = acts_of(state, env, event, false);
	if (!a)
		return;
	act_text(a, e);
	uint32_t found = BIT(MARK_CLEARED);
	if (step_is(event, &e->object, "Security"))
		found |= BIT(MARK_SECURITY);
	if (++a->number >= MANY_LOGS)
		found |= BIT(MARK_MANY);
	if (act_is_refused(e))
		found |= BIT(MARK_REFUSED);
	acts_note(state, env, event, a, found);
}

ACTS_DETECTOR(log_clearing, "Event log cleared from afar",
	      "Looks for the calls that clear an event log of another host", 1ull << EVENT_RPC,
	      on_event);
