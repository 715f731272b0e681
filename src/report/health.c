/*
 * report/health.c - how well the sensor watched, by its ledger: when something was not seen, what
 * was changed, what was cut off.
 */
#include "sections.h"

#define BINS     240
#define ROWS_MAX 300 /* of a table; the newest */
#define HOUR_NS  3600000000000ull

enum watch { WATCH_UNKNOWN, WATCH_GOOD, WATCH_LOST, WATCH_AWAY, WATCH__COUNT };

static const struct {
	const char *look, *text;
} watches[WATCH__COUNT] = {
	[WATCH_UNKNOWN] = { "back", "not told" },
	[WATCH_GOOD] = { "ok", "watched" },
	[WATCH_LOST] = { "medium", "watched, something was lost" },
	[WATCH_AWAY] = { "critical", "nobody watched" },
};

static enum watch watch_of(const struct report_note *n)
{
	switch (n->kind) {
	case REPORT_NOTE_HOUR:
		return WATCH_GOOD;
	case REPORT_NOTE_BLIND:
		return n->away_s ? WATCH_AWAY : WATCH_LOST;
	case REPORT_NOTE_AWAY:
		return WATCH_AWAY;
	default:
		return WATCH_UNKNOWN;
	}
}

/* ---- the bar ---- */

static size_t bin_of(const struct chart_span *span, uint64_t time_ns)
{
	uint64_t length = span->last_ns - span->first_ns;
	if (time_ns <= span->first_ns)
		return 0;
	double at = (double)(time_ns - span->first_ns) / (double)length * BINS;
	return at >= BINS ? BINS - 1 : (size_t)at;
}

static void fill(const struct page *p, const struct chart_span *span, uint8_t bins[BINS])
{
	for (size_t i = 0; i < p->seen->note_count; i++) {
		const struct report_note *n = &p->seen->notes[i];
		enum watch w = watch_of(n);
		if (n->until_ns <= span->first_ns || n->from_ns >= span->last_ns || !w)
			continue;
		/* what ends where a part begins has nothing of it */
		size_t last = bin_of(span, n->until_ns - 1);
		for (size_t k = bin_of(span, n->from_ns); k <= last; k++)
			if (bins[k] < w)
				bins[k] = (uint8_t)w;
	}
}

static void legend(struct buf *out, const uint8_t bins[BINS])
{
	buf_str(out, "<ul class=\"legend\">");
	for (unsigned w = 0; w < WATCH__COUNT; w++) {
		unsigned count = 0;
		for (size_t i = 0; i < BINS; i++)
			count += bins[i] == w;
		if (count)
			buf_printf(out,
				   "<li><svg aria-hidden=\"true\"><rect class=\"%s\" "
				   "width=\"100%%\" height=\"100%%\" rx=\"2\"/></svg>%s</li>",
				   watches[w].look, watches[w].text);
	}
	buf_str(out, "</ul></figure>\n");
}

static void time_bar(const struct page *p)
{
	struct buf *out = p->out;
	const struct chart_span span = { p->seen->first_ns, p->seen->last_ns };
	uint8_t bins[BINS] = { 0 };
	if (span.last_ns <= span.first_ns || !span.first_ns)
		return;
	fill(p, &span, bins);
	buf_str(out,
		"<figure class=\"share watch\"><figcaption>When the sensor watched; the worst of "
		"each stretch</figcaption><svg role=\"img\" aria-label=\"When the sensor watched; "
		"the tables below say the same\">");
	for (size_t i = 0, end; i < BINS; i = end) {
		for (end = i + 1; end < BINS && bins[end] == bins[i];)
			end++;
		buf_printf(out,
			   "<rect class=\"%s\" x=\"%.3f%%\" width=\"%.3f%%\" height=\"100%%\"/>",
			   watches[bins[i]].look, 100.0 * (double)i / BINS,
			   100.0 * (double)(end - i) / BINS);
	}
	buf_str(out, "</svg>");
	chart_axis(out, &span);
	legend(out, bins);
}

/* ---- tables ---- */

static void left_out(struct buf *out, size_t rows)
{
	if (rows > ROWS_MAX)
		buf_printf(out,
			   "<p class=\"note\">%zu older ones are in the ledger: exfilctl audit "
			   "list.</p>\n",
			   rows - ROWS_MAX);
}

static bool is_same_hour(const struct report_note *a, const struct report_note *b)
{
	return a->kind == REPORT_NOTE_BLIND && b->kind == REPORT_NOTE_BLIND &&
	       a->from_ns / HOUR_NS == b->from_ns / HOUR_NS;
}

