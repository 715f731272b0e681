/*
 * Servers of DHCP: of one mind, and not.
 */
#include "tickets.h"

DETECTOR_TEST("rogue_dhcp");

struct offer {
	const char *server, *assigned, *router, *resolver;
	uint32_t transaction;
	bool has_proxy;
};

static void offer(struct judging *j, struct offer o)
{
	struct event_dhcp *e =
		judging_event(j, EVENT_DHCP, sizeof(*e), o.server, "255.255.255.255", 17);
	e->message_type = 2;
	e->is_answer = true;
	e->transaction = o.transaction;
	memcpy(e->mac, "\2\0\0\0\0\7", 6);
	e->server = judging_ip(o.server);
	e->assigned = judging_ip(o.assigned);
	if (o.router)
		e->router = judging_ip(o.router);
	if (o.resolver)
		e->resolver = judging_ip(o.resolver);
	if (o.has_proxy)
		judging_str(j, &e->proxy, "http://10.0.0.66/wpad.dat");
	judging_end(j);
	judging_pass(j, SECOND_NS / 100);
}

static void known(struct judging *j)
{
	offer(j, (struct offer){ "10.0.0.1", "10.0.0.20", "10.0.0.1", "10.0.0.2", 1, false });
	judging_pass(j, 3600 * SECOND_NS);
}

static void a_second_router_is_high(void **state)
{
	struct judging *j = *state;
	known(j);
	offer(j, (struct offer){ "10.0.0.66", "10.0.0.90", "10.0.0.66", "10.0.0.66", 5, false });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	struct ipaddr bad = judging_ip("10.0.0.66");
	assert_true(ipaddr_equal(&j->found[0].subject.ip, &bad));
	/* not again within a day */
	offer(j, (struct offer){ "10.0.0.66", "10.0.0.91", "10.0.0.66", "10.0.0.66", 6, false });
	assert_int_equal(j->count, 1);
}

