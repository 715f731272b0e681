/*
 * unit/inspect/test_dns.c - what events a good DNS message gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"
#include "test_dns_build.h"

extern const struct inspector dns_inspector;

static struct harness h;
static struct msg m;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &dns_inspector, PROTO_UDP, 40000, 53);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static void set_ports(uint16_t client, uint16_t server)
{
	h.flow.key.port[0] = client;
	h.flow.key.port[1] = server;
}

static const struct event_dns *only_dns(void)
{
	assert_int_equal(harness_count(&h, EVENT_DNS), 1);
	return harness_event(&h, EVENT_DNS, 0);
}

static void send(bool from_client)
{
	assert_int_equal(harness_datagram(&h, from_client, m.b, m.len), INSPECT_MORE);
}

static void assert_name(unsigned n, const char *name, const char *address, enum app source)
{
	char text[IPADDR_TEXT_MAX];
	const struct event_name *e = harness_event(&h, EVENT_NAME, n);
	assert_non_null(e);
	assert_true(harness_str_is(e, &e->name, name));
	assert_string_equal(ipaddr_print(&e->address, text, sizeof(text)), address);
	assert_int_equal(e->source, source);
}

static void a_query_is_one_event(void **state)
{
	(void)state;
	put_header(&m, 0x0100, 1, 0, 0, 0);
	put_question(&m, "WwW.Example.com", 16);
	assert_true(harness_probe(&h, true, m.b, m.len));
	send(true);
	const struct event_dns *e = only_dns();
	assert_true(harness_str_is(e, &e->name, "WwW.Example.com"));
	assert_int_equal(e->upper_case, 3);
	assert_int_equal(e->qtype, 16);
	assert_int_equal(e->qclass, 1);
	assert_int_equal(e->id, 0x1234);
	assert_int_equal(e->dns_flags, 0x0100);
	assert_int_equal(e->is_response, 0);
	assert_int_equal(e->questions, 1);
	assert_int_equal(e->message_len, m.len);
	assert_int_equal(e->malformed, 0);
	assert_int_equal(e->tcp, 0);
	assert_int_equal(e->answer.off, 0);
	assert_int_equal(e->e.sport, 40000);
	assert_int_equal(e->e.dport, 53);
	assert_int_equal(e->e.app, APP_DNS);
	assert_int_equal(harness_count(&h, EVENT_NAME), 0);
}

static void capitals_are_counted(void **state)
{
	char name[64];
	(void)state;
	for (unsigned b = 1; b < 256; b++) {
		for (unsigned n = 1; n < 30; n++) {
			memset(name, (int)b, n);
			memcpy(name + n, "aZ.@[", 6);
			if (b == '.')
				name[n - 1] = 'x';
			harness_restart(&h);
			put_header(&m, 0x0100, 1, 0, 0, 0);
			put_question(&m, b == '.' ? name + n - 1 : name, 16);
			send(true);
			bool is_upper = b >= 'A' && b <= 'Z';
			assert_int_equal(only_dns()->upper_case, 1 + (is_upper ? n : 0));
		}
	}
}

static void the_root_is_an_empty_name(void **state)
{
	(void)state;
	put_header(&m, 0x0100, 1, 0, 0, 0);
	put_question(&m, "", 2);
	assert_int_equal(m.len, 17);
	assert_true(harness_probe(&h, true, m.b, m.len));
	send(true);
	const struct event_dns *e = only_dns();
	assert_int_not_equal(e->name.off, 0);
	assert_int_equal(e->name.len, 0);
}

static void a_chain_names_its_address(void **state)
{
	(void)state;
	build_chain(&m);
	send(false);
	const struct event_dns *e = only_dns();
	assert_int_equal(e->is_response, 1);
	assert_int_equal(e->e.from_server, 1);
	assert_int_equal(e->e.sport, 40000);
	assert_int_equal(e->answers, 4);
	assert_int_equal(e->authorities, 1);
	assert_int_equal(e->additionals, 1);
	assert_int_equal(e->ttl, 60);
	assert_int_equal(e->first_answer_type, 5);
	assert_int_equal(e->edns_size, 1232);
	assert_int_equal(e->edns_option_len, 0);
	assert_int_equal(e->rdata_len, 6 + 4 + 4 + 4 + 5);
	assert_int_equal(e->malformed, 0);
	assert_true(
		harness_str_is(e, &e->answer, "cdn.example.com, 192.0.2.7, 192.0.2.8, 192.0.2.9"));
	/* Only what the chain leads to: not the alias's own, not a stranger's. */
	assert_int_equal(harness_count(&h, EVENT_NAME), 1);
	assert_name(0, "www.example.com", "192.0.2.7", APP_DNS);
	const struct event_name *n = harness_event(&h, EVENT_NAME, 0);
	assert_int_equal(n->ttl_s, 60);
	assert_true(ipaddr_equal(&n->e.src, &h.flow.key.addr[1])); /* who said so */
}

