/*
 * report/incident.c - one host's or one alert's story in the order of time, and the facts of a
 * notice.
 */
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "sections.h"

#define STORY_MAX 500

static int by_time(const void *x, const void *y)
{
	const struct entry *a = *(const struct entry *const *)x,
			   *b = *(const struct entry *const *)y;
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return strcmp(a->id, b->id);
}

static void story_row(const struct page *p, const struct entry *e)
{
	struct buf *out = p->out;
	json_t *alert = json_loadb(e->line, e->len, JSON_ALLOW_NUL, NULL);
	buf_str(out, "<tr>");
	page_cell_time(out, e->start_ns);
	buf_str(out, "<td>");
	page_alert_link(p, e, e->title);
	buf_str(out, "</td><td>");
	page_host(p, e);
	buf_str(out, "</td><td>");
	html_name(out, field_text(alert, "exfild.evidence.object"));
	buf_str(out, "</td><td class=\"wide\">");
	html_text(out, field_text(alert, "message"));
	buf_str(out, "</td></tr>\n");
	json_decref(alert);
}

static void story(const struct page *p)
{
	size_t n = p->report->count, shown = n < STORY_MAX ? n : STORY_MAX;
	const struct entry **list = calloc(n + 1, sizeof(*list));
	if (!list)
		return;
	memcpy(list, p->order, n * sizeof(*list));
	if (n)
		qsort(list, n, sizeof(*list), by_time);
	page_table(p->out, "What happened, in the order of time",
		   "Begin (UTC)|What|Host|About|In one sentence");
	for (size_t i = 0; i < shown; i++)
		story_row(p, list[i]);
	page_table_end(p->out);
	if (shown < n)
		buf_printf(p->out, "<p class=\"note\">%zu later alerts are left out.</p>\n",
			   n - shown);
	free(list);
}

static void notice(const struct page *p)
{
	struct buf *out = p->out;
	const struct sums *s = &p->sums;
	buf_str(out, "<h3>Facts for a notice</h3>\n<dl><dt>What</dt><dd>");
	buf_str(out, s->theft ? "Data left, by the alerts above" : "No data was seen to leave");
	buf_str(out, "</dd><dt>When</dt><dd>");
	html_time(out, p->span.first_ns);
	buf_str(out, " to ");
	html_time(out, p->span.last_ns);
	buf_str(out, " UTC, as far as alerts tell</dd><dt>How much</dt><dd>");
	if (s->bytes)
		html_bytes(out, s->bytes);
	else
		buf_str(out, "not known");
	buf_str(out, "</dd><dt>From</dt><dd>");
	for (size_t i = 0; i < s->host_count && i < 20; i++) {
		buf_str(out, i ? ", " : "");
		html_name(out, s->hosts[i].worst->source);
	}
	buf_str(out, "</dd><dt>To</dt><dd>");
	for (size_t i = 0; i < s->pair_count && i < 20; i++) {
		buf_str(out, i ? ", " : "");
		html_name(out, s->pairs[i].worst->destination);
	}
	buf_str(out, s->pair_count ? "" : "nobody that is known");
	buf_str(out, "</dd><dt>Not known here</dt><dd>Whose data it was and of how many people, "
		     "whether it was encrypted, what it is used for, and what was done about it. "
		     "Article 33 of the GDPR asks for these within 72 hours of knowing; what comes "
		     "later may be told later.</dd></dl>\n");
}

void section_incident(const struct page *p)
{
	if (p->seen->kind != REPORT_INCIDENT)
		return;
	buf_str(p->out, "<section aria-labelledby=\"story\">\n<h2 id=\"story\">The story</h2>\n");
	story(p);
	notice(p);
	buf_str(p->out, "</section>\n");
}