static void a_race_on_other_networks_is_medium(void **state)
{
	struct judging *j = *state;
	known(j);
	offer(j, (struct offer){ "10.0.0.1", "10.0.0.21", "10.0.0.1", "10.0.0.2", 9, false });
	offer(j, (struct offer){ "10.7.0.1", "10.7.0.9", "10.7.0.254", NULL, 9, false });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

static void a_proxy_from_a_second_one_is_medium(void **state)
{
	struct judging *j = *state;
	known(j);
	offer(j, (struct offer){ "10.0.0.1", "10.0.0.21", "10.0.0.1", "10.0.0.2", 9, false });
	offer(j, (struct offer){ "10.0.0.66", "10.0.0.22", "10.0.0.1", "10.0.0.66", 9, true });
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

static void servers_of_one_mind_are_silent(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 20; i++) {
		offer(j,
		      (struct offer){ "10.0.0.2", "10.0.0.21", "10.0.0.1", "10.0.0.2", i, false });
		offer(j,
		      (struct offer){ "10.0.0.3", "10.0.0.99", "10.0.0.1", "10.0.0.2", i, false });
	}
	assert_int_equal(j->count, 0);
}

/* Each of two controllers names itself as the first resolver: context, no more. */
static void another_resolver_alone_is_low(void **state)
{
	struct judging *j = *state;
	offer(j, (struct offer){ "10.0.0.2", "10.0.0.21", "10.0.0.1", "10.0.0.2", 4, false });
	offer(j, (struct offer){ "10.0.0.3", "10.0.0.99", "10.0.0.1", "10.0.0.3", 4, false });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
}

static void other_links_are_other_links(void **state)
{
	struct judging *j = *state;
	known(j);
	offer(j, (struct offer){ "10.7.0.1", "10.7.0.9", "10.7.0.1", "10.7.0.1", 9, false });
	assert_int_equal(j->count, 0);
}

static void link_local_addresses_are_high(void **state)
{
	struct judging *j = *state;
	offer(j, (struct offer){ "fe80::66", "fe80::10:0:0:20", NULL, "fe80::66", 7, false });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	offer(j, (struct offer){ "fe80::1", "2001:db8::20", NULL, "2001:db8::1", 8, false });
	assert_int_equal(j->count, 1);
}

static void flow(struct judging *j, const char *from, uint8_t mac)
{
	struct event_flow *e =
		judging_event(j, EVENT_FLOW_START, sizeof(*e), from, "10.0.0.250", 6);
	e->has_mac = 1;
	e->mac[0][0] = 2;
	e->mac[0][5] = mac;
	judging_end(j);
}

/* An answer whose sender's link address ends so. */
static void sent(struct judging *j, uint8_t sender, struct offer o)
{
	struct event_dhcp *e =
		judging_event(j, EVENT_DHCP, sizeof(*e), o.server, "255.255.255.255", 17);
	e->message_type = 7;
	e->is_answer = true;
	e->transaction = o.transaction;
	memcpy(e->mac, "\2\0\0\0\0\7", 6);
	e->sender_mac[0] = 2;
	e->sender_mac[5] = sender;
	e->server = judging_ip(o.server);
	e->assigned = judging_ip(o.assigned);
	if (o.router)
		e->router = judging_ip(o.router);
	e->resolver = judging_ip(o.resolver);
	judging_end(j);
	judging_pass(j, SECOND_NS / 100);
}

static void a_stranger_to_ipv4_is_medium(void **state)
{
	struct judging *j = *state;
	sent(j, 1, (struct offer){ "10.0.0.1", "10.0.0.20", "10.0.0.1", "10.0.0.2", 1, false });
	sent(j, 66, (struct offer){ "fe80::66", "fd00:66::20", NULL, "fd00::66", 7, false });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	struct ipaddr bad = judging_ip("fe80::66");
	assert_true(ipaddr_equal(&j->found[0].subject.ip, &bad));
}

static void a_stranger_beside_a_server_is_high(void **state)
{
	struct judging *j = *state;
	sent(j, 1, (struct offer){ "10.0.0.1", "10.0.0.20", "10.0.0.1", "10.0.0.1", 1, false });
	sent(j, 1, (struct offer){ "fe80::1", "fd00::20", NULL, "fe80::1", 7, false });
	sent(j, 66, (struct offer){ "fe80::66", "fd00:66::20", NULL, "fe80::66", 7, false });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
}

static void machines_of_ipv4_are_silent(void **state)
{
	struct judging *j = *state;
	/* the server, which is the router */
	sent(j, 1, (struct offer){ "10.0.0.1", "10.0.0.20", "10.0.0.1", "10.0.0.2", 1, false });
	sent(j, 1, (struct offer){ "fe80::1", "fd00::20", NULL, "fe80::1", 7, false });
	/* the resolver, a domain controller */
	flow(j, "10.0.0.2", 2);
	sent(j, 2, (struct offer){ "fe80::2", "fd00::20", NULL, "fe80::2", 8, false });
	/* the router beside a server of its own */
	sent(j, 3, (struct offer){ "10.0.0.3", "10.0.0.20", "10.0.0.4", "10.0.0.5", 9, false });
	flow(j, "10.0.0.4", 4);
	sent(j, 4, (struct offer){ "fe80::4", "fd00::20", NULL, "fe80::4", 10, false });
	/* a router that nobody has seen may be anybody */
	sent(j, 3, (struct offer){ "10.0.0.3", "10.0.0.20", "10.0.0.9", "10.0.0.5", 11, false });
	sent(j, 9, (struct offer){ "fe80::9", "fd00::20", NULL, "fe80::9", 12, false });
	/* resolvers of its own, and what a relay brings */
	sent(j, 1, (struct offer){ "10.0.0.1", "10.0.0.20", "10.0.0.1", "10.0.0.2", 13, false });
	sent(j, 6, (struct offer){ "fe80::6", "fd00::20", NULL, "2001:db8::53", 14, false });
	sent(j, 7, (struct offer){ "2001:db8::7", "fd00::20", NULL, "2001:db8::7", 15, false });
	for (unsigned i = 0; i < j->count; i++)
		assert_null(strstr(j->found[i].message, "IPv4"));
	judging_pass(j, 2 * 86400 * SECOND_NS);
	unsigned before = j->count;
	sent(j, 66, (struct offer){ "fe80::66", "fd00:66::20", NULL, "fe80::66", 16, false });
	assert_int_equal(j->count, before); /* what IPv4 said is of the day before */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_second_router_is_high),
		CASE(a_race_on_other_networks_is_medium),
		CASE(a_proxy_from_a_second_one_is_medium),
		CASE(servers_of_one_mind_are_silent),
		CASE(another_resolver_alone_is_low),
		CASE(other_links_are_other_links),
		CASE(link_local_addresses_are_high),
		CASE(a_stranger_to_ipv4_is_medium),
		CASE(a_stranger_beside_a_server_is_high),
		CASE(machines_of_ipv4_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
