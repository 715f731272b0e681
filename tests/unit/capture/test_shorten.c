/*
 * The kernel's program for cut packets, run by libpcap's interpreter.  That the kernel takes it is
 * shown on real interfaces: tests/e2e/live_capture.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "exfild/capture/shorten.h"

#define FRAME 1000u

static uint8_t frame[FRAME];

static void put16(size_t at, unsigned v)
{
	frame[at] = (uint8_t)(v >> 8);
	frame[at + 1] = (uint8_t)v;
}

static struct ipaddr v4(unsigned last)
{
	return ipaddr_v4((uint8_t[4]){ 10, 0, 1, (uint8_t)last });
}

static struct ipaddr v6(unsigned last)
{
	return ipaddr_v6((uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = (uint8_t)last });
}

static void make_v4(unsigned proto, unsigned header, unsigned fragment)
{
	memset(frame, 0, sizeof(frame));
	put16(12, 0x800);
	frame[14] = (uint8_t)(0x40 | header / 4);
	put16(20, fragment);
	frame[23] = (uint8_t)proto;
	memcpy(frame + 26, (uint8_t[8]){ 10, 0, 1, 1, 10, 0, 1, 2 }, 8);
	put16(14 + header, 4000);
	put16(14 + header + 2, 443);
}

static void make_v6(unsigned next)
{
	struct ipaddr src = v6(1), dst = v6(2);
	memset(frame, 0, sizeof(frame));
	put16(12, 0x86dd);
	frame[20] = (uint8_t)next;
	memcpy(frame + 22, src.u.b, 16);
	memcpy(frame + 38, dst.u.b, 16);
	put16(54, 4000);
	put16(56, 443);
}

static unsigned run(const struct shorten_flow *list, size_t count, unsigned wirelen)
{
	struct sock_filter program[SHORTEN_PROGRAM];
	struct bpf_insn code[SHORTEN_PROGRAM];
	size_t length = shorten_program(list, count, true, program);
	assert_true(length > 0 && length <= SHORTEN_PROGRAM);
	for (size_t i = 0; i < length; i++)
		code[i] = (struct bpf_insn){ program[i].code, program[i].jt, program[i].jf,
					     program[i].k };
	return bpf_filter(code, frame, wirelen, wirelen < FRAME ? wirelen : FRAME);
}

static void only_the_listed_flow_is_cut(void **state)
{
	(void)state;
	const struct shorten_flow flow = { v4(1), v4(2), 4000, 443, SHORTEN_CUT };
	const struct shorten_flow others[] = { { v4(1), v4(2), 4001, 443, SHORTEN_CUT },
					       { v4(1), v4(2), 443, 4000, SHORTEN_CUT },
					       { v4(2), v4(1), 4000, 443, SHORTEN_CUT },
					       { v4(1), v4(3), 4000, 443, SHORTEN_CUT },
					       { v6(1), v6(2), 4000, 443, SHORTEN_CUT } };
	make_v4(6, 20, 0x4000);
	assert_int_equal(run(&flow, 1, FRAME), SHORTEN_BYTES);
	assert_int_equal(run(&flow, 1, 65000), SHORTEN_BYTES);
	assert_int_equal(run(&flow, 0, FRAME), UINT32_MAX);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(run(&others[i], 1, FRAME), UINT32_MAX);
	/* short ones need nothing: they come whole */
	assert_int_equal(run(&flow, 1, SHORTEN_LEAST - 1), UINT32_MAX);
	assert_int_equal(run(&flow, 1, SHORTEN_LEAST), SHORTEN_BYTES);
}

static void headers_are_walked(void **state)
{
	(void)state;
	const struct shorten_flow flow = { v4(1), v4(2), 4000, 443, SHORTEN_CUT };
	make_v4(6, 60, 0);
	assert_int_equal(run(&flow, 1, FRAME), SHORTEN_BYTES);
	make_v4(17, 20, 0);
	assert_int_equal(run(&flow, 1, FRAME), UINT32_MAX);
	/* fragments: the first one, a later one */
	make_v4(6, 20, 0x2000);
	assert_int_equal(run(&flow, 1, FRAME), UINT32_MAX);
	make_v4(6, 20, 0x00b9);
	assert_int_equal(run(&flow, 1, FRAME), UINT32_MAX);
	/* a tag of the frame's own: what lies behind it is not looked at */
	make_v4(6, 20, 0);
	put16(12, 0x8100);
	assert_int_equal(run(&flow, 1, FRAME), UINT32_MAX);
}

static void both_families(void **state)
{
	(void)state;
	const struct shorten_flow flow = { v6(1), v6(2), 4000, 443, SHORTEN_CUT };
	const struct shorten_flow other = { v6(1), v6(3), 4000, 443, SHORTEN_CUT };
	make_v6(6);
	assert_int_equal(run(&flow, 1, FRAME), SHORTEN_BYTES);
	assert_int_equal(run(&other, 1, FRAME), UINT32_MAX);
	make_v6(17);
	assert_int_equal(run(&flow, 1, FRAME), UINT32_MAX);
	make_v6(44);
	assert_int_equal(run(&flow, 1, FRAME), UINT32_MAX);
}

