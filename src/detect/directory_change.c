/*
 * detect/directory_change.c - changes of a directory that give somebody power.
 *
 * Idea: some attributes of Active Directory decide who may act for whom, and hardly anybody writes
 * them: who may log in to a computer as any user (msDS-AllowedToActOnBehalfOfOtherIdentity, MS-SFU
 * 3.2.5.2.2), a second key of an account (msDS-KeyCredentialLink, "shadow credentials", Elad Shamir
 * 2021), access rights, certificates that stand for an account (altSecurityIdentities), templates
 * of certificates (Schroeder and Christensen 2021, ESC4), members of the groups that rule, names
 * that only a machine has (CVE-2021-42278), records of DNS for a name that everybody looks for.
 * Read from modify and add requests.
 * Evasion: sealed sessions, which Windows' own programs use; LDAPS.
 * False alarms: identity management that writes without a seal: it has a habit; what computers and
 * consoles of administration write is sealed.
 */
#include <string.h>
#include <strings.h>

#include "acts.h"

enum mark {
	MARK_DELEGATION,
	MARK_KEY,
	MARK_RIGHTS,
	MARK_ROOT,
	MARK_CERTIFICATE,
	MARK_TEMPLATE,
	MARK_MEMBER,
	MARK_COMPUTER,
	MARK_RENAMED,
	MARK_SERVICE,
	MARK_TRUSTED,
	MARK_RECORD,
	MARK_WANTED,
	MARK_POLICY,
	MARK_LOG_IN,
};

#define BIT(m)     (1u << (m))
#define NAME_READ  512
#define NAMES_READ 1024

static const struct acts_mark marks[] = {
	[MARK_DELEGATION] = { "delegation", 0.6,
			      "who may log in to a computer in the name of anybody was set",
			      "T1098" },
	[MARK_KEY] = { "second_key", 0.55, "an account was given a second key to log in with",
		       "T1556" },
	[MARK_RIGHTS] = { "rights", 0.4, "access rights of an object were set", "T1222.001" },
	[MARK_ROOT] = { "whole_domain", 0.35,
			"the object is the domain itself, or protects all "
			"administrators",
			NULL },
	[MARK_CERTIFICATE] = { "certificate", 0.5, "a certificate was made to stand for an account",
			       "T1649" },
	[MARK_TEMPLATE] = { "template", 0.55, "a template of certificates was changed", "T1649" },
	[MARK_MEMBER] = { "powerful_group", 0.6,
			  "a member was added to a group that rules the domain", "T1098" },
	[MARK_COMPUTER] = { "computer_made", 0.1, "a computer account was made", "T1136.002" },
	[MARK_RENAMED] = { "renamed", 0.5,
			   "a computer account was given a name without the sign of one: it can "
			   "pass for a controller",
			   "T1068" },
	[MARK_SERVICE] = { "service_name", 0.2, "a service name was given to an account",
			   "T1558.003" },
	[MARK_TRUSTED] = { "trusted", 0.4, "an account was allowed to act for others", "T1098" },
	[MARK_RECORD] = { "record", 0.35, "a record of DNS was put into the directory", "T1557" },
	[MARK_WANTED] = { "wanted_name", 0.3,
			  "of a name that hosts look for by themselves, or of all names", NULL },
	[MARK_POLICY] = { "group_policy", 0.35, "what a group policy carries out was changed",
			  "T1484.001" },
	[MARK_LOG_IN] = { "log_in_script", 0.35, "a script was set for when a user logs in",
			  "T1037" },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	if (a->object[0])
		finding_text(f->object, sizeof(f->object), "%s", a->object);
	finding_text(f->message, sizeof(f->message), "%s changed %s of %s in the directory %s",
		     from, a->detail, a->object[0] ? a->object : "an object", to);
}

static const struct acts_rule rule = {
	.step = { .detector = "directory_change",
		  .rule = "directory_change",
		  .title = "Directory changed so that it gives power",
		  .class = FINDING_LATERAL,
		  .techniques = { NULL },
		  .tactic = "TA0003",
		  .unseen = "the value that was set; changes in sealed sessions",
		  .next_steps = { "Event 5136 of the controller names who changed what to which "
				  "value; set it back",
				  "Look for tickets and log-ins to the object in the name of "
				  "others since" } },
	.marks = marks,
	.habit = ~0u,
	.not_harmless = "what Windows and its consoles write is sealed, and ordinary programs look "
			"up and do not write; these attributes decide who may act as whom",
	.message = message,
};

