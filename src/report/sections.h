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
/* used.c: its tables. */
void traffic_tables(const struct page *p);
/* Whether it is sanctioned, for people, by the name of enum usage_sanction. */
const char *page_sanction(const char *name);
/* "US*": the address is anycast, and may be in many places at once. */
void page_country(struct buf *out, const char *country);
/* inventory.c: an auditor's lists; nothing without a database. */
void section_inventory(const struct page *p);
#define TRAFFIC_TOP 7 /* services with a colour of their own; the rest is one more */
/* What leaves, in groups, of the report's time, host and zone: most bytes first. */
struct usage_query page_query(const struct page *p, uint32_t by, uint32_t limit);
/* False: the database failed, and the page says so. */
bool page_ask(const struct page *p, const struct usage_query *q, usage_answer_fn fn, void *arg);
/* The key, or what stands for none. */
const char *page_shown(const char *key, const char *otherwise);
/* incident.c, compliance.c: of reports of their kind alone. */
void section_incident(const struct page *p);
void section_compliance(const struct page *p);
/* alerts.c: each with its proof, then the list of all. */
void section_alerts(const struct page *p);
/* health.c, not of a capture: what was cut off; when the sensor did not see, and what was changed.
 */
void section_quarantine(const struct page *p);
void section_health(const struct page *p);
/* sight.c: inputs, exceptions, decisions, and what was not seen. */
void section_silence(const struct page *p);
void section_sight(const struct page *p);

/* live.c, of a page that is being served alone: its alerts as they come; the way to its others. */
void section_now(const struct page *p);
void page_ways(const struct page *p);
/* A host's address, there as a link to its own page. */
void page_host_link(const struct page *p, const char *host);

/* frame.c */
void page_head(const struct page *p);
void page_foot(const struct page *p);

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
void page_host(const struct page *p, const struct entry *e);

#endif
