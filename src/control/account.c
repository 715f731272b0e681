/*
 * control/account.c - see account.h.
 */
#include "account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "exfild/control/client.h"
#include "exfild/report/report.h"
#include "client_parts.h"
#include "parse.h"

#define SECOND_NS  1000000000ull
#define EXCEPTIONS 512
#define LINES_MAX  200000 /* of a file */

struct account {
	const struct account_options *o;
	enum report_kind kind;
	json_t **alerts;
	size_t count, room;
	json_t *status, *exceptions;
	struct usage_db *usage;
	struct account_notes notes;
	uint64_t since_ns, until_ns;
	char incident[40]; /* of the alert that was asked for */
	char subject[64];
	unsigned long long strange;
};

static const char *text_in(const json_t *o, const char *part, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(o, part), key));
	return text ? text : "";
}

static uint64_t time_in(const json_t *o, const char *part, const char *key)
{
	uint64_t ns;
	return str_parse_time(text_in(o, part, key), &ns) ? 0 : ns;
}

static bool keep(struct account *a, json_t *alert)
{
	if (a->count == a->room) {
		size_t room = a->room ? a->room * 2 : 256;
		json_t **more = realloc(a->alerts, room * sizeof(*more));
		if (!more)
			return false;
		a->alerts = more;
		a->room = room;
	}
	a->alerts[a->count++] = json_incref(alert);
	return true;
}

static json_t *ask(const char *socket_path, const struct request *r)
{
	struct link l;
	json_t *result = NULL;
	if (link_open(&l, socket_path) && link_send(&l, r)) {
		const char *line = link_line(&l);
		json_t *top = line ? json_loads(line, JSON_ALLOW_NUL, NULL) : NULL;
		result = json_incref(json_object_get(top, "result"));
		json_decref(top);
	}
	link_close(&l);
	return result;
}

static bool read_daemon(struct account *a)
{
	const struct request status = { .id = 1, .command = "status" };
	const struct request exceptions = { .id = 2, .command = "exceptions" };
	const struct request alerts = { .id = 3, .command = "alerts", .limit = REQUEST_LIST_MAX };
	size_t i;
	json_t *alert;
	a->status = ask(a->o->socket_path, &status);
	if (!a->status)
		return false;
	a->exceptions = ask(a->o->socket_path, &exceptions);
	if (a->o->file)
		return true;
	json_t *list = ask(a->o->socket_path, &alerts);
	json_array_foreach(json_object_get(list, "alerts"), i, alert) if (!keep(a, alert)) break;
	json_decref(list);
	return true;
}

static int read_file(struct account *a)
{
	bool is_input = strcmp(a->o->file, "-") == 0;
	FILE *in = is_input ? stdin : fopen(a->o->file, "re");
	char *line = NULL;
	size_t size = 0, lines = 0;
	ssize_t len;
	if (!in) {
		(void)fprintf(stderr, "exfilctl: %s: %s\n", a->o->file, strerror(errno));
		return CLIENT_FAILED;
	}
	while (lines++ < LINES_MAX && (len = getline(&line, &size, in)) > 0) {
		json_t *alert = json_loadb(line, (size_t)len, JSON_ALLOW_NUL, NULL);
		if (!json_is_object(alert) || !keep(a, alert))
			a->strange++;
		json_decref(alert);
	}
	free(line);
	if (!is_input)
		(void)fclose(in);
	if (a->strange)
		(void)fprintf(stderr, "exfilctl: %llu lines of %s are no alerts\n", a->strange,
			      a->o->file);
	return CLIENT_DONE;
}

/* Packet time: the daemon's, else that of the newest alert or counter. */
static uint64_t newest(const struct account *a)
{
	const char *said = json_string_value(json_object_get(a->status, "packet_time"));
	uint64_t first_s = 0, end_s = 0, ns = 0;
	if (said && str_parse_time(said, &ns) == 0)
		return ns;
	for (size_t i = 0; i < a->count; i++) {
		uint64_t end = time_in(a->alerts[i], "event", "end");
		ns = end > ns ? end : ns;
	}
	if (a->usage)
		usage_db_span(a->usage, &first_s, &end_s);
	return end_s * SECOND_NS > ns ? end_s * SECOND_NS : ns;
}

