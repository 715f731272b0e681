/*
 * detect/zerologon.c - log-ins of a computer account that are guessed (CVE-2020-1472).
 *
 * Idea: Netlogon encrypts with a start vector of zeros (MS-NRPC 3.1.4.4.1): for one key in 256 a
 * credential of zeros is right for a challenge of zeros.  The attack asks for a challenge and tries
 * until one fits, about 256 times.  A credential that is eight equal bytes comes up by chance once
 * in 2^56.  Where the call is encrypted, the number of tries remains; a computer logs in once or
 * twice, and a few times more where its password no longer fits.
 * Evasion: few tries, slowly, from many hosts.  False alarms: a scanner that tests for the flaw.
 */
#include "acts.h"

enum mark {
	MARK_ZERO,
	MARK_CHALLENGE,
	MARK_MANY_ZERO,
	MARK_BURST,
	MARK_HIDDEN,
	MARK_FITS,
	MARK_PASSWORD
};

#define BIT(m)       (1u << (m))
#define BURST        12u /* tries without a pause */
#define BURST_MANY   40u
#define MANY_ZERO    4u
#define PAUSE_NS     (60ull * 1000000000ull)
#define ZERO_COUNTED 0x10000u /* of act.number: the upper half counts these */

static const struct acts_mark marks[] = {
	[MARK_ZERO] = { "chosen_credential", 0.55,
			"the client's credential is one byte eight times", NULL },
	[MARK_CHALLENGE] = { "chosen_challenge", 0.2, "so is its challenge", NULL },
	[MARK_MANY_ZERO] = { "many_chosen", 0.2, "again and again", NULL },
	[MARK_BURST] = { "burst", 0.4, "more than a dozen log-ins of a computer in a row", NULL },
	[MARK_HIDDEN] = { "long_burst", 0.25, "more than forty of them", NULL },
	[MARK_FITS] = { "accepted", 0.2, "the server accepted one that was chosen", NULL },
	[MARK_PASSWORD] = { "password_set", 0.3,
			    "after it the computer account's password was changed", "T1098" },
	{ NULL, 0, NULL, NULL },
};

static void message(struct finding *f, const struct act *a, const char *from, const char *to)
{
	finding_text(f->message, sizeof(f->message),
		     "%s tries to log in to %s as a computer (%s)%s%s; tries so far: %u", from, to,
		     a->object[0] ? a->object : "its name was not seen",
		     a->marks & BIT(MARK_ZERO) ? " with a credential that nobody computes" : "",
		     a->marks & BIT(MARK_FITS) ? " and was let in" : "", a->number % ZERO_COUNTED);
}

static const struct acts_rule rule = {
	.step = { .detector = "zerologon",
		  .rule = "zerologon",
		  .title = "Computer account guessed (Zerologon)",
		  .class = FINDING_LATERAL,
		  .techniques = { "T1210", "T1068" },
		  .tactic = "TA0008",
		  .unseen = "what was done with the account from elsewhere",
		  .next_steps = { "Look whether the domain controller has the update of August 2020 "
				  "and enforces secure channels (events 5827 to 5831)",
				  "If its password was changed (event 4742), treat the domain as "
				  "taken over: restore the account's password first" } },
	.marks = marks,
	.not_harmless =
		"a computer logs in once with a credential that it has computed; no computer "
		"computes eight equal bytes, and none tries dozens of times",
	.message = message,
};

static void on_event(void *state, const struct detect_env *env, const struct event *event)
{
	static const char *const operations[] = { "NetrServerAuthenticate",
						  "NetrServerAuthenticate2",
						  "NetrServerAuthenticate3",
						  "NetrServerReqChallenge",
						  "NetrServerPasswordSet2",
						  "NetrServerPasswordSet",
						  NULL };
	const struct event_rpc *e = (const struct event_rpc *)event;
	if (!act_is_call(event, "netlogon"))
		return;
	int op = act_operation(e, operations);
	struct act *a = op < 0 ? NULL : acts_of(state, env, event, false);
	if (!a)
		return;
	uint32_t found = 0;
	bool is_chosen = e->detail.off != 0; /* only told of equal bytes */
	if (env->steady_ns - a->steady_ns > PAUSE_NS && !(a->marks & BIT(MARK_ZERO)))
		a->number = 0;
	if (op <= 2) {
		a->number += a->number % ZERO_COUNTED < ZERO_COUNTED - 1;
		if (is_chosen && a->number < (uint32_t)INT32_MAX)
			a->number += ZERO_COUNTED;
		if (is_chosen && e->is_answered && e->status == 0)
			found |= BIT(MARK_FITS);
		if (a->number / ZERO_COUNTED >= MANY_ZERO)
			found |= BIT(MARK_MANY_ZERO);
		if (a->number % ZERO_COUNTED >= BURST)
			found |= BIT(MARK_BURST);
		if (a->number % ZERO_COUNTED >= BURST_MANY)
			found |= BIT(MARK_HIDDEN);
	} else if (op >= 4 && (a->marks & (BIT(MARK_FITS) | BIT(MARK_BURST)))) {
		found |= BIT(MARK_PASSWORD);
	}
	if (is_chosen)
		found |= BIT(op <= 2 ? MARK_ZERO : MARK_CHALLENGE);
	a->steady_ns = env->steady_ns;
	if (!found)
		return;
	act_text(a, e);
	acts_note(state, env, event, a, found);
}

ACTS_DETECTOR(zerologon, "Computer account guessed (Zerologon)",
	      "Looks for Netlogon credentials that no computer computes, and for log-ins of a "
	      "computer in a row",
	      1ull << EVENT_RPC, on_event);
