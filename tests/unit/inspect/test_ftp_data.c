/*
 * unit/inspect/test_ftp_data.c - files over FTP's data connections, passive and active.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector ftp_inspector;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &ftp_inspector, PROTO_TCP, 40000, 21);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void both(const char *client, const char *server)
{
	(void)harness_stream(&h, true, client, strlen(client));
	(void)harness_stream(&h, false, server, strlen(server));
}

/* The next flow, with these ports; the server opens it where FTP is active. */
static void open_data(uint16_t sport, uint16_t dport, bool is_active)
{
	harness_restart(&h);
	h.flow.key.port[0] = sport;
	h.flow.key.port[1] = dport;
	h.flow.client = is_active;
}

static bool is_expected(void)
{
	harness_packet(&h, true, (const uint8_t *)"x", 1, 1);
	return h.inspector->expects(h.in.shard_state, &h.packet);
}

static const struct event_file *last_file(void)
{
	unsigned n = harness_count(&h, EVENT_FILE);
	assert_true(n > 0);
	return harness_event(&h, EVENT_FILE, n - 1);
}

static void a_passive_store_is_a_file_going_up(void **state)
{
	char regf[600] = "regf";
	(void)state;
	both("USER jo\r\n", "220 FTP\r\n230 in\r\n");
	both("PASV\r\n", "227 at (192,0,2,53,200,10)\r\n");
	assert_false(is_expected());
	both("STOR dir/sam.hive\r\n", "150 go\r\n");
	open_data(41000, 51210, false);
	assert_true(is_expected());
	(void)harness_stream(&h, true, regf, 100);
	assert_int_equal(harness_count(&h, EVENT_FILE), 0);
	(void)harness_stream(&h, true, regf + 100, 500);
	assert_int_equal(last_file()->is_end, 0);
	harness_end(&h);
	const struct event_file *e = last_file();
	assert_int_equal(e->is_end, 1);
	assert_int_equal(e->type, FILE_REGISTRY);
	assert_int_equal(e->seen, 600);
	assert_int_equal(e->e.from_server, 0);
	assert_true(harness_str_is(e, &e->name, "dir/sam.hive"));
	assert_true(harness_str_is(e, &e->carrier, "ftp"));
	open_data(41001, 51210, false);
	assert_false(is_expected()); /* once */
}

static void a_gap_counts_and_the_file_goes_on(void **state)
{
	(void)state;
	both("USER jo\r\n", "220 FTP\r\n230 in\r\n");
	harness_gap(&h, true, 30); /* a command, and its answer is seen */
	both("PASV\r\n", "250 ok\r\n");
	both("PASV\r\n", "227 at (192,0,2,53,200,10)\r\n");
	both("STOR a.bin\r\n", "150 go\r\n");
	open_data(41000, 51210, false);
	(void)harness_stream(&h, true, "PK\3\4....", 8);
	harness_gap(&h, true, 5000);
	(void)harness_stream(&h, true, "rest", 4);
	harness_end(&h);
	assert_int_equal(last_file()->seen, 5012);
	assert_true(harness_str_is(last_file(), &last_file()->name, "a.bin"));
}

static void an_active_fetch_comes_from_the_server(void **state)
{
	(void)state;
	both("USER jo\r\n", "220 FTP\r\n230 in\r\n");
	both("PORT 10,0,0,1,160,1\r\n", "200 ok\r\n");
	both("RETR a.exe\r\n", "150 go\r\n");
	/* the server, side 1, opens it from its port 20 */
	open_data(40961, 20, true);
	assert_true(is_expected());
	(void)harness_stream(&h, true, "MZ\x90\0\3\0\0\0\4", 9);
	harness_end(&h);
	const struct event_file *e = last_file();
	assert_int_equal(e->type, FILE_EXECUTABLE);
	assert_int_equal(e->e.from_server, 1);
	assert_int_equal(e->e.src.u.b[12], 10); /* the client */
}

static void other_flows_are_not_expected(void **state)
{
	(void)state;
	both("USER jo\r\n", "220 FTP\r\n230 in\r\n");
	both("PASV\r\n", "227 at (192,0,2,53,200,10)\r\n");
	both("RETR a\r\n", "550 none\r\n");
	open_data(41000, 51210, false);
	assert_false(is_expected());
	(void)harness_stream(&h, true, "220 x", 5);
	harness_end(&h);
	assert_int_equal(harness_count(&h, EVENT_FILE), 0);
}

static void announcements_are_bounded(void **state)
{
	char line[64];
	(void)state;
	both("USER jo\r\n", "220 FTP\r\n230 in\r\n");
	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(line, sizeof(line), "227 at (192,0,2,53,200,%u)\r\n", i);
		both("PASV\r\n", line);
		both("STOR x\r\n", "150 go\r\n");
	}
	open_data(41000, 51200, false);
	assert_false(is_expected());
	open_data(41000, 51299, false);
	assert_true(is_expected());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_passive_store_is_a_file_going_up, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_gap_counts_and_the_file_goes_on, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_active_fetch_comes_from_the_server, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(other_flows_are_not_expected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(announcements_are_bounded, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
