/*
 * control/analyst.c - what exfilctl's words for analysts mean: alerts resend, snooze and verdict,
 * exceptions list, add, test and remove, reveal.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "client_parts.h"
#include "parse.h"

#define ADD_S (30ull * 86400) /* exceptions add without a duration */

static const char *command(struct request *r, const char *name)
{
	(void)str_copy(r->command, sizeof(r->command), name);
	return NULL;
}

static const char *resend(struct request *r, int count)
{
	if (count > 2)
		return "alerts resend takes --from N and --to N, nothing else";
	if (!r->from || !*r->to || str_parse_u64(r->to, r->from, INT64_MAX, &r->until))
		return "which alerts: --from N --to N, numbers of event.sequence";
	r->to[0] = '\0';
	return command(r, "resend");
}

static const char *take_duration(struct request *r, const char *text)
{
	if (str_parse_duration(text, &r->seconds) || !r->seconds ||
	    r->seconds > REQUEST_SECONDS_MAX)
		return "for how long: 30m, 4h, 7d, at most a year";
	return NULL;
}

static const char *snooze(struct request *r, int count, char **words)
{
	if (count != 4 || !str_copy(r->alert, sizeof(r->alert), words[2]))
		return "alerts snooze ID 4h";
	const char *bad = take_duration(r, words[3]);
	return bad ? bad : command(r, "snooze");
}

static const char *verdict(struct request *r, int count, char **words)
{
	if (count != 4 || !str_copy(r->alert, sizeof(r->alert), words[2]) ||
	    !str_copy(r->kind, sizeof(r->kind), words[3]))
		return "alerts verdict ID true, or false";
	return command(r, "verdict");
}

static const char *add(struct request *r, int count, char **words)
{
	if (!*r->alert || !*r->reason || count > 3)
		return "exceptions add --alert ID --reason TEXT [30d]";
	r->seconds = ADD_S;
	const char *bad = count == 3 ? take_duration(r, words[2]) : NULL;
	return bad ? bad : command(r, "snooze");
}

