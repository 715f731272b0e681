/* fuzz/fuzz_framed.c - the inspector of framed conversations over streams; stream_input.h tells
 * what an input is. */
#include "stream_input.h"

extern const struct inspector framed_inspector;

static void check(const struct event *e)
{
	const struct event_implant *x = (const struct event_implant *)e;

	assert(e->kind == EVENT_IMPLANT && x->family == IMPLANT_FRAMED);
	assert(x->marks & IMPLANT_FORM && x->frames[0] >= 2 && x->frames[1] >= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&framed_inspector, data, size, check);
	return 0;
}
