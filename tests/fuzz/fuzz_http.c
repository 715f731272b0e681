/* fuzz/fuzz_http.c - the HTTP inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector http_inspector;

static void check(const struct event *e)
{
	const struct event_http *x = (const struct event_http *)e;

	assert(e->kind == EVENT_HTTP);
	check_str(e, &x->method);
	check_str(e, &x->host);
	check_str(e, &x->uri);
	check_str(e, &x->user_agent);
	check_str(e, &x->content_type);
	check_str(e, &x->referrer);
	check_str(e, &x->cookie);
	check_str(e, &x->reason);
	assert(x->is_response ? x->status >= 100 : x->method.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&http_inspector, data, size, check);
	return 0;
}
