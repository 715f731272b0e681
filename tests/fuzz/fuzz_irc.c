/* fuzz/fuzz_irc.c - the IRC inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector irc_inspector;

static void check(const struct event *e)
{
	const struct event_chat *x = (const struct event_chat *)e;

	if (e->kind == EVENT_CARRIER)
		return;
	assert(e->kind == EVENT_CHAT);
	check_str(e, &x->nick);
	check_str(e, &x->channel);
	check_str(e, &x->order);
	assert(x->obeyed <= x->orders && !x->orders == !(x->marks & CHAT_ORDER));
	assert(!(x->marks & CHAT_TOPIC) || x->orders);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&irc_inspector, data, size, check);
	return 0;
}
