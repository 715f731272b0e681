/* fuzz/fuzz_http.c - the HTTP inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector http_inspector;

static void check_body(const struct event *e)
{
	const struct event_http_body *b = (const struct event_http_body *)e;
	const struct event_file *f = (const struct event_file *)e;

	if (e->kind == EVENT_FILE) {
		check_str(e, &f->name);
		check_str(e, &f->declared);
		assert(f->type < FILE__COUNT && f->seen > 0);
		return;
	}
	check_str(e, &b->uri);
	check_str(e, &b->file_name);
	check_str(e, &b->attempt);
	check_str(e, &b->callback);
	assert(b->type < FILE__COUNT && b->seen >= b->looked && b->looked > 0);
	assert(b->base64_share <= 100 && b->hex_share <= 100);
}

/* What is said in a WebSocket. */
static void check_socket(const struct event *e)
{
	const struct event_carrier *c = (const struct event_carrier *)e;

	if (e->kind == EVENT_INNER)
		check_str(e, &((const struct event_inner *)e)->carrier);
	else if (e->kind == EVENT_SHELL)
		check_str(e, &((const struct event_shell *)e)->command);
	else
		assert(c->carried_len <= c->payload_len);
}

static void check(const struct event *e)
{
	const struct event_http *x = (const struct event_http *)e;

	if (e->kind == EVENT_HTTP_BODY || e->kind == EVENT_FILE) {
		check_body(e);
		return;
	}
	if (e->kind == EVENT_INNER || e->kind == EVENT_CARRIER || e->kind == EVENT_SHELL) {
		check_socket(e);
		return;
	}
	assert(e->kind == EVENT_HTTP);
	check_str(e, &x->method);
	check_str(e, &x->host);
	check_str(e, &x->uri);
	check_str(e, &x->user_agent);
	check_str(e, &x->content_type);
	check_str(e, &x->referrer);
	check_str(e, &x->cookie);
	check_str(e, &x->reason);
	check_str(e, &x->attempt);
	check_str(e, &x->callback);
	assert(x->is_response ? x->status >= 100 : x->method.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&http_inspector, data, size, check);
	return 0;
}
