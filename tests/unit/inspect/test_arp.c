/*
 * unit/inspect/test_arp.c - ARP packets, which have no flow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/inspect_harness.h"

extern const struct inspector arp_inspector;

static struct harness h;

static const uint8_t request[] = { 0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 1,
				   10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 9 };

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &arp_inspector, 0, 0, 0);
	h.in.flow = NULL;
	h.packet.kind = PACKET_ARP;
	h.packet.vlan = 7;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_deinit(&h);
	return 0;
}

static const struct event_arp *feed(const uint8_t *data, size_t len)
{
	uint8_t *copy = harness_exact(data, len);
	harness_clear(&h);
	h.packet.l3 = copy;
	h.packet.l3_cap = (uint32_t)len;
	arp_inspector.on_packet(&h.in);
	h.packet.l3 = NULL;
	free(copy);
	return harness_event(&h, EVENT_ARP, 0);
}

static void a_request_has_both_ends(void **state)
{
	char text[IPADDR_TEXT_MAX];
	(void)state;
	const struct event_arp *e = feed(request, sizeof(request));
	assert_non_null(e);
	assert_int_equal(e->operation, 1);
	assert_memory_equal(e->sender_mac, "\x02\0\0\0\0\x01", 6);
	assert_memory_equal(e->target_mac, "\0\0\0\0\0\0", 6);
	assert_string_equal(ipaddr_print(&e->e.src, text, sizeof(text)), "10.0.0.1");
	assert_string_equal(ipaddr_print(&e->e.dst, text, sizeof(text)), "10.0.0.9");
	assert_int_equal(e->gratuitous, 0);
	assert_int_equal(e->e.vlan, 7);
}

static void an_announcement_is_gratuitous(void **state)
{
	uint8_t m[sizeof(request)];
	(void)state;
	memcpy(m, request, sizeof(m));
	m[7] = 2;
	m[27] = 1;
	const struct event_arp *e = feed(m, sizeof(m));
	assert_int_equal(e->operation, 2);
	assert_int_equal(e->gratuitous, 1);
}

static void other_link_addresses_are_left_out(void **state)
{
	uint8_t m[sizeof(request) + 28] = { 0, 32, 8, 0, 20, 4, 0, 1 };
	(void)state;
	m[28] = 10;
	const struct event_arp *e = feed(m, 8 + 2 * 24);
	assert_non_null(e);
	assert_memory_equal(e->sender_mac, "\0\0\0\0\0\0", 6);
	m[5] = 16;
	assert_null(feed(m, 8 + 2 * 24));
}

static void no_length_reads_too_far(void **state)
{
	uint8_t m[sizeof(request)];
	(void)state;
	for (unsigned hlen = 0; hlen < 256; hlen++) {
		memcpy(m, request, sizeof(m));
		m[4] = (uint8_t)hlen;
		for (size_t len = 0; len <= sizeof(m); len++) {
			const struct event_arp *e = feed(m, len);
			assert_true((e != NULL) == (len >= 16 + 2 * hlen));
		}
	}
	h.packet.kind = PACKET_IP;
	assert_null(feed(request, sizeof(request)));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_request_has_both_ends),
		TEST(an_announcement_is_gratuitous),
		TEST(other_link_addresses_are_left_out),
		TEST(no_length_reads_too_far),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