/* What the alert that was asked for belongs to. */
static bool find_incident(struct account *a)
{
	for (size_t i = 0; i < a->count; i++) {
		const json_t *own = json_object_get(a->alerts[i], "exfild");
		const char *id = text_in(a->alerts[i], "exfild", "alert_id");
		if (strncmp(id, a->o->alert, strlen(a->o->alert)) != 0)
			continue;
		(void)str_copy(a->incident, sizeof(a->incident), text_in(own, "incident", "id"));
		(void)str_copy(a->subject, sizeof(a->subject),
			       text_in(a->alerts[i], "source", "ip"));
		return true;
	}
	return false;
}

static bool is_host(const json_t *alert, const char *host)
{
	return strcmp(text_in(alert, "source", "ip"), host) == 0 ||
	       strcmp(text_in(alert, "destination", "ip"), host) == 0 ||
	       strcmp(text_in(alert, "source", "domain"), host) == 0;
}

static bool is_wanted(const struct account *a, const json_t *alert)
{
	const json_t *own = json_object_get(alert, "exfild");
	if (time_in(alert, "event", "end") < a->since_ns)
		return false;
	if (*a->o->zone && strcmp(text_in(own, "zone", "source"), a->o->zone) != 0)
		return false;
	if (*a->incident && strcmp(text_in(own, "incident", "id"), a->incident) == 0)
		return true;
	if (*a->subject)
		return is_host(alert, a->subject);
	return !*a->o->host || is_host(alert, a->o->host);
}

static int take_alerts(const struct account *a, struct report *r)
{
	for (size_t i = 0; i < a->count; i++) {
		char *line;
		if (!is_wanted(a, a->alerts[i]))
			continue;
		line = json_dumps(a->alerts[i], JSON_COMPACT);
		int err = line ? report_alert(r, line, strlen(line)) : -EXF_E_NOMEM;
		free(line);
		if (err == -EXF_E_NOMEM)
			return err;
	}
	return 0;
}

static uint64_t count_in(const json_t *o, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(o, key));
	return v > 0 ? (uint64_t)v : 0;
}

static size_t make_exceptions(const struct account *a, struct report_exception list[EXCEPTIONS])
{
	size_t count = 0, i;
	json_t *x;
	json_array_foreach(json_object_get(a->exceptions, "exceptions"), i, x)
	{
		if (count == EXCEPTIONS)
			break;
		const char *source = json_string_value(json_object_get(x, "source"));
		const char *destination = json_string_value(json_object_get(x, "destination"));
		const char *rule = json_string_value(json_object_get(x, "rule"));
		const char *reason = json_string_value(json_object_get(x, "reason"));
		const char *until = json_string_value(json_object_get(x, "until"));
		list[count++] =
			(struct report_exception){ .source = source ? source : "",
						   .destination = destination ? destination : "",
						   .rule = rule ? rule : "",
						   .reason = reason ? reason : "",
						   .expires = until ? until : "",
						   .silenced = count_in(x, "silenced") };
	}
	return count;
}

static int print_page(const struct report *r, const struct report_seen *seen, struct buf *out)
{
	int err = report_page(r, seen, out);
	if (err)
		(void)fprintf(stderr, "exfilctl: the report was not written: %s\n",
			      exf_strerror(err));
	return err ? CLIENT_FAILED : CLIENT_DONE;
}