static void answers_of_every_type_have_a_text(void **state)
{
	static const char text[] = "1.2.3.4, 2001:db8::1, 10 m.a.example, abcd\0ef, "
				   "0 5 5060 s.a.example, \x01\x02\x03, \xff\xfe, p.a.example";
	(void)state;
	build_types(&m);
	send(false);
	const struct event_dns *e = only_dns();
	assert_true(harness_str_is_bytes(e, &e->answer, text, sizeof(text) - 1));
	assert_int_equal(e->malformed, 0);
	assert_int_equal(e->ttl, 200);
	assert_int_equal(harness_count(&h, EVENT_NAME), 2);
	assert_name(1, "a.example", "2001:db8::1", APP_DNS);
}

static void addresses_are_written_as_everywhere(void **state)
{
	/* A bit a group: which groups are zero. */
	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		uint8_t b[16] = { 0 };
		char text[IPADDR_TEXT_MAX];
		for (unsigned i = 0; i < 8; i++) {
			unsigned v = bits >> i & 1 ? 0x1a0b0u >> (4 * (i & 3) + 1) : 0;
			b[2 * i] = (uint8_t)(v >> 8);
			b[2 * i + 1] = (uint8_t)v;
		}
		struct ipaddr a = ipaddr_v6(b);
		if (ipaddr_is_v4(&a))
			continue;
		harness_restart(&h);
		put_header(&m, 0x8180, 1, 1, 0, 0);
		put_question(&m, "a.example", 28);
		put_record(&m, 12, 28, 300, 16);
		put(&m, b, 16);
		send(false);
		ipaddr_print(&a, text, sizeof(text));
		assert_true(harness_str_is(only_dns(), &only_dns()->answer, text));
	}
}

static void rotated_answers_say_nothing_new(void **state)
{
	(void)state;
	uint64_t hash[3];
	for (unsigned i = 0; i < 3; i++) {
		harness_restart(&h);
		put_header(&m, 0x8180, 1, 2, 0, 0);
		put_question(&m, "a.example", 1);
		put_a(&m, 12, 300, 0x01020304 + (i == 1));
		put_a(&m, 12, 300, 0x01020305 - (i == 1) + (i == 2));
		send(false);
		hash[i] = only_dns()->rdata_hash;
	}
	assert_true(hash[0] == hash[1]);
	assert_true(hash[0] != hash[2]);
}

static void long_answers_are_cut_and_counted(void **state)
{
	(void)state;
	put_header(&m, 0x8180, 1, 3, 0, 0);
	put_question(&m, "t.example", 16);
	for (unsigned i = 0; i < 3; i++) {
		put_record(&m, 12, 16, 0, 512);
		for (unsigned half = 0; half < 2; half++) {
			put8(&m, 255);
			memset(m.b + m.len, 'a' + (int)i, 255);
			m.len += 255;
		}
	}
	send(false);
	const struct event_dns *e = only_dns();
	assert_int_equal(e->answer.len, EVENT_STR_MAX);
	assert_int_equal(e->answer.full, 3 * 510 + 2 * 2);
	assert_int_equal(e->rdata_len, 3 * 512);
	assert_int_equal(e->malformed, 0);
}

