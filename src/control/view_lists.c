/*
 * control/view_lists.c - hosts, destinations, services and flows as columns; one alert as a whole.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/control/client.h"
#include "client_parts.h"
#include "parse.h"

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

static const char *bytes_of(const json_t *o, const char *key, char dst[32])
{
	return str_bytes(dst, 32, json_number_value(json_object_get(o, key)));
}

static void put_roles(const json_t *talker, FILE *out)
{
	size_t i;
	json_t *role;
	json_array_foreach(json_object_get(talker, "roles"), i, role)
	{
		const char *text = json_string_value(role);
		(void)fprintf(out, "%s%s", i ? "," : " ", text ? text : "");
	}
}

void view_talkers(const json_t *list, const char *title, size_t most, FILE *out)
{
	char sent[32], received[32];
	size_t i;
	json_t *t;
	(void)fprintf(out, "%-40s %10s %10s %8s\n", title, "SENT", "RECEIVED", "FLOWS");
	json_array_foreach(list, i, t)
	{
		if (i >= most)
			break;
		char label[160];
		const char *address = text_of(t, "address"), *name = text_of(t, "name");
		(void)snprintf(label, sizeof(label), "%s%s%s", address,
			       *address && *name ? " " : "", name);
		view_text(out, label, 40);
		(void)fprintf(out, " %10s %10s %8lld", bytes_of(t, "sent", sent),
			      bytes_of(t, "received", received),
			      (long long)json_integer_value(json_object_get(t, "flows")));
		put_roles(t, out);
		(void)fputc('\n', out);
	}
}

static void end_of(const json_t *f, const char *address, const char *port, char *dst, size_t size)
{
	(void)snprintf(dst, size, "%s %lld", text_of(f, address),
		       (long long)json_integer_value(json_object_get(f, port)));
}

void view_flows(const json_t *result, FILE *out)
{
	char sent[32], received[32], from[64], to[64];
	const json_t *list = json_object_get(result, "flows");
	size_t i;
	json_t *f;
	(void)fprintf(out, "%-28s %-28s %-6s %-10s %10s %10s\n", "SOURCE", "DESTINATION", "BY",
		      "PROTOCOL", "SENT", "RECEIVED");
	json_array_foreach(list, i, f)
	{
		end_of(f, "source", "source_port", from, sizeof(from));
		end_of(f, "destination", "destination_port", to, sizeof(to));
		(void)fprintf(out, "%-28s %-28s %-6s %-10s %10s %10s\n", from, to,
			      text_of(f, "transport"), text_of(f, "protocol"),
			      bytes_of(f, "sent", sent), bytes_of(f, "received", received));
	}
	(void)fprintf(out, "%zu of %lld\n", json_array_size(list),
		      (long long)json_integer_value(json_object_get(result, "total")));
}

/* --- one alert ---------------------------------------------------------------------------- */

static void put_line(const char *label, const char *text, FILE *out)
{
	if (!*text)
		return;
	(void)fprintf(out, "  %-10s", label);
	view_text(out, text, 0);
	(void)fputc('\n', out);
}

static void put_proof(const json_t *own, FILE *out)
{
	size_t i;
	json_t *part;
	json_array_foreach(json_object_get(own, "explain"), i, part)
	{
		(void)fprintf(out, "  %-10s%+.3f ", i ? "" : "proof",
			      json_number_value(json_object_get(part, "contribution")));
		view_text(out, text_of(part, "feature"), 0);
		(void)fputs(": ", out);
		view_text(out, text_of(part, "text"), 0);
		(void)fputc('\n', out);
	}
}

static void put_policy(const json_t *own, FILE *out)
{
	const json_t *p = json_object_get(own, "policy");
	const json_t *ttl = json_object_get(p, "ttl"), *step = json_object_get(p, "step");
	if (!p) {
		(void)fputs("  policy    none holds\n", out);
		return;
	}
	(void)fputs("  policy    ", out);
	view_text(out, text_of(p, "rule"), 0);
	(void)fprintf(out, ": %s", text_of(p, "action"));
	if (*text_of(p, "target"))
		(void)fprintf(out, " of the %s (%s)", text_of(p, "target"), text_of(p, "mode"));
	if (ttl)
		(void)fprintf(out, ", for %lld s", (long long)json_integer_value(ttl));
	if (step)
		(void)fprintf(out, ", step %lld of its escalation",
			      (long long)json_integer_value(step));
	(void)fputc('\n', out);
	put_line("  because", text_of(p, "why"), out);
	put_line("  outcome", text_of(p, "outcome"), out);
}

/* The last revision of the alert whose id begins so. */
static const json_t *find(const json_t *list, const char *id)
{
	for (size_t i = json_array_size(list); i > 0; i--) {
		const json_t *alert = json_array_get(list, i - 1);
		const char *own = text_of(json_object_get(alert, "exfild"), "alert_id");
		if (strncmp(own, id, strlen(id)) == 0)
			return alert;
	}
	return NULL;
}

int view_explain(const json_t *result, const char *id, bool json, FILE *out)
{
	const json_t *alert = find(json_object_get(result, "alerts"), id);
	const json_t *own = json_object_get(alert, "exfild");
	if (!alert) {
		(void)fputs("exfilctl: no such alert among the last ones: ", stderr);
		view_text(stderr, id, 0);
		(void)fputs("\nexfilctl: exfilctl alerts --limit 512 lists them\n", stderr);
		return CLIENT_FAILED;
	}
	if (json) {
		(void)json_dumpf(alert, out, JSON_COMPACT);
		(void)fputc('\n', out);
		return CLIENT_DONE;
	}
	view_alert(alert, out);
	put_line("reason", text_of(json_object_get(alert, "event"), "reason"), out);
	put_proof(own, out);
	put_line("silent if", text_of(own, "counterfactual"), out);
	put_line("not ok", text_of(own, "not_harmless"), out);
	put_line("unseen", text_of(own, "unseen"), out);
	put_policy(own, out);
	put_line("silence", text_of(own, "silence"), out);
	return CLIENT_DONE;
}