/* A line end in it is none of YAML's here: one copied out of a terminal. */
static const char *try_one(struct request *r, int count, char **words)
{
	if (count > 3 || (count == 3 && !str_copy(r->exception, sizeof(r->exception), words[2])))
		return "exceptions test '{source: 10.1.2.0/24, rule: dns_tunnel}': one exception, "
		       "of up to 767 characters";
	for (char *at = r->exception; *at; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	return command(r, "try");
}

static const char *remove_one(struct request *r, int count, char **words)
{
	uint64_t number;
	if (count != 3 || str_parse_u64(words[2], 1, REQUEST_SECONDS_MAX, &number))
		return "exceptions remove NUMBER, as exceptions list shows it";
	r->number = (uint32_t)number;
	return command(r, "unmute");
}

static const char *reveal(struct request *r, int count, char **words)
{
	size_t len = 0;
	if (count < 2 || !*r->reason || !str_copy(r->alert, sizeof(r->alert), words[1]))
		return "reveal ID --reason TEXT [NAME...]: whose pseudonym, and why";
	for (int i = 2; i < count; i++) {
		size_t more = strlen(words[i]);
		if (len + more + 2 > sizeof(r->entries))
			return "reveal takes names of 7,000 characters at most: ask again for the "
			       "others";
		memcpy(r->entries + len, words[i], more);
		r->entries[len + more] = ',';
		len += more + 1;
	}
	return command(r, "reveal");
}

bool analyst_takes(struct request *r, int count, char **words, const char **ret_bad)
{
	bool is_alerts = strcmp(words[0], "alerts") == 0 && count > 1;
	bool is_exceptions = strcmp(words[0], "exceptions") == 0;
	const char *what = count > 1 ? words[1] : "list";
	*ret_bad = NULL;
	if (strcmp(words[0], "intel") == 0)
		*ret_bad = intel_words(r, count, words);
	else if (strcmp(words[0], "reveal") == 0)
		*ret_bad = reveal(r, count, words);
	else if (is_alerts && strcmp(what, "resend") == 0)
		*ret_bad = resend(r, count);
	else if (is_alerts && strcmp(what, "snooze") == 0)
		*ret_bad = snooze(r, count, words);
	else if (is_alerts && strcmp(what, "verdict") == 0)
		*ret_bad = verdict(r, count, words);
	else if (is_exceptions && strcmp(what, "list") == 0 && count < 3)
		*ret_bad = command(r, "exceptions");
	else if (is_exceptions && strcmp(what, "add") == 0)
		*ret_bad = add(r, count, words);
	else if (is_exceptions && strcmp(what, "remove") == 0)
		*ret_bad = remove_one(r, count, words);
	else if (is_exceptions && strcmp(what, "test") == 0)
		*ret_bad = try_one(r, count, words);
	else if (is_exceptions)
		*ret_bad = "exceptions list, add, test or remove";
	else
		return false;
	return true;
}

/* --- the answer -------------------------------------------------------------------------- */

static void one(const json_t *x, FILE *out)
{
	const char *source = json_string_value(json_object_get(x, "source"));
	const char *destination = json_string_value(json_object_get(x, "destination"));
	const char *rule = json_string_value(json_object_get(x, "rule"));
	const char *until = json_string_value(json_object_get(x, "until"));
	long long number = (long long)json_integer_value(json_object_get(x, "number"));
	(void)fprintf(out, "%6lld  ", number);
	view_text(out, rule && *rule ? rule : "all rules", 0);
	(void)fputs("  ", out);
	view_text(out, source && *source ? source : "any", 0);
	(void)fputs(" -> ", out);
	view_text(out, destination && *destination ? destination : "any", 0);
	(void)fprintf(out, "  took %lld, %s %.19s: ",
		      (long long)json_integer_value(json_object_get(x, "silenced")),
		      json_is_true(json_object_get(x, "over")) ? "over since" : "until",
		      until ? until : "");
	view_text(out, json_string_value(json_object_get(x, "reason")), 0);
	(void)fputc('\n', out);
}

void view_exceptions(const json_t *result, FILE *out)
{
	const json_t *list = json_object_get(result, "exceptions");
	if (!json_array_size(list))
		(void)fputs("nothing is silenced\n", out);
	for (size_t i = 0; i < json_array_size(list); i++)
		one(json_array_get(list, i), out);
	list = json_object_get(result, "verdicts");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *x = json_array_get(list, i);
		long long right = (long long)json_integer_value(json_object_get(x, "true"));
		long long wrong = (long long)json_integer_value(json_object_get(x, "false"));
		(void)fputs("verdicts  ", out);
		view_text(out, json_string_value(json_object_get(x, "rule")), 0);
		(void)fprintf(out, ": %lld true, %lld false, precision %.0f %%\n", right, wrong,
			      right + wrong ? 100.0 * (double)right / (double)(right + wrong) :
					      0.0);
	}
}

void view_trial(const json_t *result, FILE *out)
{
	const json_t *list = json_object_get(result, "alerts");
	const char *since = json_string_value(json_object_get(result, "since"));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *x = json_array_get(list, i);
		(void)fprintf(out, "%.19s ", json_string_value(json_object_get(x, "time")));
		view_text(out, json_string_value(json_object_get(x, "rule")), 0);
		(void)fputs("  ", out);
		view_text(out, json_string_value(json_object_get(x, "source")), 0);
		(void)fputs(" -> ", out);
		view_text(out, json_string_value(json_object_get(x, "destination")), 0);
		(void)fputs(" [", out);
		view_text(out, json_string_value(json_object_get(x, "alert")), 0);
		(void)fputs("]\n", out);
	}
	(void)fprintf(out, "%lld of the last %lld alerts would be silenced",
		      (long long)json_integer_value(json_object_get(result, "silenced")),
		      (long long)json_integer_value(json_object_get(result, "looked")));
	if (since)
		(void)fprintf(out, " (since %.19s)", since);
	(void)fputc('\n', out);
}
