/*
 * Routers of IPv6: of one mind, and not.
 */
#include "tickets.h"

DETECTOR_TEST("rogue_router");

struct advertisement {
	const char *router, *prefix, *resolver;
	uint8_t mac;
	uint8_t preference;
	uint16_t lifetime_s;
	uint16_t vlan;
};

static void advertise(struct judging *j, struct advertisement a)
{
	struct event_dhcp *e = judging_event(j, EVENT_DHCP, sizeof(*e), a.router, "ff02::1", 58);
	e->message_type = 134;
	e->is_advertisement = true;
	e->e.vlan = a.vlan;
	e->mac[0] = 2;
	e->mac[5] = a.mac;
	e->server = judging_ip(a.router);
	e->preference = a.preference;
	e->lifetime_s = a.lifetime_s;
	if (a.lifetime_s)
		e->router = e->server;
	if (a.prefix)
		e->assigned = judging_ip(a.prefix);
	if (a.resolver)
		e->resolver = judging_ip(a.resolver);
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

static const struct advertisement usual = { "fe80::1", "2001:db8:1::", "2001:db8:1::53",
					    1,         ROUTER_MEDIUM,  1800,
					    0 };

static void a_later_one_that_is_preferred(void **state)
{
	struct judging *j = *state;
	struct advertisement evil = { "fe80::66", "2001:db8:66::", "fe80::66",
				      66,         ROUTER_HIGH,     2048,
				      0 };
	advertise(j, usual);
	advertise(j, evil);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_string_equal(j->found[0].techniques[0], "T1557");
	advertise(j, evil); /* not again within a day */
	advertise(j, usual);
	assert_int_equal(j->count, 1);
}

static void after_an_hour_it_is_high(void **state)
{
	struct judging *j = *state;
	advertise(j, usual);
	judging_pass(j, 3600 * SECOND_NS);
	advertise(j, (struct advertisement){ "fe80::66", "2001:db8:66::", "fe80::66", 66,
					     ROUTER_HIGH, 2048, 0 });
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
}

static void a_second_provider_is_context(void **state)
{
	struct judging *j = *state;
	advertise(j, usual);
	advertise(j, (struct advertisement){ "fe80::2", "2001:db8:2::", "2001:db8:2::53", 2,
					     ROUTER_MEDIUM, 1800, 0 });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
}

static void another_link_address_withdraws_it(void **state)
{
	struct judging *j = *state;
	struct advertisement kill = usual;
	advertise(j, usual);
	kill.mac = 66;
	kill.lifetime_s = 0;
	advertise(j, kill);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	judging_feature(&j->found[0], "withdrawn");
}

static void a_flood_is_told_once(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 200; i++) {
		char address[32];
		snprintf(address, sizeof(address), "fe80::9:%x", i + 1);
		struct advertisement a = { address,       NULL,  NULL, (uint8_t)(i + 1),
					   ROUTER_MEDIUM, 65535, 0 };
		advertise(j, a);
		judging_pass(j, 0);
		j->env.now_ns -= SECOND_NS;
		j->env.steady_ns -= SECOND_NS;
	}
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
}

static void ordinary_links_are_silent(void **state)
{
	struct judging *j = *state;
	struct advertisement second = usual;
	advertise(j, usual);
	/* a second one of the same mind */
	second.router = "fe80::2";
	second.mac = 2;
	advertise(j, second);
	/* for a network of things: no way out */
	advertise(j, (struct advertisement){ "fe80::3", "fd00:7::", NULL, 3, ROUTER_MEDIUM, 0, 0 });
	/* another link */
	advertise(j, (struct advertisement){ "fe80::4", "2001:db8:4::", "2001:db8:4::53", 4,
					     ROUTER_HIGH, 1800, 7 });
	/* the good-bye of the router itself, and its return */
	second = usual;
	second.lifetime_s = 0;
	advertise(j, second);
	advertise(j, usual);
	/* servers of DHCP are another's matter */
	struct event_dhcp *e =
		judging_event(j, EVENT_DHCP, sizeof(*e), "10.0.0.1", "255.255.255.255", 17);
	e->is_answer = true;
	e->server = judging_ip("10.0.0.1");
	judging_end(j);
	/* a router that took the place of one that is gone for more than a day */
	judging_pass(j, 2 * DAY_NS);
	advertise(j, (struct advertisement){ "fe80::5", "2001:db8:5::", "2001:db8:5::53", 5,
					     ROUTER_HIGH, 1800, 0 });
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_later_one_that_is_preferred), CASE(after_an_hour_it_is_high),
		CASE(a_second_provider_is_context),  CASE(another_link_address_withdraws_it),
		CASE(a_flood_is_told_once),          CASE(ordinary_links_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
