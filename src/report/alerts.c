/*
 * report/alerts.c - each alert with its proof, and the list of all.
 */
#include <stdio.h>

#include "field.h"
#include "sections.h"

#define PACKETS_MAX 20

static void term(struct buf *out, const char *name, const char *text)
{
	if (!*text)
		return;
	buf_printf(out, "<dt>%s</dt><dd>", name);
	html_text(out, text);
	buf_str(out, "</dd>");
}

static void code_term(struct buf *out, const char *name, const char *text)
{
	if (!*text)
		return;
	buf_printf(out, "<dt>%s</dt><dd><code>", name);
	html_text(out, text);
	buf_str(out, "</code></dd>");
}

/* A number as the alert has it; nothing where it has none. */
static void number_cell(struct buf *out, const json_t *row, const char *key)
{
	const json_t *v = json_object_get(row, key);
	if (json_is_number(v))
		buf_printf(out, "<td class=\"n\" data-v=\"%.6g\">%.4g</td>", json_number_value(v),
			   json_number_value(v));
	else
		buf_str(out, "<td class=\"n\" data-v=\"0\">-</td>");
}

static void explain(struct buf *out, const json_t *alert)
{
	const json_t *list = field_at(alert, "exfild.explain");
	double most = 0;
	size_t i;
	json_t *row;
	json_array_foreach(list, i, row)
	{
		double c = field_number(row, "contribution");
		most = c > most ? c : most;
	}
	if (!json_array_size(list))
		return;
	page_table(out, "What the score is made of",
		   "Feature|Value #|Usual #|Limit #|Weight #|Contribution #");
	json_array_foreach(list, i, row)
	{
		const char *text = field_text(row, "text");
		buf_str(out, "<tr><td class=\"wide\">");
		html_text(out, *text ? text : field_text(row, "feature"));
		buf_str(out, "</td>");
		number_cell(out, row, "value");
		number_cell(out, row, "baseline");
		number_cell(out, row, "limit");
		number_cell(out, row, "weight");
		double c = field_number(row, "contribution");
		buf_printf(out, "<td class=\"n\" data-v=\"%.6g\">%.4g", c, c);
		chart_bar(out, most > 0 ? c / most : 0, "s0");
		buf_str(out, "</td></tr>\n");
	}
	page_table_end(out);
}

static const char *visibility(const json_t *alert)
{
	const char *word = field_text(alert, "exfild.visibility");
	return word[0] == 'c' ? "read in the clear" :
	       word[0] == 'n' ? "names only; the content could not be read" :
	       word[0] == 'o' ? "opaque: neither names nor content could be read" :
				"";
}

static void next_steps(struct buf *out, const json_t *alert)
{
	const json_t *list = field_at(alert, "exfild.next_steps");
	size_t i;
	json_t *step;
	if (!json_array_size(list))
		return;
	buf_str(out, "<dt>What to do</dt><dd><ol class=\"plain\">");
	json_array_foreach(list, i, step)
	{
		buf_str(out, "<li>");
		html_text(out, json_string_value(step));
		buf_str(out, "</li>");
	}
	buf_str(out, "</ol></dd>");
}

static void techniques(struct buf *out, const json_t *alert)
{
	const json_t *ids = field_at(alert, "threat.technique.id");
	const json_t *names = field_at(alert, "threat.technique.name");
	if (!json_array_size(ids))
		return;
	buf_str(out, "<dt>ATT&amp;CK</dt><dd>");
	for (size_t i = 0; i < json_array_size(ids); i++) {
		buf_str(out, i ? ", " : "");
		html_text(out, json_string_value(json_array_get(ids, i)));
		buf_char(out, ' ');
		html_text(out, json_string_value(json_array_get(names, i)));
	}
	buf_str(out, "</dd>");
}

