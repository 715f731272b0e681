/*
 * What events teach: names of addresses, names and link addresses of hosts, roles, and the caps.
 */
#include "support.h"

#define SECOND 1000000000ull
#define DAY    (86400 * SECOND)

static struct context *c;
static struct event_log *events;
static uint64_t now;

static int start(void **state)
{
	struct context_options o = { .max_hosts = 1000, .max_names = 1000 };
	(void)state;
	c = make(&o);
	events = event_log_new();
	now = 1000 * DAY;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	context_free(c);
	event_log_free(events);
	return 0;
}

static void *begin(enum event_kind kind, size_t size, const char *src, const char *dst)
{
	struct event *e = event_log_begin(events, kind, size, now);
	e->time_ns = now;
	e->src = ip(src);
	e->dst = ip(dst);
	e->proto = 6;
	return e;
}

static void learn(void *e)
{
	event_log_commit(events);
	context_event(c, e);
	event_log_reset(events);
}

static void tell_name(enum app source, const char *sayer, const char *address, const char *name)
{
	struct event_name *n = begin(EVENT_NAME, sizeof(*n), sayer, "224.0.0.251");
	n->source = source;
	n->address = ip(address);
	event_log_str(events, &n->name, name, strlen(name), strlen(name));
	learn(n);
}

static void tell_sni(const char *dst, const char *sni)
{
	struct event_tls *t = begin(EVENT_TLS, sizeof(*t), "10.0.0.1", dst);
	t->has_sni = 1;
	event_log_str(events, &t->sni, sni, strlen(sni), strlen(sni));
	learn(t);
}

static void tell_flow(enum event_kind kind, const char *src, const char *dst,
		      const uint8_t src_mac[6], const uint8_t dst_mac[6])
{
	struct event_flow *f = begin(kind, sizeof(*f), src, dst);
	f->outcome = FLOW_OUTCOME_ESTABLISHED;
	f->packets[0] = f->packets[1] = 3;
	if (src_mac)
		memcpy(f->mac[0], src_mac, 6);
	if (dst_mac)
		memcpy(f->mac[1], dst_mac, 6);
	learn(f);
}

static void tell_arp(const char *sender, const uint8_t mac[6])
{
	struct event_arp *a = begin(EVENT_ARP, sizeof(*a), sender, "10.0.0.254");
	a->operation = 2;
	memcpy(a->sender_mac, mac, 6);
	learn(a);
}

static const char *name_of(const char *address)
{
	struct ipaddr a = ip(address);
	const char *name = context_name_of(c, &a);
	return name ? name : "none";
}

static const char *host_of(const char *address)
{
	struct ipaddr a = ip(address);
	const char *name = context_host_name(c, &a);
	return name ? name : "none";
}

static uint32_t roles_of(const char *address)
{
	struct ipaddr a = ip(address);
	return context_roles(c, &a);
}

static void dns_names_an_address_and_its_service(void **state)
{
	(void)state;
	struct ipaddr a = ip("203.0.113.7");
	assert_null(context_service_by_ip(c, &a));
	tell_name(APP_DNS, "10.0.0.53", "203.0.113.7", "Client.DropBox.com.");
	assert_string_equal(name_of("203.0.113.7"), "client.dropbox.com");
	assert_string_equal(context_service_by_ip(c, &a)->name, "dropbox");
	tell_name(APP_DNS, "10.0.0.53", "203.0.113.7", "other.example.com");
	assert_string_equal(name_of("203.0.113.7"), "other.example.com");
	assert_null(context_service_by_ip(c, &a));
}

static void sni_names_but_does_not_replace_dns(void **state)
{
	(void)state;
	tell_sni("203.0.113.8", "api.mega.nz");
	assert_string_equal(name_of("203.0.113.8"), "api.mega.nz");
	tell_name(APP_DNS, "10.0.0.53", "203.0.113.8", "evil.example.com");
	assert_string_equal(name_of("203.0.113.8"), "evil.example.com");
	tell_sni("203.0.113.8", "www.dropbox.com");
	assert_string_equal(name_of("203.0.113.8"), "evil.example.com");
	now += 2 * DAY;
	tell_sni("203.0.113.8", "www.dropbox.com");
	assert_string_equal(name_of("203.0.113.8"), "www.dropbox.com");
}

