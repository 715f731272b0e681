/*
 * report/sections.h - the parts of the page.
 *
 * Threads: any; all of it only reads.
 */
#ifndef EXFILD_SRC_REPORT_SECTIONS_H
#define EXFILD_SRC_REPORT_SECTIONS_H

#include "chart.h"
#include "gather.h"
#include "html.h"

struct page {
	struct buf *out;
	const struct report *report;
	const struct report_seen *seen;
	struct sums sums;
	const struct entry **order; /* of all entries kept, the worst first */
	size_t full;                /* of them, those that are shown with their proof */
	struct chart_span span;     /* of all that is drawn over time */
};

/* steps.c: where in a theft's course each alert stands; hosts and why. */
void section_steps(const struct page *p);
void section_hosts(const struct page *p);
/* traffic.c: who used which service, and how much left; nothing without a database. */
void section_traffic(const struct page *p);
/* What leaves, in groups, of the report's time, host and zone: most bytes first. */
struct usage_query page_query(const struct page *p, uint32_t by, uint32_t limit);
/* False: the database failed, and the page says so. */
bool page_ask(const struct page *p, const struct usage_query *q, usage_answer_fn fn, void *arg);
/* incident.c, compliance.c: of reports of their kind alone. */
void section_incident(const struct page *p);
void section_compliance(const struct page *p);
/* alerts.c: each with its proof, then the list of all. */
void section_alerts(const struct page *p);
/* sight.c: inputs, exceptions, decisions, and what was not seen. */
void section_silence(const struct page *p);
void section_sight(const struct page *p);

/* page.c */
void page_chip(struct buf *out, unsigned level);
/* A link to an alert's own place, where it has one. */
void page_alert_link(const struct page *p, const struct entry *e, const char *text);
/* <th> for each of a list like "Host|Risk #|Reasons"; # marks numbers. */
void page_table(struct buf *out, const char *caption, const char *columns);
void page_table_end(struct buf *out);
/* A number that a column is sorted by, as the begin of its cell. */
void page_cell_count(struct buf *out, uint64_t n);
void page_cell_bytes(struct buf *out, uint64_t bytes);
void page_cell_time(struct buf *out, uint64_t time_ns);
/* A host with its name. */
void page_host(struct buf *out, const struct entry *e);

#endif
