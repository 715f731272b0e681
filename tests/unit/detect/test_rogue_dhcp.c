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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
