/* fuzz/fuzz_ftp.c - the FTP inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector ftp_inspector;

static void check(const struct event *e)
{
	const struct event_ftp *x = (const struct event_ftp *)e;

	if (e->kind == EVENT_LOGIN) {
		check_login(e);
		return;
	}
	assert(e->kind == EVENT_FTP);
	check_str(e, &x->verb);
	check_str(e, &x->argument);
	check_str(e, &x->folder);
	check_str(e, &x->reply);
	assert(x->verb.len >= 3 && x->verb.len <= 8);
	assert(x->code <= 659);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&ftp_inspector, data, size, check);
	return 0;
}
