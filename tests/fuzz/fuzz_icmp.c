/*
 * fuzz/fuzz_icmp.c - the ICMP inspector over a run of messages of one flow.
 *
 * Input: one byte for the version, then messages: type, sequence, direction and how the clock
 * moves, length, bytes.
 */
#include "exfild/inspect/icmp_pattern.h"
#include "../support/inspect_harness.h"

extern const struct inspector icmp_inspector;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEAD_LEN 4

static void check_events(const struct harness *h)
{
	const struct event *e = NULL;

	while ((e = event_log_next(h->log, e))) {
		const struct event_icmp *i = (const struct event_icmp *)e;
		if (e->kind == EVENT_DHCP) { /* a router's advertisement */
			assert(((const struct event_dhcp *)e)->is_advertisement);
			continue;
		}
		assert(e->kind == EVENT_ICMP);
		assert(i->pattern < ICMP_PATTERN__COUNT);
		assert(i->info_bytes <= i->captured_len);
		assert(i->paired || !i->differs);
		assert(i->entropy >= 0 && i->entropy <= 8);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct harness h;

	if (size < 1)
		return 0;
	harness_init(&h, &icmp_inspector, data[0] & 1 ? PROTO_ICMPV6 : PROTO_ICMP, 0, 0);
	h.packet.time_ns = 1700000000000000000ull;
	data++;
	size--;
	while (size >= HEAD_LEN) {
		size_t len = data[3];
		unsigned how = data[2];
		h.packet.sport = (uint16_t)(data[0] << 8);
		h.packet.icmp_seq = data[1] & 15;
		h.packet.time_ns += (uint64_t)(how >> 2) * 50000000ull;
		data += HEAD_LEN;
		size -= HEAD_LEN;
		len = len < size ? len : size;
		h.packet.l3 = data; /* which a router's advertisement is read from */
		h.packet.l3_cap = (uint32_t)len;
		harness_datagram_cut(&h, how & 1, data, len, len + (how >> 1 & 1));
		data += len;
		size -= len;
	}
	check_events(&h);
	harness_deinit(&h);
	return 0;
}
