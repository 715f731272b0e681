/*
 * inspect/http/body.c - the bodies of HTTP messages, and the files in them.
 */
#include <string.h>

#include "exfild/base/sketch.h"
#include "../content/exploit.h"
#include "../content/form.h"
#include "../content/magic.h"
#include "../content/scan.h"
#include "../content/text.h"
#include "contrary.h"
#include "files.h"

#define ANSWER_LOOKED  (1u << 20) /* of one without an end of its own */
#define FILE_TOLD      1024       /* bytes that tell what a file is */
#define SOCKET_ARCHIVE (16u << 10)
#define HTTP_SWITCHED  101
#define HTTP_PART      206

/* The flow's desk, if it is still its own. */
static struct http_desk *desk_of(struct inspection *in, uint8_t number)
{
	struct http_desks *all = in->shard_state;
	if (!number || number > HTTP_DESKS || all->flow[number - 1] != in->flow->id)
		return NULL;
	all->used_seq[number - 1] = in->seq;
	return &all->desk[number - 1];
}

/* Its own, a free one, or that which was idle for longest. */
static struct http_desk *take_desk(struct inspection *in, uint8_t *number)
{
	struct http_desks *all = in->shard_state;
	struct http_desk *own = desk_of(in, *number);
	unsigned found = 0;
	if (own)
		return own;
	for (unsigned i = 0; i < HTTP_DESKS && all->flow[found]; i++)
		if (all->flow[i] == 0 || all->used_seq[i] < all->used_seq[found])
			found = i;
	all->flow[found] = in->flow->id;
	all->used_seq[found] = in->seq;
	all->desk[found].body[0].is_open = all->desk[found].body[1].is_open = false;
	http_files_drop(in, &all->desk[found]);
	memset(&all->desk[found].talk, 0, sizeof(all->desk[found].talk));
	*number = (uint8_t)(found + 1);
	return &all->desk[found];
}

static size_t keep_text(char *dst, size_t size, const struct http_text *t)
{
	size_t n = t->len < size ? t->len : size;
	if (n)
		memcpy(dst, t->data, n);
	return n;
}

void http_body_begin(struct inspection *in, uint8_t *number, const struct http_head *h)
{
	struct http_desk *d = h->is_response ? desk_of(in, *number) : take_desk(in, number);
	if (!d)
		return;
	if (!h->is_response) {
		d->method_len = (uint8_t)keep_text(d->method, sizeof(d->method), &h->method);
		d->host_len = (uint8_t)keep_text(d->host, sizeof(d->host), &h->host);
		d->agent_len = (uint8_t)keep_text(d->agent, sizeof(d->agent), &h->user_agent);
		d->uri_len = (uint16_t)keep_text(d->uri, sizeof(d->uri), &h->uri);
	}
	struct http_body *b = &d->body[h->is_response];
	b->size = h->has_length ? h->content_length : UINT64_MAX;
	b->seen = 0;
	b->kept = 0;
	b->is_open = h->is_chunked || (h->has_length && h->content_length) ||
		     (h->is_response && !h->has_length);
	b->is_socket = b->is_text = false;
	b->status = h->status;
	b->marks = h->marks;
	b->type_len = (uint8_t)keep_text(b->type, sizeof(b->type), &h->content_type);
	http_files_begin(in, d, h);
}

void http_body_unasked(struct inspection *in, uint8_t number)
{
	struct http_desk *d = desk_of(in, number);
	if (!d)
		return;
	d->method_len = d->host_len = d->agent_len = 0;
	d->uri_len = 0;
}

void http_body_open(struct inspection *in, uint8_t number, bool is_response, bool is_text)
{
	struct http_desk *d = desk_of(in, number);
	if (!d)
		return;
	struct http_body *b = &d->body[is_response];
	filesums_drop(in, &b->sum);
	filesums_drop(in, &b->undone);
	b->size = UINT64_MAX;
	b->seen = 0;
	b->kept = 0;
	b->type_len = 0;
	b->status = HTTP_SWITCHED;
	b->is_open = b->is_socket = true;
	b->is_text = is_text;
	if (!is_text)
		filesums_begin(in, &b->sum);
}

struct shell_talk *http_body_talk(struct inspection *in, uint8_t number)
{
	struct http_desk *d = desk_of(in, number);
	return d ? &d->talk : NULL;
}

static bool is_method(const struct http_desk *d, const char *name)
{
	return d->method_len == strlen(name) && memcmp(d->method, name, d->method_len) == 0;
}

/* Programs of the web pack their messages one by one; a file is longer, or says more. */
static bool is_packed_message(const struct http_body *b, enum file_type type)
{
	return b->is_socket && type == FILE_ARCHIVE && b->seen < SOCKET_ARCHIVE;
}

