/*
 * report/html.c - see html.h.
 */
#include "html.h"

#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "exfild/base/utf8.h"

static const char *reference(uint32_t c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '`':
		return "&#96;";
	case '=':
		return "&#61;";
	default:
		return NULL;
	}
}

/* What is no markup, and is put into a page as text. */
static const char *no_reference(uint32_t c)
{
	(void)c;
	return NULL;
}

typedef const char *(*reference_fn)(uint32_t c);

/* One character, or one byte that is part of none; how many bytes it took. */
static size_t add_one(struct buf *out, const uint8_t *p, size_t len, reference_fn reference_of)
{
	uint32_t code = 0;
	size_t n = utf8_decode(p, len, &code);
	const char *as = n ? reference_of(code) : "\xef\xbf\xbd";

	if (as)
		buf_str(out, as);
	else if (utf8_is_hidden(code))
		buf_printf(out, "\\u%04x", code);
	else
		buf_add(out, p, n);
	return n ? n : 1;
}

static void add_most(struct buf *out, const char *text, size_t len, size_t most,
		     reference_fn reference_of)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t at = 0, end = len;

	if (len > most) { /* not inside a character */
		end = most;
		while (end > 0 && (p[end] & 0xc0) == 0x80)
			end--;
	}
	while (at < end)
		at += add_one(out, p + at, end - at, reference_of);
	if (end < len)
		buf_str(out, "...");
}

void html_text_len(struct buf *out, const char *text, size_t len)
{
	add_most(out, text, len, HTML_TEXT_MAX, reference);
}

void html_text(struct buf *out, const char *text)
{
	if (text)
		html_text_len(out, text, strlen(text));
}

void html_name(struct buf *out, const char *text)
{
	if (text)
		add_most(out, text, strlen(text), HTML_NAME_MAX, reference);
}

void html_plain(struct buf *out, const char *text)
{
	add_most(out, text, strlen(text), HTML_NAME_MAX, no_reference);
}

void html_count(struct buf *out, uint64_t n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	for (int i = 0; i < len; i++) {
		buf_char(out, text[i]);
		if (i + 1 < len && (len - i - 1) % 3 == 0)
			buf_char(out, ',');
	}
}

void html_bytes(struct buf *out, uint64_t bytes)
{
	char text[32];
	buf_str(out, "<span title=\"");
	html_count(out, bytes);
	buf_printf(out, " bytes\">%s</span>", str_bytes(text, sizeof(text), (double)bytes));
}

void html_time(struct buf *out, uint64_t time_ns)
{
	char text[32];
	if (!time_ns) {
		buf_char(out, '-');
		return;
	}
	(void)str_time(text, sizeof(text), time_ns);
	buf_printf(out, "<time datetime=\"%.19sZ\">%.10s %.8s</time>", text, text, text + 11);
}
