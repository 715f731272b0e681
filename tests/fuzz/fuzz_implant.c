/* fuzz/fuzz_implant.c - the inspector of implants' protocols over streams; stream_input.h tells
 * what an input is. */
#include "stream_input.h"

extern const struct inspector implant_inspector;

static void check(const struct event *e)
{
	const struct event_implant *x = (const struct event_implant *)e;

	assert(e->kind == EVENT_IMPLANT);
	check_str(e, &x->prefix);
	assert(x->family > IMPLANT_NONE && x->family < IMPLANT__COUNT);
	assert(x->marks && !x->orders == !(x->marks & IMPLANT_ORDER));
	assert(!(x->marks & IMPLANT_ANSWERED) || (x->frames[0] && x->frames[1]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&implant_inspector, data, size, check);
	return 0;
}
