/*
 * report/sight.c - what policies forbade and decided, what was silenced, what was looked at, and
 * what was not seen.
 */
#include <string.h>

#include "exfild/base/str.h"
#include "sections.h"

#define INPUTS_MAX  200
#define DAMAGES_MAX 100

static void exceptions(const struct page *p)
{
	const struct report_seen *s = p->seen;
	struct buf *out = p->out;
	if (!s->exception_count) {
		buf_str(out,
			"<p class=\"soft\">No exception is configured: nothing was kept silent by "
			"one.</p>\n");
		return;
	}
	page_table(out, "Exceptions: what stays silent, why, and until when",
		   "Source|Destination|Rule|Reason|Ends|Findings silenced #");
	for (size_t i = 0; i < s->exception_count; i++) {
		const struct report_exception *x = &s->exceptions[i];
		buf_str(out, "<tr><td>");
		html_name(out, x->source[0] ? x->source : "any");
		buf_str(out, "</td><td>");
		html_name(out, x->destination[0] ? x->destination : "any");
		buf_str(out, "</td><td>");
		html_name(out, x->rule[0] ? x->rule : "any");
		buf_str(out, "</td><td class=\"wide\">");
		html_text(out, x->reason);
		buf_str(out, "</td><td>");
		html_name(out, x->expires);
		buf_str(out, "</td>");
		page_cell_count(out, x->silenced);
		buf_str(out, "</tr>\n");
	}
	page_table_end(out);
}

/* An alert that a policy raised itself: what was done is what it forbids. */
static bool is_violation(const struct entry *e)
{
	return strcmp(e->category, "policy") == 0;
}

static void violation_row(const struct page *p, const struct entry *e)
{
	struct buf *out = p->out;
	buf_str(out, "<tr>");
	page_cell_time(out, e->start_ns);
	buf_str(out, "<td>");
	html_name(out, e->policy[0] ? e->policy : e->rule);
	buf_str(out, "</td><td>");
	page_host(p, e);
	buf_str(out, "</td><td>");
	html_name(out, e->destination);
	buf_str(out, "</td>");
	page_cell_bytes(out, e->bytes);
	buf_str(out, "<td>");
	html_name(out, e->action[0] ? e->action : "alert");
	buf_str(out, "</td><td>");
	page_alert_link(p, e, e->title);
	buf_str(out, "</td></tr>\n");
}

static void violations(const struct page *p)
{
	size_t count = 0;
	for (size_t i = 0; i < p->report->count; i++) {
		const struct entry *e = p->order[i];
		if (!is_violation(e))
			continue;
		if (!count++)
			page_table(p->out, "Policy violations",
				   "Time (UTC)|Policy|Host|To|Sent #|Action|Alert");
		violation_row(p, e);
	}
	if (count)
		page_table_end(p->out);
	else
		buf_str(p->out, "<p class=\"soft\">No policy was violated, as far as policies are "
				"configured.</p>\n");
}

static void decisions(const struct page *p)
{
	struct buf *out = p->out;
	size_t count = 0;
	for (size_t i = 0; i < p->report->count; i++) {
		const struct entry *e = p->order[i];
		if (!e->action[0] || is_violation(e))
			continue;
		if (!count++)
			page_table(out, "What policies decided about alerts of other rules",
				   "Time (UTC)|Policy|Action|Host|Alert");
		buf_str(out, "<tr>");
		page_cell_time(out, e->start_ns);
		buf_str(out, "<td>");
		html_name(out, e->policy);
		buf_str(out, "</td><td>");
		html_name(out, e->action);
		buf_str(out, "</td><td>");
		page_host(p, e);
		buf_str(out, "</td><td>");
		page_alert_link(p, e, e->title);
		buf_str(out, "</td></tr>\n");
	}
	if (count)
		page_table_end(out);
	else
		buf_str(out, "<p class=\"soft\">No policy decided anything about alerts of other "
			     "rules.</p>\n");
}

void section_silence(const struct page *p)
{
	buf_str(p->out, "<section aria-labelledby=\"silence\">\n"
			"<h2 id=\"silence\">Policies and exceptions</h2>\n");
	violations(p);
	decisions(p);
	exceptions(p);
	section_quarantine(p);
	buf_str(p->out, "</section>\n");
}