static void hostile_names_are_harmless(void **state)
{
	(void)state;
	tell_sni("203.0.113.9", "a b\n.com");
	assert_string_equal(name_of("203.0.113.9"), "none");
	tell_sni("203.0.113.9", "nodots");
	assert_string_equal(name_of("203.0.113.9"), "none");
	tell_name(APP_DNS, "10.0.0.53", "203.0.113.9", "a\"b\\c\n\x7f\xff.com");
	assert_string_equal(name_of("203.0.113.9"), "a?b?c???.com");
	tell_name(APP_DNS, "10.0.0.53", "0.0.0.0", "sink.example.com");
	tell_name(APP_DNS, "10.0.0.53", "127.0.0.1", "local.example.com");
	assert_string_equal(name_of("127.0.0.1"), "none");
	assert_string_equal(name_of("0.0.0.0"), "none");
	tell_name(200, "10.0.0.53", "10.0.0.9", "x");
	assert_string_equal(host_of("10.0.0.9"), "none");
}

static void long_name_keeps_its_last_labels(void **state)
{
	(void)state;
	char name[200];
	memset(name, 'a', sizeof(name));
	name[60] = '.';
	name[120] = '.';
	memcpy(name + 180, ".example.com", 13);
	tell_name(APP_DNS, "10.0.0.53", "203.0.113.10", name);
	assert_int_equal(strlen(name_of("203.0.113.10")), 192 - 121);
	assert_string_equal(name_of("203.0.113.10"), name + 121);
	memset(name, 'b', 199);
	name[199] = '\0';
	tell_name(APP_DNS, "10.0.0.53", "203.0.113.10", name);
	assert_int_equal(strlen(name_of("203.0.113.10")), 127);
}

static void name_ends_after_a_day_unless_a_flow_goes_on(void **state)
{
	(void)state;
	tell_name(APP_DNS, "10.0.0.53", "203.0.113.11", "a.example.com");
	tell_name(APP_DNS, "10.0.0.53", "203.0.113.12", "b.example.com");
	now += DAY - SECOND;
	assert_string_equal(name_of("203.0.113.11"), "a.example.com");
	tell_flow(EVENT_FLOW_PROGRESS, "10.0.0.1", "203.0.113.12", NULL, NULL);
	now += 2 * SECOND;
	tell_flow(EVENT_FLOW_START, "10.0.0.1", "203.0.113.12", NULL, NULL);
	assert_string_equal(name_of("203.0.113.11"), "none");
	assert_string_equal(name_of("203.0.113.12"), "b.example.com");
}

static void host_is_named_by_itself_and_by_its_lease(void **state)
{
	(void)state;
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	tell_name(APP_LLMNR, "10.0.0.7", "10.0.0.7", "by-llmnr");
	assert_string_equal(host_of("10.0.0.7"), "by-llmnr");
	tell_name(APP_NETBIOS, "10.0.0.7", "10.0.0.7", "BY-NBNS");
	assert_string_equal(host_of("10.0.0.7"), "by-nbns");
	tell_name(APP_LLMNR, "10.0.0.7", "10.0.0.7", "again");
	assert_string_equal(host_of("10.0.0.7"), "by-nbns");
	tell_name(APP_MDNS, "10.0.0.66", "10.0.0.8", "forged");
	assert_string_equal(host_of("10.0.0.8"), "none");

	struct event_dhcp *d = begin(EVENT_DHCP, sizeof(*d), "0.0.0.0", "255.255.255.255");
	d->message_type = 3;
	memcpy(d->mac, mac, 6);
	event_log_str(events, &d->host_name, "Laptop-7", 8, 8);
	learn(d);
	d = begin(EVENT_DHCP, sizeof(*d), "10.0.0.254", "255.255.255.255");
	d->message_type = 5;
	memcpy(d->mac, mac, 6);
	d->assigned = ip("10.0.0.7");
	learn(d);
	assert_string_equal(host_of("10.0.0.7"), "laptop-7");
	struct ipaddr a = ip("10.0.0.7");
	uint8_t got[6];
	assert_true(context_mac_of(c, &a, got));
	assert_memory_equal(got, mac, 6);
}

