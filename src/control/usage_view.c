/*
 * control/usage_view.c - rows of usage as columns, JSON or CSV.
 *
 * Names come from the network.  Columns and CSV show printable ASCII, all else as \xNN; a cell of
 * CSV that a spreadsheet would take for a formula gets an apostrophe before it.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/json.h"
#include "exfild/base/str.h"
#include "client_parts.h"
#include "usage.h"

static const int widths[USAGE_BY__COUNT] = {
	[USAGE_BY_HOUR] = 16,     [USAGE_BY_DAY] = 10,      [USAGE_BY_ZONE] = 12,
	[USAGE_BY_HOST] = 24,     [USAGE_BY_USER] = 20,     [USAGE_BY_SERVICE] = 30,
	[USAGE_BY_TENANT] = 24,   [USAGE_BY_CATEGORY] = 10, [USAGE_BY_RISK] = 7,
	[USAGE_BY_SANCTION] = 12, [USAGE_BY_COUNTRY] = 7,   [USAGE_BY_AS] = 24,
	[USAGE_BY_TLS] = 20,      [USAGE_BY_DIRECTION] = 9,
};

static bool is_asked(const struct usage_view *v, unsigned dim)
{
	return v->asked->query.by & 1u << dim;
}

void usage_csv_text(FILE *out, const char *text)
{
	char safe[1024];
	(void)str_escape(safe, sizeof(safe), text, strlen(text));
	(void)fputc('"', out);
	if (safe[0] && strchr("=+-@", safe[0]))
		(void)fputc('\'', out);
	for (const char *p = safe; *p; p++) {
		if (*p == '"')
			(void)fputc('"', out);
		(void)fputc(*p, out);
	}
	(void)fputc('"', out);
}

/* ---- the head ---- */

static uint64_t since_of(const struct usage_asked *a)
{
	return a->query.since_s ? a->query.since_s : a->first_s;
}

static uint64_t until_of(const struct usage_asked *a)
{
	return a->query.until_s ? a->query.until_s : a->end_s;
}

static void table_head(const struct usage_view *v)
{
	char from[32], to[32], word[16];
	if (*v->title)
		(void)fprintf(v->out, "%s\n", v->title);
	(void)fprintf(v->out, "%s to %s UTC\n",
		      usage_time_text(from, sizeof(from), since_of(v->asked)),
		      usage_time_text(to, sizeof(to), until_of(v->asked)));
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++) {
		if (!is_asked(v, dim))
			continue;
		const char *name = usage_dim_name((enum usage_dim)dim);
		size_t i = 0;
		for (; name[i] && i + 1 < sizeof(word); i++)
			word[i] = name[i] >= 'a' ? (char)(name[i] - 32) : name[i];
		word[i] = '\0';
		(void)fprintf(v->out, "%-*s ", widths[dim], word);
	}
	(void)fprintf(v->out, "%10s %10s %8s %6s %5s %5s %6s  %-16s %s\n", "UP", "DOWN", "FLOWS",
		      "ALERTS", "SCORE", "CLEAR", "OPAQUE", "LAST", "FIRST SEEN");
}

static void begin(struct usage_view *v)
{
	struct json j = json_make(v->line);
	if (v->is_begun)
		return;
	v->is_begun = true;
	switch (v->asked->form) {
	case USAGE_TABLE:
		table_head(v);
		break;
	case USAGE_CSV:
		for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++)
			if (is_asked(v, dim))
				(void)fprintf(v->out, "%s,", usage_dim_name((enum usage_dim)dim));
		(void)fputs(
			"up,down,clear,named,opaque,flows,alerts,verdicts,score,first,last,seen\n",
			v->out);
		break;
	case USAGE_JSON:
		json_open_object(&j, NULL);
		json_time(&j, "since", since_of(v->asked) * 1000000000u);
		json_time(&j, "until", until_of(v->asked) * 1000000000u);
		json_open_array(&j, "rows");
		(void)fwrite(v->line->data, 1, v->line->len, v->out);
		break;
	}
}

/* ---- a row ---- */

static unsigned share(uint64_t part, const struct usage_counts *n)
{
	uint64_t all = n->clear + n->named + n->opaque;
	return all ? (unsigned)((double)part * 100 / (double)all + 0.5) : 0;
}

static void table_numbers(FILE *out, const struct usage_counts *n, uint64_t seen_ns)
{
	char sent[32], received[32], last[32] = "", seen[32] = "";
	if (n->last_ns)
		(void)usage_time_text(last, sizeof(last), n->last_ns / 1000000000u);
	if (seen_ns)
		(void)usage_time_text(seen, sizeof(seen), seen_ns / 1000000000u);
	(void)fprintf(out, "%10s %10s %8llu %6llu %5llu %4u%% %5u%%  %-16s %s\n",
		      str_bytes(sent, sizeof(sent), (double)n->up),
		      str_bytes(received, sizeof(received), (double)n->down),
		      (unsigned long long)n->flows, (unsigned long long)n->alerts,
		      (unsigned long long)n->score, share(n->clear, n), share(n->opaque, n), last,
		      seen);
}

