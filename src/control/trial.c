/*
 * control/trial.c - the command try: which alerts an exception would silence.
 */
#include <stdlib.h>

#include "commands.h"

static void put_hits(struct call *c, const struct control_trial *t)
{
	json_open_array(c->out, "alerts");
	for (size_t i = 0; i < t->hit_count; i++) {
		json_open_object(c->out, NULL);
		json_string(c->out, "alert", t->hits[i].alert);
		json_string(c->out, "rule", t->hits[i].rule);
		json_string(c->out, "source", t->hits[i].source);
		json_string(c->out, "destination", t->hits[i].destination);
		json_time(c->out, "time", t->hits[i].time_ns);
		json_close_object(c->out);
	}
	json_close_array(c->out);
}

static void put_cases(struct call *c, const struct control_trial *t)
{
	json_open_array(c->out, "cases");
	for (uint32_t i = 0; i < t->looked; i++)
		json_bool(c->out, NULL, (t->silenced_cases >> i & 1) != 0);
	json_close_array(c->out);
}

int command_try(struct call *c)
{
	const struct request *r = c->request;
	struct control_trial *t = calloc(1, sizeof(*t));
	struct control_order o = { .kind = CONTROL_TRIAL, .trial = t };
	if (!t)
		return command_fail(c, "failed", exf_strerror(EXF_E_NOMEM), "");
	t->exception = r->exception;
	t->alert = r->alert;
	t->cases = r->cases;
	int err = c->options->order ? c->options->order(c->options->arg, &o) : -EXF_E_UNSUPPORTED;
	if (err) {
		err = command_fail(
			c, "refused", o.text[0] ? o.text : "this program takes no such orders",
			"an exception is {source: 10.1.2.0/24, destination: example.com, "
			"port: 443, rule: dns_tunnel}, at least one of these");
		free(t);
		return err;
	}
	json_uint(c->out, "looked", t->looked);
	json_uint(c->out, "silenced", t->silenced);
	if (t->since_ns)
		json_time(c->out, "since", t->since_ns);
	if (r->cases[0])
		put_cases(c, t);
	else
		put_hits(c, t);
	free(t);
	return 0;
}
