/*
 * control/commands.c - the table, and the commands that need few words.
 */
#include "commands.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
#define COMMAND(name, right, data, help) \
 { #name, COMMAND_##right, COMMAND_##data, help, command_##name },
#include "commands.def"
#undef COMMAND
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

void command_names(char *dst, size_t size)
{
	size_t len = 0;
	dst[0] = '\0';
	for (size_t i = 0; i < COMMAND_COUNT && len < size; i++)
		len += (size_t)snprintf(dst + len, size - len, "%s%s", i ? ", " : "",
					commands[i].name);
}

int command_fail(struct call *c, const char *code, const char *message, const char *hint)
{
	c->error->code = code;
	(void)snprintf(c->error->message, sizeof(c->error->message), "%s", message);
	(void)snprintf(c->error->hint, sizeof(c->error->hint), "%s", hint);
	return -EXF_E_INVALID;
}

unsigned command_severity(const char *level)
{
	static const struct {
		const char *name;
		unsigned severity;
	} levels[] = { { "", 0 },
		       { "low", 21 },
		       { "medium", 47 },
		       { "high", 73 },
		       { "critical", 99 } };
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i].name, level) == 0)
			return levels[i].severity;
	return UINT_MAX;
}

/* "a, b" as an array. */
static void put_names(struct call *c, const char *key, const char *names)
{
	json_open_array(c->out, key);
	while (*names) {
		size_t len = strcspn(names, ",");
		json_string_len(c->out, NULL, names, len);
		names += len;
		names += strspn(names, ", ");
	}
	json_close_array(c->out);
}

int command_reload(struct call *c)
{
	struct control_reload r = { 0 };
	if (!c->options->reload)
		return command_fail(c, "not_supported",
				    "this version cannot take a new configuration while it runs",
				    "check it with exfild -T, then: systemctl restart exfild");
	if (c->options->reload(c->options->arg, &r))
		return command_fail(c, "refused",
				    r.why[0] ? r.why : "the new configuration was refused",
				    "the old one stays in effect; exfild -T shows what is wrong");
	json_string(c->out, "message",
		    r.changed[0] ?
			    "the configuration was read again" :
			    "the configuration was read again: nothing that can change while "
			    "it runs has changed");
	put_names(c, "changed", r.changed);
	put_names(c, "restart", r.restart);
	json_double(c->out, "took_ms", (double)r.took_ns / 1e6);
	json_double(c->out, "pause_ms", (double)r.pause_ns / 1e6);
	return 0;
}

int command_evidence(struct call *c)
{
	struct control_evidence e = { 0 };
	if (!*c->request->alert)
		return command_fail(
			c, "bad_argument", "whose evidence: name an alert's id",
			"exfild.alert_id of the alert, as exfilctl --json alerts has it");
	if (!c->options->evidence || c->options->evidence(c->options->arg, c->request->alert, &e)) {
		if (!e.is_kept)
			return command_fail(
				c, "not_kept", "this exfild keeps no packets behind alerts",
				"see evidence in exfild.yaml, and the log of its start");
		return command_fail(c, "not_found", "there are no packets of an alert of this id",
				    "the id is exfild.alert_id; evidence.max_mb and "
				    "privacy.keep_days.evidence say how long packets stay");
	}
	json_string(c->out, "alert", c->request->alert);
	json_string(c->out, "path", e.path);
	json_bool(c->out, "complete", !e.is_open);
	json_uint(c->out, "bytes", e.bytes);
	if (e.packets)
		json_uint(c->out, "packets", e.packets);
	return 0;
}

int command_resend(struct call *c)
{
	const struct request *r = c->request;
	if (!r->from || r->until < r->from)
		return command_fail(c, "bad_argument",
				    "which alerts: --from and --to are numbers of event.sequence",
				    "exfilctl alerts resend --from 100 --to 120");
	int64_t n =
		c->options->resend ? c->options->resend(c->options->arg, r->from, r->until) : -1;
	if (n < 0)
		return command_fail(c, "not_kept", "no alert is kept that could be sent again",
				    "sinks and spool.directory say whether alerts are kept");
	json_uint(c->out, "alerts", (uint64_t)n);
	json_uint(c->out, "from", r->from);
	json_uint(c->out, "until", r->until);
	return 0;
}

/* The lines themselves: the server adds what the board holds. */
int command_alerts(struct call *c)
{
	if (command_severity(c->request->minimum) == UINT_MAX)
		return command_fail(c, "bad_argument", "minimum is low, medium, high or critical",
				    "");
	json_bool(c->out, "follow", c->request->follow);
	json_uint(c->out, "sent", c->snapshot->emitted);
	return 0;
}
