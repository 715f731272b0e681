/* asked: whom this machine asks for the time, as nftables lists it. */
#include "../../../src/responder/asked.h"
#include "never_list.h"

static const char listing[] =
	"table inet exfild_time {\n"
	"\tset time4 {\n"
	"\t\ttype ipv4_addr\n"
	"\t\tsize 128\n"
	"\t\tflags dynamic,timeout\n"
	"\t\ttimeout 7d\n"
	"\t\telements = { 192.0.2.1 timeout 7d expires 6d23h59m, 192.0.2.2 expires 1s,\n"
	"\t\t\t     2001:db8::7b, 192.0.2.1 }\n"
	"\t}\n"
	"}\n";

static void addresses_are_read_once(void **state)
{
	struct ipaddr found[4];
	(void)state;
	assert_int_equal(asked_read(listing, found, 0, 4), 3);
	struct ipaddr first = address("192.0.2.1"), last = address("2001:db8::7b");
	assert_true(ipaddr_equal(&found[0], &first));
	assert_true(ipaddr_equal(&found[2], &last));
	assert_int_equal(asked_read(listing, found, 3, 4), 3);
	assert_int_equal(asked_read(listing, found, 0, 2), 2);
	assert_int_equal(asked_read("", found, 0, 4), 0);
	assert_int_equal(asked_read("set time4 { size 128 }", found, 0, 4), 0);
	assert_int_equal(asked_read("elements = {", found, 0, 4), 0);
	/* every beginning of it: never beyond its end */
	for (size_t len = 0; len < sizeof(listing); len++) {
		char *part = strndup(listing, len);
		assert_non_null(part);
		assert_true(asked_read(part, found, 0, 4) <= 3);
		free(part);
	}
}

static void the_table_drops_nothing_and_keeps_who_was_known(void **state)
{
	struct buf out;
	struct ipaddr known[2] = { address("192.0.2.1"), address("2001:db8::7b") };
	(void)state;
	buf_init(&out, 1 << 16);
	asked_create(&out, known, 2);
	buf_char(&out, '\0');
	assert_null(strstr(out.data, "drop"));
	assert_non_null(strstr(out.data, "hook output"));
	assert_non_null(strstr(out.data, "add element inet exfild_time time4 { 192.0.2.1 }"));
	assert_non_null(strstr(out.data, "add element inet exfild_time time6 { 2001:db8::7b }"));
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_once),
		cmocka_unit_test(the_table_drops_nothing_and_keeps_who_was_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
