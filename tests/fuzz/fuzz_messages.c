/*
 * fuzz/fuzz_messages.c - the inspectors of syslog and SIP over datagrams.
 *
 * Input: one byte that chooses, the bytes of a datagram.
 */
#include "stream_input.h"

extern const struct inspector sip_inspector;
extern const struct inspector syslog_inspector;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct harness h;

	if (size < 1 || size > 65000)
		return 0;
	bool is_sip = data[0] & 1;
	harness_init(&h, is_sip ? &sip_inspector : &syslog_inspector, PROTO_UDP, 40000,
		     is_sip ? 5060 : 514);
	(void)harness_probe(&h, true, data + 1, size - 1);
	harness_datagram(&h, true, data + 1, size - 1);
	for (const struct event *e = event_log_next(h.log, NULL); e; e = event_log_next(h.log, e)) {
		const struct event_carrier *c = (const struct event_carrier *)e;
		assert(e->kind == EVENT_CARRIER && c->carried_len <= c->payload_len);
	}
	harness_deinit(&h);
	return 0;
}
