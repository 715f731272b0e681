/*
 * unit/detect/test_implant_protocol.c - protocols of implants, and programs that frame likewise.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "implant_protocol");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

static void speak(const char *to, uint16_t port, enum implant_family family, uint32_t marks)
{
	struct event_implant *e = judging_event(&j, EVENT_IMPLANT, sizeof(*e), "10.0.0.5", to, 6);
	e->e.sport = 40000;
	e->e.dport = port;
	e->family = (uint8_t)family;
	e->marks = marks;
	e->orders = marks & IMPLANT_ORDER ? 1 : 0;
	if (family == IMPLANT_PACKED)
		judging_str(&j, &e->prefix, "Zx9kq");
	judging_end(&j);
}

static void frames_both_ways(void **state)
{
	(void)state;
	speak("203.0.113.7", 8181, IMPLANT_PACKED, IMPLANT_FORM);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	assert_non_null(strstr(j.found[0].message, "Zx9kq"));
	speak("203.0.113.7", 8181, IMPLANT_PACKED, IMPLANT_FORM | IMPLANT_ANSWERED);
	assert_int_equal(j.count, 2);
	assert_int_equal(j.found[1].severity, SEVERITY_HIGH);
	assert_int_equal(j.found[1].packet_count, 2);
	speak("203.0.113.7", 8181, IMPLANT_PACKED, IMPLANT_FORM | IMPLANT_ANSWERED);
	assert_int_equal(j.count, 2);
}

static void an_order_of_attack(void **state)
{
	(void)state;
	speak("203.0.113.7", 23, IMPLANT_KEPT_ALIVE,
	      IMPLANT_FORM | IMPLANT_GOES_ON | IMPLANT_ORDER);
	assert_int_equal(j.found[0].severity, SEVERITY_CRITICAL);
	assert_non_null(judging_feature(&j.found[0], "foreign_port"));
}

static void fields_and_calls(void **state)
{
	(void)state;
	speak("203.0.113.7", 1177, IMPLANT_NUMBERED, IMPLANT_FORM | IMPLANT_FIELDS);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
	speak("203.0.113.8", 19715, IMPLANT_NET_TCP,
	      IMPLANT_FORM | IMPLANT_BY_ADDRESS | IMPLANT_NAMED);
	assert_int_equal(j.found[1].severity, SEVERITY_HIGH);
}

static void frames_alone(void **state)
{
	uint32_t form = IMPLANT_FORM | IMPLANT_ANSWERED | IMPLANT_GOES_ON;
	(void)state;
	speak("203.0.113.6", 5242, IMPLANT_FRAMED, form);
	speak("10.0.0.9", 5242, IMPLANT_FRAMED,
	      form | IMPLANT_SEALED | IMPLANT_BLOCKS | IMPLANT_RHYTHM);
	assert_int_equal(j.count, 0);
	speak("203.0.113.7", 54984, IMPLANT_FRAMED, form | IMPLANT_SEALED);
	assert_int_equal(j.found[0].severity, SEVERITY_LOW);
	speak("203.0.113.7", 54984, IMPLANT_FRAMED,
	      form | IMPLANT_SEALED | IMPLANT_BLOCKS | IMPLANT_RHYTHM);
	assert_int_equal(j.count, 2);
	assert_int_equal(j.found[1].severity, SEVERITY_MEDIUM);
}

static void a_report_of_the_host(void **state)
{
	(void)state;
	speak("10.0.0.9", 7888, IMPLANT_REPORTED, IMPLANT_FORM);
	assert_int_equal(j.count, 0);
	speak("203.0.113.7", 7888, IMPLANT_REPORTED, IMPLANT_FORM);
	assert_int_equal(j.found[0].severity, SEVERITY_MEDIUM);
}

static void programs_of_ones_own(void **state)
{
	(void)state;
	speak("10.0.0.9", 808, IMPLANT_NET_TCP, IMPLANT_FORM | IMPLANT_BY_ADDRESS);
	speak("10.0.0.9", 9000, IMPLANT_NUMBERED,
	      IMPLANT_FORM | IMPLANT_ANSWERED | IMPLANT_GOES_ON);
	speak("10.0.0.9", 9001, IMPLANT_WORDS, IMPLANT_FORM | IMPLANT_GOES_ON);
	assert_int_equal(j.count, 0);
	speak("203.0.113.7", 9001, IMPLANT_WORDS, IMPLANT_FORM | IMPLANT_GOES_ON);
	assert_int_equal(j.found[0].severity, SEVERITY_LOW);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(frames_both_ways),     T(an_order_of_attack), T(fields_and_calls),
		T(a_report_of_the_host), T(frames_alone),       T(programs_of_ones_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
