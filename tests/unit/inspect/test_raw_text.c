/*
 * Text over TCP in no protocol: looked through where it may leave, and left where it cannot be
 * read.
 */
#include "test_scan_build.h"

extern const struct inspector raw_text_inspector;

static const char list[] = "a list of everybody\r\nfor QX-7719-PAYROLL of this year\r\n";

static void what_may_leave_is_looked_through(void **state)
{
	struct scanned s;
	(void)state;
	for (size_t step = 1; step <= sizeof(list); step++) {
		scanned_init(&s, &raw_text_inspector, 4444, scanned_inside, scanned_away);
		scanned_send(&s, true, list, sizeof(list) - 1, step);
		harness_end(&s.h);
		assert_int_equal(harness_count(&s.h, EVENT_CONTENT), 1);
		const struct event_found *e = harness_event(&s.h, EVENT_CONTENT, 0);
		assert_true(harness_str_is(e, &e->carrier, "tcp"));
		assert_int_equal(e->e.from_server, 0);
		scanned_deinit(&s);
	}
}

static void what_stays_inside_is_not(void **state)
{
	struct scanned s;
	(void)state;
	scanned_init(&s, &raw_text_inspector, 4444, scanned_inside, scanned_other);
	assert_false(harness_probe(&s.h, true, list, sizeof(list) - 1));
	scanned_send(&s, true, list, sizeof(list) - 1, 9);
	harness_end(&s.h);
	assert_int_equal(harness_count(&s.h, EVENT_CONTENT), 0);
	scanned_deinit(&s);
}

static void an_answer_leaves_too(void **state)
{
	struct scanned s;
	(void)state;
	scanned_init(&s, &raw_text_inspector, 4444, scanned_away, scanned_inside);
	scanned_send(&s, true, "get\n", 4, 4);
	scanned_send(&s, false, list, sizeof(list) - 1, 7);
	harness_end(&s.h);
	assert_int_equal(harness_count(&s.h, EVENT_CONTENT), 1);
	const struct event_found *e = harness_event(&s.h, EVENT_CONTENT, 0);
	assert_int_equal(e->e.from_server, 1);
	scanned_deinit(&s);
}

static void what_cannot_be_read_is_left(void **state)
{
	static uint8_t noise[40000];
	struct scanned s;
	uint32_t x = 1;
	(void)state;
	for (size_t i = 0; i < sizeof(noise); i++) {
		x = x * 1664525u + 1013904223u;
		noise[i] = (uint8_t)(x >> 24);
	}
	scanned_init(&s, &raw_text_inspector, 4444, scanned_inside, scanned_away);
	assert_false(harness_probe(&s.h, true, noise, 400));
	assert_false(harness_probe(&s.h, true, "ab", 2));
	assert_true(harness_probe(&s.h, true, "\x1f\x8b\x08\0", 4));
	assert_true(harness_probe(&s.h, true,
				  "\xff\xfe"
				  "a\0b\0c\0d\0e\0f\0g\0",
				  16));
	scanned_send(&s, true, noise, sizeof(noise), 1400);
	assert_true(s.h.side_done[1] || s.h.side_done[0]);
	harness_end(&s.h);
	scanned_deinit(&s);
}

static void every_cut_is_survived(void **state)
{
	struct scanned s;
	(void)state;
	for (size_t len = 0; len < sizeof(list); len++) {
		scanned_init(&s, &raw_text_inspector, 4444, scanned_inside, scanned_away);
		(void)harness_probe(&s.h, true, list, len);
		if (len)
			scanned_send(&s, true, list, len, len);
		harness_end(&s.h);
		assert_in_range(harness_count(&s.h, EVENT_CONTENT), 0, 1);
		scanned_deinit(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_leave_is_looked_through),
		cmocka_unit_test(what_stays_inside_is_not),
		cmocka_unit_test(an_answer_leaves_too),
		cmocka_unit_test(what_cannot_be_read_is_left),
		cmocka_unit_test(every_cut_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
