/*
 * report/live.c - what a page that is being served has besides: the way between its pages, and the
 * alerts as they come.
 */
#include "exfild/base/json.h"
#include "sections.h"

void section_now(const struct page *p)
{
	struct buf *out = p->out;
	if (!p->seen->is_live)
		return;
	buf_str(out,
		"<section aria-labelledby=\"now\" id=\"live\">\n<h2 id=\"now\">As it comes</h2>\n"
		"<p class=\"note\" id=\"state\" role=\"status\">Without scripts this page shows "
		"what was known when it was made: load it again for what came since.</p>\n");
	page_table(out, "The newest alerts, the last one first",
		   "Begin (UTC)|Severity|Alert|Host|Destination|Sent #|Risk #");
	page_table_end(out);
	buf_str(out, "</section>\n");
}

void page_ways(const struct page *p)
{
	static const struct {
		const char *to, *text;
		enum report_kind kind;
	} ways[] = { { "./", "Last day", REPORT_DAILY },
		     { "weekly", "Last seven days", REPORT_WEEKLY },
		     { "controls", "Controls, 30 days", REPORT_COMPLIANCE } };
	struct buf *out = p->out;
	if (!p->seen->is_live)
		return;
	buf_str(out, "<nav aria-label=\"Pages\"><ul>");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		buf_printf(out, "<li><a href=\"%s\"%s>%s</a></li>", ways[i].to,
			   ways[i].kind == p->seen->kind ? " aria-current=\"page\"" : "",
			   ways[i].text);
	buf_str(out, "</ul></nav>\n");
}

void page_host_link(const struct page *p, const char *host)
{
	struct ipaddr address;
	bool is_link = p->seen->is_live && ipaddr_parse(host, &address) == 0;
	if (is_link) {
		buf_str(p->out, "<a href=\"host?");
		html_name(p->out, host);
		buf_str(p->out, "\">");
	}
	html_name(p->out, host);
	if (is_link)
		buf_str(p->out, "</a>");
}

static void put_plain(struct json *j, struct buf *room, const char *key, const char *text)
{
	buf_reset(room);
	html_plain(room, text);
	json_string_len(j, key, room->data ? room->data : "", room->len);
}

int report_live_alert(const char *line, size_t len, struct buf *out)
{
	struct entry e;
	struct buf room;
	if (!entry_read(&e, line, len))
		return -EXF_E_FORMAT;
	buf_init(&room, 4096);
	struct json j = json_make(out);
	json_open_object(&j, NULL);
	put_plain(&j, &room, "id", e.id);
	json_time(&j, "begin", e.start_ns);
	json_string(&j, "level", level_name(e.level));
	put_plain(&j, &room, "alert", e.title);
	put_plain(&j, &room, "host", e.source);
	put_plain(&j, &room, "name", e.source_name);
	put_plain(&j, &room, "to", e.destination);
	json_uint(&j, "bytes", e.bytes);
	json_uint(&j, "risk", e.risk > 0 ? (uint64_t)e.risk : 0);
	json_close_object(&j);
	buf_deinit(&room);
	return out->full ? -EXF_E_LIMIT : 0;
}