static void service(struct buf *out, const json_t *alert)
{
	const char *name = field_text(alert, "exfild.service.name");
	const char *category = field_text(alert, "exfild.service.category");
	if (!*name)
		return;
	buf_str(out, "<dt>Service</dt><dd>");
	html_name(out, name);
	if (*category) {
		buf_str(out, " (");
		html_name(out, category);
		buf_char(out, ')');
	}
	buf_str(out, json_is_true(field_at(alert, "exfild.service.sanctioned")) ?
			     ", sanctioned" :
			     ", not sanctioned");
	buf_str(out, "</dd>");
}

static void connection(struct buf *out, const json_t *alert)
{
	const char *transport = field_text(alert, "network.transport");
	const char *protocol = field_text(alert, "network.protocol");
	const char *peer = field_text(alert, "destination.ip");
	uint64_t port = field_count(alert, "destination.port");
	uint64_t sent = field_count(alert, "source.packets");
	if (!*transport && !*protocol)
		return;
	buf_str(out, "<dt>Connection</dt><dd>");
	html_name(out, *protocol ? protocol : transport);
	if (*protocol && *transport) {
		buf_str(out, " over ");
		html_name(out, transport);
	}
	if (*peer) {
		buf_str(out, " with ");
		html_name(out, peer);
	}
	if (port)
		buf_printf(out, ", port %llu", (unsigned long long)port);
	if (sent) {
		buf_str(out, "; ");
		html_count(out, sent);
		buf_str(out, " packets sent, ");
		html_count(out, field_count(alert, "destination.packets"));
		buf_str(out, " came back");
	}
	buf_str(out, "</dd>");
}

/* Numbers of packets in the input; of a running exfild how to get at them. */
static void packets(const struct page *p, const struct entry *e, const json_t *alert)
{
	const json_t *list = field_at(alert, "exfild.evidence.packets");
	size_t count = json_array_size(list);
	if (p->seen->kind != REPORT_CAPTURE) {
		buf_str(p->out, "<dt>Kept packets</dt><dd><code>exfilctl evidence ");
		html_name(p->out, e->id);
		buf_str(p->out, "</code></dd>");
		return;
	}
	if (!count)
		return;
	buf_str(p->out, "<dt>Packets</dt><dd>");
	for (size_t i = 0; i < count && i < PACKETS_MAX; i++)
		buf_printf(p->out, "%s%lld", i ? ", " : "",
			   (long long)json_integer_value(json_array_get(list, i)));
	buf_printf(p->out, "%s</dd>", count > PACKETS_MAX ? " ..." : "");
}

static void who(const struct page *p, const struct entry *e)
{
	struct buf *out = p->out;
	buf_str(out, "<p class=\"who\">");
	page_host(p, e);
	if (e->destination[0]) {
		buf_str(out, " &rarr; ");
		html_name(out, e->destination);
	}
	if (e->bytes) {
		buf_str(out, " &middot; ");
		html_bytes(out, e->bytes);
		buf_str(out, " sent");
	}
	buf_str(out, " &middot; since ");
	html_time(out, e->start_ns);
	buf_str(out, " UTC</p>\n");
}

static void proof(const struct page *p, const struct entry *e, const json_t *alert)
{
	struct buf *out = p->out;
	buf_str(out, "<dl>");
	term(out, "Why not harmless", field_text(alert, "exfild.not_harmless"));
	term(out, "Its limit", field_text(alert, "exfild.counterfactual"));
	term(out, "Could be read", visibility(alert));
	term(out, "Not seen", field_text(alert, "exfild.unseen"));
	term(out, "About", field_text(alert, "exfild.evidence.object"));
	term(out, "Name asked for", field_text(alert, "dns.question.name"));
	term(out, "User", field_text(alert, "user.name"));
	connection(out, alert);
	service(out, alert);
	term(out, "Zone", field_text(alert, "exfild.zone.source"));
	term(out, "Responsible", field_text(alert, "exfild.responsibility"));
	techniques(out, alert);
	next_steps(out, alert);
	code_term(out, "Its packets", field_text(alert, "exfild.filter"));
	packets(p, e, alert);
	code_term(out, "To silence it", field_text(alert, "exfild.silence"));
	code_term(out, "Flow", field_text(alert, "network.community_id"));
	buf_str(out, "</dl>\n");
}

