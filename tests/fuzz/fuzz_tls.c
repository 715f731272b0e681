/* fuzz/fuzz_tls.c - the TLS inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector tls_inspector;

static void check(const struct event *e)
{
	const struct event_tls *x = (const struct event_tls *)e;

	assert(e->kind == EVENT_TLS);
	check_str(e, &x->sni);
	check_str(e, &x->alpn);
	check_str(e, &x->ja3);
	check_str(e, &x->ja4);
	assert(x->ja3.off == 0 || x->ja3.len == 32);
	assert(x->ja4.off == 0 || x->ja4.len == 36);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&tls_inspector, data, size, check);
	return 0;
}
