/*
 * report/page.c - the answer, the sections in their order, and what all of them use.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "sections.h"

#define ANSWER_PAIRS 10

void page_chip(struct buf *out, unsigned level)
{
	buf_printf(out, "<span class=\"chip %s\">%s</span>", level_name(level), level_name(level));
}

/* Whether it is among those that are shown with their proof: entries stand in that order. */
static bool is_full(const struct page *p, const struct entry *e)
{
	for (size_t i = 0; i < p->full; i++)
		if (p->order[i] == e)
			return true;
	return false;
}

void page_alert_link(const struct page *p, const struct entry *e, const char *text)
{
	if (!is_full(p, e)) {
		html_name(p->out, text);
		return;
	}
	buf_str(p->out, "<a href=\"#a-");
	html_name(p->out, e->id);
	buf_str(p->out, "\">");
	html_name(p->out, text);
	buf_str(p->out, "</a>");
}

void page_table(struct buf *out, const char *caption, const char *columns)
{
	buf_str(out, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
	html_text(out, caption);
	buf_str(out, "\"><table class=\"sorts\"><caption>");
	html_text(out, caption);
	buf_str(out, "</caption><thead><tr>");
	while (*columns) {
		size_t len = strcspn(columns, "|");
		bool is_number = len > 2 && columns[len - 1] == '#';
		buf_str(out, is_number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
		html_text_len(out, columns, is_number ? len - 2 : len);
		buf_str(out, "</th>");
		columns += len + (columns[len] == '|');
	}
	buf_str(out, "</tr></thead><tbody>\n");
}

void page_table_end(struct buf *out)
{
	buf_str(out, "</tbody></table></div>\n");
}

static void cell(struct buf *out, const char *class, uint64_t v)
{
	buf_printf(out, "<td%s data-v=\"%llu\">", class, (unsigned long long)v);
}

void page_cell_count(struct buf *out, uint64_t n)
{
	cell(out, " class=\"n\"", n);
	html_count(out, n);
	buf_str(out, "</td>");
}

void page_cell_bytes(struct buf *out, uint64_t bytes)
{
	cell(out, " class=\"n\"", bytes);
	if (bytes)
		html_bytes(out, bytes);
	else
		buf_str(out, "not known");
	buf_str(out, "</td>");
}

void page_cell_time(struct buf *out, uint64_t time_ns)
{
	cell(out, "", time_ns / 1000);
	html_time(out, time_ns);
	buf_str(out, "</td>");
}

void page_host(const struct page *p, const struct entry *e)
{
	struct buf *out = p->out;
	page_host_link(p, e->source[0] ? e->source : "the sensor");
	if (e->source_name[0]) {
		buf_str(out, " <span class=\"soft\">");
		html_name(out, e->source_name);
		buf_str(out, "</span>");
	}
}

static void plural(struct buf *out, uint64_t n, const char *one, const char *many)
{
	html_count(out, n);
	buf_printf(out, " %s", n == 1 ? one : many);
}

static uint64_t alerts_from(const struct report *r, unsigned level)
{
	uint64_t n = 0;
	while (level < LEVEL__COUNT)
		n += r->levels[level++];
	return n;
}

/* The one question, in one line. */
static void headline(const struct page *p)
{
	const struct sums *s = &p->sums;
	char text[32];
	if (s->theft) {
		buf_str(p->out, "Data left");
		if (s->bytes)
			buf_printf(p->out, ": %s", str_bytes(text, sizeof(text), (double)s->bytes));
		buf_str(p->out, " from ");
		plural(p->out, s->sources, "host", "hosts");
		buf_str(p->out, " to ");
		plural(p->out, s->destinations, "destination", "destinations");
	} else if (alerts_from(p->report, LEVEL_MEDIUM)) {
		buf_str(p->out, "No theft was seen, but steps that lead to one");
	} else {
		buf_str(p->out, "No sign of data theft was seen");
	}
}

static void explanation(const struct page *p)
{
	const struct sums *s = &p->sums;
	buf_str(p->out, "<p class=\"lead\">");
	if (s->theft)
		buf_str(p->out,
			"That is what exfild holds for theft, by the alerts below. Each says why, how "
			"sure it is, what would have kept it silent, and how to check it.");
	else if (alerts_from(p->report, LEVEL_MEDIUM))
		buf_str(p->out,
			"Somebody looks around, breaks in or keeps a channel open. What each "
			"alert saw, and why it is not harmless, stands below.");
	else if (alerts_from(p->report, LEVEL_LOW))
		buf_str(p->out, "What was noticed is context: by itself no reason to act.");
	else
		buf_str(p->out,
			"No alert was raised. That holds for what passed the sensor and could "
			"be read; what could not stands below.");
	buf_str(p->out, "</p>\n");
}

static void answer_pairs(const struct page *p)
{
	const struct sums *s = &p->sums;
	struct buf *out = p->out;
	size_t shown = s->pair_count < ANSWER_PAIRS ? s->pair_count : ANSWER_PAIRS;
	if (!shown)
		return;
	page_table(out,
		   s->theft ? "Who sent data out, to whom, and how much" :
			      "What might be a way out, but is too weak to be called one",
		   "Who|To whom|How much #|Since (UTC)|How|Severity");
	for (size_t i = 0; i < shown; i++) {
		const struct sum_pair *pair = &s->pairs[i];
		buf_str(out, "<tr><th scope=\"row\">");
		page_host(p, pair->worst);
		buf_str(out, "</th><td>");
		html_name(out, pair->worst->destination[0] ? pair->worst->destination :
							     "several or unknown");
		buf_str(out, "</td>");
		page_cell_bytes(out, pair->bytes);
		page_cell_time(out, pair->since_ns);
		buf_str(out, "<td>");
		page_alert_link(p, pair->worst, pair->worst->title);
		if (pair->alerts > 1)
			buf_printf(out, " <span class=\"soft\">and %llu more</span>",
				   (unsigned long long)pair->alerts - 1);
		buf_printf(out, "</td><td data-v=\"%u\">", pair->worst->level);
		page_chip(out, pair->worst->level);
		buf_str(out, "</td></tr>\n");
	}
	page_table_end(out);
	if (shown < s->pair_count)
		buf_printf(out,
			   "<p class=\"note\">%zu more pairs with fewer bytes are in the list of "
			   "alerts.</p>\n",
			   s->pair_count - shown);
	buf_str(out,
		"<p class=\"note\">How much: where several rules tell of the same pair, the most "
		"that one of them tells; never their sum.</p>\n");
}

static void figure(struct buf *out, const char *what, uint64_t n)
{
	buf_str(out, "<li><b>");
	html_count(out, n);
	buf_printf(out, "</b><span>%s</span></li>", what);
}

static void figures(const struct page *p)
{
	const struct report_seen *seen = p->seen;
	char text[32];
	buf_str(p->out, "<ul class=\"figures\">");
	figure(p->out, "critical and high alerts", alerts_from(p->report, LEVEL_HIGH));
	figure(p->out, "medium alerts", p->report->levels[LEVEL_MEDIUM]);
	figure(p->out, "hosts with alerts", p->sums.host_count);
	if (!seen->is_unwatched) {
		figure(p->out,
		       seen->kind == REPORT_CAPTURE ? "packets seen" :
						      "packets seen since the start",
		       seen->packets);
		figure(p->out, seen->kind == REPORT_CAPTURE ? "flows" : "flows since the start",
		       seen->flows);
	}
	if (seen->first_ns && seen->last_ns > seen->first_ns)
		buf_printf(p->out, "<li><b>%s</b><span>%s</span></li>",
			   str_duration(text, sizeof(text), seen->last_ns - seen->first_ns),
			   seen->kind == REPORT_CAPTURE ? "of traffic" : "are reported on");
	buf_str(p->out, "</ul>\n");
}

static void navigation(const struct page *p)
{
	struct buf *out = p->out;
	buf_str(out, "<nav aria-label=\"Sections\"><ul>");
	if (p->seen->is_live)
		buf_str(out, "<li><a href=\"#now\">As it comes</a></li>");
	if (p->seen->kind == REPORT_INCIDENT)
		buf_str(out, "<li><a href=\"#story\">The story</a></li>");
	if (p->seen->kind == REPORT_COMPLIANCE)
		buf_str(out, "<li><a href=\"#controls\">Controls</a></li>");
	buf_str(out, "<li><a href=\"#steps\">Course</a></li><li><a href=\"#hosts\">Hosts</a></li>");
	if (p->seen->usage)
		buf_str(out, "<li><a href=\"#traffic\">What left, by service</a></li>"
			     "<li><a href=\"#inventory\">What is used</a></li>");
	buf_str(out, "<li><a href=\"#alerts\">Alerts</a></li>"
		     "<li><a href=\"#silence\">Policies and exceptions</a></li>");
	if (p->seen->kind != REPORT_CAPTURE)
		buf_str(out, "<li><a href=\"#health\">How well the sensor watched</a></li>");
	buf_str(out,
		"<li><a href=\"#sight\">What was seen, and what was not</a></li></ul></nav>\n");
}

static void answer(const struct page *p)
{
	struct buf *out = p->out;
	buf_str(out, "<header>\n<p class=\"over\">exfild report &middot; ");
	html_name(out, p->seen->title);
	if (p->seen->first_ns) {
		buf_str(out, " &middot; ");
		html_time(out, p->seen->first_ns);
		buf_str(out, " to ");
		html_time(out, p->seen->last_ns);
		buf_str(out, " UTC");
	}
	buf_str(out, "</p>\n<h1 id=\"answer\">");
	headline(p);
	buf_str(out, "</h1>\n");
	explanation(p);
	answer_pairs(p);
	figures(p);
	page_ways(p);
	navigation(p);
	buf_str(out, "</header>\n");
}

static int by_weight(const void *x, const void *y)
{
	const struct entry *a = *(const struct entry *const *)x,
			   *b = *(const struct entry *const *)y;
	if (a->level != b->level)
		return a->level > b->level ? -1 : 1;
	if (a->risk > b->risk || a->risk < b->risk)
		return a->risk > b->risk ? -1 : 1;
	if (a->start_ns != b->start_ns)
		return a->start_ns < b->start_ns ? -1 : 1;
	return strcmp(a->id, b->id);
}

static struct chart_span span_of(const struct report *r, const struct report_seen *seen)
{
	struct chart_span s = { seen->first_ns, seen->last_ns };
	for (size_t i = 0; i < r->count; i++) {
		const struct entry *e = &r->entries[i];
		if (e->start_ns && (!s.first_ns || e->start_ns < s.first_ns))
			s.first_ns = e->start_ns;
		if (e->end_ns > s.last_ns)
			s.last_ns = e->end_ns;
	}
	return s;
}

static int prepare(struct page *p)
{
	const struct report *r = p->report;
	p->order = calloc(r->count + 1, sizeof(*p->order));
	int err = p->order ? sums_make(r, &p->sums) : -EXF_E_NOMEM;
	if (err)
		return err;
	for (size_t i = 0; i < r->count; i++)
		p->order[i] = &r->entries[i];
	if (r->count)
		qsort(p->order, r->count, sizeof(*p->order), by_weight);
	p->full = r->count < REPORT_FULL ? r->count : REPORT_FULL;
	p->span = span_of(r, p->seen);
	return 0;
}

int report_page(const struct report *r, const struct report_seen *seen, struct buf *out)
{
	struct page p = { .out = out, .report = r, .seen = seen };
	int err = prepare(&p);
	if (!err) {
		page_head(&p);
		answer(&p);
		buf_str(out, "<main>\n");
		section_now(&p);
		section_incident(&p);
		section_compliance(&p);
		section_steps(&p);
		section_hosts(&p);
		section_traffic(&p);
		section_inventory(&p);
		section_alerts(&p);
		section_silence(&p);
		section_health(&p);
		section_sight(&p);
		page_foot(&p);
		err = out->full ? -EXF_E_LIMIT : 0;
	}
	sums_free(&p.sums);
	free(p.order);
	return err;
}
