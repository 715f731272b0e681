/*
 * control/drill_sinks.c - whether the sinks have taken what the drill made, by the daemon's
 * counters.
 */
#include <string.h>
#include <time.h>

#include "client_parts.h"
#include "parse.h"

#define PATIENCE 25 /* looks; the counters are told once a second */
#define PAUSE_NS 200000000

json_t *drill_sinks_ask(const char *socket_path)
{
	const struct request status = { .id = 1, .command = "status" };
	struct link l;
	json_t *sinks = NULL;
	if (link_open(&l, socket_path) && link_send(&l, &status)) {
		const char *line = link_line(&l);
		json_t *top = line ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
		sinks = json_incref(json_object_get(json_object_get(top, "result"), "sinks"));
		json_decref(top);
	}
	link_close(&l);
	return sinks;
}

static json_int_t number_of(const json_t *sink, const char *key)
{
	return json_integer_value(json_object_get(sink, key));
}

static const char *text_of(const json_t *sink, const char *key)
{
	const char *text = json_string_value(json_object_get(sink, key));
	return text ? text : "";
}

static const json_t *find(const json_t *sinks, const char *name)
{
	for (size_t i = 0; i < json_array_size(sinks); i++)
		if (strcmp(text_of(json_array_get(sinks, i), "name"), name) == 0)
			return json_array_get(sinks, i);
	return NULL;
}

/* It has sent more than before, and nothing waits. */
static bool has_taken(const json_t *before, const json_t *sink)
{
	const json_t *old = find(before, text_of(sink, "name"));
	return number_of(sink, "sent") > number_of(old, "sent") && number_of(sink, "waiting") == 0;
}

static bool have_all_taken(const json_t *before, const json_t *now)
{
	for (size_t i = 0; i < json_array_size(now); i++)
		if (!has_taken(before, json_array_get(now, i)))
			return false;
	return now != NULL;
}

json_t *drill_sinks_wait(const char *socket_path, const json_t *before, bool *ret_taken)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	json_t *now = drill_sinks_ask(socket_path);
	for (unsigned i = 0; i < PATIENCE && now && !have_all_taken(before, now); i++) {
		json_decref(now);
		(void)nanosleep(&pause, NULL);
		now = drill_sinks_ask(socket_path);
	}
	*ret_taken = have_all_taken(before, now);
	return now;
}

void drill_sinks_print(const json_t *before, const json_t *now, bool json)
{
	size_t count = json_array_size(now);
	if (json)
		(void)fputs(",\"sinks\":{", stdout);
	else if (!count)
		(void)fputs("No sink is configured: it went to standard output only\n", stdout);
	for (size_t i = 0; i < count; i++) {
		const json_t *sink = json_array_get(now, i);
		bool taken = has_taken(before, sink);
		if (json) {
			(void)printf("%s\"%s\":%s", i ? "," : "", text_of(sink, "name"),
				     taken ? "true" : "false");
			continue;
		}
		(void)fputs("  ", stdout);
		view_text(stdout, text_of(sink, "name"), 0);
		(void)fputs(taken ? " has taken it" : " has NOT taken it", stdout);
		if (!taken && *text_of(sink, "error")) {
			(void)fputs(": ", stdout);
			view_text(stdout, text_of(sink, "error"), 0);
		}
		(void)fputc('\n', stdout);
	}
	if (json)
		(void)fputc('}', stdout);
}
