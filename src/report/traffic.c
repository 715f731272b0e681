/*
 * report/traffic.c - who used which service, and how much left: pictures of the counters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "sections.h"

#define TOP      TRAFFIC_TOP
#define BINS     400 /* of a picture over time */
#define HOURS    168 /* a longer span is drawn by day */
#define HOUR_S   3600u
#define DAY_S    86400u
#define SECOND   1000000000ull
#define NAME_MAX 264

struct series {
	char name[TOP][NAME_MAX];
	size_t count;
	uint64_t total[TOP + 1]; /* the last: all others */
	uint64_t bins[BINS][TOP + 1];
	uint64_t first_s, step_s; /* of the bins */
	size_t bin_count;
	uint64_t most; /* of any bin */
	bool is_cut;   /* older bins are left out */
};

const char *page_shown(const char *key, const char *otherwise)
{
	return key && *key ? key : otherwise;
}

bool page_ask(const struct page *p, const struct usage_query *q, usage_answer_fn fn, void *arg)
{
	char why[256] = "";
	if (usage_db_query(p->seen->usage, q, fn, arg, why, sizeof(why)) == 0)
		return true;
	buf_str(p->out, "<p><b>The counters could not be read</b>: ");
	html_text(p->out, why);
	buf_str(p->out, "</p>\n");
	return false;
}

struct usage_query page_query(const struct page *p, uint32_t by, uint32_t limit)
{
	struct usage_query q = { .by = by,
				 .since_s = p->seen->usage_since_s,
				 .until_s = p->seen->usage_until_s,
				 .order = USAGE_ORDER_UP,
				 .limit = limit };
	/* whoever asked: what is fetched from a host of ours leaves as well */
	q.filters[q.filter_count++] =
		(struct usage_filter){ USAGE_BY_DIRECTION, usage_direction_name(USAGE_OUT), false };
	q.filters[q.filter_count++] =
		(struct usage_filter){ USAGE_BY_DIRECTION, usage_direction_name(USAGE_IN), false };
	if (p->seen->host && *p->seen->host)
		q.filters[q.filter_count++] =
			(struct usage_filter){ USAGE_BY_HOST, p->seen->host, false };
	if (p->seen->zone && *p->seen->zone)
		q.filters[q.filter_count++] =
			(struct usage_filter){ USAGE_BY_ZONE, p->seen->zone, false };
	return q;
}

/* --- over time ------------------------------------------------------------------------------ */

static bool take_name(void *arg, const struct usage_answer *a)
{
	struct series *s = arg;
	if (!a->counts.up)
		return false;
	(void)snprintf(s->name[s->count++], NAME_MAX, "%s",
		       page_shown(a->key[USAGE_BY_SERVICE], "?"));
	return s->count < TOP;
}

/* "2026-11-23 19:00" or "2026-11-23" in seconds. */
static bool bin_time(const char *key, uint64_t *ret_s)
{
	char text[32];
	uint64_t ns;
	size_t len = strlen(key);
	if (len == 16)
		(void)snprintf(text, sizeof(text), "%.10sT%.5s:00Z", key, key + 11);
	else
		(void)snprintf(text, sizeof(text), "%.10s", key);
	if (str_parse_time(text, &ns))
		return false;
	*ret_s = ns / SECOND;
	return true;
}

/* False: it has no bin. */
static bool find_bin(const struct series *s, const struct usage_answer *a, size_t *ret)
{
	const char *key = a->key[s->step_s == HOUR_S ? USAGE_BY_HOUR : USAGE_BY_DAY];
	uint64_t at_s;
	if (!key || !bin_time(key, &at_s) || at_s < s->first_s)
		return false;
	*ret = (size_t)((at_s - s->first_s) / s->step_s);
	return *ret < s->bin_count;
}

/* A service that has no colour is one of the others, all of which come without a name. */
static bool take_bin(void *arg, const struct usage_answer *a)
{
	struct series *s = arg;
	const char *name = page_shown(a->key[USAGE_BY_SERVICE], "?");
	size_t i = 0, bin;
	while (i < s->count && strcmp(s->name[i], name) != 0)
		i++;
	if (!find_bin(s, a, &bin))
		return true;
	i = i == s->count ? TOP : i;
	s->bins[bin][i] += a->counts.up;
	s->total[i] += a->counts.up;
	return true;
}

static void set_bins(struct series *s, uint64_t first_s, uint64_t end_s)
{
	s->step_s = end_s - first_s > HOURS * HOUR_S ? DAY_S : HOUR_S;
	s->first_s = first_s / s->step_s * s->step_s;
	uint64_t count = (end_s - s->first_s + s->step_s - 1) / s->step_s;
	s->is_cut = count > BINS;
	if (s->is_cut)
		s->first_s += (count - BINS) * s->step_s;
	s->bin_count = s->is_cut ? BINS : (size_t)count;
}

