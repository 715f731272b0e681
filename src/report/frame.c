/*
 * report/frame.c - the begin and the end of a page: what it may load, its style, its scripts.
 */
#include <openssl/evp.h>

#include "live_js.inc"
#include "page_css.inc"
#include "page_js.inc"
#include "sections.h"

#define SHA256_BYTES 32

/* As a content security policy names what stands in the page. */
static void add_hash(struct buf *out, const unsigned char *data, size_t len)
{
	unsigned char digest[EVP_MAX_MD_SIZE], text[4 * EVP_MAX_MD_SIZE / 3 + 8];
	unsigned size = 0;
	if (EVP_Digest(data, len, digest, &size, EVP_sha256(), NULL) != 1 || size != SHA256_BYTES) {
		buf_str(out, "'none'"); /* then the page is plain, and no less safe */
		return;
	}
	(void)EVP_EncodeBlock(text, digest, SHA256_BYTES);
	buf_printf(out, "'sha256-%s'", (const char *)text);
}

static void put_policy(struct buf *out)
{
	buf_str(out, "default-src 'none'; style-src ");
	add_hash(out, page_css, sizeof(page_css));
	buf_str(out, "; script-src ");
	add_hash(out, page_js, sizeof(page_js));
}

#define POLICY_END "; img-src data:; base-uri 'none'; form-action 'none'"

void report_live_policy(struct buf *out)
{
	put_policy(out);
	buf_char(out, ' ');
	add_hash(out, live_js, sizeof(live_js));
	buf_str(out, "; connect-src 'self'" POLICY_END);
}

void page_head(const struct page *p)
{
	struct buf *out = p->out;
	buf_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		     "<meta http-equiv=\"Content-Security-Policy\" content=\"");
	if (p->seen->is_live) {
		report_live_policy(out);
	} else {
		put_policy(out);
		buf_str(out, POLICY_END);
	}
	buf_str(out,
		"\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<link rel=\"icon\" href=\"data:,\">\n<title>exfild report: ");
	html_name(out, p->seen->title);
	buf_str(out, "</title>\n<style>");
	buf_add(out, page_css, sizeof(page_css));
	buf_str(out, "</style>\n</head>\n<body data-host=\"");
	html_name(out, p->seen->is_live ? p->seen->host : NULL);
	buf_str(out, "\">\n"
		     "<a class=\"skip\" href=\"#answer\">To the answer</a>\n");
}

void page_foot(const struct page *p)
{
	struct buf *out = p->out;
	buf_printf(out,
		   "</main>\n<footer>\n<p>Made by exfild " EXFILD_VERSION
		   ". Times are those of the packets, in UTC. This page names hosts and people's "
		   "doings: %s</p>\n</footer>\n<script>",
		   p->seen->is_live ? "close it when you leave. It asks exfilctl serve alone." :
				      "keep it where the alerts are kept. It loads nothing and "
				      "sends nothing.");
	buf_add(out, page_js, sizeof(page_js));
	buf_str(out, "</script>\n");
	if (p->seen->is_live) {
		buf_str(out, "<script>");
		buf_add(out, live_js, sizeof(live_js));
		buf_str(out, "</script>\n");
	}
	buf_str(out, "</body>\n</html>\n");
}
