/* table: the cap, who is evicted, the walk; and random calls against an array searched whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "exfild/base/err.h"
#include "exfild/base/table.h"
#include "random.h"

struct entry {
	uint64_t key[2];
	uint32_t evidence;
	uint32_t value;
};

struct evicted {
	uint64_t keys[4096];
	size_t count;
};

static uint32_t evidence_of(const void *entry)
{
	return ((const struct entry *)entry)->evidence;
}

static void note_evicted(void *arg, void *entry)
{
	struct evicted *e = arg;

	assert_true(e->count < 4096);
	e->keys[e->count++] = ((struct entry *)entry)->key[0];
}

static void open_table(struct table *t, uint32_t capacity, struct evicted *e)
{
	const struct table_config config = {
		.capacity = capacity,
		.entry_size = sizeof(struct entry),
		.key_size = 16,
		.key = hash_key_fixed,
		.evidence = evidence_of,
		.on_evict = e ? note_evicted : NULL,
		.arg = e,
	};

	assert_int_equal(table_init(t, &config), 0);
}

static struct entry *get(struct table *t, uint64_t number, bool *ret_new)
{
	const uint64_t key[2] = { number, ~number };

	return table_get(t, key, ret_new);
}

static struct entry *find(const struct table *t, uint64_t number)
{
	const uint64_t key[2] = { number, ~number };

	return table_find(t, key);
}

static void get_makes_once_and_zeroes_what_follows_the_key(void **state)
{
	(void)state;
	struct table t;
	bool is_new;
	open_table(&t, 10, NULL);
	struct entry *e = get(&t, 7, &is_new);
	assert_true(is_new);
	assert_int_equal(e->key[0], 7);
	assert_int_equal(e->key[1], ~7ull);
	assert_int_equal(e->evidence, 0);
	e->evidence = 5;
	e->value = 6;
	assert_ptr_equal(get(&t, 7, &is_new), e);
	assert_false(is_new);
	assert_int_equal(e->value, 6);
	table_remove(&t, e);
	e = get(&t, 8, &is_new);
	assert_true(is_new);
	assert_int_equal(e->evidence, 0);
	assert_int_equal(e->value, 0);
	table_deinit(&t);
}

static void find_knows_what_is_there_and_nothing_else(void **state)
{
	(void)state;
	struct table t;
	bool is_new;
	open_table(&t, 100, NULL);
	assert_null(find(&t, 1));
	struct entry *e = get(&t, 1, &is_new);
	assert_ptr_equal(find(&t, 1), e);
	assert_null(find(&t, 2));
	table_remove(&t, e);
	assert_null(find(&t, 1));
	assert_int_equal(t.stats.entries, 0);
	table_deinit(&t);
}

static void the_cap_holds(void **state)
{
	(void)state;
	struct table t;
	bool is_new;
	open_table(&t, 50, NULL);
	for (uint64_t i = 0; i < 1000; i++) {
		assert_non_null(get(&t, i, &is_new));
		assert_true(is_new);
		assert_int_equal(t.stats.entries, i < 50 ? i + 1 : 50);
	}
	assert_int_equal(t.stats.capacity, 50);
	assert_int_equal(t.stats.evictions, 950);
	assert_int_equal(t.stats.evicted_with_evidence, 0);
	table_deinit(&t);
}

static void equals_are_evicted_oldest_slot_first(void **state)
{
	(void)state;
	static struct evicted gone;
	struct table t;
	bool is_new;
	gone.count = 0;
	open_table(&t, 40, &gone);
	for (uint64_t i = 0; i < 100; i++)
		get(&t, i, &is_new);
	assert_int_equal(gone.count, 60);
	for (uint64_t i = 0; i < 60; i++)
		assert_int_equal(gone.keys[i], i);
	table_deinit(&t);
}

static void the_lowest_evidence_of_the_next_16_goes(void **state)
{
	(void)state;
	static struct evicted gone;
	struct table t;
	bool is_new;
	gone.count = 0;
	open_table(&t, 40, &gone);
	for (uint64_t i = 0; i < 40; i++)
		get(&t, i, &is_new)->evidence = i == 16 ? 1 : i == 9 || i == 11 ? 2 : 3;
	get(&t, 100, &is_new)->evidence = 9;
	assert_int_equal(gone.count, 1);
	assert_int_equal(gone.keys[0], 9); /* not 16, which is the 17th; not 11, met later */
	get(&t, 101, &is_new)->evidence = 9;
	assert_int_equal(gone.keys[1], 16); /* the hand stands at 10 now */
	assert_int_equal(t.stats.evicted_with_evidence, 2);
	table_deinit(&t);
}

static void a_flood_does_not_push_out_the_proven(void **state)
{
	(void)state;
	struct table t;
	bool is_new;
	open_table(&t, 1000, NULL);
	for (uint64_t i = 0; i < 1000; i++)
		get(&t, i, &is_new)->evidence = i % 4 == 0 ? 10 : 0;
	for (uint64_t i = 1000; i < 100000; i++)
		get(&t, i, &is_new);
	for (uint64_t i = 0; i < 1000; i += 4)
		assert_non_null(find(&t, i));
	assert_int_equal(t.stats.evicted_with_evidence, 0);
	table_deinit(&t);
}