static void cookies_and_padding_carry_nothing(void **state)
{
	static const uint8_t zeros[100] = { 0 };
	static const uint8_t ecs[7] = { 0, 1, 24, 0, 192, 0, 2 };
	uint64_t hash[2];
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		harness_restart(&h);
		put_header(&m, 0x0100, 1, 0, 0, 1);
		put_question(&m, "a.example", 1);
		put_opt(&m, 12 + 104 + 11);
		put_option(&m, 10, i ? "cookie_1" : "cookie_2", 8);
		put_option(&m, 12, zeros, 100);
		put_option(&m, 8, ecs, 7);
		send(true);
		const struct event_dns *e = only_dns();
		assert_int_equal(e->edns_option_len, 7);
		assert_int_equal(e->rdata_len, 0);
		assert_int_equal(e->malformed, 0);
		hash[i] = e->edns_hash;
	}
	assert_true(hash[0] == hash[1] && hash[0] != 0);
}

static void padding_with_content_is_data(void **state)
{
	(void)state;
	put_header(&m, 0x0100, 1, 0, 0, 1);
	put_question(&m, "a.example", 1);
	put_opt(&m, 4 + 6 + 4 + 12);
	put_option(&m, 12, "secret", 6);
	put_option(&m, 10, "odd cookie!!", 12); /* no cookie has 12 bytes */
	send(true);
	assert_int_equal(only_dns()->edns_option_len, 18);
}

static void records_of_a_query_count(void **state)
{
	(void)state;
	put_header(&m, 0x0100, 1, 0, 0, 1);
	put_question(&m, "a.example", 1);
	put_name(&m, "hidden-here");
	put16(&m, 1);
	put16(&m, 1);
	put32(&m, 0);
	put16(&m, 4);
	put32(&m, 0x41424344);
	send(true);
	const struct event_dns *e = only_dns();
	assert_int_equal(e->rdata_len, 13 + 4);
	assert_true(e->rdata_hash != 0);
	assert_int_equal(e->answer.off, 0);
}

static void qr_decides_who_asked(void **state)
{
	(void)state;
	/* The answer came first: the flow takes the resolver for the client. */
	h.flow.client = 1;
	build_chain(&m);
	harness_datagram(&h, true, m.b, m.len);
	const struct event_dns *e = only_dns();
	assert_true(ipaddr_equal(&e->e.src, &h.flow.key.addr[0]));
	assert_true(ipaddr_equal(&e->e.dst, &h.flow.key.addr[1]));
	assert_int_equal(e->e.sport, 40000);
	assert_int_equal(e->e.dport, 53);
	assert_int_equal(e->e.from_server, 1);
	assert_name(0, "www.example.com", "192.0.2.7", APP_DNS);
	/* And then a query from its "server". */
	harness_clear(&h);
	put_header(&m, 0x0100, 1, 0, 0, 0);
	put_question(&m, "b.example", 1);
	harness_datagram(&h, false, m.b, m.len);
	e = only_dns();
	assert_true(ipaddr_equal(&e->e.src, &h.flow.key.addr[0]));
	assert_int_equal(e->e.from_server, 0);
}

static void each_question_is_an_event(void **state)
{
	(void)state;
	set_ports(5353, 5353);
	put_header(&m, 0, 10, 0, 0, 0);
	for (unsigned i = 0; i < 10; i++) {
		char name[] = "_x0._tcp.local";
		name[2] = (char)('0' + i);
		put_name(&m, name);
		put16(&m, 12);
		put16(&m, 0x8001); /* unicast answer wanted */
	}
	assert_true(harness_probe(&h, true, m.b, m.len));
	send(true);
	assert_int_equal(harness_count(&h, EVENT_DNS), 8);
	const struct event_dns *e = harness_event(&h, EVENT_DNS, 7);
	assert_true(harness_str_is(e, &e->name, "_x7._tcp.local"));
	assert_int_equal(e->qclass, 1);
	assert_int_equal(e->transport, DNS_MDNS);
	assert_int_equal(e->e.app, APP_MDNS);
	assert_int_equal(e->questions, 10);
	assert_int_equal(e->malformed, 0);
}

