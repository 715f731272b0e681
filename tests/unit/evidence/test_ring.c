/* ring: what is read is what was put, in its order, the newest of it. */
#include "../../../src/evidence/ring.h"
#include "packets.h"

static void add(struct ring *r, uint64_t number, uint32_t caplen)
{
	struct kept head = { .number = number, .caplen = caplen };
	uint8_t bytes[4096];
	memset(bytes, (int)(number & 0xff), sizeof(bytes));
	assert_true(ring_add(r, &head, bytes));
}

/* Every record whole, numbers without gaps up to the last; how many. */
static size_t check(const struct ring *r, uint64_t last)
{
	uint64_t at = 0, number = 0;
	size_t count = 0;
	const struct kept *k;
	for (; (k = ring_next(r, &at, 0)) != NULL; count++) {
		assert_true(!number || k->number == number + 1);
		number = k->number;
		for (uint32_t i = 0; i < k->caplen; i++)
			assert_int_equal(kept_data(k)[i], number & 0xff);
	}
	assert_int_equal(number, last);
	assert_int_equal(count, r->packets);
	return count;
}

static void the_newest_are_there(void **state)
{
	static const size_t capacities[] = { 1000, 1024, 4096, 10007 };
	(void)state;
	for (size_t c = 0; c < sizeof(capacities) / sizeof(capacities[0]); c++) {
		struct ring r;
		assert_true(ring_init(&r, capacities[c]));
		for (uint64_t n = 1; n <= 2000; n++) {
			add(&r, n, (uint32_t)(n * 7919 % 300));
			assert_true(check(&r, n) >= 1);
			assert_true(r.head - r.tail <= r.capacity);
		}
		assert_int_equal(r.packets + r.overwritten, 2000);
		ring_deinit(&r);
	}
}

static void the_too_large_is_refused(void **state)
{
	struct ring r;
	struct kept head = { .caplen = 600 };
	(void)state;
	assert_true(ring_init(&r, 1000));
	assert_false(ring_add(&r, &head, bytes_of_frames));
	assert_int_equal(r.packets, 0);
	ring_deinit(&r);
}

/* Whoever reads on from a place that was overwritten since reads on from the oldest. */
static void a_reader_who_is_slow_misses_some(void **state)
{
	struct ring r;
	uint64_t at = 0;
	(void)state;
	assert_true(ring_init(&r, 2000));
	add(&r, 1, 100);
	assert_int_equal(ring_next(&r, &at, 0)->number, 1);
	for (uint64_t n = 2; n <= 100; n++)
		add(&r, n, 100);
	const struct kept *k = ring_next(&r, &at, 0);
	assert_true(k->number > 80 && k->number <= 100);
	while ((k = ring_next(&r, &at, 0)) != NULL)
		assert_true(k->number <= 100);
	ring_deinit(&r);
}

static struct ipaddr one_host(uint64_t n)
{
	const uint8_t bytes[4] = { 10, 0, (uint8_t)(n >> 8), (uint8_t)n };
	return ipaddr_v4(bytes);
}

/* From where a reader stands: what it is given holds all of the mark; how many it had to look at.
 */
static size_t check_mark(const struct ring *r, uint64_t from, const struct ipaddr *a,
			 const struct ipaddr *b)
{
	uint64_t all = from, some = from;
	size_t looked_at = 0;
	const struct kept *k, *x = NULL;
	while ((k = ring_next(r, &all, 0)) != NULL) {
		bool is_src = ipaddr_equal(&k->src, a);
		if ((!is_src && !ipaddr_equal(&k->dst, a)) ||
		    (b && !ipaddr_equal(is_src ? &k->dst : &k->src, b)))
			continue;
		do {
			x = ring_next(r, &some, ring_mark(a, b));
			looked_at++;
			assert_non_null(x);
		} while (x->number < k->number);
		assert_int_equal(x->number, k->number);
	}
	return looked_at;
}

/* Ten thousand hosts in a ring that goes round: none of one's packets is passed, of others most. */
static void a_reader_of_one_host_passes_others(void **state)
{
	struct ring r;
	(void)state;
	assert_true(ring_init(&r, 1000003));
	for (uint64_t n = 1; n <= 40000; n++) {
		struct kept head = { .number = n,
				     .caplen = (uint32_t)(n * 7919 % 1500),
				     .src = one_host(n / 7 % 10000),
				     .dst = one_host(10000 + n % 3) };
		if (n % 500 == 0)
			head.caplen = 70000; /* passes over a whole part */
		assert_true(ring_add(&r, &head, bytes_of_frames));
	}
	size_t total = 0, pairs = 0;
	for (uint64_t h = 0; h < 10000; h += 13) {
		struct ipaddr a = one_host(h), b = one_host(10000 + h % 3);
		total += check_mark(&r, 0, &a, NULL);
		pairs += check_mark(&r, r.tail, &b, &a);
	}
	assert_true(total > 0 && total < 770 * r.packets / 10);
	assert_true(pairs > 0 && pairs < 770 * r.packets / 10);
	ring_deinit(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_are_there),
		cmocka_unit_test(the_too_large_is_refused),
		cmocka_unit_test(a_reader_of_one_host_passes_others),
		cmocka_unit_test(a_reader_who_is_slow_misses_some),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
