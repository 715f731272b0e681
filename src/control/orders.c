/*
 * control/orders.c - the commands exceptions, reveal, snooze, unmute and verdict.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "commands.h"

static int give(struct call *c, struct control_order *o)
{
	if (!c->options->order)
		return command_fail(c, "not_supported", "this program takes no such orders", "");
	if (c->options->order(c->options->arg, o))
		return command_fail(c, "refused", o->text,
				    "exfilctl alerts and exfilctl exceptions list show the ids and "
				    "numbers");
	json_string(c->out, "message", o->text);
	if (o->number)
		json_uint(c->out, "number", o->number);
	return 0;
}

int command_snooze(struct call *c)
{
	struct control_order o = { .kind = CONTROL_SNOOZE, .seconds = c->request->seconds };
	if (!*c->request->alert || !o.seconds)
		return command_fail(c, "bad_argument", "which alert, and for how long",
				    "exfilctl alerts snooze ID 4h");
	(void)str_copy(o.alert, sizeof(o.alert), c->request->alert);
	(void)str_copy(o.reason, sizeof(o.reason),
		       *c->request->reason ? c->request->reason : "snoozed");
	return give(c, &o);
}

/* Not an admin's curiosity: without a reason there is no name. */
int command_reveal(struct call *c)
{
	struct control_order o = { .kind = CONTROL_REVEAL, .names = c->request->entries };
	if (!*c->request->alert || !*c->request->reason)
		return command_fail(c, "bad_argument", "which pseudonym, and why",
				    "exfilctl reveal user-0123456789abcdef --reason 'ticket 4711'");
	(void)str_copy(o.alert, sizeof(o.alert), c->request->alert);
	if (!c->options->order)
		return command_fail(c, "not_supported", "this program knows no users", "");
	if (c->options->order(c->options->arg, &o))
		return command_fail(c, "refused", o.text,
				    "names that came by messages are not kept: add those that it "
				    "may be, exfilctl reveal ID --reason TEXT NAME...");
	json_string(c->out, "pseudonym", o.alert);
	json_string(c->out, "user", o.text);
	json_string(c->out, "message", o.text);
	return 0;
}

int command_unmute(struct call *c)
{
	struct control_order o = { .kind = CONTROL_UNMUTE, .number = c->request->number };
	if (!o.number)
		return command_fail(c, "bad_argument", "which one: its number",
				    "exfilctl exceptions list shows the numbers");
	return give(c, &o);
}

int command_verdict(struct call *c)
{
	struct control_order o = { .kind = CONTROL_VERDICT,
				   .is_right = strcmp(c->request->kind, "true") == 0 };
	if (!*c->request->alert || (!o.is_right && strcmp(c->request->kind, "false") != 0))
		return command_fail(c, "bad_argument", "which alert, and was it true or false",
				    "exfilctl alerts verdict ID true");
	(void)str_copy(o.alert, sizeof(o.alert), c->request->alert);
	return give(c, &o);
}

int command_exceptions(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	json_uint(c->out, "silenced", s->silenced);
	json_open_array(c->out, "exceptions");
	for (uint32_t i = 0; i < s->exception_count; i++) {
		const struct snap_exception *x = &s->exceptions[i];
		json_open_object(c->out, NULL);
		json_uint(c->out, "number", x->number);
		json_string(c->out, "rule", x->rule);
		json_string(c->out, "source", x->source);
		json_string(c->out, "destination", x->destination);
		json_string(c->out, "reason", x->reason);
		json_time(c->out, "until", x->until_ns);
		json_bool(c->out, "over", x->until_ns <= s->now_ns);
		json_uint(c->out, "silenced", x->silenced);
		if (x->last_ns)
			json_time(c->out, "last", x->last_ns);
		json_close_object(c->out);
	}
	json_close_array(c->out);
	json_open_array(c->out, "verdicts");
	for (uint32_t i = 0; i < s->verdict_count; i++) {
		const struct snap_verdict *v = &s->verdicts[i];
		json_open_object(c->out, NULL);
		json_string(c->out, "rule", v->rule);
		json_uint(c->out, "true", v->right);
		json_uint(c->out, "false", v->wrong);
		if (v->right + v->wrong)
			json_double(c->out, "precision",
				    (double)v->right / (double)(v->right + v->wrong));
		json_close_object(c->out);
	}
	json_close_array(c->out);
	return 0;
}
