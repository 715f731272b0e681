/*
 * control/drill_command.c - exfilctl drill, the daemon's side: a signed request to run on a client.
 *
 * The names asked for are below example.com, which is kept for such use and has an answer for
 * everything, unless the admin names another place.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "exfild/control/drill.h"
#include "commands.h"

#define PLACE "example.com"

/* The words are pasted into a shell: an address or a host name, no more. */
static bool is_place(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-") ==
		       strlen(text) &&
	       text[0] != '-';
}

static uint64_t wall_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static void put_command(struct json *out, enum drill_kind kind, const char *token, const char *to)
{
	char text[512], other[256];
	const char *place = *to ? to : PLACE;
	bool is_ip6 = strchr(place, ':') != NULL;
	switch (kind) {
	case DRILL_DNS:
		(void)snprintf(
			text, sizeof(text),
			"for i in 1 2 3; do dig +short +tries=1 +time=2 %s%s%s%s-$i." DRILL_LABEL
			"." PLACE "; done",
			*to ? "@" : "", to, *to ? " " : "", token);
		(void)snprintf(other, sizeof(other), "nslookup %s-1." DRILL_LABEL "." PLACE "%s%s",
			       token, *to ? " " : "", to);
		json_string(out, "or", other);
		break;
	case DRILL_HTTP:
		(void)snprintf(text, sizeof(text),
			       "curl -s -o /dev/null -m 10 'http://%s%s%s" DRILL_PATH "%s'",
			       is_ip6 ? "[" : "", place, is_ip6 ? "]" : "", token);
		break;
	default:
		/* 15 bytes: too few for the clock that ping would write over the token */
		(void)snprintf(text, sizeof(text), "ping -c 3 -s %d -p %s %s", DRILL_TOKEN, token,
			       place);
		break;
	}
	json_string(out, "command", text);
}

int command_drill(struct call *c)
{
	char token[DRILL_DIGITS + 1];
	enum drill_kind kind = drill_kind_of(c->request->kind);
	if (kind == DRILL__COUNT)
		return command_fail(c, "bad_argument", "a drill is dns, http or icmp",
				    "exfilctl drill dns");
	if (!is_place(c->request->to))
		return command_fail(c, "bad_argument", "to is no address and no host name",
				    "exfilctl drill http --to www.example.com");
	if (!c->options->drills)
		return command_fail(c, "not_supported", "this daemon looks at no live traffic", "");
	if (!drills_make(c->options->drills, kind, wall_ns(), token))
		return command_fail(c, "failed", "the request could not be signed", "");
	json_string(c->out, "drill", token);
	json_string(c->out, "kind", c->request->kind);
	put_command(c->out, kind, token, c->request->to);
	json_uint(c->out, "valid_s", DRILL_VALID_S);
	return 0;
}
