/* fuzz/fuzz_mqtt.c - the MQTT inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector mqtt_inspector;

static void check(const struct event *e)
{
	const struct event_carrier *c = (const struct event_carrier *)e;
	const struct event_chat *x = (const struct event_chat *)e;

	if (e->kind == EVENT_CARRIER) {
		assert(c->carried_len <= c->payload_len);
	} else if (e->kind == EVENT_CHAT) {
		check_str(e, &x->nick);
		check_str(e, &x->channel);
		check_str(e, &x->order);
		assert(x->obeyed <= x->orders && !x->orders == !(x->marks & CHAT_ORDER));
	} else {
		check_login(e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&mqtt_inspector, data, size, check);
	return 0;
}
