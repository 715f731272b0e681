/*
 * report/inventory.c - what is used, in an auditor's lists: what is new, what nobody sanctioned and
 * how risky it is, whose tenants, assistants, what goes unencrypted, what is encrypted weakly, and
 * who talks to which country.
 *
 * Those of services are asked by service alone: who it was, exfilctl usage inventory tells.
 */
#include <string.h>

#include "sections.h"

#define ROWS    15 /* of a table */
#define FILTERS 3
#define BY(dim) (1u << USAGE_BY_##dim)

static const struct list {
	const char *caption, *columns; /* of the dimensions in their order, then of the numbers */
	uint32_t by;
	enum usage_order order; /* by the number that is shown; rows without any are not */
	bool is_new;            /* never seen before the report's time */
	struct usage_filter filters[FILTERS];
} lists[] = {
	{ "New: services and destinations that were never seen before this time",
	  "Service or destination|Category|Risk|Sanctioned|Sent #|Flows #|First seen (UTC)|Last (UTC)",
	  BY(SERVICE) | BY(CATEGORY) | BY(RISK) | BY(SANCTION),
	  USAGE_ORDER_UP,
	  true,
	  { { 0 } } },
	{ "New: hosts of yours that were never seen before this time",
	  "Zone|Host|Sent #|Flows #|First seen (UTC)|Last (UTC)",
	  BY(ZONE) | BY(HOST),
	  USAGE_ORDER_UP,
	  true,
	  { { 0 } } },
	{ "Services of the catalogue that are not sanctioned",
	  "Service|Category|Risk|Sent #|Flows #|First seen (UTC)|Last (UTC)",
	  BY(SERVICE) | BY(CATEGORY) | BY(RISK),
	  USAGE_ORDER_UP,
	  false,
	  { { USAGE_BY_SANCTION, "unsanctioned", false } } },
	{ "Tenants of services: yours, and others",
	  "Service|Tenant|Sanctioned|Sent #|Flows #|First seen (UTC)|Last (UTC)",
	  BY(SERVICE) | BY(TENANT) | BY(SANCTION),
	  USAGE_ORDER_UP,
	  false,
	  { { USAGE_BY_TENANT, "", true } } },
	{ "Uploads to AI assistants",
	  "Service|Risk|Sanctioned|Sent #|Flows #|First seen (UTC)|Last (UTC)",
	  BY(SERVICE) | BY(RISK) | BY(SANCTION),
	  USAGE_ORDER_UP,
	  false,
	  { { USAGE_BY_CATEGORY, "ai", false },
	    { USAGE_BY_CATEGORY, "code_assistant", false },
	    { USAGE_BY_CATEGORY, "meeting_notes", false } } },
	{ "Unencrypted: whoever sees it pass can read it, both ways",
	  "Service or destination|Category|Readable #|Flows #|First seen (UTC)|Last (UTC)",
	  BY(SERVICE) | BY(CATEGORY),
	  USAGE_ORDER_CLEAR,
	  false,
	  { { 0 } } },
	{ "Weak TLS: before 1.2, or with a weak suite",
	  "Service or destination|TLS|Both ways #|Flows #|First seen (UTC)|Last (UTC)",
	  BY(SERVICE) | BY(TLS),
	  USAGE_ORDER_BOTH,
	  false,
	  { { USAGE_BY_TLS, "weak*", false } } },
	{ "Who talks to which country",
	  "Host|Country|Sent #|Flows #|First seen (UTC)|Last (UTC)",
	  BY(HOST) | BY(COUNTRY),
	  USAGE_ORDER_UP,
	  false,
	  { { USAGE_BY_COUNTRY, "", true } } },
};

struct listing {
	const struct page *page;
	const struct list *list;
	size_t rows;
};

static void put_key(struct listing *l, const struct usage_answer *a, enum usage_dim dim)
{
	struct buf *out = l->page->out;
	const char *text = page_shown(a->key[dim], "-");
	switch (dim) {
	case USAGE_BY_SERVICE:
		buf_str(out, "<th scope=\"row\">");
		html_name(out, page_shown(a->title, page_shown(a->key[dim], "not known")));
		buf_str(out, "</th>");
		return;
	case USAGE_BY_HOST:
		buf_str(out, "<th scope=\"row\">");
		page_host_link(l->page, page_shown(a->key[dim], "not known"));
		buf_str(out, "</th>");
		return;
	case USAGE_BY_COUNTRY:
		buf_str(out, "<td>");
		page_country(out, text);
		break;
	default:
		buf_str(out, "<td>");
		html_name(out, dim == USAGE_BY_SANCTION ? page_sanction(text) : text);
		break;
	}
	buf_str(out, "</td>");
}

static uint64_t number_of(const struct usage_counts *n, enum usage_order order)
{
	return order == USAGE_ORDER_CLEAR ? n->clear :
	       order == USAGE_ORDER_BOTH  ? n->up + n->down :
					    n->up;
}

static bool take_row(void *arg, const struct usage_answer *a)
{
	struct listing *l = arg;
	struct buf *out = l->page->out;
	uint64_t number = number_of(&a->counts, l->list->order);
	if (!number)
		return false;
	if (!l->rows++)
		page_table(out, l->list->caption, l->list->columns);
	buf_str(out, "<tr>");
	for (unsigned dim = 0; dim < USAGE_BY__COUNT; dim++)
		if (l->list->by & 1u << dim)
			put_key(l, a, (enum usage_dim)dim);
	page_cell_bytes(out, number);
	page_cell_count(out, a->counts.flows);
	page_cell_time(out, a->seen_ns);
	page_cell_time(out, a->counts.last_ns);
	buf_str(out, "</tr>\n");
	return true;
}

/* Of a capture all is new, and so it is in the first days of the counters. */
static bool knows_before(const struct page *p)
{
	uint64_t first_s, end_s;
	usage_db_span(p->seen->usage, &first_s, &end_s);
	return p->seen->usage_since_s && first_s < p->seen->usage_since_s;
}

static bool put_list(const struct page *p, const struct list *list)
{
	struct listing l = { .page = p, .list = list };
	struct usage_query q = page_query(p, list->by, ROWS);
	q.order = list->order;
	q.new_since_s = list->is_new ? p->seen->usage_since_s : 0;
	if (list->is_new && !knows_before(p))
		return false;
	for (size_t i = 0; i < FILTERS; i++)
		if (list->filters[i].value)
			q.filters[q.filter_count++] = list->filters[i];
	(void)page_ask(p, &q, take_row, &l);
	if (l.rows)
		page_table_end(p->out);
	return l.rows > 0;
}

void section_inventory(const struct page *p)
{
	bool has_any = false;
	if (!p->seen->usage)
		return;
	buf_str(p->out,
		"<section aria-labelledby=\"inventory\">\n<h2 id=\"inventory\">What is used</h2>\n"
		"<p class=\"note\">The first of each list, of what inside hosts and the outside "
		"exchanged; first seen: ever, in the counters. Risk is the catalogue's.</p>\n");
	if (p->seen->usage_since_s && !knows_before(p))
		buf_str(p->out, "<p class=\"note\">What is new is not told: the counters do not "
				"go back before this time.</p>\n");
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		has_any = put_list(p, &lists[i]) || has_any;
	if (!has_any)
		buf_str(p->out,
			"<p class=\"soft\">Nothing new, no service that is not sanctioned, no "
			"tenant, no assistant, nothing unencrypted, no weak TLS and no country "
			"was counted.</p>\n");
	buf_str(p->out, "</section>\n");
}
