/*
 * fuzz/fuzz_ntp_dhcp_arp.c - the inspectors of NTP, DHCP (both versions) and ARP.
 *
 * Input: one byte that chooses, one that says how many bytes were not captured, the bytes.
 */
#include "../support/inspect_harness.h"

extern const struct inspector arp_inspector;
extern const struct inspector dhcp_inspector;
extern const struct inspector ntp_inspector;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_str(const struct event *e, const struct event_str *s)
{
	assert(s->off == 0 || s->off + s->len <= e->size);
}

static void check_events(const struct harness *h)
{
	const struct event *e = NULL;

	while ((e = event_log_next(h->log, e))) {
		const struct event_ntp *n = (const struct event_ntp *)e;
		const struct event_dhcp *d = (const struct event_dhcp *)e;
		const struct event_name *name = (const struct event_name *)e;
		switch (e->kind) {
		case EVENT_NTP:
			assert(n->extension_len <= n->payload_len);
			break;
		case EVENT_DHCP:
			check_str(e, &d->host_name);
			check_str(e, &d->vendor_class);
			break;
		case EVENT_NAME:
			check_str(e, &name->name);
			break;
		case EVENT_CARRIER:
			break;
		default:
			assert(e->kind == EVENT_ARP);
			break;
		}
	}
}

static void feed_arp(struct harness *h, const uint8_t *data, size_t size)
{
	uint8_t *copy = harness_exact(data, size);
	h->in.flow = NULL;
	h->packet.kind = PACKET_ARP;
	h->packet.l3 = copy;
	h->packet.l3_cap = (uint32_t)size;
	arp_inspector.on_packet(&h->in);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct harness h;

	if (size < 2 || size > 65000)
		return 0;
	unsigned what = data[0];
	size_t missing = data[1];
	data += 2;
	size -= 2;
	switch (what & 3) {
	case 0:
		harness_init(&h, &ntp_inspector, PROTO_UDP, 40000, 123);
		break;
	case 1:
		harness_init(&h, &dhcp_inspector, PROTO_UDP, 68, 67);
		break;
	case 2:
		harness_init_version(&h, &dhcp_inspector, PROTO_UDP, 546, 547, 6);
		break;
	default:
		harness_init(&h, &arp_inspector, 0, 0, 0);
		break;
	}
	if (h.inspector == &arp_inspector) {
		feed_arp(&h, data, size);
	} else {
		(void)harness_probe(&h, true, data, size);
		if (what & 4)
			h.flow.flags |= FLOW_CLASSIFIED;
		harness_datagram_cut(&h, what & 8, data, size, size + missing);
		harness_datagram(&h, true, data, size);
	}
	check_events(&h);
	harness_deinit(&h);
	return 0;
}
