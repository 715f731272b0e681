/*
 * control/request.c - see request.h.
 */
#include "request.h"

#include <stdio.h>
#include <string.h>

#include "exfild/control/server.h"
#include "parse.h"

static int fail(struct request_error *e, const char *code, const char *message, const char *hint)
{
	e->code = code;
	(void)snprintf(e->message, sizeof(e->message), "%s", message);
	(void)snprintf(e->hint, sizeof(e->hint), "%s", hint);
	return -EXF_E_INVALID;
}

/* Brackets outside strings; the parser recurses once a level. */
static bool is_too_deep(const char *line, size_t len)
{
	unsigned depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < len; i++) {
		char c = line[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > REQUEST_DEPTH)
				return true;
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		}
	}
	return false;
}

/* Letters, digits and a few marks only: what comes in may be logged. */
static bool take_text(const json_t *value, char *dst, size_t size)
{
	size_t len = json_is_string(value) ? json_string_length(value) : 0;
	const char *text = json_string_value(value);
	if (!text || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	memcpy(dst, text, len + 1);
	return true;
}

/* Numbers are above 0. Whether the key is one of a number; *ret_fine: and its value fits. */
static bool take_number(struct request *r, const char *key, const json_t *value, bool *ret_fine)
{
	json_int_t n = json_is_integer(value) ? json_integer_value(value) : 0;
	json_int_t most = REQUEST_SECONDS_MAX;
	bool is_time = strcmp(key, "from") == 0 || strcmp(key, "until") == 0;
	if (is_time)
		most = n;
	else if (strcmp(key, "limit") == 0)
		most = REQUEST_LIST_MAX;
	else if (strcmp(key, "seconds") != 0 && strcmp(key, "number") != 0)
		return false;
	*ret_fine = n > 0 && n <= most;
	uint64_t taken = *ret_fine ? (uint64_t)n : 0;
	if (is_time)
		*(key[0] == 'f' ? &r->from : &r->until) = taken;
	else if (key[0] == 's')
		r->seconds = taken;
	else
		*(key[0] == 'l' ? &r->limit : &r->number) = (uint32_t)taken;
	return true;
}

static bool take_arg(struct request *r, const char *key, const json_t *value)
{
	const struct {
		const char *key;
		char *dst;
		size_t size;
	} texts[] = {
		{ "reason", r->reason, sizeof(r->reason) },
		{ "exception", r->exception, sizeof(r->exception) },
		{ "entries", r->entries, sizeof(r->entries) },
		{ "cases", r->cases, sizeof(r->cases) },
		{ "sort", r->sort, sizeof(r->sort) },
		{ "filter", r->filter, sizeof(r->filter) },
		{ "kind", r->kind, sizeof(r->kind) },
		{ "to", r->to, sizeof(r->to) },
		{ "alert", r->alert, sizeof(r->alert) },
		{ "minimum", r->minimum, sizeof(r->minimum) },
	};
	bool is_fine;
	if (take_number(r, key, value, &is_fine))
		return is_fine;
	if (strcmp(key, "follow") == 0) {
		r->follow = json_is_true(value);
		return json_is_boolean(value);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(key, texts[i].key) == 0)
			return take_text(value, texts[i].dst, texts[i].size);
	return false;
}

static int take_args(struct request *r, json_t *args, struct request_error *e)
{
	const char *key;
	json_t *value;
	if (args && !json_is_object(args))
		return fail(e, "bad_request", "args is no object", "{\"limit\": 20}");
	json_object_foreach(args, key, value)
	{
		if (!take_arg(r, key, value))
			return fail(
				e, "bad_argument", "an argument is not known or out of range",
				"limit 1 to 512, follow true or false, sort, filter, minimum, "
				"kind, to, alert, reason and exception short texts, from, until, "
				"seconds and number above 0");
	}
	return 0;
}

static int take_top(struct request *r, json_t *top, struct request_error *e)
{
	const json_t *id = json_object_get(top, "id");
	const json_t *version = json_object_get(top, "v");
	if (json_is_integer(id)) {
		r->has_id = true;
		r->id = json_integer_value(id);
	} else if (id) {
		return fail(e, "bad_request", "id is no whole number", "");
	}
	if (!json_is_integer(version) || json_integer_value(version) != PROTOCOL_VERSION)
		return fail(e, "bad_version", "this daemon speaks version 1 of the protocol",
			    "install exfilctl and exfild of the same version");
	if (!take_text(json_object_get(top, "command"), r->command, sizeof(r->command)))
		return fail(e, "bad_request", "command is missing or no short text", "");
	return take_args(r, json_object_get(top, "args"), e);
}

int request_parse(const char *line, size_t len, struct request *ret,
		  struct request_error *ret_error)
{
	memset(ret, 0, sizeof(*ret));
	memset(ret_error, 0, sizeof(*ret_error));
	if (len > CONTROL_REQUEST_MAX)
		return fail(ret_error, "too_long", "a request has at most 8192 bytes", "");
	if (is_too_deep(line, len))
		return fail(ret_error, "too_deep", "a request nests at most 8 levels", "");
	json_t *top = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(top)) {
		json_decref(top);
		return fail(ret_error, "bad_request", "the line is no JSON object",
			    "{\"v\": 1, \"id\": 1, \"command\": \"status\"}");
	}
	int err = take_top(ret, top, ret_error);
	json_decref(top);
	return err;
}
