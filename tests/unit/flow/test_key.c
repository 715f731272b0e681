/*
 * Keys are the same for both directions, and the first packet tells who began.
 */
#include "../../../src/flow/key.h"
#include "flowing.h"

static void both_directions_share_key_and_hash(void **state)
{
	struct flowing *x = *state;
	static const uint8_t protos[] = { PROTO_TCP, PROTO_UDP, PROTO_SCTP, 47 };
	for (size_t i = 0; i < sizeof(protos); i++) {
		struct packet up = flowing_packet(x, true, protos[i], 0);
		struct packet down = flowing_packet(x, false, protos[i], 0);
		struct flow_key a, b;
		unsigned side = flow_key_make(&up, &a);
		assert_int_equal(flow_key_make(&down, &b), !side);
		assert_memory_equal(&a, &b, sizeof(a));
		assert_true(flow_packet_hash(&up) == flow_packet_hash(&down));
		assert_true(flow_packet_hash(&up) == flow_key_hash(up.pair_hash, &a));
		assert_int_equal(a.port[side], 40000);
	}
}

static void one_address_is_ordered_by_port(void **state)
{
	struct flowing *x = *state;
	struct packet p = flowing_packet(x, true, PROTO_UDP, 0);
	struct flow_key a, b;
	p.dst = p.src;
	assert_int_equal(flow_key_make(&p, &a), 1); /* 40000 is the higher one */
	p.sport = 80;
	p.dport = 40000;
	assert_int_equal(flow_key_make(&p, &b), 0);
	assert_memory_equal(&a, &b, sizeof(a));
}

static void icmp_pairs_have_one_key(void **state)
{
	struct flowing *x = *state;
	static const uint8_t pairs[][2] = { { 8, 0 }, { 13, 14 }, { 15, 16 }, { 17, 18 } };
	struct flow_key a, b;
	for (size_t i = 0; i < 4; i++) {
		struct packet up = flowing_packet(x, true, PROTO_ICMP, 0);
		struct packet down = flowing_packet(x, false, PROTO_ICMP, 0);
		up.sport = (uint16_t)(pairs[i][0] << 8);
		down.sport = (uint16_t)(pairs[i][1] << 8);
		up.dport = down.dport = 321;
		assert_true(flow_icmp_is_query(&up) && !flow_icmp_is_reply(&up));
		assert_true(flow_icmp_is_reply(&down) && !flow_icmp_is_query(&down));
		unsigned side = flow_key_make(&up, &a);
		flow_key_make(&down, &b);
		assert_memory_equal(&a, &b, sizeof(a));
		assert_true(flow_packet_hash(&up) == flow_key_hash(up.pair_hash, &a));
		assert_int_equal(flow_guess_client(&down, !side), side);
	}
	struct packet v6 = flowing_packet(x, true, PROTO_ICMPV6, 0);
	v6.sport = 128 << 8;
	flow_key_make(&v6, &a);
	v6.sport = 129 << 8;
	flow_key_make(&v6, &b);
	assert_memory_equal(&a, &b, sizeof(a));
	v6.sport = 135 << 8;
	assert_false(flow_icmp_is_query(&v6) || flow_icmp_is_reply(&v6));
	flow_key_make(&v6, &b);
	assert_int_equal(b.port[1], 135 << 8);
	assert_int_equal(b.port[0], 0);
}

static void client_is_guessed(void **state)
{
	struct flowing *x = *state;
	struct packet p = flowing_packet(x, true, PROTO_TCP, 0);
	p.tcp_flags = SYN;
	assert_int_equal(flow_guess_client(&p, 1), 1);
	p.tcp_flags = SYN | ACK;
	assert_int_equal(flow_guess_client(&p, 1), 0);
	p.tcp_flags = ACK;
	assert_int_equal(flow_guess_client(&p, 1), 1); /* to port 80 */
	p.sport = 443;
	p.dport = 50000;
	assert_int_equal(flow_guess_client(&p, 1), 0);
	p.dport = 8080; /* two service ports: who speaks first began */
	assert_int_equal(flow_guess_client(&p, 1), 1);
	p.sport = 50001;
	p.dport = 50000;
	assert_int_equal(flow_guess_client(&p, 1), 1);
	p.sport = 0;
	assert_int_equal(flow_guess_client(&p, 1), 1);
}

