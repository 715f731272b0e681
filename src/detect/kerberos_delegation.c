/*
 * detect/kerberos_delegation.c - a service that asks for tickets in the name of others.
 *
 * Idea: a service may ask for a ticket to itself in anybody's name (S4U2self, MS-SFU 3.1.5.1.1),
 * and, where it is trusted to, turn it into one for another service (S4U2proxy, 3.1.5.2.1).  Web
 * servers do so for the people who log in to them.  Who has made a computer account and had it
 * trusted (resource-based delegation), or has stolen a service's key, does it for an administrator
 * and asks for a service that rules a host (Impacket's getST, Rubeus s4u; noPac asks for the
 * controller itself).  Asked of a ticket of its own (user to user), it gives away the hash of who
 * has logged in with a certificate (PKINITtools, certipy auth; "UnPAC the hash").
 * Evasion: an administrator by another name; a service that sounds harmless: its name in a ticket
 * can be changed afterwards.
 * False alarms: web servers that administrators use: they have a habit.
 */
#include <string.h>
#include <strings.h>

#include "acts.h"

enum mark { MARK_SELF, MARK_PROXY, MARK_POWERFUL, MARK_SERVICE, MARK_CONTROLLER, MARK_OWN };

#define BIT(m)          (1u << (m))
#define NAME_READ       128
#define ADDITIONAL_NAME 0x00020000u /* KDCOptions: cname-in-addl-tkt (MS-SFU 2.2.3) */
#define IN_SESSION_KEY  0x00000008u /* enc-tkt-in-skey: user to user (RFC 4120 5.4.1) */

static const struct acts_mark marks[] = {
	[MARK_SELF] = { "for_another", 0.1, "a ticket to itself was asked for in another's name",
			NULL },
	[MARK_PROXY] = { "passed_on", 0.1, "it was turned into one for another service", NULL },
	[MARK_POWERFUL] = { "powerful", 0.2, "the other is an administrator", NULL },
	[MARK_SERVICE] = { "ruling_service", 0.15, "the service is one that rules a host", NULL },
	[MARK_CONTROLLER] = { "controller", 0.25, "it is a service of the controller itself",
			      NULL },
	[MARK_OWN] = { "own_key", 0.45,
		       "in its own session's key: that gives away the hash of an account", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	if (a->object[0])
		finding_text(f->object, sizeof(f->object), "%s", a->object);
	finding_text(f->message, sizeof(f->message),
		     "%s asked %s for a ticket for %s in the name of %s", from, to,
		     a->object[0] ? a->object : "itself",
		     a->marks & BIT(MARK_POWERFUL) ? "an administrator" : "another");
}

static const struct acts_rule rule = {
	.step = { .detector = "kerberos_delegation",
		  .rule = "kerberos_delegation",
		  .title = "Ticket asked for in the name of another",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1558", "T1550.003" },
		  .tactic = "TA0008",
		  .unseen = "the account that asked; whether the ticket was used",
		  .next_steps = { "Event 4769 of the controller with a transited service names the "
				  "account that acts for others: is it one that may?",
				  "Look for log-ins of that administrator at the service's host from "
				  "where the ticket was asked for" } },
	.marks = marks,
	.habit = ~0u,
	.not_harmless = "a web server does so for the people who use it; here it is for who rules "
			"the domain, at a service that rules a host, or gives away a hash",
	.message = message,
};

static bool is_powerful(const char *user)
{
	static const char *const names[] = { "administrator", "administrateur", "administrador",
					     "admin",         "krbtgt",         "da" };
	size_t n = strcspn(user, "@\\/");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == n && strncasecmp(user, names[i], n) == 0)
			return true;
	return false;
}

static bool is_ruling(const char *service)
{
	static const char *const names[] = { "cifs/",  "host/", "ldap/",   "rpcss/",
					     "wsman/", "gc/",   "termsrv/" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncasecmp(service, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* "cifs/dc1.corp.example" of the host that was asked. */
static bool is_of(const struct detect_env *env, const char *service, const struct ipaddr *host)
{
	char name[NAME_READ];
	const char *slash = strchr(service, '/');
	if (!slash)
		return false;
	size_t n = strcspn(slash + 1, "/:@");
	finding_text(name, sizeof(name), "%.*s", (int)n, slash + 1);
	return act_is_host(env, name, host);
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	const struct event_kerberos *e = (const struct event_kerberos *)event;
	char service[NAME_READ], user[NAME_READ];
	if (e->message != KERBEROS_TGS_REQ)
		return;
	bool is_self = e->for_user.off != 0;
	bool is_proxy = e->has_additional_ticket && (e->options & ADDITIONAL_NAME) != 0;
	if (!is_self && !is_proxy)
		return;
	struct act *a = acts_of(state, env, event, false);
	if (!a)
		return;
	uint32_t found = (is_self ? BIT(MARK_SELF) : 0) | (is_proxy ? BIT(MARK_PROXY) : 0);
	(void)step_string(service, sizeof(service), event, &e->sname);
	(void)step_string(user, sizeof(user), event, &e->for_user);
	if (is_self && is_powerful(user))
		found |= BIT(MARK_POWERFUL);
	if (is_self && e->has_additional_ticket && (e->options & IN_SESSION_KEY))
		found |= BIT(MARK_OWN);
	if (is_ruling(service))
		found |= BIT(MARK_SERVICE);
	if (is_of(env, service, &event->dst))
		found |= BIT(MARK_CONTROLLER);
	finding_text(a->object, sizeof(a->object), "%s", service);
	acts_note(state, env, event, a, found);
}

ACTS_DETECTOR(kerberos_delegation, "Ticket asked for in the name of another",
	      "Looks for services that ask for tickets in the name of administrators, for services "
	      "that rule a host, or in a way that gives away a hash",
	      1ull << EVENT_KERBEROS, on_event);