static bool fill(const struct page *p, struct series *s)
{
	uint64_t first_s = 0, end_s = 0;
	usage_db_span(p->seen->usage, &first_s, &end_s);
	if (p->seen->usage_since_s > first_s)
		first_s = p->seen->usage_since_s;
	if (p->seen->usage_until_s && p->seen->usage_until_s < end_s)
		end_s = p->seen->usage_until_s;
	if (end_s <= first_s)
		return false;
	set_bins(s, first_s, end_s);
	struct usage_query names = page_query(p, 1u << USAGE_BY_SERVICE, TOP);
	uint32_t by = s->step_s == HOUR_S ? USAGE_BY_HOUR : USAGE_BY_DAY;
	/* services that have a colour, and the rest: to tell all of them apart by the hour takes
	 * long of a week of ten thousand hosts */
	struct usage_query bins = page_query(p, 1u << by | 1u << USAGE_BY_SERVICE, 0);
	bins.order = USAGE_ORDER_KEY;
	bins.keeps_rest = true;
	if (!page_ask(p, &names, take_name, s))
		return false;
	for (size_t i = 0; i < s->count && bins.filter_count < USAGE_FILTERS; i++)
		bins.filters[bins.filter_count++] =
			(struct usage_filter){ USAGE_BY_SERVICE, s->name[i], false };
	if (s->count && !page_ask(p, &bins, take_bin, s))
		return false;
	for (size_t i = 0; i < s->bin_count; i++) {
		uint64_t sum = 0;
		for (size_t k = 0; k <= TOP; k++)
			sum += s->bins[i][k];
		s->most = sum > s->most ? sum : s->most;
	}
	return s->most > 0;
}

static void column(struct buf *out, const struct series *s, size_t bin)
{
	double wide = 100.0 / (double)s->bin_count, below = 100;
	double gap = s->bin_count > 1 ? wide * 0.12 : wide * 0.4;
	for (size_t k = 0; k <= TOP; k++) {
		double high = 100 * (double)s->bins[bin][k] / (double)s->most;
		if (!s->bins[bin][k])
			continue;
		below -= high;
		buf_printf(out,
			   "<rect class=\"s%zu\" x=\"%.3f%%\" width=\"%.3f%%\" y=\"%.2f%%\" "
			   "height=\"%.2f%%\"/>",
			   k, wide * (double)bin + gap / 2, wide - gap, below, high);
	}
}

static void legend_item(struct buf *out, unsigned look, const char *name, uint64_t bytes)
{
	buf_printf(out,
		   "<li><svg aria-hidden=\"true\"><rect class=\"s%u\" width=\"100%%\" "
		   "height=\"100%%\" rx=\"2\"/></svg>",
		   look);
	html_name(out, name);
	buf_str(out, " <span class=\"soft\">");
	html_bytes(out, bytes);
	buf_str(out, "</span></li>");
}

static void over_time_table(struct buf *out, const struct series *s)
{
	char text[32];
	buf_str(out, "<details><summary>The same as a table</summary>\n");
	page_table(out, "Bytes sent outside over time", "Begin (UTC)|Service|Sent #");
	for (size_t i = 0; i < s->bin_count; i++) {
		for (size_t k = 0; k <= TOP; k++) {
			if (!s->bins[i][k])
				continue;
			buf_str(out, "<tr>");
			page_cell_time(out, (s->first_s + i * s->step_s) * SECOND);
			buf_str(out, "<td>");
			html_name(out, k < s->count ? s->name[k] : "all others");
			buf_printf(out, "</td><td class=\"n\" data-v=\"%llu\">%s</td></tr>\n",
				   (unsigned long long)s->bins[i][k],
				   str_bytes(text, sizeof(text), (double)s->bins[i][k]));
		}
	}
	page_table_end(out);
	buf_str(out, "</details>\n");
}