static void records_count_in_the_first_question_only(void **state)
{
	(void)state;
	put_header(&m, 0x8180, 2, 1, 0, 0);
	put_question(&m, "a.example", 1);
	put_question(&m, "b.example", 1);
	put_a(&m, 12, 300, 0x01020304);
	send(false);
	const struct event_dns *e = harness_event(&h, EVENT_DNS, 0);
	assert_int_equal(e->rdata_len, 4);
	e = harness_event(&h, EVENT_DNS, 1);
	assert_true(harness_str_is(e, &e->name, "b.example"));
	assert_int_equal(e->rdata_len, 0);
	assert_int_equal(e->answer.off, 0);
}

static void an_mdns_announcement_names_hosts(void **state)
{
	(void)state;
	static const uint8_t group[4] = { 224, 0, 0, 251 };
	set_ports(5353, 5353);
	h.flow.key.addr[1] = ipaddr_v4(group);
	put_header(&m, 0x8400, 0, 1, 0, 2);
	put_name(&m, "_ipp._tcp.local"); /* at 12 */
	put16(&m, 12);
	put16(&m, 1);
	put32(&m, 4500);
	put16(&m, 10);
	put_labels(&m, "Printer");
	put16(&m, 0xc00c);
	put_name(&m, "prn-1.local");
	put16(&m, 1);
	put16(&m, 0x8001); /* cache flush */
	put32(&m, 120);
	put16(&m, 4);
	put32(&m, 0x0a000001);
	put_opt(&m, 0);
	assert_true(harness_probe(&h, true, m.b, m.len));
	send(true);
	const struct event_dns *e = only_dns();
	assert_true(harness_str_is(e, &e->name, "_ipp._tcp.local"));
	assert_int_equal(e->qtype, 12);
	assert_true(ipaddr_equal(&e->e.src, &h.flow.key.addr[0])); /* nobody asked */
	assert_name(0, "prn-1.local", "10.0.0.1", APP_MDNS);
	assert_int_equal(harness_count(&h, EVENT_NAME), 1);
}

static void an_llmnr_answer_names_a_host(void **state)
{
	(void)state;
	set_ports(50000, 5355);
	put_header(&m, 0x8000, 1, 1, 0, 0);
	put_question(&m, "pc-7", 1);
	put_name(&m, "PC-7"); /* spelled out again */
	put16(&m, 1);
	put16(&m, 1);
	put32(&m, 30);
	put16(&m, 4);
	put32(&m, 0x0a000007);
	send(false);
	assert_int_equal(only_dns()->transport, DNS_LLMNR);
	assert_name(0, "pc-7", "10.0.0.7", APP_LLMNR);
}

static void put_netbios(const char name[16])
{
	put8(&m, 32);
	for (unsigned i = 0; i < 16; i++) {
		put8(&m, 'A' + ((unsigned char)name[i] >> 4));
		put8(&m, 'A' + (name[i] & 15));
	}
	put8(&m, 0);
}

static void a_netbios_registration_names_its_host(void **state)
{
	(void)state;
	set_ports(137, 137);
	put_header(&m, 0x2910, 1, 0, 0, 1);
	put_netbios("FILESRV        \x20");
	put16(&m, 32);
	put16(&m, 1);
	put_record(&m, 12, 32, 300000, 6);
	put16(&m, 0x6000);
	put32(&m, 0x0a000001);
	assert_true(harness_probe(&h, true, m.b, m.len));
	send(true);
	const struct event_dns *e = only_dns();
	assert_true(harness_str_is(e, &e->name, "FILESRV<20>"));
	assert_int_equal(e->transport, DNS_NBNS);
	assert_int_equal(e->opcode, 5);
	assert_int_equal(e->malformed, 0);
	assert_name(0, "FILESRV", "10.0.0.1", APP_NETBIOS);
	/* A group's name is not a host's. */
	harness_restart(&h);
	m.b[m.len - 6] = 0xe0;
	send(true);
	assert_int_equal(harness_count(&h, EVENT_NAME), 0);
	/* Nor is the one of a workgroup's browser, a domain or a user, of which there is one as
	 * well. */
	static const char types[] = { 0x1d, 0x1b, 0x03, 0x1e, 0x21, 0x00 };
	m.b[m.len - 6] = 0x60;
	for (size_t i = 0; i < sizeof(types); i++) {
		harness_restart(&h);
		m.b[12 + 1 + 30] = (uint8_t)('A' + (types[i] >> 4));
		m.b[12 + 1 + 31] = (uint8_t)('A' + (types[i] & 15));
		send(true);
		assert_int_equal(harness_count(&h, EVENT_NAME), types[i] == 0);
	}
}

