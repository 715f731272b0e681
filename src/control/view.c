/*
 * control/view.c - answers as text for people.
 */
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/control/client.h"
#include "client_parts.h"
#include "parse.h"

/* Printable ASCII; the rest as \xNN.  width: padded or cut to it; 0: as long as it is. */
void view_text(FILE *out, const char *text, int width)
{
	char safe[2048];
	(void)str_escape(safe, sizeof(safe), text, strlen(text));
	if (width)
		(void)fprintf(out, "%-*.*s", width, width, safe);
	else
		(void)fputs(safe, out);
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

static unsigned long long number_of(const json_t *o, const char *key)
{
	return (unsigned long long)json_integer_value(json_object_get(o, key));
}

static double real_of(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static const char *bytes_of(const json_t *o, const char *key, char dst[32])
{
	return str_bytes(dst, 32, real_of(o, key));
}

/* --- status ------------------------------------------------------------------------------ */

static void status_links(const json_t *result, FILE *out)
{
	size_t i;
	json_t *link;
	json_array_foreach(json_object_get(result, "interfaces"), i, link)
	{
		(void)fputs(i ? "            " : "interfaces  ", out);
		view_text(out, text_of(link, "name"), 0);
		(void)fprintf(out, " (%s%s): %llu packets, %llu dropped\n", text_of(link, "side"),
			      json_is_true(json_object_get(link, "up")) ? "" : ", down",
			      number_of(link, "packets"), number_of(link, "drops"));
	}
}

/* Only where there are several. */
static void status_workers(const json_t *result, FILE *out)
{
	size_t i;
	json_t *worker;
	const json_t *list = json_object_get(result, "workers");
	if (json_array_size(list) < 2)
		return;
	json_array_foreach(list, i, worker)(void)
		fprintf(out, "%s%zu: %llu packets, %llu dropped, %llu handed over\n",
			i ? "            " : "workers     ", i, number_of(worker, "packets"),
			number_of(worker, "drops") + number_of(worker, "not_taken"),
			number_of(worker, "handed_over"));
}

static void status_sinks(const json_t *result, FILE *out)
{
	size_t i;
	json_t *sink;
	json_array_foreach(json_object_get(result, "sinks"), i, sink)
	{
		(void)fprintf(out, "%s%s: %llu taken, %llu waiting, %llu lost",
			      i ? "            " : "sinks       ", text_of(sink, "name"),
			      number_of(sink, "sent"), number_of(sink, "waiting"),
			      number_of(sink, "failed"));
		if (*text_of(sink, "error")) {
			(void)fputs("; ", out);
			view_text(out, text_of(sink, "error"), 0);
		}
		(void)fputc('\n', out);
	}
}

static void status_state(const json_t *state, FILE *out)
{
	char bytes[32];
	if (!json_is_true(json_object_get(state, "kept")))
		(void)fputs("state       not kept: what is learnt is lost at the end\n", out);
	else if (json_is_true(json_object_get(state, "failing")))
		(void)fprintf(out, "state       cannot be written (%llu errors): see the log\n",
			      number_of(state, "errors"));
	else if (json_is_true(json_object_get(state, "saved")))
		(void)fprintf(out, "state       %s, saved %llu s ago\n",
			      bytes_of(state, "bytes", bytes), number_of(state, "age_s"));
}

static void status_learning(const json_t *learning, FILE *out)
{
	char left[32];
	if (!learning)
		return;
	(void)fprintf(out, "learning    %llu hosts, %llu destinations; ",
		      number_of(learning, "hosts"), number_of(learning, "destinations"));
	if (json_is_true(json_object_get(learning, "done")))
		(void)fputs("done\n", out);
	else
		(void)fprintf(out, "%s left until what is new counts\n",
			      str_duration(left, sizeof(left),
					   number_of(learning, "left_s") * 1000000000ull));
}

static void status_evidence(const json_t *evidence, FILE *out)
{
	char bytes[32];
	if (!json_is_true(json_object_get(evidence, "kept")))
		(void)fputs("evidence    not kept\n", out);
	else
		(void)fprintf(out, "evidence    %llu files, %s; %llu alerts are followed\n",
			      number_of(evidence, "files"), bytes_of(evidence, "bytes", bytes),
			      number_of(evidence, "alerts"));
}

static void status_book(const json_t *book, const char *name, FILE *out)
{
	char bytes[32];
	if (!book)
		return;
	bool is_failing = json_is_true(json_object_get(book, "failing"));
	if (!json_is_true(json_object_get(book, "kept")))
		(void)fprintf(out,
			      is_failing ? "%-11s cannot be opened: see the log\n" :
					   "%-11s is being opened\n",
			      name);
	else if (is_failing)
		(void)fprintf(out, "%-11s cannot be written: see the log\n", name);
	else
		(void)fprintf(out, "%-11s %s; %llu records are lost\n", name,
			      bytes_of(book, "bytes", bytes), number_of(book, "lost"));
}

static void status_config(const json_t *config, FILE *out)
{
	const char *error = text_of(config, "error"), *restart = text_of(config, "restart");
	if (*error) {
		(void)fputs(json_is_true(json_object_get(config, "last_good")) ?
				    "config      BROKEN at the start, its last good copy runs: " :
				    "config      BROKEN, the one before stays in effect: ",
			    out);
		view_text(out, error, 0);
		(void)fputc('\n', out);
	}
	if (*restart) {
		(void)fputs("config      takes effect at restart: ", out);
		view_text(out, restart, 0);
		(void)fputc('\n', out);
	}
}

static void view_status(const json_t *result, FILE *out)
{
	char bytes[32], rate[32], memory[32];
	const json_t *alerts = json_object_get(result, "alerts");
	(void)fprintf(out, "exfild %s, sensor ", text_of(result, "version"));
	view_text(out, text_of(result, "sensor"), 0);
	(void)fprintf(out, ", %s since %s\n", text_of(result, "mode"), text_of(result, "started"));
	if (!json_is_true(json_object_get(result, "told")))
		(void)fputs("            it has told nothing yet: ask again in a few seconds\n",
			    out);
	else if (real_of(result, "age_s") > 5)
		(void)fprintf(out, "            these numbers are %.0f s old: is it stuck?\n",
			      real_of(result, "age_s"));
	(void)fputs("inside      ", out);
	view_text(out, text_of(result, "inside"), 0);
	(void)fprintf(out, "\ntraffic     %llu packets, %s, %llu flows; now %.0f packets/s, %s/s\n",
		      number_of(result, "packets"), bytes_of(result, "bytes", bytes),
		      number_of(result, "flows"), real_of(result, "packets_per_s"),
		      bytes_of(result, "bytes_per_s", rate));
	(void)fprintf(out, "drops       %llu packets, %llu events\n", number_of(result, "drops"),
		      number_of(result, "events_dropped"));
	if (json_is_true(json_object_get(result, "one_sided")))
		(void)fputs("directions  one only: detectors that judge by answers abstain\n", out);
	(void)fprintf(out, "alerts      %llu critical, %llu high, %llu medium, %llu low\n",
		      number_of(alerts, "critical"), number_of(alerts, "high"),
		      number_of(alerts, "medium"), number_of(alerts, "low"));
	status_config(json_object_get(result, "config"), out);
	if (number_of(result, "memory_bytes"))
		(void)fprintf(out, "memory      %s\n", bytes_of(result, "memory_bytes", memory));
	status_state(json_object_get(result, "state"), out);
	status_learning(json_object_get(result, "learning"), out);
	status_evidence(json_object_get(result, "evidence"), out);
	status_book(json_object_get(result, "usage"), "usage", out);
	status_book(json_object_get(result, "ledger"), "ledger", out);
	status_links(result, out);
	status_workers(result, out);
	status_sinks(result, out);
}

/* --- stats: every number by its path ----------------------------------------------------- */

static void stats_leaf(const char *path, const json_t *value, FILE *out)
{
	view_text(out, path, 44);
	if (json_is_integer(value))
		(void)fprintf(out, " %lld\n", (long long)json_integer_value(value));
	else if (json_is_real(value))
		(void)fprintf(out, " %.4g\n", json_real_value(value));
	else if (json_is_boolean(value))
		(void)fprintf(out, " %s\n", json_is_true(value) ? "yes" : "no");
	else {
		(void)fputc(' ', out);
		view_text(out, json_string_value(value) ? json_string_value(value) : "", 0);
		(void)fputc('\n', out);
	}
}

static void stats_value(const char *path, const json_t *value, FILE *out)
{
	char below[256];
	const char *key;
	json_t *member;
	if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, key, member)
		{
			if (strcmp(key, "name") == 0)
				continue;
			(void)snprintf(below, sizeof(below), "%s%s%s", path, *path ? "." : "", key);
			stats_value(below, member, out);
		}
	} else if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++) {
			member = json_array_get(value, i);
			(void)snprintf(below, sizeof(below), "%s.%s", path,
				       text_of(member, "name"));
			stats_value(below, member, out);
		}
	} else {
		stats_leaf(path, value, out);
	}
}

