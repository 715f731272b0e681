/*
 * fuzz/fuzz_ldap.c - the LDAP inspector: datagrams (first bit of the input), else streams as
 * stream_input.h tells.
 */
#include "stream_input.h"

extern const struct inspector ldap_inspector;

#define OPTION_DATAGRAM 0x80u

static void check(const struct event *e)
{
	const struct event_ldap *x = (const struct event_ldap *)e;
	const struct event_login *l = (const struct event_login *)e;

	if (e->kind == EVENT_LOGIN) {
		check_str(e, &l->user);
		assert(l->outcome <= LOGIN_NO_USER);
		return;
	}
	assert(e->kind == EVENT_LDAP);
	check_str(e, &x->base);
	check_str(e, &x->filter);
	check_str(e, &x->attributes);
	check_str(e, &x->mechanism);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct harness h;

	if (size < 2 || !(data[0] & OPTION_DATAGRAM)) {
		stream_input_run(&ldap_inspector, data, size, check);
		return 0;
	}
	harness_init(&h, &ldap_inspector, PROTO_UDP, 40000, 389);
	(void)harness_probe(&h, true, data + 2, size - 2);
	harness_datagram_cut(&h, !(data[0] & OPTION_SERVER), data + 2, size - 2,
			     size - 2 + data[1]);
	for (const struct event *e = event_log_next(h.log, NULL); e; e = event_log_next(h.log, e))
		check(e);
	harness_deinit(&h);
	return 0;
}
