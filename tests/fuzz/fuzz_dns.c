/*
 * fuzz/fuzz_dns.c - the DNS inspector over datagrams and streams.
 *
 * Input: one byte of options (transport, TCP, direction, known as DNS, any port), one byte that
 * says how the rest is cut (a stream into pieces, a datagram by the capture), the bytes.
 */
#include "../support/inspect_harness.h"

extern const struct inspector dns_inspector;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPTION_TCP      (1u << 2)
#define OPTION_CLIENT   (1u << 3)
#define OPTION_ACCEPTED (1u << 4)
#define OPTION_ANY_PORT (1u << 5)

static void check_str(const struct event *e, const struct event_str *s)
{
	assert(s->off == 0 || (s->off + s->len <= e->size && s->full >= s->len));
}

static void check_events(const struct harness *h)
{
	const struct event *e = NULL;

	while ((e = event_log_next(h->log, e))) {
		assert(e->size <= EVENT_MAX);
		if (e->kind == EVENT_DNS) {
			const struct event_dns *d = (const struct event_dns *)e;
			check_str(e, &d->name);
			check_str(e, &d->answer);
			assert(d->name.len <= 253);
			assert(d->upper_case <= d->name.len);
		} else {
			const struct event_name *n = (const struct event_name *)e;
			assert(e->kind == EVENT_NAME);
			check_str(e, &n->name);
			assert(n->name.len > 0 && n->name.len <= 253);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t ports[] = { 53, 5353, 5355, 137 };
	struct harness h;

	if (size < 2)
		return 0;
	unsigned options = data[0];
	size_t cut = data[1];
	bool from_client = options & OPTION_CLIENT;
	data += 2;
	size -= 2;
	harness_init(&h, &dns_inspector, options & OPTION_TCP ? PROTO_TCP : PROTO_UDP, 40000,
		     options & OPTION_ANY_PORT ? 5300 : ports[options & 3]);
	(void)harness_probe(&h, from_client, data, size);
	if (options & OPTION_TCP) {
		for (size_t at = 0; at < size;) {
			size_t n = cut && cut < size - at ? cut : size - at;
			harness_stream(&h, from_client, data + at, n);
			at += n;
			cut = cut * 7 % 251;
		}
	} else {
		if (options & OPTION_ACCEPTED)
			h.flow.flags |= FLOW_CLASSIFIED;
		if (size < 65536)
			harness_datagram_cut(&h, from_client, data, size, size + cut);
	}
	check_events(&h);
	harness_deinit(&h);
	return 0;
}
