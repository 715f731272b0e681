/*
 * unit/inspect/test_dhcp.c - leases of both versions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector dhcp_inspector;

static struct harness h;
static uint8_t m[900];
static size_t len;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &dhcp_inspector, PROTO_UDP, 68, 67);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void begin(unsigned op, unsigned xid, unsigned yiaddr)
{
	memset(m, 0, sizeof(m));
	m[0] = (uint8_t)op;
	m[1] = 1;
	m[2] = 6;
	m[7] = (uint8_t)xid;
	m[12] = 10; /* ciaddr 10.0.0.5 */
	m[15] = 5;
	if (yiaddr) {
		m[16] = 10;
		m[19] = (uint8_t)yiaddr;
	}
	memcpy(m + 28, "\x02\x11\x22\x33\x44\x55", 6);
	memcpy(m + 236, "\x63\x82\x53\x63", 4);
	len = 240;
}

static void option(unsigned code, const void *data, size_t n)
{
	m[len++] = (uint8_t)code;
	m[len++] = (uint8_t)n;
	memcpy(m + len, data, n);
	len += n;
}

static void build_ack(const char *name)
{
	begin(2, 9, 77);
	option(53, "\5", 1);
	option(51, "\0\0\x0e\x10", 4);
	if (name)
		option(12, name, strlen(name));
	m[len++] = 255;
}

static void send(bool from_client)
{
	assert_true(harness_probe(&h, from_client, m, len));
	assert_int_equal(harness_datagram(&h, from_client, m, len), INSPECT_MORE);
}

static void assert_name(const char *name, const char *address)
{
	char text[IPADDR_TEXT_MAX];
	const struct event_name *e = harness_event(&h, EVENT_NAME, 0);
	assert_non_null(e);
	assert_true(harness_str_is(e, &e->name, name));
	assert_string_equal(ipaddr_print(&e->address, text, sizeof(text)), address);
	assert_int_equal(e->source, APP_DHCP);
	assert_true(ipaddr_equal(&e->e.src, &h.flow.key.addr[1]));
}

static void a_request_names_its_client(void **state)
{
	(void)state;
	begin(1, 9, 0);
	option(53, "\3", 1);
	m[len++] = 0; /* padding */
	option(60, "MSFT 5.0", 8);
	option(12, "laptop-7\0", 9);
	m[len++] = 255;
	send(true);
	const struct event_dhcp *e = harness_event(&h, EVENT_DHCP, 0);
	assert_int_equal(e->message_type, 3);
	assert_memory_equal(e->mac, "\x02\x11\x22\x33\x44\x55", 6);
	assert_true(ipaddr_is_unspecified(&e->assigned));
	assert_true(harness_str_is(e, &e->host_name, "laptop-7"));
	assert_true(harness_str_is(e, &e->vendor_class, "MSFT 5.0"));
	assert_int_equal(harness_count(&h, EVENT_NAME), 0);
	/* The grant of this request has no name of its own. */
	build_ack(NULL);
	send(false);
	assert_name("laptop-7", "10.0.0.77");
	const struct event_name *n = harness_event(&h, EVENT_NAME, 0);
	assert_int_equal(n->ttl_s, 3600);
}

static void a_grant_names_its_address(void **state)
{
	(void)state;
	build_ack("pc-1");
	send(false);
	assert_name("pc-1", "10.0.0.77");
	harness_restart(&h);
	m[16] = m[19] = 0; /* answer to INFORM */
	send(false);
	assert_name("pc-1", "10.0.0.5");
	harness_restart(&h);
	build_ack(NULL);
	send(false);
	assert_int_equal(harness_count(&h, EVENT_NAME), 0);
}

static void a_name_in_full_stands_in(void **state)
{
	(void)state;
	begin(1, 9, 0);
	option(53, "\3", 1);
	option(81, "\0\0\0pc-2.example.com", 19);
	send(true);
	const struct event_dhcp *e = harness_event(&h, EVENT_DHCP, 0);
	assert_true(harness_str_is(e, &e->host_name, "pc-2.example.com"));
	harness_restart(&h);
	begin(1, 9, 0);
	option(81, "\4\0\0\4pc-3\7example\0", 17);
	send(true);
	e = harness_event(&h, EVENT_DHCP, 0);
	assert_true(harness_str_is(e, &e->host_name, "pc-3.example"));
}

static void options_go_on_in_file_and_sname(void **state)
{
	(void)state;
	begin(2, 9, 77);
	option(52, "\3", 1);
	m[len++] = 255;
	memcpy(m + 108, "\x35\1\5\xff", 4);
	memcpy(m + 44, "\x0c\4pc-4\xff", 7);
	send(false);
	assert_name("pc-4", "10.0.0.77");
}

