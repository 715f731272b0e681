/*
 * report/compliance.c - which counters serve which control, and what they do not prove.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "sections.h"

#define ZONES_MAX 200

/* What controls ask about, of the time of the report. */
struct facts {
	uint64_t up[USAGE_SANCTION__COUNT];
	uint64_t clear, named, opaque, services;
	uint64_t exfil, c2, lateral, policy, sensor, decisions;
};

static bool take_sanction(void *arg, const struct usage_answer *a)
{
	struct facts *f = arg;
	const char *name = a->key[USAGE_BY_SANCTION] ? a->key[USAGE_BY_SANCTION] : "";
	f->clear += a->counts.clear;
	f->named += a->counts.named;
	f->opaque += a->counts.opaque;
	f->services++;
	for (unsigned i = 0; i < USAGE_SANCTION__COUNT; i++)
		if (strcmp(name, usage_sanction_name((enum usage_sanction)i)) == 0)
			f->up[i] += a->counts.up;
	return true;
}

static void count_alerts(const struct page *p, struct facts *f)
{
	for (size_t i = 0; i < p->report->count; i++) {
		const struct entry *e = &p->report->entries[i];
		f->exfil += strcmp(e->category, "exfil") == 0;
		f->c2 += strcmp(e->category, "c2") == 0;
		f->lateral += strcmp(e->category, "lateral") == 0;
		f->policy += strcmp(e->category, "policy") == 0;
		f->sensor += strcmp(e->category, "sensor") == 0;
		f->decisions += e->action[0] != '\0';
	}
}

static void gather(const struct page *p, struct facts *f)
{
	struct usage_query q = page_query(p, 1u << USAGE_BY_SERVICE | 1u << USAGE_BY_SANCTION, 0);
	*f = (struct facts){ .exfil = 0 };
	count_alerts(p, f);
	if (p->seen->usage)
		(void)page_ask(p, &q, take_sanction, f);
}

static void row(struct buf *out, const char *control, const char *asks, const char *served,
		const char *not_proved)
{
	buf_str(out, "<tr><th scope=\"row\">");
	html_text(out, control);
	buf_str(out, "</th><td class=\"wide\">");
	html_text(out, asks);
	buf_str(out, "</td><td class=\"wide\">");
	html_text(out, served);
	buf_str(out, "</td><td class=\"wide\">");
	html_text(out, not_proved);
	buf_str(out, "</td></tr>\n");
}

