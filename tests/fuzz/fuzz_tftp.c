/*
 * fuzz/fuzz_tftp.c - the TFTP inspector over datagrams.
 *
 * Input: pieces of a length of two bytes, of which the highest bit says that the server speaks, the
 * next that it does so from a port of its own, from now on in another flow, the next that a byte
 * was not captured, and so many bytes.
 */
#include "stream_input.h"

extern const struct inspector tftp_inspector;

static void turn_to_data(struct harness *h)
{
	h->flow.key.port[1] = 50123;
	h->flow.client = 1;
	h->flow.id++;
	memset(h->in.state, 0, h->inspector->state_size);
	h->verdict = INSPECT_MORE;
}

static void check_file(const struct event *e)
{
	const struct event_file *f = (const struct event_file *)e;
	if (e->kind == EVENT_FILE_HASH) {
		check_sums(e);
		return;
	}
	assert(e->kind == EVENT_FILE && f->type < FILE__COUNT && f->seen > 0);
	check_str(e, &f->name);
	check_str(e, &f->carrier);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static atomic_uint wanted = SUM_MD5 | SUM_SHA1 | SUM_SHA256;
	struct harness h;

	harness_init(&h, &tftp_inspector, PROTO_UDP, 40000, 69);
	h.in.sums = filesums_new(&wanted);
	for (size_t at = 0; at + 2 <= size;) {
		size_t len = (size_t)(data[at] & 0x1f) << 8 | data[at + 1];
		bool is_server = data[at] & 0x80, is_cut = data[at] & 0x20;
		if ((data[at] & 0x40) && h.flow.client == 0)
			turn_to_data(&h);
		bool from_client = is_server == (h.flow.client == 1);
		at += 2;
		if (len > size - at)
			len = size - at;
		(void)harness_probe(&h, from_client, data + at, len);
		(void)h.inspector->expects(h.in.shard_state, &h.packet);
		if (len && h.verdict == INSPECT_MORE)
			harness_datagram_cut(&h, from_client, data + at, len, len + is_cut);
		at += len;
	}
	for (const struct event *e = event_log_next(h.log, NULL); e; e = event_log_next(h.log, e))
		check_file(e);
	filesums_free(h.in.sums);
	harness_deinit(&h);
	return 0;
}