/* What a service or host is called besides. */
static const char *shown_key(const struct usage_answer *a, unsigned dim, char *dst, size_t size)
{
	const char *more = dim == USAGE_BY_SERVICE ? a->title : dim == USAGE_BY_HOST ? a->name : "";
	if (!*more || strcmp(more, a->key[dim]) == 0)
		return *a->key[dim] ? a->key[dim] : "-";
	(void)snprintf(dst, size, "%s (%s)", a->key[dim], more);
	return dst;
}

static void table_row(const struct usage_view *v, const struct usage_answer *a)
{
	char text[2 * USAGE_TEXT_MAX + 8];
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++) {
		if (!is_asked(v, dim))
			continue;
		view_text(v->out, shown_key(a, dim, text, sizeof(text)), widths[dim]);
		(void)fputc(' ', v->out);
	}
	table_numbers(v->out, &a->counts, a->seen_ns);
}

static void csv_row(const struct usage_view *v, const struct usage_answer *a)
{
	const struct usage_counts *n = &a->counts;
	const uint64_t numbers[] = { n->up,    n->down,   n->clear,    n->named, n->opaque,
				     n->flows, n->alerts, n->verdicts, n->score };
	const uint64_t times[] = { n->first_ns, n->last_ns, a->seen_ns };
	char text[32];
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++) {
		if (!is_asked(v, dim))
			continue;
		usage_csv_text(v->out, a->key[dim]);
		(void)fputc(',', v->out);
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		(void)fprintf(v->out, "%llu,", (unsigned long long)numbers[i]);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		(void)fprintf(v->out, "%s%s",
			      times[i] ? str_time(text, sizeof(text), times[i]) : "",
			      i < 2 ? "," : "\n");
}

static void json_counts(struct json *j, const struct usage_counts *n)
{
	json_uint(j, "up", n->up);
	json_uint(j, "down", n->down);
	json_uint(j, "clear", n->clear);
	json_uint(j, "named", n->named);
	json_uint(j, "opaque", n->opaque);
	json_uint(j, "flows", n->flows);
	json_uint(j, "alerts", n->alerts);
	json_uint(j, "verdicts", n->verdicts);
	json_uint(j, "score", n->score);
	if (n->first_ns)
		json_time(j, "first", n->first_ns);
	if (n->last_ns)
		json_time(j, "last", n->last_ns);
}

static void json_row(struct usage_view *v, const struct usage_answer *a)
{
	buf_reset(v->line);
	struct json j = json_make(v->line);
	j.need_comma = v->rows > 0;
	json_open_object(&j, NULL);
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++)
		if (is_asked(v, dim))
			json_string(&j, usage_dim_name((enum usage_dim)dim), a->key[dim]);
	if (*a->title)
		json_string(&j, "title", a->title);
	if (*a->name)
		json_string(&j, "name", a->name);
	json_counts(&j, &a->counts);
	if (a->seen_ns)
		json_time(&j, "seen", a->seen_ns);
	json_close_object(&j);
	(void)fwrite(v->line->data, 1, v->line->len, v->out);
}

bool usage_view_row(void *view, const struct usage_answer *a)
{
	struct usage_view *v = view;
	begin(v);
	if (v->asked->form == USAGE_TABLE)
		table_row(v, a);
	else if (v->asked->form == USAGE_CSV)
		csv_row(v, a);
	else
		json_row(v, a);
	v->rows++;
	return !ferror(v->out);
}

void usage_view_end(struct usage_view *v, const struct usage_counts *total)
{
	char sent[32], received[32];
	begin(v);
	if (v->asked->form == USAGE_TABLE) {
		(void)fprintf(v->out,
			      "%llu row%s; in all %s up, %s down, %llu flows, %llu alerts\n",
			      v->rows, v->rows == 1 ? "" : "s",
			      str_bytes(sent, sizeof(sent), (double)total->up),
			      str_bytes(received, sizeof(received), (double)total->down),
			      (unsigned long long)total->flows, (unsigned long long)total->alerts);
	} else if (v->asked->form == USAGE_JSON) {
		buf_reset(v->line);
		struct json j = json_make(v->line);
		buf_char(v->line, ']');
		j.need_comma = true;
		json_open_object(&j, "total");
		json_counts(&j, total);
		json_close_object(&j);
		buf_str(v->line, "}\n");
		(void)fwrite(v->line->data, 1, v->line->len, v->out);
	}
}
