/*
 * fuzz/fuzz_kerberos.c - the Kerberos inspector: datagrams (first bit of the input), else streams
 * as stream_input.h tells.
 */
#include "stream_input.h"

extern const struct inspector kerberos_inspector;

#define OPTION_DATAGRAM 0x80u

static void check(const struct event *e)
{
	const struct event_kerberos *k = (const struct event_kerberos *)e;
	const struct event_login *l = (const struct event_login *)e;

	if (e->kind == EVENT_LOGIN) {
		check_str(e, &l->user);
		check_str(e, &l->domain);
		assert(l->outcome <= LOGIN_NO_USER);
		return;
	}
	assert(e->kind == EVENT_KERBEROS);
	check_str(e, &k->cname);
	check_str(e, &k->realm);
	check_str(e, &k->sname);
	check_str(e, &k->for_user);
	assert(k->pac <= KERBEROS_PAC_REFUSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct harness h;

	if (size < 2 || !(data[0] & OPTION_DATAGRAM)) {
		stream_input_run(&kerberos_inspector, data, size, check);
		return 0;
	}
	harness_init(&h, &kerberos_inspector, PROTO_UDP, 40000, 88);
	(void)harness_probe(&h, true, data + 2, size - 2);
	harness_datagram_cut(&h, !(data[0] & OPTION_SERVER), data + 2, size - 2,
			     size - 2 + data[1]);
	for (const struct event *e = event_log_next(h.log, NULL); e; e = event_log_next(h.log, e))
		check(e);
	harness_deinit(&h);
	return 0;
}