/* Pictures, sounds, pages are all that the web is made of: only what matters is told. */
static bool is_told(const struct http_desk *d, bool is_response, enum file_type type, bool is_part)
{
	const struct http_body *b = &d->body[is_response];
	if (is_packed_message(b, type))
		return false;
	switch (type) {
	case FILE_SCRIPT: /* of a page, or on its own */
		return !is_response || (!memmem(b->type, b->type_len, "javascript", 10) &&
					!memmem(b->type, b->type_len, "html", 4));
	case FILE_UNKNOWN:
	case FILE_TEXT:
	case FILE_HIGH_ENTROPY:
		return !is_response && (is_part || is_method(d, "PUT"));
	case FILE_IMAGE:
	case FILE_MEDIA:
		return !is_response;
	default:
		return true;
	}
}

/* Texts of a WebSocket: what is said there is no file. */
static bool is_talk(const struct http_body *b)
{
	return b->is_socket && b->is_text;
}

static const char *carrier_of(const struct http_body *b)
{
	return b->is_socket ? "websocket" : "http";
}

static void put_file(struct inspection *in, struct http_desk *d, bool is_response,
		     enum file_type type, bool is_end, bool is_complete)
{
	struct http_body *b = &d->body[is_response];
	struct form f = { 0 };
	if (!is_response)
		form_read(&f, b->data, b->kept, b->type, b->type_len);
	bool is_part = f.files > 0;
	if (is_part)
		type = (enum file_type)f.file_type;
	if (b->kept == 0 || !is_told(d, is_response, type, is_part) ||
	    (f.form != FORM_RAW && f.form != FORM_XML && !is_part))
		return;
	struct event_file *e = inspect_event(in, EVENT_FILE, sizeof(*e));
	struct form_text name = is_part ? f.file_name : http_name_of(d);
	http_turn(in, &e->e, is_response);
	e->type = (uint8_t)type;
	e->is_end = is_end;
	e->is_complete = is_complete;
	e->is_attachment = is_part;
	e->entropy = b->kept >= MAGIC_NOISE_MIN ? (float)entropy_bytes(b->data, b->kept) : 0;
	e->size = b->size;
	e->seen = b->seen;
	const char *carrier = carrier_of(b);
	http_put_str(in, &e->carrier, carrier, strlen(carrier));
	http_put_str(in, &e->name, name.data, name.len);
	http_put_str(in, &e->place, d->uri, d->uri_len);
	if (is_part)
		http_put_str(in, &e->declared, f.file_declared.data, f.file_declared.len);
	else
		http_put_str(in, &e->declared, b->type, b->type_len);
	event_log_commit(in->log);
}

/* Of a WebSocket only what a detector of uploads asks for is told. */
static bool is_of_files(const struct http_body *b, bool is_response, enum file_type type)
{
	return !is_response && !is_packed_message(b, type) && magic_is_loaded(b->data, b->kept);
}

/* Of an answer whose bytes are its own, from the first on. */
static enum content_contrary contrary_to(const struct http_desk *d, enum file_type type)
{
	const struct http_body *b = &d->body[1];
	if ((b->marks & HTTP_IS_CODED) || b->status == HTTP_PART || b->is_socket)
		return CONTRARY_NONE;
	return contrary_of(&(struct answer_look){ .declared = b->type,
						  .declared_len = b->type_len,
						  .uri = d->uri,
						  .uri_len = d->uri_len,
						  .data = b->data,
						  .len = b->kept,
						  .type = type });
}

/* An answer is told of when it holds what a detector of answers asks for. */
static void put_body(struct inspection *in, struct http_desk *d, bool is_response,
		     enum file_type type, bool is_complete)
{
	struct http_body *b = &d->body[is_response];
	bool is_text = type == FILE_TEXT || type == FILE_SCRIPT || type == FILE_UNKNOWN;
	uint32_t marks = is_text ? content_marks(b->data, b->kept) : 0;
	if (b->is_socket && !is_of_files(b, is_response, type))
		return;
	enum content_contrary contrary = is_response ? contrary_to(d, type) : CONTRARY_NONE;
	if (is_response && !contrary && !(marks & (CONTENT_OUTPUT | CONTENT_PROMPT | CONTENT_CODE)))
		return;
	struct content_shares shares = content_shares(b->data, is_text ? b->kept : 0);
	struct exploit x = { 0 };
	struct form f = { 0 };
	if (!is_response) {
		form_read(&f, b->data, b->kept, b->type, b->type_len);
		if (is_text)
			(void)exploit_find(b->data, b->kept, false, &x);
	}
	struct event_http_body *e = inspect_event(in, EVENT_HTTP_BODY, sizeof(*e));
	http_turn(in, &e->e, is_response);
	if (!e->e.packet) /* told when the flow has ended: where it began, it can be found */
		e->e.packet = in->flow->first_packet;
	e->is_response = is_response;
	e->type = (uint8_t)(f.files ? f.file_type : (uint8_t)type);
	e->form = (uint8_t)f.form;
	e->is_complete = is_complete;
	e->fields = f.fields;
	e->files = f.files;
	e->credential_fields = f.credential_fields;
	e->machine_fields = f.machine_fields;
	e->command_fields = f.command_fields;
	e->is_one_value = f.is_one_value;
	e->base64_share = shares.base64;
	e->hex_share = shares.hex;
	e->status = b->status;
	e->exploit = (uint8_t)x.kind;
	e->contrary = (uint8_t)contrary;
	e->callback_port = x.port;
	e->marks = marks | f.marks;
	e->head_marks = d->body[0].marks;
	e->looked = b->kept;
	e->entropy = b->kept >= MAGIC_NOISE_MIN ? (float)entropy_bytes(b->data, b->kept) : 0;
	e->size = b->size;
	e->seen = b->seen;
	e->hash = hash_bytes(in->key, b->data, b->kept);
	http_put_str(in, &e->method, d->method, d->method_len);
	http_put_str(in, &e->host, d->host, d->host_len);
	http_put_str(in, &e->uri, d->uri, d->uri_len);
	http_put_str(in, &e->user_agent, d->agent, d->agent_len);
	http_put_str(in, &e->content_type, b->type, b->type_len);
	http_put_str(in, &e->file_name, f.file_name.data, f.file_name.len);
	http_put_str(in, &e->attempt, x.text, strlen(x.text));
	http_put_str(in, &e->callback, x.target, strlen(x.target));
	event_log_commit(in->log);
}

