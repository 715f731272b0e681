/*
 * detect/account_tamper.c - accounts that are made, given rights or passwords through SAMR.
 *
 * Idea: MS-SAMR sets passwords (SamrSetInformationUser2), makes accounts and adds members to
 * groups.  Setting the hash itself (UserInternal1Information) is what only attack tools do; members
 * of the groups that rule a domain are added rarely; a computer account that exists gets a new
 * password from itself (Netlogon), not from another host.
 * Evasion: LDAP, Kerberos password change, encryption.  False alarms: domain joins, which make a
 * computer account and set its password, score below what is told; help desks, which have a habit.
 */
#include <string.h>

#include "acts.h"

enum mark {
	MARK_PASSWORD,
	MARK_HASH,
	MARK_OLD_CHANGE,
	MARK_COMPUTER,
	MARK_SECRET,
	MARK_CREATED,
	MARK_MEMBER,
	MARK_RULES,
};

#define BIT(m)      (1u << (m))
#define JOINING     1u /* act.number: a computer account is being made */
#define IS_COMPUTER 2u /* the account looked up is a computer's */
#define IS_POWERFUL 4u /* the group that was opened rules the domain or the host */
#define RID_ALIAS   544
#define RID_ADMINS  512

static const struct acts_mark marks[] = {
	[MARK_PASSWORD] = { "password_set", 0.3, "a password was set from afar", "T1098" },
	[MARK_HASH] = { "hash_set", 0.6, "the hash itself was set, without a password", "T1098" },
	[MARK_OLD_CHANGE] = { "hash_changed", 0.5,
			      "a password was changed by its hash, as no program does any more",
			      "T1098" },
	[MARK_COMPUTER] = { "computer", 0.2,
			    "of a computer account that exists: computers set theirs themselves",
			    NULL },
	[MARK_SECRET] = { "secret_set", 0.25, "a secret of LSA was set as well", NULL },
	[MARK_CREATED] = { "account_created", 0.4, "an account of a person was made from afar",
			   "T1136" },
	[MARK_MEMBER] = { "member_added", 0.3, "a member was added to a group from afar", "T1098" },
	[MARK_RULES] = { "powerful_group", 0.3, "the group rules the host or the domain", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	const char *what = a->marks & (BIT(MARK_HASH) | BIT(MARK_OLD_CHANGE)) ?
				   "set the password hash of an account" :
			   a->marks & BIT(MARK_MEMBER)   ? "added a member to a group" :
			   a->marks & BIT(MARK_CREATED)  ? "made an account" :
			   a->marks & BIT(MARK_PASSWORD) ? "set the password of an account" :
							   "set a secret";
	finding_text(f->message, sizeof(f->message), "%s %s on %s%s", from, what, to,
		     a->marks & BIT(MARK_COMPUTER) ? " (a computer's)" : "");
}

static const struct acts_rule rule = {
	.step = { .detector = "account_tamper",
		  .rule = "account_tamper",
		  .title = "Account changed from afar",
		  .class = FINDING_LATERAL,
		  .techniques = { NULL },
		  .tactic = "TA0003",
		  .unseen = "the name of the account, which is not shown",
		  .next_steps = { "Events 4720, 4723, 4724, 4728 and 4732 of the host name the "
				  "account and who changed it",
				  "Ask the owner of that log-in whether it was theirs" } },
	.marks = marks,
	.habit = BIT(MARK_PASSWORD) | BIT(MARK_CREATED) | BIT(MARK_MEMBER),
	.not_harmless = "directory tools write by LDAP, users change their own password with the "
			"old one, and a join makes its computer account first",
	.message = message,
};

/* What was looked up or opened before a change. */
static void remember(struct act *a, const struct event_rpc *e, bool is_lookup)
{
	unsigned rid = 0;
	char text[ACTS_OBJECT];
	(void)step_string(text, sizeof(text), &e->e, &e->object);
	size_t len = strlen(text);
	a->number &= ~(is_lookup ? IS_COMPUTER : IS_POWERFUL);
	if (is_lookup) {
		if (len && text[len - 1] == '$')
			a->number |= IS_COMPUTER;
		return;
	}
	if (strncmp(text, "rid ", 4) == 0)
		for (const char *p = text + 4; *p >= '0' && *p <= '9' && rid < 100000; p++)
			rid = rid * 10 + (unsigned)(*p - '0');
	if (rid == RID_ALIAS || (rid >= RID_ADMINS && rid <= 526))
		a->number |= IS_POWERFUL;
}

static uint32_t marks_of_set(struct act *a, const struct event_rpc *e)
{
	uint32_t found = BIT(MARK_PASSWORD);
	if (step_is(&e->e, &e->detail, "class 18"))
		found = BIT(MARK_HASH);
	else if (e->detail.off && !step_is(&e->e, &e->detail, "class 23") &&
		 !step_is(&e->e, &e->detail, "class 24") &&
		 !step_is(&e->e, &e->detail, "class 25") && !step_is(&e->e, &e->detail, "class 26"))
		return 0;
	if ((a->number & IS_COMPUTER) && !(a->number & JOINING))
		found |= BIT(MARK_COMPUTER);
	return found;
}

static uint32_t marks_of_call(struct act *a, const struct event_rpc *e, int op)
{
	char name[ACTS_OBJECT];
	switch (op) {
	case 0:
	case 1:
		return marks_of_set(a, e);
	case 2:
		return BIT(MARK_OLD_CHANGE);
	case 3:
	case 4:
		(void)step_string(name, sizeof(name), &e->e, &e->object);
		if (!name[0] || name[strlen(name) - 1] == '$') {
			a->number |= JOINING;
			return 0;
		}
		return BIT(MARK_CREATED);
	case 5:
	case 6:
	case 7:
		return BIT(MARK_MEMBER) | (a->number & IS_POWERFUL ? BIT(MARK_RULES) : 0);
	case 8:
		remember(a, e, true);
		return 0;
	case 9:
	case 10:
		remember(a, e, false);
		return 0;
	default:
		return 0;
	}
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	static const char *const operations[] = {
		"SamrSetInformationUser2", "SamrSetInformationUser",
		"SamrChangePasswordUser",  "SamrCreateUser2InDomain",
		"SamrCreateUserInDomain",  "SamrAddMemberToGroup",
		"SamrAddMemberToAlias",    "SamrAddMultipleMembersToAlias",
		"SamrLookupNamesInDomain", "SamrOpenGroup",
		"SamrOpenAlias",           NULL
	};
	static const char *const secrets[] = { "LsarSetSecret", "LsarStorePrivateData", NULL };
	const struct event_rpc *e = (const struct event_rpc *)event;
	bool is_secret = act_is_admin_call(event, "lsarpc") && act_operation(e, secrets) >= 0;
	int op = act_is_admin_call(event, "samr") ? act_operation(e, operations) : -1;
	if (op < 0 && !is_secret)
		return;
	struct act *a = acts_of(state, env, event, false);
	if (!a)
		return;
	uint32_t found = is_secret ? BIT(MARK_SECRET) : marks_of_call(a, e, op);
	bool is_refused = e->is_answered && !e->is_sealed && e->status;
	a->is_sealed |= e->is_sealed && found;
	if (found && !is_refused)
		acts_note(state, env, event, a, found);
}

ACTS_DETECTOR(account_tamper, "Account changed from afar",
	      "Looks for passwords and hashes that are set, accounts that are made and members "
	      "that are added to groups over the network",
	      1ull << EVENT_RPC, on_event);
