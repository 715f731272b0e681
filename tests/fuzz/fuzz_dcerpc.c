/*
 * fuzz/fuzz_dcerpc.c - the DCE-RPC inspector over streams (stream_input.h tells what an input is),
 * and the same bytes as the writes of a pipe.
 */
#include "../../src/inspect/dcerpc/pipe.h"
#include "stream_input.h"

extern const struct inspector dcerpc_inspector;

static void check(const struct event *e)
{
	const struct event_rpc *x = (const struct event_rpc *)e;

	if (e->kind == EVENT_LOGIN)
		return;
	assert(e->kind == EVENT_RPC && x->act < RPC__COUNT);
	check_str(e, &x->interface);
	check_str(e, &x->operation);
	check_str(e, &x->object);
	check_str(e, &x->detail);
	assert(x->object.len <= RPC_OBJECT_MAX && x->detail.len <= RPC_DETAIL_MAX);
	assert(x->act != RPC_MAPPED || x->mapped_port);
}

static void run_pipe(const uint8_t *data, size_t size)
{
	struct harness h;
	struct rpc_assoc a = { .transport = 0 };
	size_t cut = data[1];
	bool from_client = !(data[0] & OPTION_SERVER);

	harness_init(&h, &dcerpc_inspector, PROTO_TCP, 40000, 445);
	for (size_t at = 2; at < size;) {
		size_t n = cut && cut < size - at ? cut : size - at;
		uint8_t *copy = harness_exact(data + at, n);
		harness_packet(&h, from_client, copy, n, n);
		rpc_pipe_feed(&h.in, &a, from_client, "svcctl", copy, (uint32_t)n);
		h.packet.payload = NULL;
		free(copy);
		at += n;
		cut = cut * 7 % 251;
		if (data[0] & OPTION_TURNS)
			from_client = !from_client;
	}
	harness_packet(&h, from_client, NULL, 0, 0);
	rpc_pipe_end(&h.in, &a, "svcctl");
	for (const struct event *e = event_log_next(h.log, NULL); e; e = event_log_next(h.log, e))
		check(e);
	harness_deinit(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&dcerpc_inspector, data, size, check);
	if (size >= 2)
		run_pipe(data, size);
	return 0;
}
