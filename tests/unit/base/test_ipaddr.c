/* ipaddr: RFC 5952 text both ways, kinds of addresses at their borders, prefixes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/ipaddr.h"

static struct ipaddr parsed(const char *text)
{
	struct ipaddr a;

	if (ipaddr_parse(text, &a) != 0)
		fail_msg("%s is no address", text);
	return a;
}

static void addresses_print_as_rfc_5952_says(void **state)
{
	(void)state;
	static const char *const vectors[][2] = {
		{ "2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" }, /* one group is not cut */
		{ "2001:db8::0:1", "2001:db8::1" },
		{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" }, /* the longest run */
		{ "2001:DB8::ABCD", "2001:db8::abcd" },
		{ "0:0:0:0:0:0:0:0", "::" },
		{ "0:0:0:0:0:0:0:1", "::1" },
		{ "1:0:0:0:0:0:0:0", "1::" },
		{ "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
		{ "0:0:3:4:5:6:7:8", "::3:4:5:6:7:8" },
		{ "0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "0.0.0.0", "0.0.0.0" },
	};
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char text[IPADDR_TEXT_MAX];
		struct ipaddr a = parsed(vectors[i][0]);
		assert_string_equal(ipaddr_print(&a, text, sizeof(text)), vectors[i][1]);
		struct ipaddr again = parsed(text);
		assert_true(ipaddr_equal(&a, &again));
	}
}

static void what_is_no_address_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",         " ",        "1.2.3",         "1.2.3.4.5",         "256.1.1.1",
		"1.2.3.4 ", " 1.2.3.4", "1.2.3.04x",     "1::2::3",           ":::",
		"12345::",  "g::",      "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0",
		"[::1]",    "::1/128",  "example.com",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ipaddr a = { .u.q = { 1, 2 } };
		assert_int_equal(ipaddr_parse(bad[i], &a), -EXF_E_FORMAT);
		assert_int_equal(a.u.q[0], 1);
		assert_int_equal(a.u.q[1], 2);
	}
}

static void families_share_one_form(void **state)
{
	(void)state;
	static const uint8_t four[4] = { 192, 0, 2, 1 };
	struct ipaddr a = ipaddr_v4(four), b = parsed("::ffff:192.0.2.1");
	struct ipaddr c = parsed("192.0.2.2"), d = parsed("2001:db8::1");
	assert_true(ipaddr_equal(&a, &b));
	assert_true(ipaddr_is_v4(&a));
	assert_false(ipaddr_is_v4(&d));
	assert_true(ipaddr_cmp(&a, &c) < 0);
	assert_true(ipaddr_cmp(&d, &c) > 0);
	assert_int_equal(ipaddr_cmp(&a, &b), 0);
}

struct kind {
	const char *text;
	bool is;
};

static void check_kinds(bool (*test)(const struct ipaddr *a), const struct kind *kinds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ipaddr a = parsed(kinds[i].text);
		if (test(&a) != kinds[i].is)
			fail_msg("%s is judged wrong", kinds[i].text);
	}
}