static void say(char dst[400], const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(char dst[400], const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(dst, 400, fmt, ap);
	va_end(ap);
}

typedef unsigned long long count_t; /* as printf has it */

/* What the ledger tells of time in which something was not seen. */
static void say_unseen(const struct page *p, char dst[160])
{
	uint64_t minutes = 0, away_s = 0;
	for (size_t i = 0; i < p->seen->note_count; i++) {
		const struct report_note *n = &p->seen->notes[i];
		minutes += n->kind == REPORT_NOTE_BLIND;
		away_s += n->kind == REPORT_NOTE_AWAY ? n->away_s : 0;
	}
	if (p->seen->ledger_why)
		(void)snprintf(dst, 160, "the ledger was not read");
	else
		(void)snprintf(dst, 160,
			       "by the ledger %llu minutes in which something was lost, %llu s in "
			       "which exfild did not run",
			       (count_t)minutes, (count_t)away_s);
}

static void iso_rows(const struct page *p, const struct facts *f)
{
	char served[400], watched[400], unseen[160], yes[32], some[32], no[32], other[32];
	say(served,
	    "%llu services and destinations used; sent to sanctioned ones %s, to tolerated ones and "
	    "to tenants that were not told apart %s, to others of the catalogue %s, to destinations "
	    "that no catalogue has %s",
	    (count_t)f->services, str_bytes(yes, sizeof(yes), (double)f->up[USAGE_SANCTIONED]),
	    str_bytes(some, sizeof(some), (double)(f->up[USAGE_TOLERATED] + f->up[USAGE_UNCLEAR])),
	    str_bytes(no, sizeof(no), (double)f->up[USAGE_UNSANCTIONED]),
	    str_bytes(other, sizeof(other), (double)f->up[USAGE_UNKNOWN]));
	row(p->out, "ISO/IEC 27001:2022 A.5.23", "Security for the use of cloud services", served,
	    "That a service was chosen, assessed or ended by a process; use that does not pass "
	    "this sensor");
	say(served,
	    "%llu alerts of data that left; %llu exceptions with a reason and an end; %llu "
	    "decisions of policies",
	    (count_t)f->exfil, (count_t)p->seen->exception_count, (count_t)f->decisions);
	row(p->out, "ISO/IEC 27001:2022 A.8.12", "Data leakage prevention", served,
	    "That nothing else left: content inside encryption is known by size, rhythm and name "
	    "only; removable media, print and mail that stays inside are not seen");
	if (p->seen->is_unwatched)
		say(watched, "how much was watched is not known here");
	else
		say(watched, "%llu packets watched since the start, %llu of them lost",
		    (count_t)p->seen->packets, (count_t)p->seen->drops);
	say_unseen(p, unseen);
	say(served,
	    "%s; %s; alerts: %llu of exfiltration, %llu of command and control, %llu of lateral "
	    "movement",
	    watched, unseen, (count_t)f->exfil, (count_t)f->c2, (count_t)f->lateral);
	row(p->out, "ISO/IEC 27001:2022 A.8.16", "Monitoring activities", served,
	    "That somebody looked at the alerts, and what hosts do without the network");
}

static void nist_rows(const struct page *p, const struct facts *f)
{
	char served[400], clear[32], named[32], opaque[32];
	say(served, "%llu alerts of exfiltration by any way that rules know", (count_t)f->exfil);
	row(p->out, "NIST SP 800-53 SC-7(10)", "Prevent exfiltration at managed interfaces", served,
	    "Prevention: alerts detect; only decisions of policies cut off. Interfaces that are not "
	    "watched");
	say(served,
	    "Of the traffic with the outside %s could be read, of %s a name, of %s nothing; %llu "
	    "alerts of exfiltration",
	    str_bytes(clear, sizeof(clear), (double)f->clear),
	    str_bytes(named, sizeof(named), (double)f->named),
	    str_bytes(opaque, sizeof(opaque), (double)f->opaque), (count_t)f->exfil);
	row(p->out, "NIST SP 800-53 SI-4(18)", "Analyse traffic for covert exfiltration", served,
	    "Absence: what is slower or smaller than the limits of the rules is not told");
}

static void other_rows(const struct page *p, const struct facts *f)
{
	char served[400], no[32];
	say(served, "%s sent to services that are not sanctioned; %llu alerts of policies",
	    str_bytes(no, sizeof(no), (double)f->up[USAGE_UNSANCTIONED]), (count_t)f->policy);
	row(p->out, "CSA CCM v4 DSP-05, DSP-17, LOG-03",
	    "Flows of data are known, sensitive data is protected, events are monitored", served,
	    "What kind of data it was, and which contract covers it");
	say(served, "%llu alerts of lateral movement, %llu of command and control",
	    (count_t)f->lateral, (count_t)f->c2);
	row(p->out, "PCI DSS v4.0 11.5.1", "Intrusions are detected, and people are alerted",
	    served,
	    "That signatures are current, and that all paths into the cardholder environment pass "
	    "this sensor");
	say(served,
	    "%llu alerts of exfiltration, each with begin, hosts, destination and amount: the "
	    "report of kind incident lists the facts of a notice",
	    (count_t)f->exfil);
	row(p->out, "GDPR Article 33", "Notice of a breach within 72 hours", served,
	    "Whether personal data was in it, whose, and of how many: the record of processing "
	    "says that, not the network");
}

/* --- zones ---------------------------------------------------------------------------------- */

struct zones {
	const struct page *page;
};

static bool zone_row(void *arg, const struct usage_answer *a)
{
	const struct zones *z = arg;
	struct buf *out = z->page->out;
	const char *zone = a->key[USAGE_BY_ZONE] ? a->key[USAGE_BY_ZONE] : "";
	uint64_t alerts = 0, theft = 0;
	for (size_t i = 0; i < z->page->report->count; i++) {
		const struct entry *e = &z->page->report->entries[i];
		if (strcmp(e->zone, zone) != 0)
			continue;
		alerts++;
		theft += strcmp(e->category, "exfil") == 0;
	}
	buf_str(out, "<tr><th scope=\"row\">");
	html_name(out, *zone ? zone : "in no zone");
	buf_str(out, "</th>");
	page_cell_bytes(out, a->counts.up);
	page_cell_bytes(out, a->counts.down);
	page_cell_count(out, a->counts.flows);
	page_cell_count(out, alerts);
	page_cell_count(out, theft);
	buf_str(out, "</tr>\n");
	return true;
}

static void zones(const struct page *p)
{
	struct zones z = { p };
	struct usage_query q = page_query(p, 1u << USAGE_BY_ZONE, ZONES_MAX);
	if (!p->seen->usage)
		return;
	page_table(p->out, "Zones, each its owner's part",
		   "Zone|Sent #|Received #|Flows #|Alerts #|Of exfiltration #");
	(void)page_ask(p, &q, zone_row, &z);
	page_table_end(p->out);
}

void section_compliance(const struct page *p)
{
	struct buf *out = p->out;
	struct facts f;
	if (p->seen->kind != REPORT_COMPLIANCE)
		return;
	buf_str(out,
		"<section aria-labelledby=\"controls\">\n<h2 id=\"controls\">Controls</h2>\n"
		"<p class=\"note\">Counters of this time that serve as evidence for a control, "
		"and what they do not prove. No counter says that a control is met.</p>\n");
	gather(p, &f);
	page_table(out, "Controls, and what serves them",
		   "Control|Asks for|What serves it|What that does not prove");
	iso_rows(p, &f);
	nist_rows(p, &f);
	other_rows(p, &f);
	page_table_end(out);
	zones(p);
	if (!p->seen->usage)
		buf_str(out, "<p class=\"note\">Without the usage database there are no numbers of "
			     "services and zones.</p>\n");
	buf_str(out, "</section>\n");
}
