/*
 * detect/domain_enumeration.c - accounts, groups, sessions and services that are asked for.
 *
 * Idea: who wants to move on asks first: which accounts and groups there are (MS-SAMR, MS-LSAT),
 * who is logged in where (MS-SRVS sessions, MS-WKST users), which shares and which remote services
 * a host has.  Each question has an innocent use; the more kinds of them one host asks another, and
 * the more often, the less innocent.  Lists of what every remote service of a host is (ept_lookup)
 * are asked by scanners alone: programs ask for the one they want (ept_map).
 * Evasion: LDAP; few questions a day; encryption of the whole connection.
 * False alarms: file servers of other makers that resolve accounts by SAMR all day (look-ups weigh
 * little), inventory, vulnerability scanners.
 */
#include <string.h>

#include "acts.h"

enum mark {
	MARK_USERS,
	MARK_GROUPS,
	MARK_MEMBERS,
	MARK_ACCOUNT,
	MARK_POWERFUL,
	MARK_LOOKUPS,
	MARK_MANY_LOOKUPS,
	MARK_RIGHTS,
	MARK_SESSIONS,
	MARK_LOGGED_IN,
	MARK_SHARES,
	MARK_SHARES_OFTEN,
	MARK_POLICY,
	MARK_ENDPOINTS,
	MARK_TRUSTS,
	MARK_GROUPS_OF,
	MARK_RULERS,
	MARK_SERVICES,
	MARK_REFUSED,
	MARK_GOT_IN,
};

#define BIT(m)               (1u << (m))
#define STATUS_ACCESS_DENIED 0xc0000022u
#define LOOKUPS              40u
#define MANY_LOOKUPS         200u
#define SHARES_OFTEN         12u
#define SHARE_STEP           0x10000u /* of act.number: the upper half counts questions about shares */