static void a_table_smaller_than_the_window_evicts_too(void **state)
{
	(void)state;
	static struct evicted gone;
	struct table t;
	bool is_new;
	gone.count = 0;
	open_table(&t, 1, &gone);
	get(&t, 1, &is_new)->evidence = 7;
	get(&t, 2, &is_new);
	assert_null(find(&t, 1));
	assert_non_null(find(&t, 2));
	assert_int_equal(gone.keys[0], 1);
	table_deinit(&t);
}

static void a_table_of_nothing_gives_nothing(void **state)
{
	(void)state;
	struct table t;
	bool is_new;
	open_table(&t, 0, NULL);
	assert_null(get(&t, 1, &is_new));
	assert_null(find(&t, 1));
	assert_null(table_next(&t, NULL));
	table_deinit(&t);
}

static void a_bad_key_size_is_refused(void **state)
{
	(void)state;
	struct table t;
	struct table_config config = { .capacity = 4, .entry_size = 16, .key_size = 12 };
	assert_int_equal(table_init(&t, &config), -EXF_E_INVALID);
	config.key_size = 0;
	assert_int_equal(table_init(&t, &config), -EXF_E_INVALID);
	config.key_size = 24;
	assert_int_equal(table_init(&t, &config), -EXF_E_INVALID);
	config.key_size = 16;
	config.capacity = UINT32_MAX;
	assert_int_equal(table_init(&t, &config), -EXF_E_RANGE);
	table_deinit(&t);
}

static void a_walk_over_marks_sees_the_marked_ones_in_order(void **state)
{
	(void)state;
	struct table t;
	bool is_new;
	static const uint64_t marked[] = { 0, 63, 64, 130, 199 };
	open_table(&t, 200, NULL);
	for (uint64_t i = 0; i < 200; i++)
		get(&t, i, &is_new);
	assert_null(table_next_marked(&t, NULL));
	for (size_t i = 0; i < 5; i++)
		table_mark(&t, find(&t, marked[4 - i]));
	table_mark(&t, find(&t, 64)); /* once more is the same */
	struct entry *e = NULL;
	for (size_t i = 0; i < 5; i++) {
		e = table_next_marked(&t, e);
		assert_non_null(e);
		assert_int_equal(e->key[0], marked[i]);
	}
	assert_null(table_next_marked(&t, e));
	table_deinit(&t);
}

static void a_mark_goes_with_its_entry(void **state)
{
	(void)state;
	struct table t;
	bool is_new;
	open_table(&t, 4, NULL);
	for (uint64_t i = 0; i < 4; i++)
		table_mark(&t, get(&t, i, &is_new));
	table_remove(&t, find(&t, 1));
	get(&t, 10, &is_new); /* in its slot */
	assert_true(is_new);
	find(&t, 0)->evidence = find(&t, 3)->evidence = find(&t, 10)->evidence = 1;
	get(&t, 11, &is_new); /* for 2, which is evicted */
	assert_null(find(&t, 2));
	struct entry *e = table_next_marked(&t, NULL);
	assert_int_equal(e->key[0], 0);
	e = table_next_marked(&t, e);
	assert_int_equal(e->key[0], 3);
	table_remove(&t, e);
	assert_null(table_next_marked(&t, e));
	table_remove(&t, find(&t, 0));
	assert_null(table_next_marked(&t, NULL));
	assert_int_equal(t.marked, 0);
	table_deinit(&t);
}

static void a_walk_may_remove_the_current_entry(void **state)
{
	(void)state;
	struct table t;
	bool is_new;
	unsigned seen = 0;
	open_table(&t, 64, NULL);
	for (uint64_t i = 0; i < 64; i++)
		get(&t, i, &is_new);
	void *next;
	for (struct entry *e = table_next(&t, NULL); e != NULL; e = next) {
		assert_int_equal(e->key[0], seen++);
		if (e->key[0] % 2 == 0)
			table_remove(&t, e);
		next = table_next(&t, e);
	}
	assert_int_equal(seen, 64);
	assert_int_equal(t.stats.entries, 32);
	for (uint64_t i = 0; i < 64; i++)
		assert_int_equal(find(&t, i) != NULL, i % 2);
	table_deinit(&t);
}

static void memory_of_what_a_walk_removed_is_given_back(void **state)
{
	(void)state;
	struct table t;
	bool is_new;
	const uint32_t count = 20000;
	open_table(&t, count, NULL);
	for (uint32_t i = 0; i < count; i++)
		get(&t, i, &is_new)->value = i + 1;
	struct entry *e = table_next(&t, NULL);
	for (uint32_t i = 0; i < count / 2; i++) {
		table_remove(&t, e);
		e = table_next(&t, e);
	}
	table_give_back(&t, e);
	for (uint32_t i = 0; i < count; i++) {
		const struct entry *left = find(&t, i);
		assert_int_equal(left != NULL, i >= count / 2);
		assert_true(!left || left->value == i + 1);
	}
	for (uint32_t i = 0; i < count / 2; i++) {
		struct entry *fresh = get(&t, count + i, &is_new);
		assert_true(is_new);
		assert_int_equal(fresh->value, 0);
		fresh->value = 1;
	}
	while ((e = table_next(&t, NULL)))
		table_remove(&t, e);
	table_give_back(&t, NULL);
	assert_null(table_next(&t, NULL));
	table_deinit(&t);
}

