/*
 * fuzz/fuzz_snmp.c - the SNMP inspector over datagrams.
 *
 * Input: pieces of a length of two bytes, of which the highest bit says that the server speaks, and
 * so many bytes.
 */
#include "stream_input.h"

extern const struct inspector snmp_inspector;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct harness h;

	harness_init(&h, &snmp_inspector, PROTO_UDP, 40000, 161);
	for (size_t at = 0; at + 2 <= size;) {
		size_t len = (size_t)(data[at] & 0x7f) << 8 | data[at + 1];
		bool from_client = !(data[at] & 0x80);
		at += 2;
		if (len > size - at)
			len = size - at;
		(void)harness_probe(&h, from_client, data + at, len);
		harness_datagram(&h, from_client, data + at, len);
		at += len;
	}
	for (const struct event *e = event_log_next(h.log, NULL); e; e = event_log_next(h.log, e))
		if (e->kind != EVENT_CARRIER)
			check_login(e);
	harness_deinit(&h);
	return 0;
}
