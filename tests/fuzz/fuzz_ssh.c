/* fuzz/fuzz_ssh.c - the SSH inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector ssh_inspector;

static void check(const struct event *e)
{
	const struct event_ssh *x = (const struct event_ssh *)e;

	if (e->kind == EVENT_LOGIN) {
		check_login(e);
		return;
	}
	if (e->kind == EVENT_SESSION) {
		const struct event_session *y = (const struct event_session *)e;
		assert(y->kind < SESSION__COUNT);
		assert(y->records[0] + y->records[1] <= 1200);
		return;
	}
	assert(e->kind == EVENT_SSH);
	check_str(e, &x->banner);
	check_str(e, &x->hassh);
	assert(x->banner.off || x->hassh.off);
	assert(x->hassh.off == 0 || x->hassh.len == 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&ssh_inspector, data, size, check);
	return 0;
}