static void mac_of_inside_hosts_only_and_arp_over_flows(void **state)
{
	(void)state;
	static const uint8_t one[6] = { 2, 0, 0, 0, 0, 1 }, two[6] = { 2, 0, 0, 0, 0, 2 };
	static const uint8_t group[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	struct ipaddr inside = ip("10.0.0.1"), outside = ip("203.0.113.1");
	uint8_t got[6];
	tell_flow(EVENT_FLOW_START, "10.0.0.1", "203.0.113.1", one, two);
	assert_true(context_mac_of(c, &inside, got));
	assert_memory_equal(got, one, 6);
	assert_false(context_mac_of(c, &outside, got));
	tell_arp("10.0.0.1", two);
	tell_flow(EVENT_FLOW_END, "10.0.0.1", "203.0.113.1", one, NULL);
	tell_flow(EVENT_FLOW_END, "10.0.0.1", "203.0.113.1", group, NULL);
	assert_true(context_mac_of(c, &inside, got));
	assert_memory_equal(got, two, 6);
}

static void mac_with_many_addresses_is_a_routers(void **state)
{
	(void)state;
	static const uint8_t router[6] = { 2, 0, 0, 0, 0, 0xfe };
	struct ipaddr first = ip("10.9.0.1");
	uint8_t got[6];
	char address[32];
	for (unsigned i = 1; i <= 8; i++) {
		snprintf(address, sizeof(address), "10.9.0.%u", i);
		tell_flow(EVENT_FLOW_START, address, "203.0.113.1", router, NULL);
	}
	assert_true(context_mac_of(c, &first, got));
	tell_flow(EVENT_FLOW_START, "10.9.0.9", "203.0.113.1", router, NULL);
	assert_false(context_mac_of(c, &first, got));
	tell_arp("10.0.0.254", router);
	assert_true(roles_of("10.0.0.254") & ROLE_GATEWAY);
	assert_false(roles_of("10.9.0.1") & ROLE_GATEWAY);
}

static void tell_winrm(const char *src, const char *dst)
{
	struct event_http *e = begin(EVENT_HTTP, sizeof(*e), src, dst);
	e->content_length = 900;
	event_log_str(events, &e->uri, "/wsman?PSVersion=5.1", 20, 20);
	learn(e);
}

static void three_hosts_on_three_days_make_a_manager(void **state)
{
	(void)state;
	static const char *const servers[] = { "10.0.0.91", "10.0.0.92", "10.0.0.93" };
	for (unsigned day = 0; day < 3; day++) {
		assert_false(roles_of("10.0.0.90") & ROLE_MANAGER);
		for (unsigned i = 0; i < 3; i++) {
			tell_winrm("10.0.0.90", servers[i]);
			tell_winrm("10.0.0.89", servers[0]);
		}
		now += 86400ull * 1000000000ull;
	}
	assert_true(roles_of("10.0.0.90") & ROLE_MANAGER);
	assert_false(roles_of("10.0.0.89") & ROLE_MANAGER);
}

static void who_gives_tickets_is_a_controller(void **state)
{
	(void)state;
	for (unsigned message = KERBEROS_AS_REQ; message <= KERBEROS_AS_REP; message++) {
		assert_false(roles_of("10.0.0.95") & ROLE_CONTROLLER);
		struct event_kerberos *e =
			begin(EVENT_KERBEROS, sizeof(*e), "10.0.0.5", "10.0.0.95");
		e->message = (uint8_t)message;
		learn(e);
	}
	assert_true(roles_of("10.0.0.95") & ROLE_CONTROLLER);
	assert_false(roles_of("10.0.0.5") & ROLE_CONTROLLER);
}

static void privacy_addresses_do_not_make_a_router(void **state)
{
	(void)state;
	static const uint8_t mac[6] = { 2, 0, 0, 0, 1, 1 }, router[6] = { 2, 0, 0, 0, 1, 2 };
	struct ipaddr v4 = ip("10.0.0.20"), other = ip("10.0.0.21");
	uint8_t got[6];
	char address[64];
	tell_arp("10.0.0.20", mac);
	tell_arp("10.0.0.21", router);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(address, sizeof(address), "fd00::1:%x", i);
		tell_flow(EVENT_FLOW_START, address, "2001:db8::1", mac, NULL);
		now += DAY / 4;
	}
	assert_true(context_mac_of(c, &v4, got));
	for (unsigned i = 0; i < 60; i++) {
		snprintf(address, sizeof(address), "fd00::2:%x", i);
		tell_flow(EVENT_FLOW_START, address, "2001:db8::1", router, NULL);
	}
	assert_false(context_mac_of(c, &other, got));
}