static void others_are_not_mine(void **state)
{
	(void)state;
	build_ack("pc-1");
	m[239]++;
	assert_false(harness_probe(&h, true, m, len));
	assert_int_equal(harness_datagram(&h, true, m, len), INSPECT_NOT_MINE);
	m[239]--;
	m[0] = 3;
	assert_false(harness_probe(&h, true, m, len));
	assert_int_equal(harness_count(&h, EVENT_DHCP), 0);
}

static const uint8_t reply6[] = {
	7,    1,   2,   3, /* reply */
	0,    1,   0,   14,  0,    1, 0, 1,  0x11, 0x22, 0x33, 0x44, 2,   0x11, 0x22, 0x33, 0x44,
	0x55,                                                                            /* DUID */
	0,    3,   0,   40,  0,    0, 0, 1,  0,    0,    0,    2,    0,   0,    0,    3, /* IA_NA */
	0,    5,   0,   24,  0xfd, 0, 0, 0,  0,    0,    0,    0,    0,   0,    0,    0,    0,
	0,    0,   9,   0,   0,    1, 0, 0,  0,    2,    0,    0,    39,  0,    6,    0,    4,
	'p',  'c', '-', '6',                                                   /* client FQDN */
	0,    16,  0,   10,  0,    0, 1, 55, 0,    4,    'M',  'S',  'F', 'T', /* vendor class */
};

static void set_up_6(void)
{
	harness_deinit(&h);
	harness_init_version(&h, &dhcp_inspector, PROTO_UDP, 546, 547, 6);
}

static void version_6_grants_too(void **state)
{
	(void)state;
	set_up_6();
	memcpy(m, reply6, sizeof(reply6));
	len = sizeof(reply6);
	send(false);
	const struct event_dhcp *e = harness_event(&h, EVENT_DHCP, 0);
	assert_int_equal(e->message_type, 7);
	assert_memory_equal(e->mac, "\x02\x11\x22\x33\x44\x55", 6);
	assert_true(harness_str_is(e, &e->vendor_class, "MSFT"));
	assert_name("pc-6", "fd00::9");
	/* The same, relayed. */
	harness_restart(&h);
	memset(m, 0, 38);
	m[0] = 13;
	m[35] = 9;
	m[37] = sizeof(reply6);
	memcpy(m + 38, reply6, sizeof(reply6));
	len = 38 + sizeof(reply6);
	send(false);
	assert_name("pc-6", "fd00::9");
}

static void no_length_reads_too_far(void **state)
{
	(void)state;
	build_ack("pc-1");
	option(81, "\4\0\0\4pc-3\7example\0", 17);
	for (size_t n = 0; n < len; n++) {
		harness_restart(&h);
		if (n)
			assert_true(harness_probe(&h, false, m, n) == (n >= 240));
		(void)harness_datagram(&h, false, m, n);
		(void)harness_datagram_cut(&h, false, m, n, len);
	}
	set_up_6();
	for (size_t n = 0; n < sizeof(reply6); n++) {
		(void)harness_probe(&h, false, reply6, n);
		(void)harness_datagram(&h, false, reply6, n);
		(void)harness_datagram_cut(&h, false, reply6, n, sizeof(reply6));
		harness_restart(&h);
	}
}

static void options_of_a_request_to_outside_are_measured(void **state)
{
	uint8_t bytes[200];
	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	begin(1, 9, 0);
	option(53, "\3", 1);
	option(12, "pc-1", 4);
	send(true);
	const struct event_carrier *e = harness_event(&h, EVENT_CARRIER, 0);
	assert_non_null(e);
	assert_int_equal(e->carried_len, 0);
	option(43, bytes, sizeof(bytes));
	harness_clear(&h);
	send(true);
	e = harness_event(&h, EVENT_CARRIER, 0);
	assert_true(e->carried_len >= sizeof(bytes) && e->carried_hash);
	/* the same server inside */
	h.flow.key.addr[1] = h.flow.key.addr[0];
	harness_clear(&h);
	send(true);
	assert_int_equal(harness_count(&h, EVENT_CARRIER), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_request_names_its_client),
		TEST(a_grant_names_its_address),
		TEST(a_name_in_full_stands_in),
		TEST(options_go_on_in_file_and_sname),
		TEST(others_are_not_mine),
		TEST(version_6_grants_too),
		TEST(no_length_reads_too_far),
		TEST(options_of_a_request_to_outside_are_measured),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