/* Names in lower case; of a class or account also its value. */
static const struct {
	const char *name; /* with its comma or '=' before what may follow */
	uint8_t mark;
} attributes[] = {
	{ "msds-allowedtoactonbehalfofotheridentity", MARK_DELEGATION },
	{ "msds-keycredentiallink", MARK_KEY },
	{ "ntsecuritydescriptor", MARK_RIGHTS },
	{ "altsecurityidentities", MARK_CERTIFICATE },
	{ "mspki-certificate-name-flag", MARK_TEMPLATE },
	{ "mspki-enrollment-flag", MARK_TEMPLATE },
	{ "pkiextendedkeyusage", MARK_TEMPLATE },
	{ "mspki-certificate-application-policy", MARK_TEMPLATE },
	{ "serviceprincipalname", MARK_SERVICE },
	{ "msds-allowedtodelegateto", MARK_TRUSTED },
	{ "dnsrecord", MARK_RECORD },
	{ "gpcmachineextensionnames", MARK_POLICY },
	{ "gpcuserextensionnames", MARK_POLICY },
	{ "gpcfilesyspath", MARK_POLICY },
	{ "scriptpath", MARK_LOG_IN },
};

static const char *lower(char *dst, size_t size, const struct event *e, const struct event_str *s)
{
	(void)step_string(dst, size, e, s);
	for (char *p = dst; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	return dst;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* One of the names between commas, whole. */
static bool has_name(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = list; at; at = strchr(at, ','), at = at ? at + 1 : NULL)
		if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0'))
			return true;
	return false;
}

static bool is_ruling_group(const char *object)
{
	static const char *const groups[] = { "cn=domain admins,",
					      "cn=enterprise admins,",
					      "cn=schema admins,",
					      "cn=administrators,",
					      "cn=account operators,",
					      "cn=backup operators,",
					      "cn=server operators,",
					      "cn=dnsadmins,",
					      "cn=group policy creator owners,",
					      "cn=key admins,",
					      "cn=enterprise key admins,",
					      NULL };
	for (size_t i = 0; groups[i]; i++)
		if (begins(object, groups[i]))
			return true;
	return false;
}

/* "sAMAccountName=dc1" of an object that was a computer's. */
static bool is_renamed(const char *list, const char *object)
{
	const char *at = strstr(list, "samaccountname=");
	if (!at || (!strstr(object, "cn=computers,") && !strstr(object, "domain controllers,")))
		return false;
	size_t n = strcspn(at, ",");
	return n > strlen("samaccountname=") && at[n - 1] != '$';
}

static uint32_t marks_of_record(const char *object)
{
	static const char *const wanted[] = { "dc=*,", "dc=wpad,", "dc=isatap,", "dc=wpad.", NULL };
	for (size_t i = 0; wanted[i]; i++)
		if (begins(object, wanted[i]))
			return BIT(MARK_RECORD) | BIT(MARK_WANTED);
	return BIT(MARK_RECORD);
}

static uint32_t marks_of_add(const char *list, const char *object)
{
	if (has_name(list, "objectclass=dnsnode"))
		return marks_of_record(object);
	return has_name(list, "objectclass=computer") ? BIT(MARK_COMPUTER) : 0;
}

static uint32_t marks_of_change(const char *list, const char *object)
{
	uint32_t found = 0;
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (has_name(list, attributes[i].name))
			found |= BIT(attributes[i].mark);
	if (found & BIT(MARK_RECORD))
		found |= marks_of_record(object);
	if ((found & BIT(MARK_RIGHTS)) &&
	    (begins(object, "dc=") || begins(object, "cn=adminsdholder,")))
		found |= BIT(MARK_ROOT);
	if (has_name(list, "member") && is_ruling_group(object))
		found |= BIT(MARK_MEMBER);
	if (is_renamed(list, object))
		found |= BIT(MARK_RENAMED);
	return found;
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	const struct event_ldap *e = (const struct event_ldap *)event;
	char list[NAMES_READ], object[NAME_READ];
	if (e->is_response || (e->operation != LDAP_MODIFY && e->operation != LDAP_ADD))
		return;
	lower(list, sizeof(list), event, &e->attributes);
	lower(object, sizeof(object), event, &e->base);
	uint32_t found = e->operation == LDAP_ADD ? marks_of_add(list, object) :
						    marks_of_change(list, object);
	struct act *a = found ? acts_of(state, env, event, false) : NULL;
	if (!a)
		return;
	(void)step_string(a->object, sizeof(a->object), event, &e->base);
	if (e->operation == LDAP_ADD)
		finding_text(a->detail, sizeof(a->detail), "the existence");
	else
		(void)step_string(a->detail, sizeof(a->detail), event, &e->attributes);
	acts_note(state, env, event, a, found);
}

ACTS_DETECTOR(directory_change, "Directory changed so that it gives power",
	      "Looks for changes of a directory that let somebody act as others: delegation, keys, "
	      "rights, certificates, ruling groups, records of DNS",
	      1ull << EVENT_LDAP, on_event);