/* --- doctor ------------------------------------------------------------------------------ */

static int view_doctor(const json_t *result, FILE *out)
{
	size_t i;
	json_t *check;
	unsigned warnings = 0, unknown = 0;
	json_array_foreach(json_object_get(result, "checks"), i, check)
	{
		const char *state = text_of(check, "state");
		warnings += strcmp(state, "warn") == 0;
		unknown += strcmp(state, "unknown") == 0;
		(void)fprintf(out, "%-4s ",
			      strcmp(state, "unknown") == 0 ? "?" :
			      strcmp(state, "warn") == 0    ? "WARN" :
							      "ok");
		view_text(out, text_of(check, "check"), 11);
		(void)fputc(' ', out);
		view_text(out, text_of(check, "text"), 0);
		(void)fputc('\n', out);
		if (strcmp(state, "ok") != 0 && *text_of(check, "mend")) {
			(void)fprintf(out, "%18s", "-> ");
			view_text(out, text_of(check, "mend"), 0);
			(void)fputc('\n', out);
		}
	}
	(void)fprintf(out, "%u to mend, %u not known\n", warnings, unknown);
	return warnings ? CLIENT_SICK : CLIENT_DONE;
}

/* --- alerts ------------------------------------------------------------------------------ */

static const char *level_of(unsigned long long severity)
{
	return severity >= 99 ? "CRITICAL" :
	       severity >= 73 ? "high" :
	       severity >= 47 ? "medium" :
				"low";
}