/* An answer has no host but its receiver. */
static struct scan_source source_of(const struct inspection *in, const struct http_desk *d,
				    bool is_response)
{
	bool is_reversed = in->from_client == is_response && !(in->flow->flags & FLOW_CLIENT_KNOWN);
	const struct http_body *b = &d->body[is_response];
	const char *carrier = is_response && !b->is_socket ? "http answer" : carrier_of(b);
	return (struct scan_source){ carrier, is_response ? NULL : d->host, d->host_len, APP_HTTP,
				     is_reversed };
}

/* What is sent out is looked through; an answer where its receiver may be outside. */
static bool is_looked_through(const struct inspection *in, bool is_response)
{
	return !is_response || scan_may_leave(in);
}

void http_body_take(struct inspection *in, uint8_t number, bool is_response, const uint8_t *data,
		    uint32_t len)
{
	struct http_desk *d = desk_of(in, number);
	if (!d || !d->body[is_response].is_open)
		return;
	struct http_body *b = &d->body[is_response];
	uint32_t room = HTTP_LOOKED - b->kept, n = len < room ? len : room;
	memcpy(b->data + b->kept, data, n);
	bool was_short = b->kept < FILE_TOLD;
	b->kept += n;
	b->seen += len;
	http_files_take(in, d, is_response, data, len);
	if (was_short && b->kept >= FILE_TOLD && !is_talk(b))
		put_file(in, d, is_response, file_type_of(b->data, b->kept), false, false);
	if (is_looked_through(in, is_response)) {
		const struct scan_source source = source_of(in, d, is_response);
		scan_take(in, &source, data, len);
	}
}

bool http_body_wants(struct inspection *in, uint8_t number, bool is_response)
{
	const struct http_desk *d = desk_of(in, number);
	if (!d || !d->body[is_response].is_open)
		return false;
	return d->body[is_response].kept < HTTP_LOOKED || http_files_are_open(d, is_response) ||
	       (is_response && scan_may_leave(in) && d->body[is_response].seen < ANSWER_LOOKED);
}

bool http_body_form(struct inspection *in, uint8_t number, const uint8_t **ret_data,
		    size_t *ret_len)
{
	const struct http_desk *d = desk_of(in, number);
	const struct http_body *b = d ? &d->body[0] : NULL;
	if (!b || !b->is_open || !b->kept ||
	    !memmem(b->type, b->type_len, "x-www-form-urlencoded", 21))
		return false;
	*ret_data = b->data;
	*ret_len = b->kept;
	return true;
}

void http_body_gap(struct inspection *in, uint8_t number, bool is_response)
{
	struct http_desk *d = desk_of(in, number);
	if (d)
		http_files_break(in, d, is_response);
}

void http_body_end(struct inspection *in, uint8_t number, bool is_response, bool is_complete)
{
	struct http_desk *d = desk_of(in, number);
	if (!d || !d->body[is_response].is_open)
		return;
	struct http_body *b = &d->body[is_response];
	b->is_open = false;
	if (b->seen == 0)
		return;
	if (is_looked_through(in, is_response)) {
		const struct scan_source source = source_of(in, d, is_response);
		scan_end(in, &source);
	}
	if (is_talk(b))
		return;
	enum file_type type = file_type_of(b->data, b->kept);
	put_file(in, d, is_response, type, true, is_complete);
	http_files_end(in, d, is_response, is_complete);
	put_body(in, d, is_response, type, is_complete);
}

void http_body_leave(struct inspection *in, uint8_t *number)
{
	struct http_desk *d = desk_of(in, *number);
	struct http_desks *all = in->shard_state;
	if (!d || d->body[0].is_open || d->body[1].is_open)
		return;
	all->flow[*number - 1] = 0;
	*number = 0;
}