static void over_time(const struct page *p, const struct series *s)
{
	struct buf *out = p->out;
	char text[32];
	const char *unit = s->step_s == HOUR_S ? "hour" : "day";
	struct chart_span span = { s->first_s * SECOND,
				   (s->first_s + s->bin_count * s->step_s) * SECOND };
	buf_printf(
		out,
		"<figure class=\"plot\"><figcaption>Sent outside each %s, by service</figcaption>"
		"<div class=\"most\">%s</div><svg role=\"img\" aria-label=\"Bytes sent outside "
		"each %s, by service; at most %s\">",
		unit, str_bytes(text, sizeof(text), (double)s->most), unit, text);
	buf_str(out, "<line x1=\"0\" x2=\"100%\" y1=\"0\" y2=\"0\"/>"
		     "<line x1=\"0\" x2=\"100%\" y1=\"50%\" y2=\"50%\"/>");
	for (size_t i = 0; i < s->bin_count; i++)
		column(out, s, i);
	buf_str(out, "</svg>");
	chart_axis(out, &span);
	buf_str(out, "<ul class=\"legend\">");
	for (size_t k = 0; k < s->count; k++)
		legend_item(out, (unsigned)k, s->name[k], s->total[k]);
	if (s->total[TOP])
		legend_item(out, TOP, "all others", s->total[TOP]);
	buf_str(out, "</ul></figure>\n");
	if (s->is_cut)
		buf_printf(out, "<p class=\"note\">Only the last %d days are drawn.</p>\n", BINS);
	over_time_table(out, s);
}

/* --- shares --------------------------------------------------------------------------------- */

struct shares {
	uint64_t up[USAGE_SANCTION__COUNT], total;
	uint64_t clear, named, opaque;
};

static bool take_share(void *arg, const struct usage_answer *a)
{
	struct shares *s = arg;
	const char *name = page_shown(a->key[USAGE_BY_SANCTION], "");
	s->clear += a->counts.clear;
	s->named += a->counts.named;
	s->opaque += a->counts.opaque;
	for (unsigned i = 0; i < USAGE_SANCTION__COUNT; i++) {
		if (strcmp(name, usage_sanction_name((enum usage_sanction)i)) != 0)
			continue;
		s->up[i] += a->counts.up;
		s->total += a->counts.up;
	}
	return true;
}

static void share_bar(struct buf *out, const char *caption, const uint64_t *parts,
		      const char *const *names, const unsigned *looks, size_t count)
{
	uint64_t total = 0;
	double at = 0;
	for (size_t i = 0; i < count; i++)
		total += parts[i];
	if (!total)
		return;
	buf_printf(out,
		   "<figure class=\"share\"><figcaption>%s</figcaption><svg role=\"img\" "
		   "aria-label=\"%s\">",
		   caption, caption);
	for (size_t i = 0; i < count; i++) {
		double wide = 100 * (double)parts[i] / (double)total;
		if (parts[i])
			buf_printf(out,
				   "<rect class=\"s%u\" x=\"%.2f%%\" width=\"%.2f%%\" "
				   "height=\"100%%\"/>",
				   looks[i], at, wide);
		at += wide;
	}
	buf_str(out, "</svg><ul class=\"legend\">");
	for (size_t i = 0; i < count; i++)
		legend_item(out, looks[i], names[i], parts[i]);
	buf_str(out, "</ul></figure>\n");
}

static void shares(const struct page *p)
{
	static const char *const sanction_names[] = { "sanctioned", "tolerated",
						      "some tenants are yours; which was not seen",
						      "not sanctioned",
						      "no service of the catalogue" };
	static const char *const sight_names[] = { "in the clear", "names only", "opaque" };
	static const unsigned sanction_looks[] = { 2, 5, 4, 1, 7 }, sight_looks[] = { 0, 3, 7 };
	struct shares s = { .total = 0 };
	struct usage_query q = page_query(p, 1u << USAGE_BY_SANCTION, 0);
	if (!page_ask(p, &q, take_share, &s))
		return;
	const uint64_t sanction[] = { s.up[USAGE_SANCTIONED], s.up[USAGE_TOLERATED],
				      s.up[USAGE_UNCLEAR], s.up[USAGE_UNSANCTIONED],
				      s.up[USAGE_UNKNOWN] };
	const uint64_t sight[] = { s.clear, s.named, s.opaque };
	share_bar(p->out, "Sent to services that are sanctioned, and to others", sanction,
		  sanction_names, sanction_looks, 5);
	share_bar(p->out, "What could be read of it, both ways", sight, sight_names, sight_looks,
		  3);
}

void section_traffic(const struct page *p)
{
	struct buf *out = p->out;
	struct series *s = p->seen->usage ? calloc(1, sizeof(*s)) : NULL;
	if (!s)
		return;
	buf_str(out,
		"<section aria-labelledby=\"traffic\">\n<h2 id=\"traffic\">What left, by "
		"service</h2>\n<p class=\"note\">All of it, not only what alerts are about: bytes "
		"of IP packets that inside hosts sent outside, whoever asked.</p>\n");
	if (!fill(p, s)) {
		buf_str(out,
			"<p class=\"soft\">Nothing is counted for this time.</p>\n</section>\n");
		free(s);
		return;
	}
	over_time(p, s);
	free(s);
	shares(p);
	traffic_tables(p);
	buf_str(out, "</section>\n");
}
