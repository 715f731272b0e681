/*
 * report/chart.h - pictures of numbers: SVG in percents of whatever room there is.
 *
 * What: bars for table cells, and lanes of points over time.  Words stand beside them as HTML, so
 * that they keep their size on a phone; a table with the same numbers is the caller's.
 * Threads: any.
 */
#ifndef EXFILD_SRC_REPORT_CHART_H
#define EXFILD_SRC_REPORT_CHART_H

#include <stddef.h>
#include <stdint.h>

#include "exfild/base/buf.h"

/* share: of the whole, 0 to 1; look: a class of page.css. */
void chart_bar(struct buf *out, double share, const char *look);

struct chart_span {
	uint64_t first_ns, last_ns;
};

/* Where a time stands in the span, 1 to 99 percent; 50 in a span of no length. */
double chart_place(const struct chart_span *span, uint64_t time_ns);
/* The times below: begin, middle and end. */
void chart_axis(struct buf *out, const struct chart_span *span);

#endif
