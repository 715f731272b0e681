/*
 * Zones: the longest prefix, virtual networks, the built-in ranges, --inside.
 */
#include "support.h"

static struct context_zone zone(const char *name, const char *prefix, uint32_t vni)
{
	struct context_zone z = { .vni = vni, .has_vni = vni != 0 };
	snprintf(z.name, sizeof(z.name), "%s", name);
	assert_int_equal(prefix_parse(prefix, &z.prefix), 0);
	return z;
}

static void assert_zone(const struct context *c, const char *address, uint32_t vni,
			const char *name)
{
	struct ipaddr a = ip(address);
	const struct context_zone *z = context_zone(c, &a, vni, 0);
	assert_non_null(z);
	assert_string_equal(z->name, name);
	assert_true(context_is_inside(c, &a, vni));
}

static bool inside(const struct context *c, const char *address)
{
	struct ipaddr a = ip(address);
	return context_is_inside(c, &a, 0);
}

static void longest_prefix_wins_and_virtual_network_among_equals(void **state)
{
	(void)state;
	const struct context_zone zones[] = {
		zone("all", "10.0.0.0/8", 0),       zone("office", "10.1.0.0/16", 0),
		zone("desk", "10.1.2.3/32", 0),     zone("vpc-a", "10.1.0.0/16", 4711),
		zone("vpc-b", "10.1.0.0/16", 4712), zone("lab", "2001:db8::/32", 0),
		zone("rack", "2001:db8:7::/48", 0),
	};
	struct context_options o = { .zones = zones, .zone_count = 7 };
	struct context *c = make(&o);
	assert_zone(c, "10.200.0.1", 0, "all");
	assert_zone(c, "10.1.9.9", 0, "office");
	assert_zone(c, "10.1.2.3", 0, "desk");
	assert_zone(c, "10.1.9.9", 4711, "vpc-a");
	assert_zone(c, "10.1.9.9", 4712, "vpc-b");
	assert_zone(c, "10.1.9.9", 9, "office");
	assert_zone(c, "10.1.2.3", 4711, "desk");
	assert_zone(c, "2001:db8:1::1", 0, "lab");
	assert_zone(c, "2001:db8:7::1", 0, "rack");
	assert_false(inside(c, "192.168.1.1")); /* zones were given: no ranges of our own */
	assert_false(inside(c, "2001:db9::1"));
	struct ipaddr a = ip("11.0.0.0");
	assert_null(context_zone(c, &a, 0, 0));
	struct context_stats stats;
	context_stats(c, &stats);
	assert_int_equal(stats.zones, 7);
	context_free(c);
}

static void zone_of_a_virtual_network_is_only_there(void **state)
{
	(void)state;
	const struct context_zone zones[] = { zone("vpc", "10.8.0.0/14", 4711) };
	struct context_options o = { .zones = zones, .zone_count = 1 };
	struct context *c = make(&o);
	struct ipaddr a = ip("10.9.1.1");
	assert_true(context_is_inside(c, &a, 4711));
	assert_false(context_is_inside(c, &a, 0));
	assert_false(context_is_inside(c, &a, 4712));
	context_free(c);
}

static void parts_of_a_16_answer_for_themselves(void **state)
{
	(void)state;
	struct context_zone zones[] = { zone("lab", "192.0.2.0/24", 0),
					zone("net", "198.18.0.0/15", 0) };
	zones[0].has_vni = zones[1].has_vni = false;
	struct context_options o = { .zones = zones, .zone_count = 2 };
	struct context *c = make(&o);
	for (unsigned round = 0; round < 2; round++) {
		assert_true(inside(c, "192.0.2.1"));
		assert_false(inside(c, "192.0.3.1"));
		assert_true(inside(c, "192.0.2.255"));
		assert_true(inside(c, "198.18.0.1"));
		assert_true(inside(c, "198.19.255.1"));
		assert_false(inside(c, "198.20.0.1"));
		assert_true(inside(c, "0.0.0.0"));
		assert_false(inside(c, "0.0.0.1"));
		assert_true(inside(c, "255.255.255.255"));
		assert_false(inside(c, "255.255.255.254"));
	}
	context_free(c);
}

static void without_zones_private_ranges_are_inside(void **state)
{
	(void)state;
	static const char *const in[] = { "10.0.0.1",     "10.255.255.255", "172.16.0.1",
					  "172.31.255.1", "192.168.3.4",    "100.64.0.1",
					  "100.127.1.1",  "169.254.1.1",    "127.0.0.1",
					  "fd00::1",      "fc12::1",        "fe80::1",
					  "::1",          "224.0.0.251",    "255.255.255.255",
					  "ff02::fb",     "0.0.0.0",        "::" };
	static const char *const out[] = { "9.255.255.255", "11.0.0.0",    "172.15.0.1",
					   "172.32.0.1",    "192.167.1.1", "100.63.1.1",
					   "100.128.0.1",   "8.8.8.8",     "2001:db8::1",
					   "fb00::1" };
	struct context_options o = { 0 };
	struct context *c = make(&o);
	for (unsigned i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
		if (!inside(c, in[i]))
			fail_msg("%s is not inside", in[i]);
	}
	for (unsigned i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
		if (inside(c, out[i]))
			fail_msg("%s is inside", out[i]);
	}
	char text[256];
	context_describe_inside(c, text, sizeof(text));
	assert_string_equal(text,
			    "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7");
	context_describe_inside(c, text, 40);
	assert_string_equal(text, "10.0.0.0/8 and 4 more");
	context_describe_inside(c, text, 8);
	assert_true(strlen(text) < 8);
	context_free(c);
}

