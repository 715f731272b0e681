/* fuzz/fuzz_raw_program.c - programs in no protocol; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector raw_program_inspector;

static void check(const struct event *e)
{
	const struct event_file *x = (const struct event_file *)e;

	assert(e->kind == EVENT_FILE);
	assert(x->type == FILE_EXECUTABLE && x->seen > 0);
	check_str(e, &x->carrier);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&raw_program_inspector, data, size, check);
	return 0;
}