static void a_full_list(void **state)
{
	(void)state;
	struct shorten_flow list[SHORTEN_FLOWS + 4];
	for (unsigned i = 0; i < SHORTEN_FLOWS + 4; i++)
		list[i] = i % 2 ? (struct shorten_flow){ v4(1), v4(2), (uint16_t)(3990 + i), 443,
							 false } :
				  (struct shorten_flow){ v6(1), v6(2), (uint16_t)(3990 + i), 443,
							 false };
	make_v4(6, 20, 0);
	put16(34, 3990 + SHORTEN_FLOWS - 1);
	assert_int_equal(run(list, SHORTEN_FLOWS + 4, FRAME), SHORTEN_BYTES);
	put16(34, 3990 + SHORTEN_FLOWS + 1); /* more than there is room for */
	assert_int_equal(run(list, SHORTEN_FLOWS + 4, FRAME), UINT32_MAX);
	make_v6(6);
	put16(54, 3990 + SHORTEN_FLOWS - 2);
	assert_int_equal(run(list, SHORTEN_FLOWS, FRAME), SHORTEN_BYTES);
	for (unsigned i = 0; i < SHORTEN_FLOWS; i++)
		list[i] = (struct shorten_flow){ v6(1), v6(2), (uint16_t)(3990 + i), 443,
						 SHORTEN_CUT };
	put16(54, 3990 + SHORTEN_FLOWS - 1);
	assert_int_equal(run(list, SHORTEN_FLOWS, FRAME), SHORTEN_BYTES);
	make_v4(6, 20, 0);
	assert_int_equal(run(list, SHORTEN_FLOWS, FRAME), UINT32_MAX);
}

static void put32(size_t at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v & 0xffff);
}

/* What comes of a flow while its numbers run through one round; `tcp`: where its header is. */
static unsigned pass(const struct shorten_flow *list, size_t count, size_t tcp, unsigned wirelen,
		     uint32_t seq, uint32_t ack)
{
	unsigned passed = 0, steps = 0;
	for (uint32_t sum = 0; sum < SHORTEN_THIN * SHORTEN_STEP; sum += SHORTEN_STEP / 4) {
		put32(tcp + 4, seq ? seq + sum : 77);
		put32(tcp + 8, ack ? ack + sum : 99);
		unsigned got = run(list, count, wirelen);
		assert_true(got == SHORTEN_BYTES || got == 0);
		passed += got > 0;
		steps++;
	}
	assert_int_equal(steps, 4 * SHORTEN_THIN);
	return passed;
}

static void a_part_of_a_thin_flow_comes(void **state)
{
	(void)state;
	const struct shorten_flow list[] = { { v4(1), v4(2), 4000, 443, SHORTEN_THINNED },
					     { v6(1), v6(2), 4000, 443, SHORTEN_THINNED },
					     { v4(1), v4(2), 4001, 443, SHORTEN_CUT } };
	for (unsigned header = 20; header <= 60; header += 20) {
		make_v4(6, header, 0x4000);
		assert_int_equal(pass(list, 3, 14 + header, FRAME, 1000, 0), 4);
		assert_int_equal(pass(list, 3, 14 + header, FRAME, UINT32_MAX - 70000, 0), 4);
		assert_int_equal(pass(list, 3, 14 + header, 34 + header, 0, 3000), 4); /* answers */
		for (unsigned flag = 1; flag <= 4; flag *= 2) {
			put32(14 + header + 4, 5 * SHORTEN_STEP);
			frame[14 + header + 13] = (uint8_t)(flag | 0x10);
			assert_int_equal(run(list, 3, 34 + header), SHORTEN_BYTES);
		}
	}
	make_v6(6);
	assert_int_equal(pass(list, 3, 54, FRAME, 1000, 0), 4);
	assert_int_equal(pass(list, 3, 54, 74, 0, 3000), 4);
	/* others beside it are as they were */
	make_v4(6, 20, 0x4000);
	put16(34, 4001);
	put32(38, 5 * SHORTEN_STEP);
	assert_int_equal(run(list, 3, FRAME), SHORTEN_BYTES);
	assert_int_equal(run(list, 3, SHORTEN_LEAST - 1), UINT32_MAX);
	put16(34, 4002);
	assert_int_equal(run(list, 3, FRAME), UINT32_MAX);
	assert_int_equal(run(list, 3, 60), UINT32_MAX);
	/* nor is hidden what is too short for its headers */
	put16(34, 4000);
	assert_int_equal(run(list, 3, 53), UINT32_MAX);
}

static void of_a_bare_one_data_come_whole(void **state)
{
	(void)state;
	const struct shorten_flow list[] = { { v4(1), v4(2), 4000, 443, SHORTEN_BARE },
					     { v6(1), v6(2), 4000, 443, SHORTEN_BARE } };
	for (unsigned header = 20; header <= 60; header += 20) {
		for (unsigned options = 0; options <= 40; options += 20) {
			unsigned tcp = 14 + header, heads = header + 20 + options;
			make_v4(6, header, 0x4000);
			frame[tcp + 12] = (uint8_t)((20 + options) / 4 << 4);
			put16(16, heads);
			assert_int_equal(pass(list, 2, tcp, 14 + heads, 0, 3000), 4);
			put16(16, heads + 1);
			put32(tcp + 4, 5 * SHORTEN_STEP);
			assert_int_equal(run(list, 2, 15 + heads), UINT32_MAX);
			assert_int_equal(run(list, 2, FRAME), UINT32_MAX);
		}
	}
	make_v6(6);
	frame[54 + 12] = 0x50;
	put16(18, 20);
	assert_int_equal(pass(list, 2, 54, 74, 0, 3000), 4);
	put16(18, 21);
	put32(58, 5 * SHORTEN_STEP);
	assert_int_equal(run(list, 2, 75), UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_listed_flow_is_cut),
		cmocka_unit_test(headers_are_walked),
		cmocka_unit_test(both_families),
		cmocka_unit_test(a_full_list),
		cmocka_unit_test(a_part_of_a_thin_flow_comes),
		cmocka_unit_test(of_a_bare_one_data_come_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