static void multicast_at_its_borders(void **state)
{
	(void)state;
	static const struct kind kinds[] = {
		{ "223.255.255.255", false }, { "224.0.0.0", true },
		{ "239.255.255.255", true },  { "240.0.0.0", false },
		{ "255.255.255.254", false }, { "255.255.255.255", true },
		{ "feff::1", false },         { "ff00::", true },
		{ "ff02::fb", true },
	};
	check_kinds(ipaddr_is_multicast, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

static void loopback_at_its_borders(void **state)
{
	(void)state;
	static const struct kind kinds[] = {
		{ "126.255.255.255", false },
		{ "127.0.0.1", true },
		{ "127.255.255.255", true },
		{ "128.0.0.0", false },
		{ "::1", true },
		{ "::", false },
		{ "::2", false },
	};
	check_kinds(ipaddr_is_loopback, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

static void link_local_at_its_borders(void **state)
{
	(void)state;
	static const struct kind kinds[] = {
		{ "169.253.255.255", false }, { "169.254.0.0", true }, { "169.254.255.255", true },
		{ "169.255.0.0", false },     { "fe7f::1", false },    { "fe80::1", true },
		{ "febf:ffff::1", true },     { "fec0::1", false },
	};
	check_kinds(ipaddr_is_link_local, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

static void private_at_its_borders(void **state)
{
	(void)state;
	static const struct kind kinds[] = {
		{ "9.255.255.255", false },   { "10.0.0.0", true },
		{ "10.255.255.255", true },   { "11.0.0.0", false },
		{ "172.15.255.255", false },  { "172.16.0.0", true },
		{ "172.31.255.255", true },   { "172.32.0.0", false },
		{ "192.167.255.255", false }, { "192.168.0.0", true },
		{ "192.169.0.0", false },     { "100.63.255.255", false },
		{ "100.64.0.0", true },       { "100.127.255.255", true },
		{ "100.128.0.0", false },     { "169.254.1.1", true },
		{ "127.0.0.1", true },        { "8.8.8.8", false },
		{ "fbff::1", false },         { "fc00::", true },
		{ "fdff::1", true },          { "fe00::1", false },
		{ "fe80::1", true },          { "::1", true },
		{ "2001:db8::1", false },
	};
	check_kinds(ipaddr_is_private, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

static void unspecified_in_both_families(void **state)
{
	(void)state;
	static const struct kind kinds[] = {
		{ "0.0.0.0", true }, { "::", true },   { "0.0.0.1", false },
		{ "::1", false },    { "1::", false }, { "::1:0:0", false },
	};
	check_kinds(ipaddr_is_unspecified, kinds, sizeof(kinds) / sizeof(kinds[0]));
}

static void prefixes_parse_and_print(void **state)
{
	(void)state;
	static const struct {
		const char *text, *printed;
		unsigned bits;
	} vectors[] = {
		{ "10.0.0.0/8", "10.0.0.0/8", 104 },
		{ "10.1.2.3/8", "10.0.0.0/8", 104 }, /* host bits are cleared */
		{ "192.0.2.129/25", "192.0.2.128/25", 121 },
		{ "192.0.2.1", "192.0.2.1/32", 128 },
		{ "0.0.0.0/0", "0.0.0.0/0", 96 },
		{ "2001:db8::/32", "2001:db8::/32", 32 },
		{ "2001:db8:ffff::1/35", "2001:db8:e000::/35", 35 },
		{ "2001:db8::1", "2001:db8::1/128", 128 },
		{ "::/0", "::/0", 0 },
		{ "::ffff:10.0.0.0/104", "10.0.0.0/8", 104 },
	};
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct prefix p;
		char text[PREFIX_TEXT_MAX];
		assert_int_equal(prefix_parse(vectors[i].text, &p), 0);
		assert_int_equal(p.bits, vectors[i].bits);
		assert_string_equal(prefix_print(&p, text, sizeof(text)), vectors[i].printed);
	}
}

static void bad_prefixes_are_refused(void **state)
{
	(void)state;
	struct prefix p;
	assert_int_equal(prefix_parse("10.0.0.0/33", &p), -EXF_E_RANGE);
	assert_int_equal(prefix_parse("2001:db8::/129", &p), -EXF_E_RANGE);
	assert_int_equal(prefix_parse("10.0.0.0/99999999999999999999", &p), -EXF_E_RANGE);
	assert_int_equal(prefix_parse("10.0.0.0/", &p), -EXF_E_FORMAT);
	assert_int_equal(prefix_parse("10.0.0.0/-1", &p), -EXF_E_FORMAT);
	assert_int_equal(prefix_parse("10.0.0.0/8 ", &p), -EXF_E_FORMAT);
	assert_int_equal(prefix_parse("10.0.0/8", &p), -EXF_E_FORMAT);
	assert_int_equal(prefix_parse("/8", &p), -EXF_E_FORMAT);
	assert_int_equal(prefix_parse("", &p), -EXF_E_FORMAT);
	assert_int_equal(prefix_parse("1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8", &p),
			 -EXF_E_FORMAT);
}

static void a_prefix_contains_up_to_its_borders(void **state)
{
	(void)state;
	static const struct {
		const char *prefix, *address;
		bool is;
	} vectors[] = {
		{ "10.1.0.0/16", "10.1.0.0", true },
		{ "10.1.0.0/16", "10.1.255.255", true },
		{ "10.1.0.0/16", "10.0.255.255", false },
		{ "10.1.0.0/16", "10.2.0.0", false },
		{ "10.8.0.0/14", "10.11.255.255", true },
		{ "10.8.0.0/14", "10.12.0.0", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.0", false },
		{ "0.0.0.0/0", "255.1.2.3", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "10.0.0.1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "2001:db8::/32", "10.0.0.1", false },
	};
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct prefix p;
		struct ipaddr a = parsed(vectors[i].address);
		assert_int_equal(prefix_parse(vectors[i].prefix, &p), 0);
		if (prefix_contains(&p, &a) != vectors[i].is)
			fail_msg("%s in %s", vectors[i].address, vectors[i].prefix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_print_as_rfc_5952_says),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(families_share_one_form),
		cmocka_unit_test(multicast_at_its_borders),
		cmocka_unit_test(loopback_at_its_borders),
		cmocka_unit_test(link_local_at_its_borders),
		cmocka_unit_test(private_at_its_borders),
		cmocka_unit_test(unspecified_in_both_families),
		cmocka_unit_test(prefixes_parse_and_print),
		cmocka_unit_test(bad_prefixes_are_refused),
		cmocka_unit_test(a_prefix_contains_up_to_its_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
