/*
 * fuzz/fuzz_quic.c - the QUIC inspector over datagrams, raw and well sealed.
 *
 * Input: one byte of options, then datagrams, each two bytes of length (big endian) and its bytes.
 * Bit 0: they are sent as they are.  Else they are the frames of Initial packets, sealed here, for
 * nothing that is not sealed gets past the first lines of the inspector.  Bit 1: version 2.
 * Bit 2: every other one comes from the server.  Bit 3: the capture lost the end of each.
 */
#include "exfild/base/cursor.h"
#include "../support/inspect_harness.h"
#include "../unit/inspect/test_quic_build.h"

extern const struct inspector quic_inspector;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPTION_RAW   (1u << 0)
#define OPTION_TWO   (1u << 1)
#define OPTION_TURNS (1u << 2)
#define OPTION_CUT   (1u << 3)
#define FRAMES_MAX   4000

static void check_str(const struct event *e, const struct event_str *s)
{
	assert(s->off == 0 || (s->off + s->len <= e->size && s->full >= s->len));
}

static void check_events(const struct harness *h)
{
	for (const struct event *e = event_log_next(h->log, NULL); e;
	     e = event_log_next(h->log, e)) {
		const struct event_tls *x = (const struct event_tls *)e;
		if (e->kind == EVENT_TLS_SHAPE)
			continue;
		assert(e->size <= EVENT_MAX && e->kind == EVENT_QUIC);
		check_str(e, &x->sni);
		check_str(e, &x->alpn);
		assert(x->ja3.off == 0 || x->ja3.len == 32);
		assert(x->ja4.off == 0 || x->ja4.len == 36);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bytes plain, datagram;
	static struct harness h; /* its shard state is large: made once, as in the program */
	struct cursor c = cursor_make(data, size);
	unsigned options = cursor_u8(&c);
	bool from_client = true;
	struct seal s = { .version = options & OPTION_TWO ? QUIC_2 : QUIC_1,
			  .dcid = "fuzzfuzz",
			  .number_len = 2,
			  .payload_len = 64 };

	if (!h.inspector)
		harness_init(&h, &quic_inspector, PROTO_UDP, 40000, 443);
	harness_restart(&h);
	while (cursor_left(&c) > 2 && h.verdict == INSPECT_MORE) {
		size_t said = cursor_be16(&c);
		size_t len = said < cursor_left(&c) ? said : cursor_left(&c);
		const uint8_t *bytes = cursor_take(&c, len);
		datagram.len = plain.len = 0;
		if (options & OPTION_RAW) {
			put(&datagram, bytes, len < sizeof(datagram.b) ? len : sizeof(datagram.b));
		} else {
			put(&plain, bytes, len < FRAMES_MAX ? len : FRAMES_MAX);
			put_initial(&datagram, &s, &plain);
			s.number++;
		}
		(void)harness_probe(&h, from_client, datagram.b, datagram.len);
		size_t kept = options & OPTION_CUT ? datagram.len * 3 / 4 : datagram.len;
		harness_datagram_cut(&h, from_client, datagram.b, kept, datagram.len);
		if (options & OPTION_TURNS)
			from_client = !from_client;
	}
	check_events(&h);
	return 0;
}
