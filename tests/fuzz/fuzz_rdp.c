/* fuzz/fuzz_rdp.c - the RDP inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector rdp_inspector;

static void check(const struct event *e)
{
	const struct event_rdp *x = (const struct event_rdp *)e;

	assert(e->kind == EVENT_RDP);
	check_str(e, &x->cookie);
	check_str(e, &x->client_name);
	check_str(e, &x->channels);
	assert(x->channel_count <= RDP_CHANNELS_MAX);
	assert(x->has_settings || (x->client_name.off == 0 && x->channel_count == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&rdp_inspector, data, size, check);
	return 0;
}
