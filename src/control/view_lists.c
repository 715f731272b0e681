/*
 * control/view_lists.c - hosts, destinations, services and flows as columns.
 */
#include <stdio.h>

#include "exfild/base/str.h"
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