void view_alert(const json_t *alert, FILE *out)
{
	const json_t *event = json_object_get(alert, "event");
	(void)fprintf(out, "%.19s %-8s ", text_of(alert, "@timestamp"),
		      level_of(number_of(event, "severity")));
	view_text(out, text_of(json_object_get(alert, "rule"), "id"), 0);
	(void)fputs(": ", out);
	view_text(out, text_of(alert, "message"), 0);
	(void)fputs(" [", out);
	view_text(out, text_of(json_object_get(alert, "exfild"), "alert_id"), 0);
	(void)fputs("]\n", out);
}

static void view_alerts(const json_t *result, FILE *out)
{
	const json_t *list = json_object_get(result, "alerts");
	for (size_t i = 0; i < json_array_size(list); i++)
		view_alert(json_array_get(list, i), out);
	if (!json_array_size(list) && !json_is_true(json_object_get(result, "follow")))
		(void)fputs("no alerts\n", out);
}

static void view_hosts(const json_t *result, FILE *out)
{
	const json_t *list = json_object_get(result, "hosts");
	view_talkers(list, "HOST", json_array_size(list), out);
	(void)fprintf(out, "%zu of %llu\n", json_array_size(list), number_of(result, "total"));
}

static void view_names(const char *title, const json_t *list, FILE *out)
{
	if (!json_array_size(list))
		return;
	(void)fputs(title, out);
	for (size_t i = 0; i < json_array_size(list); i++) {
		(void)fputs(i ? ", " : "", out);
		view_text(out, json_string_value(json_array_get(list, i)), 0);
	}
	(void)fputc('\n', out);
}

static void view_reload(const json_t *result, FILE *out)
{
	(void)fprintf(out, "%s\n", text_of(result, "message"));
	view_names("changed: ", json_object_get(result, "changed"), out);
	view_names("takes effect at restart: ", json_object_get(result, "restart"), out);
	(void)fprintf(out, "in %.1f ms; the analysis stood still for %.2f ms\n",
		      real_of(result, "took_ms"), real_of(result, "pause_ms"));
}

/* The path alone on the first line: for a shell. */
static void view_evidence(const json_t *result, FILE *out)
{
	char bytes[32];
	view_text(out, text_of(result, "path"), 0);
	(void)fprintf(out, "\n%s", bytes_of(result, "bytes", bytes));
	if (json_object_get(result, "packets"))
		(void)fprintf(out, ", %llu packets", number_of(result, "packets"));
	(void)fputs(json_is_true(json_object_get(result, "complete")) ?
			    "\n" :
			    "; those of the next minute are still being added\n",
		    out);
}

int view_result(const char *command, const json_t *result, FILE *out)
{
	if (strcmp(command, "status") == 0)
		view_status(result, out);
	else if (strcmp(command, "doctor") == 0)
		return view_doctor(result, out);
	else if (strcmp(command, "stats") == 0)
		stats_value("", result, out);
	else if (strcmp(command, "evidence") == 0)
		view_evidence(result, out);
	else if (strcmp(command, "alerts") == 0)
		view_alerts(result, out);
	else if (strcmp(command, "hosts") == 0)
		view_hosts(result, out);
	else if (strcmp(command, "flows") == 0)
		view_flows(result, out);
	else if (strcmp(command, "reload") == 0)
		view_reload(result, out);
	else if (strcmp(command, "exceptions") == 0)
		view_exceptions(result, out);
	else if (strcmp(command, "intel") == 0)
		view_intel(result, out);
	else if (strcmp(command, "baseline") == 0)
		view_baseline(result, out);
	else if (strcmp(command, "try") == 0)
		view_trial(result, out);
	else if (strcmp(command, "resend") == 0)
		(void)fprintf(out, "%llu alerts go again\n", number_of(result, "alerts"));
	else if (*text_of(result, "message"))
		(void)fprintf(out, "%s\n", text_of(result, "message"));
	return CLIENT_DONE;
}
