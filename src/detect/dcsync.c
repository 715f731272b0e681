/*
 * detect/dcsync.c - secrets of the domain that are asked for as if by a domain controller.
 *
 * Idea: domain controllers replicate the directory, password hashes included, by
 * IDL_DRSGetNCChanges (MS-DRSR 4.1.10).  A host that has never served the domain has no directory
 * to replicate.  Which hosts do is learnt from what they serve (controllers.h); in the first day it
 * may not have been seen yet, and the score is lower.  Tools look the account up by name on the
 * same connection (DRSCrackNames), which controllers do not before they replicate, and log in by
 * NTLM. Evasion: running on a domain controller.  False alarms: a new domain controller in its
 * first hours; directory synchronisation to a cloud (Azure AD Connect), which does just this and
 * has a habit of it.
 */
#include "acts.h"
#include "controllers.h"

enum mark { MARK_ASKED, MARK_SETTLED, MARK_LOOKUP, MARK_NTLM, MARK_MANY };

#define BIT(m)    (1u << (m))
#define AUTH_NTLM 10
#define MANY      20u

struct state {
	struct acts acts;
	struct controllers controllers;
};

static const struct acts_mark marks[] = {
	[MARK_ASKED] = { "replication_asked", 0.55,
			 "a host that serves no domain asked to replicate it", NULL },
	[MARK_SETTLED] = { "not_a_controller", 0.25,
			   "it has been watched for a day and served nothing of a domain", NULL },
	[MARK_LOOKUP] = { "account_looked_up", 0.2,
			  "just before it looked accounts or controllers up by name, as tools do",
			  NULL },
	[MARK_NTLM] = { "ntlm", 0.15, "it logged in by NTLM, which controllers do not", NULL },
	[MARK_MANY] = { "many_requests", 0.1, "more than twenty requests: the whole directory",
			NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	finding_text(f->message, sizeof(f->message),
		     "%s asked %s to replicate the directory (requests: %u): this gives away "
		     "password hashes",
		     from, to, a->number);
}

static const struct acts_rule rule = {
	.step = { .detector = "dcsync",
		  .rule = "dcsync",
		  .title = "Directory replicated by no domain controller (DCSync)",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1003.006" },
		  .tactic = "TA0006",
		  .unseen = "which accounts were asked for",
		  .next_steps = { "Find out whether the host is a domain controller or synchronises "
				  "the directory by intention; except it then",
				  "Event 4662 on the controller names the account that has the "
				  "right to replicate: take it away",
				  "Passwords that were given away must be changed, that of krbtgt "
				  "twice" } },
	.marks = marks,
	.habit = BIT(MARK_ASKED),
	.not_harmless = "log-ins, look-ups and management tools ask a directory by LDAP: only a "
			"domain controller replicates it",
	.message = message,
};

static void on_replication(struct state *s, const struct detect_env *env, const struct event_rpc *e)
{
	if (controllers_has(&s->controllers, &e->e, &e->e.src) ||
	    (e->is_answered && e->answer_len == 0))
		return;
	struct act *a = acts_of(&s->acts, env, &e->e, false);
	if (!a)
		return;
	uint32_t found = BIT(MARK_ASKED);
	a->is_sealed |= e->is_sealed;
	if (controllers_settled(&s->controllers, env))
		found |= BIT(MARK_SETTLED);
	if (e->auth_type == AUTH_NTLM)
		found |= BIT(MARK_NTLM);
	if (++a->number >= MANY)
		found |= BIT(MARK_MANY);
	acts_note(&s->acts, env, &e->e, a, found);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	static const char *const operations[] = { "DRSGetNCChanges", "DRSCrackNames",
						  "DRSDomainControllerInfo", NULL };
	struct state *s = state;
	const struct event_rpc *e = (const struct event_rpc *)event;
	controllers_event(&s->controllers, env, event);
	if (!act_is_admin_call(event, "drsuapi"))
		return;
	int op = act_operation(e, operations);
	if (op == 0) {
		on_replication(s, env, e);
	} else if (op > 0) {
		struct act *a = acts_of(&s->acts, env, event, false);
		if (a && !(a->marks & BIT(MARK_LOOKUP)))
			acts_note(&s->acts, env, event, a, BIT(MARK_LOOKUP));
	}
}

static int init(void *state, const void *params, const struct detect_env *env)
{
	struct state *s = state;
	int r = controllers_init(&s->controllers, env);
	return r ? r : acts_init(&s->acts, &rule, params, env);
}

static void deinit(void *state)
{
	struct state *s = state;
	acts_deinit(&s->acts);
	controllers_deinit(&s->controllers);
}

static void keep(void *state, struct keep_list *list)
{
	struct state *s = state;
	acts_keep(&s->acts, list, "dcsync.pairs");
	controllers_keep(&s->controllers, list, "dcsync.controllers");
}

const struct detector dcsync_detector = {
	.name = "dcsync",
	.title = "Directory replicated by no domain controller (DCSync)",
	.idea = "Learns which hosts serve a domain, and looks for others that ask to replicate it",
	.params = acts_param_table,
	.params_size = sizeof(struct acts_params),
	.state_size = sizeof(struct state),
	.wants = CONTROLLERS_WANTS,
	.init = init,
	.deinit = deinit,
	.on_event = on_event,
	.keep = keep,
	.counters = acts_counters,
};
