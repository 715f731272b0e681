/*
 * report/steps.c - the course of things: alerts over time by the step of an attack that they are,
 * and hosts by risk.
 */
#include <string.h>

#include "sections.h"

#define HOSTS_MAX   100
#define REASONS_MAX 4
#define TABLE_MAX   200

/* ATT&CK's tactics in the order in which an attack goes through them. */
static const struct {
	const char *id, *name;
} steps[] = {
	{ "TA0043", "Reconnaissance" },  { "TA0042", "Resource development" },
	{ "TA0001", "Initial access" },  { "TA0002", "Execution" },
	{ "TA0003", "Persistence" },     { "TA0004", "Privilege escalation" },
	{ "TA0005", "Defense evasion" }, { "TA0006", "Credential access" },
	{ "TA0007", "Discovery" },       { "TA0008", "Lateral movement" },
	{ "TA0009", "Collection" },      { "TA0011", "Command and control" },
	{ "TA0010", "Exfiltration" },    { "TA0040", "Impact" },
	{ "", "No step of an attack" },
};

#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

/* A rule may name no tactic, or one of another edition: it stands in the last lane. */
static size_t step_of(const struct entry *e)
{
	size_t i = 0;
	while (i + 1 < STEP_COUNT && strcmp(steps[i].id, e->tactic) != 0)
		i++;
	return i;
}

static void lane(const struct page *p, size_t step, uint64_t count)
{
	struct buf *out = p->out;
	buf_printf(out,
		   "<div class=\"lane\"><span>%s</span><svg role=\"img\" aria-label=\"%s: %llu "
		   "alerts\"><line x1=\"1%%\" x2=\"99%%\" y1=\"50%%\" y2=\"50%%\"/>",
		   steps[step].name, steps[step].name, (unsigned long long)count);
	for (size_t i = p->report->count; i-- > 0;) { /* the worst on top */
		const struct entry *e = p->order[i];
		if (step_of(e) != step)
			continue;
		buf_printf(out, "<circle class=\"%s\" cx=\"%.2f%%\" cy=\"50%%\" r=\"%u\"><title>",
			   level_name(e->level), chart_place(&p->span, e->start_ns), 4 + e->level);
		html_name(out, e->title);
		buf_str(out, ": ");
		html_name(out, e->source);
		buf_printf(out, " (%s)</title></circle>", level_name(e->level));
	}
	buf_printf(out, "</svg><span class=\"total\">%llu</span></div>\n",
		   (unsigned long long)count);
}

static void step_row(const struct page *p, const struct entry *e)
{
	struct buf *out = p->out;
	buf_str(out, "<tr>");
	page_cell_time(out, e->start_ns);
	buf_printf(out, "<td data-v=\"%zu\">%s</td><td>", step_of(e), steps[step_of(e)].name);
	page_alert_link(p, e, e->title);
	buf_str(out, "</td><td>");
	page_host(p, e);
	buf_printf(out, "</td><td data-v=\"%u\">", e->level);
	page_chip(out, e->level);
	buf_str(out, "</td></tr>\n");
}

static void step_table(const struct page *p)
{
	size_t shown = p->report->count < TABLE_MAX ? p->report->count : TABLE_MAX;
	buf_str(p->out, "<details><summary>The same as a table</summary>\n");
	page_table(p->out, "Alerts by step, the most severe first",
		   "Begin (UTC)|Step|Alert|Host|Severity");
	for (size_t i = 0; i < shown; i++)
		step_row(p, p->order[i]);
	page_table_end(p->out);
	if (shown < p->report->count)
		buf_printf(p->out, "<p class=\"note\">The picture shows %zu more.</p>\n",
			   p->report->count - shown);
	buf_str(p->out, "</details>\n");
}

void section_steps(const struct page *p)
{
	struct buf *out = p->out;
	uint64_t counts[STEP_COUNT] = { 0 };
	buf_str(out, "<section aria-labelledby=\"steps\">\n<h2 id=\"steps\">Course</h2>\n");
	if (!p->report->count) {
		buf_str(out, "<p class=\"soft\">There is no alert to draw.</p>\n</section>\n");
		return;
	}
	for (size_t i = 0; i < p->report->count; i++)
		counts[step_of(&p->report->entries[i])]++;
	buf_str(out, "<figure><figcaption>Alerts by the step of an attack that they are (MITRE "
		     "ATT&amp;CK), over time; larger is more severe.</figcaption>\n"
		     "<div class=\"lanes\">\n");
	for (size_t i = 0; i < STEP_COUNT; i++)
		if (counts[i])
			lane(p, i, counts[i]);
	chart_axis(out, &p->span);
	buf_str(out, "</div></figure>\n");
	step_table(p);
	buf_str(out, "</section>\n");
}

/* Rules that told of it, each once, the worst first. */
static void reasons(const struct page *p, const struct sum_host *h)
{
	const struct entry *const *list = p->sums.by_host + h->first;
	size_t shown = 0, left = 0;
	buf_str(p->out, "<ul class=\"plain\">");
	for (size_t i = 0; i < h->count; i++) {
		size_t k = 0;
		while (strcmp(list[k]->rule, list[i]->rule) != 0)
			k++;
		if (k != i)
			continue;
		if (shown == REASONS_MAX) {
			left++;
			continue;
		}
		shown++;
		buf_str(p->out, "<li>");
		page_alert_link(p, list[i], list[i]->title);
		buf_str(p->out, "</li>");
	}
	if (left)
		buf_printf(p->out, "<li class=\"soft\">and %zu more rules</li>", left);
	buf_str(p->out, "</ul>");
}

static void host_row(const struct page *p, const struct sum_host *h)
{
	struct buf *out = p->out;
	uint64_t alerts = 0;
	for (unsigned i = 0; i < LEVEL__COUNT; i++)
		alerts += h->levels[i];
	buf_str(out, "<tr><th scope=\"row\">");
	page_host(p, h->worst);
	buf_printf(out, "</th><td class=\"n\" data-v=\"%.0f\">%.0f %%", h->risk * 100, h->risk);
	chart_bar(out, h->risk / 100, level_name(h->worst->level));
	buf_printf(out, "</td><td data-v=\"%u\">", h->worst->level);
	page_chip(out, h->worst->level);
	buf_str(out, "</td>");
	page_cell_count(out, alerts);
	page_cell_time(out, h->since_ns);
	buf_str(out, "<td class=\"wide\">");
	reasons(p, h);
	buf_str(out, "</td></tr>\n");
}

void section_hosts(const struct page *p)
{
	struct buf *out = p->out;
	size_t shown = p->sums.host_count < HOSTS_MAX ? p->sums.host_count : HOSTS_MAX;
	buf_str(out, "<section aria-labelledby=\"hosts\">\n<h2 id=\"hosts\">Hosts by risk</h2>\n");
	if (!shown) {
		buf_str(out, "<p class=\"soft\">No host has an alert.</p>\n</section>\n");
		return;
	}
	page_table(out, "Hosts that alerts are about, the riskiest first",
		   "Host|Risk #|Worst|Alerts #|Since (UTC)|Why");
	for (size_t i = 0; i < shown; i++)
		host_row(p, &p->sums.hosts[i]);
	page_table_end(out);
	if (shown < p->sums.host_count)
		buf_printf(out, "<p class=\"note\">%zu hosts of lower risk are left out.</p>\n",
			   p->sums.host_count - shown);
	buf_str(out, "</section>\n");
}