static void tell_dns(const char *client, const char *server, bool is_response)
{
	struct event_dns *d = begin(EVENT_DNS, sizeof(*d), client, server);
	d->is_response = is_response;
	d->e.from_server = is_response;
	learn(d);
}

static void resolver_answers_and_asks(void **state)
{
	(void)state;
	tell_dns("10.0.0.1", "10.0.0.53", false);
	tell_dns("10.0.0.1", "10.0.0.53", true);
	assert_int_equal(roles_of("10.0.0.53"), 0);
	tell_dns("10.0.0.53", "8.8.8.8", false);
	assert_int_equal(roles_of("10.0.0.53"), ROLE_RESOLVER);
	assert_int_equal(roles_of("10.0.0.1"), 0);
	tell_dns("10.0.0.53", "8.8.8.8", true);
	assert_int_equal(roles_of("8.8.8.8"), 0);
	/* answers to outside only: an authoritative server */
	tell_dns("198.51.100.1", "10.0.0.54", true);
	tell_dns("10.0.0.54", "8.8.8.8", false);
	assert_int_equal(roles_of("10.0.0.54"), 0);
}

static void server_was_reached_by_three_hosts(void **state)
{
	(void)state;
	tell_flow(EVENT_FLOW_END, "10.0.0.1", "10.0.0.80", NULL, NULL);
	tell_flow(EVENT_FLOW_END, "10.0.0.2", "10.0.0.80", NULL, NULL);
	tell_flow(EVENT_FLOW_END, "10.0.0.2", "10.0.0.80", NULL, NULL);
	assert_int_equal(roles_of("10.0.0.80"), 0);
	struct event_flow *f = begin(EVENT_FLOW_END, sizeof(*f), "10.0.0.3", "10.0.0.80");
	f->outcome = FLOW_OUTCOME_REFUSED;
	f->packets[1] = 1;
	learn(f);
	assert_int_equal(roles_of("10.0.0.80"), 0);
	tell_flow(EVENT_FLOW_PROGRESS, "10.0.0.3", "10.0.0.80", NULL, NULL);
	assert_int_equal(roles_of("10.0.0.80"), ROLE_SERVER);
	tell_flow(EVENT_FLOW_PROGRESS, "10.0.0.4", "10.0.0.80", NULL, NULL);
	assert_int_equal(roles_of("10.0.0.80"), ROLE_SERVER);
}

static void tell_http(const char *dst, const char *method, const char *uri)
{
	struct event_http *h = begin(EVENT_HTTP, sizeof(*h), "10.0.0.1", dst);
	event_log_str(events, &h->method, method, strlen(method), strlen(method));
	event_log_str(events, &h->uri, uri, strlen(uri), strlen(uri));
	learn(h);
}

