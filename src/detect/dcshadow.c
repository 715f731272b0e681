/*
 * detect/dcshadow.c - a host that makes itself a domain controller to push changes.
 *
 * Idea: DCShadow adds a server to the configuration, has a real controller replicate from it
 * (IDL_DRSReplicaAdd, MS-DRSR 4.1.19), and takes it away again.  The order comes from a host that
 * serves no domain and names itself as the source; the controller then asks it back.  The order
 * and its removal within minutes are what no real controller does.
 * Evasion: using a host that is a controller.  False alarms: the promotion of a new controller,
 * which adds an entry and a replica and keeps them.
 */
#include "acts.h"
#include "controllers.h"

enum mark { MARK_ADDED, MARK_ENTRY, MARK_REMOVED, MARK_PULLED, MARK_NTLM, MARK_REFUSED };

#define BIT(m)    (1u << (m))
#define AUTH_NTLM 10

struct state {
	struct acts acts;
	struct controllers controllers;
};

static const struct acts_mark marks[] = {
	[MARK_ADDED] = { "source_added", 0.5,
			 "a host that serves no domain had itself added as a source of replication",
			 NULL },
	[MARK_ENTRY] = { "entry_added", 0.2, "it added a server to the configuration", NULL },
	[MARK_REMOVED] = { "source_removed", 0.3, "and removed it again within minutes", NULL },
	[MARK_PULLED] = { "asked_back", 0.25, "the controller came to fetch changes from it",
			  NULL },
	[MARK_NTLM] = { "ntlm", 0.1, "it logged in by NTLM, which controllers do not", NULL },
	[MARK_REFUSED] = { "refused", -0.1, "the controller refused by a fault", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	finding_text(f->message, sizeof(f->message),
		     "%s %s %s replicate from it%s%s: changes to the directory can be pushed so",
		     from, a->marks & BIT(MARK_REFUSED) ? "tried to have" : "had", to,
		     a->marks & BIT(MARK_PULLED) ? ", was asked for changes" : "",
		     a->marks & BIT(MARK_REMOVED) ? " and removed itself again" : "");
}

static const struct acts_rule rule = {
	.step = { .detector = "dcshadow",
		  .rule = "dcshadow",
		  .title = "Changes pushed by a false domain controller (DCShadow)",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1207" },
		  .tactic = "TA0005",
		  .unseen = "which objects were changed",
		  .next_steps = { "Compare the directory with a backup: group members, SID history, "
				  "primary groups, passwords; such changes leave no event",
				  "Events 4742 and 5137 on the controller show the server object "
				  "that came and went" } },
	.marks = marks,
	.not_harmless = "a host that becomes a domain controller stays one; sources of replication "
			"are arranged among controllers that serve the domain",
	.message = message,
};

static void on_back(struct state *s, const struct detect_env *env, const struct event *e)
{
	struct act *a = acts_known(&s->acts, env, e, true);
	if (a && (a->marks & BIT(MARK_ADDED)) && !(a->marks & BIT(MARK_PULLED)))
		acts_note(&s->acts, env, e, a, BIT(MARK_PULLED));
}

static void on_order(struct state *s, const struct detect_env *env, const struct event_rpc *e,
		     int op)
{
	struct act *a = op == 1 ? acts_known(&s->acts, env, &e->e, false) :
				  acts_of(&s->acts, env, &e->e, false);
	if (!a || (op == 1 && !(a->marks & BIT(MARK_ADDED))) ||
	    (!a->marks && controllers_has(&s->controllers, &e->e, &e->e.src)))
		return;
	uint32_t found = BIT(op == 0 ? MARK_ADDED : op == 1 ? MARK_REMOVED : MARK_ENTRY);
	if (e->act == RPC_FAULT && op != 0)
		return;
	if (e->act == RPC_FAULT && !(a->marks & BIT(MARK_ADDED)))
		found |= BIT(MARK_REFUSED);
	if (e->act != RPC_FAULT)
		a->marks &= ~BIT(MARK_REFUSED); /* this one went through */
	a->is_sealed |= e->is_sealed;
	if (e->auth_type == AUTH_NTLM)
		found |= BIT(MARK_NTLM);
	acts_note(&s->acts, env, &e->e, a, found);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	static const char *const operations[] = { "DRSReplicaAdd", "DRSReplicaDel", "DRSAddEntry",
						  NULL };
	struct state *s = state;
	const struct event_rpc *e = (const struct event_rpc *)event;
	bool is_order = act_is_admin_try(event, "drsuapi");
	int op = is_order ? act_operation(e, operations) : -1;
	if (op >= 0)
		on_order(s, env, e, op);
	else if (event->kind == EVENT_RPC && (e->act == RPC_MAPPED || e->act == RPC_CALL) &&
		 (is_order || step_is(event, &e->interface, "epmapper")))
		on_back(s, env, event);
	controllers_event(&s->controllers, env, event);
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
	acts_keep(&s->acts, list, "dcshadow.pairs");
	controllers_keep(&s->controllers, list, "dcshadow.controllers");
}

const struct detector dcshadow_detector = {
	.name = "dcshadow",
	.title = "Changes pushed by a false domain controller (DCShadow)",
	.idea = "Looks for hosts that serve no domain and have a controller replicate from them",
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
