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

#define WORD32 "q7XkR2dT9pLw4vBz1YhN8sQmE5jC3oUf"
#define LINE64 WORD32 "K6gA0iWrV2tD7xPbS4yH9nJlM1cZ5eGu"
#define DIGEST "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

/* What the events of a client's words say that they carry. */
static uint32_t carried_by(uint16_t port, const char *text, size_t step)
{
	struct scanned s;
	uint32_t carried = 0, said = 0;
	const struct event_carrier *e;
	scanned_init(&s, &raw_text_inspector, port, scanned_inside, scanned_away);
	scanned_send(&s, true, text, strlen(text), step);
	harness_end(&s.h);
	for (unsigned i = 0; (e = harness_event(&s.h, EVENT_CARRIER, i)); i++) {
		carried += e->carried_len;
		said += e->payload_len;
		assert_int_equal(e->carried_hash != 0, e->carried_len != 0);
	}
	assert_int_equal(said, strlen(text));
	scanned_deinit(&s);
	return carried;
}

static void encoded_words_are_measured(void **state)
{
	(void)state;
	assert_int_equal(carried_by(4444, "SEND " LINE64 WORD32 "\r\n", 200), 96);
	assert_int_equal(carried_by(4444, "have " DIGEST "\r\n", 200), 0);
	assert_int_equal(carried_by(4444, "have " LINE64 "\r\n", 200), 0);
	assert_int_equal(carried_by(4444, "a list of everybody\r\n", 200), 0);
	assert_int_equal(carried_by(4444,
				    "=================================================="
				    "==================================================\n",
				    200),
			 0);
	assert_int_equal(
		carried_by(4444,
			   "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xff\xfe\xfd\xfc\xfb\xfa" LINE64 WORD32,
			   200),
		0);
}

/* Lines of MIME and PEM; words of a list are no such. */
static void wrapped_lines_are_one_word(void **state)
{
	(void)state;
	assert_int_equal(carried_by(4444, LINE64 "\r\n" LINE64 "\r\n" WORD32 "\r\n.\r\n", 200),
			 64 + 2 + 64 + 2 + 32);
	assert_int_equal(carried_by(4444, LINE64 "\n" LINE64 "\n", 200), 129);
	assert_int_equal(carried_by(4444, WORD32 "\n" WORD32 "\n" WORD32 "\n" WORD32 "\n", 200), 0);
}

static void who_is_asked_for_a_name_gets_short_words(void **state)
{
	(void)state;
	assert_int_equal(carried_by(43, WORD32 ".com\r\n", 200), 32);
	assert_int_equal(carried_by(79, WORD32 "\r\n", 200), 32);
	assert_int_equal(carried_by(4444, WORD32 ".com\r\n", 200), 0);
	assert_int_equal(carried_by(43, "shop-of-north-and-south-trading-company.com\r\n", 200), 0);
	assert_int_equal(carried_by(43, "2001:db8:0:1:ffff:ffff:ffff:ffff\r\n", 200), 0);
}

/* Words of people are encrypted one by one (XEP-0384); a file is opened first (XEP-0047). */
static void of_chat_only_a_file_counts(void **state)
{
	(void)state;
	assert_int_equal(
		carried_by(5222, "<?xml version='1.0'?><payload>" LINE64 LINE64 "</payload>", 400),
		0);
	assert_int_equal(carried_by(5222,
				    "<?xml version='1.0'?>"
				    "<open xmlns='http://jabber.org/protocol/ibb'/>"
				    "<data>" LINE64 LINE64 "</data>",
				    400),
			 128);
}

static void words_that_stay_or_come_are_not_measured(void **state)
{
	struct scanned s;
	(void)state;
	scanned_init(&s, &raw_text_inspector, 4444, scanned_away, scanned_inside);
	scanned_send(&s, true, LINE64 LINE64, 128, 128);
	scanned_send(&s, false, LINE64 LINE64, 128, 128);
	harness_end(&s.h);
	assert_int_equal(harness_count(&s.h, EVENT_CARRIER), 0);
	scanned_deinit(&s);
}

static void every_cut_of_words_is_survived(void **state)
{
	static const char text[] = "SEND " LINE64 "\r\n" LINE64 "\r\n";
	(void)state;
	for (size_t step = 1; step < sizeof(text); step++)
		assert_in_range(carried_by(4444, text, step), 0, 130);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_leave_is_looked_through),
		cmocka_unit_test(what_stays_inside_is_not),
		cmocka_unit_test(an_answer_leaves_too),
		cmocka_unit_test(what_cannot_be_read_is_left),
		cmocka_unit_test(every_cut_is_survived),
		cmocka_unit_test(encoded_words_are_measured),
		cmocka_unit_test(wrapped_lines_are_one_word),
		cmocka_unit_test(who_is_asked_for_a_name_gets_short_words),
		cmocka_unit_test(of_chat_only_a_file_counts),
		cmocka_unit_test(words_that_stay_or_come_are_not_measured),
		cmocka_unit_test(every_cut_of_words_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
