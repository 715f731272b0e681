/*
 * The split by address pairs.  That the kernel comes to the same is shown on real interfaces:
 * tests/e2e/live_workers.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exfild/capture/split.h"

static struct ipaddr host(uint8_t network, unsigned number)
{
	return ipaddr_v4((uint8_t[4]){ network, 0, (uint8_t)(number >> 8), (uint8_t)number });
}

static void both_directions_are_one(void **state)
{
	(void)state;
	struct split_key key = split_key_of(0x123456789abcdef0ull, 77);
	for (unsigned i = 0; i < 1000; i++) {
		struct ipaddr a = host(10, i), b = host(203, i * 7);
		struct ipaddr c = ipaddr_v6((uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = (uint8_t)i });
		assert_int_equal(split_pair(&key, &a, &b), split_pair(&key, &b, &a));
		assert_int_equal(split_pair(&key, &a, &c), split_pair(&key, &c, &a));
	}
}

static void pairs_spread_over_all_shards(void **state)
{
	(void)state;
	struct split_key key = split_key_of(0x9e3779b97f4a7c15ull, 0x2545f4914f6cdd1dull);
	for (unsigned shards = 1; shards <= SPLIT_SHARDS; shards *= 2) {
		unsigned count[SPLIT_SHARDS] = { 0 };
		struct ipaddr server = host(198, 1);
		for (unsigned i = 0; i < 64 * shards; i++) {
			struct ipaddr a = host(10, i);
			unsigned shard = split_shard(split_pair(&key, &a, &server), shards);
			assert_true(shard < shards);
			count[shard]++;
		}
		for (unsigned i = 0; i < shards; i++)
			assert_true(count[i] >= 16 && count[i] <= 160);
	}
}

static void another_key_gives_another_split(void **state)
{
	(void)state;
	struct split_key one = split_key_of(1ull << 40 | 5, 9),
			 two = split_key_of(3ull << 33 | 8, 21);
	unsigned same = 0;
	for (unsigned i = 0; i < 1024; i++) {
		struct ipaddr a = host(10, i), b = host(198, 3 * i);
		same += split_shard(split_pair(&one, &a, &b), 8) ==
			split_shard(split_pair(&two, &a, &b), 8);
	}
	assert_true(same < 256);
}

static void shards_are_the_next_power_of_two(void **state)
{
	(void)state;
	assert_int_equal(split_shards(1), 1);
	assert_int_equal(split_shards(2), 2);
	assert_int_equal(split_shards(3), 4);
	assert_int_equal(split_shards(5), 8);
	assert_int_equal(split_shards(64), 64);
	assert_int_equal(split_shards(1000), SPLIT_SHARDS);
	for (unsigned workers = 1; workers <= SPLIT_SHARDS; workers++) {
		bool owns[SPLIT_SHARDS] = { false };
		for (unsigned i = 0; i < split_shards(workers); i++)
			owns[split_worker(i, workers)] = true;
		for (unsigned i = 0; i < workers; i++)
			assert_true(owns[i]);
	}
}

/* What the kernel asks of a program: it ends, and no jump leads out of it. */
static void programs_are_well_formed(void **state)
{
	(void)state;
	struct split_key key = split_key_of(0x123456789abcdef0ull, 77);
	struct sock_filter code[SPLIT_PROGRAM];
	for (unsigned kind = 0; kind < 2; kind++) {
		size_t len = split_program(&key, 64, kind == 1, code);
		assert_true(len > 20 && len <= SPLIT_PROGRAM);
		assert_int_equal(BPF_CLASS(code[len - 1].code), BPF_RET);
		for (size_t i = 0; i < len; i++)
			if (BPF_CLASS(code[i].code) == BPF_JMP) {
				assert_true(i + 1 + code[i].jt < len);
				assert_true(i + 1 + code[i].jf < len);
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_are_one),
		cmocka_unit_test(pairs_spread_over_all_shards),
		cmocka_unit_test(another_key_gives_another_split),
		cmocka_unit_test(shards_are_the_next_power_of_two),
		cmocka_unit_test(programs_are_well_formed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
