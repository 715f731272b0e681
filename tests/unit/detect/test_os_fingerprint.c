/*
 * unit/detect/test_os_fingerprint.c - probes for the operating system.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "os_fingerprint");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

enum { TIMESTAMP = 13, MASK = 17 };

static void echo(const char *to, unsigned code)
{
	struct event_icmp *e = judging_event(&j, EVENT_ICMP, sizeof(*e), "10.0.0.5", to, 1);
	e->type = 8;
	e->code = (uint8_t)code;
	judging_end(&j);
}

static void icmp(unsigned type)
{
	struct event_flow *f =
		judging_event(&j, EVENT_FLOW_START, sizeof(*f), "10.0.0.5", "10.0.0.9", 1);
	f->e.sport = (uint16_t)(type << 8);
	judging_end(&j);
}

static void tcp(unsigned flags)
{
	struct event_flow *f =
		judging_event(&j, EVENT_FLOW_START, sizeof(*f), "10.0.0.5", "10.0.0.9", 6);
	f->syn_flags = flags;
	judging_end(&j);
}

static void closed_udp(void)
{
	struct event_flow *f =
		judging_event(&j, EVENT_FLOW_END, sizeof(*f), "10.0.0.5", "10.0.0.9", 17);
	f->outcome = FLOW_OUTCOME_REFUSED;
	judging_end(&j);
}

static void several_kinds_within_a_minute(void **state)
{
	(void)state;
	echo("10.0.0.9", 9);
	assert_int_equal(j.count, 0);
	icmp(TIMESTAMP);
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j.found[0].techniques[0], "T1046");
	icmp(MASK);
	tcp(0);
	tcp(1 | 2);
	tcp(1 | 8 | 32);
	closed_udp();
	assert_int_equal(j.found[j.count - 1].severity, SEVERITY_MEDIUM); /* no more */
}

static void one_kind_again_and_again(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		icmp(TIMESTAMP);
	assert_int_equal(j.count, 0);
}

static void weak_kinds_together(void **state)
{
	(void)state;
	icmp(TIMESTAMP);
	closed_udp();
	assert_int_equal(j.count, 0);
}

static void flags_alone_are_a_port_scan(void **state)
{
	(void)state;
	tcp(0);
	tcp(1 | 2);
	tcp(1 | 8 | 32);
	assert_int_equal(j.count, 0);
}

static void far_apart(void **state)
{
	(void)state;
	echo("10.0.0.9", 9);
	judging_pass(&j, 61 * SECOND_NS);
	icmp(TIMESTAMP);
	assert_int_equal(j.count, 0);
}

static void ordinary_packets(void **state)
{
	(void)state;
	echo("10.0.0.9", 0);
	icmp(3);
	tcp(2);
	tcp(2 | 64 | 128); /* explicit congestion notification */
	tcp(16);
	assert_int_equal(j.count, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(several_kinds_within_a_minute),
		T(one_kind_again_and_again),
		T(weak_kinds_together),
		T(flags_alone_are_a_port_scan),
		T(far_apart),
		T(ordinary_packets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