static bool quoted(const struct packet *p, struct flow_key *k)
{
	struct packet_quote quote;
	unsigned side;
	bool is_read = flow_key_quoted(p, &quote, k, &side);
	if (is_read)
		assert_true(ipaddr_equal(&k->addr[side], &p->dst));
	return is_read;
}

static void quotations_of_ipv6_are_read(void **state)
{
	struct flowing *x = *state;
	struct packet p = flowing_packet(x, true, PROTO_ICMPV6, 48);
	struct flow_key k;
	memset(x->payload, 0, sizeof(x->payload));
	x->payload[0] = 0x60;
	x->payload[6] = PROTO_UDP;
	x->payload[8] = 0xfd;
	x->payload[24] = 0x20;
	x->payload[41] = 53;
	x->payload[43] = 99;
	p.sport = 0x0104;
	p.dst = ipaddr_v6(x->payload + 8);
	assert_true(quoted(&p, &k));
	assert_int_equal(k.proto, PROTO_UDP);
	assert_int_equal(k.port[0], 99); /* 20.. is the lower address */
	assert_int_equal(k.port[1], 53);
	for (uint32_t cap = 0; cap < 44; cap++) {
		p.payload_cap = cap;
		assert_false(quoted(&p, &k));
	}
	p.payload_cap = 48;
	x->payload[6] = 50; /* no ports to find a flow by */
	assert_false(quoted(&p, &k));
	p.payload = NULL;
	assert_false(quoted(&p, &k));
}

static void quotations_of_ipv4_are_read(void **state)
{
	struct flowing *x = *state;
	struct packet p = flowing_packet(x, false, PROTO_ICMP, 32);
	struct flow_key k;
	memset(x->payload, 0, sizeof(x->payload));
	x->payload[0] = 0x46; /* four bytes of options */
	x->payload[9] = PROTO_TCP;
	x->payload[12] = 10;
	x->payload[16] = 9;
	x->payload[25] = 1;
	x->payload[27] = 2;
	p.sport = 0x0301;
	p.dst = ipaddr_v4(x->payload + 12);
	assert_true(quoted(&p, &k));
	assert_int_equal(k.port[0], 2);
	assert_int_equal(k.port[1], 1);
	for (uint32_t cap = 0; cap < 28; cap++) {
		p.payload_cap = cap;
		assert_false(quoted(&p, &k));
	}
	p.payload_cap = 32;
	p.sport = 0x0304; /* fragmentation needed refuses nothing */
	assert_false(quoted(&p, &k));
	p.sport = 0x0b00; /* nor does time exceeded */
	assert_false(quoted(&p, &k));
	p.sport = 0x030d;
	assert_true(quoted(&p, &k));
	p.dst.u.b[15] ^= 1; /* sent to another than who it is about */
	assert_false(quoted(&p, &k));
	p.dst.u.b[15] ^= 1;
	x->payload[7] = 1; /* a later fragment has no ports */
	assert_false(quoted(&p, &k));
	x->payload[7] = 0;
	x->payload[0] = 0x44;
	assert_false(quoted(&p, &k));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FLOW_TEST(both_directions_share_key_and_hash),
		FLOW_TEST(one_address_is_ordered_by_port),
		FLOW_TEST(icmp_pairs_have_one_key),
		FLOW_TEST(client_is_guessed),
		FLOW_TEST(quotations_of_ipv6_are_read),
		FLOW_TEST(quotations_of_ipv4_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