static const struct acts_mark marks[] = {
	[MARK_USERS] = { "users_listed", 0.25, "all users were asked for", "T1087.002" },
	[MARK_GROUPS] = { "groups_listed", 0.1, "all groups were asked for", "T1069.002" },
	[MARK_MEMBERS] = { "members_listed", 0.15, "members of groups were asked for",
			   "T1069.002" },
	[MARK_ACCOUNT] = { "account_described", 0.25,
			   "an account was asked for with its settings and rights", "T1087.002" },
	[MARK_POWERFUL] = { "powerful_accounts", 0.25,
			    "it was about accounts or groups that rule a domain", NULL },
	[MARK_LOOKUPS] = { "many_lookups", 0.2, "dozens of names or identifiers were resolved",
			   "T1087.002" },
	[MARK_MANY_LOOKUPS] = { "lookup_sweep", 0.35, "hundreds of them", NULL },
	[MARK_RIGHTS] = { "rights_asked", 0.15, "rights of accounts were asked for", "T1087" },
	[MARK_SESSIONS] = { "sessions_asked", 0.2, "who has sessions there was asked for",
			    "T1049" },
	[MARK_LOGGED_IN] = { "users_asked", 0.2, "who is logged in there was asked for", "T1033" },
	[MARK_SHARES] = { "shares_listed", 0.1, "its shares were asked for", "T1135" },
	[MARK_SHARES_OFTEN] = { "shares_often", 0.25, "a dozen questions about shares", NULL },
	[MARK_POLICY] = { "policy_asked", 0.1, "the password policy was asked for", "T1201" },
	[MARK_ENDPOINTS] = { "services_listed", 0.5,
			     "all remote services of the host were asked for", "T1046" },
	[MARK_TRUSTS] = { "trusts_listed", 0.15, "trusted domains were asked for", "T1482" },
	[MARK_GROUPS_OF] = { "groups_of_account", 0.15, "all groups of an account were asked for",
			     "T1069.002" },
	[MARK_RULERS] = { "rulers_listed", 0.1,
			  "the members of a group that rules the domain were asked for", NULL },
	[MARK_SERVICES] = { "services_of_host", 0.35, "all services of the host were listed",
			    "T1007" },
	[MARK_REFUSED] = { "share_refused", 0.25, "a share for administrators was refused",
			   "T1021.002" },
	[MARK_GOT_IN] = { "share_opened", 0.2, "and opened later, by another log-in", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	if (a->marks & BIT(MARK_ENDPOINTS))
		finding_text(f->message, sizeof(f->message),
			     "%s asked %s for all of its remote services%s", from, to,
			     a->marks & ~BIT(MARK_ENDPOINTS) ? ", and for accounts or shares" : "");
	else
		finding_text(
			f->message, sizeof(f->message),
			"%s asked %s %u questions about accounts, groups, sessions or shares%s%s",
			from, to, a->count, a->detail[0] ? ", one about " : "", a->detail);
}

static const struct acts_rule rule = {
	.step = { .detector = "domain_enumeration",
		  .rule = "domain_enumeration",
		  .title = "Accounts, groups or services listed from afar",
		  .class = FINDING_RECON,
		  .techniques = { NULL },
		  .tactic = "TA0007",
		  .unseen = "questions that went by LDAP, or encrypted",
		  .next_steps = { "Find out whether the host is an inventory or a scanner; except "
				  "it then",
				  "Look what it reached afterwards: the answer is the map of the "
				  "next steps" } },
	.marks = marks,
	.habit = ~0u,
	.not_harmless = "programs resolve the account or service that they need; people and tools "
			"that look around ask for all of them",
	.message = message,
};

static const struct question {
	const char *interface, *operation;
	uint8_t mark;
} questions[] = {
	{ "samr", "SamrEnumerateUsersInDomain", MARK_USERS },
	{ "samr", "SamrQueryDisplayInformation", MARK_USERS },
	{ "samr", "SamrQueryDisplayInformation2", MARK_USERS },
	{ "samr", "SamrQueryDisplayInformation3", MARK_USERS },
	{ "samr", "SamrEnumerateGroupsInDomain", MARK_GROUPS },
	{ "samr", "SamrEnumerateAliasesInDomain", MARK_GROUPS },
	{ "samr", "SamrGetMembersInGroup", MARK_MEMBERS },
	{ "samr", "SamrGetMembersInAlias", MARK_MEMBERS },
	{ "samr", "SamrQuerySecurityObject", MARK_ACCOUNT },
	{ "samr", "SamrGetGroupsForUser", MARK_GROUPS_OF },
	{ "samr", "SamrQueryInformationDomain", MARK_POLICY },
	{ "samr", "SamrQueryInformationDomain2", MARK_POLICY },
	{ "samr", "SamrGetDomainPasswordInformation", MARK_POLICY },
	{ "samr", "SamrLookupNamesInDomain", MARK_LOOKUPS },
	{ "samr", "SamrLookupIdsInDomain", MARK_LOOKUPS },
	{ "samr", "SamrOpenUser", MARK_LOOKUPS },
	{ "lsarpc", "LsarLookupSids", MARK_LOOKUPS },
	{ "lsarpc", "LsarLookupSids2", MARK_LOOKUPS },
	{ "lsarpc", "LsarLookupNames", MARK_LOOKUPS },
	{ "lsarpc", "LsarLookupNames2", MARK_LOOKUPS },
	{ "lsarpc", "LsarLookupNames3", MARK_LOOKUPS },
	{ "lsarpc", "LsarEnumerateAccounts", MARK_RIGHTS },
	{ "lsarpc", "LsarEnumerateAccountRights", MARK_RIGHTS },
	{ "lsarpc", "LsarEnumerateAccountsWithUserRight", MARK_RIGHTS },
	{ "lsarpc", "LsarEnumeratePrivilegesAccount", MARK_RIGHTS },
	{ "lsarpc", "LsarEnumerateTrustedDomainsEx", MARK_TRUSTS },
	{ "lsarpc", "LsarEnumerateTrustedDomains", MARK_TRUSTS },
	{ "srvsvc", "NetrSessionEnum", MARK_SESSIONS },
	{ "srvsvc", "NetrConnectionEnum", MARK_SESSIONS },
	{ "srvsvc", "NetrShareEnum", MARK_SHARES },
	{ "srvsvc", "NetrShareEnumSticky", MARK_SHARES },
	{ "srvsvc", "NetrShareGetInfo", MARK_SHARES },
	{ "wkssvc", "NetrWkstaUserEnum", MARK_LOGGED_IN },
	{ "epmapper", "ept_lookup", MARK_ENDPOINTS },
	{ "svcctl", "REnumServicesStatusW", MARK_SERVICES },
	{ "svcctl", "REnumServicesStatusA", MARK_SERVICES },
	{ "svcctl", "REnumServicesStatusExW", MARK_SERVICES },
	{ "svcctl", "REnumServicesStatusExA", MARK_SERVICES },
};

static const struct question *find_question(const struct event_rpc *e)
{
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (step_is(&e->e, &e->operation, questions[i].operation) &&
		    step_is(&e->e, &e->interface, questions[i].interface))
			return &questions[i];
	return NULL;
}

/* Names of accounts and groups that every domain has, and that rule it. */
static bool is_powerful(const struct event_rpc *e)
{
	static const char *const names[] = { "domain admins",
					     "enterprise admins",
					     "schema admins",
					     "administrators",
					     "krbtgt",
					     "backup operators",
					     "account operators",
					     "dnsadmins",
					     NULL };
	static const char *const rids[] = { "rid 512", "rid 519", "rid 518",
					    "rid 544", "rid 502", NULL };
	char text[ACTS_DETAIL];
	(void)step_string(text, sizeof(text), &e->e, &e->object);
	for (size_t i = 0; rids[i]; i++)
		if (strcmp(text, rids[i]) == 0)
			return true;
	return act_has_word(text, names);
}

/* The group that was opened last, by its number. */
static bool rules_domain(const char *detail)
{
	return strcmp(detail, "rid 512") == 0 || strcmp(detail, "rid 518") == 0 ||
	       strcmp(detail, "rid 519") == 0;
}

/* Look-ups and questions about shares tell by their number alone. */
static uint32_t marks_of(struct act *a, uint8_t mark)
{
	if (mark == MARK_LOOKUPS) {
		a->number += a->number % SHARE_STEP < SHARE_STEP - 1;
		uint32_t count = a->number % SHARE_STEP;
		return count >= MANY_LOOKUPS ? BIT(MARK_LOOKUPS) | BIT(MARK_MANY_LOOKUPS) :
		       count >= LOOKUPS      ? BIT(MARK_LOOKUPS) :
					       0;
	}
	if (mark == MARK_SHARES && a->number < UINT32_MAX - SHARE_STEP) {
		a->number += SHARE_STEP;
		if (a->number / SHARE_STEP >= SHARES_OFTEN)
			return BIT(MARK_SHARES) | BIT(MARK_SHARES_OFTEN);
	}
	return BIT(mark);
}

/* Shares for administrators: C$, ADMIN$. */
static bool is_admin_share(const struct event_smb *e)
{
	const uint8_t *share = event_str_data(&e->e, &e->share);
	return step_is(&e->e, &e->share, "ADMIN$") ||
	       (e->share.off && e->share.len == 2 && share[1] == '$');
}

/* Tried in vain, and then with success: somebody has other means now. */
static void on_tree(struct acts *s, const struct detect_env *env, const struct event_smb *e)
{
	if (e->act != SMB_TREE || !is_admin_share(e))
		return;
	bool is_refused = e->status == STATUS_ACCESS_DENIED;
	struct act *a =
		is_refused ? acts_of(s, env, &e->e, false) : acts_known(s, env, &e->e, false);
	if (!a)
		return;
	if (is_refused)
		acts_note(s, env, &e->e, a, BIT(MARK_REFUSED));
	else if (e->status == 0 && a->marks & BIT(MARK_REFUSED))
		acts_note(s, env, &e->e, a, BIT(MARK_GOT_IN));
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	const struct event_rpc *e = (const struct event_rpc *)event;
	if (event->kind == EVENT_SMB) {
		on_tree(state, env, (const struct event_smb *)event);
		return;
	}
	if (e->act != RPC_CALL)
		return;
	const struct question *q = find_question(e);
	bool is_group =
		act_is_call(event, "samr") && (step_is(event, &e->operation, "SamrOpenGroup") ||
					       step_is(event, &e->operation, "SamrOpenAlias"));
	if (!q && !is_group)
		return;
	struct act *a = acts_of(state, env, event, false);
	if (!a)
		return;
	uint32_t found = q ? marks_of(a, q->mark) : 0;
	a->is_sealed |= e->is_sealed;
	if (is_powerful(e)) {
		(void)step_string(a->detail, sizeof(a->detail), event, &e->object);
		found |= BIT(MARK_POWERFUL);
	}
	if (q && q->mark == MARK_MEMBERS && rules_domain(a->detail))
		found |= BIT(MARK_RULERS);
	if (found)
		acts_note(state, env, event, a, found);
	else
		a->steady_ns = env->steady_ns;
}

ACTS_DETECTOR(domain_enumeration, "Accounts, groups or services listed from afar",
	      "Adds up the kinds of questions that a host asks another about accounts, groups, "
	      "sessions, shares and remote services",
	      1ull << EVENT_RPC | 1ull << EVENT_SMB, on_event);