static int make_page(const struct account *a, struct report *r, struct buf *out)
{
	struct report_exception exceptions[EXCEPTIONS];
	const char *sensor = json_string_value(json_object_get(a->status, "sensor"));
	const char *inside = json_string_value(json_object_get(a->status, "inside"));
	const char *geo = json_string_value(json_object_get(a->status, "geo"));
	char title[160];
	uint64_t started_ns = 0;
	const char *inputs[] = { a->o->file ? a->o->file : "the daemon's last alerts",
				 a->usage ? a->o->usage : NULL };
	const struct report_counter lost[] = {
		{ "Packets dropped since the start", count_in(a->status, "drops"),
		  "They were never looked at" },
		{ "Events dropped since the start", count_in(a->status, "events_dropped"),
		  "Detectors did not hear of them" },
		{ "Lines that are no alerts", a->strange, "They were left out" },
	};
	const char *started = json_string_value(json_object_get(a->status, "started"));
	if (started && str_parse_time(started, &started_ns) != 0)
		started_ns = 0;
	(void)snprintf(title, sizeof(title), "%s, %s%s%s", sensor ? sensor : "exfild", a->o->kind,
		       *a->o->host ? " of " : "", a->o->host);
	const struct report_seen seen = {
		.kind = a->kind,
		.title = title,
		.inside = inside ? inside : "not known: the daemon was not reached",
		.geo = geo,
		.inputs = inputs,
		.input_count = a->usage ? 2 : 1,
		.counters = lost,
		.counter_count = sizeof(lost) / sizeof(lost[0]),
		.exceptions = exceptions,
		.exception_count = make_exceptions(a, exceptions),
		.first_ns = a->since_ns,
		.started_ns = started_ns,
		.last_ns = a->until_ns,
		.packets = count_in(a->status, "packets"),
		.bytes = count_in(a->status, "bytes"),
		.flows = count_in(a->status, "flows"),
		.drops = count_in(a->status, "drops"),
		.is_unwatched = !a->status,
		.is_one_sided = json_is_true(json_object_get(a->status, "one_sided")),
		.usage = a->usage,
		.usage_since_s = a->since_ns / SECOND_NS,
		.usage_until_s = 0,
		.host = *a->subject ? a->subject : a->o->host,
		.zone = a->o->zone,
		.is_live = a->o->is_live,
		.notes = a->notes.list,
		.note_count = a->notes.count,
		.ledger_why = a->notes.why[0] ? a->notes.why : NULL,
		.ledger_broken = a->notes.broken,
	};
	return print_page(r, &seen, out);
}

static int report_it(struct account *a, struct buf *out)
{
	struct report *r = report_new();
	int status = CLIENT_FAILED;
	if (r && take_alerts(a, r) == 0)
		status = make_page(a, r, out);
	else
		(void)fprintf(stderr, "exfilctl: memory is exhausted\n");
	report_free(r);
	return status;
}

static void open_usage(struct account *a)
{
	char why[600];
	if (*a->o->usage && access(a->o->usage, F_OK) == 0 &&
	    usage_db_open(a->o->usage, &a->usage, why, sizeof(why)) != 0)
		(void)fprintf(stderr, "exfilctl: %s: the report goes without it\n", why);
}

static void let_go(struct account *a)
{
	for (size_t i = 0; i < a->count; i++)
		json_decref(a->alerts[i]);
	free(a->alerts);
	json_decref(a->status);
	json_decref(a->exceptions);
	usage_db_close(a->usage);
	account_notes_free(&a->notes);
}

int account_page(const struct account_options *o, struct buf *out)
{
	int status = CLIENT_DONE;
	struct account a = { .o = o };
	uint64_t length_ns;
	if (!account_kind(o->kind, &a.kind, &length_ns))
		return CLIENT_USAGE;
	bool has_daemon = read_daemon(&a);
	if (o->file)
		status = read_file(&a);
	else if (!has_daemon && !o->is_live)
		status = CLIENT_FAILED; /* and it has been said why */
	open_usage(&a);
	if (status == CLIENT_DONE && *o->alert && !find_incident(&a)) {
		(void)fprintf(stderr, "exfilctl: no alert %s is there%s\n", o->alert,
			      o->file ? "" : " any more: name the file of alerts with --file");
		status = CLIENT_FAILED;
	}
	a.until_ns = newest(&a);
	if (length_ns && a.until_ns > length_ns)
		a.since_ns = a.until_ns - length_ns;
	account_notes_read(&a.notes, o->ledger, a.since_ns);
	if (has_daemon)
		account_notes_end(&a.notes, a.until_ns);
	if (status == CLIENT_DONE)
		status = report_it(&a, out);
	let_go(&a);
	return status;
}

static int write_page(const char *path, const struct buf *page)
{
	struct report_file file;
	char why[600] = "";
	int err = report_file_open(&file, path, why, sizeof(why));
	if (!err)
		err = report_file_put(&file, page, why, sizeof(why));
	if (err)
		(void)fprintf(stderr, "exfilctl: %s\n", why);
	return err ? CLIENT_FAILED : CLIENT_DONE;
}

int account_run(int argc, char **argv)
{
	struct account_options o;
	struct buf page;
	int status = account_parse(&o, argc, argv);
	if (status >= 0)
		return status;
	buf_init(&page, REPORT_BYTES);
	status = account_page(&o, &page);
	if (status == CLIENT_DONE)
		status = write_page(o.output, &page);
	buf_deinit(&page);
	return status;
}