static void inputs(const struct page *p)
{
	const struct report_seen *s = p->seen;
	struct buf *out = p->out;
	size_t shown = s->input_count < INPUTS_MAX ? s->input_count : INPUTS_MAX;
	buf_str(out, "<dl><dt>Inputs</dt><dd><ul class=\"plain\">");
	for (size_t i = 0; i < shown; i++) {
		buf_str(out, "<li><code>");
		html_text(out, s->inputs[i]);
		buf_str(out, "</code></li>");
	}
	if (shown < s->input_count)
		buf_printf(out, "<li>and %zu more</li>", s->input_count - shown);
	buf_str(out, "</ul></dd><dt>Time</dt><dd>");
	html_time(out, s->first_ns);
	buf_str(out, " to ");
	html_time(out, s->last_ns);
	buf_str(out, " UTC</dd>");
	if (!s->is_unwatched) {
		buf_printf(out, "<dt>Traffic%s</dt><dd>",
			   s->kind == REPORT_CAPTURE ? "" : " since the start");
		html_count(out, s->packets);
		buf_str(out, " packets, ");
		html_bytes(out, s->bytes);
		buf_str(out, ", ");
		html_count(out, s->flows);
		buf_str(out, " flows</dd>");
	}
	buf_str(out, "<dt>Taken for inside</dt><dd>");
	html_text(out, s->inside);
	buf_str(out, "</dd></dl>\n");
}

static void damages(const struct page *p)
{
	const struct report_seen *s = p->seen;
	struct buf *out = p->out;
	size_t shown = s->damage_count < DAMAGES_MAX ? s->damage_count : DAMAGES_MAX;
	if (!shown)
		return;
	page_table(out, "Inputs that were not read to their end", "Input|At byte #|Why");
	for (size_t i = 0; i < shown; i++) {
		buf_str(out, "<tr><td class=\"wide\"><code>");
		html_text(out, s->damages[i].path);
		buf_str(out, "</code></td>");
		page_cell_count(out, s->damages[i].offset);
		buf_str(out, "<td class=\"wide\">");
		html_text(out, s->damages[i].reason);
		buf_str(out, "</td></tr>\n");
	}
	page_table_end(out);
	if (shown < s->damage_count)
		buf_printf(out, "<p class=\"note\">%zu more are on standard error.</p>\n",
			   s->damage_count - shown);
}

static void counters(const struct page *p)
{
	const struct report_seen *s = p->seen;
	struct buf *out = p->out;
	size_t count = 0;
	for (size_t i = 0; i < s->counter_count; i++) {
		const struct report_counter *c = &s->counters[i];
		if (!c->count)
			continue;
		if (!count++)
			page_table(out, "What was not looked at as it should be",
				   "What|How often #|What that means");
		buf_str(out, "<tr><th scope=\"row\">");
		html_text(out, c->what);
		buf_str(out, "</th>");
		page_cell_count(out, c->count);
		buf_str(out, "<td class=\"wide\">");
		html_text(out, c->meaning);
		buf_str(out, "</td></tr>\n");
	}
	if (count)
		page_table_end(out);
	if (s->is_unwatched)
		buf_str(out, "<p><b>How well the sensor saw is not known</b>: the daemon was not "
			     "reached when this page was made.</p>\n");
	else if (!count && !s->damage_count && !s->is_interrupted && !s->is_one_sided)
		buf_str(out,
			s->kind == REPORT_CAPTURE ?
				"<p class=\"good\">No packet was lost, no input was damaged, no "
				"table was full.</p>\n" :
				"<p class=\"good\">No packet and no event was lost since the "
				"start.</p>\n");
}

/* Of the alerts: how much of what they are about could be read at all. */
static void limits(const struct page *p)
{
	struct buf *out = p->out;
	if (p->seen->started_ns > p->seen->first_ns) {
		buf_str(out, "<p><b>The daemon runs since ");
		html_time(out, p->seen->started_ns);
		buf_str(out, " UTC</b>, which is later than the begin of this report: how well it "
			     "saw before that is not known here.</p>\n");
	}
	if (p->seen->is_interrupted)
		buf_str(out, "<p><b>The replay was interrupted</b>: what comes after the last time "
			     "above was not read.</p>\n");
	if (p->seen->is_one_sided)
		buf_str(out,
			"<p><b>Over 95 % of the connections show one direction only</b>: rules "
			"that judge by answers have abstained.</p>\n");
	buf_str(out,
		"<p>A page without an alert is no proof that nothing left. Not seen from a "
		"gateway: what never passes it (disks, phones, printers, the cloud's own "
		"copies), what is inside encryption (only its size, rhythm and name), and what is "
		"slower or smaller than the limits that each rule states.</p>\n");
}

void section_sight(const struct page *p)
{
	buf_str(p->out, "<section aria-labelledby=\"sight\">\n"
			"<h2 id=\"sight\">What was seen, and what was not</h2>\n");
	inputs(p);
	damages(p);
	counters(p);
	limits(p);
	buf_str(p->out, "</section>\n");
}