static void the_same_calls_give_the_same_walk_under_any_key(void **state)
{
	(void)state;
	static const struct hash_key other = { { 99, 98 } };
	struct table t[2];
	bool is_new;
	open_table(&t[0], 300, NULL);
	open_table(&t[1], 300, NULL);
	t[1].key = other;
	for (unsigned n = 0; n < 2; n++) {
		uint64_t seed = 5;
		for (unsigned op = 0; op < 5000; op++) {
			uint64_t key = random_below(&seed, 700);
			struct entry *e = find(&t[n], key);
			if (e && op % 3 == 0)
				table_remove(&t[n], e);
			else
				get(&t[n], key, &is_new)->evidence = (uint32_t)(key % 5);
		}
	}
	struct entry *a = table_next(&t[0], NULL), *b = table_next(&t[1], NULL);
	for (; a && b; a = table_next(&t[0], a), b = table_next(&t[1], b))
		assert_int_equal(a->key[0], b->key[0]);
	assert_null(a);
	assert_null(b);
	assert_int_equal(t[0].stats.evictions, t[1].stats.evictions);
	assert_true(t[0].stats.evictions > 0);
	table_deinit(&t[0]);
	table_deinit(&t[1]);
}

#define MODEL_KEYS 800

static void check_whole(const struct table *t, const uint32_t *model, size_t held)
{
	size_t seen = 0;

	for (struct entry *e = table_next(t, NULL); e != NULL; e = table_next(t, e)) {
		assert_int_equal(e->value, model[e->key[0]]);
		seen++;
	}
	assert_int_equal(seen, held);
	assert_int_equal(t->stats.entries, held);
}

static void random_calls_agree_with_the_model(void **state)
{
	(void)state;
	static struct evicted gone;
	static uint32_t model[MODEL_KEYS]; /* 0: absent */
	struct table t;
	uint64_t seed = 42;
	size_t held = 0;
	bool is_new;
	gone.count = 0;
	open_table(&t, 500, &gone);
	for (uint32_t op = 1; op <= 100000; op++) {
		uint64_t key = random_below(&seed, MODEL_KEYS);
		struct entry *e = find(&t, key);
		assert_int_equal(e != NULL, model[key] != 0);
		if (e != NULL && random_below(&seed, 2) == 0) {
			table_remove(&t, e);
			model[key] = 0;
			held--;
		} else {
			e = get(&t, key, &is_new);
			assert_int_equal(is_new, model[key] == 0);
			held += is_new;
			for (; gone.count > 0; gone.count--, held--) {
				assert_true(model[gone.keys[gone.count - 1]] != 0);
				model[gone.keys[gone.count - 1]] = 0;
			}
			assert_int_equal(e->value, model[key]);
			model[key] = e->value = op;
			e->evidence = (uint32_t)random_below(&seed, 4);
		}
		if (op % 1000 == 0)
			check_whole(&t, model, held);
	}
	table_deinit(&t);
}

static void the_worst_case_covers_the_arrays(void **state)
{
	(void)state;
	assert_true(table_worst_case(1000, 100) >= 1000 * (100 + 8) + 2048 * 4 + 4000);
	assert_true(table_worst_case(1000, 100) < 1000 * (104 + 8) + 4096 * 8 + 4000);
	assert_true(table_worst_case(1u << 30, 1000) > (size_t)1000 << 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(get_makes_once_and_zeroes_what_follows_the_key),
		cmocka_unit_test(find_knows_what_is_there_and_nothing_else),
		cmocka_unit_test(the_cap_holds),
		cmocka_unit_test(equals_are_evicted_oldest_slot_first),
		cmocka_unit_test(the_lowest_evidence_of_the_next_16_goes),
		cmocka_unit_test(a_flood_does_not_push_out_the_proven),
		cmocka_unit_test(a_table_smaller_than_the_window_evicts_too),
		cmocka_unit_test(a_table_of_nothing_gives_nothing),
		cmocka_unit_test(a_bad_key_size_is_refused),
		cmocka_unit_test(a_walk_over_marks_sees_the_marked_ones_in_order),
		cmocka_unit_test(a_mark_goes_with_its_entry),
		cmocka_unit_test(a_walk_may_remove_the_current_entry),
		cmocka_unit_test(memory_of_what_a_walk_removed_is_given_back),
		cmocka_unit_test(the_same_calls_give_the_same_walk_under_any_key),
		cmocka_unit_test(random_calls_agree_with_the_model),
		cmocka_unit_test(the_worst_case_covers_the_arrays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
