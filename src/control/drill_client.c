/*
 * control/drill_client.c - exfilctl drill: prints the request, waits for the alert that it makes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/control/client.h"
#include "client_parts.h"
#include "parse.h"

static double seconds_now(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

static int refuse(const json_t *top)
{
	const json_t *error = json_object_get(top, "error");
	(void)fputs("exfilctl: ", stderr);
	view_text(stderr,
		  *text_of(error, "message") ? text_of(error, "message") :
					       "the daemon gave no answer that makes sense",
		  0);
	if (*text_of(error, "hint")) {
		(void)fputs("\nexfilctl: ", stderr);
		view_text(stderr, text_of(error, "hint"), 0);
	}
	(void)fputc('\n', stderr);
	return CLIENT_FAILED;
}

static void print_request(const json_t *result, unsigned wait_s)
{
	(void)printf(
		"Run this on any client whose traffic passes the gateway, within %lld minutes:\n\n  ",
		(long long)json_integer_value(json_object_get(result, "valid_s")) / 60);
	view_text(stdout, text_of(result, "command"), 0);
	if (*text_of(result, "or")) {
		(void)fputs("\n\nor, where that is not at hand:\n\n  ", stdout);
		view_text(stdout, text_of(result, "or"), 0);
	}
	(void)fputs("\n\nIts alert says exfild.mode: drill and has the drill's id in "
		    "exfild.evidence.object:\n  ",
		    stdout);
	view_text(stdout, text_of(result, "drill"), 0);
	(void)fputc('\n', stdout);
	if (wait_s)
		(void)printf("Waiting %u s for it ...\n", wait_s);
	(void)fflush(stdout);
}

static bool is_ours(const json_t *alert, const char *drill)
{
	const json_t *own = json_object_get(alert, "exfild");
	return strcmp(text_of(own, "mode"), "drill") == 0 &&
	       strcmp(text_of(json_object_get(own, "evidence"), "object"), drill) == 0;
}

/* In an answer with the last alerts, or in one that is pushed. */
static const json_t *find_ours(const json_t *top, const char *drill)
{
	const json_t *alert = json_object_get(top, "alert");
	const json_t *list = json_object_get(json_object_get(top, "result"), "alerts");
	if (is_ours(alert, drill))
		return alert;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (is_ours(json_array_get(list, i), drill))
			return json_array_get(list, i);
	return NULL;
}

/* And whether it got as far as the sinks. */
static int tell_came(const struct drill_options *o, const json_t *alert, const json_t *before,
		     double seconds)
{
	bool taken;
	json_t *now = drill_sinks_wait(o->socket_path, before, &taken);
	if (o->json) {
		char *line = json_dumps(alert, JSON_COMPACT);
		(void)printf("{\"came\":true,\"seconds\":%.2f,\"taken\":%s", seconds,
			     taken ? "true" : "false");
		drill_sinks_print(before, now, true);
		(void)printf(",\"alert\":%s}\n", line ? line : "null");
		free(line);
	} else {
		(void)printf("The alert came %.1f s after the request was printed:\n  ", seconds);
		view_alert(alert, stdout);
		drill_sinks_print(before, now, false);
	}
	json_decref(now);
	return taken ? CLIENT_DONE : CLIENT_SICK;
}

static int tell_missing(const struct drill_options *o)
{
	if (o->json)
		(void)printf("{\"came\":false,\"seconds\":%u}\n", o->wait_s);
	else
		(void)printf("No alert came in %u s. If the request was run: does the client's "
			     "traffic pass an interface\nthat exfild listens on (exfilctl status)? "
			     "Did a resolver or proxy answer by itself (name a server\nbehind the "
			     "gateway with --to)? Does an exception take everything "
			     "(exfilctl doctor)?\n",
			     o->wait_s);
	return CLIENT_SICK;
}

static int wait_for_alert(const struct drill_options *o, struct link *l, const char *drill,
			  const json_t *before, double began)
{
	const struct request follow = { .id = 2, .command = "alerts", .follow = true };
	double left;
	(void)link_send(l, &follow);
	while ((left = began + o->wait_s - seconds_now()) > 0) {
		link_patience(l, left);
		errno = 0;
		const char *line = link_line(l);
		if (!line && errno == EAGAIN)
			break;
		json_t *top = line ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
		if (!top || json_is_false(json_object_get(top, "ok"))) {
			int status = refuse(top);
			json_decref(top);
			return status;
		}
		const json_t *alert = find_ours(top, drill);
		int status = -1;
		if (alert)
			status = tell_came(o, alert, before, seconds_now() - began);
		json_decref(top);
		if (alert)
			return status;
	}
	return tell_missing(o);
}

/* The daemon's answer to the request: printed, and waited for. */
static int go_on(const struct drill_options *o, struct link *l, const json_t *before,
		 const char *line)
{
	double began = seconds_now();
	json_t *top = line ? json_loads(line, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const json_t *result = json_object_get(top, "result");
	int status = CLIENT_DONE;
	if (!result) {
		status = refuse(top);
	} else {
		if (o->json)
			(void)printf("%s\n", line);
		else
			print_request(result, o->wait_s);
		(void)fflush(stdout);
		if (o->wait_s)
			status = wait_for_alert(o, l, text_of(result, "drill"), before, began);
	}
	json_decref(top);
	return status;
}

int drill_run(const struct drill_options *o)
{
	struct link l;
	json_t *before = NULL;
	int status = CLIENT_FAILED;
	if (link_open(&l, o->socket_path)) {
		before = o->wait_s ? drill_sinks_ask(o->socket_path) : NULL;
		if (link_send(&l, &o->request))
			status = go_on(o, &l, before, link_line(&l));
	}
	link_close(&l);
	json_decref(before);
	return status;
}
