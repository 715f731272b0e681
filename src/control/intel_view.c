/*
 * control/intel_view.c - the words of exfilctl intel, and its answers as text.
 */
#include <stdio.h>
#include <string.h>

#include "client_parts.h"
#include "parse.h"

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

static long long number_of(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

/* "  first seen 2026-11-18": the day of a time, where it is told. */
static void put_day(const json_t *x, const char *key, const char *words, FILE *out)
{
	if (*text_of(x, key))
		(void)fprintf(out, "  %s %.10s", words, text_of(x, key));
}

static void put_found(const json_t *x, FILE *out)
{
	const char *severity = text_of(x, "severity"), *tlp = text_of(x, "tlp");
	view_text(out, text_of(x, "value"), 0);
	(void)fprintf(out, "  %s  %s:%lld  %lld %%", text_of(x, "type"), text_of(x, "feed"),
		      number_of(x, "line"), number_of(x, "confidence"));
	if (*severity)
		(void)fprintf(out, "  severity %s", severity);
	if (*tlp)
		(void)fprintf(out, "  TLP:%s", tlp);
	put_day(x, "first_seen", "first seen", out);
	put_day(x, "valid_until", "until", out);
	(void)fputs(*text_of(x, "note") ? "  " : "", out);
	view_text(out, text_of(x, "note"), 0);
	(void)fputc('\n', out);
}

void view_intel(const json_t *result, FILE *out)
{
	const json_t *found = json_object_get(result, "found");
	size_t i;
	json_t *x;
	for (i = 0; i < json_array_size(found); i++)
		put_found(json_array_get(found, i), out);
	if (found) {
		if (json_array_size(found) == 0)
			(void)fputs("not listed\n", out);
		return;
	}
	(void)fprintf(out, "%lld indicators in %.1f MB\n", number_of(result, "indicators"),
		      (double)number_of(result, "bytes") / 1e6);
	json_array_foreach(json_object_get(result, "feeds"), i, x)
	{
		(void)fprintf(out, "%-20s %9lld  %s; broken %lld, held back %lld, unsupported %lld",
			      text_of(x, "name"), number_of(x, "indicators"), text_of(x, "format"),
			      number_of(x, "broken"), number_of(x, "held_back"),
			      number_of(x, "unsupported"));
		if (*text_of(x, "error")) {
			(void)fputs("; held: it ", out);
			view_text(out, text_of(x, "error"), 0);
		}
		(void)fputc('\n', out);
	}
}

/* "intel", "intel search VALUE", "intel add VALUE" ...; what is wrong, or NULL. */
const char *intel_words(struct request *r, int count, char **words)
{
	static const char wrong[] = "intel stats, search VALUE, add VALUE, remove VALUE or reload";
	const char *kind = count > 1 ? words[1] : "stats";
	bool has_value = strcmp(kind, "search") == 0 || strcmp(kind, "add") == 0 ||
			 strcmp(kind, "remove") == 0;
	bool is_read = strcmp(kind, "stats") == 0 || strcmp(kind, "search") == 0;
	if ((!has_value && !is_read && strcmp(kind, "reload") != 0) ||
	    count > (has_value ? 3 : 2) || (has_value && count != 3))
		return wrong;
	(void)snprintf(r->kind, sizeof(r->kind), "%s", kind);
	(void)snprintf(r->command, sizeof(r->command), "%s", is_read ? "intel" : "intel_change");
	if (has_value && strlen(words[2]) >= sizeof(r->to))
		return "an indicator of up to 127 characters";
	if (has_value)
		(void)snprintf(r->to, sizeof(r->to), "%s", words[2]);
	return NULL;
}