static void blind_row(struct buf *out, const struct report_note *sum)
{
	buf_str(out, "<tr>");
	page_cell_time(out, sum->from_ns);
	page_cell_time(out, sum->until_ns);
	page_cell_count(out, sum->dropped);
	page_cell_count(out, sum->unheard);
	page_cell_count(out, sum->away_s);
	buf_printf(out, "<td>%s</td></tr>\n",
		   sum->kind == REPORT_NOTE_AWAY ? "exfild did not run" :
		   sum->away_s                   ? "its capture was away" :
						   "it could not keep up");
}

static bool is_unseen(const struct report_note *n)
{
	return n->kind == REPORT_NOTE_BLIND || n->kind == REPORT_NOTE_AWAY;
}

/* The minutes of an hour as one; *count: how many rows there are, shown or not. */
static void blind_hours(const struct page *p, size_t *count)
{
	const struct report_note *notes = p->seen->notes;
	struct report_note sum = { .kind = REPORT_NOTE_ACT };
	*count = 0;
	for (size_t i = p->seen->note_count; i-- > 0;) {
		const struct report_note *n = &notes[i];
		if (!is_unseen(n))
			continue;
		if (*count && is_same_hour(&sum, n)) {
			sum.from_ns = n->from_ns;
			sum.dropped += n->dropped;
			sum.unheard += n->unheard;
			sum.away_s += n->away_s;
			continue;
		}
		if (!*count)
			page_table(p->out,
				   "Hours in which something was not seen, the newest first",
				   "From (UTC)|Until (UTC)|Packets dropped #|Events lost #|Seconds "
				   "without capture #|Why");
		else if (*count <= ROWS_MAX)
			blind_row(p->out, &sum);
		sum = *n;
		++*count;
	}
	if (!*count)
		return;
	if (*count <= ROWS_MAX)
		blind_row(p->out, &sum);
	page_table_end(p->out);
	left_out(p->out, *count);
}

/* Notes of one kind, the newest first; how many there are. */
static size_t note_table(const struct page *p, enum report_note_kind kind, const char *caption,
			 const char *columns)
{
	struct buf *out = p->out;
	size_t rows = 0;
	for (size_t i = p->seen->note_count; i-- > 0;) {
		const struct report_note *n = &p->seen->notes[i];
		if (n->kind != kind)
			continue;
		if (!rows)
			page_table(out, caption, columns);
		if (++rows > ROWS_MAX)
			continue;
		buf_str(out, "<tr>");
		page_cell_time(out, n->from_ns);
		buf_str(out, "<td>");
		html_text(out, n->what);
		buf_str(out, "</td><td>");
		html_text(out, n->who);
		buf_str(out, "</td><td class=\"wide\">");
		html_text(out, n->text);
		buf_str(out, "</td></tr>\n");
	}
	if (rows)
		page_table_end(out);
	left_out(out, rows);
	return rows;
}

static bool has_ledger(const struct page *p)
{
	return p->seen->kind != REPORT_CAPTURE && !p->seen->ledger_why;
}

void section_quarantine(const struct page *p)
{
	if (has_ledger(p) &&
	    !note_table(p, REPORT_NOTE_QUARANTINE, "Quarantine log, the newest first",
			"Time (UTC)|What|Host|Why"))
		buf_str(p->out, "<p class=\"soft\">Nothing was put into quarantine or taken out of "
				"it.</p>\n");
}

void section_health(const struct page *p)
{
	struct buf *out = p->out;
	size_t blind;
	if (p->seen->kind == REPORT_CAPTURE)
		return;
	buf_str(out, "<section aria-labelledby=\"health\">\n<h2 id=\"health\">How well the sensor "
		     "watched</h2>\n");
	if (p->seen->ledger_why) {
		buf_str(out, "<p><b>What the sensor missed is not known here</b>: ");
		html_text(out, p->seen->ledger_why);
		buf_str(out, "</p>\n</section>\n");
		return;
	}
	if (p->seen->ledger_broken && *p->seen->ledger_broken) {
		buf_str(out, "<p><b>The ledger was altered</b>: ");
		html_text(out, p->seen->ledger_broken);
		buf_str(out, ". What it tells after that is left out.</p>\n");
	}
	time_bar(p);
	blind_hours(p, &blind);
	if (!blind)
		buf_str(out, "<p class=\"good\">The ledger tells of no minute in which something "
			     "was lost or nobody watched.</p>\n");
	if (!note_table(p, REPORT_NOTE_CONFIGURATION,
			"Changes of the configuration, the newest first",
			"Time (UTC)|What|Configuration|Keys, or why not"))
		buf_str(out, "<p class=\"soft\">The configuration was not changed.</p>\n");
	(void)note_table(p, REPORT_NOTE_ACT, "What people did by exfilctl, the newest first",
			 "Time (UTC)|What|Who|About, and why");
	buf_str(out, "</section>\n");
}
