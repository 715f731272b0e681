/*
 * detect/certificate_request.c - certificates that are asked for in ways that Windows does not.
 *
 * Idea: a certificate of Active Directory's authority stands for its account for a year, whatever
 * becomes of the password (Schroeder and Christensen, "Certified Pre-Owned", 2021).  Windows asks
 * for one by DCOM (MS-WCCE) or, people, by a browser at /certsrv.  Tools ask by the older interface
 * ICertPassage (MS-ICPR), most over its pipe (certipy), or post the form of /certsrv with no page
 * before it (ntlmrelayx, certipy: the relay ESC8).  Calls that are not sealed can be relayed, too
 * (ESC11).  A request by DCOM is what every host does and says nothing.
 * Evasion: DCOM; HTTPS.
 * False alarms: devices and enrolment servers that use the old interface: they have a habit.
 */
#include <string.h>
#include <strings.h>

#include "acts.h"

enum mark { MARK_OLD_WAY, MARK_PIPE, MARK_NTLM, MARK_OPEN, MARK_FORM, MARK_NO_PAGE, MARK_REFUSED };

#define BIT(m)          (1u << (m))
#define AUTH_NTLM       10
#define LEVEL_INTEGRITY 5

static const struct acts_mark marks[] = {
	[MARK_OLD_WAY] = { "old_interface", 0.45,
			   "a certificate was asked for by ICertPassage; Windows asks by DCOM",
			   NULL },
	[MARK_PIPE] = { "pipe", 0.1, "over its pipe of SMB", NULL },
	[MARK_NTLM] = { "ntlm", 0.1, "with a log-in by NTLM", NULL },
	[MARK_OPEN] = { "not_signed", 0.2, "in a call that is not signed: it may be a relayed one",
			"T1557.001" },
	[MARK_FORM] = { "form", 0.25, "a request for a certificate was posted to the web form",
			NULL },
	[MARK_NO_PAGE] = { "no_page", 0.35, "by a program that saw no page before it",
			   "T1557.001" },
	[MARK_REFUSED] = { "refused", -0.1, "the authority refused", NULL },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	finding_text(f->message, sizeof(f->message),
		     "%s asked the authority %s for a certificate %s", from, to,
		     a->marks & BIT(MARK_OLD_WAY) ? "by an interface that Windows does not use" :
						    "by the web form, without its pages");
}

static const struct acts_rule rule = {
	.step = { .detector = "certificate_request",
		  .rule = "certificate_request",
		  .title = "Certificate asked for in the way of tools",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1649" },
		  .tactic = "TA0006",
		  .unseen = "in whose name it was asked for, and by which template",
		  .next_steps = { "Events 4886 and 4887 of the authority name the requester, the "
				  "template and the names in the certificate",
				  "Revoke it, and look for log-ins with a certificate (4768) from "
				  "elsewhere than its owner's host" } },
	.marks = marks,
	.habit = ~0u,
	.not_harmless =
		"hosts of the domain ask for certificates by DCOM, people by a browser that "
		"loads the pages first",
	.message = message,
};

static void on_call(struct acts *s, const struct detect_env *env, const struct event_rpc *e)
{
	if ((e->act != RPC_CALL && e->act != RPC_FAULT) || e->opnum != 0 ||
	    !step_is(&e->e, &e->interface, "ICertPassage"))
		return;
	struct act *a = acts_of(s, env, &e->e, false);
	if (!a)
		return;
	uint32_t found = BIT(MARK_OLD_WAY);
	if (e->transport == RPC_PIPE)
		found |= BIT(MARK_PIPE);
	else if (e->auth_level < LEVEL_INTEGRITY)
		found |= BIT(MARK_OPEN);
	if (e->auth_type == AUTH_NTLM)
		found |= BIT(MARK_NTLM);
	if (e->act == RPC_FAULT)
		found |= BIT(MARK_REFUSED);
	a->is_sealed |= e->is_sealed;
	acts_note(s, env, &e->e, a, found);
}

static void on_form(struct acts *s, const struct detect_env *env, const struct event_http_body *e)
{
	const char *uri = (const char *)event_str_data(&e->e, &e->uri);
	static const char form[] = "/certsrv/certfnsh.asp";
	if (e->is_response || !e->uri.off || e->uri.len < sizeof(form) - 1 ||
	    strncasecmp(uri, form, sizeof(form) - 1) != 0)
		return;
	struct act *a = acts_of(s, env, &e->e, false);
	if (!a)
		return;
	bool has_page = (e->head_marks & (HTTP_HAS_REFERRER | HTTP_HAS_ORIGIN)) != 0;
	acts_note(s, env, &e->e, a, BIT(MARK_FORM) | (has_page ? 0 : BIT(MARK_NO_PAGE)));
}

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	if (event->kind == EVENT_HTTP_BODY)
		on_form(state, env, (const struct event_http_body *)event);
	else
		on_call(state, env, (const struct event_rpc *)event);
}

ACTS_DETECTOR(
	certificate_request, "Certificate asked for in the way of tools",
	"Looks for requests for certificates of Active Directory by an interface that Windows "
	"does not use, and by the web form without its pages",
	1ull << EVENT_RPC | 1ull << EVENT_HTTP_BODY, on_event);