static void proxy_is_sent_absolute_uris(void **state)
{
	(void)state;
	tell_http("10.0.0.81", "GET", "/index.html");
	assert_int_equal(roles_of("10.0.0.81"), 0);
	tell_http("10.0.0.81", "GET", "HTTP://example.com/");
	assert_int_equal(roles_of("10.0.0.81"), ROLE_PROXY);
	tell_http("10.0.0.82", "CONNECT", "example.com:443");
	assert_int_equal(roles_of("10.0.0.82"), ROLE_PROXY);
	tell_http("203.0.113.99", "CONNECT", "example.com:443");
	assert_int_equal(roles_of("203.0.113.99"), 0);
	tell_sni("10.0.0.82", "www.dropbox.com"); /* the name of what lies behind */
	assert_string_equal(name_of("10.0.0.82"), "none");
}

static void floods_do_not_grow_tables_nor_push_out_what_is_used(void **state)
{
	(void)state;
	struct context_stats stats;
	char address[64], name[64];
	tell_name(APP_DNS, "10.0.0.53", "203.0.113.7", "client.dropbox.com");
	tell_flow(EVENT_FLOW_PROGRESS, "10.0.0.1", "203.0.113.7", NULL, NULL);
	tell_dns("10.0.0.1", "10.0.0.53", true);
	tell_dns("10.0.0.53", "8.8.8.8", false);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t mac[6] = { 2, 1, 0, 0, (uint8_t)(i >> 8), (uint8_t)i };
		snprintf(address, sizeof(address), "2001:db8::%x", i);
		snprintf(name, sizeof(name), "n%u.example.com", i);
		tell_name(APP_DNS, "10.0.0.53", address, name);
		snprintf(address, sizeof(address), "10.%u.%u.3", 32 + i / 256, i % 256);
		tell_arp(address, mac);
	}
	context_stats(c, &stats);
	assert_int_equal(stats.names, 1000);
	assert_int_equal(stats.hosts, 1000);
	assert_true(stats.name_evictions >= 19000);
	assert_true(stats.host_evictions >= 19000);
	assert_string_equal(name_of("203.0.113.7"), "client.dropbox.com");
	assert_int_equal(roles_of("10.0.0.53"), ROLE_RESOLVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(dns_names_an_address_and_its_service, start, stop),
		cmocka_unit_test_setup_teardown(sni_names_but_does_not_replace_dns, start, stop),
		cmocka_unit_test_setup_teardown(hostile_names_are_harmless, start, stop),
		cmocka_unit_test_setup_teardown(long_name_keeps_its_last_labels, start, stop),
		cmocka_unit_test_setup_teardown(name_ends_after_a_day_unless_a_flow_goes_on, start,
						stop),
		cmocka_unit_test_setup_teardown(host_is_named_by_itself_and_by_its_lease, start,
						stop),
		cmocka_unit_test_setup_teardown(mac_of_inside_hosts_only_and_arp_over_flows, start,
						stop),
		cmocka_unit_test_setup_teardown(mac_with_many_addresses_is_a_routers, start, stop),
		cmocka_unit_test_setup_teardown(three_hosts_on_three_days_make_a_manager, start,
						stop),
		cmocka_unit_test_setup_teardown(who_gives_tickets_is_a_controller, start, stop),
		cmocka_unit_test_setup_teardown(privacy_addresses_do_not_make_a_router, start,
						stop),
		cmocka_unit_test_setup_teardown(resolver_answers_and_asks, start, stop),
		cmocka_unit_test_setup_teardown(server_was_reached_by_three_hosts, start, stop),
		cmocka_unit_test_setup_teardown(proxy_is_sent_absolute_uris, start, stop),
		cmocka_unit_test_setup_teardown(floods_do_not_grow_tables_nor_push_out_what_is_used,
						start, stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