static void full(const struct page *p, const struct entry *e)
{
	struct buf *out = p->out;
	json_t *alert = json_loadb(e->line, e->len, JSON_ALLOW_NUL, NULL);
	buf_str(out, "<article id=\"a-");
	html_name(out, e->id);
	buf_str(out, "\">\n<h3>");
	page_chip(out, e->level);
	buf_char(out, ' ');
	html_name(out, e->title);
	buf_str(out, "</h3>\n");
	who(p, e);
	buf_str(out, "<p>");
	html_text(out, field_text(alert, "message"));
	buf_printf(out, "</p>\n<p class=\"note\">Score %.4g, risk of the host %.0f %%; rule <code>",
		   field_number(alert, "exfild.score"), e->risk);
	html_name(out, e->rule);
	buf_str(out, "</code>, alert <code>");
	html_name(out, e->id);
	buf_str(out, "</code></p>\n");
	buf_printf(out, "<details%s><summary>Proof, what to do, how to silence it</summary>\n",
		   e->level >= LEVEL_HIGH ? " open" : "");
	proof(p, e, alert);
	explain(out, alert);
	buf_str(out, "</details>\n</article>\n");
	json_decref(alert);
}

static void list_row(const struct page *p, const struct entry *e)
{
	struct buf *out = p->out;
	buf_printf(out, "<tr><td data-v=\"%u\">", e->level);
	page_chip(out, e->level);
	buf_str(out, "</td>");
	page_cell_time(out, e->start_ns);
	buf_str(out, "<td>");
	page_alert_link(p, e, e->title);
	buf_str(out, "</td><td>");
	page_host(p, e);
	buf_str(out, "</td><td>");
	html_name(out, e->destination);
	buf_str(out, "</td>");
	page_cell_bytes(out, e->bytes);
	buf_printf(out, "<td class=\"n\" data-v=\"%.0f\">%.0f %%</td></tr>\n", e->risk * 100,
		   e->risk);
}

/* What the page does not show, by severity. */
static void left_out(const struct page *p, size_t listed)
{
	struct buf *out = p->out;
	uint64_t rest[LEVEL__COUNT], total = 0;
	for (unsigned i = 0; i < LEVEL__COUNT; i++)
		rest[i] = p->report->left_out[i];
	for (size_t i = listed; i < p->report->count; i++)
		rest[p->order[i]->level]++;
	for (unsigned i = 0; i < LEVEL__COUNT; i++)
		total += rest[i];
	if (!total)
		return;
	buf_str(out, "<p class=\"note\">Not listed, for there are too many: ");
	html_count(out, total);
	buf_str(out, " alerts (");
	for (unsigned i = LEVEL__COUNT; i-- > 0;) {
		html_count(out, rest[i]);
		buf_printf(out, " %s%s", level_name(i),
			   i ? ", " : "). They are in the JSON lines.");
	}
	buf_str(out, "</p>\n");
}

void section_alerts(const struct page *p)
{
	struct buf *out = p->out;
	size_t listed = p->report->count < REPORT_LISTED ? p->report->count : REPORT_LISTED;
	buf_str(out, "<section aria-labelledby=\"alerts\">\n<h2 id=\"alerts\">Alerts</h2>\n");
	if (!listed) {
		buf_str(out, "<p class=\"soft\">None.</p>\n</section>\n");
		return;
	}
	page_table(out, "Each alert's last word, the most severe first",
		   "Severity|Begin (UTC)|Alert|Host|Destination|Sent #|Risk #");
	for (size_t i = 0; i < listed; i++)
		list_row(p, p->order[i]);
	page_table_end(out);
	left_out(p, listed);
	if (p->full < listed)
		buf_printf(out,
			   "<p class=\"note\">The %zu most severe follow with their proof.</p>\n",
			   p->full);
	for (size_t i = 0; i < p->full; i++)
		full(p, p->order[i]);
	buf_str(out, "</section>\n");
}
