/* fuzz/fuzz_tls.c - the TLS inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector tls_inspector;

static void check_certificate(const struct event *e)
{
	const struct event_cert *x = (const struct event_cert *)e;

	check_str(e, &x->subject);
	check_str(e, &x->issuer);
	check_str(e, &x->san);
	assert(x->sha256.len == 64 && x->sha1.len == 40 && x->sni_match <= 2 && x->chain);
}

static void check_shape(const struct event *e)
{
	const struct event_tls_shape *x = (const struct event_tls_shape *)e;

	assert(x->first_count <= TLS_FIRST_SIZES && x->records[0] + x->records[1] > 0);
	assert(x->turns < x->records[0] + x->records[1] && x->last_ns >= x->first_ns);
}

static void check(const struct event *e)
{
	const struct event_tls *x = (const struct event_tls *)e;

	if (e->kind == EVENT_CERT) {
		check_certificate(e);
		return;
	}
	if (e->kind == EVENT_TLS_SHAPE) {
		check_shape(e);
		return;
	}
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
