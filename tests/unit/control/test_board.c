/*
 * Holds the board: copies, tickets, and the ring of alerts with its caps.
 */
#include "samples.h"

static void test_snapshot_and_lists(void **state)
{
	struct board *b = board_new();
	struct snapshot s;
	struct snap_lists *l = calloc(1, sizeof(*l));
	(void)state;
	board_read(b, &s);
	assert_true(s.published_ns == 0);
	sample_publish(b);
	board_read(b, &s);
	assert_true(s.published_ns > 0);
	assert_int_equal(s.packets, 1000);
	assert_false(board_is_asked(b));
	uint64_t ticket = board_ask(b);
	assert_true(board_is_asked(b));
	assert_false(board_lists_read(b, ticket, l));
	sample_lists(board_lists_begin(b));
	board_lists_done(b);
	assert_false(board_is_asked(b));
	assert_true(board_lists_read(b, ticket, l));
	assert_int_equal(l->host_count, 1);
	assert_false(board_lists_read(b, board_ask(b), l));
	free(l);
	board_free(b);
}

static void test_table_cap(void **state)
{
	static struct snapshot s;
	(void)state;
	for (size_t i = 0; i < SNAP_TABLES; i++)
		assert_non_null(snap_add_table(&s, "a"));
	assert_null(snap_add_table(&s, "a"));
}

static void test_alerts(void **state)
{
	struct board *b = board_new();
	struct buf line;
	uint64_t lost = 0;
	char text[32];
	(void)state;
	buf_init(&line, BOARD_ALERT_MAX);
	assert_int_equal(board_alert_read(b, 1, 0, &line, &lost), 0);
	for (unsigned i = 1; i <= BOARD_ALERTS + 5; i++) {
		snprintf(text, sizeof(text), "{\"n\":%u}", i);
		board_alert(b, text, strlen(text), i % 2 ? 73 : 21);
	}
	assert_int_equal(board_alert_next(b), BOARD_ALERTS + 6);
	assert_int_equal(board_alert_read(b, 1, 0, &line, &lost), 6);
	assert_int_equal(lost, 5);
	assert_string_equal(line.data, "{\"n\":6}");
	buf_reset(&line);
	lost = 0;
	assert_int_equal(board_alert_read(b, 6, 73, &line, &lost), 7);
	assert_int_equal(lost, 0);
	assert_string_equal(line.data, "{\"n\":7}");
	buf_deinit(&line);
	board_free(b);
}

static void test_alert_bytes(void **state)
{
	struct board *b = board_new();
	char *big = calloc(1, BOARD_ALERT_MAX + 1);
	struct buf line;
	uint64_t lost = 0;
	(void)state;
	buf_init(&line, BOARD_ALERT_MAX);
	memset(big, 'x', BOARD_ALERT_MAX + 1);
	board_alert(b, big, BOARD_ALERT_MAX + 1, 99); /* over the cap: not kept */
	assert_int_equal(board_alert_next(b), 1);
	for (unsigned i = 0; i < 300; i++)
		board_alert(b, big, BOARD_ALERT_MAX, 99);
	uint64_t first = board_alert_read(b, 1, 0, &line, &lost);
	assert_int_equal(first, 300 - BOARD_ALERT_BYTES / BOARD_ALERT_MAX + 1);
	buf_deinit(&line);
	free(big);
	board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snapshot_and_lists),
		cmocka_unit_test(test_table_cap),
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_alert_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
