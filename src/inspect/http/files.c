/*
 * inspect/http/files.c - see files.h.
 */
#include "files.h"

#include <string.h>
#include <strings.h>

#include "exfild/event/ends.h"

#define STATUS_PART  206 /* the answer is a part of a file */
#define STATUS_OTHER 300 /* from here on what comes is not what was asked for */
#define SMALL_PAGE   (16u << 10)
#define SMALL_CODED  (4u << 10)

/* As the heads' events: src is the asker, wherever the flow's table sees the client. */
void http_turn(struct inspection *in, struct event *e, bool is_response)
{
	if (in->from_client == is_response && !(in->flow->flags & FLOW_CLIENT_KNOWN)) {
		event_swap_ends(e);
		e->from_server = is_response;
	}
	if (e->app == APP_UNKNOWN)
		e->app = APP_HTTP;
}

void http_put_str(struct inspection *in, struct event_str *s, const void *data, size_t len)
{
	if (len)
		event_log_str(in->log, s, data, len, len);
}

/* A file's own name: what follows the last slash of the path. */
struct form_text http_name_of(const struct http_desk *d)
{
	size_t end = 0, from = 0;
	while (end < d->uri_len && d->uri[end] != '?' && d->uri[end] != '#')
		end++;
	for (size_t i = 0; i < end; i++)
		if (d->uri[i] == '/')
			from = i + 1;
	return (struct form_text){ (const uint8_t *)d->uri + from, end - from };
}

static bool begins(const struct http_text *t, const char *text)
{
	size_t n = strlen(text);
	return t->len >= n && strncasecmp(t->data, text, n) == 0;
}

static bool ends(const struct http_text *t, const char *text)
{
	size_t n = strlen(text), len = t->len;
	while (len && (t->data[len - 1] == '"' || t->data[len - 1] == ' '))
		len--;
	return len >= n && strncasecmp(t->data + len - n, text, n) == 0;
}

/* Not as a text: so a server keeps a script that pages load from being shown, as none of its own.
 */
static bool is_to_be_saved(const struct http_head *h)
{
	return begins(&h->content_disposition, "attachment") &&
	       !ends(&h->content_disposition, ".txt");
}

/* Types of what browsers fetch to show a page, of what programs ask programs for, and of forms. */
static bool is_page(const struct http_head *h)
{
	static const char *const types[] = {
		"text/html",
		"text/css",
		"text/javascript",
		"text/xml",
		"text/json",
		"image/",
		"font/",
		"audio/",
		"video/",
		"application/javascript",
		"application/x-javascript",
		"application/ecmascript",
		"application/json",
		"application/xml",
		"application/xhtml",
		"application/soap",
		"application/font",
		"application/x-font",
		"application/vnd.ms-fontobject",
		"application/x-www-form-urlencoded",
		"application/ocsp-",
		"application/pkix-",
		"application/x-pkcs7-crl",
	};
	if (is_to_be_saved(h))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (begins(&h->content_type, types[i]))
			return true;
	return false;
}

static enum sum_coding coding_of(const struct http_text *coding)
{
	bool is_one = coding->len && !memchr(coding->data, ',', coding->len);
	if (is_one && (begins(coding, "gzip") || begins(coding, "x-gzip")))
		return SUM_GZIP;
	return is_one && begins(coding, "deflate") ? SUM_DEFLATE : SUM_AS_IT_IS;
}

void http_files_begin(struct inspection *in, struct http_desk *d, const struct http_head *h)
{
	struct http_body *b = &d->body[h->is_response];
	bool has_parts = !h->is_response &&
			 parts_begin(in, &d->parts, h->content_type.data, h->content_type.len);
	filesums_drop(in, &b->sum);
	filesums_drop(in, &b->undone);
	bool is_other = h->status == STATUS_PART || h->status >= STATUS_OTHER;
	if (!b->is_open || is_other || has_parts || !filesums_are_wanted(in))
		return;
	enum sum_coding coding = coding_of(&h->content_encoding);
	uint32_t small = coding == SUM_AS_IT_IS ? SMALL_PAGE : SMALL_CODED;
	bool is_small = h->has_length && h->content_length <= small;
	bool is_left_out = is_page(h) && !is_small && !filesums_include_pages(in);
	/* the first bytes of a coding do not tell what is in it: of a page it is known undone */
	if (coding == SUM_AS_IT_IS || !is_left_out)
		filesums_begin(in, &b->sum);
	if (coding != SUM_AS_IT_IS)
		filesums_begin_coded(in, &b->undone, coding);
	if (is_left_out)
		filesums_set_page(in, coding == SUM_AS_IT_IS ? &b->sum : &b->undone);
}

static void put_names(struct inspection *in, const struct http_desk *d, bool is_response,
		      struct event_file_hash *e, const struct form_text *name)
{
	http_turn(in, &e->e, is_response);
	http_put_str(in, &e->carrier, "http", 4);
	http_put_str(in, &e->name, name->data, name->len);
	http_put_str(in, &e->place, d->uri, d->uri_len);
	event_log_commit(in->log);
}

static void put_part(struct inspection *in, void *arg, struct event_file_hash *e,
		     const uint8_t *name, size_t name_len)
{
	put_names(in, arg, false, e, &(const struct form_text){ name, name_len });
}

void http_files_take(struct inspection *in, struct http_desk *d, bool is_response,
		     const uint8_t *data, uint32_t len)
{
	filesums_take(in, &d->body[is_response].sum, data, len);
	filesums_take(in, &d->body[is_response].undone, data, len);
	if (!is_response)
		parts_take(in, &d->parts, data, len, put_part, d);
}

bool http_files_are_open(const struct http_desk *d, bool is_response)
{
	return filesums_is_open(&d->body[is_response].sum) ||
	       filesums_is_open(&d->body[is_response].undone);
}

void http_files_break(struct inspection *in, struct http_desk *d, bool is_response)
{
	filesums_break(in, &d->body[is_response].sum);
	filesums_break(in, &d->body[is_response].undone);
	if (!is_response)
		filesums_break(in, &d->parts.sum);
}

void http_files_end(struct inspection *in, struct http_desk *d, bool is_response, bool is_whole)
{
	struct sum *sums[] = { &d->body[is_response].sum, &d->body[is_response].undone };
	struct form_text name = http_name_of(d);
	for (unsigned i = 0; i < 2; i++) {
		struct event_file_hash *e = filesums_end(in, sums[i], is_whole);
		if (e)
			put_names(in, d, is_response, e, &name);
	}
	if (!is_response)
		parts_end(in, &d->parts, put_part, d);
}

void http_files_drop(struct inspection *in, struct http_desk *d)
{
	for (unsigned i = 0; i < 2; i++) {
		filesums_drop(in, &d->body[i].sum);
		filesums_drop(in, &d->body[i].undone);
	}
	parts_drop(in, &d->parts);
}
