/* fuzz/fuzz_oft.c - the inspector of messengers' files over streams; see stream_input.h. */
#include "stream_input.h"

extern const struct inspector oft_inspector;

static void check(const struct event *e)
{
	const struct event_file *f = (const struct event_file *)e;

	assert(e->kind == EVENT_FILE && f->type < FILE__COUNT);
	assert(f->seen > 0 && f->seen <= f->size);
	check_str(e, &f->name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&oft_inspector, data, size, check);
	return 0;
}
