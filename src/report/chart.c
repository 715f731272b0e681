/*
 * report/chart.c - see chart.h.
 */
#include "chart.h"

#include "exfild/base/str.h"

#define DAY_NS   86400000000000ull
#define SMALLEST 0.004 /* what is there is seen */

void chart_bar(struct buf *out, double share, const char *look)
{
	double width = share <= 0 ? 0 : share < SMALLEST ? SMALLEST : share > 1 ? 1 : share;
	buf_printf(out,
		   "<svg class=\"bar\" aria-hidden=\"true\" focusable=\"false\">"
		   "<rect class=\"back\" width=\"100%%\" height=\"100%%\" rx=\"2\"/>"
		   "<rect class=\"%s\" width=\"%.2f%%\" height=\"100%%\" rx=\"2\"/></svg>",
		   look, width * 100);
}

double chart_place(const struct chart_span *span, uint64_t time_ns)
{
	if (span->last_ns <= span->first_ns)
		return 50;
	if (time_ns <= span->first_ns)
		return 1;
	if (time_ns >= span->last_ns)
		return 99;
	return 1 +
	       98 * (double)(time_ns - span->first_ns) / (double)(span->last_ns - span->first_ns);
}

/* The day where it matters, the second where that does. */
static void tick(struct buf *out, uint64_t time_ns, uint64_t length_ns)
{
	char text[32];
	(void)str_time(text, sizeof(text), time_ns);
	if (length_ns > 3 * DAY_NS)
		buf_printf(out, "<span>%.10s</span>", text);
	else if (length_ns > DAY_NS / 24)
		buf_printf(out, "<span>%.5s %.5s</span>", text + 5, text + 11);
	else
		buf_printf(out, "<span>%.8s</span>", text + 11);
}

void chart_axis(struct buf *out, const struct chart_span *span)
{
	uint64_t length = span->last_ns - span->first_ns;
	buf_str(out, "<div class=\"axis\" aria-hidden=\"true\">");
	tick(out, span->first_ns, length);
	if (length) {
		tick(out, span->first_ns + length / 2, length);
		tick(out, span->last_ns, length);
	}
	buf_str(out, "</div>");
}