static void inside_option_adds_to_zones_and_to_ranges(void **state)
{
	(void)state;
	struct prefix add[2];
	assert_int_equal(prefix_parse("203.0.113.0/24", &add[0]), 0);
	assert_int_equal(prefix_parse("10.1.2.0/24", &add[1]), 0);
	const struct context_zone zones[] = { zone("office", "10.1.0.0/16", 0) };
	struct context_options o = { .inside = add, .inside_count = 2 };
	struct context *c = make(&o);
	assert_true(inside(c, "203.0.113.9") && inside(c, "192.168.0.1"));
	context_free(c);
	o.zones = zones;
	o.zone_count = 1;
	c = make(&o);
	assert_true(inside(c, "203.0.113.9"));
	assert_false(inside(c, "192.168.0.1"));
	assert_zone(c, "10.1.2.3", 0, "office"); /* the longer range has no name */
	char text[256];
	context_describe_inside(c, text, sizeof(text));
	assert_string_equal(text, "10.1.0.0/16, 203.0.113.0/24, 10.1.2.0/24");
	context_free(c);
}

static void a_tag_tells_equal_addresses_apart(void **state)
{
	(void)state;
	struct context_zone zones[] = {
		zone("all", "10.0.0.0/8", 0),     zone("red", "10.1.0.0/16", 0),
		zone("blue", "10.1.0.0/16", 0),   zone("guests", "10.3.0.0/16", 0),
		zone("plain", "192.0.2.0/24", 0), zone("tagged", "192.0.2.0/24", 0),
	};
	static const struct {
		const char *address;
		uint16_t vlan;
		const char *name;
	} rows[] = {
		{ "10.1.2.3", 10, "red" },     { "10.1.2.3", 20, "blue" },
		{ "10.1.2.3", 30, "all" }, /* one of two, and nobody knows which */
		{ "10.1.2.3", 0, "all" },      { "10.3.1.1", 30, "guests" },
		{ "10.3.1.1", 10, "guests" }, /* seen behind the router: no other has these */
		{ "192.0.2.1", 0, "plain" },   { "192.0.2.1", 7, "plain" },
		{ "192.0.2.1", 50, "tagged" },
	};
	zones[1].vlan = 10;
	zones[2].vlan = 20;
	zones[3].vlan = 30;
	zones[5].vlan = 50;
	struct context_options o = { .zones = zones, .zone_count = 6 };
	struct context *c = make(&o);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipaddr a = ip(rows[i].address);
		const struct context_zone *z = context_zone(c, &a, 0, rows[i].vlan);
		assert_non_null(z);
		assert_string_equal(z->name, rows[i].name);
		assert_true(context_is_inside(c, &a, 0));
	}
	context_free(c);
	/* inside without any other zone, too */
	o.zones = &zones[3];
	o.zone_count = 1;
	c = make(&o);
	assert_true(inside(c, "10.3.1.1"));
	assert_false(inside(c, "10.4.1.1"));
	context_free(c);
}

static void many_zones_are_found(void **state)
{
	(void)state;
	struct context_zone *zones = calloc(4096, sizeof(*zones));
	for (unsigned i = 0; i < 4096; i++) {
		char name[16], prefix[32];
		snprintf(name, sizeof(name), "z%u", i);
		snprintf(prefix, sizeof(prefix), "10.%u.%u.0/24", i / 256, i % 256);
		zones[4095 - i] = zone(name, prefix, 0);
	}
	struct context_options o = { .zones = zones, .zone_count = 4096 };
	struct context *c = make(&o);
	for (unsigned i = 0; i < 4096; i += 37) {
		char name[16], address[32];
		snprintf(name, sizeof(name), "z%u", i);
		snprintf(address, sizeof(address), "10.%u.%u.77", i / 256, i % 256);
		assert_zone(c, address, 0, name);
	}
	assert_false(inside(c, "10.16.0.1"));
	context_free(c);
	free(zones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_prefix_wins_and_virtual_network_among_equals),
		cmocka_unit_test(zone_of_a_virtual_network_is_only_there),
		cmocka_unit_test(parts_of_a_16_answer_for_themselves),
		cmocka_unit_test(without_zones_private_ranges_are_inside),
		cmocka_unit_test(inside_option_adds_to_zones_and_to_ranges),
		cmocka_unit_test(a_tag_tells_equal_addresses_apart),
		cmocka_unit_test(many_zones_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