static void a_netbios_answer_shows_its_addresses(void **state)
{
	(void)state;
	set_ports(137, 137);
	put_header(&m, 0x8500, 0, 1, 0, 0);
	put_netbios("FILESRV        \x20");
	put16(&m, 32);
	put16(&m, 1);
	put32(&m, 300);
	put16(&m, 12);
	put16(&m, 0x6000);
	put32(&m, 0x0a000001);
	put16(&m, 0x6000);
	put32(&m, 0x0a000002);
	send(false);
	const struct event_dns *e = only_dns();
	assert_true(harness_str_is(e, &e->answer, "10.0.0.1, 10.0.0.2"));
	/* with a byte too few they are shown as they came */
	harness_restart(&h);
	m.b[m.len - 13] = 11;
	m.len--;
	send(false);
	e = only_dns();
	assert_int_equal(e->answer.len, 11);
	assert_int_equal(e->malformed, 1);
	assert_int_equal(harness_count(&h, EVENT_NAME), 0); /* and nothing is learnt from them */
}

static void on_another_port_the_class_tells_the_kind(void **state)
{
	static const struct {
		enum app app;
		enum dns_transport transport;
	} all[] = {
		{ APP_MDNS, DNS_MDNS },
		{ APP_LLMNR, DNS_LLMNR },
		{ APP_NETBIOS, DNS_NBNS },
		{ APP_DNS, DNS_PLAIN },
	};
	(void)state;
	set_ports(40000, 40001);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		harness_restart(&h);
		h.flow.flags |= FLOW_CLASSIFIED;
		h.flow.app = (uint16_t)all[i].app;
		put_header(&m, 0x0100, 1, 0, 0, 0);
		put_question(&m, "www.example.com", 1);
		send(true);
		assert_int_equal(only_dns()->transport, all[i].transport);
	}
}

static void a_node_status_names_its_sender(void **state)
{
	(void)state;
	set_ports(137, 137);
	put_header(&m, 0x8400, 0, 1, 0, 0);
	put_netbios("*\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	put16(&m, 33);
	put16(&m, 1);
	put32(&m, 0);
	put16(&m, 1 + 2 * 18);
	put8(&m, 2);
	put(&m, "WORKGROUP      \0\x84\0", 18);
	put(&m, "PC-9           \0\x04\0", 18);
	assert_true(harness_probe(&h, false, m.b, m.len));
	send(false);
	const struct event_dns *e = only_dns();
	assert_true(harness_str_is(e, &e->name, "*<00>"));
	assert_int_equal(e->qtype, 33);
	assert_name(0, "PC-9", "192.0.2.53", APP_NETBIOS);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_query_is_one_event),
		TEST(capitals_are_counted),
		TEST(the_root_is_an_empty_name),
		TEST(a_chain_names_its_address),
		TEST(answers_of_every_type_have_a_text),
		TEST(addresses_are_written_as_everywhere),
		TEST(rotated_answers_say_nothing_new),
		TEST(long_answers_are_cut_and_counted),
		TEST(cookies_and_padding_carry_nothing),
		TEST(padding_with_content_is_data),
		TEST(records_of_a_query_count),
		TEST(qr_decides_who_asked),
		TEST(each_question_is_an_event),
		TEST(records_count_in_the_first_question_only),
		TEST(an_mdns_announcement_names_hosts),
		TEST(an_llmnr_answer_names_a_host),
		TEST(a_netbios_registration_names_its_host),
		TEST(a_netbios_answer_shows_its_addresses),
		TEST(on_another_port_the_class_tells_the_kind),
		TEST(a_node_status_names_its_sender),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
