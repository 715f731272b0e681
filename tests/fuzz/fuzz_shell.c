/* fuzz/fuzz_shell.c - the inspector of shells over streams; stream_input.h tells what an input is.
 */
#include "stream_input.h"

extern const struct inspector shell_inspector;

static void check(const struct event *e)
{
	const struct event_shell *x = (const struct event_shell *)e;

	assert(e->kind == EVENT_SHELL);
	check_str(e, &x->command);
	assert(x->marks && x->command.len <= 12);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&shell_inspector, data, size, check);
	return 0;
}
