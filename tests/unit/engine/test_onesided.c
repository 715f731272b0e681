/*
 * Input that shows one direction is told from a scan, which is answered by nobody either.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/decode/packet.h"
#include "../../../src/engine/onesided.h"

static bool flow(struct one_sided *o, bool one_sided, uint32_t packets, uint8_t flags)
{
	struct event_flow f;
	memset(&f, 0, sizeof(f));
	f.e.proto = PROTO_TCP;
	f.syn_flags = TCP_SYN;
	f.one_sided = one_sided;
	f.packets[0] = packets;
	f.tcp_flags[0] = flags;
	return one_sided_update(o, &f);
}

static void acknowledgements_without_answers_are_one_sided(void **state)
{
	(void)state;
	struct one_sided o = { 0 };
	for (unsigned i = 0; i < 19; i++)
		assert_false(flow(&o, true, 5, TCP_SYN | TCP_ACK));
	assert_true(flow(&o, true, 5, TCP_SYN | TCP_ACK));
}

static void a_scan_is_not_one_sided(void **state)
{
	(void)state;
	struct one_sided o = { 0 };
	for (unsigned i = 0; i < 1000; i++)
		assert_false(flow(&o, true, 1, TCP_SYN));
	for (unsigned i = 0; i < 1000; i++) /* resets of a half-open scan prove nothing */
		assert_false(flow(&o, true, 2, TCP_SYN | TCP_RST | TCP_ACK));
}

static void one_in_twenty_answers_is_enough(void **state)
{
	(void)state;
	struct one_sided o = { 0 };
	bool verdict = false;
	for (unsigned i = 0; i < 400; i++)
		verdict = flow(&o, i % 20 != 0, 5, TCP_SYN | TCP_ACK);
	assert_false(verdict); /* 95 %, not over */
	for (unsigned i = 0; i < 40; i++)
		verdict = flow(&o, true, 5, TCP_SYN | TCP_ACK);
	assert_true(verdict);
	for (unsigned i = 0; i < 100; i++) /* and it can be taken back */
		verdict = flow(&o, false, 5, TCP_SYN | TCP_ACK);
	assert_false(verdict);
}

static void other_flows_do_not_count(void **state)
{
	(void)state;
	struct one_sided o = { 0 };
	struct event_flow f;
	memset(&f, 0, sizeof(f));
	f.e.proto = PROTO_UDP;
	f.one_sided = 1;
	f.packets[0] = 5;
	for (unsigned i = 0; i < 100; i++)
		assert_false(one_sided_update(&o, &f));
	f.e.proto = PROTO_TCP; /* mid-stream: no SYN */
	for (unsigned i = 0; i < 100; i++)
		assert_false(one_sided_update(&o, &f));
	assert_int_equal(o.syns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acknowledgements_without_answers_are_one_sided),
		cmocka_unit_test(a_scan_is_not_one_sided),
		cmocka_unit_test(one_in_twenty_answers_is_enough),
		cmocka_unit_test(other_flows_do_not_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
