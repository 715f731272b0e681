/* edge: which interfaces flowtables have, and what nftables is told for who is slowed. */
#include "../../../src/responder/edge.h"
#include "never_list.h"

static const char listing[] = "table inet theirs {\n"
			      "\tflowtable fast {\n"
			      "\t\thook ingress priority filter\n"
			      "\t\tdevices = { eth0, \"eth1.7\" }\n"
			      "\t}\n"
			      "}\n"
			      "table ip other {\n"
			      "\tflowtable f {\n"
			      "\t\thook ingress priority filter - 10\n"
			      "\t\tdevices = { ppp0, eth0 }\n"
			      "\t}\n"
			      "}\n";

static void devices_are_named_once(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, EDGE_DEVICES_MAX);
	edge_devices(listing, &out);
	buf_char(&out, '\0');
	assert_string_equal(out.data, "\"eth0\", \"eth1.7\", \"ppp0\"");
	buf_reset(&out);
	edge_devices("table inet theirs {\n\tflowtable none {\n\t\thook ingress priority 0\n",
		     &out);
	assert_int_equal(out.len, 0);
	edge_devices("devices = { }\ndevices = {", &out);
	assert_int_equal(out.len, 0);
	buf_deinit(&out);
}

static void each_length_is_read_safely(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < sizeof(listing); cut++) {
		struct buf out;
		char *copy = strndup(listing, cut); /* for the sanitizer: not a byte more */
		buf_init(&out, EDGE_DEVICES_MAX);
		edge_devices(copy, &out);
		assert_true(out.len < 64); /* a name that is cut is one more */
		buf_deinit(&out);
		free(copy);
	}
}

static void only_who_is_slowed_is_at_the_edge(void **state)
{
	struct quarantine_entry list[] = {
		{ .kind = QUARANTINE_SLOW, .host = address("10.1.1.1"), .until_s = 160 },
		{ .kind = QUARANTINE_SLOW, .host = address("2001:db8::5"), .until_s = 130 },
		{ .kind = QUARANTINE_SLOW, .host = address("10.1.1.2"), .until_s = 100 },
		{ .kind = QUARANTINE_HOST, .host = address("10.1.1.3"), .until_s = 160 },
	};
	struct buf out;
	(void)state;
	assert_true(edge_wants(&list[0], 100) && !edge_wants(&list[2], 100) &&
		    !edge_wants(&list[3], 100));
	buf_init(&out, 65536);
	edge_rules(&out, "\"eth0\"", list, 4, 100);
	buf_char(&out, '\0');
	assert_non_null(strstr(out.data, "hook ingress devices = { \"eth0\" } priority -30000"));
	assert_non_null(strstr(out.data, "netdev exfild slow4 { 10.1.1.1 timeout 60s }"));
	assert_non_null(strstr(out.data, "netdev exfild slow6 { 2001:db8::5 timeout 30s }"));
	assert_null(strstr(out.data, "10.1.1.2"));
	assert_null(strstr(out.data, "10.1.1.3"));
	buf_reset(&out);
	edge_rules(&out, "", list, 4, 100);
	buf_char(&out, '\0');
	assert_string_equal(out.data, "table netdev exfild\ndelete table netdev exfild\n");
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_are_named_once),
		cmocka_unit_test(each_length_is_read_safely),
		cmocka_unit_test(only_who_is_slowed_is_at_the_edge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
