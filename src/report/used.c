/*
 * report/used.c - who sent most, and where it went: tables of the counters.
 */
#include <string.h>

#include "sections.h"

#define ROWS 15 /* of a table */

struct table {
	const struct page *page;
	uint64_t most; /* bytes up of the first row: the longest bar */
	size_t rows;
};

static void bytes_with_bar(struct table *t, const struct usage_answer *a, const char *look)
{
	struct buf *out = t->page->out;
	t->most = t->rows++ ? t->most : a->counts.up;
	buf_printf(out, "<td class=\"n\" data-v=\"%llu\">", (unsigned long long)a->counts.up);
	html_bytes(out, a->counts.up);
	chart_bar(out, t->most ? (double)a->counts.up / (double)t->most : 0, look);
	buf_str(out, "</td>");
	page_cell_bytes(out, a->counts.down);
	page_cell_count(out, a->counts.flows);
}

static bool sender_row(void *arg, const struct usage_answer *a)
{
	struct table *t = arg;
	struct buf *out = t->page->out;
	buf_str(out, "<tr><th scope=\"row\">");
	page_host_link(t->page, page_shown(a->key[USAGE_BY_HOST], "not known"));
	if (a->name && *a->name) {
		buf_str(out, " <span class=\"soft\">");
		html_name(out, a->name);
		buf_str(out, "</span>");
	}
	buf_str(out, "</th><td>");
	html_name(out, page_shown(a->key[USAGE_BY_ZONE], "-"));
	buf_str(out, "</td>");
	bytes_with_bar(t, a, "s0");
	page_cell_count(out, a->counts.alerts);
	buf_str(out, "</tr>\n");
	return true;
}

const char *page_sanction(const char *name)
{
	static const char *const words[USAGE_SANCTION__COUNT] = {
		[USAGE_UNKNOWN] = "not in the catalogue",
		[USAGE_UNSANCTIONED] = "no",
		[USAGE_TOLERATED] = "tolerated",
		[USAGE_UNCLEAR] = "not told apart",
		[USAGE_SANCTIONED] = "yes",
	};
	for (unsigned i = 0; name && i < USAGE_SANCTION__COUNT; i++)
		if (strcmp(name, usage_sanction_name((enum usage_sanction)i)) == 0)
			return words[i];
	return "-";
}

static bool service_row(void *arg, const struct usage_answer *a)
{
	struct table *t = arg;
	struct buf *out = t->page->out;
	const char *look = t->rows < TRAFFIC_TOP ? (const char *[]){ "s0", "s1", "s2", "s3",
								     "s4", "s5", "s6" }[t->rows] :
						   "s7";
	buf_str(out, "<tr><th scope=\"row\">");
	html_name(out, page_shown(a->title, page_shown(a->key[USAGE_BY_SERVICE], "not known")));
	buf_str(out, "</th><td>");
	html_name(out, page_shown(a->key[USAGE_BY_CATEGORY], "-"));
	buf_printf(out, "</td><td>%s</td><td>%s</td>", page_shown(a->key[USAGE_BY_RISK], "-"),
		   page_sanction(a->key[USAGE_BY_SANCTION]));
	bytes_with_bar(t, a, look);
	page_cell_time(out, a->seen_ns);
	buf_str(out, "</tr>\n");
	return true;
}

void page_country(struct buf *out, const char *country)
{
	size_t len = strcspn(country, "*");
	html_text_len(out, country, len);
	if (country[len])
		buf_str(out, " <span class=\"chip low\">anycast</span>");
}

static bool country_row(void *arg, const struct usage_answer *a)
{
	struct table *t = arg;
	struct buf *out = t->page->out;
	buf_str(out, "<tr><th scope=\"row\">");
	page_country(out, page_shown(a->key[USAGE_BY_COUNTRY], "not known"));
	buf_str(out, "</th>");
	bytes_with_bar(t, a, "s5");
	buf_str(out, "</tr>\n");
	return true;
}

static bool user_row(void *arg, const struct usage_answer *a)
{
	struct table *t = arg;
	buf_str(t->page->out, "<tr><th scope=\"row\">");
	html_name(t->page->out, page_shown(a->key[USAGE_BY_USER], "not known"));
	buf_str(t->page->out, "</th>");
	bytes_with_bar(t, a, "s4");
	buf_str(t->page->out, "</tr>\n");
	return true;
}

static void table(const struct page *p, uint32_t by, const char *caption, const char *columns,
		  usage_answer_fn row)
{
	struct table t = { .page = p };
	struct usage_query q = page_query(p, by, ROWS);
	page_table(p->out, caption, columns);
	(void)page_ask(p, &q, row, &t);
	page_table_end(p->out);
}

struct having {
	enum usage_dim dim;
	bool has; /* a value that is known */
};

static bool take_having(void *arg, const struct usage_answer *a)
{
	struct having *h = arg;
	h->has = a->key[h->dim] && *a->key[h->dim];
	return !h->has;
}

static bool has_any(const struct page *p, enum usage_dim dim)
{
	struct having h = { .dim = dim };
	struct usage_query q = page_query(p, 1u << dim, ROWS);
	return page_ask(p, &q, take_having, &h) && h.has;
}

void traffic_tables(const struct page *p)
{
	table(p, 1u << USAGE_BY_HOST | 1u << USAGE_BY_ZONE, "Hosts that sent most",
	      "Host|Zone|Sent #|Received #|Flows #|Alerts #", sender_row);
	table(p,
	      1u << USAGE_BY_SERVICE | 1u << USAGE_BY_CATEGORY | 1u << USAGE_BY_RISK |
		      1u << USAGE_BY_SANCTION,
	      "Where most went",
	      "Service or destination|Category|Risk|Sanctioned|Sent #|Received #|Flows #|First seen (UTC)",
	      service_row);
	if (has_any(p, USAGE_BY_USER))
		table(p, 1u << USAGE_BY_USER, "Users that sent most",
		      "User|Sent #|Received #|Flows #", user_row);
	if (has_any(p, USAGE_BY_COUNTRY)) {
		table(p, 1u << USAGE_BY_COUNTRY,
		      "Countries of the addresses that it went to, where a database has them",
		      "Country|Sent #|Received #|Flows #", country_row);
		buf_str(p->out,
			"<p class=\"note\">An address counts for the country that a "
			"database had for it on that day; anycast: such an address is in many "
			"places at once");
		if (p->seen->geo && *p->seen->geo) {
			buf_str(p->out, ". Now in use: ");
			html_text(p->out, p->seen->geo);
		}
		buf_str(p->out, ".</p>\n");
	}
}
